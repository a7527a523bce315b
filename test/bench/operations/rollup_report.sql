--
-- What the triggers cost those who insert, and what keeping states costs beside
-- computing everything again.
--
SET search_path = bench, public;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET work_mem = '1GB';
\pset footer off

-- ----------------------------------------------------------------
-- inserts; id is 60 plus the form, the setting says which table and how many rows
-- ----------------------------------------------------------------

CREATE TABLE insert_form (id int PRIMARY KEY, form text, what text);
INSERT INTO insert_form VALUES
	(61, 'bare', 'without'),
	(62, 'promo', 'of a rollup: marks what changed'),
	(63, 'sums', 'plain SQL: adds to sums of the hour');
CREATE VIEW inserts AS
WITH median AS (
	SELECT id, setting, percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric AS value
	FROM measured WHERE id IN (SELECT id FROM insert_form) GROUP BY id, setting)
SELECT m.id, what, m.setting, CASE WHEN m.setting LIKE '%clients' THEN round(m.value)::text || '  ' || round(m.value / b.value, 2) || 'x'
	ELSE round(1000000 / m.value)::text || '  ' || round(b.value / m.value, 2) || 'x' END AS cell
FROM median m JOIN insert_form f ON f.id = m.id JOIN median b ON b.id = 61 AND b.setting = m.setting;

\echo
\echo 'Microseconds of an INSERT of so many rows, one client, not durable, and times that without a trigger; rows'
\echo 'a second of' :clients 'clients that insert one at a time, durable; medians of' :rounds 'rounds'
\echo
SELECT what AS "Trigger, plain table",
	max(cell) FILTER (WHERE setting = 'plain 1') AS "1 row", max(cell) FILTER (WHERE setting = 'plain 100') AS "100 rows",
	max(cell) FILTER (WHERE setting = 'plain 10000') AS "10,000 rows", max(cell) FILTER (WHERE setting = 'plain clients') AS "rows a second"
FROM inserts GROUP BY id, what ORDER BY id;
SELECT what AS "Trigger, table of 30 partitions",
	max(cell) FILTER (WHERE setting = 'partitioned 1') AS "1 row", max(cell) FILTER (WHERE setting = 'partitioned 100') AS "100 rows",
	max(cell) FILTER (WHERE setting = 'partitioned 10000') AS "10,000 rows", max(cell) FILTER (WHERE setting = 'partitioned clients') AS "rows a second"
FROM inserts GROUP BY id, what ORDER BY id;


CREATE TABLE checked (hours bigint, wrong bigint);
SELECT format($$
	INSERT INTO checked
	SELECT count(*), count(*) FILTER (WHERE (r.views, r.orders, r.gmv) IS DISTINCT FROM (k.views, k.orders, k.gmv))
	FROM (SELECT date_trunc('hour', at) AS hour, shop, channel, count(*) FILTER (WHERE event = 'view') AS views,
			count(*) FILTER (WHERE event = 'order') AS orders, coalesce(sum(amount) FILTER (WHERE event = 'order'), 0) AS gmv
		FROM %s_%s GROUP BY 1, 2, 3) r
	FULL JOIN (%s) k USING (hour, shop, channel)$$, kind, form, format(kept, kind))
FROM unnest(ARRAY['plain', 'partitioned']) kind, (VALUES
	('promo', 'SELECT bucket AS hour, shop, channel, promo.pv(state) AS views, promo.orders(state) AS orders, promo.gmv(state) AS gmv FROM %s_rollup_current'),
	('sums', 'SELECT * FROM sums WHERE source = ''%s_sums''')) f (form, kept)
\gexec
SELECT format('Hours of a shop and channel: %s; whose figures are other than those of the rows: %s', sum(hours), sum(wrong)) AS "text"
FROM checked
\gset
\echo :text

-- ----------------------------------------------------------------
-- states of all events
-- ----------------------------------------------------------------

