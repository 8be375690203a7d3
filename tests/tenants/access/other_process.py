"""Another process of Stoa, for test_hearing.py: answers a line of "SECRET" with the account's id or the refusal.

Its clock stands still, so that nothing it remembers ever grows old: it forgets only what it hears of.
"""

from __future__ import annotations

import asyncio
import sys

from stoa.kit.clock import set_to
from stoa.settings import settings
from stoa.tenants.access import hearing_changes, identify_session
from stoa.tenants.access.errors import NotSignedIn
from stoa.tenants.access.identifying import remembered
from stoa.tenants.connecting import connect, disconnect
from tests.tenants.access.people import NOON


async def main() -> None:
    await connect(settings())
    async with hearing_changes(settings()):
        print("hearing" if remembered.is_hearing else "deaf", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(await _answer(line.strip()), flush=True)
    await disconnect()


async def _answer(secret: str) -> str:
    with set_to(NOON):
        try:
            identity = await identify_session(secret)
        except NotSignedIn as refused:
            return f"{refused.code} {len(remembered)}"
    return f"{identity.account_id} {len(remembered)}"


if __name__ == "__main__":
    asyncio.run(main())
