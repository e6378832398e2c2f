"""The calls, against the sandbox where it can answer them, and against a script where only Notion's oddities can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from extract.errors import Forbidden, InvalidRequest, NotFound, Refused, Transient, WrongKind
from extract.notion.client import Access, NotionClient, http_client
from extract.notion.limits.budget import Budget
from extract.runtime import Runtime
from extract.values import DatabaseContainer, PageMarkdown, Stub
from sandbox import World
from sandbox.world.handles import DatabaseHandle, PageHandle
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.clock import StoppedClock
from tests.extract.notion.script import Pauses, Script, error, listing, ok

Scripted = Callable[..., NotionClient]
ID = "6a0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f"
ROW = {"object": "page", "id": ID, "properties": {}}


@pytest.fixture
def acme(world: World) -> WorkspaceHandle:
    return world.workspace("Acme")


class Granted:
    """The tokens of a sandbox grant, never refreshed."""

    def __init__(self, grant: GrantHandle) -> None:
        self.grant = grant

    def access_token(self) -> str:
        return self.grant.access_token

    def refresh(self, used: str) -> str:
        raise AssertionError("the sandbox accepts this token")


@pytest.fixture
def notion(
    runtime: Runtime, world: World, acme: WorkspaceHandle, budget: Budget, pauses: Pauses
) -> Iterator[NotionClient]:
    """Acme as the sandbox shows it to an integration with which nothing is shared yet."""
    grant = world.install(acme, share=[])
    with http_client(runtime.config, runtime.transport) as http:
        yield NotionClient(
            Access(http=http, tokens=Granted(grant), budget=budget, clock=runtime.clock, pause=pauses)
        )


@pytest.fixture
def plan(acme: WorkspaceHandle, notion: NotionClient, world: World) -> PageHandle:
    page = acme.page("Plan", "# Goals\n\nShip it.", icon="🚀")
    share(world, page)
    return page


@pytest.fixture
def tasks(acme: WorkspaceHandle, notion: NotionClient, world: World, plan: PageHandle) -> DatabaseHandle:
    return acme.database("Tasks", {"Name": "title", "Points": "number"}, parent=plan)


def share(world: World, page: PageHandle) -> None:
    for grant in world.grants.values():
        world.grant(grant.bot_id).share(page)


def test_the_bot_behind_the_token(notion: NotionClient, acme: WorkspaceHandle) -> None:
    bot = notion.me()

    assert (bot.workspace_id, bot.workspace_name) == (acme.id, "Acme")
    assert notion.requests == 1


def test_a_page_and_its_body(notion: NotionClient, plan: PageHandle) -> None:
    stub = notion.get_page(plan.id)
    body = notion.get_markdown(plan.id)

    assert (stub.kind, stub.id, stub.title, stub.icon) == ("page", plan.id, "Plan", "🚀")
    assert isinstance(body, PageMarkdown)
    assert "Ship it." in body.markdown


def test_a_database_its_data_source_and_its_rows(notion: NotionClient, tasks: DatabaseHandle) -> None:
    row = tasks.row("Write tests", {"Points": 3})

    container = notion.get_database(tasks.id)
    source = notion.get_data_source(container.data_sources[0].id)
    rows = [stub for page in notion.query(source.id) for stub in page]

    assert (container.title, container.data_sources[0].id) == ("Tasks", tasks.data_source.id)
    assert (source.kind, source.database_id) == ("data_source", tasks.id)
    assert set(source.properties) == {"Name", "Points"}
    assert [(stub.id, stub.title, stub.database_id) for stub in rows] == [(row.id, "Write tests", tasks.id)]
    assert rows[0].parent.id == source.id


def test_rows_beyond_one_answer_and_beyond_the_cap(
    notion: NotionClient, tasks: DatabaseHandle, world: World, clock: StoppedClock
) -> None:
    world.query_cap = 20
    made = []
    for number in range(70):
        made.append(tasks.row(f"Row {number}").id)
        clock.advance(seconds=11)

    rows = [stub.id for page in notion.query(tasks.data_source.id, page_size=7) for stub in page]

    assert rows == made


def test_a_listing_goes_on_where_it_was_interrupted(
    notion: NotionClient, tasks: DatabaseHandle, clock: StoppedClock
) -> None:
    tasks.row("First")
    clock.advance(hours=1)
    since = clock().replace(second=0)
    second = tasks.row("Second")

    rows = notion.query(tasks.data_source.id, created_on_or_after=since)

    assert [stub.id for page in rows for stub in page] == [second.id]


def test_blocks_and_their_children(notion: NotionClient, plan: PageHandle) -> None:
    plan.edit("\n\n".join(f"Line {number}" for number in range(130)))

    children = notion.list_children(plan.id)

    assert len(children) == 130
    assert notion.get_block(children[0]["id"])["paragraph"]["rich_text"][0]["plain_text"] == "Line 0"


def test_search_shows_the_latest_edit_first(
    notion: NotionClient, plan: PageHandle, acme: WorkspaceHandle, clock: StoppedClock
) -> None:
    clock.advance(minutes=5)
    acme.page("Hand book", parent=plan)
    clock.advance(minutes=5)

    assert [stub.title for stub in notion.search().stubs] == ["Hand book", "Plan"]
    assert [stub.title for stub in notion.search("hand").stubs] == ["Hand book"]


def test_search_by_kind_and_in_the_trash(
    notion: NotionClient, plan: PageHandle, tasks: DatabaseHandle, acme: WorkspaceHandle, clock: StoppedClock
) -> None:
    old = acme.page("Old", parent=plan)
    old.trash()
    clock.advance(minutes=5)

    assert [stub.title for stub in notion.search(kind="data_source").stubs] == ["Tasks"]
    assert [stub.title for stub in notion.search(kind="page").stubs] == ["Plan"]
    trashed = notion.search(in_trash=True).stubs
    assert [(stub.id, stub.in_trash) for stub in trashed] == [(old.id, True)]


def test_a_search_is_walked_to_its_end_in_pages(
    notion: NotionClient, plan: PageHandle, acme: WorkspaceHandle, clock: StoppedClock
) -> None:
    made = {plan.id} | {acme.page(f"Page {number}", parent=plan).id for number in range(8)}
    clock.advance(minutes=5)

    first = notion.search(page_size=5)
    rest = notion.search(page_size=5, cursor=first.next_cursor)
    walked = list(notion.walk_search(page_size=4))

    assert {stub.id for stub in first.stubs + rest.stubs} == made
    assert [len(page.stubs) for page in walked] == [4, 4, 1]
    assert {stub.id for page in walked for stub in page.stubs} == made


def test_relations_beyond_25_are_completed(
    notion: NotionClient, tasks: DatabaseHandle, acme: WorkspaceHandle, plan: PageHandle
) -> None:
    targets = [tasks.row(f"Task {number}").id for number in range(130)]
    projects = acme.database("Projects", {"Name": "title", "Tasks": {"relation": tasks}}, parent=plan)
    row = projects.row("Big", {"Tasks": targets})
    listed = notion.get_page(row.id).properties["Tasks"]

    items = notion.property_items(row.id, listed["id"])

    assert listed["has_more"] is True
    assert [item["relation"]["id"] for item in items] == targets


def test_a_property_that_is_no_list_is_one_item(notion: NotionClient, tasks: DatabaseHandle) -> None:
    row = tasks.row("Write", {"Points": 3})
    points = notion.get_page(row.id).properties["Points"]["id"]

    assert [item["number"] for item in notion.property_items(row.id, points)] == [3]


@pytest.mark.parametrize(
    "spelling", ["{url}", "{id}", "{hex}", "<{url}>", "{url}?v=00000000000000000000000000000000"]
)
def test_a_pasted_link_to_a_page_or_a_database_is_recognised(
    notion: NotionClient, plan: PageHandle, tasks: DatabaseHandle, spelling: str
) -> None:
    def pasted(handle: PageHandle | DatabaseHandle) -> str:
        return spelling.format(url=handle.url, id=handle.id, hex=handle.id.replace("-", "").upper())

    page, database = notion.resolve(pasted(plan)), notion.resolve(pasted(tasks))

    assert isinstance(page, Stub)
    assert (page.kind, page.id) == ("page", plan.id)
    assert isinstance(database, DatabaseContainer)
    assert database.id == tasks.id


def test_a_pasted_data_source_id_is_recognised(notion: NotionClient, tasks: DatabaseHandle) -> None:
    found = notion.resolve(tasks.data_source.id)

    assert isinstance(found, Stub)
    assert (found.kind, found.database_id) == ("data_source", tasks.id)


def test_a_page_that_is_not_shared_is_not_found(notion: NotionClient, acme: WorkspaceHandle) -> None:
    hidden = acme.page("Salaries")

    for ask in (notion.get_page, notion.get_markdown, notion.list_children, notion.resolve):
        with pytest.raises(NotFound):
            ask(hidden.id)


@pytest.mark.parametrize("text", ["", "hello", "https://example.com/6a0d5b1e0b0d4f8a9c8e0d5b1e0b0d4f"])
def test_what_is_no_link_of_notions_is_refused_without_asking(notion: NotionClient, text: str) -> None:
    with pytest.raises(Refused, match="Copy link"):
        notion.resolve(text)

    assert notion.requests == 0


def test_an_id_of_another_kind_is_told_apart(
    notion: NotionClient, plan: PageHandle, tasks: DatabaseHandle
) -> None:
    with pytest.raises(WrongKind):
        notion.get_page(tasks.id)
    with pytest.raises(WrongKind):
        notion.get_database(plan.id)


def test_a_missing_capability_concerns_the_connection(
    notion: NotionClient, plan: PageHandle, world: World
) -> None:
    world.capabilities.discard("read_content")

    with pytest.raises(Forbidden):
        notion.get_markdown(plan.id)


@pytest.mark.parametrize("fault", ["drop", "truncate_json"])
def test_a_broken_answer_is_asked_again(
    notion: NotionClient, plan: PageHandle, world: World, fault: str
) -> None:
    getattr(world.faults, fault)("markdown", times=2)

    assert "Ship it." in notion.get_markdown(plan.id).markdown
    assert notion.retries == 2


def test_many_threads_may_ask_at_once(notion: NotionClient, plan: PageHandle) -> None:
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: notion.get_markdown(plan.id).markdown, range(40)))

    assert len(set(bodies)) == 1
    assert notion.requests == 40


def test_markdown_is_asked_for_in_version_two_with_transcripts(scripted: Scripted) -> None:
    script = Script(ok({"object": "page_markdown", "markdown": ""}))

    scripted(script).get_markdown(ID)

    assert dict(script.asked[0].url.params) == {"include_transcript": "true", "markdown_version": "v2"}
    assert script.asked[0].extensions["timeout"]["read"] >= 65


def test_a_server_that_does_not_know_the_markdown_version_is_asked_without(scripted: Scripted) -> None:
    body = ok({"object": "page_markdown", "markdown": "# v1"})
    script = Script(error(400, "validation_error", "query.markdown_version is not known"), body, body)
    client = scripted(script)

    assert client.get_markdown(ID).markdown == "# v1"
    client.get_markdown(ID)

    assert ["markdown_version" in str(request.url) for request in script.asked] == [True, False, False]


def test_a_markdown_request_refused_for_another_reason_stays_refused(scripted: Scripted) -> None:
    script = Script(error(400, "validation_error", "bad id"), forever=True)
    client = scripted(script)

    for _ in range(2):
        with pytest.raises(InvalidRequest):
            client.get_markdown(ID)

    assert ["markdown_version" in str(request.url) for request in script.asked] == [True, False, True, False]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.me(),
        lambda client: client.get_page(ID),
        lambda client: client.get_data_source(ID),
        lambda client: client.get_database(ID),
        lambda client: client.get_block(ID),
        lambda client: client.get_markdown(ID),
        lambda client: client.list_children(ID),
        lambda client: client.property_items(ID, "title"),
        lambda client: client.search(),
        lambda client: list(client.query(ID)),
    ],
)
@pytest.mark.parametrize("body", [{}, {"ok": True}, {"object": "list"}, {"object": "error", "code": "x"}])
def test_an_answer_of_another_shape_passes_and_is_never_taken_for_emptiness(
    scripted: Scripted, ask: Callable[[NotionClient], object], body: dict[str, object]
) -> None:
    with pytest.raises(Transient):
        ask(scripted(Script(ok(body), forever=True)))


def test_partial_and_unknown_results_of_a_search(scripted: Scripted) -> None:
    script = Script(listing({"object": "page", "id": ID}, {"object": "moon", "id": ID}, "x", None))

    (stub,) = scripted(script).search().stubs

    assert stub.partial


def test_a_search_whose_cursor_expires_is_walked_again_and_repeats_nothing(scripted: Scripted) -> None:
    other = {**ROW, "id": ID.replace("6a", "7b")}
    script = Script(
        listing(ROW, cursor="a"),
        error(400, "validation_error", "The start_cursor provided is invalid"),
        listing(ROW, cursor="b"),
        listing(other, ROW),
    )

    pages = list(scripted(script).walk_search())

    assert [[stub.id for stub in page.stubs] for page in pages] == [[ID], [], [other["id"]]]
    assert [body.get("start_cursor") for body in script.bodies] == [None, "a", None, "b"]


def test_a_search_that_breaks_off_gives_what_it_has_and_then_fails(scripted: Scripted) -> None:
    pages = scripted(Script(listing(ROW, has_more=True))).walk_search()

    assert next(pages).incomplete
    with pytest.raises(Transient):
        next(pages)


def test_children_are_listed_again_when_their_cursor_expires(scripted: Scripted) -> None:
    block = {"object": "block", "id": ID, "type": "divider", "divider": {}}
    script = Script(
        listing(block, cursor="a"), error(400, "validation_error"), listing(block, cursor="b"), listing()
    )

    assert scripted(script).list_children(ID) == (block,)


def test_property_ids_are_put_into_the_path_as_notion_encoded_them(scripted: Scripted) -> None:
    for property_id, expected in (
        ("M%3BBw", "M%3BBw"),
        ("title", "title"),
        ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
    ):
        script = Script(listing())
        scripted(script).property_items(ID, property_id)
        assert script.paths == [f"/v1/pages/{ID}/properties/{expected}?page_size=100"]


def test_nothing_in_an_id_reaches_another_path(scripted: Scripted) -> None:
    script = Script(ok({**ROW}))

    scripted(script).get_page("../oauth/token?x=")
    for odd in ("", ".", ".."):
        with pytest.raises(InvalidRequest):
            scripted(Script()).get_page(odd)

    assert script.paths == ["/v1/pages/..%2Foauth%2Ftoken%3Fx%3D"]


def test_an_overloaded_query_is_asked_for_less_at_a_time(scripted: Scripted) -> None:
    busy = error(503, "service_unavailable", additional_data={"retry_guidance": "reduce page_size"})
    script = Script(busy, busy, busy, busy, listing(ROW))

    rows = list(scripted(script).query(ID))

    assert [stub.id for page in rows for stub in page] == [ID]
    assert [body["page_size"] for body in script.bodies] == [100, 100, 100, 100, 50]


def test_the_cap_of_a_real_answer_is_noticed(scripted: Scripted) -> None:
    row = {**ROW, "created_time": "2026-11-01T08:00:00.000Z"}
    capped = {"request_status": {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}}
    script = Script(listing(row, **capped), listing(row))

    list(scripted(script).query(ID))

    assert script.bodies[1]["filter"] == {
        "and": [{"timestamp": "created_time", "created_time": {"on_or_after": "2026-11-01T08:00:00.000Z"}}]
    }


def test_a_response_that_times_out_while_reading_is_not_lost_on_the_budget(
    scripted: Scripted, budget: Budget, clock: StoppedClock
) -> None:
    script = Script(httpx2.ReadTimeout("slow"), ok({"object": "page_markdown", "markdown": "x"}))

    scripted(script).get_markdown(ID)

    assert budget.used() == 2
    clock.advance(seconds=61)
    assert budget.used() == 0
