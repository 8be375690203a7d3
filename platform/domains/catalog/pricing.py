"""Prices over time. Their history is written by the database along with the variant's row, whoever changes that."""

from __future__ import annotations

from typing import Final

# The lowest sale price that was in force at any moment of the 30 days before the present one began, of the variant
# `{row}`, with its currency: one of those that began in these days, or the one in force as they began. Directive
# 98/6/EC, article 6a. Null when it has no price, or had none then.
LOWEST_BEFORE: Final = """SELECT json_build_array(min(p.minor), {row}.currency)
  FROM (SELECT max(c.since) AS since FROM price_change c WHERE c.variant_id = {row}.id AND c.kind = 'SALE') present,
    price_change p
  WHERE {row}.price_minor IS NOT NULL AND p.variant_id = {row}.id AND p.kind = 'SALE' AND p.since < present.since
    AND p.since >= coalesce((SELECT max(o.since) FROM price_change o WHERE o.variant_id = {row}.id AND o.kind = 'SALE'
      AND o.since <= present.since - interval '30 days'), '-infinity')
  HAVING min(p.minor) IS NOT NULL"""
