"""A person's own account, and the organisation."""

from __future__ import annotations

from collections.abc import Callable

from extract.store.models import Member, Organisation
from tests.webapp.conftest import PASSWORD, Browser, Cast
from webapp.people.passwords import MINIMUM_LENGTH

NEW = "a new and longer password"


def test_a_password_change_ends_every_other_session(
    cast: Cast, ada: Browser, login: Callable[[Member], Browser], browser: Browser
) -> None:
    elsewhere = login(cast.ada)
    assert elsewhere.get("/settings").status_code == 200

    ada.post("/settings/password", {"current": PASSWORD, "password": NEW})

    assert ada.get("/settings").status_code == 200
    assert elsewhere.get("/settings").location == "/login?next=/settings"
    assert browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD}).status_code == 401
    assert browser.post("/login", {"email": "ada@acme.test", "password": NEW}).status_code == 303


def test_a_password_change_needs_the_present_one(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/password", {"current": "guess", "password": NEW})

    assert "Your present password is not right" in ada.get("/settings").text
    assert Member.get_by_id(cast.ada.id).session_key == cast.ada.session_key


def test_a_new_password_must_be_long_enough(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/password", {"current": PASSWORD, "password": "short"})

    assert f"at least {MINIMUM_LENGTH} characters" in ada.get("/settings").text


def test_a_member_changes_their_own_name(cast: Cast, login: Callable[[Member], Browser]) -> None:
    cleo = login(cast.cleo)

    cleo.post("/settings/name", {"name": "  Cleo   K. "})
    cleo.post("/settings/name", {"name": "   "})

    assert Member.get_by_id(cast.cleo.id).name == "Cleo K."
    assert "Your name cannot be empty." in cleo.get("/settings").text


def test_the_organisation_has_a_name_and_a_schedule(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/organisation", {"name": "Acme GmbH", "default_schedule": "daily"})

    found = Organisation.get_by_id(cast.acme.id)
    assert (found.name, found.default_schedule) == ("Acme GmbH", "daily")
    assert '<option value="daily" selected>' in ada.get("/settings/organisation").text


def test_an_unknown_schedule_changes_nothing(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/organisation", {"name": "Other", "default_schedule": "hourly"})

    assert Organisation.get_by_id(cast.acme.id).name == "Acme"
    assert "Choose one of the schedules" in ada.get("/settings/organisation").text
