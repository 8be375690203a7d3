"""Now, later, gathered, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from stoa.kit.messaging import Channel
from stoa.tenants.notifying.deciding import IN_DIGEST, NO_ADDRESS, OFF, QUIET, Decision, Question, decide, decide_digest
from stoa.tenants.notifying.models import MessageState
from stoa.tenants.notifying.wishes import CAPS, Wishes

WISHES = Wishes(ZoneInfo("Asia/Shanghai"))
MIDNIGHT, NOON = datetime(2026, 11, 25, 16, tzinfo=UTC), datetime(2026, 11, 26, 4, tzinfo=UTC)
MAIL = Question("order_waits", Channel.MAIL, "a@b.example", False, NOON)
IN_APP = replace(MAIL, channel=Channel.IN_APP, address="")
QUIET_NIGHTS = replace(WISHES, quiet=(time(22), time(7)))
MORNING = datetime(2026, 11, 25, 23, tzinfo=UTC)
NOW = Decision(MessageState.QUEUED)


def test_by_default_everything_goes_at_once() -> None:
    assert decide(WISHES, MAIL) == NOW
    assert decide(WISHES, IN_APP) == Decision(MessageState.SENT)


def test_what_is_switched_off_is_not_sent_and_a_notices_own_switch_counts() -> None:
    off = replace(WISHES, switches={"*": {"MAIL": False}, "order_waits": {"SMS": False}})
    but_this = replace(WISHES, switches={"*": {"MAIL": False}, "order_waits": {"MAIL": True}})

    assert decide(off, MAIL) == Decision(MessageState.SUPPRESSED, reason=OFF)
    assert decide(off, IN_APP).state is MessageState.SENT
    assert decide(but_this, MAIL) == NOW
    assert decide(but_this, replace(MAIL, notice="stock_low")).state is MessageState.SUPPRESSED


def test_a_channel_that_reaches_nobody_is_said_so() -> None:
    assert decide(WISHES, replace(MAIL, channel=Channel.SMS, address="")) == Decision(
        MessageState.SUPPRESSED, reason=NO_ADDRESS
    )


def test_in_quiet_hours_it_waits_but_the_app_does_not() -> None:
    at_night = replace(MAIL, moment=MIDNIGHT)

    assert decide(QUIET_NIGHTS, at_night) == Decision(MessageState.WAITING, MORNING, QUIET)
    assert decide(QUIET_NIGHTS, MAIL) == NOW
    assert decide(QUIET_NIGHTS, replace(IN_APP, moment=MIDNIGHT)).state is MessageState.SENT


def test_what_is_urgent_passes_if_the_person_says_so() -> None:
    urgent = replace(MAIL, moment=MIDNIGHT, is_urgent=True)
    lets_pass = replace(QUIET_NIGHTS, urgent_passes=True, digests={"MAIL": "DAILY"})

    assert decide(QUIET_NIGHTS, urgent).state is MessageState.WAITING
    assert decide(lets_pass, urgent) == NOW
    assert decide(lets_pass, replace(urgent, is_urgent=False)).state is MessageState.GATHERED


def test_digests_have_their_slots() -> None:
    hourly, daily = replace(WISHES, digests={"MAIL": "HOURLY"}), replace(WISHES, digests={"MAIL": "DAILY"})

    assert decide(hourly, MAIL) == Decision(MessageState.GATHERED, datetime(2026, 11, 26, 5, tzinfo=UTC), IN_DIGEST)
    assert decide(daily, MAIL) == Decision(MessageState.GATHERED, datetime(2026, 11, 27, 1, tzinfo=UTC), IN_DIGEST)


def test_a_digest_is_never_due_in_quiet_hours() -> None:
    hourly = replace(QUIET_NIGHTS, digests={"MAIL": "HOURLY"})
    daily = replace(QUIET_NIGHTS, digests={"MAIL": "DAILY"}, digest_at=time(3))

    assert decide(hourly, replace(MAIL, moment=MIDNIGHT)).due_at == MORNING
    assert decide(daily, replace(MAIL, moment=MIDNIGHT)).due_at == MORNING


def test_beyond_the_cap_it_is_gathered() -> None:
    full = replace(MAIL, sent_lately=CAPS[Channel.MAIL])

    decision = decide(WISHES, full)

    assert (decision.state, decision.due_at) == (MessageState.GATHERED, datetime(2026, 11, 26, 5, tzinfo=UTC))
    assert str(decision.reason) == "The recipient was sent 20 messages within an hour, which is the most they want."
    assert decide(WISHES, replace(full, sent_lately=19)) == NOW
    assert decide(replace(WISHES, caps={"MAIL": 500}), full) == NOW


def test_a_digest_passes_the_cap_and_waits_for_the_end_of_the_quiet() -> None:
    digest = replace(MAIL, notice="digest", sent_lately=1_000)

    assert decide_digest(replace(QUIET_NIGHTS, digests={"MAIL": "HOURLY"}), digest) == NOW
    assert decide_digest(QUIET_NIGHTS, replace(digest, moment=MIDNIGHT)) == Decision(
        MessageState.WAITING, MORNING, QUIET
    )
    urgent = replace(digest, moment=MIDNIGHT, is_urgent=True)
    assert decide_digest(QUIET_NIGHTS, urgent).state is MessageState.WAITING
    assert decide_digest(replace(QUIET_NIGHTS, urgent_passes=True), urgent) == NOW
    assert decide_digest(WISHES, replace(digest, address="")) == Decision(MessageState.SUPPRESSED, reason=NO_ADDRESS)
