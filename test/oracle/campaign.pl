#!/usr/bin/perl
#
# Figures of campaigns against slow and obvious SQL on the events themselves,
# over generated events, in a running server (PGHOST ... from the environment,
# the extension installed).  Written from doc/campaign.md.  ORACLE_SEED makes
# other cases; ORACLE_RUNS (104) is how many sampled states are looked at.
#
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use properties;

my $seed = ($ENV{ORACLE_SEED} // 1) % 1000 / 1000;
my $runs = $ENV{ORACLE_RUNS} // 104;

setup(<<"SQL");
SET search_path = public, promo;
SET client_min_messages = warning;
SET DateStyle = ISO;
SET TimeZone = 'UTC';
SELECT setseed($seed) \\g /dev/null
SQL

# ---------------------------------------------------------------------------
# Events
# ---------------------------------------------------------------------------

# Two percent come late, into hours that others closed; money is corrected by
# negative amounts; one in four customers has several texts and uuids.
setup(<<'SQL');
CREATE TABLE events AS
	SELECT row, CASE WHEN random() < 0.02 THEN timestamp '2026-01-05' + random() * interval '1 day' ELSE timestamp '2026-01-05' + row / 24000.0 * interval '6 days' END AS at,
		1 + floor(random() * 4)::int AS campaign,
		(ARRAY['view', 'view', 'view', 'view', 'click', 'favorite', 'cart', 'order', 'order', 'order', 'refund', 'spend', 'signup', 'Order', 'view ', '直播', 'a "quoted\ word', repeat('w', 63), NULL])[1 + floor(random() * 19)] AS event,
		CASE WHEN random() < 0.03 THEN NULL
			 WHEN random() < 0.02 THEN ('{-9223372036854775808,9223372036854775807,0,-1}'::bigint[])[1 + floor(random() * 4)]
			 WHEN random() < 0.3 THEN floor(random() * 20)::bigint
			 ELSE floor(random() * 2500)::bigint << (row % 2 * 40) END AS customer,
		floor(greatest(0, random() * 8 - 4))::int AS alias,
		CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.1 THEN -round((random() * 100)::numeric, 2) WHEN random() < 0.01 THEN round((random() * 10000000000)::numeric, 4)
			 ELSE round((random() * 300)::numeric, (random() * 4)::int) END AS amount,
		CASE WHEN random() < 0.5 THEN round((random() * 30)::numeric, 2) - 1 END AS discount,
		CASE WHEN random() < 0.8 THEN round((random() * 90)::numeric, 4) END AS cost
	FROM generate_series(1, 24000) row
	ORDER BY random();
ALTER TABLE events ADD day date, ADD hour timestamp, ADD name text, ADD uid uuid;
UPDATE events SET day = at::date, hour = date_trunc('hour', at), name = customer || (ARRAY['', ' ', 'é', '会员'])[1 + alias], uid = md5(customer || '/' || alias / 2)::uuid;

CREATE TABLE grained AS				-- every event under each of its headings
	SELECT grain, kind, row, event, amount, discount, cost, CASE kind WHEN 'bigint' THEN customer::text WHEN 'text' THEN name ELSE uid::text END AS id
	FROM events, LATERAL (VALUES (concat(campaign, ' ', hour)), (concat(campaign, ' ', day)), (concat('day ', day)), (concat('campaign ', campaign)), ('total')) g (grain),
		 (VALUES ('bigint'), ('text'), ('uuid')) k (kind);
CREATE TABLE words AS
	SELECT grain, kind, event, count(*) AS events, count(DISTINCT id) AS uniques, coalesce(sum(amount), 0) AS amount, coalesce(sum(discount), 0) AS discount, coalesce(sum(cost), 0) AS cost
	FROM grained WHERE event IS NOT NULL GROUP BY 1, 2, 3;
CREATE TABLE buyers AS
	SELECT grain, kind, count(*) AS once, count(*) FILTER (WHERE n >= 2) AS twice
	FROM (SELECT grain, kind, id, count(*) AS n FROM grained WHERE event = 'order' AND id IS NOT NULL GROUP BY 1, 2, 3) o GROUP BY 1, 2;
CREATE TABLE figures AS
	SELECT f.*, gmv - o_discount AS sales, gmv - o_discount - refunds AS net, gmv - o_discount - refunds - cogs - spend AS profit
	FROM (SELECT grain, kind, coalesce(sum(events) FILTER (WHERE event = 'view'), 0) AS pv, coalesce(sum(uniques) FILTER (WHERE event = 'view'), 0) AS uv,
				 coalesce(sum(events) FILTER (WHERE event = 'order'), 0) AS orders, coalesce(sum(uniques) FILTER (WHERE event = 'order'), 0) AS buyers,
				 coalesce(sum(amount) FILTER (WHERE event = 'order'), 0) AS gmv, coalesce(sum(discount) FILTER (WHERE event = 'order'), 0) AS o_discount,
				 coalesce(sum(amount) FILTER (WHERE event = 'refund'), 0) AS refunds,
				 coalesce(sum(cost) FILTER (WHERE event = 'order'), 0) - coalesce(sum(cost) FILTER (WHERE event = 'refund'), 0) AS cogs,
				 coalesce(sum(amount) FILTER (WHERE event = 'spend'), 0) AS spend, coalesce(sum(uniques) FILTER (WHERE event = 'signup'), 0) AS signups
		  FROM words GROUP BY 1, 2) f;

CREATE TABLE states AS
	SELECT coalesce(campaign || ' ' || hour, campaign || ' ' || day, 'day ' || day, 'campaign ' || campaign, 'total') AS grain, kind, k
	FROM (SELECT campaign, day, hour, kpi_agg(event, customer, amount, discount, cost), kpi_agg(event, name, amount, discount, cost), kpi_agg(event, uid, amount, discount, cost)
		  FROM events GROUP BY GROUPING SETS ((campaign, day, hour), (campaign, day), (day), (campaign), ())) s (campaign, day, hour, b, t, u),
		 LATERAL (VALUES ('bigint', b), ('text', t), ('uuid', u)) k (kind, k);
CREATE UNIQUE INDEX ON states (grain, kind);
CREATE INDEX ON grained (grain, kind, event);
CREATE FUNCTION plan_of(query text, OUT plan text) RETURNS SETOF text LANGUAGE plpgsql AS
	$$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
ANALYZE;
SQL

property('events, uniques and amounts of every word are GROUP BY and count(DISTINCT)', <<'SQL');
SELECT (events(k, w.event), uniques(k, w.event), amount(k, w.event)) = (w.events, w.uniques, w.amount),
	   format('%s %s %s: %s %s %s, not %s %s %s', grain, kind, w.event, events(k, w.event), uniques(k, w.event), amount(k, w.event), w.events, w.uniques, w.amount)
FROM words w FULL JOIN states USING (grain, kind)
WHERE k IS NOT NULL OR w.event IS NOT NULL
SQL

property('a state has no other words', <<'SQL');
SELECT k::jsonb->'events' ?& array_agg(event) AND (SELECT count(*) FROM jsonb_object_keys(k::jsonb->'events')) = count(*) AND (events(k, 'never'), uniques(k, 'never'), amount(k, 'never')) = (0, 0, 0), k::text
FROM words JOIN states USING (grain, kind) GROUP BY grain, kind, k
SQL

property('counts, money and ratios', <<'SQL');
SELECT ROW(pv(k), uv(k), orders(k), buyers(k), gmv(k), discount(k), sales(k), refunds(k), net(k), cogs(k), spend(k), profit(k)) = ROW(f.pv, f.uv, f.orders, f.buyers, f.gmv, o_discount, f.sales, f.refunds, f.net, f.cogs, f.spend, f.profit)
		AND coalesce(abs(aov(k) - f.sales / nullif(f.orders, 0)), 0) <= 1e-12 AND (aov(k) IS NULL) = (f.orders = 0)
		AND coalesce(abs(arpb(k) - f.sales / nullif(f.buyers, 0)), 0) <= 1e-12 AND (arpb(k) IS NULL) = (f.buyers = 0)
		AND coalesce(abs(cvr(k) - f.buyers / nullif(f.uv, 0)), 0) <= 1e-12 AND (cvr(k) IS NULL) = (f.uv = 0)
		AND coalesce(abs(roi(k) - f.profit / nullif(f.spend, 0)), 0) <= 1e-12 AND (roi(k) IS NULL) = (f.spend = 0)
		AND coalesce(abs(cac(k) - f.spend / nullif(f.signups, 0)), 0) <= 1e-12 AND (cac(k) IS NULL) = (f.signups = 0)
		AND coalesce(abs(repurchase(k) - b.twice::numeric / b.once), 0) <= 1e-12 AND (repurchase(k) IS NULL) = (coalesce(b.once, 0) = 0)
		AND is_exact(k) AND uniques_error(k) = 0, format('%s %s: %s, not %s, %s of %s bought twice', grain, kind, report(k), f, twice, once)
FROM figures f JOIN states USING (grain, kind) LEFT JOIN buyers b USING (grain, kind)
SQL

property('report is the figures one by one', <<'SQL');
SELECT r IS NOT DISTINCT FROM ROW(pv(k), uv(k), orders(k), buyers(k), gmv(k), discount(k), sales(k), refunds(k), net(k), cogs(k), spend(k), profit(k), aov(k), arpb(k), cvr(k), roi(k), cac(k), repurchase(k)), r::text
FROM states, LATERAL (SELECT * FROM report(k)) r
SQL

property('rates of uniques', <<'SQL');
SELECT rate(k, a.event, b) IS NOT DISTINCT FROM NULL AND d.uniques IS NULL OR abs(rate(k, a.event, b) - a.uniques::numeric / d.uniques) <= 1e-12,
	   format('%s %s %s of %s: %s, not %s / %s', grain, kind, a.event, b, rate(k, a.event, b), a.uniques, d.uniques)
FROM words a JOIN states USING (grain, kind), LATERAL (VALUES ('view'), ('order'), ('直播'), ('never')) v (b)
	LEFT JOIN LATERAL (SELECT nullif(uniques, 0) AS uniques FROM words w WHERE (w.grain, w.kind, w.event) = (a.grain, a.kind, v.b)) d ON true
WHERE a.grain ~ '^(day|campaign|total)' OR a.grain ~ '^1 2026-01-05'
SQL

property('common is INTERSECT', <<'SQL');
SELECT common(a.k, b.k, w) = n AND common(b.k, a.k, w) = n, format('%s and %s %s %s: %s, not %s', a.grain, b.grain, a.kind, w, common(a.k, b.k, w), n)
FROM states a JOIN states b USING (kind), (VALUES ('view'), ('order'), ('signup'), ('never')) v (w),
	 LATERAL (SELECT count(*) FROM (SELECT id FROM grained g WHERE (g.grain, g.kind, g.event) = (a.grain, a.kind, w) AND id IS NOT NULL INTERSECT
									SELECT id FROM grained g WHERE (g.grain, g.kind, g.event) = (b.grain, b.kind, w) AND id IS NOT NULL) i) c (n)
WHERE a.grain ~ '^(day|campaign)' AND a.grain ~ '(6|3)$' AND b.grain ~ '^(day|campaign)'
SQL

# ---------------------------------------------------------------------------
# Merging
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE pieces AS				-- the rows of each day split at random
	SELECT day, piece, kpi_agg(event, customer, amount, discount, cost) AS b, kpi_agg(event, name, amount, discount, cost) AS t
	FROM (SELECT *, floor(random() * 5)::int AS piece FROM events) e GROUP BY 1, 2;
CREATE TABLE campaign_days AS SELECT split_part(grain, ' ', 1) AS campaign, split_part(grain, ' ', 2) AS day, kind, rollup(k) AS k FROM states WHERE grain ~ '^\d+ .*:' GROUP BY 1, 2, 3;
SQL

property('hours roll up to days, campaigns and totals byte for byte', <<'SQL');
SELECT kpi_send(r.k) = kpi_send(s.k) AND r.k = s.k, format('%s %s', grain, kind)
FROM (SELECT campaign || ' ' || day, kind, k FROM campaign_days
	  UNION ALL SELECT 'day ' || day, kind, rollup(k ORDER BY campaign DESC) FROM campaign_days GROUP BY 1, 2
	  UNION ALL SELECT 'campaign ' || campaign, kind, rollup(k ORDER BY day DESC) FROM campaign_days GROUP BY 1, 2
	  UNION ALL SELECT 'total', kind, rollup(k ORDER BY md5(campaign || day)) FROM campaign_days GROUP BY 2
	  UNION ALL SELECT 'total', kind, rollup(k) FROM states WHERE grain ~ '^\d+ .*:' GROUP BY 2) r (grain, kind, k)
	FULL JOIN (SELECT * FROM states WHERE grain !~ ':') s USING (grain, kind)
SQL

property('any split in any order of || and rollup is the whole', <<'SQL');
SELECT kpi_send(r) = kpi_send(k), format('%s %s %s', grain, s.kind, way)
FROM (SELECT day, 'rollup ascending' AS way, rollup(b ORDER BY piece) AS b, rollup(t ORDER BY piece) AS t FROM pieces GROUP BY 1
	  UNION ALL SELECT day, 'rollup descending', rollup(b ORDER BY piece DESC), rollup(t ORDER BY piece DESC) FROM pieces GROUP BY 1
	  UNION ALL SELECT day, 'rollup of rollups', rollup(b), rollup(t) FROM (SELECT day, rollup(b) AS b, rollup(t) AS t FROM pieces GROUP BY day, piece % 2) p GROUP BY 1
	  UNION ALL SELECT p.day, '|| left to right', (((p.b || q.b) || r.b) || s.b) || u.b, (((p.t || q.t) || r.t) || s.t) || u.t
		FROM pieces p JOIN pieces q USING (day) JOIN pieces r USING (day) JOIN pieces s USING (day) JOIN pieces u USING (day) WHERE (p.piece, q.piece, r.piece, s.piece, u.piece) = (0, 1, 2, 3, 4)
	  UNION ALL SELECT p.day, '|| in pairs', (p.b || (q.b || NULL)) || (r.b || (s.b || u.b)), (NULL || (p.t || q.t)) || (r.t || (s.t || u.t))
		FROM pieces p JOIN pieces q USING (day) JOIN pieces r USING (day) JOIN pieces s USING (day) JOIN pieces u USING (day) WHERE (p.piece, q.piece, r.piece, s.piece, u.piece) = (3, 1, 4, 0, 2)) w,
	 LATERAL (VALUES ('bigint', w.b), ('text', t)) v (kind, r), states s WHERE s.kind = v.kind AND s.grain = 'day ' || w.day
SQL

property('merging twice counts events and money twice, uniques once, and makes every buyer one of two orders', <<'SQL');
SELECT (pv(k || k), orders(k || k), gmv(k || k), profit(k || k)) = (2 * pv(k), 2 * orders(k), 2 * gmv(k), 2 * profit(k)) AND (uv(k || k), buyers(k || k), common(k, k || k, 'view')) = (uv(k), buyers(k), uv(k))
		AND repurchase(k || k) IS NOT DISTINCT FROM CASE WHEN buyers(k) > 0 THEN 1 END, grain || ' ' || kind
FROM states
SQL

property('the order of rows does not matter', <<'SQL');
SELECT kpi_send(a) = kpi_send(k) AND kpi_send(d) = kpi_send(k) AND kpi_send(r) = kpi_send(k) AND s.k = a, grain
FROM (SELECT 'day ' || day AS grain, kpi_agg(event, customer, amount, discount, cost ORDER BY customer, row) AS a, kpi_agg(event, customer, amount, discount, cost ORDER BY event DESC, row DESC) AS d,
			 kpi_agg(event, customer, amount, discount, cost ORDER BY md5(row::text)) AS r FROM events GROUP BY 1) w JOIN states s USING (grain) WHERE kind = 'bigint'
SQL

property('fewer arguments are money of NULL', <<'SQL');
SELECT kpi_agg(event, customer) = kpi_agg(event, customer, NULL, NULL, NULL) AND kpi_agg(event, customer, amount) = kpi_agg(event, customer, amount, 0, NULL)
		AND kpi_agg(event, name) = kpi_agg(event, name, 0) AND kpi_agg(event, uid, amount) = kpi_agg(event, uid, amount, NULL, NULL), day::text
FROM events GROUP BY day
SQL

property('text, json and jsonb read back equal', <<'SQL');
SELECT k::text::kpi = k AND k::json::kpi = k AND k::jsonb::kpi = k AND k::text::kpi::text = k::text AND kpi_send(k::jsonb::kpi) = kpi_send(k) AND hash_record(ROW(k)) = hash_record(ROW(k::text::kpi)), left(k::text, 300)
FROM states
SQL

setup(<<'SQL');
CREATE TABLE copied (LIKE states);
CREATE TEMP TABLE place AS SELECT current_setting('data_directory') || '/promo_states.copy' AS file;
SELECT format('COPY states TO %L (FORMAT binary)', file), format('COPY copied FROM %L (FORMAT binary)', file) FROM place
\gexec
SQL

property('binary COPY reads back equal', <<'SQL');
SELECT a.k = b.k AND kpi_send(a.k) = kpi_send(b.k), grain || ' ' || kind FROM states a FULL JOIN copied b USING (grain, kind)
SQL

property('= is the equality of figures and customers, and compares as btree wants it', <<'SQL');
SELECT (a.k = b.k) = (a.k::text = b.k::text) AND (a.k < b.k)::int + (a.k = b.k)::int + (a.k > b.k)::int = 1 AND (a.k < b.k) = (b.k > a.k), format('%s %s and %s %s', a.grain, a.kind, b.grain, b.kind)
FROM states a, states b WHERE a.grain ~ '^1 2026-01-05 0' AND b.grain ~ '^[12] 2026-01-0[56] 0'
SQL

setup(<<'SQL');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE TABLE parallel_states AS SELECT 'campaign ' || campaign AS grain, kpi_agg(event, customer, amount, discount, cost) AS b, kpi_agg(event, name, amount, discount, cost) AS t, kpi_agg(event, uid, amount, discount, cost) AS u
	FROM events GROUP BY campaign UNION ALL SELECT 'total', kpi_agg(event, customer, amount, discount, cost), kpi_agg(event, name, amount, discount, cost), kpi_agg(event, uid, amount, discount, cost) FROM events;
CREATE TABLE parallel_rollups AS SELECT kind, rollup(k) AS k FROM states WHERE grain ~ '^\d+ .*:' GROUP BY 1;
CREATE TABLE parallel_plans AS SELECT query, string_agg(plan, E'\n') AS plan
	FROM unnest(ARRAY['SELECT campaign, kpi_agg(event, customer, amount, discount, cost) FROM events GROUP BY 1', 'SELECT kpi_agg(event, name) FROM events', 'SELECT kpi_agg(event, uid, amount) FROM events',
					  'SELECT kind, rollup(k) FROM states GROUP BY 1']) query, plan_of(query) GROUP BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;
SQL

property('aggregates are planned in parallel', q{SELECT plan ~ 'Partial' AND plan ~ 'Finalize' AND plan ~ 'Gather', query || ': ' || plan FROM parallel_plans});

property('parallel workers build the same', <<'SQL');
SELECT kpi_send(p.k) = kpi_send(s.k), format('%s %s', grain, kind)
FROM (SELECT grain, kind, k FROM parallel_states, LATERAL (VALUES ('bigint', b), ('text', t), ('uuid', u)) v (kind, k) UNION ALL SELECT 'total', kind, k FROM parallel_rollups) p
	JOIN states s USING (grain, kind)
SQL

property('a window has built what its rows build', <<'SQL');
SELECT k IS NOT DISTINCT FROM (SELECT kpi_agg(event, customer, amount) FROM events e WHERE e.row BETWEEN w.row - 5 AND w.row)
		AND pv(grown) = sum((event = 'view')::int) OVER (ORDER BY row) OR k IS NULL, 'row ' || row
FROM (SELECT row, event, kpi_agg(event, customer, amount) OVER (ORDER BY row ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS k, kpi_agg(event, customer, amount) OVER (ORDER BY row) AS grown FROM events WHERE row <= 600) w
SQL

# ---------------------------------------------------------------------------
# Large sets and samples
# ---------------------------------------------------------------------------

# Sets of all sizes and densities, collected and merged in several ways.
setup(<<'SQL');
CREATE TEMP TABLE members AS
	SELECT size, density, i, CASE density WHEN 'dense' THEN i WHEN 'clustered' THEN (i / 1000 << 36) + i % 1000 * 3 WHEN 'negative' THEN -i * 129 ELSE hashint8extended(i, 7) END AS customer
	FROM unnest('{1,17,300,5000,150000}'::bigint[]) size, unnest('{dense,clustered,negative,random}'::text[]) density, generate_series(1, size) i;
CREATE TEMP TABLE collected AS
	SELECT size, density, 'ascending' AS way, kpi_agg('order', customer) AS k FROM members GROUP BY 1, 2
	UNION ALL SELECT size, density, 'descending', kpi_agg('order', customer ORDER BY i DESC) FROM members GROUP BY 1, 2
	UNION ALL SELECT size, density, 'shuffled', kpi_agg('order', customer ORDER BY hashint8(i)) FROM members GROUP BY 1, 2
	UNION ALL SELECT size, density, 'parts', rollup(k) FROM (SELECT size, density, kpi_agg('order', customer) AS k FROM members GROUP BY 1, 2, i % 7) p GROUP BY 1, 2
	UNION ALL SELECT size, density, 'ranges', rollup(k ORDER BY part DESC) FROM (SELECT size, density, i * 5 / size AS part, kpi_agg('order', customer) AS k FROM members GROUP BY 1, 2, 3) p GROUP BY 1, 2;
CREATE TEMP TABLE doubled AS		-- every third customer ordered twice, some in the same part and some in another
	SELECT size, density, 'twice, rows' AS way, kpi_agg('order', customer ORDER BY n, hashint8(i)) AS k FROM members, generate_series(1, 2) n WHERE n = 1 OR i % 3 = 0 GROUP BY 1, 2
	UNION ALL SELECT size, density, 'twice, parts', rollup(k) FROM (SELECT size, density, kpi_agg('order', customer) AS k FROM members, generate_series(1, 2) n WHERE n = 1 OR i % 3 = 0 GROUP BY 1, 2, (i + n * (i % 2)) % 5) p GROUP BY 1, 2;
SQL

property('sets of any size and density are the same bytes, whatever way they came', <<'SQL');
SELECT kpi_send(c.k) = kpi_send(a.k) AND c.k = a.k AND buyers(c.k) = size AND repurchase(c.k) = 0 AND common(c.k, a.k, 'order') = size AND is_exact(c.k), format('%s %s %s: %s', size, density, c.way, buyers(c.k))
FROM collected c JOIN collected a USING (size, density) WHERE a.way = 'ascending'
UNION ALL SELECT c.k = a.k AND buyers(c.k) = size AND abs(repurchase(c.k) - (size / 3)::numeric / size) < 1e-12 AND orders(c.k) = size + size / 3 AND c.k <> s.k AND common(c.k, s.k, 'order') = size, format('%s %s %s: %s', size, density, c.way, repurchase(c.k))
FROM doubled c JOIN doubled a USING (size, density) JOIN collected s USING (size, density) WHERE a.way = 'twice, rows' AND s.way = 'ascending' AND size > 2
UNION ALL SELECT c.k::text::kpi = c.k AND c.k::jsonb::kpi = c.k, format('%s %s: text', size, density) FROM (TABLE collected UNION ALL TABLE doubled) c WHERE way IN ('ascending', 'twice, rows') AND size <= 5000
SQL

property('sets have in common what they have, across densities', <<'SQL');
SELECT common(a.k, b.k, 'order') = coalesce(n, 0), format('%s %s and %s %s: %s, not %s', a.size, a.density, b.size, b.density, common(a.k, b.k, 'order'), n)
FROM collected a CROSS JOIN collected b
	LEFT JOIN (SELECT x.size, x.density, y.size, y.density, count(*) FROM members x JOIN members y USING (customer) GROUP BY 1, 2, 3, 4) c (a_size, a_density, b_size, b_density, n)
		ON (a.size, a.density, b.size, b.density) = (a_size, a_density, b_size, b_density)
WHERE a.way = 'ascending' AND b.way = 'descending'
SQL

# Eighteen states of overlapping ranges of customers, numbered in two ways; a
# run unites three or six of them.
my $id = q{CASE family WHEN 0 THEN i << 32 ELSE hashint8extended(i, 1) END};
setup(<<"SQL");
CREATE TEMP TABLE ranges AS
	SELECT family, part, kpi_agg('view', $id) AS k
	FROM generate_series(0, 1) family, generate_series(0, 8) part, generate_series(part * 350000::bigint, part * 350000 + 399999) i
	GROUP BY 1, 2;
CREATE TABLE picked AS
	SELECT run, run % 2 AS family, part FROM generate_series(1, $runs) run, LATERAL (SELECT part FROM generate_series(0, 8) part ORDER BY md5(run || ' $seed ' || part) LIMIT CASE WHEN run % 16 = 0 THEN 6 ELSE 3 END) p;
CREATE TABLE units AS SELECT DISTINCT run, unit FROM picked, generate_series(part * 7, part * 7 + 7) unit;		-- of 50,000 customers
CREATE TABLE measured AS
	SELECT run, n, uv(k) AS uv, uniques_error(k) AS error, is_exact(k) AS exact
	FROM (SELECT run, rollup(k ORDER BY md5(run || ' ' || part)) AS k FROM picked JOIN ranges USING (family, part) GROUP BY 1 OFFSET 0) k JOIN (SELECT run, count(*) * 50000 AS n FROM units GROUP BY 1) u USING (run);
CREATE TEMP TABLE unions AS SELECT run, family, rollup(k ORDER BY part) AS k FROM picked JOIN ranges USING (family, part) WHERE run <= 16 GROUP BY 1, 2;
CREATE TABLE shared AS
	SELECT a.run, b.run AS other, (SELECT count(*) * 50000 FROM units x JOIN units y USING (unit) WHERE (x.run, y.run) = (a.run, b.run)) AS n, common(a.k, b.k, 'view') AS common
	FROM unions a JOIN unions b ON b.run > a.run AND b.family = a.family;
CREATE FUNCTION bits(uniques bigint, error float8) RETURNS int LANGUAGE sql IMMUTABLE AS	-- of the sample, by the formula of the error
	\$\$ SELECT b FROM generate_series(1, 40) b WHERE uniques % (1::bigint << b) = 0 AND abs(error / sqrt((1 - 1 / 2.0::float8 ^ b) / (uniques / 2.0::float8 ^ b)) - 1) < 1e-12 \$\$;
SQL

property('up to 1,048,576 customers a state is exact, with one more it is a sample', <<'SQL');
SELECT is_exact(a) AND uv(a) = 1048576 AND uniques_error(a) = 0 AND NOT is_exact(a || b) AND uniques_error(a || b) > 0 AND is_exact(a || a) AND pv(a || b) = 1048577
		AND uv(a || b) <> 1048576, format('%s, then %s', uv(a), uv(a || b))
FROM (SELECT kpi_agg('view', i) AS a FROM generate_series(1, 1048576::bigint) i) s, (SELECT kpi_agg('view', 0) AS b) t
SQL

property('of a sample, uniques are members x 2^bits, at most 1,048,576 members and no more bits than it takes', <<'SQL');
SELECT NOT exact AND uv >> bits(uv, error) BETWEEN 500000 AND 1048576 AND n >= 1100000, format('run %s: %s of %s, error %s', run, uv, n, error) FROM measured
SQL

property("uniques of a sample are within three times the stated error in 99 % of $runs runs", <<"SQL");
SELECT count(*) FILTER (WHERE abs(z) > 3) <= count(*) * 0.01 AND count(*) > $runs * 0.8 AND sqrt(avg(z * z)) BETWEEN 0.4 AND 1.6, format('%s of %s are not, root mean square %s', count(*) FILTER (WHERE abs(z) > 3), count(*), sqrt(avg(z * z)))
FROM (SELECT (uv / n::float8 - 1) / error AS z FROM measured) z
SQL

property('so is what two samples have in common', <<'SQL');
SELECT count(*) FILTER (WHERE abs(z) > 3) <= count(*) * 0.01 AND count(*) > 40, format('%s of %s are not, root mean square %s', count(*) FILTER (WHERE abs(z) > 3), count(*), sqrt(avg(z * z)))
FROM (SELECT (s.common - s.n) / sqrt(s.n * (2 ^ greatest(bits(a.uv, a.error), bits(b.uv, b.error)) - 1)) AS z FROM shared s JOIN measured a USING (run) JOIN measured b ON b.run = other WHERE s.n > 0) z
SQL

property('a sample is the same whatever the order of merges, and reads back equal', <<'SQL');
SELECT kpi_send(k) = kpi_send(r) AND k || r || k = k || k || r AND octet_length(kpi_send(k)) < 10000000, 'run ' || run
FROM (SELECT run, rollup(k ORDER BY part DESC) AS r FROM (SELECT run, part, rollup(k) AS k FROM (SELECT run, part / 3 AS part, k FROM picked JOIN ranges USING (family, part) WHERE run BETWEEN 5 AND 8) p GROUP BY 1, 2) p GROUP BY 1) r JOIN unions USING (run)
UNION ALL SELECT k::text::kpi = k AND k::jsonb::kpi = k, 'text of run ' || run FROM unions WHERE run IN (1)
SQL

setup(<<'SQL');
CREATE TABLE many AS
	SELECT kpi_agg('view', i) || kpi_agg('order', i) FILTER (WHERE i % 4 = 0) || kpi_agg('order', i) FILTER (WHERE i % 8 = 0) || kpi_agg('signup', i) FILTER (WHERE i <= 1000) AS k FROM generate_series(1, 1500000::bigint) i;
SQL

property('words have samples of their own, and the largest error is the error', <<'SQL');
SELECT NOT is_exact(k) AND uniques(k, 'signup') = 1000 AND buyers(k) = 375000 AND repurchase(k) = 0.5 AND abs(uv(k) / 1500000.0 - 1) < 3 * uniques_error(k)
		AND abs(cvr(k) / 0.25 - 1) < 3 * uniques_error(k) AND uniques_error(k) = uniques_error(kpi_agg) AND uv(k) = uv(kpi_agg), report(k)::text
FROM many, (SELECT kpi_agg('view', i) FROM generate_series(1500000::bigint, 1, -1) i) s
SQL

property('of sampled buyers, as many bought twice as did', <<'SQL');
SELECT NOT is_exact(k) AND abs(repurchase(k) - 0.5) < 3 * sqrt(0.25 / (buyers(k) / 2 ^ bits(buyers(k), uniques_error(k)))) AND orders(k) = 2250000, report(k)::text
FROM (SELECT kpi_agg('order', i::text) || kpi_agg('order', i::text) FILTER (WHERE i % 2 = 0) AS k FROM generate_series(1, 1500000) i) s
SQL

# ---------------------------------------------------------------------------
# Funnels
# ---------------------------------------------------------------------------

# All chains of a customer's events that a mode allows, one by one.  At one time
# events come in the order of their steps, those of no step first.  In
# stop_on_repeat everything behind the first repeat is as if it was not there.
setup(<<'SQL');
CREATE TABLE visits AS
	SELECT customer, row, at, step, row_number() OVER (PARTITION BY customer ORDER BY at, coalesce(step, 0), row) AS place
	FROM (SELECT customer, row, timestamptz '2026-01-05' + floor(random() * 20) * CASE customer % 3 WHEN 0 THEN interval '1 hour' WHEN 1 THEN interval '1 microsecond' ELSE interval '7 minutes 0.5 seconds' END AS at,
				 CASE WHEN random() < 0.12 THEN (ARRAY[0, NULL])[1 + row % 2] ELSE 1 + floor(random() * (2 + customer % 4))::int END AS step
		  FROM generate_series(1, 1500) customer, LATERAL generate_series(1, 1 + customer % 11) row) v;
CREATE TABLE asked AS
	SELECT customer, mode, CASE customer % 3 WHEN 0 THEN interval '1 hour' WHEN 1 THEN interval '1 microsecond' ELSE interval '7 minutes 0.5 seconds' END * (1 + customer % 14) AS within
	FROM (SELECT DISTINCT customer FROM visits) v, unnest('{default,strict_increase,stop_on_repeat,strict_order,strict_allow_reentry}'::text[]) mode;
CREATE TABLE funnels AS SELECT customer, mode, within, funnel_agg(at, step, within, mode ORDER BY md5(row::text)) AS f FROM visits JOIN asked USING (customer) GROUP BY 1, 2, 3;
CREATE INDEX ON visits (customer, step);
ANALYZE;
CREATE FUNCTION chains(rows text, strict text, OUT customer int, OUT mode text, OUT level int, OUT times timestamptz[]) RETURNS SETOF record LANGUAGE plpgsql AS $$ BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH RECURSIVE visits AS NOT MATERIALIZED (%s), chain AS (
			SELECT a.customer, a.mode, within, place, 1 AS level, ARRAY[at] AS times FROM asked a JOIN visits USING (customer) WHERE step = 1 AND mode = ANY (%L)
			UNION ALL
			SELECT c.customer, mode, within, v.place, level + 1, times || at
			FROM chain c JOIN visits v ON v.customer = c.customer AND step = level + 1 AND v.place > c.place AND at <= times[1] + within AND (mode <> 'strict_increase' OR at > times[level])
			WHERE mode NOT LIKE 'strict_%%r%%' OR mode = 'strict_increase' OR NOT EXISTS (
				SELECT FROM visits x WHERE x.customer = c.customer AND x.place > c.place AND x.place < v.place AND (coalesce(x.step, 0) = 0 OR x.step > level + 1 AND mode = 'strict_order')))
		SELECT customer, mode, level, times FROM chain $q$, rows, strict);
END $$;
CREATE TABLE chain AS SELECT * FROM chains('TABLE public.visits', '{default,strict_increase,strict_order,strict_allow_reentry}');
-- a step that was reached already: some chain of the events before reaches it
CREATE TABLE reached AS
	WITH RECURSIVE chain AS (
		SELECT customer, within, place, 1 AS level, at AS start FROM asked JOIN visits USING (customer) WHERE step = 1 AND mode = 'stop_on_repeat'
		UNION ALL SELECT c.customer, within, v.place, level + 1, start FROM chain c JOIN visits v ON v.customer = c.customer AND step = level + 1 AND v.place > c.place AND at <= start + within)
	SELECT customer, level, min(place) AS place FROM chain GROUP BY 1, 2;
INSERT INTO chain SELECT * FROM chains($$
	SELECT * FROM public.visits v WHERE NOT EXISTS (SELECT FROM public.visits e JOIN reached r ON r.customer = e.customer AND r.level = e.step AND r.place < e.place
		WHERE e.customer = v.customer AND e.step > 1 AND e.place <= v.place) $$, '{stop_on_repeat}');
CREATE FUNCTION times_of(f funnel) RETURNS timestamptz[] LANGUAGE sql AS $$ SELECT ARRAY(SELECT step_at(f, s) FROM generate_series(1, level(f)) s ORDER BY s) $$;
SQL

for my $mode (qw(default strict_increase stop_on_repeat strict_order strict_allow_reentry))
{
	property("funnels, $mode: level and step times of the best of all chains", <<"SQL");
SELECT level(f) = coalesce(level, 0) AND times_of(f) IS NOT DISTINCT FROM coalesce(times, '{}') AND step_at(f, level(f) + 1) IS NULL,
	   format('customer %s within %s: %s instead of %s %s of %s', customer, within, f, level, times, (SELECT string_agg(concat(chr(64 + coalesce(nullif(step, 0), 24)), extract(epoch FROM at - '2026-01-05')), ' ' ORDER BY place) FROM visits v WHERE v.customer = a.customer))
FROM funnels a LEFT JOIN (SELECT DISTINCT ON (customer) * FROM chain WHERE mode = '$mode' ORDER BY customer, level DESC, times[level], times DESC) c USING (customer)
WHERE a.mode = '$mode'
SQL
}

property('funnels are the same in any order of rows', <<'SQL');
SELECT funnel_send(f) = funnel_send(u) AND f = d, format('customer %s %s: %s, sorted %s, descending %s', customer, mode, f, u, d)
FROM funnels JOIN (SELECT customer, mode, funnel_agg(at, step, within, mode ORDER BY at, step, row) AS u, funnel_agg(at, step, within, mode ORDER BY at DESC, step DESC) AS d
				   FROM visits JOIN asked USING (customer) GROUP BY 1, 2) s USING (customer, mode)
SQL

property('funnels: default is the mode if none is said, strict_deduplication is stop_on_repeat', <<'SQL');
SELECT f = CASE mode WHEN 'default' THEN a ELSE b END, format('customer %s: %s, %s, %s', customer, f, a, b)
FROM funnels JOIN (SELECT customer, funnel_agg(at, step, within) AS a, funnel_agg(at, step, within, 'strict_deduplication') AS b
				   FROM visits JOIN (SELECT customer, within FROM asked WHERE mode = 'default') w USING (customer) GROUP BY 1) s USING (customer) WHERE mode IN ('default', 'stop_on_repeat')
SQL

property('funnels read back equal from text, json and jsonb', 'SELECT f::text::funnel = f AND f::json::funnel = f AND f::jsonb::funnel = f AND funnel_send(f::text::funnel) = funnel_send(f), f::text FROM funnels');

setup(<<'SQL');
CREATE TABLE long AS SELECT customer, row, timestamptz '2026-01-05' + random() * interval '40 days' AS at, 1 + floor(random() * (8 + customer * 4))::int AS step FROM generate_series(1, 6) customer, generate_series(1, 1500 * customer) row;
-- the latest start of a chain that reaches each step
CREATE FUNCTION latest_starts(who int, within interval, OUT level int, OUT first_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE starts timestamptz[] := array_fill(NULL::timestamptz, ARRAY[32]); v record; start timestamptz;
BEGIN
	level := 0;
	FOR v IN SELECT * FROM long WHERE customer = who ORDER BY at, step LOOP
		start := CASE v.step WHEN 1 THEN v.at ELSE starts[v.step - 1] END;
		CONTINUE WHEN start IS NULL OR v.at > start + within;
		starts[v.step] := start;
		IF v.step > level THEN level := v.step; first_at := start; END IF;
	END LOOP;
END $$;
SQL

property('funnels of up to 32 steps and thousands of events, streamed', <<'SQL');
SELECT (level(f), step_at(f, 1)) = (l.level, first_at) AND f = s AND level(f) >= 3 AND step_at(f, level(f)) - step_at(f, 1) <= within, format('customer %s: %s, not %s', customer, f, l)
FROM (SELECT customer, within, funnel_agg(at, step, within) AS f, funnel_agg(at, step, within ORDER BY at) AS s FROM long, unnest('{1 day,12 days 06:00,38 days}'::interval[]) within GROUP BY 1, 2) f,
	 LATERAL latest_starts(customer, within) l
SQL

# ---------------------------------------------------------------------------
# Days and retention
# ---------------------------------------------------------------------------

# Customers of few and of many days, some of none, some with a given first day
# that is before, among or behind them.
setup(<<'SQL');
CREATE TABLE active_on AS
	SELECT customer, row, CASE WHEN random() < 0.03 THEN NULL WHEN customer % 10 = 1 THEN date '1999-12-25' + floor(random() * 20)::int ELSE date '2026-01-01' + floor(random() * random() * 45)::int END AS day, floor(random() * 3)::int AS piece
	FROM generate_series(1, 900) customer, LATERAL generate_series(1, 1 + floor(random() * CASE customer % 10 WHEN 0 THEN 60 WHEN 2 THEN 1 ELSE 8 END)::int) row;
CREATE TABLE customers AS
	SELECT customer, 1 + customer % 2 AS grp, d, CASE WHEN customer % 10 = 1 THEN date '1999-12-27' WHEN customer % 7 = 0 THEN date '2026-01-01' + floor(random() * 20)::int END AS first
	FROM generate_series(1, 910) customer LEFT JOIN (SELECT customer, days_agg(day) AS d FROM active_on GROUP BY 1) a USING (customer);
CREATE INDEX ON active_on (customer);
UPDATE customers SET grp = 3 WHERE customer % 10 = 1;
CREATE TABLE extreme AS SELECT days_agg(day) AS d FROM unnest('{0001-01-01,9999-12-31,2000-01-01,1999-12-31,2000-02-29}'::date[]) day;
ANALYZE;
SQL

property('active and active_days are SQL on the rows', <<'SQL');
SELECT d IS NULL AND n = 0 OR active(d, probe) = hit AND active_days(d, probe, probe + 9) = near AND active_days(d, NULL, probe) = before AND active_days(d, probe, NULL) = since AND active_days(d, NULL, NULL) = n
		AND active_days(d, probe + 1, probe) = 0, format('customer %s on %s: %s', customer, probe, d)
FROM customers, (VALUES (date '2025-12-31'), ('2026-01-01'), ('2026-01-09'), ('2026-01-31'), ('2026-02-14'), ('1999-12-31'), ('2000-01-01'), ('2000-01-07')) p (probe),
	 LATERAL (SELECT count(DISTINCT day), count(*) FILTER (WHERE day = probe) > 0, count(DISTINCT day) FILTER (WHERE day BETWEEN probe AND probe + 9), count(DISTINCT day) FILTER (WHERE day <= probe), count(DISTINCT day) FILTER (WHERE day >= probe)
			  FROM active_on o WHERE o.customer = customers.customer) o (n, hit, near, before, since)
UNION ALL
SELECT active(d, day) AND active_days(d, day, day) = 1 AND NOT active(d, '2026-01-01') AND active_days(d, NULL, NULL) = 5 AND active_days(d, '1999-12-31', '2000-02-29') = 3 AND d::text::days = d, d::text
FROM extreme, unnest('{0001-01-01,9999-12-31,2000-01-01,1999-12-31,2000-02-29}'::date[]) day
SQL

property('days of any split roll up to the whole', <<'SQL');
SELECT a IS NOT DISTINCT FROM d AND days_send(a) IS NOT DISTINCT FROM days_send(d) AND b IS NOT DISTINCT FROM d AND o IS NOT DISTINCT FROM d, format('customer %s: %s, not %s', customer, a, d)
FROM customers LEFT JOIN (SELECT customer, rollup(p) AS a, rollup(p ORDER BY piece DESC) AS b, (rollup(p) FILTER (WHERE piece = 2) || rollup(p) FILTER (WHERE piece = 0)) || rollup(p) FILTER (WHERE piece = 1) AS o
						  FROM (SELECT customer, piece, days_agg(day ORDER BY day DESC) AS p FROM active_on GROUP BY 1, 2) p GROUP BY 1) r USING (customer)
SQL

property('days read back equal', 'SELECT d::text::days = d AND d::json::days = d AND d::jsonb::days = d AND days_send(d::text::days) = days_send(d) AND hash_record(ROW(d)) = hash_record(ROW(d::jsonb::days)), d::text FROM customers WHERE d IS NOT NULL');

# the modes as brackets of n, from a to b (NULL: open)
setup(<<'SQL');
CREATE TABLE retentions AS
	SELECT coalesce(grp, 0) AS grp, retention_agg(d) AS found, retention_agg(d, first) AS given, rollup(r ORDER BY customer DESC) AS single
	FROM (SELECT *, retention_agg(d, first) OVER (PARTITION BY customer) AS r FROM customers) c GROUP BY GROUPING SETS ((grp), ());
CREATE TABLE ends AS SELECT grp, last FROM (VALUES (1), (2)) g (grp), (VALUES (NULL::date), ('2026-01-31'), ('2026-01-12'), ('2026-03-01'), ('2026-01-01')) l (last) UNION ALL VALUES (3, NULL::date), (3, '2000-01-02'), (0, NULL), (0, '2026-01-20');
CREATE TABLE cohort AS
	SELECT grp, way, customer, coalesce(CASE way WHEN 'given' THEN first END, min(day)) AS cohort, array_agg(DISTINCT day) AS days
	FROM (SELECT customer, grp, first FROM customers UNION ALL SELECT customer, 0, first FROM customers) c LEFT JOIN active_on o USING (customer), (VALUES ('found'), ('given')) w (way)
	GROUP BY 1, 2, 3, first;
DELETE FROM cohort WHERE cohort IS NULL;
CREATE TABLE until_day AS
	SELECT grp, way, e.last AS asked, coalesce(e.last::text, 'the last') AS until, coalesce(e.last, max(day)) AS last, min(cohort) AS first FROM ends e JOIN cohort c USING (grp), unnest(days) day GROUP BY 1, 2, 3;
CREATE TABLE cells AS
	SELECT grp, way, until, mode, last, cohort, a AS n, b, count(*) AS size,
		   CASE WHEN cohort + CASE mode WHEN 'on_or_after' THEN a ELSE b END <= last THEN count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(days) day WHERE day BETWEEN cohort + a AND coalesce(cohort + b, last) AND day <= last)) END AS kept
	FROM until_day JOIN cohort USING (grp, way),
		 LATERAL (SELECT 'on' AS mode, n AS a, n AS b FROM generate_series(0, last - first) n WHERE grp > 0 UNION ALL SELECT 'on_or_after', n, NULL FROM generate_series(0, last - first) n WHERE grp > 0
				  UNION ALL VALUES ('0, 1-7, 8-30', 0, 0), ('0, 1-7, 8-30', 1, 7), ('0, 1-7, 8-30', 8, 30), ('0,1,3-3,4-14', 0, 0), ('0,1,3-3,4-14', 1, 1), ('0,1,3-3,4-14', 3, 3), ('0,1,3-3,4-14', 4, 14)) m
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
SQL

