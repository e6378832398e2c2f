"""Members: inviting, joining, roles, removing."""

from __future__ import annotations

import re
from collections.abc import Callable

from extract.store.models import Invitation, Member
from tests.clock import StoppedClock
from tests.webapp.conftest import PASSWORD, Browser, Cast

_LINK = re.compile(r'value="http://127\.0\.0\.1:5000(/register\?invitation=[\w-]+)"')


def invited(ada: Browser, email: str = "dan@acme.test", role: str = "admin") -> str:
    """The link of a new invitation, as the page shows it."""
    answer = ada.post("/settings/people/invite", {"email": email, "role": role})
    found = _LINK.search(ada.get(answer.location).text)
    assert found
    return found.group(1)


def join(browser: Browser, link: str, **change: str) -> tuple[int, str]:
    browser.get(link)
    form = {
        "invitation": link.partition("=")[2],
        "email": "dan@acme.test",
        "name": "Dan",
        "password": PASSWORD,
    }
    answer = browser.post("/register", form | change)
    return answer.status_code, answer.text


def test_an_invited_person_joins_with_the_role_given(cast: Cast, ada: Browser, browser: Browser) -> None:
    link = invited(ada)

    assert "Join Acme" in browser.get(link).text
    assert join(browser, link)[0] == 303

    dan = Member.get(Member.email == "dan@acme.test")
    assert (dan.organisation, dan.role) == (cast.acme, "admin")
    assert browser.get("/settings/people").status_code == 200


def test_an_invitation_link_is_shown_once(cast: Cast, ada: Browser) -> None:
    link = invited(ada)

    assert link not in ada.get("/settings/people").text
    assert "dan@acme.test" in ada.get("/settings/people").text
    assert link.partition("=")[2] not in Invitation.get().token_hash


def test_an_invitation_works_once(cast: Cast, ada: Browser, browser: Browser) -> None:
    link = invited(ada)
    join(browser, link)
    browser.post("/logout")

    status, text = join(browser, link, email="dan@acme.test")

    assert status == 403
    assert "This invitation was already used" in text


def test_an_invitation_ends_after_a_week(
    cast: Cast, ada: Browser, browser: Browser, clock: StoppedClock
) -> None:
    link = invited(ada)
    clock.advance(days=7, seconds=1)

    assert "older than a week" in browser.get(link).text
    assert join(browser, link)[0] == 403


def test_an_invitation_is_for_one_address(cast: Cast, ada: Browser, browser: Browser) -> None:
    status, text = join(browser, invited(ada), email="eve@acme.test")

    assert status == 400
    assert "This invitation is for dan@acme.test" in text
    assert Invitation.get().accepted_at is None


def test_a_refused_form_does_not_spend_the_invitation(cast: Cast, ada: Browser, browser: Browser) -> None:
    link = invited(ada)

    assert join(browser, link, password="short")[0] == 400
    assert join(browser, link)[0] == 303


def test_a_withdrawn_invitation_opens_nothing(cast: Cast, ada: Browser, browser: Browser) -> None:
    link = invited(ada)
    ada.post(f"/settings/people/invitations/{Invitation.get().id}/withdraw")

    assert join(browser, link)[0] == 403


def test_a_newer_invitation_replaces_the_older_one(cast: Cast, ada: Browser, browser: Browser) -> None:
    older, newer = invited(ada), invited(ada)

    assert join(browser, older)[0] == 403
    assert join(browser, newer)[0] == 303


def test_somebody_of_the_same_organisation_cannot_be_invited(cast: Cast, ada: Browser) -> None:
    ada.post("/settings/people/invite", {"email": "Cleo@acme.test", "role": "member"})

    assert "already in your organisation" in ada.get("/settings/people").text
    assert not Invitation.select().exists()


def test_who_invites_does_not_learn_who_has_an_account_in_another_organisation(
    cast: Cast, ada: Browser
) -> None:
    def answers(email: str) -> list[str]:
        answer = ada.post("/settings/people/invite", {"email": email, "role": "member"})
        pages = [answer.text, ada.get(answer.location).text, ada.get("/settings/people").text]
        ada.post(f"/settings/people/invitations/{Invitation.get().id}/withdraw")
        ada.get("/settings/people")
        varying = r'(content|value)="[\w.-]{60,}"|invitation=[\w-]+|invitations/\d+'
        return [str(answer.status_code), *(re.sub(varying, "", page.replace(email, "")) for page in pages)]

    assert answers("mallory@umbrella.test") == answers("nobody9@umbrella.test")


