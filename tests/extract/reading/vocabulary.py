# ruff: noqa: E501 - a sample is easier to read on one line
"""One sample of every kind: how it is written in each format, and how it reads."""

from __future__ import annotations

from typing import NamedTuple

PAGE = "https://app.notion.com/p/0123456789abcdef0123456789abcdef"
SIGNED = (
    "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/report.pdf?X-Amz-Signature=abc&amp;X-Amz-Date=1"
)
BLOCK = f"{PAGE}#fedcba9876543210fedcba9876543210"


class Sample(NamedTuple):
    """`v1` or `v2` is None where that format has no such thing."""

    v1: str | None
    v2: str | None
    reads: str


BLOCKS: dict[str, Sample] = {
    "paragraph": Sample('Hello {color="red"}\nworld', '<p color="red">Hello</p>\n\nworld', "Hello\n\nworld"),
    "paragraph with children": Sample(
        "Parent\n\tChild\n\t\tGrandchild",
        "<p>Parent\n\n<p>Child\n\nGrandchild\n</p>\n</p>",
        "Parent\n\nChild\n\nGrandchild",
    ),
    "empty paragraph": Sample("a\n<empty-block/>\nb", "a\n\n<p />\n\nb", "a\n\nb"),
    "heading": Sample(
        '# One\n## Two {color="blue"}\n### Three\n#### Four',
        '# One\n\n<h2 color="blue">Two</h2>\n\n### Three\n\n#### Four',
        "# One\n\n## Two\n\n### Three\n\n#### Four",
    ),
    "toggle heading": Sample(
        '## Title {toggle="true" color="red"}\n\tInside',
        '<toggle heading="h2" color="red">Title\n\nInside\n</toggle>',
        "## Title\n\nInside",
    ),
    "bulleted_list_item": Sample(
        "- a\n\t- b\n\t\ttext below\n- c",
        "- a\n\t- b\n\n\t  text below\n- c",
        "- a\n  - b\n\n    text below\n- c",
    ),
    "numbered_list_item": Sample(
        "1. a\n2. b\n\t1. c", '<ol type="a">\n<li>a</li>\n<li>b\n\n1. c\n</li>\n</ol>', "1. a\n2. b\n   1. c"
    ),
    "to_do": Sample(
        '- [x] done {color="gray"}\n- [ ] open',
        '<todo checked="true" color="gray">done</todo>\n\n- [ ] open',
        "- [x] done\n- [ ] open",
    ),
    "quote": Sample(
        "> one<br>two\n\tbelow\n> other",
        "<quote>one\\\ntwo\n\nbelow\n</quote>\n\n> other",
        "> one\n> two\n>\n> below\n\n> other",
    ),
    "toggle": Sample(
        "<details>\n<summary>Title</summary>\n\tInside\n\t<details>\n\t<summary>Inner</summary>\n\t\tDeep\n\t</details>\n</details>",
        "<toggle>Title\n\nInside\n\n<toggle>Inner\n\nDeep\n</toggle>\n</toggle>",
        "Title\n\nInside\n\nInner\n\nDeep",
    ),
    "callout": Sample(
        '<callout icon="🎯" color="blue_bg">\n\tMind **this**\n\t- a\n</callout>',
        '<callout icon="🎯" color="blue_bg">Mind **this**\n\n- a\n</callout>',
        "🎯 Mind **this**\n\n- a",
    ),
    "callout in older fences": Sample(
        '::: callout {icon="🎯" color="blue"}\n\tMind this\n:::\nafter', None, "🎯 Mind this\n\nafter"
    ),
    "code": Sample(
        "- a\n\t```python\n\tif x < 3: # **no** <b> \\* &lt;\n\t\treturn '$'\n\t```",
        "<ul>\n<li>a\n\n```python\nif x < 3: # **no** <b> \\* &lt;\n\treturn '$'\n```\n</li>\n</ul>",
        "- a\n\n  ```python\n  if x < 3: # **no** <b> \\* &lt;\n  \treturn '$'\n  ```",
    ),
    "code with fences inside": Sample(
        "````md\n```\nx\n```\n````", "````md\n```\nx\n```\n````", "````md\n```\nx\n```\n````"
    ),
    "equation": Sample(
        "$$\n\\frac{1}{2}\n$$", '<equation color="red">\\frac{1}{2}</equation>', "$$\n\\frac{1}{2}\n$$"
    ),
    "divider": Sample("a\n---\nb", "a\n\n---\n\nb", "a\n\n---\n\nb"),
    "table": Sample(
        '<table fit-page-width="true" header-row="true">\n<colgroup>\n<col color="gray" width="10"/>\n<col/>\n</colgroup>\n'
        '<tr color="red">\n<td>A</td>\n<td>B | C</td>\n</tr>\n\t<tr>\n\t\t<td color="blue">1<br>2</td>\n\t\t<td>`x|y`</td>\n\t</tr>\n</table>',
        "| A | B \\| C |\n| --- | --- |\n| 1<br />2 | `x\\|y` |",
        "| A | B \\| C |\n| --- | --- |\n| 1<br>2 | `x\\|y` |",
    ),
    "table without header": Sample(
        "<table>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n</table>",
        '<table header-column="true"><tr><th>a</th><td>b</td></tr></table>',
        "|  |  |\n| --- | --- |\n| a | b |",
    ),
    "pipe table": Sample(
        "| a | b |\n|---|---|\n| 1 | 2 |\nafter",
        "| a | b |\n|:--|--:|\n| 1 | 2 |\n\nafter",
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n\nafter",
    ),
    "column_list": Sample(
        '<columns>\n\t<column ratio="50">\n\t\tleft\n\t</column>\n\t<column>\n\t\tright\n\t</column>\n</columns>',
        '<columns>\n<column ratio="50">\nleft\n</column>\n<column>\nright\n</column>\n</columns>',
        "left\n\nright",
    ),
    "tab": Sample(
        '<tabs>\n\t<tab icon="🍎">\n\t\tmacOS\n\t\tbrew\n\t</tab>\n\t<tab>\n\t\tLinux\n\t\tapt\n\t</tab>\n</tabs>',
        '<tabs>\n<tab icon="🍎">macOS\n\nbrew\n</tab>\n<tab>Linux\n\napt\n</tab>\n</tabs>',
        "macOS\n\nbrew\n\nLinux\n\napt",
    ),
    "image": Sample(
        '![A *view*](https://example.com/x.png) {color="red"}',
        '<image source="https://example.com/x.png">A *view*</image>',
        "A *view*",
    ),
    "image without caption": Sample(
        "a\n![](https://example.com/x.png)", "a\n\n![](https://example.com/x.png)", "a"
    ),
    "video": Sample(
        '<video src="https://example.com/v">Film</video>',
        '<video source="https://example.com/v">Film</video>',
        "[Film](https://example.com/v)",
    ),
    "audio": Sample(
        '<audio src="https://example.com/a">Song</audio>',
        '<audio source="https://example.com/a">Song</audio>',
        "[Song](https://example.com/a)",
    ),
    "file": Sample(f'<file src="{SIGNED}"></file>', f'<file source="{SIGNED}"></file>', "report.pdf"),
    "pdf": Sample(
        f'<pdf src="{SIGNED}">The report</pdf>', f'<pdf source="{SIGNED}">The report</pdf>', "The report"
    ),
    "embed": Sample(
        '<embed src="https://example.com/e">Board</embed>',
        '<embed source="https://example.com/e">Board</embed>',
        "[Board](https://example.com/e)",
    ),
    "bookmark": Sample(
        None, '<bookmark source="https://example.com/b"></bookmark>', "<https://example.com/b>"
    ),
    "external_object": Sample(
        None,
        '<external_object_instance integration="github" url="https://github.com/a/b">a/b</external_object_instance>',
        "[a/b](https://github.com/a/b)",
    ),
    "child_page": Sample(
        f'<page url="{PAGE}" color="red">Child \\*1\\*</page>',
        f'<page url="{PAGE}">Child \\*1\\*</page>',
        f"[Child \\*1\\*]({PAGE})",
    ),
    "folder": Sample(None, f'<folder url="{PAGE}">Drawer</folder>', f"[Drawer]({PAGE})"),
    "child_database": Sample(
        f'<database url="{PAGE}" inline="true" icon="x" data-source-url="collection://1" wiki="false">Tasks</database>',
        f'<database url="{PAGE}" data-source-url="collection://1" inline="true">Tasks</database>',
        f"[Tasks]({PAGE})",
    ),
    "table_of_contents": Sample(
        'a\n<table_of_contents color="gray"/>\nb', 'a\n\n<table-of-contents color="gray" />\n\nb', "a\n\nb"
    ),
    "synced_block": Sample(
        f'<synced_block url="{BLOCK}">\n\tShared\n</synced_block>',
        f'<synced-block url="{BLOCK}">\nShared\n</synced-block>',
        "Shared",
    ),
    "synced_block copy": Sample(
        f'<synced_block_reference url="{BLOCK}" notice="a > b">\n\tShared\n</synced_block_reference>',
        f'<synced-block-reference url="{BLOCK}" notice="a > b">\nShared\n</synced-block-reference>',
        "Shared",
    ),
    "meeting_notes": Sample(
        "<meeting-notes>\n\tSync\n\t<summary>\n\t\tWe met\n\t</summary>\n\t<notes>\n\t\tMy notes\n\t</notes>\n"
        "\t<transcript>\n\t\tHello there\n\t</transcript>\n</meeting-notes>",
        '<meeting-notes attendees="x">Sync<meeting-notes-section-notes>\nMy notes\n</meeting-notes-section-notes>'
        "<meeting-notes-section-summary>\nWe met\n</meeting-notes-section-summary>"
        "<meeting-notes-section-transcript>\nHello there\n</meeting-notes-section-transcript></meeting-notes>",
        "Sync\n\nWe met\n\nMy notes\n\nHello there",
    ),
    "meeting_notes without transcript": Sample(
        "<meeting-notes>\n\tSync\n\t<transcript>\n\t\tTranscript omitted. Use include_transcript=true.\n\t</transcript>\n</meeting-notes>",
        "<meeting-notes>Sync\n\n<meeting-notes-section-transcript>\nTranscript omitted. Use include_transcript=true.\n"
        "</meeting-notes-section-transcript>\n</meeting-notes>",
        "Sync",
    ),
    "mail": Sample(
        None,
        '<mail from="Ada" to="Bob" subject="Hi">\nBody\n\nMore\n</mail>',
        "From: Ada\nTo: Bob\nSubject: Hi\n\nBody\n\nMore",
    ),
    "custom_block": Sample(
        None,
        'a\n\n<custom-block definition-id="1" url="https://example.com/c" />',
        "a\n\n<https://example.com/c>",
    ),
    "unknown": Sample(
        f'a\n<unknown url="{BLOCK}" alt="button"/>\nb',
        f'a\n\n<unknown url="{BLOCK}" alt="button"/>\n\nb',
        "a\n\nb",
    ),
    "unknown tag": Sample(
        '<hologram size="2">\n\tDeep\n</hologram>', '<hologram size="2">\nDeep\n</hologram>', "Deep"
    ),
}

