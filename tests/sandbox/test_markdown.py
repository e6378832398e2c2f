"""The markdown endpoint: both formats, holes, truncation, mentions, files."""

from typing import Any

import pytest

from sandbox import World
from sandbox.content.blocks import walk
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.sandbox.conftest import Api

BOTH = pytest.mark.parametrize("version", ["v1", "v2"])


def hole(page: Any, block: str, alt: str) -> str:
    address = f"https://app.notion.com/p/{page.id.replace('-', '')}#{block.replace('-', '')}"
    return f'<unknown url="{address}" alt="{alt}"/>'


def test_v1_is_the_default_and_other_versions_are_refused(api: Api, acme: WorkspaceHandle) -> None:
    page = acme.page("Plan", "one\n\ntwo")
    answer = api.get(f"/v1/pages/{page.id}/markdown")
    assert {key: answer[key] for key in answer if key != "request_id"} == {
        "object": "page_markdown",
        "id": page.id,
        "markdown": "one\ntwo",
        "truncated": False,
        "unknown_block_ids": [],
    }
    assert api.markdown(page, "v2") == "one\n\ntwo"
    assert api.get(f"/v1/pages/{page.id}/markdown", markdown_version="v3")["code"] == "validation_error"


@BOTH
def test_an_empty_page_is_empty_text(api: Api, acme: WorkspaceHandle, version: str) -> None:
    assert api.markdown(acme.page("Empty"), version) == ""


@BOTH
def test_what_markdown_cannot_say_is_a_hole_that_the_block_api_fills(
    api: Api, acme: WorkspaceHandle, version: str
) -> None:
    page = acme.page("Plan", "!bookmark https://a.test Read *this*\n!embed https://figma.test/x Board")
    bookmark, embed = (block["id"] for block in page.blocks)
    separator = "\n" if version == "v1" else "\n\n"
    assert api.markdown(page, version) == separator.join(
        [hole(page, bookmark, "bookmark"), hole(page, embed, "embed")]
    )
    found = api.get(f"/v1/blocks/{bookmark}")["bookmark"]
    assert found["url"] == "https://a.test"
    assert "".join(item["plain_text"] for item in found["caption"]) == "Read this"


@BOTH
def test_titles_in_mentions_follow_renames_and_hide_from_strangers(
    api: Api, acme: WorkspaceHandle, grant: GrantHandle, version: str
) -> None:
    target = acme.page("Target")
    page = acme.page("Plan", "See [[Target]], @Ada and @2026-12-24.")
    target.rename("Renamed")
    written = api.markdown(page, version)
    assert ">Renamed</mention" in written
    assert ">Ada Lovelace</mention" in written
    assert 'start="2026-12-24"' in written
    grant.unshare(target)
    assert "Renamed" not in api.markdown(page, version)


@BOTH
def test_children_are_tags_and_trashed_ones_are_gone(api: Api, acme: WorkspaceHandle, version: str) -> None:
    home = acme.page("Home")
    child = acme.page("Child", "inner text", parent=home)
    table = acme.database("Table", {}, parent=home)
    written = api.markdown(home, version)
    assert f'<page url="https://app.notion.com/p/{child.id.replace("-", "")}">Child</page>' in written
    assert f'data-source-url="collection://{table.data_source.id}"' in written
    assert "inner text" not in written
    child.trash()
    assert "Child" not in api.markdown(home, version)


@BOTH
def test_a_hidden_child_is_a_hole_and_the_answer_counts_as_truncated(
    api: Api, acme: WorkspaceHandle, grant: GrantHandle, version: str
) -> None:
    home = acme.page("Home", "text")
    child = acme.page("Secret", parent=home)
    grant.unshare(child)
    answer = api.get(f"/v1/pages/{home.id}/markdown", markdown_version=version)
    assert "Secret" not in answer["markdown"]
    assert (answer["truncated"], answer["unknown_block_ids"]) == (True, [child.id])
    api.get(f"/v1/pages/{child.id}/markdown")
    assert api.status == 404


@BOTH
def test_long_pages_are_cut_and_the_rest_can_be_fetched(
    world: World, api: Api, acme: WorkspaceHandle, version: str
) -> None:
    world.markdown_record_limit = 3
    page = acme.page("Long", "one\n\n- two\n  - three\n  - four\n\nfive")
    answer = api.get(f"/v1/pages/{page.id}/markdown", markdown_version=version)
    assert answer["truncated"] is True
    assert "four" not in answer["markdown"]
    rest = [
        api.get(f"/v1/pages/{each}/markdown", markdown_version=version)["markdown"]
        for each in answer["unknown_block_ids"]
    ]
    assert rest == ["- four", "five"]


