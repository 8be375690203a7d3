"""Fees: exact, by weight, piece or volume, by region, with what goes free and where nothing goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domains.orders.shipping.fees import FeeBasis, FeeTemplate, Parcel, Tariff, Zone, charge, fee_of, template_of
from stoa.domains.orders.shipping.regions import Region, lies_in, province_key
from stoa.kit.errors import InvalidInput

DELTA = Zone(
    name="Delta",
    regions=(Region("CN", ("上海", "江苏省")),),
    first=1000,
    first_minor=800,
    next=500,
    next_minor=200,
    free_from_minor=9900,
)
REST = Tariff(first=1000, first_minor=1200, next=500, next_minor=500, free_from_pieces=10)
TEMPLATE = FeeTemplate(FeeBasis.WEIGHT, (DELTA,), REST, (Region("CN", ("西藏",)), Region("US")))


def parcel(grams: int | None = 1000, pieces: int = 1, goods: int = 1000, cm3: int | None = None) -> Parcel:
    return Parcel(pieces, goods, grams, cm3, "CUP")


@pytest.mark.parametrize(
    ("address", "grams", "fee", "zone"),
    [
        ({"country": "CN", "province": "上海市"}, 1000, 800, "Delta"),
        ({"country": "CN", "province": "江苏"}, 1001, 1000, "Delta"),
        ({"province": " 江苏省 "}, 2000, 1200, "Delta"),
        ({"country": "CN", "province": "广东"}, 1, 1200, ""),
        ({"country": "DE"}, 2501, 3200, ""),
        ({"country": "DE"}, 2500, 2700, ""),
    ],
)
def test_the_first_unit_and_each_further_one_that_has_begun(
    address: dict[str, str], grams: int, fee: int, zone: str
) -> None:
    """O9"""
    found = fee_of(TEMPLATE, parcel(grams), address)

    assert (found.minor, found.zone, found.is_free, found.why) == (fee, zone, False, None)


def test_what_goes_free() -> None:
    shanghai, canton = {"country": "CN", "province": "上海"}, {"country": "CN", "province": "广东"}

    assert fee_of(TEMPLATE, parcel(goods=9900), shanghai).is_free
    assert fee_of(TEMPLATE, parcel(goods=9899), shanghai).minor == 800
    assert fee_of(TEMPLATE, parcel(goods=9900), canton).minor == 1200
    assert fee_of(TEMPLATE, parcel(None, pieces=10), canton).is_free
    assert fee_of(None, parcel(0, pieces=0), {}).minor == 0  # nothing to be sent


@pytest.mark.parametrize(
    ("template", "address", "what", "reason"),
    [
        (None, {"country": "CN"}, parcel(), "NO_FEES"),
        (TEMPLATE, {}, parcel(), "NO_ADDRESS"),
        (TEMPLATE, {"country": "CN", "province": "西藏自治区"}, parcel(), "NOT_THERE"),
        (TEMPLATE, {"country": "US"}, parcel(), "NOT_THERE"),
        (FeeTemplate(FeeBasis.PIECE, (DELTA,)), {"country": "DE"}, parcel(), "NOT_THERE"),
        (TEMPLATE, {"country": "DE"}, parcel(None), "UNMEASURED"),
        (FeeTemplate(FeeBasis.VOLUME, rest=REST), {}, parcel(), "UNMEASURED"),
    ],
)
def test_why_it_cannot(template: FeeTemplate | None, address: dict[str, str], what: Parcel, reason: str) -> None:
    found = fee_of(template, what, address)

    assert (found.reason, found.minor) == (reason, 0)
    assert found.why is not None


def test_by_piece_and_by_volume() -> None:
    tariff = Tariff(first=2, first_minor=500, next=1, next_minor=150)
    by_piece = FeeTemplate(FeeBasis.PIECE, rest=tariff)
    by_volume = FeeTemplate(FeeBasis.VOLUME, rest=Tariff(first=1000, first_minor=500, next=1000, next_minor=100))

    assert [fee_of(by_piece, parcel(None, pieces=n), {}).minor for n in (1, 2, 3, 5)] == [500, 500, 650, 950]
    assert [fee_of(by_volume, parcel(None, cm3=n), {}).minor for n in (1, 1000, 1001, 3500)] == [500, 500, 600, 800]


@given(
    st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, 10**6)
)
def test_more_never_costs_less(units: int, first: int, first_minor: int, next: int, next_minor: int) -> None:
    tariff = Tariff(first=first, first_minor=first_minor, next=next, next_minor=next_minor)

    assert first_minor <= charge(tariff, units) <= charge(tariff, units + 1) <= charge(tariff, units) + next_minor


def test_a_template_is_kept_as_it_is() -> None:
    assert template_of(TEMPLATE.kept()) == TEMPLATE.checked()


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (FeeTemplate(FeeBasis.PIECE), ("rest",)),
        (FeeTemplate(FeeBasis.PIECE, rest=Tariff(first=0, first_minor=1, next=1, next_minor=1)), ("rest", "first")),
        (
            FeeTemplate(FeeBasis.PIECE, rest=Tariff(first=1, first_minor=-1, next=1, next_minor=1)),
            ("rest", "first_minor"),
        ),
        (
            FeeTemplate(FeeBasis.PIECE, rest=Tariff(first=1, first_minor=1, next=1, next_minor=1, free_from_pieces=0)),
            ("rest", "free_from_pieces"),
        ),
        (
            FeeTemplate(FeeBasis.PIECE, (Zone(name="", regions=(), first=1, first_minor=1, next=1, next_minor=1),)),
            ("zones", 0, "regions"),
        ),
    ],
)
def test_what_is_wrong_with_a_template(template: FeeTemplate, path: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        template.checked()
    assert refused.value.path == path


def test_a_province_is_the_same_however_it_is_written() -> None:
    assert {province_key(each) for each in ("广西", "广西壮族自治区")} == {"广西"}
    assert province_key("Bavaria  State") == province_key("bavaria")
    assert not lies_in({"province": "上海"}, Region("CN"), strictly=True)
