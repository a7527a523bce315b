--
-- :events events of 20 shops in 8 channels over 30 days, in the order in which
-- they arrive; one in a hundred is up to six hours late.  80% are views, 15% carts,
-- 5% orders.
--
SET search_path = bench, public;
SET timezone = 'UTC';
\o /dev/null

CREATE TABLE event AS
SELECT timestamptz '2025-05-01' + make_interval(secs => floor(greatest(0, 30 * 86400.0 * (n - 1) / :events - CASE WHEN u < 0.01 THEN 2160000 * u ELSE 0 END))) AS at,
	1 + floor(:events / 10 * power(draw(n, 2), 3))::bigint AS customer,
	1 + floor(20 * power(draw(n, 3), 2))::smallint AS shop, 1 + floor(8 * power(draw(n, 4), 2))::smallint AS channel,
	CASE WHEN u < 0.80 THEN 'view' WHEN u < 0.95 THEN 'cart' ELSE 'order' END AS event,
	CASE WHEN u < 0.95 THEN 0 ELSE round((5 + 2000 * (u - 0.95))::numeric, 2) END AS amount
FROM (SELECT n, draw(n, 1) AS u FROM generate_series(1, :events::bigint) n) e;
CREATE INDEX ON event (at);

-- what comes in while it is measured, of the last day
CREATE TABLE fresh AS
SELECT row_number() OVER () AS n, e.* FROM (SELECT * FROM event ORDER BY at DESC LIMIT greatest(20000, :events / 30)) e;
ALTER TABLE fresh ADD PRIMARY KEY (n);

-- ----------------------------------------------------------------
-- tables that events are inserted into
-- ----------------------------------------------------------------

-- what people write to keep sums; it cannot keep distinct customers
CREATE TABLE sums (
	source text, hour timestamptz, shop smallint, channel smallint, views bigint, orders bigint, gmv numeric,
	PRIMARY KEY (source, hour, shop, channel)
) WITH (fillfactor = 50);
CREATE FUNCTION add_to_sums() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO bench.sums AS s
	SELECT TG_TABLE_NAME, date_trunc('hour', at), shop, channel, count(*) FILTER (WHERE event = 'view'),
		count(*) FILTER (WHERE event = 'order'), coalesce(sum(amount) FILTER (WHERE event = 'order'), 0)
	FROM inserted GROUP BY 2, 3, 4 ORDER BY 2, 3, 4
	ON CONFLICT (source, hour, shop, channel) DO UPDATE
	SET views = s.views + excluded.views, orders = s.orders + excluded.orders, gmv = s.gmv + excluded.gmv;
	RETURN NULL;
END
$$;

SELECT statement FROM unnest(ARRAY['plain', 'partitioned']) kind, unnest(ARRAY['bare', 'sums', 'promo']) form, LATERAL (VALUES
	(1, format('CREATE TABLE %s_%s (LIKE event) %s', kind, form, CASE kind WHEN 'partitioned' THEN 'PARTITION BY RANGE (at)' END)),
	(2, format('CREATE INDEX ON %s_%s (at)', kind, form)),
	(3, CASE form
		WHEN 'sums' THEN format('CREATE TRIGGER add_to_sums AFTER INSERT ON %s_sums REFERENCING NEW TABLE AS inserted
			FOR EACH STATEMENT EXECUTE FUNCTION add_to_sums()', kind)
		WHEN 'promo' THEN format('SELECT promo.create_rollup(%L, %L, ''1 hour'', ''at'',
			''{"event": "event", "customer": "customer", "amount": "amount"}'', ''{shop,channel}'')', kind || '_rollup', kind || '_promo')
		END)) s (n, statement)
WHERE statement IS NOT NULL
ORDER BY n
\gexec
SELECT format('CREATE TABLE partitioned_%1$s_%2$s PARTITION OF partitioned_%1$s FOR VALUES FROM (%3$L) TO (%4$L)', form, n, day, day + interval '1 day')
FROM unnest(ARRAY['bare', 'sums', 'promo']) form, generate_series(timestamptz '2025-05-01', '2025-05-30', '1 day') WITH ORDINALITY d (day, n)
\gexec
CALL promo.refresh('plain_rollup');
CALL promo.refresh('partitioned_rollup');

-- ----------------------------------------------------------------
-- states of all events
-- ----------------------------------------------------------------

SELECT promo.create_rollup('hourly', 'event', '1 hour', 'at',
	'{"event": "event", "customer": "customer", "amount": "amount"}', '{shop,channel}');
CREATE MATERIALIZED VIEW hourly_plain AS
SELECT date_trunc('hour', at) AS hour, shop, channel, count(*) FILTER (WHERE event = 'view') AS pv,
	count(DISTINCT customer) FILTER (WHERE event = 'view') AS uv, count(*) FILTER (WHERE event = 'order') AS orders,
	count(DISTINCT customer) FILTER (WHERE event = 'order') AS buyers, sum(amount) FILTER (WHERE event = 'order') AS gmv
FROM event GROUP BY 1, 2, 3;
CREATE MATERIALIZED VIEW hourly_sums AS
SELECT date_trunc('hour', at) AS hour, shop, channel, count(*) FILTER (WHERE event = 'view') AS pv,
	count(*) FILTER (WHERE event = 'order') AS orders, sum(amount) FILTER (WHERE event = 'order') AS gmv
FROM event GROUP BY 1, 2, 3;
VACUUM ANALYZE;
