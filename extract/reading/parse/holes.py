"""What a page's markdown left out, which of it is worth another request, and how the answers are put in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from extract.reading.blocks import MAX_DEPTH, Block, Hole, Tree
from extract.reading.links import block_id_of, notion_id_of
from extract.reading.parse.api_blocks import block_tree
from extract.values import Json

# <unknown alt="…"> names that the block API answers with a URL and a caption
_FETCHABLE = frozenset({"bookmark", "embed", "link_preview"})
# ... and those that hold nothing a reader would miss, or that no request opens
_WORTHLESS = frozenset(
    {
        "alias",
        "link_to_page",
        "breadcrumb",
        "template",
        "button",
        "form",
        "drive",
        "unsupported",
        "table_of_contents",
    }
)
_MOST_PLACES = 10  # a page that names one block a thousand times does not become a thousand times as long


def holes(tree: Tree, unknown_block_ids: Sequence[str] = ()) -> tuple[Hole, ...]:
    """What further requests could fill, in page order, once each.

    `unsupported`: bookmark, embed or link_preview; `GET /v1/blocks/{block_id}` knows its URL and caption.
    `truncated`:
    the markdown endpoint, asked with the block's id, may give the rest (or 404, when it is a matter of
    permission).
    `unknown_block_ids` is the endpoint's field of that name.
    https://developers.notion.com/reference/retrieve-page-markdown
    """
    listed = {notion_id_of(str(given)) or str(given): None for given in unknown_block_ids}
    found: dict[str, Hole] = {}
    spent: set[str] = set()
    for block in tree.walk():
        if block.kind != "unknown":
            continue
        url = block.attrs.get("url", "")
        block_id = _block_id(block)
        alt = block.attrs.get("alt", "").lower().replace("-", "_").replace(" ", "_")
        if block_id is None:
            continue
        spent.add(block_id)
        if alt in _FETCHABLE:
            found.setdefault(block_id, Hole(block_id, alt, notion_id_of(url), "unsupported"))
        elif block_id in listed and alt not in _WORTHLESS:
            found.setdefault(block_id, Hole(block_id, alt, notion_id_of(url), "truncated"))
    for block_id in listed:
        if block_id not in spent:
            found.setdefault(block_id, Hole(block_id, "", None, "truncated"))
    return tuple(found.values())


def fill(tree: Tree, *, blocks: Mapping[str, Json], subtrees: Mapping[str, Tree]) -> Tree:
    """The tree with its holes filled, from block objects and from refetched markdown, both by block id.

    Ids may be dashed or not. A subtree whose place is not marked in the page goes to its end: nothing is
    lost.
    Holes without an answer stay holes, and so do those of an id that stands in more than ten places.
    """
    ready: dict[str, tuple[Block, ...]] = {}
    unknown = set(tree.unknown_tags)
    for block_id, source in blocks.items():
        filled = block_tree([source])
        ready[notion_id_of(block_id) or block_id] = filled.blocks
        unknown.update(filled.unknown_tags)
    for block_id, subtree in subtrees.items():
        ready[notion_id_of(block_id) or block_id] = subtree.blocks
        unknown.update(subtree.unknown_tags)
    used: Counter[str] = Counter()
    out = _filled(tree.blocks, ready, used, 0)
    for block_id, subtree in subtrees.items():
        if (notion_id_of(block_id) or block_id) not in used:
            out += capped(subtree.blocks, 0)
    whole = (tree, *subtrees.values())
    return Tree(
        out,
        tuple(sorted(unknown)),
        is_plain=any(part.is_plain for part in whole),
        characters_left_out=sum(part.characters_left_out for part in whole),
    )


def capped(blocks: Sequence[Block], depth: int) -> tuple[Block, ...]:
    """The same blocks, standing `depth` deep, with those beyond MAX_DEPTH made siblings."""
    if depth < MAX_DEPTH:
        return tuple(
            [
                Block(one.kind, one.inlines, capped(one.children, depth + 1), one.attrs)
                if one.children
                else one
                for one in blocks
            ]
        )
    out: list[Block] = []
    pending = list(reversed(blocks))
    while pending:
        block = pending.pop()
        if block.kind in ("table", "table_row"):
            out.append(block)
            continue
        out.append(Block(block.kind, block.inlines, (), block.attrs))
        pending.extend(reversed(block.children))
    return tuple(out)


def _filled(
    blocks: Sequence[Block], ready: Mapping[str, tuple[Block, ...]], used: Counter[str], depth: int
) -> tuple[Block, ...]:
    out: list[Block] = []
    for block in blocks:
        block_id = _block_id(block) if block.kind == "unknown" else None
        if block_id is not None and block_id in ready and used[block_id] < _MOST_PLACES:
            used[block_id] += 1
            out.extend(capped(ready[block_id], depth))
        elif block.children:
            out.append(
                Block(block.kind, block.inlines, _filled(block.children, ready, used, depth + 1), block.attrs)
            )
        else:
            out.append(block)
    return tuple(out)


def _block_id(block: Block) -> str | None:
    url = block.attrs.get("url", "")
    return block_id_of(url) if "#" in url else notion_id_of(url)
