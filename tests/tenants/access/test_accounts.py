"""Accounts."""

from __future__ import annotations

import asyncio

import pytest

from stoa.kit.clock import set_to
from stoa.kit.errors import InvalidInput, Taken
from stoa.tenants.access.accounts import sign_up
from stoa.tenants.access.errors import WeakPassword
from stoa.tenants.access.passwords import is_right
from stoa.tenants.models import Account
from tests.tenants.access.people import NOON, PASSWORD, new_email, person


async def test_signing_up_makes_an_account(database: None) -> None:
    with set_to(NOON):
        made = await sign_up("Zeno.Stoic@Stoa.Example", PASSWORD, name="  Zeno   of Citium ", locale="zh")

    account = await Account.get(id=made.id)
    assert account.email == "Zeno.Stoic@stoa.example"
    assert account.email_key == "zeno.stoic@stoa.example"
    assert (account.name, account.locale, account.created_at) == ("Zeno of Citium", "zh", NOON)
    assert account.password_hash is not None
    assert PASSWORD not in account.password_hash
    assert await is_right(PASSWORD, account.password_hash)


async def test_an_e_mail_belongs_to_one_person_however_it_is_written(database: None) -> None:
    first = await person("diogenes@stoa.example")

    with pytest.raises(Taken) as refused:
        await sign_up("DIOGENES@Stoa.Example", "another long password", name="Diogenes")

    assert refused.value.path == ("email",)
    kept = await Account.filter(email_key="diogenes@stoa.example")
    assert [account.id for account in kept] == [first.id]
    assert kept[0].password_hash == first.password_hash


async def test_of_two_sign_ups_at_the_same_moment_one_is_taken(database: None) -> None:
    email = new_email()

    answers = await asyncio.gather(
        *(sign_up(email, PASSWORD, name="Somebody") for _ in range(4)), return_exceptions=True
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Account", "Taken", "Taken", "Taken"]
    assert await Account.filter(email_key=email).count() == 1


async def test_an_address_in_chinese_is_an_address(database: None) -> None:
    account = await person("张三@例子.中国")

    assert account.email_key == "张三@例子.中国"


@pytest.mark.parametrize(
    "email",
    ["", "zeno", "zeno@", "@example.com", "zeno@localhost", "a b@example.com", "a\x00@example.com", "a\ud800@b.com"],
)
async def test_what_is_no_e_mail_is_refused(database: None, email: str) -> None:
    before = await Account.all().count()

    with pytest.raises(InvalidInput) as refused:
        await sign_up(email, PASSWORD, name="Zeno")

    assert refused.value.path == ("email",)
    assert await Account.all().count() == before


async def test_an_endless_e_mail_is_refused_without_being_read(database: None) -> None:
    with pytest.raises(InvalidInput, match="^.{0,90} is not an e-mail address.$"):
        await sign_up("a" * 1_000_000 + "@example.com", PASSWORD, name="Zeno")


async def test_a_weak_password_makes_no_account(database: None) -> None:
    email = new_email()

    with pytest.raises(WeakPassword):
        await sign_up(email, email, name="Zeno")

    assert not await Account.filter(email_key=email).exists()


@pytest.mark.parametrize(
    ("name", "locale", "field"), [("", "en", "name"), ("x" * 121, "en", "name"), ("Zeno", "fr", "locale")]
)
async def test_name_and_language_are_checked(database: None, name: str, locale: str, field: str) -> None:
    email = new_email()

    with pytest.raises(InvalidInput) as refused:
        await sign_up(email, PASSWORD, name=name, locale=locale)

    assert refused.value.path == (field,)
    assert not await Account.filter(email_key=email).exists()