for my $mode ('on', 'on_or_after', '0, 1-7, 8-30', '0,1,3-3,4-14')
{
	property("retention, $mode: every cell is a join", <<"SQL");
SELECT (c.size, c.kept) IS NOT DISTINCT FROM (m.size, m.kept) AND (rate IS NULL) = (m.kept IS NULL) AND coalesce(abs(rate - c.kept::numeric / c.size), 0) < 1e-12,
	   format('group %s %s until %s, cohort %s day %s: %s of %s, not %s of %s', grp, way, until, cohort, n, m.kept, m.size, c.kept, c.size)
FROM (SELECT * FROM cells WHERE mode = '$mode') c
	FULL JOIN (SELECT grp, way, until, m.* FROM until_day JOIN retentions USING (grp), LATERAL matrix(CASE way WHEN 'found' THEN found ELSE given END, '$mode', asked) m WHERE grp > 0 OR '$mode' !~ 'on') m
	USING (grp, way, until, cohort, n)
SQL
}

property('retention of any split is the whole byte for byte', <<'SQL');
SELECT retention_send(given) = retention_send(single) AND retention_send(given) = retention_send(r) AND given = s, grp::text
FROM retentions LEFT JOIN (SELECT grp, rollup(r ORDER BY part) AS r, rollup(r ORDER BY part DESC) AS s FROM (SELECT grp, customer % 7 AS part, retention_agg(d, first ORDER BY customer DESC) AS r FROM customers GROUP BY 1, 2
	UNION ALL SELECT 0, customer % 5, retention_agg(d, first) FROM customers GROUP BY 1, 2) p GROUP BY 1) p USING (grp)
