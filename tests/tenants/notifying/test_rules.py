"""Rules of the shop's own, beside the default or instead of it."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.kit.errors import InvalidInput, NotFound, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.messaging import Channel
from stoa.tenants.context import Context, open_shop
from stoa.tenants.notifying import preferences, rules, templates
from stoa.tenants.notifying.errors import (
    DefaultReplaced,
    NoSuchNotice,
    NoSuchNotificationRule,
    NoSuchTemplate,
    NotificationRuleChanged,
    TemplateChanged,
    TemplateInUse,
    UnknownVariable,
)
from stoa.tenants.notifying.models import NotificationRule
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.tenants.notifying.days import Day

DRAFT = rules.RuleDraft("order_waits", "The night shift", [Channel.MAIL], roles=["STAFF"])
STRANGER = {"channel": "MAIL", "to": "warehouse@example.com", "locale": "zh"}


def draft(**changes: Any) -> rules.RuleDraft:
    return rules.RuleDraft(**{"notice": "order_waits", "name": "Mine", "channels": [Channel.MAIL], **changes})


async def told(day: Day) -> list[tuple[str, str]]:
    await make.order(day.ctx)
    await day.work()
    return sorted((each["recipient"], each["channel"]) for each in await day.messages())


async def test_a_rule_holds_beside_the_default(day: Day) -> None:
    me = str(day.ctx.actor.id)
    await rules.create_rule(day.ctx, draft(addresses=[STRANGER]))

    assert await told(day) == sorted([(me, "IN_APP"), (me, "MAIL"), ("warehouse@example.com", "MAIL")])
    [letter] = [each for each in await day.letters() if each.to == "warehouse@example.com"]
    assert letter.subject.startswith("新订单")


async def test_two_rules_that_mean_the_same_person_are_two_messages(day: Day) -> None:
    """One message for each event, rule, recipient and channel: a rule of one's own is meant."""
    await rules.create_rule(day.ctx, draft(roles=["OWNER"]))

    assert [channel for _, channel in await told(day)] == ["IN_APP", "MAIL", "MAIL"]


async def test_a_rule_can_take_the_place_of_the_default_and_give_it_back(day: Day) -> None:
    row = await rules.create_rule(day.ctx, draft(roles=["OWNER"], replaces_default=True, is_active=False))
    assert await told(day) == []

    await rules.update_rule(day.ctx, row.id, {"is_active": True})
    assert [channel for _, channel in await told(day)] == ["MAIL"]

    await rules.delete_rule(day.ctx, row.id)
    assert len(await told(day)) == 3


async def test_only_one_rule_takes_the_place_of_a_default(day: Day) -> None:
    await rules.create_rule(day.ctx, draft(replaces_default=True))
    await rules.create_rule(day.ctx, draft(notice="stock_low", replaces_default=True))

    with pytest.raises(DefaultReplaced):
        await rules.create_rule(day.ctx, draft(replaces_default=True))

    assert len(await _rules(day.ctx)) == 2


async def test_members_can_be_named_but_are_told_only_what_they_may_see(day: Day) -> None:
    clerk = await make.member(day.ctx.shop, role="STAFF")
    accountless = await make.member(day.ctx.shop, role="VIEWER")
    await rules.create_rule(
        day.ctx,
        draft(notice="job_dead", members=[clerk.id, accountless.id, clerk.id], replaces_default=True),
    )
    row = await rules.create_rule(day.ctx, draft(members=[clerk.id], replaces_default=True))
    assert row.members == [str(clerk.id)]

    assert await told(day) == [(str(clerk.id), "MAIL")]


async def test_a_rule_is_edited_with_its_version(day: Day) -> None:
    row = await rules.create_rule(day.ctx, DRAFT)

    edited = await rules.update_rule(
        day.ctx, row.id, {"name": " Night  shift ", "channels": [Channel.SMS, Channel.IN_APP]}, expected_version=1
    )

    assert (edited.name, edited.channels, edited.version) == ("Night shift", ["IN_APP", "SMS"], 2)
    await rules.update_rule(day.ctx, row.id, {"name": "Night shift"}, expected_version=2)
    assert [each.version for each in await _rules(day.ctx)] == [2]
    with pytest.raises(NotificationRuleChanged):
        await rules.update_rule(day.ctx, row.id, {"name": "Day shift"}, expected_version=1)
    assert list(await EventRow.all().order_by("id").values_list("name", flat=True)) == [
        "NotificationRuleCreated",
        "NotificationRuleEdited",
    ]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"name": " "}, [("name",)]),
        ({"channels": []}, [("channels",)]),
        ({"roles": ["KING"]}, [("roles", 0, "role")]),
        (
            {
                "addresses": [
                    {"channel": "MAIL", "to": "nobody"},
                    {"channel": "SMS", "to": "12"},
                    {"channel": "WECHAT", "to": "?"},
                    {"channel": "QQ", "to": "me"},
                    {"channel": "WEBHOOK", "to": "ftp://files.example/"},
                    {"channel": "IN_APP", "to": "me"},
                    {"channel": "MAIL", "to": "a@b.example", "locale": "xx"},
                ]
            },
            [("addresses", i) for i in range(7)],
        ),
        ({"addresses": [STRANGER] * 51}, [("addresses",)]),
    ],
)
async def test_all_that_is_wrong_is_said_at_once(day: Day, changes: Any, paths: list[Any]) -> None:
    with pytest.raises(Refusals) as refused:
        await rules.create_rule(day.ctx, draft(**changes))

    assert [each.path for each in refused.value.refusals] == paths
    assert await _rules(day.ctx) == []


