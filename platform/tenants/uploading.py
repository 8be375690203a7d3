"""Uploads: a file is announced, sent to a signed address, and then claimed by what needs it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, NotFound, Refusal
from stoa.kit.files import Files, StoredFiles, open_store
from stoa.kit.ids import new_id
from stoa.kit.pictures.containers import STARTS as IMAGE_STARTS
from stoa.kit.text import clean_line
from stoa.settings import settings
from stoa.tenants.context import Context, ShopRef
from stoa.tenants.linking import check_link, signed_link
from stoa.tenants.models import Shop, ShopState
from stoa.tenants.shop_models import Upload, UploadState

MEBIBYTE = 1024 * 1024
TIME_TO_SEND = timedelta(hours=1)
TIME_TO_USE = timedelta(days=7)
CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


class Purpose(StrEnum):
    """What an upload may be claimed for."""

    IMPORT = "IMPORT"
    IMAGE = "IMAGE"
    BULK = "BULK"


LIMITS = {Purpose.IMPORT: 200 * MEBIBYTE, Purpose.IMAGE: 20 * MEBIBYTE, Purpose.BULK: 100 * MEBIBYTE}
JSON_LINES = (
    "application/jsonl",
    "application/jsonlines",
    "application/x-ndjson",
    "application/x-jsonlines",
    "text/jsonl",
)
FITS = {
    Purpose.IMPORT: "text/csv",
    Purpose.IMAGE: ", ".join(sorted(IMAGE_STARTS)),
    Purpose.BULK: ", ".join(JSON_LINES),
}


class UploadTooLarge(Refusal):
    """More bytes than allowed, or than announced."""

    code = "TOO_LARGE"


class UploadBroken(Refusal):
    """The body ended before the size that was announced."""

    code = "UPLOAD_BROKEN"


class AlreadyUploaded(Refusal):
    """The file has arrived before; a second one needs a second upload."""

    code = "ALREADY_UPLOADED"


class NotUploaded(Refusal):
    """The file was announced, and has not arrived."""

    code = "NOT_UPLOADED"


class UploadUnfit(Refusal):
    """The file is not of the kind that is needed, or serves something else already."""

    code = "UPLOAD_UNFIT"


@dataclass(frozen=True, slots=True)
class StagedUpload:
    """An announced upload, and the path (below the API's own address) to PUT its bytes to."""

    upload: Upload
    path: str


def shop_files(shop: ShopRef) -> Files:
    """Where the shop's files are: no key of another shop can be reached through it."""
    return stored_files(shop.schema)


def stored_files(schema: str) -> StoredFiles:
    """The same by the shop's schema, for what works for all shops."""
    return StoredFiles(_store(settings().files), schema)


async def stage_upload(ctx: Context, file_name: str, content_type: str, size: int) -> StagedUpload:
    """Announce a file of `size` bytes. Its address is good for one hour and takes one file, once."""
    content_type = content_type.partition(";")[0].strip().lower()
    if not CONTENT_TYPE.fullmatch(content_type):
        raise InvalidInput(
            "{content_type!r} is not a content type.", path=["contentType"], content_type=content_type[:80]
        )
    if size < 1:
        raise InvalidInput("The file is empty.", path=["size"])
    _within(size, LIMITS[_purpose_of(content_type)])
    name, upload_id = _file_name(file_name), new_id()
    link = signed_link(_path(ctx.shop.id, upload_id), lasts=TIME_TO_SEND)
    upload = await Upload.create(
        id=upload_id, file_name=name, content_type=content_type, size=size, expires_at=link.expires_at
    )
    return StagedUpload(upload, link.path)


async def shop_of_link(shop_id: UUID, upload_id: UUID, *, expires: int, signature: str) -> ShopRef:
    """The shop in which this address may leave its file: the signature is the credential, and no shop need be open.

    Refuses with `LinkRefused` and `NotFound`.
    """
    check_link(_path(shop_id, upload_id), expires, signature)
    row = await Shop.get_or_none(id=shop_id, state=ShopState.ACTIVE)
    if row is None:
        raise NotFound("There is no such upload.")
    return row.ref


async def receive_upload(ctx: Context, upload_id: UUID, body: AsyncIterator[bytes]) -> Upload:
    """Take the bytes of a staged upload; who sends them has shown the address (`shop_of_link`), or is part of Stoa.

    Refuses while reading as soon as there is more than announced. Whatever breaks off leaves no file, and the same
    address may be tried again until it expires.
    """
    upload = await Upload.get_or_none(id=upload_id)
    if upload is None:
        raise NotFound("There is no such upload.")
    files = shop_files(ctx.shop)
    # A name of this attempt's own: of two that race, one wins and the other takes nothing but its own bytes away.
    key = files.key("uploads", new_id().hex)
    if not await _change(upload, Q(state=UploadState.EXPECTED), file_key=key):
        raise AlreadyUploaded("{file_name} has arrived before.", file_name=upload.file_name)
    try:
        await _store_body(files, key, upload, body)
        still_ours = Q(state=UploadState.EXPECTED, file_key=key)
        if not await _change(upload, still_ours, state=UploadState.RECEIVED, expires_at=now() + TIME_TO_USE):
            raise AlreadyUploaded("{file_name} is being sent twice at once.", file_name=upload.file_name)
    except BaseException:
        await files.delete(key)
        raise
    return upload


async def claim_upload(ctx: Context, upload_id: UUID, purpose: Purpose) -> Upload:
    """The file that arrived, for `purpose`. An image is claimed once and then kept; an import may be repeated
    within seven days. What is done line by line is there for seven days from now: it may take a while."""
    upload = _fit(await Upload.get_or_none(id=upload_id), purpose)
    if purpose is Purpose.BULK:
        await _change(upload, Q(), expires_at=now() + TIME_TO_USE)
    if purpose is Purpose.IMAGE and not await _change(upload, Q(state=UploadState.RECEIVED), state=UploadState.KEPT):
        raise _in_use(upload)
    return upload


async def claim_images(ctx: Context, upload_ids: Sequence[UUID]) -> dict[UUID, Upload | Refusal]:
    """Claim uploads as images, in the open transaction and two statements; tells of each that cannot be, why."""
    found = {each.id: each for each in await Upload.filter(id__in=upload_ids).order_by("id").select_for_update()}
    claimed: dict[UUID, Upload | Refusal] = {}
    for upload_id in upload_ids:
        try:
            upload = _fit(found.get(upload_id), Purpose.IMAGE)
            claimed[upload_id] = _in_use(upload) if upload.state is UploadState.KEPT else upload
        except Refusal as refusal:
            claimed[upload_id] = refusal
    fit = [upload_id for upload_id, each in claimed.items() if isinstance(each, Upload)]
    await Upload.filter(id__in=fit).update(state=UploadState.KEPT)
    return claimed


async def forget_upload(ctx: Context, file_key: str) -> None:
    """Forget a claimed file that nothing stands on any more; twice changes nothing."""
    await shop_files(ctx.shop).delete(file_key)
    await Upload.filter(file_key=file_key).delete()


async def sweep_uploads(ctx: Context) -> int:
    """Forget the uploads that were never used in time, and their files; how many."""
    overdue = await Upload.filter(expires_at__lt=now()).exclude(state=UploadState.KEPT).limit(1000)
    for upload in overdue:
        if upload.file_key:
            await shop_files(ctx.shop).delete(upload.file_key)
        await upload.delete()
    return len(overdue)


def _fit(upload: Upload | None, purpose: Purpose) -> Upload:
    if upload is None or (upload.state is UploadState.EXPECTED and upload.expires_at < now()):
        raise NotFound("There is no such upload.")
    if upload.state is UploadState.EXPECTED:
        raise NotUploaded("{file_name} has been announced, but has not arrived yet.", file_name=upload.file_name)
    if _purpose_of(upload.content_type) is not purpose:
        raise UploadUnfit(
            "{file_name} is {content_type}, which does not serve here. What does: {fit}.",
            file_name=upload.file_name,
            content_type=upload.content_type,
            fit=FITS[purpose],
        )
    return upload


def _in_use(upload: Upload) -> UploadUnfit:
    return UploadUnfit("{file_name} is in use already; upload it again to use it twice.", file_name=upload.file_name)


async def _store_body(files: Files, key: str, upload: Upload, body: AsyncIterator[bytes]) -> None:
    start = IMAGE_STARTS.get(upload.content_type)
    stored = await files.put(key, _checked(body, upload, start))
    if stored < upload.size:
        raise UploadBroken(
            "{file_name} ended after {stored:,} of {size:,} bytes.",
            file_name=upload.file_name,
            stored=stored,
            size=upload.size,
        )


async def _checked(body: AsyncIterator[bytes], upload: Upload, start: re.Pattern[bytes] | None) -> AsyncIterator[bytes]:
    size, head = 0, b""
    async for chunk in body:
        size += len(chunk)
        _within(size, upload.size)
        if start and len(head) < 16:
            head += chunk[:16]
            if (len(head) >= 16 or size == upload.size) and not start.match(head):
                raise UploadUnfit(
                    "{file_name} is not {content_type}.", file_name=upload.file_name, content_type=upload.content_type
                )
        yield chunk


async def _change(upload: Upload, *known_as: Q, **to: Any) -> bool:
    """Change the row if it is still as we know it."""
    if not await Upload.filter(*known_as, id=upload.id).update(**to):
        return False
    upload.update_from_dict(to)
    return True


def _within(size: int, limit: int) -> None:
    if size > limit:
        raise UploadTooLarge("The file is larger than {limit:,} bytes.", path=["size"], limit=limit)


def _purpose_of(content_type: str) -> Purpose:
    """SVG and its like are no images here, hence files to import, which they then are not."""
    if content_type in JSON_LINES:
        return Purpose.BULK
    return Purpose.IMAGE if content_type in IMAGE_STARTS else Purpose.IMPORT


def _file_name(name: str) -> str:
    return clean_line(re.split(r"[/\\]", name)[-1], what="file name", limit=255)


def _path(shop_id: UUID, upload_id: UUID) -> str:
    return f"/uploads/{shop_id}/{upload_id}"


@lru_cache(maxsize=4)
def _store(place: str | Path) -> Any:
    return open_store(place)
