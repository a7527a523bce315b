-- Rollups are exact: whatever is done to the source, and whenever they are refreshed.
\set ECHO none
SET client_min_messages = warning;
BEGIN;
SELECT plan(137);
SELECT setseed(0.5);

-- ----------------------------------------------------------------
-- Buckets
-- ----------------------------------------------------------------
CREATE TEMP TABLE zone (name) AS VALUES ('UTC'), ('Asia/Shanghai'), ('Europe/Berlin'), ('America/Havana'), ('America/Sao_Paulo'),
	('America/St_Johns'), ('Australia/Lord_Howe'), ('Pacific/Apia'), ('Asia/Kathmandu'), ('Asia/Beirut');
CREATE TEMP TABLE size (size) AS VALUES (interval '1 day'), ('24:00'), ('1 hour'), ('30 min'), ('15 min'), ('1 min'), ('90 s');
-- every hour or so of two half-years, in which clocks of all of them were changed
CREATE TEMP TABLE instant (at) AS
	SELECT timestamptz '2006-10-20 00:00:01.5+00' + n * interval '61 min' FROM generate_series(1, 5000) n
	UNION ALL SELECT timestamptz '2011-10-25 12:00:00+00' + n * interval '61 min' FROM generate_series(1, 5000) n
	UNION ALL SELECT timestamptz '1990-01-01 00:00+00' + n * interval '1 day 01:07' FROM generate_series(1, 3000) n;

SELECT is_empty($$ SELECT * FROM instant, zone, size, promo.bucket(at, size, name) b, promo.bucket_end(at, size, name) e
	WHERE NOT (b <= at AND at < e AND promo.bucket(b, size, name) = b AND promo.bucket(e, size, name) = e
		AND promo.bucket(e - interval '1 us', size, name) = b AND promo.bucket_end(b, size, name) = e) $$, 'buckets follow each other without gap or overlap');
SELECT is_empty($$ SELECT * FROM instant, size WHERE size < '1 day' AND promo.bucket(at, size, 'UTC') <> date_bin(size, at, '2001-01-01 00:00+00') $$,
	'parts of an hour are counted from midnight');
SELECT is_empty($$ SELECT * FROM instant, zone WHERE name NOT IN ('America/Havana', 'America/St_Johns', 'Asia/Beirut', 'America/Sao_Paulo')
	AND (promo.bucket(at, '1 day', name) AT TIME ZONE name)::date <> (at AT TIME ZONE name)::date $$, 'a day is what clocks show');
SELECT is(array_agg(promo.bucket(at::timestamptz, '1 day', zone) AT TIME ZONE 'UTC' ORDER BY n), '{2011-11-13 04:00,2011-11-13 04:00,2011-11-12 04:00,2011-12-30 10:00,2011-12-29 10:00,2018-11-04 03:00,2006-10-29 02:30}'::timestamp[],
	'the day begins at its first instant, where midnight comes twice, is skipped, or a day is')
FROM (VALUES (1, '2011-11-13 04:30+00', 'America/Havana'), (2, '2011-11-13 05:30+00', 'America/Havana'), (3, '2011-11-13 03:59:59+00', 'America/Havana'),
	(4, '2011-12-30 10:00+00', 'Pacific/Apia'), (5, '2011-12-30 09:59:59+00', 'Pacific/Apia'), (6, '2018-11-04 03:00+00', 'America/Sao_Paulo'),
	(7, '2006-10-29 02:45+00', 'America/St_Johns')) v (n, at, zone);
SELECT is_empty($$ SELECT * FROM instant, zone, size, timezone(name, at) l WHERE promo.bucket(l, size, name) <> promo.bucket(l AT TIME ZONE name, size, name) $$, 'a clock time stands for an instant');
SELECT is_empty($$ SELECT * FROM instant, zone WHERE promo.bucket((at AT TIME ZONE 'UTC')::date, '1 day', name) <> promo.bucket((at AT TIME ZONE 'UTC')::date::timestamp, '1 day', name) $$, 'a date for its midnight');
SELECT is_empty($$ SELECT * FROM instant, zone, timezone('UTC', at) l, timezone(name, l) i
	WHERE NOT (promo.rollup_local_floor(i, name) <= l AND l < promo.rollup_local_ceiling(i + interval '1 us', name)) $$, 'bounds of clock times hold, also of those that are skipped');
SELECT is(ARRAY[promo.bucket('infinity'::timestamptz, '1 hour', 'UTC'), promo.bucket('-infinity'::timestamp, '1 day', 'Asia/Shanghai'), promo.bucket_end('infinity', '1 day', 'UTC'),
	promo.bucket('infinity'::date, '1 day', 'UTC')], '{infinity,-infinity,infinity,infinity}', 'infinity is its own bucket');