UNION ALL
SELECT a.given || b.given || c.given = w.given AND c.found || (b.found || a.found) = w.found, 'the groups' FROM retentions a, retentions b, retentions c, retentions w WHERE (a.grp, b.grp, c.grp, w.grp) = (1, 2, 3, 0)
SQL

property('retention reads back equal', 'SELECT r::text::retention = r AND r::json::retention = r AND r::jsonb::retention = r AND retention_send(r::text::retention) = retention_send(r), left(r::text, 200) FROM retentions, LATERAL (VALUES (found), (given)) v (r)');

setup(<<'SQL');
CREATE TABLE copied_days (LIKE customers);
CREATE TABLE copied_retentions (LIKE retentions);
CREATE TABLE copied_funnels (LIKE funnels);
SELECT format('COPY %s TO %L (FORMAT binary)', t, file || t), format('COPY copied_%s FROM %L (FORMAT binary)', w, file || t) FROM place, (VALUES ('customers', 'days'), ('retentions', 'retentions'), ('funnels', 'funnels')) t (t, w)
\gexec
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE TABLE parallel_days AS SELECT customer, days_agg(day) AS d FROM active_on GROUP BY 1 UNION ALL SELECT NULL, days_agg(day) FROM active_on;
CREATE TABLE parallel_retentions AS SELECT retention_agg(d) AS found, retention_agg(d, first) AS given FROM customers;
CREATE TABLE more_plans AS SELECT query, string_agg(plan, E'\n') AS plan
	FROM unnest(ARRAY['SELECT days_agg(day) FROM active_on', 'SELECT retention_agg(d, first) FROM customers', 'SELECT rollup(d) FROM customers', 'SELECT rollup(given) FROM retentions']) query, plan_of(query) GROUP BY 1;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;
