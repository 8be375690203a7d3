"""Each picture is decoded in a process of its own: what it dies of, or takes too long over, harms nothing else (P7)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from stoa.kit.pictures import asking
from stoa.kit.pictures.asking import Developed, PictureRefused, StudioGone, developed
from tests.kit.pictures.album import halves, opened, png_header, saved, scene

PICTURE = saved(halves(1000, 500), "JPEG")


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 10_000):
        yield data[start : start + 10_000]


async def asked(data: bytes, seconds: int = 20) -> Developed:
    return await developed(pieces(data), len(data), seconds=seconds)


def studio() -> int:
    process = asking._studio._process
    assert process is not None
    return process.pid


def many_scans() -> bytes:
    """A small progressive JPEG that says its last scan again and again: hours of work in some megabytes."""
    data = saved(scene(3000, 3000), "JPEG", progressive=True, quality=30)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 2000 + b"\xff\xd9"


async def test_a_picture_comes_back_in_its_sizes() -> None:
    made = await asked(PICTURE)

    assert (made.content_type, made.width, made.height, made.warnings) == ("image/jpeg", 1000, 500, ())
    assert [(each.name, each.width, each.height, each.file) for each in made.sizes] == [
        ("LARGE", 1000, 500, 0),
        ("MEDIUM", 800, 400, 1),
        ("SMALL", 240, 120, 2),
    ]
    assert [opened(file).size for file in made.files] == [(1000, 500), (800, 400), (240, 120)]


async def test_what_is_refused_says_why() -> None:
    for data, code in (
        (b"<svg/>", "NOT_A_PICTURE"),
        (b"", "NOT_A_PICTURE"),
        (PICTURE[:-1], "BROKEN"),
        (PICTURE + b"x", "HAS_MORE_BEHIND"),
        (png_header(20_000, 20_000), "TOO_MANY_PIXELS"),
    ):
        with pytest.raises(PictureRefused) as refused:
            await asked(data)
        assert refused.value.code == code


async def test_a_picture_that_takes_too_long_is_ended_and_others_go_on_meanwhile() -> None:
    """P7."""
    hostile = asyncio.create_task(asked(many_scans(), seconds=1))

    for _ in range(3):
        assert (await asked(PICTURE)).width == 1000

    with pytest.raises(PictureRefused) as refused:
        await hostile
    assert refused.value.code == "TOO_COSTLY"
    assert (await asked(PICTURE)).width == 1000


async def test_a_body_that_ends_early_is_a_broken_picture() -> None:
    with pytest.raises(PictureRefused) as refused:
        await developed(pieces(PICTURE[:-500]), len(PICTURE))

    assert refused.value.code == "BROKEN"


async def test_a_body_that_fails_does_not_hang() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield PICTURE[:100]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await developed(failing(), len(PICTURE))

    assert (await asked(PICTURE)).width == 1000


async def test_a_studio_that_was_killed_is_replaced() -> None:
    await asked(PICTURE)
    first = studio()
    os.kill(first, signal.SIGKILL)

    found = None
    for _ in range(100):  # until the kernel has closed its door
        try:
            found = await asked(PICTURE)
            break
        except StudioGone:
            await asyncio.sleep(0.02)

    assert found is not None
    assert studio() != first


async def test_nothing_secret_is_where_strangers_files_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOA_SECRET_KEY", "s" * 40)
    asking._studio.close()

    await asked(PICTURE)

    assert b"STOA_" not in Path(f"/proc/{studio()}/environ").read_bytes()


async def test_the_studio_ends_with_the_process_that_it_works_for(tmp_path: Path) -> None:
    """However that ends."""
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(PICTURE)
    program = (
        "import asyncio, os, signal, sys\n"
        "from stoa.kit.pictures import asking\n"
        "async def body():\n    yield open(sys.argv[1], 'rb').read()\n"
        "asyncio.run(asking.developed(body(), os.path.getsize(sys.argv[1])))\n"
        "print(asking._studio._process.pid, flush=True)\n"
        "if sys.argv[2] == 'killed': os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for end in ("killed", "by itself"):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(picture), end, stdout=PIPE)
        told, _ = await process.communicate()
        async with asyncio.timeout(20):
            while _runs(int(told)):
                await asyncio.sleep(0.02)


def _runs(pid: int) -> bool:
    """Buried or not, a process that has ended runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("mode", ["RGBA", "CMYK", "P"])
async def test_the_largest_picture_fits_into_its_memory(mode: str) -> None:
    image = Image.radial_gradient("L").resize((8000, 6250)).convert(mode)
    data = saved(image, "JPEG" if mode == "CMYK" else "PNG", **({} if mode == "CMYK" else {"compress_level": 1}))

    made = await asked(data)

    assert (made.width, made.height) == (8000, 6250)
