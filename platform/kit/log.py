"""Logging: one JSON line an event, with the request and the shop it belongs to; the standard library's logs too.

Modules that log on every request take `logger` (structlog without the standard library under it: a third of the time);
for the others `logging.getLogger` does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Literal, TextIO

import orjson
import structlog

Event = MutableMapping[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})
CHATTY = ("uvicorn.access", "arq.worker", "tortoise", "asyncio", "httpx", "websockets")
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=NOTHING)


@contextmanager
def about(**told: str) -> Iterator[None]:
    """Lines logged in the block, and by tasks that begin in it, tell this too: which request, which shop."""
    token = _about.set({**_about.get(), **told})
    try:
        yield
    finally:
        _about.reset(token)


def logger(name: str) -> Any:
    """A logger whose lines say that they come from `name`."""
    return structlog.get_logger(name)


def configure(*, form: Literal["json", "console"], level: str, stream: TextIO | None = None) -> None:
    """At the start of a process; later again, loggers in use follow. Lines go to standard error."""
    stream = stream or sys.stderr
    _configure_structlog(form, level, stream)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(form, stream))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _formatter(form: str, stream: TextIO) -> logging.Formatter:
    """For what comes from the standard library's loggers."""
    std = structlog.stdlib
    return std.ProcessorFormatter(
        foreign_pre_chain=[std.add_logger_name, std.add_log_level, std.ExtraAdder(), *_common()],
        processors=[std.ProcessorFormatter.remove_processors_meta, *_rendering(form, stream, _text)],
    )


def _configure_structlog(form: str, level: str, stream: TextIO) -> None:
    def named(name: str = "stoa") -> Any:
        made: Any = structlog.BytesLogger(stream.buffer) if form == "json" else structlog.WriteLogger(stream)
        made.name = name
        return made

    own = [structlog.stdlib.add_logger_name, structlog.processors.add_log_level]
    structlog.configure(
        processors=[*own, *_common(), *_rendering(form, stream, _bytes)],
        logger_factory=named,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,  # a kept logger would not hear of a later `configure`; it saves no time
    )


def _common() -> list[Any]:
    return [_tell_about, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _tell_about(_logger: Any, _method: str, event: Event) -> Event:
    for name, value in _about.get().items():
        event.setdefault(name, value)
    return event


def _rendering(form: str, stream: TextIO, serializer: Any) -> list[Any]:
    """Tracebacks without the values of local variables: passwords are among them."""
    if form == "json":
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(frames),
            structlog.processors.JSONRenderer(serializer=serializer),
        ]
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)]


def _bytes(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _text(event: Any, **_: Any) -> str:
    return _bytes(event).decode()
