"""The pages that readers are compared on: the practice company, a page of every common kind of block, long pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.peers.tokens import Marker
from sandbox import World, seed_company
from sandbox.state.records import Block
from sandbox.state.rich_text import text_items
from sandbox.world.handles import DatabaseHandle, PageHandle

Scene = tuple[World, list[PageHandle | DatabaseHandle]]

MIXED = """
# Opening the bar
Come in by the back door, **switch the boiler on**, *wait ten minutes* and read the [manual](https://example.com/m).
Ask @Ada if anything hisses; the rules are on [[House rules]] and change on @2031-01-17.

!toc

## Grinders
- Set the dial to seven
  - Two clicks finer after rain
    - Never below five
  - Note it in the log
- Purge `3 g` before the first shot
- Brush the ~~tray~~ burrs

1. Weigh the dose
2. Tamp
  1. Level first
  2. Then press
3. Pull

- [x] Water filter changed
- [ ] Descale the kettle

!callout 💡 Milk pitchers live in the **left** fridge
  - The small one is for cortados
  - The large one for flat whites

!callout Bags are dated by hand

> Good coffee is patient.

!toggle What to do when the power fails
  Open the door and call the landlord.
  - His number is on the fridge

!toggle ## Suppliers
  Beans come on Tuesdays.

| Drink | Grams | Seconds |
|---|---|---|
| Espresso | eighteen | thirty |
| Ristretto | eighteen *short* | twenty |
| Lungo | nineteen | [see here](https://example.com/l) |

```python
def ratio(dose, drink):
    return drink / dose
```

$$
r = \\frac{m}{d}
$$

The ratio $r = 2$ is a start.

---

!columns
  !column
    Left hand: portafilter
  !column
    Right hand: cup

![The bar at seven](https://example.com/bar.png)
!bookmark https://example.com/grinder The grinder's manual
!embed https://example.com/video Cleaning, shown slowly
!video https://example.com/clip.mp4 How the lever moves
!pdf https://example.com/plan.pdf Floor plan
!file https://example.com/list.csv Price list
!audio https://example.com/hiss.mp3 The hiss that is normal

### Closing
Wipe everything and leave by the front.
"""


def build(name: str) -> Scene:
    """`company`, `mixed`, or a number of blocks; what is to be read, first of all what can be ticked."""
    if name == "company":
        world = seed_company(World())
        databases = [world.database(identifier) for identifier in world.databases]
        rows = {row.id for database in databases for row in database.rows}
        things: list[PageHandle | DatabaseHandle] = [
            *[world.page(identifier) for identifier in world.pages if identifier not in rows],
            *databases,
        ]
    else:
        start = datetime.now(UTC) - timedelta(days=1)
        moments = (start + timedelta(seconds=number / 100) for number in range(10_000_000))
        world = World(clock=lambda: next(moments), seed=1)
        workspace = world.workspace("Bench")
        workspace.page("House rules", "Be kind.")
        text = MIXED if name == "mixed" else "\n".join(_long(int(name)))
        page = workspace.page("Opening the bar", text)
        for block in _walk(page.blocks):
            if block["type"] == "code":
                block["code"]["caption"] = text_items("How the ratio is worked out")
        things = [page]
    Marker().world(world)
    return world, things


def _long(blocks: int) -> Iterator[str]:
    """Lines of a page of about so many blocks: sections of twenty, tables and lists with lists in them among them."""
    made = 0
    while made < blocks:
        yield f"## Section {made}"
        yield f"The **grinder** is set in part {made}, see [the log](https://example.com/{made}).\n"
        yield f"Cleaned every evening, part {made}, and brushed with `care`.\n"
        yield f"- Point {made}\n  - Below it\n  - Below it too\n    - Deepest\n- Another point\n- A third"
        yield f"!callout 💡 Mind the step {made}\n  It is high.\n"
        yield f"1. First\n2. Second\n\n- [ ] Open\n- [x] Done {made}\n"
        yield "| Dose | Time |\n|---|---|\n| eighteen | thirty |\n| nineteen | forty |\n"
        yield f"> Said in part {made}\n"
        made += 20


def _walk(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _walk(block.get("children") or [])
