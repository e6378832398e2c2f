"""Lines that are taken as they are until something ends them: code, equations, tables of tags."""

from __future__ import annotations

from dataclasses import dataclass, field

from extract.reading.blocks import Draft
from extract.reading.parse.tables import tag_table


@dataclass(slots=True)
class RawBlock:
    """One such block. `close` ends it: a fence, `$$` or a tag. `indent` blanks are taken from each line."""

    kind: str
    close: str
    indent: int = 0
    info: str = ""
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> str | None:
        """Take a line. Return None while the block goes on, else what stands behind its end."""
        if self.close.startswith("</"):
            body, end, rest = line.partition(self.close)
            self.lines.append(body)
            return rest if end else None
        stripped = line.strip()
        if stripped.startswith(self.close) and not stripped.strip(self.close[0]):
            return ""
        lead = len(line) - len(line.lstrip(" "))
        self.lines.append(line[min(self.indent, lead) :])
        return None

    def draft(self, *, unknown: set[str]) -> Draft:
        """Return the block that these lines are."""
        body = "\n".join(self.lines)
        if self.kind == "code":
            return Draft("code", attrs={"language": self.info, "code": body})
        if self.kind == "table":
            return tag_table(body, v2=True, unknown=unknown)
        if body.lstrip().startswith("<equation"):
            body = body.partition(">")[2].replace("&lt;", "<").replace("&gt;", ">")
        return Draft("equation", attrs={"code": body.strip()})
