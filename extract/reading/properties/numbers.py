"""Numbers as Notion shows them, by the format in the schema.

https://developers.notion.com/reference/property-object#number
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

# format -> (before the number, after it, decimals)
_CURRENCIES: Mapping[str, tuple[str, str, int]] = {
    "dollar": ("$", "", 2),
    "australian_dollar": ("A$", "", 2),
    "canadian_dollar": ("CA$", "", 2),
    "singapore_dollar": ("S$", "", 2),
    "euro": ("€", "", 2),
    "pound": ("£", "", 2),
    "yen": ("¥", "", 0),
    "ruble": ("₽", "", 2),
    "rupee": ("₹", "", 2),
    "won": ("₩", "", 0),
    "yuan": ("CN¥", "", 2),
    "real": ("R$", "", 2),
    "lira": ("₺", "", 2),
    "rupiah": ("Rp", "", 2),
    "franc": ("CHF ", "", 2),
    "hong_kong_dollar": ("HK$", "", 2),
    "new_zealand_dollar": ("NZ$", "", 2),
    "krona": ("", " kr", 2),
    "norwegian_krone": ("", " kr", 2),
    "danish_krone": ("", " kr", 2),
    "mexican_peso": ("MX$", "", 2),
    "rand": ("R", "", 2),
    "new_taiwan_dollar": ("NT$", "", 2),
    "zloty": ("", " zł", 2),
    "baht": ("฿", "", 2),
    "forint": ("", " Ft", 2),
    "koruna": ("", " Kč", 2),
    "shekel": ("₪", "", 2),
    "chilean_peso": ("CLP ", "", 0),
    "philippine_peso": ("₱", "", 2),
    "dirham": ("AED ", "", 2),
    "colombian_peso": ("COP ", "", 2),
    "riyal": ("SAR ", "", 2),
    "ringgit": ("RM", "", 2),
    "leu": ("", " lei", 2),
    "argentine_peso": ("ARS ", "", 2),
    "uruguayan_peso": ("UYU ", "", 2),
    "peruvian_sol": ("S/", "", 2),
}


def number_text(value: object, number_format: str = "number") -> str:
    """The number as a person reads it: 0.25 as `25%`, 1234.5 as `$1,234.50`; empty for what is no number.

    A format nobody taught us leaves the number bare. Money shows the decimals of its currency, more if it has
    more.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > 1_000:  # beyond what a JSON number of Notion's can be
        return hex(value)
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if number_format == "percent":
        return f"{_plain(number * 100)}%"
    if number_format == "number_with_commas":
        return _plain(number, commas=True)
    if number_format in _CURRENCIES:
        before, after, decimals = _CURRENCIES[number_format]
        amount = _plain(abs(number), commas=True, decimals=decimals)
        return f"{'-' if number < 0 else ''}{before}{amount}{after}"
    return _plain(number)


def _plain(number: Decimal, *, commas: bool = False, decimals: int = 0) -> str:
    if abs(number.adjusted()) > 60:
        return str(number)
    text = f"{number:,f}" if commas else f"{number:f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    fraction += "0" * (decimals - len(fraction)) if decimals else ""
    return f"{whole}.{fraction}" if fraction else whole
