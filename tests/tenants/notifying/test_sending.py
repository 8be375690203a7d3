"""Messages on their way: sent, waiting, gathered, merged, failed; each once, and nothing lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoa import settings as settings_module
from stoa.kit import clock
from stoa.kit.ids import new_id
from stoa.kit.messaging import Channel
from stoa.settings import Settings
from stoa.tenants import steering
from stoa.tenants.bulk.events import BulkRunEnded
from stoa.tenants.context import Actor
from stoa.tenants.database import platform_transaction, shop_transaction
from stoa.tenants.models import Account, Membership
from stoa.tenants.notifying import digesting, preferences, rules, sending
from stoa.tenants.notifying.errors import NoSuchNotification, NotToBeSentAgain
from stoa.tenants.notifying.models import Digest
from stoa.tenants.notifying.sweeping import forget_old, plan_missed_digests
from stoa.tenants.outbox import enqueue, publish
from stoa.tenants.reporting.events import ReportEnded
from stoa.workers import ledger
from stoa.workers.reactions import JOBS
from tests import make
from tests.fakes.mail_server import MailServer, mail_server
from tests.tenants.notifying.days import NOON, Day, later


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[MailServer]:
    """Mail goes over the wire, to a server that does as it is told."""
    async with mail_server() as listening:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STOA_SMTP_URL", listening.url)
            settings_module.settings.cache_clear()
            yield listening
        settings_module.settings.cache_clear()


def reasons(rows: list[dict[str, Any]]) -> list[str]:
    return [str(each["reason"]) for each in rows]


# Quiet hours ----------------------------------------------------------------------------------------------------------


async def test_in_quiet_hours_mail_waits_and_the_app_does_not(day: Day) -> None:
    await preferences.prefer(day.ctx, {"quiet_from": "05:00", "quiet_until": "08:00", "time_zone": "Asia/Shanghai"})

    with later(hours=18):  # 06:00 in Shanghai
        order = await make.order(day.ctx)
        await day.work()
        [mail] = await day.messages(channel="MAIL")
        assert (mail["state"], mail["due_at"]) == ("WAITING", NOON + timedelta(hours=20))
        assert "quiet hours" in mail["reason"]
        assert [each["state"] for each in await day.messages(channel="IN_APP")] == ["SENT"]
    with later(hours=19, minutes=59):
        await day.work()
        assert await day.letters() == []
    with later(hours=20):
        await day.work()
        [letter] = await day.letters()
        assert f"order {order.number}" in letter.subject
        assert letter.at == NOON + timedelta(hours=20)
        [mail] = await day.messages(channel="MAIL")
        assert (mail["state"], mail["reason"], mail["due_at"]) == ("SENT", None, None)


async def test_who_wants_quiet_later_than_it_was_planned_is_left_alone(day: Day) -> None:
    """Wishes are looked at when it is sent, not when it was written."""
    await preferences.prefer(day.ctx, {"quiet_from": "12:00", "quiet_until": "13:00", "time_zone": "Asia/Shanghai"})
    await make.order(day.ctx)
    await day.work()
    await preferences.prefer(day.ctx, {"quiet_from": "12:00", "quiet_until": "14:00"})

    with later(hours=1):
        await day.work()
        assert await day.letters() == []
    with later(hours=2):
        await day.work()
        assert len(await day.letters()) == 1


# Digests --------------------------------------------------------------------------------------------------------------


async def test_a_digest_merges_what_came_until_its_slot(day: Day) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    orders = [await make.order(day.ctx) for _ in range(3)]
    await day.work()
    assert await day.states() == ["GATHERED"] * 3
    assert await day.letters() == []

    with later(hours=1):
        await day.work()

    [letter] = await day.letters()
    assert letter.subject == "3 messages from Stoa Poikile"
    assert all(f"New order {each.number} waits for you" in letter.text for each in orders)
    assert sorted(await day.states()) == ["MERGED", "MERGED", "MERGED", "SENT"]
    [digest] = await day.messages(notice="digest")
    assert {each["digest_id"] for each in await day.messages(state="MERGED")} == {digest["id"]}


async def test_a_slot_is_sent_once_however_often_its_job_is_done(day: Day) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await make.order(day.ctx)
    await day.work()

    with later(hours=1):
        await day.work()
        [job] = await day.owner.fetch(
            "SELECT id FROM platform.job WHERE shop_schema = $1 AND name = 'notifications.digest'", day.ctx.shop.schema
        )
        await day.deliver(job["id"])
        await day.work()
        async with shop_transaction():
            await digesting.send_digest(day.ctx, str(day.ctx.actor.id), Channel.MAIL, clock.now())
        await day.work()

    assert [each.subject for each in await day.letters()] == ["1 message from Stoa Poikile"]


async def test_what_comes_after_a_slot_is_in_the_next(day: Day) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    for hour in range(2):
        with later(hours=hour, minutes=30):
            await make.order(day.ctx)
            await day.work()
    with later(hours=2):
        await day.work()

    assert [each.at for each in await day.letters()] == [
        NOON + timedelta(hours=1, minutes=30),
        NOON + timedelta(hours=2),
    ]


async def test_a_digest_that_was_missed_is_made_up_for(day: Day) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await make.order(day.ctx)
    await day.work()
    await day.owner.execute("DELETE FROM platform.job WHERE name = 'notifications.digest'")  # a restored backup

    with later(hours=1, minutes=6):
        async with platform_transaction():
            await plan_missed_digests()
        await day.work()

    assert len(await day.letters()) == 1


async def test_a_long_digest_names_fifty_and_counts_the_rest(day: Day) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await make.order(day.ctx)
    await day.work()
    [row] = await day.messages(channel="MAIL")
    names = [name for name in row if name not in ("id", "event_id")]
    listed = ", ".join(names)
    await day.owner.execute(
        f"INSERT INTO platform.notification (id, event_id, {listed}) SELECT gen_random_uuid(), gen_random_uuid(), {listed} "
        "FROM platform.notification, generate_series(1, 52) WHERE id = $1",
        row["id"],
    )

    with later(hours=1):
        await day.work()

    [letter] = await day.letters()
    assert letter.subject == "53 messages from Stoa Poikile"
    assert letter.text.endswith("and 3 more, all of them in the app.")
    assert letter.text.count("• ") == 50


async def test_a_digest_leaves_out_what_its_reader_may_not_see_any_more(day: Day) -> None:
    person = await make.member(day.ctx.shop, role="MANAGER")
    theirs = replace(day.ctx, actor=Actor("account", person.id, person.name))
    await preferences.prefer(theirs, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await told_managers_of_a_report_and_a_run(day)
    await Membership.filter(account_id=person.id).update(role="STAFF")

    with later(hours=1):
        await day.work()

    [letter] = [each for each in await day.letters() if person.email in each.to]
    assert letter.subject == "1 message from Stoa Poikile"
    assert "Bulk run" in letter.text
    [row] = await day.messages(channel="MAIL", account_id=person.id, state="SUPPRESSED")
    assert row["notice"] == "report_ended"
    assert "may not see what it is about any more" in row["reason"]


async def test_a_digest_leaves_out_what_its_reader_does_not_want_any_more(day: Day) -> None:
    person = await make.member(day.ctx.shop, role="MANAGER")
    theirs = replace(day.ctx, actor=Actor("account", person.id, person.name))
    await preferences.prefer(theirs, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await told_managers_of_a_report_and_a_run(day)
    await preferences.prefer(theirs, {"switches": [preferences.Switch(None, Channel.MAIL, False)]})

    with later(hours=1):
        await day.work()

    assert [each for each in await day.letters() if person.email in each.to] == []
    rows = await day.messages(channel="MAIL", account_id=person.id)
    assert [(row["notice"], row["state"]) for row in rows] == [
        ("report_ended", "SUPPRESSED"),
        ("bulk_ended", "SUPPRESSED"),
    ]


async def test_a_digest_that_waits_is_not_sent_to_who_may_not_see_all_of_it_any_more(
    day: Day, server: MailServer
) -> None:
    person = await make.member(day.ctx.shop, role="MANAGER")
    theirs = replace(day.ctx, actor=Actor("account", person.id, person.name))
    await preferences.prefer(theirs, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await told_managers_of_a_report_and_a_run(day)
    with later(hours=1):
        await day.work_one("notifications.digest")
        await Membership.filter(account_id=person.id).update(role="STAFF")
        await day.work()

    [digest] = await day.messages(notice="digest")
    assert digest["state"] == "SUPPRESSED"
    assert "may not see what it is about any more" in digest["reason"]


async def told_managers_of_a_report_and_a_run(day: Day) -> None:
    """Of two things, of which staff may see the second alone; both are gathered."""
    for notice in ("report_ended", "bulk_ended"):
        draft = rules.RuleDraft(notice, notice, [Channel.MAIL], roles=["MANAGER"], replaces_default=True)
        await rules.create_rule(day.ctx, draft)
    for event in (ReportEnded(new_id(), "Margins", "DONE", True), BulkRunEnded(new_id(), "MUTATION", "FAILED", 9, 3)):
        async with shop_transaction():
            await publish(day.ctx, event)
        await day.work()
    rows = await day.messages(channel="MAIL")
    assert [(row["notice"], row["state"]) for row in rows] == [("report_ended", "GATHERED"), ("bulk_ended", "GATHERED")]


@pytest.mark.parametrize("step", ["merging", "sending"])
async def test_a_digest_does_not_come_in_quiet_hours_that_were_wished_for_meanwhile(day: Day, step: str) -> None:
    await preferences.prefer(day.ctx, {"digests": [(Channel.MAIL, Digest.HOURLY)]})
    await make.order(day.ctx)
    await day.work()
    quiet = {"quiet_from": "12:30", "quiet_until": "15:00", "time_zone": "Asia/Shanghai"}
    with later(hours=1):
        if step == "sending":
            await day.work_one("notifications.digest")
        await preferences.prefer(day.ctx, quiet)
        await day.work()
        assert await day.letters() == []
    with later(hours=2, minutes=59):
        await day.work()
        assert await day.letters() == []

    with later(hours=3):
        await day.work()
    assert [each.subject for each in await day.letters()] == ["1 message from Stoa Poikile"]


# The cap --------------------------------------------------------------------------------------------------------------


async def test_beyond_the_cap_messages_go_into_a_digest_and_none_is_lost(day: Day) -> None:
    await preferences.prefer(day.ctx, {"caps": [(Channel.MAIL, 2)]})
    for _ in range(5):
        await make.order(day.ctx)

    await day.work()
    assert sorted(await day.states()) == ["GATHERED", "GATHERED", "GATHERED", "SENT", "SENT"]
    [capped, *_] = await day.messages(state="GATHERED")
    assert '"count": 2' in capped["reason"]
    with later(hours=1):
        await day.work()

    assert [each.subject for each in await day.letters()][2:] == ["3 messages from Stoa Poikile"]
    assert sorted(await day.states()) == ["MERGED"] * 3 + ["SENT"] * 3
    with later(hours=1, minutes=1):
        await make.order(day.ctx)
        await day.work()
    assert len(await day.letters()) == 4


# Failing --------------------------------------------------------------------------------------------------------------


async def test_mail_goes_over_the_wire_once(day: Day, server: MailServer) -> None:
    order = await make.order(day.ctx)
    await day.work()

    [mail] = server.mails
    assert mail["Subject"] == f"New order {order.number} waits for you: €39.98"
    [row] = await day.messages(channel="MAIL")
    assert row["external_id"] == mail["Message-ID"]


async def test_a_server_that_is_busy_is_asked_again_with_the_same_id(day: Day, server: MailServer) -> None:
    server.says_to_mail = "451 later"
    await make.order(day.ctx)
    await day.work()
    assert await day.states() == ["SENDING"]
    [job] = await jobs(day, "notifications.send")
    assert (job["state"], job["failures"]) == ("QUEUED", 1)

    server.says_to_mail = ""
    with later(minutes=1):
        await day.work()

    assert await day.states() == ["SENT"]
    assert len(server.mails) == 1


async def test_a_worker_that_dies_after_sending_sends_the_same_mail_again(day: Day, server: MailServer) -> None:
    """Nobody can know whether it left; so it leaves again as the same one, which mail programs show once."""
    await make.order(day.ctx)
    await day.work()
    await day.owner.execute("UPDATE platform.notification SET state = 'SENDING' WHERE channel = 'MAIL'")
    [job] = await jobs(day, "notifications.send")

    await day.deliver(job["id"])

    first, again = [mail["Message-ID"] for mail in server.mails]
    assert first == again
    assert await day.states() == ["SENT"]


async def test_an_address_that_is_refused_has_failed_and_says_why(day: Day, server: MailServer) -> None:
    server.says_to_recipient = "550 no such user"
    await make.order(day.ctx)
    await day.work()

    [row] = await day.messages(channel="MAIL")
    assert row["state"] == "FAILED"
    assert row["failure"].startswith("The mail server refused: 550")
    [job] = await jobs(day, "notifications.send")
    assert (job["state"], job["failures"]) == ("DEAD", 1)


async def test_what_nobody_answers_for_has_failed_after_eight_tries(day: Day, server: MailServer) -> None:
    server.says_to_mail = "451 internal: host 10.0.0.1"
    await make.order(day.ctx)
    for minutes in range(8):
        with later(minutes=minutes):
            await day.work()

    [row] = await day.messages(channel="MAIL")
    assert (row["state"], row["failure"]) == ("FAILED", "Nobody answered, however often it was tried.")
    [job] = await jobs(day, "notifications.send")
    assert (job["state"], job["failures"]) == ("DEAD", 8)


async def test_a_message_whose_job_is_cancelled_says_so(day: Day) -> None:
    await make.order(day.ctx)
    await day.work_one("notifications.fan_out")
    [job] = await jobs(day, "notifications.send")
    await steering.cancel_job(day.ctx, job["id"])

    await ledger.bury_cancelled(day.owner, "notifications", JOBS)
    await day.work()

    [row] = await day.messages(channel="MAIL")
    assert (row["state"], row["failure"]) == ("FAILED", "It was cancelled.")


async def test_what_failed_can_be_sent_again(day: Day, server: MailServer) -> None:
    server.says_to_recipient = "550 no such user"
    await make.order(day.ctx)
    await day.work()
    [row] = await day.messages(channel="MAIL")
    server.says_to_recipient = ""

    await sending.send_again(day.ctx, row["id"])
    await day.work()

    [row] = await day.messages(channel="MAIL")
    assert (row["state"], row["failure"]) == ("SENT", None)
    assert len(server.mails) == 1
    with pytest.raises(NotToBeSentAgain, match="it is SENT"):
        await sending.send_again(day.ctx, row["id"])
    with pytest.raises(NoSuchNotification):
        await sending.send_again(day.ctx, new_id())


async def test_who_has_left_the_shop_is_sent_nothing_any_more(day: Day) -> None:
    person = await make.member(day.ctx.shop, role="STAFF")
    await make.order(day.ctx)
    await day.work_one("notifications.fan_out")
    await Membership.filter(account_id=person.id).delete()

    await day.work()

    [row] = await day.messages(channel="MAIL", account_id=person.id)
    assert row["state"] == "SUPPRESSED"
    assert "works here no more" in row["reason"]
    assert len(await day.letters()) == 1  # the owner's


async def test_who_has_lost_the_right_to_see_it_is_sent_nothing(day: Day) -> None:
    person = await make.member(day.ctx.shop, role="MANAGER")
    draft = rules.RuleDraft("report_ended", "By mail", [Channel.MAIL], roles=["OWNER", "MANAGER"])
    await rules.create_rule(day.ctx, draft)
    async with shop_transaction():
        await publish(day.ctx, ReportEnded(new_id(), "Margins", "DONE", True))
    await day.work_one("notifications.fan_out")
    await Membership.filter(account_id=person.id).update(role="STAFF")

    await day.work()

    [row] = await day.messages(channel="MAIL", account_id=person.id)
    assert row["state"] == "SUPPRESSED"
    assert "may not see what it is about any more" in row["reason"]
    assert len(await day.letters()) == 1  # the owner's


async def test_it_goes_where_the_recipient_is_reached_when_it_is_sent(day: Day) -> None:
    """A number or a mail address that was changed in the night gets what waits for the morning."""
    await preferences.prefer(day.ctx, {"reached_by": [(Channel.SMS, "+8613800138000")]})
    draft = rules.RuleDraft("order_waits", "By text message", [Channel.SMS], roles=["OWNER"])
    await rules.create_rule(day.ctx, draft)
    await make.order(day.ctx)
    await day.work_one("notifications.fan_out")
    await preferences.prefer(day.ctx, {"reached_by": [(Channel.SMS, "+8613900139000")]})
    await Account.filter(id=day.ctx.actor.id).update(email="zeno@new.example")

    await day.work()

    assert [letter.to for letter in await day.letters("sms")] == ["+8613900139000"]
    assert [letter.to for letter in await day.letters()] == ["Zeno of Citium <zeno@new.example>"]
    assert [each["address"] for each in await day.messages(channel="MAIL")] == ["zeno@new.example"]


async def test_mail_goes_to_the_address_of_the_account_whatever_was_once_said(day: Day) -> None:
    await preferences.prefer(day.ctx, {})
    await day.owner.execute(
        """UPDATE platform.notification_preference SET reached_by = '{"MAIL": "somebody@else.example"}'
        WHERE account_id = $1""",
        day.ctx.actor.id,
    )
    account = await Account.get(id=day.ctx.actor.id)
    await make.order(day.ctx)

    await day.work()

    assert [each["address"] for each in await day.messages(channel="MAIL")] == [account.email]


async def test_a_second_job_of_a_message_leaves_it_to_the_one_that_has_begun_it(day: Day, server: MailServer) -> None:
    server.says_to_mail = "451 later"
    await make.order(day.ctx)
    await day.work()
    [row] = await day.messages(channel="MAIL", state="SENDING")
    server.says_to_mail = ""

    async with shop_transaction():
        payload = {"message_id": str(row["id"])}
        second = await enqueue(day.ctx, "notifications.send", payload, kind="notifications", max_attempts=8)
    await day.deliver(second)
    assert await day.states() == ["SENDING"]
    assert server.mails == []

    with later(minutes=1):
        await day.work()
    assert await day.states() == ["SENT"]
    assert len(server.mails) == 1


# Other channels -------------------------------------------------------------------------------------------------------


async def test_a_person_is_reached_by_whatever_channel_they_say(day: Day) -> None:
    reached = [(Channel.SMS, "+86 138-0013-8000"), (Channel.WECHAT, "693a91f6-7xxx-4bc4"), (Channel.QQ, "12345678")]
    await preferences.prefer(day.ctx, {"reached_by": reached})
    await Account.filter(id=day.ctx.actor.id).update(locale="zh")
    draft = rules.RuleDraft(
        "order_waits",
        "Everywhere",
        [Channel.SMS, Channel.WECHAT, Channel.QQ, Channel.WEBHOOK],
        roles=["OWNER"],
        replaces_default=True,
    )
    await rules.create_rule(day.ctx, draft)
    order = await make.order(day.ctx)

    await day.work()

    [sms], [wechat], [qq] = [await day.letters(each) for each in ("sms", "wechat", "qq")]
    title = f"【Stoa Poikile】新订单 {order.number} 等待您确认：€39.98"
    assert (sms.to, sms.text) == ("+8613800138000", title)
    assert wechat.text.startswith(f"{title}\n订单 {order.number}")
    assert qq.to == "12345678"
    [nowhere] = await day.messages(channel="WEBHOOK")
    assert nowhere["state"] == "SUPPRESSED"
    assert "has not said where" in nowhere["reason"]
    assert await day.letters() == []


async def test_messages_of_long_ago_are_forgotten(day: Day) -> None:
    await make.order(day.ctx)
    await day.work()
    written = datetime.now(UTC)  # what ids begin with
    with clock.set_to(written + timedelta(days=179)):
        async with platform_transaction():
            await forget_old()
    assert len(await day.messages()) == 2

    with clock.set_to(written + timedelta(days=181)):
        async with platform_transaction():
            await forget_old()
    assert await day.messages() == []


async def jobs(day: Day, name: str) -> list[Any]:
    return list(
        await day.owner.fetch(
            "SELECT * FROM platform.job WHERE shop_schema = $1 AND name = $2 ORDER BY id", day.ctx.shop.schema, name
        )
    )