SELECT ok(promo.bucket('294276-12-31 23:59:59.9+00'::timestamptz, size, 'Asia/Shanghai') > '294276-12-01' AND promo.bucket('4714-11-24 00:00+00 BC'::timestamptz, size, name) >= '4714-11-24 00:00+00 BC'
	AND promo.bucket('4714-11-24 00:00 BC'::timestamp, size, name) >= '4714-11-24 00:00+00 BC', format('the ends of time, %s %s', size, name))
FROM zone, size WHERE name IN ('Asia/Shanghai', 'America/Havana') AND size IN ('1 day', '15 min') ORDER BY size, name;
SELECT throws_ok(format('SELECT promo.bucket(now(), %L, %L)', size, zone), '22023', NULL, format('bucket of %s in %s', size, zone))
FROM (VALUES ('0', 'UTC'), ('-1 hour', 'UTC'), ('7 min', 'UTC'), ('2 hours', 'UTC'), ('2 days', 'UTC'), ('1 mon', 'UTC'), ('30 s', 'UTC'), ('1 day 1 hour', 'UTC'), ('-1 day 48:00', 'UTC'), ('2147483647 days', 'UTC'), ('-2147483648 days', 'UTC'),
	('1 day 9223372036854775800 us', 'UTC'), ('-9223372036854775807 us', 'UTC'), ('1 hour', 'Mars/Olympus')) v (size, zone);

-- ----------------------------------------------------------------
-- Rollups of all kinds, of tables that are written at random
-- ----------------------------------------------------------------
CREATE SCHEMA shop;
SET LOCAL search_path = shop, public;
CREATE TABLE shop (n int, type text, bucket interval, zone text, dims text[], around timestamptz, partitioned boolean, customer text, name text GENERATED ALWAYS AS ('r' || n) STORED, source text GENERATED ALWAYS AS ('s' || n) STORED);
INSERT INTO shop VALUES
	(1, 'timestamptz', '1 hour', 'UTC', '{}', '2026-03-01', false, 'bigint'),
	(2, 'timestamptz', '15 min', 'Australia/Lord_Howe', '{channel,device}', '2026-04-04 15:00+00', true, 'text'),
	(3, 'timestamp', '1 hour', 'Europe/Berlin', '{channel}', '2026-10-25 01:00+00', false, 'uuid'),
	(4, 'timestamptz', '1 day', 'America/Havana', '{device}', '2026-11-01 05:00+00', true, 'int'),
	(5, 'date', '1 day', 'Pacific/Apia', '{channel}', '2011-12-30 10:00+00', false, 'varchar(40)'),
	(6, 'timestamp', '30 min', 'Australia/Lord_Howe', '{}', '2026-10-03 15:30+00', true, 'text'),
	(7, 'timestamp', '20 min', 'Pacific/Apia', '{channel}', '2011-12-30 10:00+00', false, 'text'),
	(8, 'timestamptz', NULL, 'Asia/Shanghai', '{customer}', '2026-01-01', false, 'bigint'),
	(9, 'timestamp', NULL, 'Europe/Berlin', '{customer}', '2026-03-29', true, 'text'),
	(10, 'date', NULL, 'UTC', '{customer}', '2026-03-29', false, 'uuid');

-- customers are few, so that they meet in one bucket
CREATE FUNCTION a_customer(kind text) RETURNS text LANGUAGE sql AS $$ SELECT CASE kind WHEN 'uuid' THEN md5((random() * 9)::int::text) ELSE (random() * 9)::int::text END WHERE random() < 0.95 $$;
CREATE FUNCTION an_instant(around timestamptz) RETURNS timestamptz LANGUAGE sql AS $$
	SELECT CASE WHEN r < 0.02 THEN NULL WHEN r < 0.04 THEN 'infinity' WHEN r < 0.05 THEN '-infinity'
		WHEN r < 0.6 THEN around + interval '1 min' * (random() * 600 - 300)::int ELSE around + interval '1 min' * (random() * 8000 - 4000)::int END FROM (SELECT random() AS r) r $$;
