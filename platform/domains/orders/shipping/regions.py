"""Where an address lies: countries and provinces, however they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

# 广东, 广东省 and 广东 省 are one; so are 内蒙古 and 内蒙古自治区.
_KIND = re.compile(r"(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市| province| state)$")


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country, or some of its provinces."""

    country: str
    provinces: tuple[str, ...] = ()


def province_key(name: str) -> str:
    """What is the same for all ways of writing a province."""
    folded = " ".join(name.casefold().split())
    return _KIND.sub("", folded) or folded


def lies_in(address: Mapping[str, str], region: Region, *, strictly: bool = False) -> bool:
    """Whether the address is in the region. One without a country is taken to be in any, unless `strictly`."""
    country = address.get("country", "").upper()
    if country != region.country and (country or strictly):
        return False
    if not region.provinces:
        return True
    return province_key(address.get("province", "")) in {province_key(each) for each in region.provinces}
