"""Code 128 (ISO/IEC 15417): the bars that warehouses scan."""

from __future__ import annotations

from collections.abc import Iterator

# Widths of bars and gaps for the values 0 to 105, and the stop: tables of the standard, six (seven) digits each.
_WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
]
_STOP = "2331112"
_START_B, _START_C, _TO_B, _TO_C = 104, 105, 100, 99


def bars(text: str) -> list[int]:
    """Widths in modules, a bar first, then a gap, and so on. Raises `ValueError` for what is not printable ASCII."""
    if not text or not all(32 <= ord(letter) < 127 for letter in text):
        raise ValueError(f"{text!r} has letters that Code 128 does not know here")
    values = list(_values(text))
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return [int(width) for width in "".join(_WIDTHS[value] for value in [*values, check]) + _STOP]


def _values(text: str) -> Iterator[int]:
    """Letters by set B, four digits or more in a row by set C, two at a time."""
    at, is_c = 0, _digits(text, 0) >= 4
    yield _START_C if is_c else _START_B
    while at < len(text):
        run = _digits(text, at)
        if not is_c and run >= 4 and run % 2 == 0:
            yield _TO_C
            is_c = True
        elif is_c and run < 2:
            yield _TO_B
            is_c = False
        if is_c:
            yield int(text[at : at + 2])
            at += 2
        else:
            yield ord(text[at]) - 32
            at += 1


def _digits(text: str, at: int) -> int:
    """How many digits stand there in a row."""
    end = at
    while end < len(text) and text[end].isdigit():
        end += 1
    return end - at