INLINE: dict[str, Sample] = {
    "bold": Sample("a **b** c", "a **b** c", "a **b** c"),
    "italic": Sample("a *b* c", "a _b_ c", "a *b* c"),
    "strikethrough": Sample("a ~~b~~ c", "a ~~b~~ c", "a ~~b~~ c"),
    "marks with spaces at their edges": Sample("a **b** c", "a<b> b </b>c", "a **b** c"),
    "bold before a word": Sample("**a:**b", "<b>a:</b>b", "a:b"),
    "marks together": Sample("~~***a***~~", "~~***a***~~", "~~***a***~~"),
    "underline": Sample('a <span underline="true">b</span>', "a <u>b</u>", "a b"),
    "colour": Sample(
        'a <span color="red_bg">b</span>',
        'a <span color="red_bg" discussion-urls="discussion://1">b</span>',
        "a b",
    ),
    "code": Sample("`a < b && c[0] **x**`", "`a < b && c[0] **x**`", "`a < b && c[0] **x**`"),
    "code with a backtick": Sample("`` a`b ``", "`` a`b ``", "`` a`b ``"),
    "code over lines": Sample("`a<br>b`", "`a`\\\n`b`", "`a`\n`b`"),
    "link": Sample(
        "[**t** x](https://example.com/a_(b))",
        "[**t** x](https://example.com/a_(b))",
        "[**t** x](https://example.com/a_(b))",
    ),
    "link in braces": Sample(
        "[t]({{https://example.com}})", "[t]({{https://example.com}})", "[t](https://example.com)"
    ),
    "relative link": Sample(
        "[t](/0123456789abcdef0123456789abcdef)", "[t](/0123456789abcdef0123456789abcdef)", f"[t]({PAGE})"
    ),
    "unsafe link": Sample("[t](javascript:alert(1))", "[t](javascript:alert(1))", "t"),
    "signed link": Sample(f"[t]({SIGNED})", f"[t]({SIGNED})", "t"),
    "equation": Sample("a $E_0 = m*c*$ b", "a $E_0 = m*c*$ b", "a $E_0 = m*c*$ b"),
    "equation in backticks": Sample("a $`x`$ b", "a $`x`$ b", "a $x$ b"),
    "emoji": Sample("a :party: b", "a :party: b", "a :party: b"),
    "citation": Sample(
        "a [^https://example.com/x]", "a [^https://example.com/x]", "a <https://example.com/x>"
    ),
    "line break": Sample("a<br>b", "a\\\nb", "a\nb"),
    "escapes": Sample(
        "\\\\ \\* \\~ \\` \\$ \\[ \\] \\< \\> \\{ \\} \\| \\^ a_b",
        "\\\\ \\* ~ \\` $ [ ] < > { } | ^ a\\_b",
        "\\ * ~ \\` $ [ ] < > { } | ^ a_b",
    ),
    "literal tag": Sample("\\<b\\>x\\</b\\>", "\\<b>x&lt;/b&gt;", "\\<b>x\\</b>"),
    "literal list, heading, quote": Sample(
        "1\\. a<br>\\- b<br>\\# c<br>\\> d",
        "1\\. a\\\n\\- b\\\n\\# c\\\n\\> d",
        "1\\. a\n\\- b\n\\# c\n\\> d",
    ),
    "attribute list": Sample("a \\{b\\}", "a {b}", "a {b}"),
    "unknown inline tag": Sample("a <blink>b</blink>", "a <blink>b</blink>", "a b"),
}

