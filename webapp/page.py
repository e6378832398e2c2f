"""What every page uses: the runtime, page or fragment, flashed sentences, navigation and template globals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from flask import Flask, current_app, flash, g, render_template, request, session, url_for

from extract.config.load import NOTION
from extract.reading import notion_id_of
from extract.runtime import Runtime
from extract.store.models import Chatbot
from webapp import access, formats

PRODUCT = "Hilal"


def runtime() -> Runtime:
    """The configuration, vault, Redis client, clock and Notion transport of this app."""
    return cast(Runtime, current_app.extensions["hilal"])


def wants_fragment() -> bool:
    """Return True if htmx requests a fragment of a page (on Back it requests the full page)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def page_or_fragment(page: str, fragment: str, /, **context: Any) -> str:
    """Render `fragment` if htmx requests it, else the `page` that includes it."""
    if wants_fragment():
        return render_template(fragment, fragment=True, **context)
    return render_template(page, **context)


def toast(sentence: str) -> None:
    """Show a sentence on the next page for a few seconds. Errors need `problem`."""
    flash(sentence, "toast")


def problem(sentence: str) -> None:
    """Show a sentence on the next page until the person leaves it."""
    if ["problem", sentence] not in [list(flashed) for flashed in session.get("_flashes", [])]:
        flash(sentence, "problem")


def url_if(endpoint: str, **values: Any) -> str | None:
    """The address of `endpoint`; None if no blueprint has it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def chatbot_home(chatbot: Chatbot) -> str:
    """The address of a chatbot's knowledge base."""
    home = url_if("sources.index", chatbot_id=chatbot.id)
    return home or url_for("picker.page", chatbot_id=chatbot.id)


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the sidebar; `current` if the open page belongs to it."""

    label: str
    icon: str
    url: str
    current: bool


_NAVIGATION = (
    (
        "Knowledge base",
        "book",
        "sources.index",
        ("sources", "source_actions", "documents", "picker", "picker_import"),
    ),
    ("Try it", "search", "search.page", ("search",)),
    ("Sync health", "pulse", "health.page", ("health",)),
)


def navigation_items(chatbot: Chatbot | None) -> list[NavigationItem]:
    """The links of the sidebar, for the open chatbot."""
    here = request.blueprint
    items = []
    for label, icon, endpoint, blueprints in _NAVIGATION:
        url = url_if(endpoint, chatbot_id=chatbot.id) if chatbot else None
        if url:
            items.append(NavigationItem(label, icon, url, here in blueprints))
    settings = (
        here in ("settings", "people", "chatbots", "webhook_settings")
        or request.endpoint == "connections.index"
    )
    items = [replace(item, current=item.current and not settings) for item in items]
    items.append(NavigationItem("Settings", "gear", url_for("settings.page"), settings))
    return items


def practice_workspace() -> str | None:
    """The address of the practice workspace; None if the app is configured for the real Notion."""
    api_url = runtime().config.notion.api_url.rstrip("/")
    return f"{api_url}/" if api_url != NOTION else None


def in_notion(url: str) -> str:
    """The address at which a person can open a page of Notion, or of the practice workspace.

    `url` came from Notion, so only web addresses are allowed; for anything else the address is empty.
    """
    practice, identifier = practice_workspace(), notion_id_of(url)
    if practice and identifier:
        return f"{practice}p/{identifier.replace('-', '')}"
    return url if url.startswith(("https://", "http://")) else ""


def _chatbots() -> list[Chatbot]:
    if "chatbots" not in g:
        g.chatbots = list(access.current_org().chatbots.order_by(Chatbot.name, Chatbot.id))
    return cast("list[Chatbot]", g.chatbots)


def _asset(path: str) -> str:
    """The address of a static file, with a fingerprint of its content."""
    return url_for("static", filename=path, v=current_app.extensions["hilal_assets"].get(path, ""))


def init_app(app: Flask) -> None:
    """Add the globals and filters that templates use."""
    app.jinja_env.globals.update(
        product=PRODUCT,
        asset=_asset,
        member=access.current_member,
        is_admin=access.is_admin,
        runs_installation=access.runs_installation,
        chatbots=_chatbots,
        open_chatbot=access.open_chatbot,
        chatbot_home=chatbot_home,
        navigation_items=navigation_items,
        practice_workspace=practice_workspace,
        url_if=url_if,
    )
    app.jinja_env.filters.update(
        in_notion=in_notion,
        ago=lambda moment: formats.ago(moment, runtime().clock()),
        soon=lambda moment: formats.soon(moment, runtime().clock()),
        every=formats.every,
        iso=formats.iso,
        exact=formats.exact,
        filesize=formats.filesize,
        counted=formats.counted,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
