"""Names and e-mail addresses as people type them, checked and cleaned before they are stored."""

from __future__ import annotations

from unicodedata import category

from extract.errors import Refused

LONGEST_NAME = 120
LONGEST_EMAIL = 254  # https://www.rfc-editor.org/errata/eid1690
_NEVER_IN_AN_EMAIL = frozenset(' ,;<>"()')


def normal_email(email: str) -> str:
    """The address as we compare it: trimmed, lower case."""
    return email.strip().lower()


def is_email(text: str) -> bool:
    """Return True if `text`, as `normal_email` returns it, can be an address: `name@domain.tld`, at most 254 long."""
    if len(text) > LONGEST_EMAIL:
        return False
    name, _, domain = text.partition("@")
    # What is printable and no plain space is no white space either.
    clean = (name + domain).isprintable() and _NEVER_IN_AN_EMAIL.isdisjoint(name + domain)
    return bool(name) and "@" not in domain and "." in domain[1:-1] and clean


def clean_email(text: str) -> str:
    """The address as it is stored. Raises Refused for what cannot be one."""
    email = normal_email(text) if len(text) <= 2 * LONGEST_EMAIL else text
    if not is_email(email):
        raise Refused("That does not look like an e-mail address.")
    return email


def clean_name(name: str, sentence: str) -> str:
    """`name` on one line, at most 120 long. Raises Refused with `sentence` when nothing is left."""
    name = one_line_name(name)
    if not name:
        raise Refused(sentence)
    return name


def one_line_name(name: str) -> str:
    """`name` without surrounding space and without control characters, some of which PostgreSQL refuses."""
    readable = "".join(letter for letter in name[: 10 * LONGEST_NAME] if not _is_control(letter))
    return " ".join(readable.split())[:LONGEST_NAME].strip()


def _is_control(letter: str) -> bool:
    """Return True for control characters and unpaired surrogates. Joiners, which many scripts need, are neither."""
    return category(letter) in ("Cc", "Cs") and not letter.isspace()
