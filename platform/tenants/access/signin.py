"""Signing in with e-mail and password. (Other ways to prove who one is end in `start_session`, too.)"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from stoa.kit.errors import InvalidInput
from stoa.tenants.access import passwords
from stoa.tenants.access.accounts import read_email
from stoa.tenants.access.browsing import csrf_token
from stoa.tenants.access.errors import SignInFailed
from stoa.tenants.access.sessions import end_by_secret, open_session
from stoa.tenants.access.throttling import (
    PER_ACCOUNT,
    PER_ADDRESS,
    count_try,
    forgive,
    give_back,
    network_of,
)
from stoa.tenants.models import Account, Session


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session. The secret goes into the cookie and nowhere else; the CSRF token to the page's scripts."""

    account: Account
    session: Session
    secret: str
    csrf_token: str


async def sign_in(
    email: str, password: str, *, address: str, user_agent: str, instead_of: str | None = None
) -> SignedIn:
    """Sign in, with a new secret every time; `instead_of` is the secret the browser had, whose session ends.

    Refuses with `SignInFailed`, the same for a wrong password and an unknown e-mail, and with `Throttled` when the
    account or the address tried too often. Both take the same time for either.
    """
    key, network = _key_of(email), network_of(address)
    await count_try(PER_ADDRESS, network)
    await count_try(PER_ACCOUNT, key)
    account = await _who_has(key, password)
    await forgive(PER_ACCOUNT, key)
    await give_back(PER_ADDRESS, network)
    await _renew_hash(account, password)
    return await start_session(account, address=address, user_agent=user_agent, instead_of=instead_of)


async def start_session(account: Account, *, address: str, user_agent: str, instead_of: str | None = None) -> SignedIn:
    """The session of a person who has just proven who they are."""
    session, secret = await open_session(account.id, address=address, user_agent=user_agent)
    if instead_of is not None:
        await end_by_secret(instead_of)
    return SignedIn(account, session, secret, csrf_token(secret))


async def _who_has(key: str, password: str) -> Account:
    account = await Account.get_or_none(email_key=key)
    kept = account.password_hash if account else None
    if not await passwords.is_right(password, kept) or account is None:
        raise SignInFailed
    return account


async def _renew_hash(account: Account, password: str) -> None:
    """Hash again when the parameters have changed since; a password changed in the same moment wins."""
    kept = account.password_hash
    if kept is not None and passwords.is_outdated(kept):
        fresh = await passwords.hash_password(password)
        await Account.filter(id=account.id, password_hash=kept).update(password_hash=fresh)


def _key_of(email: str) -> str:
    """The key of the account, or of what is no e-mail at all: it fails like an unknown one, and is counted like it."""
    try:
        return read_email(email).key
    except InvalidInput:
        # hashed: of any length, and with letters that PostgreSQL refuses to be asked about
        return f"not an e-mail: {sha256(email.encode(errors='surrogatepass')).hexdigest()}"
