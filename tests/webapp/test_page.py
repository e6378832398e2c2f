"""What every page has: headers, cookies, CSRF tokens, error pages, the sidebar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask

from extract.config.load import NOTION, Config
from extract.runtime import Runtime
from extract.store.models import Chatbot, Member
from tests.webapp.conftest import Browser, Cast
from webapp import create_app
from webapp.page import in_notion


def app_with(runtime: Runtime, **web: object) -> Flask:
    """The app with other settings below `[web]`."""
    config: Config = replace(runtime.config, web=replace(runtime.config.web, **web))
    return create_app(replace(runtime, config=config))


def test_pages_carry_the_security_headers(cast: Cast, ada: Browser) -> None:
    headers = ada.get("/settings").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_production_asks_for_https_everywhere(runtime: Runtime) -> None:
    app = app_with(runtime, environment="production", public_url="https://hilal.test")

    answer = app.test_client().get("/register", base_url="https://hilal.test")

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-hilal=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_the_session_cookie_is_not_for_scripts(browser: Browser) -> None:
    cookie = browser.get("/register").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/people", "/settings/chatbots", "/login", "/nowhere"]
)
def test_no_page_has_inline_script_or_style(cast: Cast, ada: Browser, path: str) -> None:
    page = ada.get(path).text

    for inline in ("<style", " style=", "onclick=", "onsubmit=", "hx-on", "javascript:"):
        assert inline not in page
    assert page.count("<script") == page.count("<script src=")


def test_static_files_are_kept_until_they_change(ada: Browser) -> None:
    address = ada.get("/nowhere").text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]

    with ada.get(address) as named, ada.get("/static/style.css") as plain:
        assert "immutable" in named.headers["Cache-Control"]
        assert plain.headers["Cache-Control"] == "no-cache"


def test_a_file_is_kept_only_under_the_fingerprint_of_what_is_in_it(ada: Browser) -> None:
    with ada.get("/static/style.css?v=0123456789ab") as of_another_version:
        assert (of_another_version.status_code, of_another_version.headers["Cache-Control"]) == (
            200,
            "no-cache",
        )


@pytest.mark.parametrize("path", ["/static/gone.js?v=0123456789ab", "/static/gone.js", "/static/gone.js?v="])
def test_a_file_that_is_not_there_is_not_kept_at_all(ada: Browser, path: str) -> None:
    missing = ada.get(path)

    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")


def test_a_file_that_has_not_changed_stays_kept(ada: Browser) -> None:
    address = ada.get("/nowhere").text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    with ada.get(address) as first:
        etag = first.headers["ETag"]
    with ada.get(address, headers={"If-None-Match": etag}) as again:
        assert again.status_code == 304
        assert "immutable" in again.headers["Cache-Control"]


def test_the_vendored_htmx_is_the_file_that_its_list_names() -> None:
    folder = Path(create_app.__globals__["__file__"]).parent / "static" / "vendor"

    found = sha256((folder / "htmx" / "htmx.min.js").read_bytes()).hexdigest()

    assert found in (folder / "VENDORED.md").read_text()


def test_a_page_that_does_not_exist_says_so(browser: Browser) -> None:
    answer = browser.get("/nowhere")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "<!DOCTYPE html>" in answer.text


def test_htmx_gets_an_error_as_a_fragment_that_takes_its_place(cast: Cast, ada: Browser) -> None:
    answer = ada.fragment("/chatbots/987654/notion", headers={"HX-Target": "div#results"})

    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert 'id="results"' in answer.text


def test_a_lost_session_gives_htmx_a_link_that_comes_back(cast: Cast, browser: Browser) -> None:
    path = f"/chatbots/{cast.chatbot.id}/notion"

    answer = browser.fragment(path, headers={"HX-Current-URL": f"http://localhost{path}?q=a"})

    assert answer.status_code == 401
    assert "You are logged out" in answer.text
    assert "/login?next=" in answer.text
    assert "<html" not in answer.text


def test_a_lost_token_in_a_fragment_says_to_reload(cast: Cast, ada: Browser) -> None:
    answer = ada.client.post("/settings/name", data={"name": "x"}, headers={"HX-Request": "true"})

    assert answer.status_code == 400
    assert "Reload the page" in answer.text
    assert "<html" not in answer.text


def test_the_token_may_come_in_a_header(cast: Cast, ada: Browser) -> None:
    ada.get("/settings")

    answer = ada.client.post("/settings/name", data={"name": "Ada L."}, headers={"X-CSRFToken": ada.token})

    assert answer.status_code == 303
    assert Member.get_by_id(cast.ada.id).name == "Ada L."


def test_a_body_that_is_too_large_is_refused(cast: Cast, ada: Browser) -> None:
    ada.get("/settings")

    answer = ada.client.post("/settings/name", data={"csrf_token": ada.token, "name": "x" * 3_000_000})

    assert answer.status_code == 413
    assert "Send less at a time" in answer.text


def test_a_wrong_method_says_so(ada: Browser, cast: Cast) -> None:
    assert "does not take that kind of request" in ada.get("/logout").text


def test_a_fault_of_ours_is_a_calm_page_without_detail(app: Flask) -> None:
    def broken() -> str:
        raise ValueError("a secret detail")

    app.testing = False
    app.add_url_rule("/broken", view_func=broken)

    answer = app.test_client().get("/broken")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret detail" not in answer.text


def test_an_error_below_the_api_is_json(browser: Browser) -> None:
    answer = browser.get("/api/nowhere")

    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"]["code"] == "not_found"


def test_forwarded_addresses_count_only_behind_the_proxies_we_know(runtime: Runtime, cast: Cast) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hilal.test"}

    alone = app_with(runtime).test_client().get("/settings", headers=headers)
    behind = app_with(runtime, proxies=1)
    behind.add_url_rule("/where", view_func=lambda: __import__("flask").request.host_url)

    assert alone.status_code == 303
    assert behind.test_client().get("/where", headers=headers).text == "https://hilal.test/"


def test_the_sidebar_names_the_places_and_the_chatbots(cast: Cast, ada: Browser, runtime: Runtime) -> None:
    second = Chatbot.create(organisation=cast.acme, name="دعم", created_at=runtime.clock())

    page = ada.get(f"/chatbots/{second.id}/notion").text

    for word in ("Knowledge base", "Try it", "Sync health", "Settings", "Acme chatbot", "دعم"):
        assert word in page
    assert 'aria-current="page"' in page


def test_the_start_page_is_the_chatbot_last_used(cast: Cast, ada: Browser, runtime: Runtime) -> None:
    second = Chatbot.create(organisation=cast.acme, name="Second", created_at=runtime.clock())
    assert ada.get("/").location == f"/chatbots/{cast.chatbot.id}/sources"

    ada.get(f"/chatbots/{second.id}/notion")

    assert ada.get("/").location == f"/chatbots/{second.id}/sources"


def test_a_member_sees_no_way_to_change_things(cast: Cast, login: Callable[[Member], Browser]) -> None:
    page = login(cast.cleo).get("/settings").text

    assert "New chatbot" not in page
    assert "/settings/people" not in page


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        (
            "https://app.notion.com/p/Plan-11111111222233334444555555555555",
            "{practice}/p/11111111222233334444555555555555",
        ),
        ("https://example.com/plan", "https://example.com/plan"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
    ],
)
def test_links_of_the_practice_workspace_lead_there_and_only_web_addresses_are_links(
    app: Flask, runtime: Runtime, url: str, leads_to: str
) -> None:
    with app.test_request_context():
        assert in_notion(url) == leads_to.format(practice=runtime.config.notion.api_url)


def test_links_of_the_real_notion_stay_as_notion_gave_them(runtime: Runtime) -> None:
    real = replace(runtime.config, notion=replace(runtime.config.notion, api_url=NOTION))
    url = "https://app.notion.com/p/Plan-11111111222233334444555555555555"

    with create_app(replace(runtime, config=real)).test_request_context():
        assert in_notion(url) == url
