"""Passwords."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher

from stoa.tenants.access.errors import WeakPassword
from stoa.tenants.access.passwords import check_password, hash_password, is_outdated, is_right
from tests.tenants.access.people import PASSWORD, WRONG

EMAIL = "cleanthes@example.com"


@pytest.mark.parametrize(
    "password",
    [
        *("password123!", "Password2026", "P@ssw0rd1234", "1234567890", "0987654321", "13800138000", "19870512"),
        *("qwertyuiop", "poiuytrewq", "asdfghjklzx", "1qaz2wsx3edc", "aaaaaaaaaaaa", "abcabcabcabc", "1212121212"),
        *(
            "iloveyou2024",
            "woaini1314520",
            "Administrator1",
            "abcdefghij",
            "short",
            "",
            " " * 12,
            "ｐａｓｓｗｏｒｄ１２３",
        ),
        *(EMAIL, EMAIL.upper(), "cleanthes@example.com", "x" * 201, "字" * 9),
    ],
)
async def test_what_a_thief_tries_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(password, email=EMAIL)

    assert refused.value.path == ("password",)
    assert refused.value.code == "WEAK_PASSWORD"
    assert not password or password not in refused.value.message


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "9f3k-20cn-1mx8",
        "中午在柱廊下吃橄榄和无花果",
        "Tr0ub4dor&3x",
        "7310954826150937",
        "k" + "olive fig " * 19,
    ],
)
async def test_a_password_of_some_length_is_taken(password: str) -> None:
    check_password(password, email=EMAIL)


async def test_the_name_before_the_at_sign_is_no_password() -> None:
    with pytest.raises(WeakPassword, match="is your e-mail"):
        check_password("Chrysippus.of.Soli", email="chrysippus.of.soli@example.com")


async def test_the_hash_says_how_it_was_made() -> None:
    kept = await hash_password(PASSWORD)

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(kept) <= 200
    assert not is_outdated(kept)


async def test_the_same_password_never_has_the_same_hash() -> None:
    assert await hash_password(PASSWORD) != await hash_password(PASSWORD)


async def test_the_right_password_fits_and_a_wrong_one_does_not() -> None:
    kept = await hash_password(PASSWORD)

    assert await is_right(PASSWORD, kept)
    assert not await is_right(WRONG, kept)
    assert not await is_right("", kept)
    assert not await is_right("\ud800 not a letter", kept)


async def test_full_width_letters_are_the_same_password() -> None:
    kept = await hash_password("olives 2026 ok")

    assert await is_right("ｏｌｉｖｅｓ ２０２６ ｏｋ", kept)


async def test_where_nothing_is_kept_no_password_is_right() -> None:
    assert not await is_right(PASSWORD, None)
    assert not await is_right("whoever finds out what this is the hash of is still not signed in", None)
    assert not await is_right(PASSWORD, "not a hash")


async def test_what_follows_after_the_longest_password_is_not_ignored() -> None:
    longest = "k" + "olive fig " * 19 + "123456789"
    kept = await hash_password(longest)

    assert await is_right(longest, kept)
    assert not await is_right(longest + "!", kept)


async def test_a_hash_of_other_parameters_is_outdated_but_fits() -> None:
    kept = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)

    assert is_outdated(kept)
    assert await is_right(PASSWORD, kept)


async def test_many_passwords_at_once_leave_the_event_loop_free() -> None:
    """While twelve are being hashed the loop goes round: hashing is somewhere else."""
    work = [asyncio.create_task(hash_password(PASSWORD)) for _ in range(12)]
    rounds = 0
    while not all(task.done() for task in work):
        await asyncio.sleep(0)
        rounds += 1

    assert rounds > len(work)
    assert len({task.result() for task in work}) == 12