SQL

property('days, retentions and funnels in binary COPY', <<'SQL');
SELECT a.d IS NOT DISTINCT FROM b.d, 'customer ' || customer FROM customers a FULL JOIN copied_days b USING (customer)
UNION ALL SELECT (a.found, a.given) = (b.found, b.given), 'group ' || grp FROM retentions a FULL JOIN copied_retentions b USING (grp)
UNION ALL SELECT a.f = b.f, a.f::text FROM funnels a FULL JOIN copied_funnels b USING (customer, mode)
SQL

property('days and retentions are planned in parallel', q{SELECT plan ~ 'Partial' AND plan ~ 'Finalize' AND plan ~ 'Gather', query || ': ' || plan FROM more_plans});

property('and are the same there', <<'SQL');
SELECT p.d IS NOT DISTINCT FROM c.d, 'customer ' || coalesce(c.customer::text, 'any') FROM (SELECT customer, d FROM customers UNION ALL SELECT NULL, rollup(d) FROM customers) c
	LEFT JOIN parallel_days p ON coalesce(p.customer, 0) = coalesce(c.customer, 0)
UNION ALL SELECT (p.found, p.given) = (r.found, r.given), 'retention' FROM parallel_retentions p, retentions r WHERE grp = 0
SQL

# ---------------------------------------------------------------------------
# Attribution
# ---------------------------------------------------------------------------

