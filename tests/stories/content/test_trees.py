"""A page with its sub-pages: what belongs to it comes and goes as Notion's tree changes, and nothing is walked."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from extract import actions
from extract.connections import client_for, http_for
from extract.runtime import Runtime
from extract.store.models import DataSource, Document, Source
from sandbox import World
from sandbox.world.handles import DatabaseHandle, PageHandle
from sandbox.world.world import WorkspaceHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, connected


@dataclass(frozen=True, slots=True)
class Tree:
    """A team's page with what hangs below it, and pages beside it."""

    workspace: WorkspaceHandle
    root: PageHandle
    guide: PageHandle
    leaf: PageHandle
    tasks: DatabaseHandle
    beside: PageHandle


@pytest.fixture
def tree(world: World, clock: StoppedClock) -> Tree:
    workspace = world.workspace("Acme", user="Ada")
    root = workspace.page("Team", "rootword")
    guide = workspace.page("Guide", "guideword", parent=root)
    leaf = workspace.page("Leaf", "leafword", parent=guide)
    tasks = workspace.database("Tasks", {"Task": "title", "Note": "rich_text"}, parent=guide)
    tasks.row("Water plants", {"Note": "rowword"}, body="On Mondays.")
    beside = workspace.page("Beside", "besideword")
    clock.advance(hours=1)
    return Tree(workspace, root, guide, leaf, tasks, beside)


@pytest.fixture
def acme(any_runtime: Runtime, clock: StoppedClock, world: World, tree: Tree) -> Knowledge:
    return connected(any_runtime, clock, world, world.install(tree.workspace))


def take(acme: Knowledge, root: PageHandle) -> Source:
    """Tick the page with its sub-pages, and wait until it is read."""
    [source] = acme.tick(root.id, with_subpages=True)
    acme.work()
    acme.follow(seconds=120)
    return source


def titles() -> list[str]:
    return sorted(row.title for row in Document.select().where(Document.removed_at.is_null()))


def test_everything_below_the_page_answers_and_nothing_beside_it(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)

    assert titles() == ["Guide", "Leaf", "Team", "Water plants"]
    assert acme.answers("leafword") == ["Leaf"]
    assert acme.answers("rowword") == ["Water plants"]
    assert acme.source(tree.root.id).status == "trained"
    assert acme.runs(tree.root.id)[0].trigger == "import"


def test_a_pages_body_is_asked_for_once(acme: Knowledge, tree: Tree) -> None:
    acme.tick(tree.root.id, with_subpages=True)
    acme.spent()
    acme.work()

    spent = acme.spent()
    assert spent.count("markdown") == 4
    assert spent.count("page") == 2  # the guide and the leaf: only their parents' bodies tell of them


