"""What a person sees of a passage: the window that answers, and the places to mark."""

from __future__ import annotations

from extract.search.snippets import SNIPPET, highlight_spans, snippet

FILLER = "Nothing here tells anybody anything of use. " * 20


def test_the_window_shows_where_the_words_are() -> None:
    shown = snippet(f"{FILLER}The roaster is cleaned on Fridays. {FILLER}", "roaster cleaned")

    assert "The roaster is cleaned on Fridays." in shown
    assert len(shown) <= SNIPPET + 10


def test_links_are_shown_by_their_words() -> None:
    text = (
        f"{FILLER}See [Holidays and sick leave](https://app.notion.com/p/{'1' * 32}) for all of it. {FILLER}"
    )

    shown = snippet(text, "holidays")

    assert "See Holidays and sick leave for all of it." in shown
    assert "](" not in shown


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("One line.\nAnother  line.", "line") == "One line. Another line."


def test_marks_cover_the_words_as_they_are_written() -> None:
    text = "Grinders are cleaned; a grinder is oiled."

    assert [text[start:end] for start, end in highlight_spans(text, "grinder")] == ["Grinders", "grinder"]