# The weights as integers but for decay's, which are no fractions: credits of
# hundreds of billions may be a unit off.
# Units are the smallest of the amount.
setup(<<'SQL');
CREATE TABLE purchases AS
	SELECT id, timestamptz '2026-03-01' + id * interval '1 minute' AS order_at, CASE id % 8 WHEN 0 THEN 0 WHEN 1 THEN round((random() * 1000)::numeric, 4) WHEN 2 THEN round(random()::numeric, 2) WHEN 3 THEN 0.01 * (id % 50)
				WHEN 4 THEN round((random() * 800000000000000)::numeric, 2) WHEN 5 THEN 100 ELSE round((random() * 200)::numeric, 2) END AS amount,
		   (ARRAY[NULL, interval '7 days', '36 hours', '90 days', '1 microsecond'])[1 + id % 5] AS lookback
	FROM generate_series(1, 700) id;
CREATE TABLE touches AS
	SELECT id, row, order_at - CASE WHEN random() < 0.05 THEN interval '-1 second' WHEN random() < 0.15 THEN interval '0' WHEN random() < 0.1 THEN coalesce(lookback, '30 days') WHEN random() < 0.05 THEN coalesce(lookback, '30 days') + interval '1 microsecond'
				WHEN random() < 0.3 THEN floor(random() * 40) * interval '1 day' ELSE random() * interval '35 days' END AS at,
		   (ARRAY['search', 'mail', 'Mail', 'social', '直播', 'none'])[1 + floor(random() * 6)] AS channel
	FROM purchases, LATERAL generate_series(1, floor(random() * CASE id % 9 WHEN 0 THEN 1 WHEN 1 THEN 60 ELSE 7 END)::int) row;