def test_a_sub_page_made_later_arrives_with_the_next_poll(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.workspace.page("Late", "lateword", parent=tree.leaf)
    acme.follow()

    assert acme.answers("lateword") == ["Late"]


def test_a_sub_page_that_search_never_shows_is_known_from_the_body_it_hangs_in(
    acme: Knowledge, tree: Tree, world: World
) -> None:
    take(acme, tree.root)
    late = tree.workspace.page("Late", "lateword", parent=tree.leaf)
    world.hide_from_search(late)
    acme.follow()
    acme.follow()

    assert acme.answers("lateword") == ["Late"]


def test_a_page_moved_into_the_tree_comes_with_what_lies_below_it(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.workspace.page("Under", "underword", parent=tree.beside)
    acme.follow(seconds=300)
    assert acme.ask("besideword") == []

    tree.beside.move(tree.guide)
    for _ in range(3):
        acme.follow()

    assert acme.answers("besideword") == ["Beside"]
    assert acme.answers("underword") == ["Under"]


def test_a_page_moved_out_of_the_tree_leaves_with_what_lies_below_it(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.guide.move(None)
    for _ in range(4):
        acme.follow(seconds=8 * 3600)

    assert titles() == ["Team"]
    assert DataSource.select().count() == 0


def test_a_page_moved_within_the_tree_answers_all_the_time(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.leaf.move(tree.root)
    for _ in range(4):
        acme.follow(seconds=8 * 3600)
        assert acme.answers("leafword") == ["Leaf"]

    assert acme.document(tree.leaf.id).parent_page_id == tree.root.id


def test_a_page_in_a_toggle_belongs_to_the_page_that_holds_the_toggle(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    hidden = tree.workspace.page("Folded", "foldedword", parent=tree.guide)
    toggle = {"type": "toggle", "toggle": {"rich_text": [{"type": "text", "text": {"content": "More"}}]}}
    child = {"id": hidden.id, "type": "child_page", "child_page": {}}
    tree.guide.set_blocks([{**toggle, "children": [child]}])
    for _ in range(4):
        acme.follow(seconds=8 * 3600)

    assert acme.answers("foldedword") == ["Folded"]


def test_a_trashed_branch_leaves_and_comes_back_when_it_is_restored(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.guide.trash()
    for _ in range(3):
        acme.follow(seconds=120)
    assert titles() == ["Team"]
    assert acme.ask("rowword") == acme.ask("leafword") == []

    tree.guide.restore()
    for _ in range(4):
        acme.follow(seconds=120)
    assert titles() == ["Guide", "Leaf", "Team", "Water plants"]
    assert acme.answers("rowword") == ["Water plants"]


def test_a_new_database_in_the_tree_is_listed_and_its_new_rows_follow(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    recipes = tree.workspace.database("Recipes", {"Dish": "title"}, parent=tree.leaf)
    recipes.row("Soup", body="soupword")
    for _ in range(2):
        acme.follow()
    assert acme.answers("soupword") == ["Soup"]

    recipes.row("Bread", body="breadword")
    acme.follow()
    assert acme.answers("breadword") == ["Bread"]


def test_a_database_in_a_row_of_a_database_belongs_to_the_tree(acme: Knowledge, tree: Tree) -> None:
    inner = tree.workspace.database("Steps", {"Step": "title"}, parent=tree.tasks.rows[0])
    inner.row("Fill the can", body="canword")
    take(acme, tree.root)

    assert acme.answers("canword") == ["Fill the can"]


def test_what_hangs_in_a_page_that_another_source_had_read_comes_with_it(acme: Knowledge, tree: Tree) -> None:
    row = tree.tasks.rows[0]
    tree.workspace.page("In a row", "inrowword", parent=row)
    acme.tick(tree.tasks.id)
    acme.work()
    acme.follow(seconds=300)
    take(acme, tree.root)

    assert acme.answers("inrowword") == ["In a row"]


def test_what_hangs_in_a_page_that_moves_into_the_tree_comes_with_it(acme: Knowledge, tree: Tree) -> None:
    under = tree.workspace.page("Under", "underword", parent=tree.beside)
    acme.tick(tree.beside.id)
    take(acme, tree.root)
    assert acme.ask("underword") == []

    tree.beside.move(tree.guide)
    for _ in range(3):
        acme.follow(seconds=8 * 3600)
    assert acme.answers("underword") == [under.title]


def test_a_renamed_column_reaches_every_row_of_a_table_in_the_tree(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.tasks.data_source.rename_property("Note", "Remark")
    for _ in range(2):
        acme.follow()

    assert "Remark: rowword" in acme.document(tree.tasks.rows[0].id).text


def test_a_database_moved_out_of_the_tree_takes_its_rows_along(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    tree.tasks.move(None)
    for _ in range(4):
        acme.follow(seconds=8 * 3600)

    assert titles() == ["Guide", "Leaf", "Team"]


def test_a_page_held_twice_is_fetched_once_and_stays_while_one_source_holds_it(
    acme: Knowledge, tree: Tree
) -> None:
    source = take(acme, tree.root)
    acme.tick(tree.leaf.id)
    acme.work()
    acme.spent()
    tree.leaf.edit("leafword changed")
    acme.follow()
    assert acme.spent().count("markdown") == 1
    assert Document.select().where(Document.notion_id == tree.leaf.id).count() == 1

    actions.delete(acme.runtime, [source])
    assert titles() == ["Leaf"]
    assert acme.answers("leafword") == ["Leaf"]


def test_an_idle_poll_of_a_tree_is_two_requests(acme: Knowledge, tree: Tree) -> None:
    take(acme, tree.root)
    acme.follow(seconds=300)
    acme.spent()
    acme.follow()

    assert acme.spent() == ["search", "search"]


def test_a_tree_that_is_synced_on_a_schedule_reads_what_moved_since_then(acme: Knowledge, tree: Tree) -> None:
    acme.tick(tree.root.id, with_subpages=True, schedule="daily")
    acme.work()
    acme.follow(seconds=120)
    tree.leaf.edit("newleafword")
    tree.workspace.page("Late", "lateword", parent=tree.guide)
    acme.follow(seconds=3600)
    assert acme.ask("newleafword") == acme.ask("lateword") == []

    acme.follow(seconds=24 * 3600)
    assert acme.answers("newleafword") == ["Leaf"]
    assert acme.answers("lateword") == ["Late"]


def test_a_tree_narrowed_to_its_page_lets_go_of_the_rest(acme: Knowledge, tree: Tree) -> None:
    source = take(acme, tree.root)
    actions.set_subpages(acme.runtime, source, False)
    acme.work()

    assert titles() == ["Team"]
    assert DataSource.select().count() == 0


def test_a_page_that_is_widened_later_brings_in_what_lies_below_it(acme: Knowledge, tree: Tree) -> None:
    [source] = acme.tick(tree.root.id)
    acme.tick(tree.guide.id)
    acme.work()
    acme.follow(seconds=300)
    actions.set_subpages(acme.runtime, source, True)
    acme.work()

    assert titles() == ["Guide", "Leaf", "Team", "Water plants"]


def test_what_the_picker_listed_is_not_asked_again(acme: Knowledge, tree: Tree) -> None:
    with http_for(acme.runtime) as http:
        client = client_for(acme.runtime, acme.connection, http=http, lane="people")
        listed = [stub for page in client.walk_search() for stub in page.stubs]
    root = next(stub for stub in listed if stub.id == tree.root.id)
    pick = actions.Pick(
        kind="page",
        notion_id=root.id,
        title=root.title,
        url=root.url,
        stub=root,
        listed_at=acme.clock(),
        with_subpages=True,
    )
    acme.spent()
    actions.import_picks(
        acme.runtime,
        chatbot=acme.chatbot,
        connection=acme.connection,
        picks=[pick],
        schedule="live",
        listed=listed,
        listed_at=acme.clock(),
    )
    acme.work()

    assert titles() == ["Guide", "Leaf", "Team", "Water plants"]
    # A body a page; the container, its table and the rows are looked at once.
    assert sorted(acme.spent()) == ["data_source", "database"] + ["markdown"] * 4 + ["query"]
