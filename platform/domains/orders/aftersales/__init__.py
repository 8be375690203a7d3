"""After-sale cases: what went wrong, and what becomes of it."""

from stoa.domains.orders.aftersales.answering import approve_case, cancel_case, case_is_due, close_case, decline_case
from stoa.domains.orders.aftersales.opening import CaseDraft, CasePieces, CaseReason, Contact, ContactKind, open_case
from stoa.domains.orders.aftersales.picturing import PictureLink, open_picture, picture_links
from stoa.domains.orders.aftersales.returning import Inspected, inspect_case, receive_case, send_case_back
from stoa.domains.orders.aftersales.settling import Sent, refund_case, send_case_anew
from stoa.domains.orders.aftersales.states import CaseAction, case_transitions_of

__all__ = [
    "CaseAction",
    "CaseDraft",
    "CasePieces",
    "CaseReason",
    "Contact",
    "ContactKind",
    "Inspected",
    "PictureLink",
    "Sent",
    "approve_case",
    "cancel_case",
    "case_is_due",
    "case_transitions_of",
    "close_case",
    "decline_case",
    "inspect_case",
    "open_case",
    "open_picture",
    "picture_links",
    "receive_case",
    "refund_case",
    "send_case_anew",
    "send_case_back",
]
