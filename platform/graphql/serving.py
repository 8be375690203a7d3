"""What resolvers need of the process they run in, gathered once by the app."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cached_property

from stoa.settings import Settings
from stoa.tenants.access.browsing import origins


@dataclass(frozen=True)
class Services:
    """Handed to every request. `closing` is set when the process has been asked to stop."""

    settings: Settings
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def is_secure(self) -> bool:
        """Whether browsers reach us over TLS."""
        return self.settings.public_url.startswith("https://")

    @cached_property
    def origins(self) -> frozenset[str]:
        """Where our own pages come from."""
        return origins((self.settings.public_url, *self.settings.allowed_origins))
