"""Kuaidi100: one interface to some two thousand carriers (its documents: real-time query, subscription, labels).

A query is a form of `customer`, `param` (JSON) and `sign`, the MD5 of ``param + key + customer`` in capitals: the
signature that they ask for, no choice of ours. What they push is signed with the MD5 of ``param + salt``. Times are
Peking's, without saying so. Checked against their own clients (kuaidi100-api/java-demo, php-demo, go-demo on GitHub).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from stoa.domains.orders.models import ShipmentState
from stoa.domains.orders.shipping.carriers import Heard, Sent, Whereabouts
from stoa.domains.orders.shipping.errors import CarrierRefused, CarrierSilent, SenderUnknown
from stoa.kit.calling import NoAnswer, call
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput

PEKING = ZoneInfo("Asia/Shanghai")
SECONDS, MOST_BYTES = 8.0, 1_000_000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Their basic states; those of three and four digits are kinds of the one that they begin with.
STATES: Mapping[str, ShipmentState | None] = {
    "0": ShipmentState.IN_TRANSIT,
    "1": ShipmentState.IN_TRANSIT,
    "2": ShipmentState.EXCEPTION,
    "3": ShipmentState.DELIVERED,
    "4": ShipmentState.RETURNED,
    "5": ShipmentState.IN_TRANSIT,
    "6": ShipmentState.EXCEPTION,  # on its way back, and not there yet
    "7": ShipmentState.IN_TRANSIT,
    "8": ShipmentState.IN_TRANSIT,
    **dict.fromkeys(("10", "11", "12"), ShipmentState.IN_TRANSIT),  # at the customs
    "13": ShipmentState.EXCEPTION,  # held there
    "14": ShipmentState.EXCEPTION,  # refused at the door
    **dict.fromkeys(("101", "102"), None),  # announced, and not with the carrier yet
}
_NOTHING_YET, _BUSY, _DONE = "500", ("501", "502"), 200
_WITH_PREFIX = 13  # digits: a mobile number has eleven


@dataclass(frozen=True, slots=True)
class Keys:
    """What Kuaidi100 gives a shop. `secret` is for labels, `salt` for what it pushes.

    A label is charged to the shop's account with the carrier itself: its number, password and branch (`net`), as far
    as the carrier wants them.
    """

    customer: str
    key: str = field(repr=False)
    secret: str = field(default="", repr=False)
    salt: str = field(default="", repr=False)
    account: str = ""
    password: str = field(default="", repr=False)
    net: str = ""


class _Event(msgspec.Struct):
    context: str = ""
    time: str = ""
    ftime: str = ""
    status: str = ""
    location: str | None = None
    areaName: str | None = None  # noqa: N815  # theirs
    statusCode: str | None = None  # noqa: N815


class _Result(msgspec.Struct):
    message: str = ""
    state: str = ""
    data: list[_Event] = []
    returnCode: str = ""  # noqa: N815
    result: bool | None = None
    com: str = ""
    nu: str = ""


class _Pushed(msgspec.Struct):
    lastResult: _Result  # noqa: N815
    status: str = ""
    comOld: str = ""  # noqa: N815  # as the shop named the carrier, where they know better


class _LabelData(msgspec.Struct):
    kuaidinum: str = ""


class _Label(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: _LabelData | None = None


class Kuaidi100:
    """`url` is where it answers queries, `label_url` where it makes labels: settings of the installation."""

    def __init__(self, keys: Keys, url: str, label_url: str) -> None:
        self._keys, self._url, self._label_url = keys, url.rstrip("/"), label_url.rstrip("/")

    async def track(self, parcel: Sent) -> Whereabouts:
        asked = {
            "com": parcel.carrier.lower(),
            "num": parcel.number,
            "phone": digits(parcel.phone),
            "resultv2": "4",
            "order": "desc",
        }
        param = as_json({name: value for name, value in asked.items() if value})
        form = {"customer": self._keys.customer, "sign": sign(param, self._keys.key, self._keys.customer)}
        result = _read(await _post(f"{self._url}/poll/query.do", {**form, "param": param}), _Result)
        if result.result is False and result.returnCode == _NOTHING_YET:
            return Whereabouts(())
        if result.result is False and result.returnCode in _BUSY:
            raise _silent()
        if result.result is False:
            raise CarrierRefused("The carrier says: {words}", path=["id"], words=result.message[:200])
        return whereabouts(result)

    async def number_for(self, parcel: Sent) -> str:
        """Raises `SenderUnknown` as well: they take nothing from somebody whom nobody could call."""
        _require_sender(parcel)
        param, moment = as_json(self._label(parcel)), str(int(now().timestamp() * 1000))
        signed = sign(param, moment, self._keys.key, self._keys.secret)
        form = {"method": "order", "key": self._keys.key, "sign": signed, "t": moment, "param": param}
        label = _read(await _post(f"{self._label_url}/label/order", form), _Label)
        if label.code != _DONE or label.data is None or not label.data.kuaidinum:
            raise CarrierRefused("The carrier says: {words}", path=["id"], words=label.message[:200])
        return str(label.data.kuaidinum)

    def _label(self, parcel: Sent) -> dict[str, Any]:
        """An order of a number alone: the label is printed by us. The same `orderId` again is the same label."""
        account = {"partnerId": self._keys.account, "partnerKey": self._keys.password, "net": self._keys.net}
        return {
            "printType": "NON",
            "kuaidicom": parcel.carrier.lower(),
            "orderId": parcel.shipment_id.hex,
            "recMan": _person(parcel.to, parcel.phone),
            "sendMan": _person(parcel.sender, parcel.sender.get("phone", "")),
            "payType": "MONTHLY" if self._keys.account else "SHIPPER",
            "count": 1,
            "weight": f"{(parcel.weight_grams or 1000) / 1000:.2f}",
            "cargo": "商品",
            **{name: value for name, value in account.items() if value},
        }


def _require_sender(parcel: Sent) -> None:
    if not (parcel.sender.get("line1") and parcel.sender.get("phone")):
        sentence = "The carrier needs to know who sends it: give the location an address and a telephone number."
        raise SenderUnknown(sentence, path=["id"])


def _person(address: Mapping[str, str], phone: str) -> dict[str, str]:
    """As it stands on a label: from the large to the small."""
    place = "".join(address.get(name, "") for name in ("province", "city", "district", "line1", "line2"))
    named = {"name": address.get("name", ""), "mobile": digits(phone), "printAddr": place}
    return named | ({"company": address["company"]} if address.get("company") else {})


def digits(phone: str) -> str:
    """As they want it: digits alone, without China's own prefix and without an extension."""
    plain = "".join(each for each in re.split("[xX#转]", phone)[0] if each.isascii() and each.isdigit())
    return plain.removeprefix("00").removeprefix("86") if len(plain) >= _WITH_PREFIX else plain


