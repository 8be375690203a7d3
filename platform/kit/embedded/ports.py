"""The engines' ports: chosen on the first start, kept as long as nobody else takes them."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import dataclass
from pathlib import Path

# Below the ports that Linux and macOS hand out to outgoing connections: one of those
# may be in use for a moment at the next start, and the port would change for nothing.
CHOICE = range(20_000, 30_000)


@dataclass(frozen=True)
class Ports:
    file: Path

    def of(self, engine: str) -> int:
        """The port of the last run when it is free, else a new one, then remembered."""
        known = self._read()
        port = known.get(engine)
        if port is None or not is_free(port):
            port = _choose(avoid=set(known.values()))
            self._write({**known, engine: port})
        return port

    def _read(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads(self.file.read_bytes())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return known

    def _write(self, known: dict[str, int]) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(known))
        draft.replace(self.file)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection of the last run that lingers is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _choose(avoid: set[int]) -> int:
    while True:
        port = random.choice(CHOICE)  # noqa: S311  # any will do
        if port not in avoid and is_free(port):
            return port
