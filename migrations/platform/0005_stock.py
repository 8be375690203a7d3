"""What every shop's triggers call (migrations/shop/0002_rules.py). The balances of a row of stock are the sums of its
movements, and no way leads round that; a price that changes leaves a row of its history, whoever changes it; and how many
products have which status, category, tag, value and price is counted along (docs/decisions/facets.md)."""

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

# Facets. What a statement adds to the counts, and takes from them, is added as rows of `facet_count` and never written
# into rows that are there: nobody waits for anybody. Now and then a statement folds what it sees into one row each.
FOLD = """
CREATE FUNCTION platform.fold_facets() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WITH chosen AS (SELECT id FROM facet_count FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM facet_count f USING chosen c WHERE f.id = c.id RETURNING f.facet, f.value, f.products)
  INSERT INTO facet_count (id, facet, value, products)
  SELECT gen_random_uuid(), facet, value, sum(products) FROM gone GROUP BY facet, value HAVING sum(products) <> 0;
END $$
"""
# What a row counts for: facet and value, in the order of the trigger's table.
COUNTED = {
    "product": "VALUES ('status', r.status::text), ('category', r.category_id::text)",
    "product_tag": "VALUES ('tag', r.tag_id::text)",
    "attribute_value": "VALUES (r.attribute_id::text, r.text::text)",
}
# About once in so many rows added; the table stays as small as that.
FOLDED_EVERY = 2000
NOTE = f"""
  GET DIAGNOSTICS added = ROW_COUNT;
  IF random() * {FOLDED_EVERY} < added THEN PERFORM platform.fold_facets(); END IF;
  RETURN NULL;
END $$
"""


def _added(table: str, into: str = "facet_count", **sides: int) -> str:
    """The rows that say how the counts change when those of `was` go and those of `now` come."""
    facts = " UNION ALL ".join(
        f"SELECT c.facet, c.value, {sign} AS n FROM {side} r, LATERAL ({COUNTED[table]}) AS c (facet, value)"
        for side, sign in sides.items()
    )
    return (
        f"INSERT INTO {into} (id, facet, value, products) SELECT gen_random_uuid(), facet, value, sum(n) "
        f"FROM ({facts}) f WHERE value IS NOT NULL GROUP BY facet, value HAVING sum(n) <> 0;"
    )


# What a foreign key does along, it does as the tables' owner, and a shop's search path is the schema named like the
# role: then the path leads nowhere, and the schema has to be named.
def _along(statement: str) -> str:
    return f"EXECUTE format($along${statement.rstrip(';')}$along$, TG_TABLE_SCHEMA); RETURN NULL;"


def _counting(table: str) -> str:
    named = "%I.facet_count"
    return f"""
CREATE FUNCTION platform.count_facets_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE added int;
BEGIN
  IF to_regclass('facet_count') IS NULL AND TG_OP = 'DELETE' THEN {_along(_added(table, named, was=-1))} END IF;
  IF to_regclass('facet_count') IS NULL AND TG_OP = 'UPDATE' THEN {_along(_added(table, named, now=1, was=-1))} END IF;
  CASE TG_OP
    WHEN 'INSERT' THEN {_added(table, now=1)}
    WHEN 'DELETE' THEN {_added(table, was=-1)}
    ELSE {_added(table, now=1, was=-1)}
  END CASE;
  {NOTE}"""


# Prices in steps of 1, 2, 5, 10 and so on, in minor units: graphql/catalog/merchandising/facets.py counts alike.
STEPS = [0, *(digit * 10**place for place in range(15) for digit in (1, 2, 5))]
STEP = f"width_bucket({{row}}.price_minor, '{{{{{','.join(map(str, STEPS))}}}}}'::bigint[])"


def _steps(rows: str, row: str) -> str:
    return (
        f"SELECT {row}.product_id, 'price:' || {row}.currency AS facet, {STEP.format(row=row)} AS step "
        f"FROM {rows} WHERE {row}.price_minor IS NOT NULL"
    )


def _added_prices(touched: str, before: str) -> str:
    """A product counts once for a step however many of its variants are in it, so those beside the ones that changed
    count too. Whoever changes prices has locked the product; a lock here is for who has not."""
    return f"""
      SELECT array_agg(DISTINCT product_id) INTO products_touched FROM ({touched}) t;
      IF products_touched IS NULL THEN RETURN NULL; END IF;
      PERFORM FROM product WHERE id = ANY(products_touched) ORDER BY id FOR NO KEY UPDATE;
      INSERT INTO facet_count (id, facet, value, products)
      SELECT gen_random_uuid(), facet, step::text, sum(n) FROM (
        SELECT DISTINCT product_id, facet, step, 1 AS n
        FROM ({_steps("variant v", "v")} AND v.product_id = ANY(products_touched)) after
        UNION ALL
        SELECT DISTINCT product_id, facet, step, -1 FROM ({before}) before
      ) f GROUP BY facet, step HAVING sum(n) <> 0;"""


NOW, WAS = _steps("now r", "r"), _steps("was r", "r")
BESIDE = f"""{_steps("variant v", "v")} AND v.product_id = ANY(products_touched)"""
MOVED = f"(({NOW}) EXCEPT ALL ({WAS})) UNION ALL (({WAS}) EXCEPT ALL ({NOW}))"
# With its product all variants of it go at once.
GONE = (
    "INSERT INTO %I.facet_count (id, facet, value, products) "
    f"SELECT gen_random_uuid(), facet, step::text, -count(DISTINCT product_id) FROM ({WAS}) was GROUP BY facet, step"
)
COUNT_PRICES = f"""
CREATE FUNCTION platform.count_facets_of_variant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE added int; products_touched uuid[];
BEGIN
  IF to_regclass('facet_count') IS NULL AND TG_OP = 'DELETE' THEN {_along(GONE)} END IF;
  CASE TG_OP
    WHEN 'INSERT' THEN {_added_prices(NOW, f"{BESIDE} AND NOT EXISTS (SELECT FROM now r WHERE r.id = v.id)")}
    WHEN 'DELETE' THEN {_added_prices(WAS, f"{BESIDE} UNION ALL {WAS}")}
    ELSE {
    _added_prices(
        MOVED,
        f"{BESIDE} AND NOT EXISTS (SELECT FROM now r WHERE r.id = v.id) "
        f"UNION ALL {WAS} AND r.product_id = ANY(products_touched)",
    )
}
  END CASE;
  {NOTE}"""
COUNT_FACETS = (FOLD, *map(_counting, COUNTED), COUNT_PRICES)


class Migration(migrations.Migration):
    dependencies = [("platform", "0004_jobs")]

    initial = False

    operations = [ops.RunSQL([FOLLOW, *FOLLOW_RIGHTS, ADD_UP, REFUSE, FIRST_PRICES, CHANGED_PRICES, *COUNT_FACETS])]