@dataclass(frozen=True, slots=True)
class Push:
    """What was pushed: of which parcel, by which carrier (or as the shop had named it), and what is known of it."""

    carriers: tuple[str, ...]
    number: str
    whereabouts: Whereabouts


def pushed(param: str, signature: str, salt: str) -> Push:
    """Read what was pushed. Raises `InvalidInput` when it is not signed with the salt, or cannot be read."""
    if not salt or not hmac.compare_digest(sign(param, salt).encode(), signature.upper().encode()):
        raise InvalidInput("This was not signed by the carrier.", path=["sign"])
    try:
        told = msgspec.json.decode(param.encode(), type=_Pushed)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        raise InvalidInput("This is nothing that the carrier pushes.", path=["param"]) from None
    carriers = tuple(each.lower() for each in (told.lastResult.com, told.comOld) if each)
    return Push(carriers, told.lastResult.nu, whereabouts(told.lastResult))


def sign(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


def whereabouts(result: _Result) -> Whereabouts:
    events = sorted((heard for each in result.data if (heard := _heard(each))), key=lambda each: each.at)
    state = state_of(result.state)
    exception = events[-1].text if events and state is ShipmentState.EXCEPTION else ""
    return Whereabouts(events, state, exception)


def state_of(code: str | None) -> ShipmentState | None:
    """By their number: `301` is a kind of `3`; 10 to 14 stand for themselves, and `1001` is no kind of `10`."""
    if not code:
        return None
    return STATES[code] if code in STATES else STATES.get(code[0]) if len(code) > 2 else None


def _heard(event: _Event) -> Heard | None:
    try:
        at = datetime.strptime(event.time or event.ftime, "%Y-%m-%d %H:%M:%S").replace(tzinfo=PEKING)
    except ValueError:
        return None  # without its moment it has no place in the timeline
    return Heard(at, event.context, event.location or event.areaName or "", state_of(event.statusCode))


async def _post(url: str, form: Mapping[str, str]) -> bytes:
    try:
        answer = await call(url, content=urlencode(form).encode(), headers=FORM, seconds=SECONDS, most_bytes=MOST_BYTES)
    except NoAnswer:
        raise _silent() from None
    if answer.status != HTTPStatus.OK or answer.is_cut:
        raise _silent()
    return answer.body


def _read(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.MsgspecError:
        raise _silent() from None


def _silent() -> CarrierSilent:
    return CarrierSilent("The carrier does not answer; try again later.", path=["id"])
