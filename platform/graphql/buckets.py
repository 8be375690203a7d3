"""Points that a caller may spend: a bucket each, which fills again with time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class _Bucket:
    points: float
    at: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What a request costs, and what its caller has left. `retry_after` in seconds, 0 when it was paid."""

    requested: int
    remaining: int
    restore_rate: float
    retry_after: float = 0.0

    @property
    def wait(self) -> int:
        """`retry_after` in whole seconds, rounded up: whoever waits so long finds the points there."""
        return math.ceil(self.retry_after)

    def shown(self) -> dict[str, Any]:
        """As `extensions.cost`."""
        shown: dict[str, Any] = {
            "requested": self.requested,
            "remaining": self.remaining,
            "restoreRate": self.restore_rate,
        }
        return shown | ({"retryAfterMs": math.ceil(self.retry_after * 1000)} if self.retry_after else {})


class Buckets:
    """The buckets of this process: a fleet's limit is this times its processes. The least recently used go first."""

    def __init__(self, capacity: float, per_second: float, kept: int = 50_000) -> None:
        self.capacity, self.per_second, self.kept = capacity, per_second, kept
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def spend(self, who: Hashable, points: int) -> Spent:
        """Take `points`; with too few left nothing is taken and `retry_after` tells the seconds to wait."""
        bucket = self._filled(who)
        if bucket.points < points:
            return Spent(points, int(bucket.points), self.per_second, (points - bucket.points) / self.per_second)
        bucket.points -= points
        return Spent(points, int(bucket.points), self.per_second)

    def _filled(self, who: Hashable) -> _Bucket:
        now = time.monotonic()
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = _Bucket(self.capacity, now)
            if len(self._buckets) > self.kept:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
            bucket.points = min(self.capacity, bucket.points + (now - bucket.at) * self.per_second)
            bucket.at = now
        return bucket
