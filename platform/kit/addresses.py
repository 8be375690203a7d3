"""Addresses as they are kept: plain lines of text under fixed names."""

from __future__ import annotations

from collections.abc import Mapping

from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.languages import Sentence
from stoa.kit.text import clean_line

Address = dict[str, str]
LIMITS: Mapping[str, int] = {
    "name": 120,
    "company": 120,
    "line1": 200,
    "line2": 200,
    "district": 80,
    "city": 80,
    "province": 80,
    "postcode": 20,
    "country": 2,
    "phone": 40,
}

WORDS: Mapping[str, Sentence] = {
    "name": Sentence("name"),
    "company": Sentence("company"),
    "line1": Sentence("first line of the address"),
    "line2": Sentence("second line of the address"),
    "district": Sentence("district"),
    "city": Sentence("city"),
    "province": Sentence("province"),
    "postcode": Sentence("postal code"),
    "country": Sentence("country"),
    "phone": Sentence("telephone number"),
}


def clean_address(given: Mapping[str, str]) -> Address:
    """Only what is there, each on one line. Raises `InvalidInput` for what is too long or nobody knows."""
    cleaned: Address = {}
    for name, text in given.items():
        with blaming(name):
            if name not in LIMITS:
                raise InvalidInput("An address has no {name}.", name=name)
            line = clean_line(text, what=WORDS[name], limit=LIMITS[name], required=False)
        if line:
            cleaned[name] = line.upper() if name == "country" else line
    return cleaned