@BOTH
def test_hosted_files_have_another_url_at_every_read(api: Api, acme: WorkspaceHandle, version: str) -> None:
    page = acme.page("Plan", "![Our *map*](maps/one.png)\n!pdf maps/two.pdf Report\n!file maps/three.zip")
    first, second = api.markdown(page, version), api.markdown(page, version)
    assert first != second
    assert "https://prod-files-secure.s3.us-west-2.amazonaws.com/maps/one.png?X-Amz-" in first
    assert "three.zip</file>" in first


def synced_pages(acme: WorkspaceHandle) -> tuple[Any, Any]:
    origin, copy = acme.page("Origin"), acme.page("Copy")
    inside = [{"type": "paragraph", "paragraph": {"rich_text": ["shared words"]}}]
    origin.set_blocks([{"type": "synced_block", "synced_block": {"synced_from": None}, "children": inside}])
    source = {"type": "block_id", "block_id": origin.blocks[0]["id"]}
    copy.set_blocks([{"type": "synced_block", "synced_block": {"synced_from": source}}])
    return origin, copy


@BOTH
def test_synced_copies_show_their_original_while_it_is_shared(
    api: Api, acme: WorkspaceHandle, grant: GrantHandle, version: str
) -> None:
    origin, copy = synced_pages(acme)
    tag = "synced_block_reference" if version == "v1" else "synced-block-reference"
    assert f"<{tag} url=" in api.markdown(copy, version)
    assert "shared words" in api.markdown(copy, version)
    block = copy.blocks[0]["id"]
    assert api.get(f"/v1/blocks/{block}/children")["results"][0]["type"] == "paragraph"
    grant.unshare(origin)
    assert "notice=" in api.markdown(copy, version)
    assert "shared words" not in api.markdown(copy, version)
    api.get(f"/v1/blocks/{block}/children")
    assert api.status == 404


MEETING: dict[str, Any] = {
    "type": "meeting_notes",
    "meeting_notes": {
        "title": ["Weekly"],
        "status": "notes_ready",
        "summary": [{"type": "paragraph", "paragraph": {"rich_text": ["It went well"]}}],
        "notes": [{"type": "paragraph", "paragraph": {"rich_text": ["Cake was served"]}}],
        "transcript": [{"type": "paragraph", "paragraph": {"rich_text": ["Ada: hello"]}}],
    },
}


@BOTH
def test_the_transcript_of_a_meeting_comes_only_when_asked_for(
    api: Api, acme: WorkspaceHandle, version: str
) -> None:
    page = acme.page("Meeting").set_blocks([MEETING])
    short = api.markdown(page, version)
    assert "It went well" in short
    assert "Cake was served" in short
    assert "Ada: hello" not in short
    assert "Transcript omitted" in short
    assert "Ada: hello" in api.markdown(page, version, include_transcript="true")
    payload = api.get(f"/v1/blocks/{page.blocks[0]['id']}")["meeting_notes"]
    assert set(payload["children"]) == {"summary_block_id", "notes_block_id", "transcript_block_id"}
    notes = api.get(f"/v1/blocks/{payload['children']['notes_block_id']}/children")
    assert notes["results"][0]["paragraph"]["rich_text"][0]["plain_text"] == "Cake was served"


def test_blocks_list_their_direct_children_in_pages(api: Api, acme: WorkspaceHandle) -> None:
    page = acme.page("Plan", "- one\n  - inner\n- two\n\nthree")
    first = api.get(f"/v1/blocks/{page.id}/children", page_size=2)
    assert [each["has_children"] for each in first["results"]] == [True, False]
    assert first["results"][0]["parent"] == {"type": "page_id", "page_id": page.id}
    rest = api.get(f"/v1/blocks/{page.id}/children", start_cursor=first["next_cursor"])
    assert [each["type"] for each in rest["results"]] == ["paragraph"]
    outer = first["results"][0]["id"]
    inner = api.get(f"/v1/blocks/{outer}/children")["results"][0]
    assert inner["parent"] == {"type": "block_id", "block_id": outer}
    assert set(inner) == {
        "object", "id", "parent", "created_time", "last_edited_time", "created_by", "last_edited_by",
        "has_children", "in_trash", "type", "bulleted_list_item",
    }  # fmt: skip


def test_a_hidden_child_is_missing_from_the_blocks(
    api: Api, acme: WorkspaceHandle, grant: GrantHandle
) -> None:
    home = acme.page("Home", "text")
    child = acme.page("Child", parent=home)
    assert api.get(f"/v1/blocks/{child.id}")["child_page"] == {"title": "Child"}
    grant.unshare(child)
    assert [each["type"] for each in api.get(f"/v1/blocks/{home.id}/children")["results"]] == ["paragraph"]


def test_editing_keeps_the_ids_of_blocks_that_stay(acme: WorkspaceHandle) -> None:
    page = acme.page("Plan", "one\n\ntwo\n\nthree")
    before = [block["id"] for block in walk(page.blocks)]
    page.edit("zero\n\none\n\nthree")
    after = [block["id"] for block in walk(page.blocks)]
    assert after[1:] == [before[0], before[2]]
    assert after[0] not in before
