"""Saved views: one's own for whoever sees orders, everybody's for those who work on them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stoa.domains.orders import viewing
from stoa.domains.orders.models import SavedView
from stoa.domains.orders.viewing import ViewChanges, ViewDraft
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context, MissingScope


async def test_who_only_looks_keeps_their_own_views_and_touches_nobody_elses(ctx: Context) -> None:
    looking = replace(ctx, scopes=frozenset({Scope.ORDERS_READ}))
    everybodys = await viewing.create_view(ctx, ViewDraft("Late", {}, is_shared=True))
    own = await viewing.create_view(looking, ViewDraft("Mine", {}))
    before = await SavedView.all().order_by("id").values()

    for refused in (
        lambda: viewing.create_view(looking, ViewDraft("Ours", {}, is_shared=True)),
        lambda: viewing.update_view(looking, own.id, ViewChanges(is_shared=True)),
        lambda: viewing.update_view(looking, everybodys.id, ViewChanges(name="Early")),
        lambda: viewing.delete_view(looking, everybodys.id),
    ):
        with pytest.raises(MissingScope):
            await refused()

    assert await SavedView.all().order_by("id").values() == before
    await viewing.delete_view(looking, own.id)
    assert [each.name for each in await viewing.views(looking)] == ["Late"]
