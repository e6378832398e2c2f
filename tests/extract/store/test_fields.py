"""The columns of our own: words outside their list and times without a zone are refused, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from peewee import Database

from extract.store.models import Chatbot, Organisation

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_a_word_comes_back_as_it_was_stored(any_store: Database) -> None:
    Organisation.create(name="Acme", default_schedule="daily", created_at=NOW)
    assert Organisation.get(Organisation.default_schedule == "daily").default_schedule == "daily"
    assert Organisation.select().where(Organisation.default_schedule.in_(("off", "live"))).count() == 0


def test_a_word_outside_the_list_is_stored_nowhere(any_store: Database) -> None:
    organisation = Organisation.create(name="Acme", created_at=NOW)
    with pytest.raises(
        ValueError, match="default_schedule: 'dayly' is none of off, live, daily, weekly, monthly"
    ):
        Organisation.update(default_schedule="dayly").execute()
    with pytest.raises(ValueError, match="dayly"):
        Organisation.create(name="Other", default_schedule="dayly", created_at=NOW)
    assert Organisation.get_by_id(organisation.id).default_schedule == "live"


def test_a_condition_on_a_word_outside_the_list_is_an_error_and_not_an_empty_result(
    any_store: Database,
) -> None:
    with pytest.raises(ValueError, match="dayly"):
        Organisation.select().where(Organisation.default_schedule == "dayly").count()
    with pytest.raises(ValueError, match="dayly"):
        Organisation.select().where(Organisation.default_schedule.in_(["live", "dayly"])).count()


def test_a_time_without_a_zone_is_refused(any_store: Database) -> None:
    organisation = Organisation.create(name="Acme", created_at=NOW)
    with pytest.raises(ValueError, match="created_at: a time without a zone cannot be stored"):
        Chatbot.create(organisation=organisation, name="Bot", created_at=NOW.replace(tzinfo=None))
