"""`python -m stoa.kit.pictures.studio FD`: a process that forks for each picture, so that it kills nothing but that.

Over the socket FD come sockets, each with one picture on it; Pillow is loaded once, before. A fork reads the picture,
answers and ends; what takes it too long, or too much memory, the kernel ends. When the other end of FD is closed, so
is the studio.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

from stoa.kit.pictures.developing import Negative, Unfit, develop
from stoa.kit.pictures.limits import MAX_BYTES, MAX_MEMORY


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    gc.freeze()  # what is loaded is shared with the forks, as long as nobody touches it
    with socket.socket(fileno=int(sys.argv[1])) as door:
        while True:
            message, [*fds], _, _ = socket.recv_fds(door, 1, 1)
            if not message:
                return
            for fd in fds:
                if os.fork() == 0:
                    door.close()
                    _serve(fd)
                os.close(fd)


def _serve(fd: int) -> None:
    """In the fork; never returns."""
    status = 1
    try:
        with socket.socket(fileno=fd) as line, line.makefile("rwb") as stream:
            _limit(int.from_bytes(stream.read(4), "big"))
            data = stream.read(int.from_bytes(stream.read(4), "big"))
            stream.write(_answer(data))
        status = 0
    except BaseException:  # noqa: BLE001  # a fork must not go on with its parent's work
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _limit(seconds: int) -> None:
    """From here on the kernel ends us: by the clock, and by what we use."""
    signal.alarm(seconds)
    for limit, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, MAX_BYTES),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (most, most))


def _answer(data: bytes) -> bytes:
    """The length of the JSON, the JSON, and behind it the files that it tells of."""
    try:
        made = develop(data)
    except Unfit as unfit:
        return _framed({"code": unfit.code})
    return _told(made)


def _told(made: Negative) -> bytes:
    files: list[bytes] = []
    sizes = []
    for each in made.prints:
        if not files or each.data is not files[-1]:
            files.append(each.data)
        sizes.append({"name": each.name, "width": each.width, "height": each.height, "file": len(files) - 1})
    head = {
        "content_type": made.content_type,
        "width": made.width,
        "height": made.height,
        "warnings": made.warnings,
        "seconds": made.seconds,
        "sizes": sizes,
        "files": [len(each) for each in files],
    }
    return _framed(head) + b"".join(files)


def _framed(head: dict[str, Any]) -> bytes:
    told = json.dumps(head).encode()
    return len(told).to_bytes(4, "big") + told


if __name__ == "__main__":
    main()
