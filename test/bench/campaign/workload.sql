--
-- The workload: :events events of 20 campaigns in 8 channels over 30 days, in the
-- order in which they arrive, more in the evening than at night; one in a hundred
-- is up to six hours late.  80% are views, 15% carts, 5% orders.  Campaigns,
-- channels and customers follow Zipf's law with the exponents 0.6, 0.5 and 0.8: for
-- the exponent s, u in (0, 1) gives the rank (1 + u ((n + 1)^(1 - s) - 1))^(1 / (1 - s)).
-- Customers are a dense range, among which the active ones are scattered.
--
-- An event has a word, which promo takes, and a small number, which serves
-- plain SQL better.  The word is the last column, so that plain SQL need not step over it.
--
SET search_path = bench, public;
SET work_mem = '2GB';
SET timezone = 'UTC';

-- of 205 parts of a day, those that are over when each hour begins, and those of the hour
\set begin '\'{0,3,5,6,7,8,10,14,20,28,37,47,58,70,81,91,101,111,122,135,151,169,186,198}\'::float8[]'
\set share '\'{3,2,1,1,1,2,4,6,8,9,10,11,12,11,10,10,10,11,13,16,18,17,12,7}\'::float8[]'

CREATE TABLE event AS
WITH arrival AS MATERIALIZED (
	SELECT n, at, width_bucket(205 * (at - floor(at)), :begin) AS hour
	FROM (SELECT n, 30.0::float8 * (n - 1) / :events AS at FROM generate_series(1, :events::bigint) n) a),
drawn AS MATERIALIZED (
	SELECT n,
		86400 * floor(at) + 3600 * (hour - 1 + (205 * (at - floor(at)) - (:begin)[hour]) / (:share)[hour]) AS arrived,
		CASE WHEN draw(n, 1) < 0.01 THEN 21600 * draw(n, 2) ELSE 0 END AS late,
		floor((1 + draw(n, 3) * (power(:events / 10 + 1, 0.2::float8) - 1)) ^ 5)::bigint AS customer,
		floor((1 + draw(n, 4) * (power(21, 0.4::float8) - 1)) ^ 2.5::float8)::smallint AS campaign,
		floor((1 + draw(n, 5) * 2) ^ 2)::smallint AS channel,
		CASE WHEN draw(n, 6) < 0.80 THEN 1 WHEN draw(n, 6) < 0.95 THEN 2 ELSE 3 END::smallint AS type,
		CASE WHEN draw(n, 6) >= 0.95 THEN 5 + exp(4.6 + 0.78 * draw_normal(n, 7)) END AS amount
	FROM arrival)
SELECT '2025-05-01'::timestamptz + make_interval(secs => floor(greatest(0, arrived - late))) AS at,
	10000000 + customer * 2654435761 % (:events / 10) AS customer,
	campaign, channel, type,
	CASE type WHEN 3 THEN amount::numeric(12, 2) ELSE 0.00 END AS amount,
	CASE type WHEN 3 THEN (amount * 0.3 * draw(n, 9))::numeric(12, 2) ELSE 0.00 END AS discount,
	CASE type WHEN 3 THEN (amount * (0.4 + 0.4 * draw(n, 10)))::numeric(12, 2)
		WHEN 1 THEN ceil(20 * draw(n, 10))::int * 0.01
		ELSE 0.00 END AS cost,
	CASE type WHEN 1 THEN 'view' WHEN 2 THEN 'cart' ELSE 'order' END AS event
FROM drawn;
CREATE INDEX ON event (customer, at, type);
VACUUM ANALYZE event;

CREATE TABLE hourly AS
SELECT campaign, channel, date_trunc('hour', at) AS hour, promo.kpi_agg(event, customer, amount, discount, cost) AS k
FROM event GROUP BY campaign, channel, hour;
VACUUM ANALYZE hourly;

CREATE TABLE active AS
SELECT customer, promo.days_agg(at::date) AS d FROM event GROUP BY customer;
VACUUM ANALYZE active;