CREATE FUNCTION an_event() RETURNS text LANGUAGE sql AS $$ SELECT (ARRAY['view', 'view', 'order', 'refund', NULL])[1 + floor(random() * 5)::int] $$;
CREATE FUNCTION fill(s shop, target text, n int, device int DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO %s (at, event, customer, channel, device, amount)
		SELECT (an_instant($1) AT TIME ZONE ''UTC'')::%s, an_event(), a_customer(%L)::%s, (ARRAY[''app'', ''web'', NULL])[1 + floor(random() * 3)::int], coalesce($3, (random() * 2)::int), (random() * 100)::int - 10
		FROM generate_series(1, $2)', target, CASE s.type WHEN 'timestamptz' THEN 'timestamp AT TIME ZONE ''UTC''' ELSE s.type END, s.customer, s.customer) USING s.around, n, device;
END $$;

-- what the rollup should hold
CREATE FUNCTION scratch(s shop) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN s.bucket IS NULL
		THEN format('SELECT customer, promo.history_agg(%s, amount) AS state FROM %I WHERE isfinite(at) AND customer IS NOT NULL AND amount IS NOT NULL GROUP BY customer',
			CASE s.type WHEN 'timestamptz' THEN format('(at AT TIME ZONE %L)::date', s.zone) ELSE 'at::date' END, s.source)
		ELSE format('SELECT promo.bucket(at, %L, %L) AS bucket%s, promo.kpi_agg(event, customer, amount, 0, amount / 2) AS state FROM %I WHERE isfinite(at) AND event IS NOT NULL GROUP BY bucket%3$s',
			s.bucket, s.zone, (SELECT coalesce(string_agg(', ' || d, ''), '') FROM unnest(s.dims) d), s.source) END $$;
CREATE FUNCTION differences(s shop, held text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((TABLE %s EXCEPT ALL %s) UNION ALL (%2$s EXCEPT ALL TABLE %1$s)) d', held, scratch(s)) INTO n;
	RETURN n;
END $$;

-- One thing that may happen.  The column order of partitions is another one than the table's.
CREATE FUNCTION step(s shop) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	what float8 := random();
	n int;
BEGIN
	IF what < 0.3 THEN
		PERFORM fill(s, s.source, (random() * 6)::int);
		RETURN 'insert';
	ELSIF what < 0.4 THEN
		n := 1 + (random() < 0.5)::int;
		PERFORM fill(s, s.source || CASE WHEN s.partitioned THEN '_' || n ELSE '' END, 2, n);
		RETURN 'insert into a partition';
	ELSIF what < 0.5 THEN
		EXECUTE format('UPDATE %I SET at = (an_instant($1) AT TIME ZONE ''UTC'')::%s, customer = a_customer(%L)::%s WHERE random() < 0.1', s.source,
			CASE s.type WHEN 'timestamptz' THEN 'timestamp AT TIME ZONE ''UTC''' ELSE s.type END, s.customer, s.customer) USING s.around;
		RETURN 'move';
	ELSIF what < 0.56 THEN
		EXECUTE format('UPDATE %I SET amount = amount + 1, event = an_event(), channel = ''app'' WHERE random() < 0.1', s.source);
		RETURN 'update';
	ELSIF what < 0.64 THEN
		EXECUTE format('DELETE FROM %I WHERE random() < 0.1', s.source);
		RETURN 'delete';
	ELSIF what < 0.66 THEN
		EXECUTE format('TRUNCATE %I', s.source);
		RETURN 'truncate';
	ELSIF what < 0.76 THEN
		-- what is done again after a rollback needs marks again
		BEGIN
			PERFORM step(s);
			RAISE EXCEPTION 'roll back' USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
			PERFORM fill(s, s.source, 2);
		END;
		RETURN 'savepoint';
	ELSIF what < 0.8 THEN
		PERFORM promo.mark(s.name, s.around - interval '3 hours', CASE WHEN random() < 0.5 THEN s.around END);
		RETURN 'mark';
	ELSIF what < 0.81 THEN
		PERFORM promo.mark(s.name);
		RETURN 'mark everything';
	ELSE
		RETURN 'refresh ' || promo.refresh_batch(s.name, 1 + (random() * 12)::int);
	END IF;
END $$;

CREATE FUNCTION make(s shop) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %I (gone text, at %s, event text, customer %s, channel text, device int, amount numeric)%s',
		s.source, s.type, s.customer, CASE WHEN s.partitioned THEN ' PARTITION BY LIST (device)' ELSE '' END);
	EXECUTE format('ALTER TABLE %I DROP gone', s.source);
	IF s.partitioned THEN
		EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (0)', s.source || '_0', s.source);
	END IF;
	IF NOT s.partitioned THEN
		PERFORM fill(s, s.source, 20);
	END IF;
	EXECUTE format('CREATE INDEX ON %I (%s)', s.source, CASE WHEN s.bucket IS NULL THEN 'customer' ELSE 'at' END);
	PERFORM promo.create_rollup(s.name, s.source::regclass, s.bucket, 'at',
		CASE WHEN s.bucket IS NULL THEN '{"amount": "amount"}'::jsonb ELSE '{"event": "event", "customer": "customer", "amount": "amount", "discount": "0", "cost": "amount / 2 -- half"}' END, s.dims, s.zone);
	IF s.partitioned THEN
		-- made later, one of them with its columns in another order
		EXECUTE format('CREATE TABLE %I (amount numeric, at %s, device int, channel text, event text, customer %s)', s.source || '_1', s.type, s.customer);
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (1)', s.source, s.source || '_1');
		EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', s.source || '_2', s.source);
	END IF;
