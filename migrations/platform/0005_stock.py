"""Stock: what every shop's triggers call. The balances of a row of stock are the sums of its movements, and no way
leads round that: these functions are the shops' triggers' only (migrations/shop/0002_rules.py)."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Run as whoever inserts, in whose search path `stock` is the shop's own.
ADD_UP = """
CREATE FUNCTION platform.add_up_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- a location that was closed while this waited for its stock is seen as it is now
  IF EXISTS (SELECT FROM moved m JOIN stock s ON s.id = m.stock_id JOIN location l ON l.id = s.location_id
      WHERE NOT l.is_active) THEN
    RAISE EXCEPTION 'Nothing moves at a location that is not active.' USING ERRCODE = 'restrict_violation';
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


class Migration(migrations.Migration):
    dependencies = [("platform", "0004_jobs")]

    initial = False

    operations = [ops.RunSQL([ADD_UP, REFUSE])]
