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
  IF EXISTS (SELECT FROM collection WHERE kind = 'RULES' AND rules::text LIKE '%"STOCK"%') THEN
    PERFORM platform.follow_stock();
  END IF;
  RETURN NULL;
END $$
"""
# One job for all that moves within two seconds (jobs.py, follow_stock). Who moves stock may be waiting for somebody
# else's in the same transaction, and must not be waited for: those who are at it at the same moment plan one each, under
# a key that has their process in it; who comes after the first has committed plans none. A movement must not wake the
# dispatcher for nothing, hence the look; a shop's role may not look itself.
FOLLOW = """
CREATE FUNCTION platform.follow_stock() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shop text := current_setting('role');
  span bigint := floor(extract(epoch FROM clock_timestamp()) / 2);
  since text := to_char(to_timestamp(span * 2) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"');
  key text := 'gathered ' || span || '.';
BEGIN
  IF shop = 'none' OR EXISTS (SELECT FROM platform.job WHERE shop_schema = shop AND name = 'catalog.follow_stock'
      AND dedupe_key BETWEEN key || '0000000000' AND key || '9999999999') THEN
    RETURN;
  END IF;
  INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
    max_attempts, created_at)
  VALUES (gen_random_uuid(), shop, 'general', 'catalog.follow_stock', jsonb_build_object('since', since),
    key || lpad(pg_backend_pid()::text, 10, '0'), 'QUEUED', to_timestamp((span + 1) * 2), 0, 0, 5, now());
END $$
"""
FOLLOW_RIGHTS = (
    "REVOKE ALL ON FUNCTION platform.follow_stock() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION platform.follow_stock() TO stoa_any_shop",
)
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

    operations = [ops.RunSQL([FOLLOW, *FOLLOW_RIGHTS, ADD_UP, REFUSE, FIRST_PRICES, CHANGED_PRICES])]
