"""Sessions: the browsers in which a person is signed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.errors import NotFound
from stoa.tenants.access.identifying import IDLE, remembered
from stoa.tenants.access.opaque import hash_of, is_session_secret, new_session_secret
from stoa.tenants.models import Session

LIFETIME: Final = timedelta(days=30)  # then one signs in again, however busy; unused, a session ends after IDLE
_ADDRESS_LIMIT, _USER_AGENT_LIMIT = 45, 200


async def open_session(account_id: UUID, *, address: str, user_agent: str) -> tuple[Session, str]:
    """A new session and its secret, which exists nowhere else: only the hash is kept."""
    secret, moment = new_session_secret(), now()
    session = await Session.create(
        account_id=account_id,
        secret_hash=hash_of(secret),
        address=_printable(address, _ADDRESS_LIMIT),
        user_agent=_printable(user_agent, _USER_AGENT_LIMIT),
        created_at=moment,
        seen_at=moment,
        expires_at=moment + LIFETIME,
    )
    return session, secret


async def sessions_of(account_id: UUID) -> list[Session]:
    """Where the person is signed in, the latest first."""
    moment = now()
    live = Session.filter(account_id=account_id, expires_at__gt=moment, seen_at__gt=moment - IDLE)
    return await live.order_by("-id")


async def sign_out(session_id: UUID) -> None:
    """End the session the request came with; ending it twice changes nothing."""
    session = await Session.get_or_none(id=session_id)
    if session is not None:
        await session.delete()
        remembered.forget(_account_of(session))


async def end_session(account_id: UUID, session_id: UUID) -> None:
    """End one of the person's sessions, on whichever device. Refuses with `NotFound`, also for somebody else's."""
    if not await Session.filter(id=session_id, account_id=account_id).delete():
        raise NotFound("You have no such session.", path=["id"])
    remembered.forget(account_id)


async def end_by_secret(secret: str) -> None:
    """End the session that a browser brings along when it signs in anew; nothing happens when there is none."""
    if is_session_secret(secret):
        session = await Session.get_or_none(secret_hash=hash_of(secret))
        if session is not None:
            await sign_out(session.id)


async def sign_out_everywhere(account_id: UUID, *, but: UUID | None = None) -> int:
    """End all the person's sessions (`but` one, if given) at once, everywhere. How many there were.

    API tokens are not sessions: programs go on until their tokens are revoked.
    """
    sessions = Session.filter(account_id=account_id)
    ended = await (sessions.exclude(id=but) if but else sessions).delete()
    remembered.forget(account_id)
    return ended


def _account_of(session: Session) -> UUID:
    return session.account_id  # type: ignore[attr-defined, no-any-return]  # Tortoise adds the column of the relation


def _printable(text: str, limit: int) -> str:
    return "".join(letter for letter in text[:limit] if letter.isprintable())
