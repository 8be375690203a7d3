"""Countries by the names that files give them, in English and Chinese; the names are those of Unicode's CLDR."""

from __future__ import annotations

from functools import cache, lru_cache

from babel import Locale

# What shops write, and CLDR does not call so.
ALSO = {
    "usa": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "eire": "IE",
    "republic of ireland": "IE",
    "rsa": "ZA",
    "uae": "AE",
    "czech republic": "CZ",
    "hong kong": "HK",
    "macau": "MO",
    "holland": "NL",
    "the netherlands": "NL",
    "korea": "KR",
    "republic of korea": "KR",
    "russian federation": "RU",
    "viet nam": "VN",
    "turkey": "TR",
    "香港": "HK",
    "澳门": "MO",
    "台湾": "TW",
}


@lru_cache(1024)
def country_code(text: str) -> str | None:
    """The ISO 3166 code of a country by its name or code; None for what is none."""
    name = text.strip()
    if len(name) == 2 and name.upper() in _codes().values():
        return name.upper()
    return _codes().get(name.casefold())


@cache
def _codes() -> dict[str, str]:
    codes = {
        str(name).casefold(): str(code)
        for language in ("en", "zh")
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO")
    }
    return codes | ALSO
