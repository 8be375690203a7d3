"""Now, later, gathered, or not at all: what becomes of a message, and why. Every decision is told with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stoa.kit.languages import Sentence
from stoa.kit.messaging import Channel
from stoa.tenants.notifying.hours import next_hour, next_time, quiet_until
from stoa.tenants.notifying.models import Digest, MessageState
from stoa.tenants.notifying.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Decision:
    """`due_at` is when it is looked at again: the end of the quiet, or the digest's slot."""

    state: MessageState
    due_at: datetime | None = None
    reason: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A message of this notice, by this channel, to this address, at this moment, after so many within an hour."""

    notice: str
    channel: Channel
    address: str
    is_urgent: bool
    moment: datetime
    sent_lately: int = 0


OFF = Sentence("The recipient does not want this by this channel.")
NO_ADDRESS = Sentence("The recipient has not said where this channel reaches them.")
QUIET = Sentence("It waits until the recipient's quiet hours end.")
IN_DIGEST = Sentence("The recipient wants it in a digest.")
CAPPED = Sentence("The recipient was sent {count} messages within an hour, which is the most they want.")


def decide(wishes: Wishes, asked: Question) -> Decision:
    """What is to be done with it. Nothing is ever lost: what does not go now goes later, or with the digest."""
    channel, moment = asked.channel, asked.moment
    if not wishes.wants(asked.notice, channel):
        return Decision(MessageState.SUPPRESSED, reason=OFF)
    if channel is Channel.IN_APP:
        return Decision(MessageState.SENT)
    if not asked.address:
        return Decision(MessageState.SUPPRESSED, reason=NO_ADDRESS)
    passes = asked.is_urgent and wishes.urgent_passes
    if not passes and wishes.digest(channel) is not Digest.NONE:
        return Decision(MessageState.GATHERED, slot_after(wishes, channel, moment), IN_DIGEST)
    if not passes and (until := _quiet(wishes, moment)):
        return Decision(MessageState.WAITING, until, QUIET)
    if asked.sent_lately >= wishes.cap(channel):
        why = CAPPED.filled(count=asked.sent_lately)
        return Decision(MessageState.GATHERED, slot_after(wishes, channel, moment), why)
    return Decision(MessageState.QUEUED)


def decide_digest(wishes: Wishes, asked: Question) -> Decision:
    """What is to be done with a digest: no cap holds it and it is gathered no more, but quiet hours are quiet."""
    if not asked.address:
        return Decision(MessageState.SUPPRESSED, reason=NO_ADDRESS)
    passes = asked.is_urgent and wishes.urgent_passes
    if not passes and (until := _quiet(wishes, asked.moment)):
        return Decision(MessageState.WAITING, until, QUIET)
    return Decision(MessageState.QUEUED)


def slot_after(wishes: Wishes, channel: Channel, moment: datetime) -> datetime:
    """When what is gathered from now on is sent: never while the recipient wants quiet."""
    daily = wishes.digest(channel) is Digest.DAILY
    slot = next_time(moment, wishes.digest_at, wishes.zone) if daily else next_hour(moment)
    return _quiet(wishes, slot) or slot


def _quiet(wishes: Wishes, moment: datetime) -> datetime | None:
    return quiet_until(moment, *wishes.quiet, wishes.zone) if wishes.quiet else None