MENTIONS: dict[str, Sample] = {
    "user": Sample(
        'by <mention-user url="user://1">Ada *L*</mention-user>',
        'by <mention url="user://1">Ada *L*</mention>',
        "by Ada \\*L\\*",
    ),
    "user in braces": Sample(
        'by <mention-user url="{{user://1}}">Ada</mention-user>',
        'by <mention url="{{user://1}}">Ada</mention>',
        "by Ada",
    ),
    "page": Sample(
        f'see <mention-page url="{PAGE}">P_1</mention-page>',
        f'see <mention url="{PAGE}">P_1</mention>',
        f"see [P_1]({PAGE})",
    ),
    "page without title": Sample(
        f'see <mention-page url="{PAGE}"/>', f'see <mention url="{PAGE}" />', f"see <{PAGE}>"
    ),
    "database": Sample(
        f'see <mention-database url="{PAGE}">D</mention-database>',
        f'see <mention url="{PAGE}" type="database">D</mention>',
        f"see [D]({PAGE})",
    ),
    "data_source": Sample(
        'see <mention-data-source url="collection://1">S</mention-data-source>',
        'see <mention url="collection://1">S</mention>',
        "see S",
    ),
    "agent": Sample(
        'ask <mention-agent url="agent://1">Bot</mention-agent>',
        'ask <mention url="agent://1">Bot</mention>',
        "ask Bot",
    ),
    "date": Sample(
        'on <mention-date start="2026-11-22"/>', 'on <date start="2026-11-22" />', "on 2026-11-22"
    ),
    "date with times": Sample(
        '<mention-date start="2026-11-22" startTime="09:00" end="2026-11-23" endTime="10:30" timeZone="Europe/Berlin"/>',
        '<date start="2026-11-22" start-time="09:00" end="2026-11-23" end-time="10:30" time-zone="Europe/Berlin" />',
        "2026-11-22 09:00 → 2026-11-23 10:30 Europe/Berlin",
    ),
    "date as element": Sample(
        '<mention-date start="2026-11-22">Nov 22</mention-date>',
        '<date start="2026-11-22">Nov 22</date>',
        "2026-11-22",
    ),
}