CREATE TABLE refresh_form (id int PRIMARY KEY, base int, what text, query text);
INSERT INTO refresh_form VALUES
	(71, 74, 'promo.refresh_batch of the hour', 'SELECT promo.refresh_batch(''hourly'', 1)'),
	(72, 74, 'REFRESH of sums of all hours', 'REFRESH MATERIALIZED VIEW hourly_sums'),
	(74, 74, 'REFRESH of sums and count(DISTINCT) of all hours', 'REFRESH MATERIALIZED VIEW hourly_plain'),
	(81, 83, 'the view, an hour of it marked', 'INSERT INTO answer SELECT $1, sum(uv) FROM hourly WHERE grain = ''day'' AND by = ''{shop}'''),
	(82, 83, 'the view, nothing marked', 'INSERT INTO answer SELECT $1, sum(uv) FROM hourly WHERE grain = ''day'' AND by = ''{shop}'''),
	(83, 83, 'plain SQL from events: count(DISTINCT)', 'INSERT INTO answer SELECT $1, sum(uv) FROM (
		SELECT count(DISTINCT customer) FILTER (WHERE event = ''view'') AS uv FROM event GROUP BY shop, date_trunc(''day'', at)) d');

CREATE TABLE answer (round int, uv numeric);
CREATE PROCEDURE refresh_by(form int, round int)
	LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE (SELECT query FROM refresh_form WHERE id = form) USING round;
	INSERT INTO measured VALUES (form, 'seconds', extract(epoch FROM clock_timestamp() - start));
END
$$;

SELECT clock_timestamp() AS start
\gset
CALL promo.refresh('hourly');
SELECT round(extract(epoch FROM clock_timestamp() - :'start')::numeric, 2) AS first
\gset
-- an event comes in late, the view is read, the hour refreshed, and the view read again
SELECT statement FROM generate_series(1, least(3, :rounds)) round, LATERAL (
	VALUES (0, format('INSERT INTO event SELECT at, -%1$s, shop, channel, ''view'', 0 FROM event WHERE at >= ''2025-05-%1$s 12:00'' LIMIT 1', 10 + round))
	UNION ALL SELECT CASE id WHEN 81 THEN 1 ELSE id END, format('CALL refresh_by(%s, %s)', id, round) FROM refresh_form) s (n, statement)
ORDER BY round, n
\gexec

CREATE VIEW refreshed AS
WITH median AS (
	SELECT id, percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric AS value
	FROM measured WHERE id IN (SELECT id FROM refresh_form) GROUP BY id)
SELECT m.id, what, round(m.value, 3) AS seconds, round(b.value / m.value, CASE WHEN b.value < 10 * m.value THEN 2 ELSE 0 END) || 'x' AS times
FROM median m JOIN refresh_form f ON f.id = m.id JOIN median b ON b.id = base;

\echo
\echo 'Seconds to have the figures of' :events 'events by hour, shop and channel again, once an hour of them has changed;'
\echo 'and to read distinct viewers of each shop and day; medians of 3 rounds'
\echo
SELECT what AS "An event came late", seconds, times FROM refreshed WHERE id < 80 ORDER BY id;
SELECT what AS "Viewers of a shop and day", seconds, times FROM refreshed WHERE id > 80 ORDER BY id;
SELECT format('First refresh of all %s hours of a shop and channel: %s s, states of %s beside events of %s', count(*), :first,
	pg_size_pretty(pg_table_size('hourly_state')), pg_size_pretty(pg_table_size('event'))) AS "text"
FROM hourly_state
\gset
\echo :text
SELECT format('Of them other than computed from all events: %s; answers that differ: %s', count(*) FILTER (WHERE s.state OPERATOR(promo.<>) e.state OR s.state IS NULL OR e.state IS NULL),
	(SELECT count(*) FROM (SELECT FROM answer GROUP BY round HAVING count(DISTINCT uv) > 1) a)) AS "text"
FROM hourly_current s FULL JOIN (
	SELECT date_trunc('hour', at) AS bucket, shop, channel, promo.kpi_agg(event, customer, amount) AS state FROM event GROUP BY 1, 2, 3) e
USING (bucket, shop, channel)
\gset
\echo :text
