--
-- The workload: the orders of :customers customers over two years, some ten
-- each, drawn from the very processes that the models assume, so that a fit is
-- known to be right.  In BG/NBD with r = 0.5, alpha = 0.9, a = 1, b = 10 and weeks:
--   a customer's rate of ordering is gamma(r, alpha): half a squared normal for r = 0.5
--   after each repeat order, leaving has the probability beta(a, b): 1 - u^(1/b) for a = 1
-- In gamma-gamma with p = 2, q = 4, v = 45: what a customer spends has the scale
-- 1 / gamma(q, v), an order's amount is gamma(p) of that; gammas of whole numbers
-- are sums of logarithms.  First orders are spread evenly.
--
SET search_path = bench, public;
SET work_mem = '2GB';
SET max_parallel_maintenance_workers = 0;

\set first_day '\'2024-01-01\'::date'
\set last_day '\'2025-12-31\'::date'

CREATE TABLE orders AS
WITH RECURSIVE visit AS (			-- the n-th of a customer; time is in days
	SELECT customer, 0 AS n, draw(customer, 10) * (:last_day - :first_day + 1) AS at,
		draw_normal(customer, 11) ^ 2 / 2 / 0.9 / 7 AS rate,
		1 - draw(customer, 13) ^ (1 / 10.0) AS leaving,
		-45 / ln(draw(customer, 14) * draw(customer, 15) * draw(customer, 16) * draw(customer, 17)) AS scale
	FROM generate_series(1, :customers::bigint) customer
	UNION ALL
	SELECT customer, n + 1, at - ln(draw(100000 * customer + n, 20)) / rate, rate, leaving, scale
	FROM visit
	WHERE at < :last_day - :first_day + 1 AND (n = 0 OR draw(100000 * customer + n, 21) >= leaving))
SELECT customer, :first_day + floor(at)::int AS ordered_on,
	greatest(0.01, -scale * ln(draw(100000 * customer + n, 22) * draw(100000 * customer + n, 23)))::numeric(12, 2) AS amount
FROM visit
WHERE at < :last_day - :first_day + 1
ORDER BY at;
-- days lie together, as they do in a table that grows
CREATE INDEX ON orders USING brin (ordered_on);
VACUUM ANALYZE orders;

CREATE TABLE histories AS
SELECT customer, promo.history_agg(ordered_on, amount) AS h FROM orders GROUP BY customer;
ALTER TABLE histories ADD PRIMARY KEY (customer);

-- what plain SQL can store in place of a history
CREATE TABLE totals AS
SELECT customer, count(*) AS n, sum(amount) AS spent, max(ordered_on) AS last FROM orders GROUP BY customer;
ALTER TABLE totals ADD PRIMARY KEY (customer);

VACUUM ANALYZE histories, totals;
