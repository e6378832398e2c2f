"""What Notion's users do. Each verb takes the scene and its numbers, and does nothing where nothing fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.state.records import Property
from sandbox.world.handles import DataSourceHandle, PageHandle
from tests.simulation.stage.scene import COLUMNS, Scene, pick, row_in

Verb = Callable[[Scene, tuple[int, ...]], None]


def edit(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(), numbers[0])
    if page is not None:
        page.edit(scene.body(page.id))
        _say(scene, "edited", page)


def edit_twice(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(), numbers[0])
    if page is not None:
        page.edit(scene.body(page.id))
        _say(scene, "edited", page)
        scene.clock.advance(seconds=numbers[1] % 25)
        page.edit(scene.body(page.id))
        _say(scene, "edited again", page)


def edit_with_links(scene: Scene, numbers: tuple[int, ...]) -> None:
    page, other = pick(scene.pages(), numbers[0]), pick(scene.pages(), numbers[1])
    if page is not None and other is not None:
        more = f"- see [[{other.title}]]\n- [a link]({other.url})\n\n| a | b |\n|---|---|\n| c | d |"
        page.edit(scene.body(page.id, more))
        _say(scene, "edited, naming others,", page)


def rename(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(), numbers[0])
    if page is not None:
        page.rename(f"Page {scene.word('t')}")
        _say(scene, "renamed", page)


def add_page(scene: Scene, numbers: tuple[int, ...]) -> None:
    parent = pick(scene.pages(), numbers[0]) if numbers[1] % 4 else None
    workspace = pick(scene.workspaces, numbers[2])
    if parent is not None:
        workspace = next(one for one in scene.workspaces if one.id == parent.record.workspace_id)
    assert workspace is not None
    page = workspace.page(f"Page {scene.word('t')}", parent=parent)
    page.edit(scene.body(page.id))
    _say(scene, "added", page)


def add_row(scene: Scene, numbers: tuple[int, ...]) -> None:
    table = pick(scene.tables(), numbers[0])
    if table is not None:
        _say(scene, "added row", row_in(scene, table))


def add_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    parent = pick(scene.pages(), numbers[0])
    if parent is not None:
        workspace = next(one for one in scene.workspaces if one.id == parent.record.workspace_id)
        database = workspace.database(f"Table {scene.word('t')}", dict(COLUMNS), parent=parent)
        for _ in range(1 + numbers[1] % 3):
            row_in(scene, database.data_source)
        scene.say(f"added {database.title} below {parent.title}")


def add_data_source(scene: Scene, numbers: tuple[int, ...]) -> None:
    database = pick(scene.databases(), numbers[0])
    if database is not None:
        row_in(scene, database.add_data_source(f"Table {scene.word('t')}", dict(COLUMNS)))
        scene.say(f"added a data source to {database.title}")


def rename_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    database = pick(scene.databases(), numbers[0])
    if database is not None:
        database.rename(f"Table {scene.word('t')}")
        scene.say(f"renamed database to {database.title}")


def move_page(scene: Scene, numbers: tuple[int, ...]) -> None:
    """A page goes below another, to the top, or becomes a row."""
    _move(scene, pick(scene.pages(), numbers[0]), numbers)


def move_row(scene: Scene, numbers: tuple[int, ...]) -> None:
    _move(scene, pick(scene.pages(rows=True), numbers[0]), numbers)


def _move(scene: Scene, page: PageHandle | None, numbers: tuple[int, ...]) -> None:
    if page is None:
        return
    same = page.record.workspace_id
    below = scene.world.descendants(page.id)
    pages = [one for one in scene.pages() if one.record.workspace_id == same]
    tables = [one for one in scene.tables() if one.record.workspace_id == same]
    target: PageHandle | DataSourceHandle | None = (
        pick(tables, numbers[1]) if numbers[2] % 2 else pick(pages, numbers[1]) if numbers[2] % 3 else None
    )
    if target is not None and target.id in set(below):
        return
    page.move(target)
    _say(scene, f"moved below {target.title if target else 'the workspace'}:", page)


def move_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    database = pick(scene.databases(), numbers[0])
    if database is None:
        return
    below = set(scene.world.descendants(database.id))
    pages = [one for one in scene.pages() if one.record.workspace_id == database.record.workspace_id]
    target = pick(pages, numbers[1]) if numbers[2] % 2 else None
    if target is None or target.id not in below:
        database.move(target)
        scene.say(f"moved database {database.title}")


def trash(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(), numbers[0])
    if page is not None:
        page.trash()
        _say(scene, "trashed", page)


def restore(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick([one for one in scene.pages(trashed=True) if one.record.trashed_by == one.id], numbers[0])
    if page is not None:
        page.restore()
        _say(scene, "restored", page)


def purge(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(trashed=True if numbers[1] % 2 else None), numbers[0])
    if page is not None:
        _say(scene, "purged", page)
        page.purge()


def trash_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    database = pick(scene.databases(), numbers[0])
    if database is not None:
        database.trash()
        scene.say(f"trashed database {database.title}")


def restore_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    trashed = [one for one in scene.databases(trashed=True) if one.record.trashed_by == one.id]
    database = pick(trashed, numbers[0])
    if database is not None:
        database.restore()
        scene.say(f"restored database {database.title}")


def purge_database(scene: Scene, numbers: tuple[int, ...]) -> None:
    database = pick(scene.databases(trashed=None), numbers[0])
    if database is not None:
        scene.say(f"purged database {database.title}")
        database.purge()


def archive(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(rows=True), numbers[0])
    if page is not None:
        page.archive()
        _say(scene, "archived", page)


def unarchive(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick([one for one in scene.pages() if one.record.archived], numbers[0])
    if page is not None:
        page.unarchive()
        _say(scene, "unarchived", page)


def share(scene: Scene, numbers: tuple[int, ...]) -> None:
    grant = pick(scene.grants, numbers[0])
    assert grant is not None
    nodes = [
        each
        for each in (*scene.databases(), *scene.pages())
        if each.record.workspace_id == grant.workspace_id
    ]
    hidden = [each for each in nodes if not grant.can_see(each)]
    thing = pick(hidden or nodes, numbers[1])
    if thing is not None:
        grant.share(thing)
        scene.say(f"shared {thing.title} with connection {scene.connections[grant.bot_id]}")


def unshare(scene: Scene, numbers: tuple[int, ...]) -> None:
    grant = pick(scene.grants, numbers[0])
    assert grant is not None
    seen = [each for each in (*scene.pages(), *scene.databases()) if grant.can_see(each)]
    thing = pick(seen, numbers[1])
    if thing is not None:
        grant.unshare(thing)
        scene.say(f"unshared {thing.title} from connection {scene.connections[grant.bot_id]}")


def set_property(scene: Scene, numbers: tuple[int, ...]) -> None:
    row, column = _row_with(scene, "rich_text", numbers)
    if row is not None and column is not None:
        row.set({column.id: scene.word("p")})
        _say(scene, "set a property of", row)


def change_formula(scene: Scene, numbers: tuple[int, ...]) -> None:
    """The value changes and no time moves."""
    row, column = _row_with(scene, "formula", numbers)
    if row is not None and column is not None:
        row.set({column.id: scene.word("f")})
        _say(scene, "a formula changed in", row)


def relate(scene: Scene, numbers: tuple[int, ...]) -> None:
    row, column = _row_with(scene, "relation", numbers)
    if row is not None and column is not None:
        same = [one for one in scene.pages(rows=True) if one.record.workspace_id == row.record.workspace_id]
        other = pick(same, numbers[2])
        row.set({column.id: [other] if other is not None and numbers[3] % 5 else None})
        _say(scene, "related", row)


def rename_column(scene: Scene, numbers: tuple[int, ...]) -> None:
    table, column = _column(scene, numbers)
    if table is not None and column is not None:
        table.rename_property(column.name, f"Column {scene.word('c')}")
        scene.say(f"renamed a column of {table.title}")


def add_column(scene: Scene, numbers: tuple[int, ...]) -> None:
    table = pick(scene.tables(), numbers[0])
    if table is not None:
        table.change_schema(
            {f"Column {scene.word('c')}": ("rich_text", "number", "checkbox")[numbers[1] % 3]}
        )
        scene.say(f"added a column to {table.title}")


def remove_column(scene: Scene, numbers: tuple[int, ...]) -> None:
    table, column = _column(scene, numbers)
    if table is not None and column is not None:
        table.change_schema({column.name: None})
        scene.say(f"removed a column of {table.title}")


def retype_column(scene: Scene, numbers: tuple[int, ...]) -> None:
    table, column = _column(scene, numbers)
    if table is not None and column is not None:
        name = column.name
        table.change_schema({name: None})
        table.change_schema({name: ("number", "checkbox", "rich_text")[numbers[2] % 3]})
        scene.say(f"retyped a column of {table.title}")


def hide(scene: Scene, numbers: tuple[int, ...]) -> None:
    page = pick(scene.pages(), numbers[0])
    if page is not None:
        scene.world.hide_from_search(page)
        _say(scene, "search never shows", page)


def _row_with(scene: Scene, kind: str, numbers: tuple[int, ...]) -> tuple[PageHandle | None, Property | None]:
    """A row whose table has a column of this type, and the column."""
    row = pick(scene.pages(rows=True), numbers[0])
    if row is None:
        return None, None
    schema = scene.world.data_sources[row.record.parent_id].schema
    return row, pick([column for column in schema.values() if column.type == kind], numbers[1])


def _column(scene: Scene, numbers: tuple[int, ...]) -> tuple[DataSourceHandle | None, Property | None]:
    table = pick(scene.tables(), numbers[0])
    if table is None:
        return None, None
    columns = [column for column in table.record.schema.values() if column.type != "title"]
    return table, pick(columns, numbers[1])


def _say(scene: Scene, did: str, page: PageHandle) -> None:
    scene.say(f"{did} {page.title} ({page.id[:6]})")


VERBS: Mapping[str, Verb] = {
    "edit a page": edit,
    "edit twice within a minute": edit_twice,
    "edit with links": edit_with_links,
    "rename a page": rename,
    "add a page": add_page,
    "add a row": add_row,
    "add a database": add_database,
    "add a data source": add_data_source,
    "rename a database": rename_database,
    "move a page": move_page,
    "move a row": move_row,
    "move a database": move_database,
    "trash a page": trash,
    "restore a page": restore,
    "purge a page": purge,
    "trash a database": trash_database,
    "restore a database": restore_database,
    "purge a database": purge_database,
    "archive a row": archive,
    "unarchive a row": unarchive,
    "share": share,
    "unshare": unshare,
    "set a property": set_property,
    "relate two rows": relate,
    "change a formula": change_formula,
    "rename a column": rename_column,
    "add a column": add_column,
    "remove a column": remove_column,
    "retype a column": retype_column,
    "hide from search": hide,
}