END $$;
CREATE FUNCTION try(s shop, steps int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	done text[] := '{}';
	n bigint := 0;
	marked bigint;
BEGIN
	PERFORM make(s);
	FOR i IN 1 .. steps LOOP
		done := done || step(s);
		n := differences(s, s.name || '_current');
		EXIT WHEN n > 0;
	END LOOP;
	RETURN NEXT ok(n = 0, format('%s: current after every step%s', s.name, CASE WHEN n > 0 THEN ': ' || done::text ELSE '' END));
	WHILE promo.refresh_batch(s.name, 7) > 0 LOOP
	END LOOP;
	RETURN NEXT is(differences(s, s.name || '_state'), 0::bigint, s.name || ': states after refreshing');
	EXECUTE format('SELECT count(*) FROM %I', s.name || '_mark') INTO marked;
	RETURN NEXT is(marked, 0::bigint, s.name || ': nothing is marked then');
	RETURN NEXT is(differences(s, s.name || '_current'), 0::bigint, s.name || ': current then, too');
	RETURN NEXT ok(done @> '{insert,move,update,delete,savepoint,mark}', s.name || ': everything was done');
END $$;
SELECT try(s, 150) FROM shop s ORDER BY n;

-- logical replication fires row triggers only, as a replica
SET LOCAL session_replication_role = replica;
INSERT INTO s2_1 (at, device) VALUES ('2026-04-04 15:00+00', 1);
SELECT set_eq('TABLE r2_mark', $$ VALUES ('2026-04-04 15:00+00'::timestamptz) $$, 'what is replicated into a partition is marked');
RESET session_replication_role;
SELECT promo.drop_rollup(name) FROM shop WHERE n <= 6;

-- ----------------------------------------------------------------
-- The view for reading
-- ----------------------------------------------------------------
CREATE TABLE sale (at timestamptz, customer int, channel text, device text, amount numeric, cost numeric);
CREATE INDEX ON sale (at);
SELECT promo.create_rollup('sales', 'sale', '1 hour', 'at', '{"event": "''order''", "customer": "customer", "amount": "amount", "cost": "cost"}', '{channel,device}', 'Europe/Berlin');
INSERT INTO sale
SELECT timestamptz '2026-03-25 00:00+00' + interval '1 min' * (random() * 10000)::int, (random() * 50)::int, (ARRAY['app', 'web', NULL])[1 + (random() * 2)::int], (ARRAY['ios', 'android'])[1 + (random())::int], 10, 6
FROM generate_series(1, 2000);
INSERT INTO promo.campaign (name, running, rollup, slice) VALUES
	('all', '[2026-03-27 12:00+00, 2026-03-29 12:00+00)', 'sales', '{}'),
	('app', '[2026-03-27 12:30+00, 2026-03-28 12:00+00)', 'sales', '{"channel": "app"}'),
	('unknown', '[2026-03-27 12:00+00, 2026-03-28 12:00+00)', 'sales', '{"city": "x"}'),
	('other', '[2026-03-27 12:00+00, 2026-03-28 12:00+00)', 'another', '{}');
SELECT cmp_ok(promo.refresh_batch('sales', 100), '=', 100, 'a batch is no more than was asked for');
SELECT set_eq('SELECT DISTINCT grain, by FROM sales', $$ SELECT grain, by::text[] FROM unnest('{hour,day,campaign,total}'::text[]) grain, unnest(ARRAY['{}', '{channel}', '{device}', '{channel,device}']) by $$, 'grains and what they are broken down by');
SELECT set_eq($$ SELECT at, channel, device, orders, buyers, gmv, profit FROM sales WHERE grain = 'hour' AND by = '{channel,device}' $$,
	$$ SELECT date_trunc('hour', at), channel, device, count(*), count(DISTINCT customer) AS c, sum(amount), sum(amount - cost) AS s FROM sale GROUP BY 1, 2, 3 $$, 'hours by both');
SELECT set_eq($$ SELECT at, channel, device, orders, buyers, gmv FROM sales WHERE grain = 'day' AND by = '{device}' $$,
	$$ SELECT date_trunc('day', at, 'Europe/Berlin'), NULL::text, device, count(*), count(DISTINCT customer) AS c, sum(amount) FROM sale GROUP BY 1, 2, 3 $$, 'days of the zone by one');
SELECT set_eq($$ SELECT at, channel, device, orders, buyers, gmv FROM sales WHERE grain = 'total' AND by = '{}' $$,
	$$ SELECT date_trunc('hour', min(at)), NULL::text AS x, NULL::text AS y, count(*), count(DISTINCT customer) AS c, sum(amount) FROM sale $$, 'the total');
SELECT set_eq($$ SELECT campaign, at, channel, orders, buyers FROM sales WHERE grain = 'campaign' AND by = '{channel}' $$,
	$$ SELECT 'all' AS a, '2026-03-27 12:00+00'::timestamptz AS b, channel, count(*), count(DISTINCT customer) AS c FROM sale WHERE at >= '2026-03-27 12:00+00' AND at < '2026-03-29 12:00+00' GROUP BY channel
	   UNION ALL SELECT 'app', '2026-03-27 12:30+00', 'app', count(*), count(DISTINCT customer) AS c FROM sale WHERE at >= '2026-03-27 13:00+00' AND at < '2026-03-28 12:00+00' AND channel = 'app' $$,
	'campaigns: the buckets that begin while they run, of their slice');
SELECT set_eq($$ SELECT dims, slice FROM unnest('{"{\"store\": 7}", "{\"store\": null}", "{\"city\": 7}"}'::jsonb[]) dims, unnest('{"{}", "{\"store\": \"7\"}", "{\"store\": 7}", "{\"store\": null}"}'::jsonb[]) slice WHERE promo.in_slice(dims, slice) $$,
	$$ VALUES ('{"store": 7}'::jsonb, '{}'::jsonb), ('{"store": 7}', '{"store": "7"}'), ('{"store": 7}', '{"store": 7}'), ('{"store": null}', '{}'), ('{"store": null}', '{"store": null}'), ('{"city": 7}', '{}') $$,
	'slices compare as text, and name dimensions that are there');
UPDATE promo.campaign SET rollup = NULL WHERE name = 'all';
SELECT set_eq($$ SELECT campaign FROM sales WHERE grain = 'campaign' AND by = '{}' $$, '{app}'::text[], 'a campaign that names no rollup reads none of two');
SELECT promo.drop_rollup('r7');
SELECT set_eq($$ SELECT campaign FROM sales WHERE grain = 'campaign' AND by = '{}' $$, '{all,app}'::text[], 'but the only one of buckets');
SELECT promo.create_rollup('days', 'sale', '1 day', 'at', '{"event": "''order''"}');
SELECT set_eq('SELECT DISTINCT grain, by FROM days', $$ SELECT grain, '{}'::text[] FROM unnest('{day,total}'::text[]) grain $$, 'days have no finer grain, and no campaign is theirs');
SELECT promo.drop_rollup('days');
TRUNCATE sale;
SELECT is_empty('TABLE sales', 'nothing of nothing');

-- ----------------------------------------------------------------
-- Money of any scale, columns of any names
-- ----------------------------------------------------------------
CREATE TABLE paid (at timestamptz, customer bigint, r text, place text, start text, stop text, bucket_end text, chosen text, span text, k text, amount numeric);
CREATE INDEX ON paid (at);
CREATE INDEX ON paid (customer);
INSERT INTO paid SELECT timestamptz '2026-01-01 00:00+00' + n * interval '20 min', n % 3, n % 2, n % 3, 'a', 'b', 'c', 'd', 'e', 'f', n / 7.0 FROM generate_series(1, 9) n;
SELECT promo.create_rollup('paying', 'paid', '1 hour', 'at', '{"event": "''order''", "customer": "customer", "amount": "amount", "discount": "amount / 3", "cost": "amount / 9"}', '{r,place,start,stop}');
SELECT promo.create_rollup('paid2', 'paid', '1 hour', 'at', '{"event": "''order''"}', '{bucket_end,chosen,span,k}');
SELECT promo.create_rollup('payers', 'paid', NULL, 'at', '{"amount": "amount"}', '{customer}');
CREATE TEMP VIEW of_paid AS SELECT promo.bucket(at, '1 hour', 'UTC') AS bucket, r, place, start, stop, promo.kpi_agg('order', customer, round(amount, 4), round(amount / 3, 4), round(amount / 9, 4)) AS state
	FROM paid GROUP BY 1, 2, 3, 4, 5;
SELECT set_eq('SELECT bucket, r, place, start, stop, state::text FROM paying_current', 'SELECT bucket, r, place, start, stop, state::text FROM of_paid', 'money is rounded to 4 decimals');
SELECT promo.refresh_batch('paying', 100), promo.refresh_batch('paid2', 100), promo.refresh_batch('payers', 100);
SELECT set_eq('SELECT bucket, r, place, start, stop, state::text FROM paying_state', 'SELECT bucket, r, place, start, stop, state::text FROM of_paid', 'in states, too; dimensions may have the names of what is computed');
SELECT set_eq('SELECT customer, state::text FROM payers_state', $$ SELECT customer, promo.history_agg(at::date, round(amount, 4))::text FROM paid GROUP BY customer $$, 'and in histories');
UPDATE paid SET stop = 'c';
SELECT set_eq($$ SELECT r, place, start, stop, orders FROM paying WHERE grain = 'total' AND by = '{r,place,start,stop}' $$, $$ SELECT r, place, start, stop, count(*) FROM paid GROUP BY 1, 2, 3, 4 $$, 'also of the view for reading');
SELECT set_eq($$ SELECT bucket_end, chosen, span, k, orders FROM paid2 WHERE grain = 'total' AND by = '{bucket_end,chosen,span,k}' $$, $$ VALUES ('c', 'd', 'e', 'f', 9::bigint) $$, 'whatever they are');
SELECT promo.drop_rollup(name) FROM unnest('{paying,paid2,payers}'::text[]) name;

-- ----------------------------------------------------------------
-- What is kept
-- ----------------------------------------------------------------
CREATE TABLE visit (at timestamptz);
CREATE INDEX ON visit (at);
INSERT INTO visit SELECT date_trunc('hour', now()) - n * interval '1 hour' FROM generate_series(0, 47) n;
SELECT promo.create_rollup('visits', 'visit', '1 hour', 'at', '{"event": "''view''"}', keep => '1 day');
SELECT results_eq('SELECT count(*), sum(promo.pv(state)) FROM visits_current', 'SELECT count(*), count(*)::numeric FROM visit WHERE at >= now() - interval ''1 day''', 'what is older is not shown');
SELECT promo.refresh_batch('visits', 100);
SELECT results_eq('SELECT count(*), sum(promo.pv(state)) FROM visits_state', 'SELECT count(*), count(*)::numeric FROM visit WHERE at >= now() - interval ''1 day''', 'nor stored');
INSERT INTO visits_state SELECT now() - interval '25 hours', state FROM visits_state LIMIT 1;
INSERT INTO visit VALUES (now() - interval '30 hours');
SELECT is(promo.refresh_batch('visits', 100), 0, 'nor computed');
SELECT is_empty($$ SELECT bucket FROM visits_state WHERE bucket < now() - interval '1 day' UNION ALL TABLE visits_mark $$, 'and a refresh removes it');

-- ----------------------------------------------------------------
-- Customers
-- ----------------------------------------------------------------
CREATE TABLE shop_order (id int, customer_id int, ordered_at timestamptz, amount numeric);
INSERT INTO shop_order SELECT n, n % 100, timestamptz '2026-01-01 00:00+00' + interval '1 hour' * ((n * 7919) % 2000), n % 37 FROM generate_series(1, 700) n;
CREATE INDEX ON shop_order (customer_id);
SELECT promo.create_rollup('buyers', 'shop_order', NULL, 'ordered_at', '{"amount": "amount"}', '{customer_id}', 'Asia/Shanghai');
SELECT results_eq('SELECT count(*), count(as_of) FROM buyers', 'SELECT 100::bigint, 0::bigint', 'nobody is scored yet');
SELECT is(promo.score_customers('buyers', '2026-02-15'), 100::bigint, 'all are');
CREATE TEMP VIEW history AS SELECT customer_id AS customer, promo.history_agg((ordered_at AT TIME ZONE 'Asia/Shanghai')::date, amount) AS h FROM shop_order GROUP BY 1;
SELECT set_eq($$ SELECT customer, orders, order_days, first_day, last_day, spent, mean_gap, as_of, rfm::text, segment, stage FROM buyers $$,
	$$ SELECT customer, promo.orders(h), promo.order_days(h), promo.first_day(h), promo.last_day(h), promo.spent(h), promo.mean_gap(h), '2026-02-15'::date AS d, s::text, promo.segment(s), promo.stage(h, '2026-02-15')
	   FROM history, (SELECT promo.rfm_fit(h, '2026-02-15') AS m FROM history) m, promo.score(h, m, '2026-02-15') s $$, 'one row for each, with what was found');
DELETE FROM shop_order WHERE customer_id = 7;
UPDATE shop_order SET customer_id = 200 WHERE customer_id = 8;
SELECT set_eq('SELECT customer, orders FROM buyers', 'SELECT customer, promo.orders(h) FROM history', 'always current');
SELECT is(promo.score_customers('buyers'), 99::bigint, 'scored anew');
SELECT set_eq('SELECT customer, as_of FROM buyers_customer', $$ SELECT DISTINCT customer_id, (now() AT TIME ZONE 'Asia/Shanghai')::date - 1 FROM shop_order $$, 'as of yesterday; who is gone is gone');
SELECT throws_ok($$ SELECT promo.score_customers('sales') $$, '42809', 'rollup "sales" has no histories of customers', 'customers of buckets');
SELECT throws_ok($$ SELECT promo.score_customers('nothing') $$, '42704', 'rollup "nothing" does not exist', 'customers of nothing');

-- ----------------------------------------------------------------
-- Renaming, replicas, dropping
-- ----------------------------------------------------------------
INSERT INTO sale VALUES ('2026-03-25 00:10+00', 1, 'app', 'ios', 10, 6);
SELECT promo.refresh_batch('sales', 1000);
ALTER TABLE sale RENAME TO sold;
ALTER TABLE sold RENAME at TO sold_at;
ALTER TABLE sold RENAME channel TO way;
INSERT INTO sold VALUES ('2026-03-25 00:20+00', 1, 'app', 'ios', 10, 6), ('2026-03-26 00:20+00', 1, 'app', 'ios', 10, 6);
SELECT set_eq('TABLE sales_mark', $$ VALUES ('2026-03-25 00:00+00'::timestamptz), ('2026-03-26 00:00+00') $$, 'a renamed source is marked');
SELECT is(promo.refresh_batch('sales', 10), 2, 'and refreshed');
SELECT set_eq('SELECT bucket, channel, promo.orders(state) FROM sales_state', $$ VALUES ('2026-03-25 00:00+00'::timestamptz, 'app', 2::bigint), ('2026-03-26 00:00+00', 'app', 1) $$, 'under the old names');
SET LOCAL session_replication_role = replica;
DELETE FROM sold WHERE sold_at > '2026-03-26';
SELECT set_eq('TABLE sales_mark', $$ VALUES ('2026-03-26 00:00+00'::timestamptz) $$, 'what is replicated is marked');
RESET session_replication_role;

CREATE INDEX ON sales_mark (bucket);
SELECT throws_ok($$ INSERT INTO sold VALUES ('2026-03-27 00:20+00') $$, '55000', 'the table of marks of a rollup is gone or altered', 'an index that would not be kept');
DROP INDEX sales_mark_bucket_idx;
SELECT throws_ok($$ UPDATE promo.kpi_rollup SET zone = 'UTC' $$, '55000', 'a rollup is not changed', 'rollups are not changed');
CREATE TABLE another (at timestamptz);
CREATE TRIGGER hostile AFTER INSERT ON another FOR EACH ROW EXECUTE FUNCTION promo.mark_changes('sales');
SELECT throws_ok('INSERT INTO another VALUES (now())', '39P01', 'trigger "hostile" is not on the source of rollup "sales"', 'a trigger elsewhere marks nothing');
DROP TRIGGER hostile ON another;
CREATE TRIGGER hostile BEFORE INSERT ON another FOR EACH ROW EXECUTE FUNCTION promo.mark_changes('sales');
SELECT throws_ok('INSERT INTO another VALUES (now())', '39P01', NULL, 'nor one before');
DROP TRIGGER hostile ON another;
CREATE TRIGGER hostile AFTER INSERT ON another FOR EACH ROW EXECUTE FUNCTION promo.mark_changes();
SELECT throws_ok('INSERT INTO another VALUES (now())', '39P01', NULL, 'nor one that names no rollup');

SELECT promo.drop_rollup(name) FROM unnest('{sales,visits,buyers}'::text[]) name;
SELECT is_empty($$ SELECT tgname FROM pg_trigger WHERE tgrelid IN ('sold'::regclass, 'visit'::regclass, 's2'::regclass, 's2_1'::regclass) AND tgname LIKE 'promo%'
	UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relname ~ '^(sales|visits|buyers|r[1-7])(_|$)' $$, 'nothing is left');
SELECT results_eq('SELECT name FROM promo.kpi_rollup ORDER BY name', $$ VALUES ('r10'), ('r8'), ('r9') $$, 'of what was dropped');
SELECT lives_ok($$ INSERT INTO sold VALUES (now()); INSERT INTO s2_1 (at, device) VALUES (now(), 1); TRUNCATE visit $$, 'writing goes on');
DROP TABLE s8 CASCADE;
SELECT lives_ok($$ SELECT promo.drop_rollup('r8') $$, 'without its source, too');
SELECT throws_ok($$ SELECT promo.drop_rollup('r8') $$, '42704', 'rollup "r8" does not exist', 'once');
SELECT throws_ok($$ SELECT promo.refresh_batch('r9', 0) $$, '22023', 'max_buckets is less than 1', 'a batch of nothing');

-- ----------------------------------------------------------------
-- Whose it is
-- ----------------------------------------------------------------
CREATE ROLE promo_shop;
CREATE ROLE promo_jobs;
CREATE ROLE promo_thief;
GRANT promo_shop, promo_jobs, promo_thief TO CURRENT_USER;
CREATE SCHEMA theirs AUTHORIZATION promo_shop;
GRANT USAGE ON SCHEMA theirs TO promo_jobs, promo_thief;
GRANT EXECUTE ON FUNCTION promo.create_rollup, promo.rollup_finish, promo.drop_rollup, promo.mark TO promo_shop, promo_thief;
GRANT EXECUTE ON FUNCTION promo.refresh_batch, promo.score_customers TO promo_jobs;
GRANT SELECT, INSERT, DELETE ON promo.kpi_rollup TO promo_shop, promo_thief;
GRANT SELECT ON promo.campaign TO promo_shop, promo_thief;
SET LOCAL ROLE promo_shop;
SET LOCAL search_path = theirs, public;
CREATE TABLE event (at timestamptz, kind text, who bigint);
CREATE INDEX ON event (at);
CREATE TABLE ran_as (name name);
CREATE FUNCTION word(kind text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN kind || CASE WHEN current_user = 'promo_shop' THEN '' ELSE current_user END; END $$;
SELECT lives_ok($$ SELECT promo.create_rollup('theirs', 'event', '1 hour', 'at', '{"event": "word(kind)", "customer": "who"}') $$, 'a plain role makes one, with functions of its own');
GRANT INSERT ON event TO promo_thief;
RESET ROLE;
SET LOCAL ROLE promo_thief;
SET LOCAL search_path = public;
INSERT INTO theirs.event VALUES ('2026-01-01', 'view', 1);
SELECT throws_ok('INSERT INTO theirs.theirs_mark VALUES (now())', '42501', NULL, 'a writer has no rights on marks');
SELECT throws_ok($$ SELECT promo.refresh_batch('theirs', 1) $$, '42501', NULL, 'nor may refresh');
SELECT throws_ok($$ SELECT promo.mark('theirs') $$, '42501', NULL, 'nor mark');
SELECT throws_ok($$ SELECT promo.drop_rollup('theirs') $$, '42501', NULL, 'nor drop');
SELECT throws_ok($$ DELETE FROM promo.kpi_rollup WHERE name = 'theirs' $$, '42501', NULL, 'nor forget');
SELECT throws_ok($$ SELECT promo.create_rollup('more', 'theirs.event', '1 hour', 'at', '{"event": "kind"}') $$, '42501', 'must be owner of table theirs.event', 'nor make one of another''s table');
SELECT throws_ok($$ INSERT INTO promo.kpi_rollup SELECT 'stolen', source, state, mark, rows, bucket, zone, current, report, customer, at, dims, measures, keep FROM promo.kpi_rollup WHERE name = 'theirs' $$,
	'42501', NULL, 'nor record one of another''s tables');
SELECT throws_ok($$ INSERT INTO promo.kpi_rollup SELECT 'stolen', source, 1, 2, 3, bucket, zone, 4, 5, NULL, at, dims, measures, keep FROM promo.kpi_rollup WHERE name = 'theirs' $$,
	'42501', NULL, 'or of tables that may come to be');
RESET ROLE;
SET LOCAL ROLE promo_jobs;
SELECT is(promo.refresh_batch('theirs', 10), 1, 'jobs refresh it');
SELECT is(current_user, 'promo_jobs', 'and are themselves again');
RESET ROLE;
SELECT set_eq('SELECT bucket, promo.events(state, ''view'') FROM theirs.theirs_state', $$ VALUES ('2026-01-01'::timestamptz, 1::bigint) $$, 'it was done as the owner');
SELECT is_empty('TABLE theirs.theirs_mark', 'and nothing is marked');
ALTER VIEW theirs.theirs_current OWNER TO promo_thief;
INSERT INTO promo.alert_rule (name, rollup, metric) VALUES ('trap', 'theirs', 'pv');
SELECT throws_ok($$ SELECT promo.evaluate_alerts('trap') $$, '55000', 'tables and views of rollup "theirs" are gone, or of different owners', 'views of another owner are not read as this one');
ALTER VIEW theirs.theirs_current OWNER TO promo_shop;
ALTER TABLE theirs.theirs_mark OWNER TO promo_thief;
SELECT throws_ok($$ SELECT promo.refresh_batch('theirs', 10) $$, '55000', 'tables and views of rollup "theirs" are gone, or of different owners', 'tables of two owners are not refreshed');
SELECT * FROM finish();
ROLLBACK;
