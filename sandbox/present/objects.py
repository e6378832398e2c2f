"""Pages, databases, data sources and blocks as the API shows them to one viewer."""

from urllib.parse import quote

from sandbox.content.blocks import OWN_DOCUMENTS
from sandbox.editing.pages import blocks_of
from sandbox.present.media import signed_file
from sandbox.present.values import present_properties
from sandbox.present.viewer import Viewer
from sandbox.state.ids import page_url
from sandbox.state.records import Block, Database, DataSource, Json, Page, Property
from sandbox.state.rich_text import plain_text
from sandbox.state.times import print_millis, print_minute
from sandbox.state.users import partial_user

_MEDIA = ("image", "video", "audio", "pdf", "file")


def present_page(viewer: Viewer, page: Page, only: set[str] | None = None) -> Json:
    """A page object; `only` keeps the properties with these ids."""
    shown: Json = {
        "object": "page",
        "id": page.id,
        "created_time": print_minute(page.created),
        "last_edited_time": print_minute(page.edited),
        "created_by": partial_user(page.created_by),
        "last_edited_by": partial_user(page.edited_by),
        "cover": signed_file(page.cover, viewer.state.now()) if page.cover else None,
        "icon": signed_file(page.icon, viewer.state.now()) if page.icon else None,
        "parent": present_parent(viewer, page),
        "in_trash": page.in_trash,
        "is_archived": page.archived,
        "is_locked": page.locked,
        "properties": present_properties(viewer, page, only),
        "url": page_url(page.id, plain_text(page.title)),
        "public_url": None,
    }
    return _with_alias(viewer, shown)


def present_parent(viewer: Viewer, record: Page | Database) -> Json:
    """The parent of a page or database."""
    if record.parent_type == "workspace":
        return {"type": "workspace", "workspace": True}
    if record.parent_type == "data_source":
        source = viewer.state.data_sources[record.parent_id]
        return {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database_id}
    if record.parent_block is not None:
        return {"type": "block_id", "block_id": record.parent_block}
    return {"type": "page_id", "page_id": record.parent_id}


def present_database(viewer: Viewer, database: Database) -> Json:
    """A database object with the data sources that the viewer can see."""
    sources = viewer.state.data_sources
    shown: Json = {
        "object": "database",
        "id": database.id,
        "title": viewer.rich_text(database.title),
        "description": viewer.rich_text(database.description),
        "parent": present_parent(viewer, database),
        "is_inline": database.is_inline,
        "in_trash": database.in_trash,
        "is_locked": False,
        "created_time": print_millis(database.created),
        "last_edited_time": print_millis(database.edited),
        "data_sources": [
            {"id": source_id, "name": plain_text(sources[source_id].title)}
            for source_id in database.data_source_ids
            if source_id in sources and viewer.can_see(source_id)
        ],
        "icon": database.icon,
        "cover": database.cover,
        "url": page_url(database.id),
        "public_url": None,
    }
    return _with_alias(viewer, shown)


def present_data_source(viewer: Viewer, source: DataSource) -> Json:
    """A data source object with its schema."""
    database = viewer.state.databases[source.database_id]
    shown: Json = {
        "object": "data_source",
        "id": source.id,
        "cover": database.cover,
        "icon": source.icon or database.icon,
        "created_time": print_minute(source.created),
        "created_by": partial_user(source.created_by),
        "last_edited_by": partial_user(source.edited_by),
        "last_edited_time": print_minute(source.edited),
        "title": viewer.rich_text(source.title),
        "description": viewer.rich_text(source.description or database.description),
        "is_inline": database.is_inline,
        "properties": {prop.name: present_schema(viewer, source, prop) for prop in source.schema.values()},
        "parent": {"type": "database_id", "database_id": database.id},
        "database_parent": present_parent(viewer, database),
        "url": page_url(database.id),
        "public_url": None,
        "in_trash": source.in_trash,
    }
    return _with_alias(viewer, shown)


def present_schema(viewer: Viewer, source: DataSource, prop: Property) -> Json:
    """One property of a schema with its configuration."""
    config = dict(prop.config)
    if prop.type == "relation":
        target = viewer.state.data_sources.get(str(config.get("data_source_id")))
        config = {
            "database_id": target.database_id if target else None,
            "data_source_id": target.id if target else config.get("data_source_id"),
            "type": "single_property",
            "single_property": {},
        }
    elif prop.type == "formula":
        config = {"expression": config.get("expression", "")}
    elif prop.type == "rollup":
        relation, rolled = str(config.get("relation", "")), str(config.get("property", ""))
        ids = {column.name: quote(column.id, safe="") for column in source.schema.values()}
        config = {
            "relation_property_name": relation,
            "relation_property_id": ids.get(relation, ""),
            "rollup_property_name": rolled,
            "rollup_property_id": config.get("rollup_property_id", ""),
            "function": config.get("function", "show_original"),
        }
    return {
        "id": quote(prop.id, safe=""),
        "name": prop.name,
        "description": prop.description,
        "type": prop.type,
        prop.type: config,
    }


def present_block(viewer: Viewer, page: Page, block: Block, container: str | None) -> Json:
    """One block without its children. `container` is the block it sits in, None directly below the page."""
    kind = block["type"]
    payload = block.get(kind) or {}
    if kind in OWN_DOCUMENTS:
        payload = {"title": viewer.state.title_of(block["id"])}
    else:
        payload = {
            field: viewer.rich_text(value) if field in ("rich_text", "caption") else value
            for field, value in payload.items()
        }
        if kind in _MEDIA:
            payload = signed_file(payload, viewer.state.now())
        if kind == "table_row":
            payload["cells"] = [viewer.rich_text(cell) for cell in payload["cells"]]
    shown: Json = {
        "object": "block",
        "id": block["id"],
        "parent": {"type": "block_id", "block_id": container}
        if container
        else {"type": "page_id", "page_id": page.id},
        "created_time": block["created_time"],
        "last_edited_time": block["last_edited_time"],
        "created_by": partial_user(page.created_by),
        "last_edited_by": partial_user(page.edited_by),
        "has_children": has_children(viewer, block),
        "in_trash": False,
        "type": kind,
        kind: payload,
    }
    if kind == "meeting_notes" and viewer.legacy:
        shown["type"] = "transcription"
        shown["transcription"] = shown.pop("meeting_notes")
    return _with_alias(viewer, shown)


def has_children(viewer: Viewer, block: Block) -> bool:
    """Return True if the block has children to ask for; a synced copy always claims some."""
    if block["type"] == "child_page":
        page = viewer.state.pages.get(block["id"])
        return page is not None and bool(blocks_of(viewer.state, page))
    if block["type"] == "synced_block" and block["synced_block"].get("synced_from"):
        return True
    return bool(block.get("children"))


def _with_alias(viewer: Viewer, shown: Json) -> Json:
    if viewer.legacy:
        shown["archived"] = shown["in_trash"]
    return shown
