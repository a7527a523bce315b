--
-- One screen: who the customers of the table purchase (customer, day, amount; one
-- row per order) are, where they go, whether they come back, and whom to win back.
--
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
\pset footer off
\pset null ''

SELECT clock_timestamp() AS start
\gset
CREATE TEMP TABLE customer_history AS
SELECT customer, promo.history_agg(day, amount) AS history FROM purchase GROUP BY customer;
SELECT extract(epoch FROM clock_timestamp() - :'start')::numeric AS seconds
\gset
SELECT max(day) AS today, (max(day) - interval '3 months')::date AS before FROM purchase
\gset
SELECT promo.rfm_fit(history, :'today') AS scale, promo.clv_fit(history, :'today', 'mbg/nbd') AS model FROM customer_history
\gset
SELECT format('%s CUSTOMERS, %s ORDERS UNTIL %s.  promo.history_agg(day, amount) of each, in %s s',
	count(*) FILTER (WHERE promo.orders(history) > 0), sum(promo.orders(history)), :'today', round(:seconds, 2)) AS text
FROM customer_history
\gset
\echo
\echo :text
\echo
\echo '6. WHO THEY ARE.  promo.segment(promo.score(history, promo.rfm_fit(history, today), today))'
SELECT segment, count(*) AS "customers", sum(promo.orders(history)) AS "orders", round(sum(promo.spent(history))) AS "spent",
	round(100 * sum(promo.spent(history)) / sum(sum(promo.spent(history))) OVER ()) AS "%",
	repeat('█', round(50 * sum(promo.spent(history)) / sum(sum(promo.spent(history))) OVER ())::int) AS "of all that was spent"
FROM (SELECT promo.segment(promo.score(history, :'scale', :'today')) AS segment, history FROM customer_history) s
WHERE segment IS NOT NULL
GROUP BY segment ORDER BY sum(promo.spent(history)) DESC;
\echo '7. WHERE THEY WENT SINCE' :before '(rows: the stage then, columns: now).  promo.stage(history, day)'
SELECT stage AS "stage then", nullif(count(*) FILTER (WHERE now = 'new'), 0) AS "new", nullif(count(*) FILTER (WHERE now = 'active'), 0) AS "active",
	nullif(count(*) FILTER (WHERE now = 'loyal'), 0) AS "loyal", nullif(count(*) FILTER (WHERE now = 'reactivated'), 0) AS "reactivated",
	nullif(count(*) FILTER (WHERE now = 'at_risk'), 0) AS "at_risk", nullif(count(*) FILTER (WHERE now = 'churned'), 0) AS "churned", count(now) AS "all"
FROM unnest('{prospect,new,active,loyal,reactivated,at_risk,churned}'::text[]) WITH ORDINALITY s (stage, o)
LEFT JOIN (
	SELECT promo.stage(history, :'before') AS stage, now
	FROM customer_history, promo.stage(history, :'today') now
	WHERE now <> 'prospect') c USING (stage)
GROUP BY o, stage ORDER BY o;
\echo '8. WHO BOUGHT AGAIN within so many days of the first order, in %.  promo.repurchase_rate(history, today, 30)'
SELECT to_char(month, 'YYYY-MM') AS "first order", count(*) AS "customers",
	-- empty until the month's last customer was observed so long
	round(100 * promo.repurchase_rate(history, :'today', 30) FILTER (WHERE complete + 30 <= :'today'), 1) AS "30",
	round(100 * promo.repurchase_rate(history, :'today', 60) FILTER (WHERE complete + 60 <= :'today'), 1) AS "60",
	round(100 * promo.repurchase_rate(history, :'today', 90) FILTER (WHERE complete + 90 <= :'today'), 1) AS "90",
	round(100 * promo.repurchase_rate(history, :'today', 120) FILTER (WHERE complete + 120 <= :'today'), 1) AS "120",
	round(100 * promo.repurchase_rate(history, :'today', 150) FILTER (WHERE complete + 150 <= :'today'), 1) AS "150"
FROM (
	SELECT month, (month + interval '1 month')::date - 1 AS complete, history, dense_rank() OVER (ORDER BY month DESC) AS back
	FROM customer_history, date_trunc('month', promo.first_day(history)::timestamp) month
	WHERE month IS NOT NULL) c
WHERE back <= 6
GROUP BY month ORDER BY month;
\echo '9. HOW THEY BUY AND LEAVE.  promo.clv_fit(history, today, ''mbg/nbd'')'
SELECT format('   r %s, alpha %s: an order in %s weeks on average; a %s, b %s: after each %s %% leave%s', round(r, 2), round(alpha, 2),
		round(alpha / r, 1), round(a, 2), round(b, 2), round(100 * a / (a + b), 1),
		(SELECT '.  Doubtful: ' || string_agg(doubt, ', ') FROM jsonb_array_elements_text(fit -> 'degenerate') doubt)) AS text,
	CASE WHEN p IS NULL THEN '   nothing is known of what they spend: nobody bought again'
		ELSE format('   p %s, q %s, v %s: %s an order', round(p, 2), round(q, 2), round(v, 2),
			CASE WHEN q > 1 THEN round(p * v / (q - 1), 2)::text ELSE 'an infinite mean of' END) END AS spend
FROM jsonb_to_record(:'model'::promo.clv_model::jsonb) m (r numeric, alpha numeric, a numeric, b numeric, fit jsonb, spend jsonb),
	jsonb_to_record(coalesce(spend, '{}')) s (p numeric, q numeric, v numeric)
\gset
\echo :text
\echo :spend
\echo
\echo '10. WHOM TO WIN BACK: worth of a year x probability of having left.  promo.clv(...), promo.p_alive(...)'
SELECT customer, promo.orders(history) AS "orders", round(promo.spent(history)) AS "spent", promo.last_day(history) AS "last order",
	promo.recency(history, :'today') AS "days ago", round(promo.mean_gap(history), 1) AS "usual gap", round(1 - p::numeric, 3) AS "p left",
	round((clv / p)::numeric) AS "a year if not", round((clv / p * (1 - p))::numeric) AS "to win"
FROM (
	SELECT customer, history, promo.p_alive(history, :'model', :'today') AS p, promo.clv(history, :'model', :'today', 12) AS clv
	FROM customer_history
	OFFSET 0) c					-- both are read several times
WHERE p > 0 AND clv IS NOT NULL
ORDER BY clv / p * (1 - p) DESC, customer LIMIT 4;
