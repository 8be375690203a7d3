"""Addresses under our signature: for one path, until their time is over, in everybody's language."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from stoa.kit import clock
from stoa.tenants.linking import Link, LinkRefused, check_link, ending, signed_link, signed_path

pytestmark = pytest.mark.usefixtures("settings")  # that hold the key


def credential_of(link: Link) -> tuple[int, str]:
    query = parse_qs(urlsplit(link.path).query)
    return int(query["expires"][0]), query["signature"][0]


async def test_an_address_is_good_until_its_last_second_is_over_and_then_says_so() -> None:
    moment = clock.now().replace(microsecond=0)
    with clock.set_to(moment + timedelta(milliseconds=900)):
        link = signed_link("/papers/x", lasts=timedelta(minutes=5))
    given = credential_of(link)

    assert link.expires_at == moment + timedelta(minutes=5)
    with clock.set_to(link.expires_at):
        check_link("/papers/x", *given)
    with clock.set_to(link.expires_at + timedelta(seconds=1)), pytest.raises(LinkRefused) as refused:
        check_link("/papers/x", *given)
    assert refused.value.message == "The time of this address is over; ask for a new one."
    assert refused.value.sentence.said_in("zh") == "此链接已过期，请重新获取。"


async def test_several_addresses_can_share_their_end() -> None:
    expires_at = ending(timedelta(minutes=15))

    for path in ("/pictures/1", "/pictures/2"):
        link = Link(signed_path(path, expires_at), expires_at)
        assert credential_of(link)[0] == expires_at.timestamp()
        check_link(path, *credential_of(link))


async def test_a_path_with_a_query_is_signed_as_a_whole() -> None:
    expires, signature = credential_of(signed_link("/papers/x?locale=zh"))

    check_link("/papers/x?locale=zh", expires, signature)
    for forged in (("/papers/x?locale=en", expires), ("/papers/x?locale=zh", expires + 1), ("/papers/x", expires)):
        with pytest.raises(LinkRefused):
            check_link(*forged, signature)
