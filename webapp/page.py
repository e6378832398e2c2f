"""What every page shares: the runtime, page or fragment, flashed sentences, and what the frame's template asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app, flash, g, render_template, request, session, url_for

from extract.config.load import NOTION
from extract.reading import notion_id_of
from extract.runtime import Runtime
from extract.store.models import Chatbot
from webapp import access, formats

PRODUCT = "Hilal"


def runtime() -> Runtime:
    """Configuration, vault, Redis, the clock and the way to Notion, of this app."""
    return cast(Runtime, current_app.extensions["hilal"])


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page (and not for a whole one, as on Back)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def page_or_fragment(page: str, fragment: str, **context: Any) -> str:
    """The fragment when htmx asks, else the page that includes it: the same markup either way."""
    if wants_fragment():
        return render_template(fragment, fragment=True, **context)
    return render_template(page, **context)


def toast(sentence: str) -> None:
    """A passing word on the next page. Never the only copy of an error."""
    flash(sentence, "toast")


def problem(sentence: str) -> None:
    """A sentence on the next page that stays until the person goes on."""
    if ["problem", sentence] not in [list(each) for each in session.get("_flashes", [])]:
        flash(sentence, "problem")


def url_if(endpoint: str, **values: Any) -> str | None:
    """The address of `endpoint`; None when no blueprint offers it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def chatbot_home(chatbot: Chatbot) -> str:
    """Where a chatbot starts: its knowledge base."""
    home = url_if("sources.index", chatbot_id=chatbot.id)
    return home or url_for("picker.page", chatbot_id=chatbot.id)


@dataclass(frozen=True, slots=True)
class NavigationItem:
    word: str
    icon: str
    url: str
    current: bool


_PLACES = (
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
    """The sidebar's places, for the open chatbot."""
    here = request.blueprint
    items = []
    for word, icon, endpoint, blueprints in _PLACES:
        url = url_if(endpoint, chatbot_id=chatbot.id) if chatbot else None
        if url:
            items.append(NavigationItem(word, icon, url, here in blueprints))
    settings = (
        here in ("settings", "people", "chatbots", "webhook_settings")
        or request.endpoint == "connections.index"
    )
    items = [NavigationItem(each.word, each.icon, each.url, each.current and not settings) for each in items]
    items.append(NavigationItem("Settings", "gear", url_for("settings.page"), settings))
    return items


def practice_workspace() -> str | None:
    """The address of the practice Notion, when we do not talk to the real one."""
    api_url = runtime().config.notion.api_url.rstrip("/")
    return f"{api_url}/" if api_url != NOTION else None


def in_notion(url: str) -> str:
    """Where a person follows a link of Notion's: the practice workspace keeps its pages at its own address.

    The URL came from Notion, so only web addresses pass; anything else leads nowhere.
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
    """A static file's address, which changes whenever the file does."""
    return url_for("static", filename=path, v=current_app.extensions["hilal_assets"].get(path, ""))


def init_app(app: Flask) -> None:
    """Give templates their vocabulary."""
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
