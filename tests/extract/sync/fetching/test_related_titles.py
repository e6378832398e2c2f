"""Names of related pages that nobody holds: asked once for a connection, a few for each page."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract.errors import InvalidRequest, NotFound, RateLimited
from extract.notion.client import NotionClient
from extract.sync.fetching.related_titles import MOST_ASKED, RelatedTitles
from extract.values import Stub
from tests import rows
from tests.clock import START


class FakeNotion:
    """Shows each page under its title, or raises what is put in its place."""

    def __init__(self, **shown: str | Exception) -> None:
        self.shown = shown
        self.asked: list[str] = []

    def get_page(self, notion_id: str) -> Stub:
        self.asked.append(notion_id)
        found = self.shown.get(notion_id, f"Page {notion_id}")
        if isinstance(found, Exception):
            raise found
        return rows.stub(id=notion_id, title=found)


def names(titles: RelatedTitles, notion: FakeNotion, *notion_ids: str) -> dict[str, str]:
    return titles.of(cast(NotionClient, notion), notion_ids)


def test_a_name_is_asked_once_for_all_pages_of_a_connection(redis_server: redis.Redis) -> None:
    notion = FakeNotion(a="Ada")

    assert names(RelatedTitles(redis_server, 1), notion, "a") == {"a": "Ada"}
    assert names(RelatedTitles(redis_server, 1), notion, "a", "a") == {"a": "Ada"}
    assert notion.asked == ["a"]
    names(RelatedTitles(redis_server, 2), notion, "a")
    assert notion.asked == ["a", "a"]


@pytest.mark.parametrize("error", [NotFound(), InvalidRequest()])
def test_a_page_that_is_not_shared_has_no_name_and_is_not_asked_again(
    redis_server: redis.Redis, error: Exception
) -> None:
    notion = FakeNotion(secret=error)

    for _ in range(2):
        assert names(RelatedTitles(redis_server, 1), notion, "secret") == {}
    assert notion.asked == ["secret"]


def test_one_page_costs_a_few_names_and_the_next_asks_for_the_rest(redis_server: redis.Redis) -> None:
    notion, titles = FakeNotion(), RelatedTitles(redis_server, 1)
    many = [str(number) for number in range(MOST_ASKED + 3)]

    assert len(names(titles, notion, *many)) == MOST_ASKED
    assert len(names(titles, notion, *many)) == len(many)
    assert notion.asked == many


def test_what_concerns_the_connection_is_not_a_missing_name(redis_server: redis.Redis) -> None:
    notion = FakeNotion(a=RateLimited(resume_at=START + timedelta(minutes=1)))

    with pytest.raises(RateLimited):
        names(RelatedTitles(redis_server, 1), notion, "a")


def away() -> redis.Redis:
    return redis.Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 0))


def test_where_nothing_is_related_nothing_is_asked_not_even_redis() -> None:
    assert (
        names(
            RelatedTitles(away(), 1),
            FakeNotion(),
        )
        == {}
    )


def test_without_redis_every_page_asks_for_its_names() -> None:
    notion, titles = (
        FakeNotion(a="Ada"),
        RelatedTitles(away(), 1),
    )

    assert names(titles, notion, "a") == names(titles, notion, "a") == {"a": "Ada"}
    assert notion.asked == ["a", "a"]