async def test_what_a_rule_names_must_be_there(day: Day, other_ctx: Context) -> None:
    template = await templates.create_template(day.ctx, templates.TemplateDraft("stock_low", "Mine", {}, {}))
    wrong: list[tuple[type[Refusal], dict[str, Any]]] = [
        (NoSuchNotice, {"notice": "weather"}),
        (NotFound, {"members": [other_ctx.actor.id]}),
        (InvalidInput, {"members": [new_id() for _ in range(101)]}),
        (NoSuchTemplate, {"template_id": new_id()}),
        (NoSuchTemplate, {"template_id": template.id}),  # of another notice
    ]
    for refusal, changes in wrong:
        with pytest.raises(refusal):
            await rules.create_rule(day.ctx, draft(**changes))
    assert await _rules(day.ctx) == []


async def test_strangers_find_nothing(day: Day, other_ctx: Context) -> None:
    row = await rules.create_rule(day.ctx, DRAFT)
    template = await templates.create_template(day.ctx, templates.TemplateDraft("stock_low", "Mine", {}, {}))

    with open_shop(other_ctx.shop):
        for call in (
            rules.update_rule(other_ctx, row.id, {"name": "Mine"}),
            rules.delete_rule(other_ctx, row.id),
        ):
            with pytest.raises(NoSuchNotificationRule):
                await call
        for other in (
            templates.update_template(other_ctx, template.id, {"name": "Mine"}),
            templates.delete_template(other_ctx, template.id),
            templates.preview(other_ctx, "stock_low", {}, {}, template_id=template.id),
        ):
            with pytest.raises(NoSuchTemplate):
                await other
    assert [each.name for each in await _rules(day.ctx)] == ["The night shift"]


# Templates ------------------------------------------------------------------------------------------------------------


async def test_a_rule_speaks_by_its_template(day: Day) -> None:
    template = await templates.create_template(
        day.ctx, templates.TemplateDraft("order_waits", "Short", {"en": "#{{ order.number }}!"}, {"en": "", "zh": ""})
    )
    await rules.create_rule(day.ctx, draft(roles=["OWNER"], template_id=template.id, replaces_default=True))

    order = await make.order(day.ctx)
    await day.work()

    [letter] = await day.letters()
    assert (letter.subject, letter.text) == (f"#{order.number}!", f"#{order.number}!")
    with pytest.raises(TemplateInUse, match="The rule Mine speaks by this template"):
        await templates.delete_template(day.ctx, template.id)


async def test_what_a_template_leaves_out_is_said_as_by_default_and_edited_a_language_at_a_time(day: Day) -> None:
    row = await templates.create_template(day.ctx, templates.TemplateDraft("order_waits", "Mine", {"zh": "新单"}, {}))
    assert row.title == {"en": "New order {{ order.number }} waits for you: {{ order.total }}", "zh": "新单"}

    edited = await templates.update_template(day.ctx, row.id, {"title": {"en": "New"}}, expected_version=1)

    assert (edited.title, edited.version) == ({"en": "New", "zh": "新单"}, 2)
    with pytest.raises(TemplateChanged):
        await templates.update_template(day.ctx, row.id, {"name": "x"}, expected_version=1)
    await templates.delete_template(day.ctx, row.id)
    with pytest.raises(NoSuchTemplate):
        await templates.delete_template(day.ctx, row.id)


async def test_an_unknown_variable_is_refused_at_saving_and_named(day: Day) -> None:
    with pytest.raises(Refusals) as refused:
        await templates.create_template(
            day.ctx,
            templates.TemplateDraft(
                "stock_low", "Mine", {"zh": "{{ order.number }}"}, {"en": "{{ stock.available }} {{x}}"}
            ),
        )

    first, second = refused.value.refusals
    assert isinstance(first, UnknownVariable)
    assert (first.path, first.params["name"]) == (("title", "zh"), "order.number")
    assert (second.path, second.params["name"]) == (("body", "en"), "x")


