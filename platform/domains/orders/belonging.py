"""Whose orders they are: they follow their buyers when two are found to be one, and forget who was erased."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from stoa.domains import service
from stoa.domains.catalog.media.forgetting import plan_forgetting
from stoa.domains.orders.models import AftersaleCase
from stoa.kit.encoding import as_json
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

# What an edit tells of in words that may say who they are.
PERSONAL = ("shipping_address", "billing_address", "note")

# `buyer_id` stays as placed, so that the way back is known.
_FOLLOW = """
UPDATE sales_order o SET customer_id = w.at FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, at uuid)
WHERE o.customer_id = ANY($2::uuid[]) AND coalesce(o.buyer_id, o.customer_id) = w.id AND o.customer_id <> w.at
"""
# What says who somebody is goes, and whatever people wrote in words of their own, also into the log; what was bought,
# for how much and when, stays.
_FORGET = """
WITH theirs AS (
  UPDATE sales_order SET email = '', phone = '', shipping_address = '{}', billing_address = '{}', buyer_note = '',
    note = '', tags = '[]', search_text = '', end_reason = '', updated_at = now(), version = version + 1,
    checks = coalesce((
      SELECT jsonb_agg(
        jsonb_build_object('code', c -> 'code', 'severity', c -> 'severity', 'words', '', 'values', '{}'::jsonb))
      FROM jsonb_array_elements(checks) AS c), '[]'),
    metadata = coalesce((
      SELECT jsonb_object_agg(key, value) FROM jsonb_each(metadata) WHERE key = 'payable_later'), '{}')
  WHERE customer_id = ANY($1::uuid[]) RETURNING id),
lines AS (UPDATE order_line SET properties = '{}' FROM theirs WHERE order_id = theirs.id AND properties <> '{}'),
paid AS (UPDATE payment SET note = '' FROM theirs WHERE order_id = theirs.id AND note <> ''),
refunds AS (UPDATE refund SET reason = '', failure = '' FROM theirs WHERE order_id = theirs.id),
steps AS (UPDATE order_transition SET reason = '' FROM theirs WHERE order_id = theirs.id AND reason <> ''),
told AS (
  UPDATE event SET payload = payload || jsonb_strip_nulls(jsonb_build_object(
    'reason', CASE WHEN payload ? 'reason' AND name <> 'CaseOpened' THEN '' END,
    'failure', CASE WHEN payload ? 'failure' THEN '' END,
    'added', CASE WHEN payload ? 'added' THEN '[]'::jsonb END,
    'removed', CASE WHEN payload ? 'removed' THEN '[]'::jsonb END,
    'tags', CASE WHEN payload ? 'tags' THEN '[]'::jsonb END))
    || CASE WHEN payload ? 'changes' THEN jsonb_build_object('changes', (
      SELECT coalesce(jsonb_agg(CASE WHEN c ->> 'field' = ANY($2::text[])
        THEN c || '{"old": null, "new": null}' ELSE c END), '[]')
      FROM jsonb_array_elements(payload -> 'changes') AS c)) ELSE '{}' END
  FROM theirs
  WHERE subject_id = theirs.id AND payload ?| ARRAY['reason', 'failure', 'added', 'removed', 'tags', 'changes']),
cases AS (UPDATE aftersale_case SET note = '', answer = '', contact = '{}', pictures = '[]'
          FROM theirs WHERE order_id = theirs.id)
UPDATE shipment SET exception = '', pickup_code = NULL,
  tracking = coalesce((SELECT jsonb_agg(t - ARRAY['text', 'place']) FROM jsonb_array_elements(tracking) AS t), '[]')
FROM theirs WHERE order_id = theirs.id
"""


async def follow_buyers(ctx: Context, ids: Collection[UUID]) -> None:
    """Give the orders of these customers to whoever those are by now. Twice changes nothing."""
    present = await service.present_ids(ids)
    involved = {*present, *present.values()}
    moves = [{"id": id, "at": at} for id, at in present.items()]
    await shop_client().execute_query(_FOLLOW, [as_json(moves), list(involved)])


async def forget_buyers(ctx: Context, ids: Collection[UUID]) -> None:
    """Take out of these customers' orders whatever says who they are; pictures of their cases are deleted."""
    cases = AftersaleCase.filter(order__customer_id__in=list(ids)).exclude(pictures=[])
    pictures = [key for each in await cases.only("id", "pictures") for key in each.pictures]
    await plan_forgetting(ctx, pictures)
    await shop_client().execute_query(_FORGET, [list(ids), list(PERSONAL)])
