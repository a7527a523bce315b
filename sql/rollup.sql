-- What create_rollup() makes, refuses, and how queries on it are planned.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA rollup_test;
SET search_path = rollup_test, public;
\pset format unaligned
\pset tuples_only on
CREATE TABLE event (at timestamptz, local timestamp, day date, event text, customer bigint, channel text, amount numeric, kpi float8, campaign text, doc jsonb);
CREATE INDEX ON event (at);
CREATE INDEX ON event (customer);
CREATE FUNCTION twice(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN amount * 2;

-- the schema of the expressions is the caller's, whatever else is in it
SELECT promo.create_rollup('sales', 'event', '1 hour', 'at', '{"event": "event", "customer": "customer", "amount": "twice(amount) -- all"}', '{channel}', 'Asia/Shanghai', '90 days');
SELECT promo.create_rollup('buyers', 'event', NULL, 'local', '{"amount": "amount"}', '{customer}', 'Asia/Shanghai');
SELECT pg_get_viewdef('sales_row'), pg_get_viewdef('buyers_row');
SELECT c.relname, string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum), max(reloptions::text), c.relreplident
FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'rollup_test'::regnamespace AND relkind IN ('r', 'v') AND c.relname <> 'event' GROUP BY c.oid ORDER BY 1;
SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'rollup_test'::regnamespace ORDER BY 1, 2;
SELECT tgrelid::regclass, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'event'::regclass ORDER BY 3;
SELECT name, source, bucket, zone, at, dims, measures, keep FROM promo.kpi_rollup ORDER BY name;
TABLE sales_mark;

-- ----------------------------------------------------------------
-- plans
-- ----------------------------------------------------------------
SELECT promo.refresh_batch('sales', 1), promo.refresh_batch('buyers', 1);
-- one grain and one breakdown are read, by the index from when on
EXPLAIN (COSTS OFF) SELECT at, gmv FROM sales WHERE grain = 'hour' AND by = '{}' AND at >= '2026-01-01';
EXPLAIN (COSTS OFF) SELECT at, gmv FROM sales WHERE grain = 'week';
-- what is marked is found by the index on the source, and so is what a batch computes
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT promo.gmv(state) FROM sales_current WHERE bucket >= '2026-01-01' AND channel = 'app';
EXPLAIN (COSTS OFF) SELECT promo.orders(state) FROM buyers_current WHERE customer = 7;
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- ----------------------------------------------------------------
-- errors
-- ----------------------------------------------------------------
\set VERBOSITY default
CREATE FUNCTION refused(name text DEFAULT 'x', source regclass DEFAULT 'event', bucket interval DEFAULT '1 hour', at text DEFAULT 'at', measures jsonb DEFAULT '{"event": "event"}',
	dims text[] DEFAULT '{}', zone text DEFAULT 'UTC', keep interval DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM promo.create_rollup(name, source, bucket, at, measures, dims, zone, keep);
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE TABLE parent (at timestamptz, event text);
CREATE TABLE child () INHERITS (parent);
CREATE TEMP TABLE fleeting (at timestamptz, event text);
CREATE VIEW shown AS TABLE event;
SELECT refused(name => 'sales');
SELECT refused(name => '');
SELECT refused(name => NULL);
SELECT refused(name => repeat('x', 49));
SELECT refused(name => repeat('x', 48));
SELECT refused(name => 'event');
SELECT refused(source => 'shown');
SELECT refused(source => 'fleeting');
SELECT refused(source => 'parent');
SELECT refused(bucket => '7 minutes');
SELECT refused(bucket => '1 week');
SELECT refused(zone => 'Nowhere');
SELECT refused(zone => 'CET');
SELECT refused(keep => '0');
SELECT refused(at => 'nothing');
SELECT refused(at => 'customer');
SELECT refused(at => 'day');
SELECT refused(dims => '{nothing}');
SELECT refused(dims => '{channel,channel}');
SELECT refused(dims => '{channel,NULL}');
SELECT refused(dims => '{channel,kpi,event,campaign,day}');
SELECT refused(dims => '{campaign}');
SELECT refused(dims => '{{channel},{kpi}}');
SELECT refused(measures => '[]');
SELECT refused(measures => '{"event": 1}');
SELECT refused(measures => '{"amount": "amount"}');
SELECT refused(measures => '{"event": "event", "gmv": "amount"}');
SELECT refused(measures => '{"event": "nothing"}');
SELECT refused(measures => '{"event": "event) FROM event --"}');
SELECT refused(measures => '{"event": "event", "amount": "amount), (amount"}');
SELECT refused(measures => '{"event": "(SELECT max(event) FROM event)"}');
SELECT refused(measures => '{"event": "max(event) OVER ()"}');
SELECT refused(measures => '{"event": "regexp_split_to_table(event, '','')"}');
SELECT refused(measures => '{"event": "event", "amount": "amount * random()::numeric"}');
SELECT refused(measures => '{"event": "event", "customer": "kpi"}');
SELECT refused(measures => '{"event": "event", "customer": "1.5"}');
SELECT refused(bucket => NULL, measures => '{"amount": "amount"}', dims => '{kpi}');
SELECT refused(bucket => NULL, measures => '{"amount": "amount"}');
SELECT refused(bucket => NULL, measures => '{"event": "event"}', dims => '{customer}');
SELECT refused(bucket => NULL, measures => '{"amount": "amount"}', dims => '{customer}', keep => '1 year');
SELECT promo.refresh_batch('nothing', 1);
SELECT promo.mark('nothing');
CALL promo.refresh('nothing');
BEGIN;
CALL promo.refresh('sales');
ROLLBACK;
-- without an index the user is told
SET client_min_messages = notice;
SELECT promo.create_rollup('days', 'event', '1 day', 'day', '{"event": "event"}');
SET client_min_messages = warning;
DROP SCHEMA rollup_test CASCADE;
SELECT promo.drop_rollup(name) FROM promo.kpi_rollup;