async def test_a_preview_shows_both_languages_and_sends_nothing(day: Day) -> None:
    en, zh = await templates.preview(
        day.ctx, "order_waits", {"en": "<{{ order.number }}> for {{ recipient.name }}"}, {}
    )

    assert (en.locale, en.title) == ("en", "<1001> for Zeno of Citium")
    assert "&lt;1001&gt;" in en.html
    assert (zh.locale, zh.title) == ("zh", "新订单 1001 等待您确认：¥129.00")
    assert await day.messages() == []


async def test_a_preview_can_be_of_the_latest_event(day: Day) -> None:
    await make.order(day.ctx)
    order = await make.order(day.ctx)

    [en, _] = await templates.preview(day.ctx, "order_waits", {}, {}, is_real=True)
    [without, _] = await templates.preview(day.ctx, "stock_low", {}, {}, is_real=True)

    assert (en.title, en.is_real) == (f"New order {order.number} waits for you: €39.98", True)
    assert (without.title, without.is_real) == ("Glass Star Small is running low: 3 left", False)


async def test_the_latest_event_is_looked_for_among_so_many_and_no_further(day: Day) -> None:
    order = await make.order(day.ctx)
    flood = """INSERT INTO {}.event (id, name, subject_id, payload, actor_kind, request_id, happened_at)
      SELECT ('ffffffff-ffff-7fff-8fff-' || lpad(to_hex(n), 12, '0'))::uuid, 'Filler', gen_random_uuid(), '{{}}',
        'system', '', now() FROM generate_series(1, $1) n"""
    [seen, _] = await templates.preview(day.ctx, "order_waits", {}, {}, is_real=True)
    await day.owner.execute(flood.format(day.ctx.shop.schema), templates.MOST_SEARCHED)
    [too_far, _] = await templates.preview(day.ctx, "order_waits", {}, {}, is_real=True)

    assert (seen.title, seen.is_real) == (f"New order {order.number} waits for you: €39.98", True)
    assert (too_far.title, too_far.is_real) == ("New order 1001 waits for you: CN¥129.00", False)


async def test_a_preview_refuses_what_saving_would(day: Day) -> None:
    with pytest.raises(Refusals):
        await templates.preview(day.ctx, "order_waits", {"en": "{{ nothing.here }}"}, {})
    with pytest.raises(NoSuchNotice):
        await templates.preview(day.ctx, "weather", {}, {})


# Preferences ----------------------------------------------------------------------------------------------------------


async def test_preferences_are_kept_and_what_is_left_out_stays(day: Day) -> None:
    switch = preferences.Switch("order_waits", Channel.MAIL, False)
    await preferences.prefer(day.ctx, {"switches": [switch], "quiet_from": "22:00", "quiet_until": "07:30"})

    row = await preferences.prefer(
        day.ctx, {"locale": "zh", "time_zone": "Asia/Shanghai", "urgent_passes": True}, expected_version=2
    )

    assert (row.switches, row.quiet_from, row.quiet_until) == ({"order_waits": {"MAIL": False}}, "22:00", "07:30")
    assert (row.locale, row.time_zone, row.urgent_passes, row.version) == ("zh", "Asia/Shanghai", True, 3)
    await preferences.prefer(day.ctx, {"quiet_from": "", "quiet_until": ""})
    assert [channel for _, channel in await told(day)] == ["IN_APP", "MAIL"]
    [mail] = await day.messages(channel="MAIL")
    assert (mail["state"], mail["locale"]) == ("SUPPRESSED", "zh")
    assert "does not want this" in mail["reason"]
    assert await day.letters() == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"quiet_from": "22:00"}, ("quiet_from",)),
        ({"quiet_from": "22:00", "quiet_until": "25:00"}, ("quiet_until",)),
        ({"digest_at": ""}, ("digest_at",)),
        ({"caps": [(Channel.MAIL, 0)]}, ("caps", 0, "an_hour")),
        ({"caps": [(Channel.MAIL, 1), (Channel.SMS, 1001)]}, ("caps", 1, "an_hour")),
        ({"reached_by": [(Channel.SMS, "nowhere")]}, ("reached_by", 0, "to")),
        ({"reached_by": [(Channel.MAIL, "somebody@else.example")]}, ("reached_by", 0, "to")),
        ({"locale": "xx"}, ("locale",)),
        ({"time_zone": "Mars/Base"}, ("time_zone",)),
    ],
)
async def test_wishes_that_cannot_be_are_refused_and_nothing_is_kept(day: Day, changes: Any, path: Any) -> None:
    with pytest.raises(Refusals) as refused:
        await preferences.prefer(day.ctx, changes)

    assert [each.path for each in refused.value.refusals] == [path]
    assert day.ctx.actor.id is not None
    assert await preferences.preferences_of(day.ctx, day.ctx.actor.id) is None


async def _rules(ctx: Context) -> list[NotificationRule]:
    return await NotificationRule.filter(shop_schema=ctx.shop.schema).order_by("id")