CREATE TABLE credited AS
	SELECT id, method, order_at, amount, coalesce(attribution_agg(at, channel, order_at, amount, method ORDER BY md5(row::text)) FILTER (WHERE lookback IS NULL),
					attribution_agg(at, channel, order_at, amount, method, lookback) FILTER (WHERE lookback IS NOT NULL)) AS credits
	FROM purchases LEFT JOIN touches USING (id), unnest('{first,last,linear,position,decay}'::text[]) method GROUP BY 1, 2, 3, 4, lookback;
CREATE TABLE weighed AS
	SELECT id, method, place, channel, amount, units, weight, sum(weight) OVER (PARTITION BY id, method) AS weights
	FROM (SELECT id, row_number() OVER w AS place, count(*) OVER (PARTITION BY id) AS k, channel, amount, amount * 10::numeric ^ greatest(2, min_scale(amount)) AS units, extract(epoch FROM order_at - at) AS age
		  FROM purchases JOIN touches USING (id) WHERE at BETWEEN order_at - coalesce(lookback, '30 days') AND order_at WINDOW w AS (PARTITION BY id ORDER BY at, channel COLLATE "C", row)) t,
		 LATERAL (VALUES ('first', (place = 1)::int::numeric), ('last', (place = k)::int), ('linear', 1),
						 ('position', CASE WHEN k <= 2 THEN 1 WHEN place IN (1, k) THEN 2 * (k - 2) ELSE 1 END), ('decay', power(2::numeric(60, 40), -age / 604800))) m (method, weight);
