"""What a part of a line is worth, for good: it follows from what was frozen at placing and from nothing else."""

from __future__ import annotations


def worth_of(total: int, quantity: int, before: int, count: int) -> int:
    """What `count` pieces of a line are worth, when `before` others of it have had theirs.

    `total` is what was paid for all `quantity` of it, in minor units. Every piece is worth the same, rounded down, and
    the last one takes what remains: whatever the parts, together they come to `total` exactly.
    """
    if not 0 <= before <= before + count <= quantity:
        raise ValueError(f"{before} + {count} of {quantity} pieces")
    each = total // quantity
    return total - each * before if before + count == quantity and count else each * count
