"""What every shop's triggers call (migrations/shop/0002_rules.py). The balances of a row of stock are the sums of its
movements, and no way leads round that; a price that changes leaves a row of its history, whoever changes it."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Run as whoever inserts, in whose search path `stock` is the shop's own.
ADD_UP = """
CREATE FUNCTION platform.add_up_stock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_closed bool;
  is_bundle bool;
BEGIN
  -- a location that was closed while this waited for its stock, and what became a bundle, are seen as they are now
  SELECT bool_or(NOT l.is_active), bool_or(p.is_bundle) INTO is_closed, is_bundle
  FROM moved m JOIN stock s ON s.id = m.stock_id JOIN location l ON l.id = s.location_id
    JOIN variant v ON v.id = s.variant_id JOIN product p ON p.id = v.product_id;
  IF is_closed THEN
    RAISE EXCEPTION 'Nothing moves at a location that is not active.'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'stock_location_is_active';
  END IF;
  IF is_bundle THEN
    RAISE EXCEPTION 'A bundle has no stock of its own.'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bundle_has_no_stock';
  END IF;
  UPDATE stock s SET on_hand = s.on_hand + m.on_hand, reserved = s.reserved + m.reserved,
    damaged = s.damaged + m.damaged, held = s.held + m.held, incoming = s.incoming + m.incoming,
    version = s.version + 1,
    is_low = coalesce(s.on_hand + m.on_hand - s.reserved - m.reserved - s.damaged - m.damaged - s.held - m.held
      <= s.threshold, false)
  FROM (SELECT stock_id, sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved, sum(damaged)::int AS damaged,
          sum(held)::int AS held, sum(incoming)::int AS incoming
        FROM moved GROUP BY stock_id) m
  WHERE s.id = m.stock_id;
  RETURN NULL;
END $$
"""
REFUSE = """
CREATE FUNCTION platform.refuse_stock_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Stock changes by movements alone, and movements never change.' USING ERRCODE = 'restrict_violation';
END $$
"""
# One row for each price that is there, or has changed. The clock and not the transaction's beginning, so that of two
# changes in one transaction the later is the later.
FIRST_PRICES = """
CREATE FUNCTION platform.note_first_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO price_change (id, variant_id, kind, currency, minor, since)
  SELECT gen_random_uuid(), v.id, p.kind, v.currency, p.minor, clock_timestamp()
  FROM added v, LATERAL (VALUES ('SALE', v.price_minor), ('LIST', v.list_price_minor), ('COST', v.cost_minor))
    AS p (kind, minor)
  WHERE p.minor IS NOT NULL;
  RETURN NULL;
END $$
"""
CHANGED_PRICES = """
CREATE FUNCTION platform.note_changed_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO price_change (id, variant_id, kind, currency, minor, since)
  SELECT gen_random_uuid(), v.id, p.kind, v.currency, p.minor, clock_timestamp()
  FROM changed v JOIN before b USING (id), LATERAL (VALUES ('SALE', b.price_minor, v.price_minor),
    ('LIST', b.list_price_minor, v.list_price_minor), ('COST', b.cost_minor, v.cost_minor)) AS p (kind, old, minor)
  WHERE p.minor IS DISTINCT FROM p.old;
  RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("platform", "0004_jobs")]

    initial = False

    operations = [ops.RunSQL([ADD_UP, REFUSE, FIRST_PRICES, CHANGED_PRICES])]