CREATE TABLE parts AS
	SELECT id, method, channel, sum(units_given) / max(scale) AS credit
	FROM (SELECT *, floor + (row_number() OVER (PARTITION BY id, method ORDER BY rest DESC, place) <= missing)::int AS units_given, units / nullif(amount, 0) AS scale
		  FROM (SELECT *, units - sum(floor) OVER (PARTITION BY id, method) AS missing
				FROM (SELECT *, div(units * weight, weights) AS floor, CASE method WHEN 'decay' THEN units * weight / weights - div(units * weight, weights) ELSE mod(units * weight, weights) END AS rest FROM weighed) w) w) w
	GROUP BY 1, 2, 3;
SQL

property('attribution: credits add up to the amount', <<'SQL');
SELECT (SELECT sum(value::numeric) FROM jsonb_each_text(credits)) = amount AND amount >= 0 AND NOT EXISTS (SELECT FROM jsonb_each_text(credits) WHERE value::numeric < 0), format('order %s %s of %s: %s', id, method, amount, credits) FROM credited
SQL

for my $method (qw(first last linear position decay))
{
	property("attribution, $method: credits are those of window functions", <<"SQL");
SELECT abs(coalesce(credit, 0) - coalesce(value::numeric, 0)) <= CASE '$method' WHEN 'decay' THEN (SELECT amount FROM purchases p WHERE p.id = c.id) * 1e-15 ELSE 0 END, format('order %s %s of %s: %s, not %s', id, channel, (SELECT amount FROM purchases p WHERE p.id = c.id), value, credit)
FROM (SELECT id, channel, credit FROM parts WHERE method = '$method' UNION ALL SELECT id, 'none', amount FROM purchases p WHERE NOT EXISTS (SELECT FROM weighed w WHERE w.id = p.id)) c
	FULL JOIN (SELECT id, key AS channel, value FROM credited, jsonb_each_text(credits) WHERE method = '$method') g USING (id, channel)
SQL
}

property('attribution of all orders is the revenue', <<'SQL');
SELECT sum(value::numeric) = (SELECT sum(amount) FROM purchases), method FROM credited, jsonb_each_text(credits) GROUP BY method
SQL

# Paths: the chain's absorption by elimination, with and without each channel.
setup(<<'SQL');
CREATE TABLE paths AS
	SELECT set, row, CASE WHEN set % 7 = 0 AND row = 2 THEN NULL WHEN set % 7 = 1 AND row = 2 THEN '{}' ELSE ARRAY(SELECT (ARRAY['mail', 'search', 'social', '直播', 'none', 'tv'])[1 + floor(random() * (2 + set % 5) + 0 * row * i)::int] FROM generate_series(1, 1 + (row * 7 + set) % 5) i) END AS path,
		   CASE WHEN set % 11 = 0 THEN round((random() * 500)::numeric, 2) ELSE floor(random() * 12)::numeric END AS converted, CASE WHEN random() < 0.1 THEN NULL ELSE floor(random() * 30)::numeric END AS lost
	FROM generate_series(1, 120) set, LATERAL generate_series(1, 2 + set % 9) row;
CREATE TABLE cleaned AS
	SELECT set, row, CASE WHEN cardinality(path) > 0 THEN path ELSE '{none}' END AS path, converted, coalesce(lost, 0) AS lost FROM paths;
CREATE TABLE moves AS				-- from one state to the next; ^ is the start, + a conversion, - nothing
	SELECT set, source, target, sum(n) AS n
	FROM (SELECT set, row, lag(channel, 1, '^') OVER p AS source, channel AS target, converted + lost AS n FROM cleaned, unnest(path) WITH ORDINALITY c (channel, place) WINDOW p AS (PARTITION BY set, row ORDER BY place)
		  UNION ALL SELECT set, row, path[cardinality(path)], '+', converted FROM cleaned UNION ALL SELECT set, row, path[cardinality(path)], '-', lost FROM cleaned) m
	WHERE source <> target GROUP BY 1, 2, 3 HAVING sum(n) > 0;
