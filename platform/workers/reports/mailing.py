"""Send the address of a report to those it is for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from uuid import UUID

from stoa.kit.clock import now
from stoa.kit.languages import LOCALES, Locale, Sentence
from stoa.kit.log import logger
from stoa.kit.mailing import Mail, Mailbox, Mailer, MailRefused, open_mailer
from stoa.kit.reporting.notation import long_day
from stoa.settings import settings
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.jobs import Job
from stoa.tenants.models import Account
from stoa.tenants.reporting.handing_out import mailed_link
from stoa.tenants.reporting.models import Report, ReportState
from stoa.tenants.reporting.requesting import report_of

SUBJECT: Final = Sentence("{title} – {shop}")
TEXT: Final = Sentence(
    "{title} of {shop} is ready.\n\n{url}\n\nThe address is good until {until} and opens the file for whoever has it: "
    "do not pass it on. Afterwards you find the report in Stoa, under Reports.\n\nAsked for by {name}."
)
log = logger("stoa.reports")


async def mail_report(ctx: Context, job: Job, report_id: UUID, address: str, locale: Locale) -> None:
    """One mail to one reader; the job's id is its key, so that one which leaves twice is known for the same.

    An address that no mail goes to is noted and not tried again. Raises `MailSilent`.
    """
    report = await report_of(report_id)
    if report is None or report.state is not ReportState.DONE:
        return
    try:
        await mailer().send(_mail(ctx, job, report, address, locale))
    except MailRefused as refusal:
        log.warning("a report could not be mailed", report_id=str(report.id), why=refusal.message)
        raise
    async with job.finish():
        report.mailed_at = now()
        await report.save(using_db=shop_client(), update_fields=["mailed_at"])


def _mail(ctx: Context, job: Job, report: Report, address: str, locale: Locale) -> Mail:
    link = mailed_link(ctx, report)
    values: dict[str, str | int | Sentence] = {"title": report.title, "shop": ctx.shop.name}
    more = {
        "url": link.url,
        "until": long_day(link.expires_at.date(), locale),
        "name": report.actor_name,
    }
    return Mail(
        to=Mailbox(address),
        subject=SUBJECT.filled(**values).said_in(locale),
        text=TEXT.filled(**values, **more).said_in(locale),
        key=job.id.hex,
        owner=ctx.shop.schema,
        sender_name=ctx.shop.name,
    )


async def languages_of(addresses: list[str], otherwise: Locale) -> dict[str, Locale]:
    """What each reader reads: an account says so itself, anybody else gets the report's own language."""
    if not addresses:
        return {}
    keys = {each.lower(): each for each in addresses}
    known = {each.email_key: each.locale for each in await Account.filter(email_key__in=list(keys))}
    return {address: _locale(known.get(key), otherwise) for key, address in keys.items()}


def _locale(text: str | None, otherwise: Locale) -> Locale:
    return next((each for each in LOCALES if each == text), otherwise)


@lru_cache(maxsize=1)
def mailer() -> Mailer:
    """This process' way out for mail."""
    return open_mailer(settings())
