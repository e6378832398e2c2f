"""The preview shows what the text says, and nothing of it is ever HTML of the page's own."""

from __future__ import annotations

import re
from html import unescape

import pytest

from extract.reading import body_text, parse_v2, preview_html, read_page
from tests.extract.reading.test_vocabulary import ALL


def seen(html: str) -> str:
    """What a person reads: the words, without tags and white space."""
    html = re.sub(
        r'<input type="checkbox" disabled( checked)?>', lambda box: "[x]" if box.group(1) else "[]", html
    )
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]*>", "", html)))


def test_markdown_becomes_html() -> None:
    """Headings, lists, tasks, tables, code, maths, line breaks, emphasis."""
    html = preview_html(
        "# T\n\na  \nb ~~c~~ **d**\n\n- [x] done\n- [ ] open\n  - deep\n\n"
        "| h |\n| --- |\n| 1<br>2 |\n\n```py\nx < 1\n```\n\n"
        "$$\na_b\n$$\n\n$x_1 * y_2$ costs $5"
    )

    for part in (
        "<h1>T</h1>",
        "a<br />\nb <s>c</s> <strong>d</strong>",
        '<input type="checkbox" disabled checked> done',
        "<th>h</th>",
        '<input type="checkbox" disabled> open',
        "<td>1<br />\n2</td>",
        '<pre><code class="language-py">x &lt; 1',
        "<li>deep</li>",
        '<pre class="math">a_b</pre>',
        '<code class="math">x_1 * y_2</code> costs $5',
    ):
        assert part in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        "[x](vbscript:x)",
        "![x](https://evil.example/track.png)",
        '<https://x.y/"onmouseover=alert(1)>',
        '[x](https://x.y/"onmouseover=alert(1))',
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "[x](&#106;avascript:alert(1))",
        "[x](java\tscript:alert(1))",
        '```"><script>alert(1)</script>\nx\n```',
        "$<script>$ and\n\n$$\n<script>\n$$",
        "| <script> |\n| --- |\n| <br onload=x> |",
    ],
)
def test_nothing_hostile_comes_out(hostile: str) -> None:
    """Neither as the text of a preview nor by way of a page."""
    page = read_page(title=hostile, url="", properties=(), tree=parse_v2(hostile))
    for html in (
        preview_html(hostile),
        preview_html(page.text),
        preview_html(page.text, passages=page.passages),
    ):
        tags = [re.sub(r'"[^"<>]*"', '""', tag) for tag in re.findall(r"<[^>]*>", html)]
        assert not any(
            re.search(r"script|onerror|onload|onmouse|<img|javascript", tag, re.I)
            for tag in tags
            if "language-" not in tag
        )
        for target in re.findall(r'href="([^"]*)"', html):
            assert target.startswith(("https://", "http://", "mailto:", "tel:"))


def test_links_are_marked_and_can_be_pointed_elsewhere() -> None:
    """A link to a page of ours may open our own document; an answer that is not safe is not used."""
    text = "[a](https://x.y/a?b=1&c=2) [b](https://x.y/b) <https://x.y/c>"
    html = preview_html(
        text,
        href=lambda url: (
            "/documents/7" if url.endswith("/b") else "javascript:x" if url.endswith("/c") else url
        ),
    )

    assert '<a href="https://x.y/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">a</a>' in html
    assert '<a href="/documents/7" rel="noopener noreferrer nofollow">b</a>' in html
    assert "<a>https://x.y/c</a>" in html


def test_passages_get_borders() -> None:
    """One section for each, numbered."""
    page = read_page(title="T", url="", properties=(), tree=parse_v2("## A\n\na\n\n## B\n\nb"))

    html = preview_html(page.text, passages=page.passages)

    assert re.findall(r'<section class="passage" data-passage="(\d+)">', html) == ["1", "2"]


@pytest.mark.parametrize("name", ALL)
def test_the_preview_shows_every_word(name: str) -> None:
    """markdown-it reads our canonical text as we meant it: nothing escaped too little, nothing lost."""
    reads = ALL[name].reads
    words = re.sub(
        r"<br>|\]\([^)]*\)\)?|\\(?=[!-/:-@\[-`{-~])|^\s*(?:#+|---|\$\$|`{3,}\w*)|^[ >]*(?:- |\d+\. )?",
        "",
        reads,
        flags=re.M,
    )
    html = seen(preview_html(reads))
    for word in re.findall(r"\w{2,}", words):
        assert word in html


def test_deep_nesting_is_shown_whole() -> None:
    """Lists as deep as our text has them, and text that is deeper than ours as it is."""
    ours = body_text(parse_v2("\n".join("  " * level + f"- w{level}w" for level in range(300))))
    for text in (ours, "\n".join("  " * level + f"- w{level}w" for level in range(300)), "> " * 300 + "w7w"):
        html = preview_html(text)
        for word in re.findall(r"w\d+w", text):
            assert word in html


def test_what_is_too_long_to_be_rendered_is_shown_as_it_is() -> None:
    """A long section without headings, and what follows the first 300,000 characters; never as markup."""
    section = "# A\n\n" + "**b** <i>c</i> " * 1_000 + "\n\n"

    long = preview_html("**b** <i>c</i> " * 2_000)
    many = preview_html(section * 25)

    assert long.startswith("<pre>**b** &lt;i&gt;c&lt;/i&gt; **b**")
    assert many.startswith("<h1>A</h1>")
    assert many.rstrip().endswith("</pre>")
    assert 0 < many.count("**b**") < 7_000


def test_headings_within_a_fence_of_a_long_text_are_code() -> None:
    text = "# A\n\n" + "b " * 15_000 + "\n\n# C\n\n```\na\n\n# not a heading\n```\n\n# D"

    html = preview_html(text)

    assert "<h1>D</h1>" in html
    assert "\n# not a heading\n</code>" in html