CREATE FUNCTION conversion(of_set int, removed text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE names text[] := '^'::text || ARRAY(SELECT DISTINCT target FROM moves WHERE set = of_set AND target NOT IN ('+', '-') AND target IS DISTINCT FROM removed ORDER BY 1);
	k int := cardinality(names); a float8[] := array_fill(0::float8, ARRAY[k, k + 1]); f float8; m record; i int; j int; l int;
BEGIN
	FOR i IN 1 .. k LOOP a[i][i] := 1; END LOOP;
	FOR m IN SELECT array_position(names, source) AS s, array_position(names, target) AS t, target, (n / sum(n) OVER (PARTITION BY source))::float8 AS p FROM moves WHERE set = of_set LOOP
		CONTINUE WHEN m.s IS NULL;
		IF m.target = '+' THEN a[m.s][k + 1] := m.p; ELSIF m.t IS NOT NULL THEN a[m.s][m.t] := a[m.s][m.t] - m.p; END IF;
	END LOOP;
	FOR i IN REVERSE k .. 1 LOOP		-- a chain that always ends is solved without pivoting
		FOR j IN 1 .. i - 1 LOOP
			f := a[j][i] / a[i][i];
			CONTINUE WHEN f = 0;
			FOR l IN 1 .. k + 1 LOOP a[j][l] := a[j][l] - f * a[i][l]; END LOOP;
		END LOOP;
	END LOOP;
	RETURN a[1][k + 1] / a[1][1];
END $$;
CREATE TABLE removals AS
	SELECT set, channel, coalesce(1 - conversion(set, channel) / nullif(conversion(set, NULL), 0), 0) AS effect FROM (SELECT DISTINCT set, channel FROM cleaned, unnest(path) channel) c;
CREATE TABLE expected_credits AS
	SELECT 'markov' AS method, set, channel, coalesce(effect / nullif(sum(effect) OVER (PARTITION BY set), 0), 0) * (SELECT sum(converted) FROM cleaned c WHERE c.set = r.set)::float8 AS credit FROM removals r
	UNION ALL SELECT 'shapley', set, channel, sum(part) FROM (SELECT set, row, channel, (converted / count(*) OVER (PARTITION BY set, row))::float8 AS part FROM (SELECT DISTINCT set, row, channel, converted FROM cleaned, unnest(path) channel) c) c GROUP BY 2, 3;
CREATE TABLE path_credits AS SELECT set, method, attribution_agg(path, converted, lost, method) AS credits, attribution_agg(path, converted, lost, method ORDER BY row DESC) AS reverse FROM paths, (VALUES ('markov'), ('shapley')) m (method) GROUP BY 1, 2;
SQL

for my $method (qw(markov shapley))
{
	property("attribution, $method: credits are those of slow SQL", <<"SQL");
SELECT abs(coalesce(credit, 0) - coalesce(value::numeric, 0)) < 0.01 AND c.set IS NOT NULL, format('set %s %s: %s, not %s', set, channel, value, credit)
FROM (SELECT * FROM expected_credits WHERE method = '$method') c
	FULL JOIN (SELECT set, key AS channel, value FROM path_credits, jsonb_each_text(credits) WHERE method = '$method') g USING (set, channel)
SQL
}

property('attribution of paths: credits add up to the conversions, in any order of rows', <<'SQL');
SELECT (SELECT sum(value::numeric) FROM jsonb_each_text(credits)) = (SELECT sum(converted) FROM paths p WHERE p.set = c.set) AND credits = reverse, format('set %s %s: %s', set, method, credits) FROM path_credits c
SQL

# the Shapley value by its definition, over all coalitions of four channels
property('attribution, shapley: by the definition', <<'SQL');
SELECT abs(credit - coalesce((credits->>channel)::numeric, 0)) < 0.01, format('set %s %s: %s, not %s', set, channel, credits, credit)
FROM (SELECT set, channel, sum((v_with - v_without) * (ARRAY[1, 1, 2, 6, 24])[1 + size] * (ARRAY[1, 1, 2, 6, 24])[names - size] / (ARRAY[1, 1, 2, 6, 24, 120])[1 + names]) AS credit
	  FROM (SELECT set, channel, size, cardinality(channels) AS names, (SELECT coalesce(sum(converted), 0) FROM cleaned c WHERE c.set = s.set AND path <@ (coalition || channel)) AS v_with,
				   (SELECT coalesce(sum(converted), 0) FROM cleaned c WHERE c.set = s.set AND path <@ coalition) AS v_without
			FROM (SELECT set, array_agg(DISTINCT channel) AS channels FROM cleaned, unnest(path) channel GROUP BY 1) s, unnest(channels) channel, generate_series(0, (1 << cardinality(channels)) - 1) mask,
				 LATERAL (SELECT coalesce(array_agg(c), '{}') AS coalition, count(c)::int AS size FROM unnest(channels) WITH ORDINALITY u (c, bit) WHERE mask >> (bit::int - 1) & 1 = 1) co
			WHERE cardinality(channels) <= 4 AND channel <> ALL (coalition)) m GROUP BY 1, 2) e JOIN path_credits USING (set) WHERE method = 'shapley'
SQL

# ---------------------------------------------------------------------------
# Uplift and watching
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE trials AS
	SELECT n_t, least(x_t, n_t) AS x_t, n_c, least(x_c, n_c) AS x_c, level, z FROM (SELECT floor(10 ^ (random() * 6))::bigint AS n_t, floor(10 ^ (random() * 6))::bigint AS n_c, random() * random() AS p, random() AS q, row FROM generate_series(1, 600) row) g,
		 LATERAL (VALUES (floor(n_t * p)::bigint, floor(n_c * p * (0.7 + q * 0.6))::bigint)) x (x_t, x_c), (VALUES (0, 0.8::float8, 1.2815515655446004::float8), (1, 0.9, 1.6448536269514722), (2, 0.95, 1.959963984540054), (3, 0.99, 2.5758293035489004)) l (nth, level, z) WHERE row % 4 = nth
	UNION ALL SELECT n_t, x_t, n_c, x_c, 0.95, 1.959963984540054 FROM (VALUES (4000, 260, 4000, 200), (20, 0, 20, 0), (20, 20, 20, 20), (20, 0, 20, 5), (20, 5, 20, 0), (20, 20, 20, 5), (1, 0, 1, 1), (10, 5, 0, 0), (0, 0, 10, 5), (0, 0, 0, 0)) v (n_t, x_t, n_c, x_c);
-- two-sided p of the normal distribution, by its series (to |z| = 6) or its continued fraction
CREATE FUNCTION two_sided(z float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE x float8 := abs(z); term float8 := x; total float8 := x; f float8 := x;
BEGIN
	IF z IS NULL THEN RETURN NULL; END IF;
	IF x > 36 THEN RETURN 0; END IF;
	IF x < 3 THEN
		FOR i IN 1 .. 200 LOOP term := term * x * x / (2 * i + 1); total := total + term; EXIT WHEN term < 1e-18; END LOOP;
		RETURN 1 - 2 * total * exp(-x * x / 2) / sqrt(2 * pi());
	END IF;
	FOR i IN REVERSE 300 .. 1 LOOP f := x + i / f; END LOOP;
	RETURN 2 * exp(-x * x / 2) / sqrt(2 * pi()) / f;
END $$;
CREATE FUNCTION about(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT (a IS NULL) = (b IS NULL) AND coalesce(abs(a - b) <= 1e-9 * greatest(abs(a), abs(b), 1e-4), true) $$;
SQL

property('uplift: difference by Newcombe, lift by Katz, p of the pooled z test', <<'SQL');
SELECT about(u.diff, e.diff) AND about(lo, e.diff - sqrt((p_t - l_t) ^ 2 + (u_c - p_c) ^ 2)) AND about(hi, e.diff + sqrt((u_t - p_t) ^ 2 + (p_c - l_c) ^ 2)) AND about(u.lift, e.lift)
		AND about(lift_lo, ratio * exp(-z * se) - 1) AND about(lift_hi, ratio * exp(z * se) - 1)
		AND (u.p IS NULL AND e.p IS NULL OR abs(u.p - e.p) <= 1e-9 * e.p OR greatest(u.p, e.p) < 1e-280), format('%s of %s and %s of %s at %s: %s, not %s p %s', x_t, n_t, x_c, n_c, level, u, e, e.p)
FROM trials, LATERAL (SELECT nullif(n_t, 0)::float8, nullif(n_c, 0)::float8, x_t / nullif(n_t, 0)::float8, x_c / nullif(n_c, 0)::float8) s (nt, nc, p_t, p_c),
	 LATERAL (SELECT (2 * x_t + z * z - r_t) / (2 * (nt + z * z)), (2 * x_t + z * z + r_t) / (2 * (nt + z * z)), (2 * x_c + z * z - r_c) / (2 * (nc + z * z)), (2 * x_c + z * z + r_c) / (2 * (nc + z * z))
			  FROM (SELECT z * sqrt(z * z + 4 * x_t * (1 - p_t)), z * sqrt(z * z + 4 * x_c * (1 - p_c))) r (r_t, r_c)) w (l_t, u_t, l_c, u_c),
	 LATERAL (SELECT p_t - p_c AS diff, p_t / nullif(p_c, 0) - 1 AS lift, CASE WHEN x_t > 0 AND x_c > 0 THEN p_t / p_c END AS ratio, CASE WHEN x_t > 0 AND x_c > 0 THEN sqrt(1.0::float8 / x_t - 1 / nt + 1.0::float8 / x_c - 1 / nc) END AS se,
					 two_sided((p_t - p_c) / nullif(sqrt((x_t + x_c) / (nt + nc) * (1 - (x_t + x_c) / (nt + nc)) * (1 / nt + 1 / nc)), 0)) AS p) e,
	 LATERAL uplift(n_t, x_t, n_c, x_c, level) u
SQL

property('uplift of two states is that of their uniques', <<'SQL');
SELECT uplift(a.k, b.k, w, 'view', 0.9) IS NOT DISTINCT FROM uplift(uv(a.k), uniques(a.k, w), uv(b.k), uniques(b.k, w), 0.9) AND uplift(a.k, b.k, w, 'view') IS NOT DISTINCT FROM uplift(uv(a.k), uniques(a.k, w), uv(b.k), uniques(b.k, w), 0.95),
	   format('%s and %s %s', a.grain, b.grain, w)
FROM states a JOIN states b USING (kind), (VALUES ('signup'), ('never')) w (w) WHERE a.grain ~ '^(day|campaign)' AND b.grain ~ '^(day|campaign)' AND uniques(a.k, w) <= uv(a.k) AND uniques(b.k, w) <= uv(b.k)
SQL

setup(<<'SQL');
CREATE TABLE watched AS
	SELECT row, round((random() * 10 ^ (row % 6) - CASE WHEN row % 10 = 0 THEN 500 ELSE 0 END)::numeric, row % 3) AS value,
		   ARRAY(SELECT CASE WHEN random() < 0.1 + 0 * i THEN NULL WHEN row % 13 = 0 THEN 7 ELSE round((random() * 10 ^ (row % 5) + CASE WHEN row % 10 = 0 THEN -500 ELSE 0 END)::numeric, row % 3) END FROM generate_series(1, row % 12) i) AS history
	FROM generate_series(1, 1200) row;
SQL

property('anomaly: median and MAD', <<'SQL');
SELECT about(score, e) AND severity IS NOT DISTINCT FROM CASE WHEN e IS NULL THEN NULL WHEN abs(score) >= 6 THEN 'critical' WHEN abs(score) >= 3.5 THEN 'warn' ELSE 'none' END, format('%s beside %s: %s %s, not %s', value, history, score, severity, e)
FROM watched, LATERAL anomaly(value, history), LATERAL (SELECT CASE WHEN count(h) >= 4 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY h::float8) END AS b FROM unnest(history) h) m,
	 LATERAL (SELECT (value - b) / greatest(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h::float8 - b)), sqrt(greatest(b, 1)), 0.05 * b) AS e FROM unnest(history) h) s
SQL

property('anomaly: what is published of one history', q{SELECT abs(score - 7.25) < 0.01 AND severity = 'critical', score::text FROM anomaly(210, '{118,131,125,140,122,129,460,127}')});

property('pace and attainment', <<'SQL');
SELECT pace(a, t, s) IS NOT DISTINCT FROM a / nullif(t * s, 0) AND attainment(a, t) IS NOT DISTINCT FROM a / nullif(t, 0) AND attainment(a, t, false) IS NOT DISTINCT FROM a / nullif(t, 0) AND attainment(a, t, true) IS NOT DISTINCT FROM t / nullif(a, 0),
	   format('%s of %s, %s', a, t, s)
FROM unnest('{0,1,-3,1234567.89,NULL}'::numeric[]) a, unnest('{0,2,2000,-7.5,NULL}'::numeric[]) t, unnest('{0,1,0.25,0.333,NULL}'::numeric[]) s
SQL

ask();
