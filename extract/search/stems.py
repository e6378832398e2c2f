"""Stems of folded words: Porter's algorithm for Latin letters, light stemming for Cyrillic and Arabic."""

from __future__ import annotations

import re
from functools import lru_cache

_VOWELED = re.compile(r"[aeiou]|(?<=[^aeiou])y")
_VOWEL_CONSONANT = re.compile(r"(?:[aeiou]|(?<=[^aeiou])y)(?:[^aeiouy]|(?<=[aeiou])y)")
_SHORT = re.compile(r"(?:^|.)[^aeiou][aeiouy][^aeiouwxy]$")
_TWIN = re.compile(r"([^aeioulsz])\1$")

_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "abli": "able",
    "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate",
    "alism": "al", "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive",
    "biliti": "ble", "logi": "log",
}  # fmt: skip
_STEP_3 = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize",
    "ion", "al", "er", "ic", "ou",
)  # fmt: skip
_BY_LENGTH = sorted(_STEP_2, key=len, reverse=True)

_CYRILLIC_TAILS = (  # the longest first
    "остью ется ится иями лась лись лось ости ость ться утся ются ает ала али ало ами ать ают его ему"
    " еть иев ией ием ила или ило ими ить иям иях ого ому тся уют ыла ыли ыло ыми яет ями ять ал ан ах"
    " ая ев ее ей ел ем ен ет ие ии ий ил им ит их ию ия ов ое ой ом ут ую ые ый ым ых ье ья юю ят ях"
    " яя а е и й о у ы ь ю я"
)
_CYRILLIC = tuple(_CYRILLIC_TAILS.split())
_ARABIC_HEADS = ("وال", "بال", "كال", "فال", "لل", "ال", "و")
_ARABIC_TAILS = ("ها", "ان", "ات", "ون", "ين", "يه", "ته", "هم", "ه", "ي")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return `word` (folded) without its inflection. Digits, other scripts and very short words stay as they are."""
    if word.isascii():
        return _porter(word) if len(word) > 2 and word.isalpha() else word
    first = word[0]
    if "\u0400" <= first <= "\u052f":
        return _without_tail(word, _CYRILLIC, 3)
    if "\u0600" <= first <= "\u06ff":
        return _arabic(word)
    return word


def _without_tail(word: str, tails: tuple[str, ...], least: int) -> str:
    for tail in tails:
        if word.endswith(tail) and len(word) - len(tail) >= least:
            return word[: -len(tail)]
    return word


def _arabic(word: str) -> str:
    for head in _ARABIC_HEADS:
        if word.startswith(head) and len(word) - len(head) >= (3 if head == "و" else 2):
            word = word[len(head) :]
            break
    for tail in _ARABIC_TAILS:
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            word = word[: -len(tail)]
    return word


def _porter(word: str) -> str:
    """M. F. Porter, “An algorithm for suffix stripping”, 1980, step by step."""
    word = _plural(word)
    word = _past(word)
    if word.endswith("y") and _VOWELED.search(word[:-1]):
        word = word[:-1] + "i"
    for ending in _BY_LENGTH:
        if word.endswith(ending):
            word = _swap(word, ending, _STEP_2[ending], 0)
            break
    for ending, better in _STEP_3.items():
        if word.endswith(ending):
            word = _swap(word, ending, better, 0)
            break
    for ending in _STEP_4:
        if word.endswith(ending):
            if ending != "ion" or word[:-3].endswith(("s", "t")):
                word = _swap(word, ending, "", 1)
            break
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _SHORT.search(rest)):
            word = rest
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


def _plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        return _swap(word, "eed", "ee", 0)
    for ending in ("ed", "ing"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and _VOWELED.search(rest):
            if rest.endswith(("at", "bl", "iz")):
                return rest + "e"
            if _TWIN.search(rest):
                return rest[:-1]
            return rest + "e" if _measure(rest) == 1 and _SHORT.search(rest) else rest
    return word


def _swap(word: str, ending: str, better: str, above: int) -> str:
    rest = word[: -len(ending)]
    return rest + better if _measure(rest) > above else word


def _measure(word: str) -> int:
    return len(_VOWEL_CONSONANT.findall(word))