def test_an_invited_person_with_an_account_elsewhere_hears_what_to_do_and_keeps_the_link(
    cast: Cast, ada: Browser, browser: Browser
) -> None:
    link = invited(ada, "mallory@umbrella.test")

    status, text = join(browser, link, email="mallory@umbrella.test")

    assert status == 400
    assert "an account belongs to one organisation" in text
    assert "ask an admin of your present organisation to remove your account" in text
    cast.mallory.delete_instance()
    assert join(browser, link, email="mallory@umbrella.test")[0] == 303


def test_invitations_end_with_the_person_who_made_them(
    cast: Cast, ada: Browser, browser: Browser, login: Callable[[Member], Browser]
) -> None:
    link = invited(login(cast.bob))

    ada.post(f"/settings/people/{cast.bob.id}/remove")

    assert join(browser, link)[0] == 403
    assert "dan@acme.test" not in ada.get("/settings/people").text


def test_invitations_end_when_who_made_them_may_no_longer_give_as_much(
    cast: Cast, ada: Browser, login: Callable[[Member], Browser]
) -> None:
    Member.update(role="owner").where(Member.id == cast.bob.id).execute()
    bob = login(cast.bob)
    for role in ("owner", "admin", "member"):
        invited(bob, f"{role}@acme.test", role)

    def still_open() -> set[str]:
        return {row.role for row in Invitation.select()}

    ada.post(f"/settings/people/{cast.bob.id}/role", {"role": "admin"})
    assert still_open() == {"admin", "member"}
    ada.post(f"/settings/people/{cast.bob.id}/role", {"role": "member"})
    assert still_open() == set()


def test_an_invitation_made_while_the_clock_was_ahead_does_not_last_for_years(
    cast: Cast, ada: Browser, browser: Browser, clock: StoppedClock
) -> None:
    clock.advance(days=3650)
    link = invited(ada)
    clock.advance(days=-3650)

    assert join(browser, link)[0] == 403
    assert "dan@acme.test" not in ada.get("/settings/people").text


def test_an_organisation_makes_sixty_invitations_an_hour(
    cast: Cast, ada: Browser, login: Callable[[Member], Browser]
) -> None:
    for number in range(60):
        ada.post("/settings/people/invite", {"email": f"person{number}@acme.test", "role": "member"})
    ada.post("/settings/people/invite", {"email": "one-more@acme.test", "role": "member"})

    page = ada.get("/settings/people").text
    assert "made 60 invitations within an hour" in page
    assert (Invitation.select().count(), "one-more@acme.test" in page) == (60, False)
    assert invited(login(cast.mallory), "dan@umbrella.test")


def test_an_admin_cannot_make_or_touch_owners(cast: Cast, login: Callable[[Member], Browser]) -> None:
    bob = login(cast.bob)

    assert bob.post("/settings/people/invite", {"email": "x@acme.test", "role": "owner"}).status_code == 403
    assert bob.post(f"/settings/people/{cast.cleo.id}/role", {"role": "owner"}).status_code == 403
    assert bob.post(f"/settings/people/{cast.ada.id}/role", {"role": "member"}).status_code == 403
    assert bob.post(f"/settings/people/{cast.ada.id}/remove").status_code == 403
    assert Member.get_by_id(cast.ada.id).role == "owner"


def test_an_owner_changes_roles(cast: Cast, ada: Browser) -> None:
    ada.post(f"/settings/people/{cast.cleo.id}/role", {"role": "admin"})

    assert Member.get_by_id(cast.cleo.id).role == "admin"
    assert "Cleo is now admin" in ada.get("/settings/people").text


def test_the_last_owner_stays_owner(cast: Cast, ada: Browser) -> None:
    ada.post(f"/settings/people/{cast.ada.id}/role", {"role": "admin"})

    assert Member.get_by_id(cast.ada.id).role == "owner"
    assert "An organisation needs an owner" in ada.get("/settings/people").text


def test_a_removed_person_is_out_at_once(
    cast: Cast, ada: Browser, login: Callable[[Member], Browser]
) -> None:
    cleo = login(cast.cleo)
    assert cleo.get("/settings").status_code == 200
    assert "Remove Cleo?" in ada.get(f"/settings/people/{cast.cleo.id}/remove").text

    ada.post(f"/settings/people/{cast.cleo.id}/remove")

    assert cleo.get("/settings").location == "/login?next=/settings"
    assert Member.get_or_none(Member.id == cast.cleo.id) is None


def test_nobody_removes_themselves(cast: Cast, login: Callable[[Member], Browser]) -> None:
    bob = login(cast.bob)

    bob.post(f"/settings/people/{cast.bob.id}/remove")

    assert "You cannot remove yourself" in bob.get("/settings/people").text
