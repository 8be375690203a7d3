"""Compare the pictures that a file wants with those that a product has."""

from __future__ import annotations

from typing import Any

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.importing.gathering import Wanted, WantedImage
from stoa.domains.catalog.importing.options import Field
from stoa.domains.catalog.importing.planned import Shelf, Writes, end_of
from stoa.domains.catalog.importing.snapshots import Snapshot
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.importing.issues import Issue


def plan_images(writes: Writes, product_id: Any, images: list[WantedImage], position: int) -> list[dict[str, Any]]:
    """Plan new pictures from that position on; their rows."""
    rows = [
        {"id": new_id(), "product_id": product_id, "url": image.url, "alt": image.alt or "", "position": i}
        for i, image in enumerate(images, position)
    ]
    writes.images += rows
    return rows


def plan_new_images(writes: Writes, wanted: Wanted, known: Snapshot, shelf: Shelf) -> bool:
    """Plan the pictures that the product lacks, and other words and places for those it has; nothing is taken away.
    Whether anything is different."""
    mine = {_address(each["url"], shelf): each for each in reversed(known["images"])}
    new = [image for image in wanted.images if image.url not in mine]
    room = max(0, MAX_IMAGES - len(known["images"]))
    if len(new) > room:
        message = Sentence(
            "{title} would have more than {limit} images; not all are added.",
            {"title": known["title"], "limit": MAX_IMAGES},
        )
        writes.issues.append(Issue(wanted.line, "", "TOO_MANY_IMAGES", message, wanted.key, field=Field.IMAGE))
    rows = plan_images(writes, known["id"], new[:room], end_of(known["images"]))
    pairs = [(image, mine[image.url]) for image in wanted.images if image.url in mine]
    changed = {each["id"]: {**each, "alt": image.alt} for image, each in pairs if image.alt not in (None, each["alt"])}
    if any(image.position is not None for image in wanted.images):
        _put_in_order(wanted, known["images"], rows, mine, changed)
    writes.image_changes += [{name: each[name] for name in ("id", "alt", "position")} for each in changed.values()]
    return bool(rows or changed)


def _put_in_order(
    wanted: Wanted,
    known: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    mine: dict[str, dict[str, Any]],
    changed: dict[str, dict[str, Any]],
) -> None:
    """Every picture that the file gives a place gets it; the others stay in their order around them."""
    by_url = mine | {row["url"]: row for row in rows}
    placed = [(image.position, by_url[image.url]) for image in wanted.images if image.position and image.url in by_url]
    ids = {each["id"] for _, each in placed}
    firsts = {id(each) for each in by_url.values()}
    before = [each for each in (*known, *rows) if id(each) in firsts]  # an address that is there twice counts once
    after = [each for each in before if each["id"] not in ids]
    for position, each in placed:
        after.insert(position - 1, each)
    if [each["id"] for each in after] == [each["id"] for each in before]:
        return
    for position, each in enumerate([*after, *(each for each in known if id(each) not in firsts)]):
        if any(each is row for row in rows):
            each["position"] = position
        elif each["position"] != position:
            changed[each["id"]] = {**changed.get(each["id"], each), "position": position}


def _address(url: str, shelf: Shelf) -> str:
    """Uploaded pictures are kept by their path; files have whole addresses."""
    return shelf.public_url + url if url.startswith("/") else url
