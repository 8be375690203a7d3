"""Accounts: people, known by their e-mail."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from tortoise.exceptions import IntegrityError

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Taken, blaming
from stoa.kit.languages import LOCALES, Locale
from stoa.kit.text import clean_line
from stoa.tenants.access.passwords import check_password, hash_password
from stoa.tenants.models import Account

NAME_LIMIT, EMAIL_LIMIT = 120, 254


@dataclass(frozen=True, slots=True)
class Email:
    """An address as it is written to, and the key under which it is one person's only."""

    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person whose wishes have been checked, but who has no account yet."""

    email: Email
    password: str
    name: str
    locale: Locale


def read_email(text: str) -> Email:
    """The e-mail in its normal form. Refuses what cannot be one; asks no name server."""
    try:
        if len(text) > 2 * EMAIL_LIMIT:
            raise EmailNotValidError
        address = validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:  # its words are English; and ours say what matters
        raise InvalidInput("{email!r} is not an e-mail address.", path=["email"], email=text[:80]) from None
    return Email(address, address.lower())


def read_newcomer(email: str, password: str, *, name: str, locale: str = "en") -> Newcomer:
    """Check what a person signs up with. Refuses with `InvalidInput` or `WeakPassword`."""
    read = read_email(email)
    check_password(password, email=read.address)
    with blaming("name"):
        name = clean_line(name, what="name", limit=NAME_LIMIT)
    return Newcomer(read, password, name, read_locale(locale))


def read_locale(text: str) -> Locale:
    for locale in LOCALES:
        if locale == text:
            return locale
    raise InvalidInput(
        "{text!r} is not a language of Stoa; it speaks {locales}.",
        path=["locale"],
        text=text[:20],
        locales=", ".join(LOCALES),
    )


async def account_for(newcomer: Newcomer) -> Account:
    """The row of the account, not saved; hashes the password."""
    return Account(
        email=newcomer.email.address,
        email_key=newcomer.email.key,
        password_hash=await hash_password(newcomer.password),
        name=newcomer.name,
        locale=newcomer.locale,
        created_at=now(),
    )


async def sign_up(email: str, password: str, *, name: str, locale: str = "en") -> Account:
    """An account without a shop. Refuses with `InvalidInput`, `WeakPassword`, or `Taken` for an e-mail in use."""
    account = await account_for(read_newcomer(email, password, name=name, locale=locale))
    try:
        await account.save(force_create=True)
    except IntegrityError:
        raise email_taken(account.email) from None
    return account


def email_taken(email: str) -> Taken:
    return Taken("{taken} has an account already: sign in.", path=["email"], taken=email)
