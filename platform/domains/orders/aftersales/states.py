"""The machine of after-sale cases: what leads where, when it may, and what is in the way. Published as it stands.

`STEPS` says which state may follow which, whoever asks. `ACTIONS` says what can be done with a case, of which kinds and
in which of its states. Deadlines are states: nobody answered in time is OVERDUE, nobody sent it back in time is CLOSED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from stoa.domains.orders.guarding import Reason
from stoa.domains.orders.models import CaseKind, CaseState
from stoa.kit.languages import Sentence

_S, _K = CaseState, CaseKind

ANSWER_WITHIN = timedelta(hours=48)
SEND_BACK_WITHIN = timedelta(days=7)
CLOSE_AFTER = timedelta(days=7)  # what was refunded or sent anew closes by itself


class CaseAction(StrEnum):
    """What can be done with a case. The last two the clock does."""

    APPROVE = "APPROVE"
    DECLINE = "DECLINE"
    CANCEL = "CANCEL"
    SEND_BACK = "SEND_BACK"
    RECEIVE = "RECEIVE"
    INSPECT = "INSPECT"
    REFUND = "REFUND"
    SEND_ANEW = "SEND_ANEW"
    CLOSE = "CLOSE"
    MISS_ANSWER = "MISS_ANSWER"
    LAPSE = "LAPSE"


EVERY_KIND: tuple[CaseKind, ...] = tuple(CaseKind)
WITH_RETURN: tuple[CaseKind, ...] = (_K.RETURN_REFUND, _K.EXCHANGE)
_WITH_REFUND: tuple[CaseKind, ...] = (_K.REFUND_ONLY, _K.RETURN_REFUND)
_SENT_ANEW: tuple[CaseKind, ...] = (_K.EXCHANGE, _K.REISSUE)
# Cases of these states are over.
ENDED: tuple[CaseState, ...] = (_S.DECLINED, _S.CLOSED, _S.CANCELLED)


@dataclass(frozen=True, slots=True)
class CaseRule:
    """An action: the kinds and the states it can be done in, and where it leads."""

    action: CaseAction
    kinds: tuple[CaseKind, ...]
    of: tuple[CaseState, ...]
    to: CaseState
    effect: Sentence


@dataclass(frozen=True, slots=True)
class CaseTransition:
    """An action on one case: available, or the reason why not."""

    action: CaseAction
    to: CaseState
    effect: Sentence
    reason: Reason | None = None

    @property
    def is_available(self) -> bool:
        return self.reason is None


STEPS: Mapping[CaseState, tuple[CaseState, ...]] = {
    _S.REQUESTED: (_S.APPROVED, _S.AWAITING_RETURN, _S.DECLINED, _S.CANCELLED, _S.OVERDUE),
    _S.OVERDUE: (_S.APPROVED, _S.AWAITING_RETURN, _S.DECLINED, _S.CANCELLED),
    _S.APPROVED: (_S.REFUNDED, _S.EXCHANGED, _S.CANCELLED),
    _S.AWAITING_RETURN: (_S.IN_TRANSIT, _S.RECEIVED, _S.CLOSED, _S.CANCELLED),
    _S.IN_TRANSIT: (_S.RECEIVED, _S.CLOSED),
    _S.RECEIVED: (_S.INSPECTED,),
    _S.INSPECTED: (_S.REFUNDED, _S.EXCHANGED, _S.CLOSED),
    _S.REFUNDED: (_S.CLOSED,),
    _S.EXCHANGED: (_S.CLOSED,),
    _S.DECLINED: (),
    _S.CLOSED: (),
    _S.CANCELLED: (),
}

ACTIONS: Mapping[CaseAction, CaseRule] = {
    rule.action: rule
    for rule in (
        CaseRule(
            CaseAction.APPROVE,
            EVERY_KIND,
            (_S.REQUESTED, _S.OVERDUE),
            _S.APPROVED,
            Sentence("The shop agrees; what is to come back has 7 days to be sent."),
        ),
        CaseRule(
            CaseAction.DECLINE,
            EVERY_KIND,
            (_S.REQUESTED, _S.OVERDUE),
            _S.DECLINED,
            Sentence("The shop does not agree, and says why."),
        ),
        CaseRule(
            CaseAction.CANCEL,
            EVERY_KIND,
            (_S.REQUESTED, _S.OVERDUE, _S.APPROVED, _S.AWAITING_RETURN),
            _S.CANCELLED,
            Sentence("The buyer does not want it any more."),
        ),
        CaseRule(
            CaseAction.SEND_BACK,
            WITH_RETURN,
            (_S.AWAITING_RETURN,),
            _S.IN_TRANSIT,
            Sentence("The buyer has sent it back."),
        ),
        CaseRule(
            CaseAction.RECEIVE,
            WITH_RETURN,
            (_S.AWAITING_RETURN, _S.IN_TRANSIT),
            _S.RECEIVED,
            Sentence("It has come back."),
        ),
        CaseRule(
            CaseAction.INSPECT,
            WITH_RETURN,
            (_S.RECEIVED,),
            _S.INSPECTED,
            Sentence("What can be sold again goes back to stock; the rest is written off."),
        ),
        CaseRule(
            CaseAction.REFUND,
            _WITH_REFUND,
            (_S.APPROVED, _S.INSPECTED),
            _S.REFUNDED,
            Sentence("Money goes back to the buyer; what was not sent yet is called off."),
        ),
        CaseRule(
            CaseAction.SEND_ANEW,
            _SENT_ANEW,
            (_S.APPROVED, _S.INSPECTED),
            _S.EXCHANGED,
            Sentence("A new order is made for the buyer, and its stock is held."),
        ),
        CaseRule(
            CaseAction.CLOSE,
            EVERY_KIND,
            (_S.IN_TRANSIT, _S.INSPECTED, _S.REFUNDED, _S.EXCHANGED),
            _S.CLOSED,
            Sentence("It is over."),
        ),
        CaseRule(
            CaseAction.MISS_ANSWER,
            EVERY_KIND,
            (_S.REQUESTED,),
            _S.OVERDUE,
            Sentence("Nobody answered in 48 hours."),
        ),
        CaseRule(
            CaseAction.LAPSE,
            EVERY_KIND,
            (_S.AWAITING_RETURN, _S.REFUNDED, _S.EXCHANGED),
            _S.CLOSED,
            Sentence("It was not sent back in 7 days, or was settled 7 days ago."),
        ),
    )
}
BY_THE_CLOCK = (CaseAction.MISS_ANSWER, CaseAction.LAPSE)


def leads_to(kind: CaseKind, action: CaseAction) -> CaseState:
    """Where the action leads: what is to come back is waited for first."""
    if action is CaseAction.APPROVE and kind in WITH_RETURN:
        return CaseState.AWAITING_RETURN
    return ACTIONS[action].to


def why_not(kind: CaseKind, state: CaseState, action: CaseAction) -> Reason | None:
    """What is in the way of the action; None when nothing is."""
    rule = ACTIONS[action]
    if kind not in rule.kinds:
        return Reason("WRONG_KIND", Sentence("It is {kind}.", {"kind": KIND_WORDS[kind]}))
    if state not in rule.of:
        return Reason("WRONG_STATE", Sentence("It is {state}.", {"state": STATE_WORDS[state]}))
    return None


def case_transitions_of(kind: CaseKind, state: CaseState) -> list[CaseTransition]:
    """Every action that somebody can take: whether it can be done with such a case, and why the rest cannot."""
    return [
        CaseTransition(each, leads_to(kind, each), rule.effect, why_not(kind, state, each))
        for each, rule in ACTIONS.items()
        if each not in BY_THE_CLOCK
    ]


def deadline_of(state: CaseState) -> timedelta | None:
    """How long a case may stay in a state before the clock moves it on."""
    return {
        _S.REQUESTED: ANSWER_WITHIN,
        _S.AWAITING_RETURN: SEND_BACK_WITHIN,
        _S.REFUNDED: CLOSE_AFTER,
        _S.EXCHANGED: CLOSE_AFTER,
    }.get(state)


KIND_WORDS: Mapping[CaseKind, Sentence] = {
    _K.REFUND_ONLY: Sentence("about a refund alone"),
    _K.RETURN_REFUND: Sentence("about a return and a refund"),
    _K.EXCHANGE: Sentence("about an exchange"),
    _K.REISSUE: Sentence("about sending it again"),
}
STATE_WORDS: Mapping[CaseState, Sentence] = {
    _S.REQUESTED: Sentence("waiting for an answer"),
    _S.OVERDUE: Sentence("overdue for an answer"),
    _S.APPROVED: Sentence("approved"),
    _S.DECLINED: Sentence("declined"),
    _S.AWAITING_RETURN: Sentence("waiting for the buyer to send it back"),
    _S.IN_TRANSIT: Sentence("on its way back"),
    _S.RECEIVED: Sentence("received"),
    _S.INSPECTED: Sentence("inspected"),
    _S.REFUNDED: Sentence("refunded"),
    _S.EXCHANGED: Sentence("sent anew"),
    _S.CLOSED: Sentence("closed"),
    _S.CANCELLED: Sentence("cancelled"),
}
