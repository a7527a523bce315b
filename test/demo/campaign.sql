--
-- One screen: a campaign on its seventh evening, from the table event: goals, funnel,
-- one day by the hour, channels, and what the mails caused.
--
SET search_path = shop, public;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
\pset footer off
\pset null ''

SELECT timestamptz '2026-03-09 00:00+00' AS now, timestamptz '2026-03-08 00:00+00' AS today
\gset
SELECT clock_timestamp() AS start
\gset
CREATE TEMP TABLE hourly AS
SELECT date_trunc('hour', at) AS hour, channel, promo.kpi_agg(event, customer, amount, discount, cost) AS k
FROM event GROUP BY 1, 2;
SELECT extract(epoch FROM clock_timestamp() - :'start')::numeric AS seconds
\gset
SELECT format('A CAMPAIGN ON ITS 7TH OF 10 EVENINGS, %s EVENTS.  promo.kpi_agg(event, customer, amount, ...) by hour and channel, in %s s',
	count(*), round(:seconds, 2)) AS text FROM event
\gset
\echo :text
\echo
\echo '11. GOALS.  promo.attainment(actual, target), promo.pace(actual, target, share of the time)'
CREATE TEMP TABLE actual AS
SELECT name AS phase, key AS metric, value::numeric AS actual, share
FROM (
	SELECT name, promo.rollup(k) AS k,
		least(1, extract(epoch FROM :'now' - lower(during)) / extract(epoch FROM upper(during) - lower(during))) AS share
	FROM phase JOIN hourly ON during @> hour GROUP BY name, during) p,
	LATERAL (SELECT r.*, promo.uniques(k, 'signup') AS signups FROM promo.report(k) r) r, jsonb_each_text(to_jsonb(r));
SELECT phase, metric AS "goal", target, round(actual, CASE WHEN target < 100 THEN 2 ELSE 0 END) AS "actual", round(100 * attained) AS "% of it", round(100 * share) AS "% of time",
	-- visitors come again and costs are not due by day: no even pace can be asked of those
	CASE WHEN share < 1 AND metric NOT IN ('uv', 'cac') THEN round(promo.pace(actual, target, share), 2) END AS "pace",
	rpad(repeat('█', least(20, floor(20 * attained))::int), 20, '·') || CASE WHEN attained >= 1 THEN ' met' ELSE '' END AS "attained"
FROM goal JOIN actual USING (phase, metric), promo.attainment(actual, target, lower_is_better) attained
ORDER BY o;
\echo '12. HOW FAR THEY WENT WITHIN A DAY, by the channel of the first visit.  promo.level(promo.funnel_agg(at, step, ''1 day''))'
SELECT channel, saw, round(100.0 * (saw - filled) / saw) AS "% left", filled AS "cart", round(100.0 * (filled - bought) / filled) AS "% left", bought,
	date_trunc('minute', cart_to_order) AS "cart to order",
	repeat('█', round(100.0 * bought / saw)::int) || repeat('▒', round(100.0 * (filled - bought) / saw)::int) AS "of 100: █ bought, ▒ left a cart"
FROM (
	SELECT channel, count(*) AS saw, count(*) FILTER (WHERE level >= 2) AS filled, count(*) FILTER (WHERE level = 3) AS bought,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY promo.step_at(f, 3) - promo.step_at(f, 2)) AS cart_to_order
	FROM (
		SELECT (array_agg(channel ORDER BY at))[1] AS channel, promo.funnel_agg(at, array_position('{view,cart,order}', event), '1 day') AS f
		FROM event WHERE event IN ('view', 'cart', 'order') GROUP BY customer) f,
		promo.level(f) level
	WHERE level > 0
	GROUP BY channel) c
ORDER BY bought::numeric / saw DESC;
\echo '13. VISITORS OF THE DAY BY THE HOUR.  promo.uv(promo.rollup(k)), promo.anomaly(uv, uv of this hour of the days before)'
WITH uv AS (
	SELECT hour, promo.uv(promo.rollup(k)) AS uv FROM hourly WHERE hour >= '2026-03-04' GROUP BY hour
), watched AS (
	SELECT hour, uv, usual, a.*
	FROM uv, LATERAL (
		SELECT array_agg(uv::numeric) AS before, percentile_cont(0.5) WITHIN GROUP (ORDER BY uv) AS usual
		FROM uv b WHERE b.hour < :'today' AND b.hour::time = uv.hour::time) b, promo.anomaly(uv, before) a
	WHERE hour >= :'today'
)
SELECT string_agg(lpad(extract(hour FROM hour)::text, 4), '' ORDER BY hour) AS hours, string_agg(lpad(uv::text, 4), '' ORDER BY hour) AS uvs,
	string_agg(' ' || repeat(substr('▁▂▃▄▅▆▇█', 1 + floor(7.99 * uv / (SELECT max(uv) FROM watched))::int, 1), 3), '' ORDER BY hour) AS bars,
	string_agg(lpad(round(usual)::text, 4), '' ORDER BY hour) AS usuals,
	string_agg(CASE severity WHEN 'critical' THEN ' ▲▲▲' WHEN 'warn' THEN '   ▲' ELSE '    ' END, '' ORDER BY hour) AS marks,
	coalesce(string_agg(format('%s:00 is %s: %s visitors, %s usual, score %s', extract(hour FROM hour), severity, uv, usual, round(score::numeric, 1)), '; ' ORDER BY hour)
		FILTER (WHERE severity <> 'none'), 'nothing is abnormal') AS said
FROM watched
\gset
\echo '   hour ' :hours
\echo '   uv   ' :uvs
\echo '        ' :bars
\echo '   usual' :usuals
\echo '        ' :marks
\echo '  ' :said
\echo
\echo '14. WHO BROUGHT THE ORDERS.  promo.attribution_agg(at, channel, order_at, 1, method) and (path, converted, lost, method)'
CREATE TEMP TABLE credit AS
WITH placed AS (
	SELECT row_number() OVER (ORDER BY at, customer) AS id, customer, at AS order_at FROM event WHERE event = 'order'
), touch AS (
	SELECT id, order_at, at, channel FROM placed JOIN event USING (customer) WHERE event = 'view' AND at <= order_at
), path AS (
	SELECT array_agg(channel ORDER BY at, channel) AS path, 1 AS converted, 0 AS lost FROM touch GROUP BY id
	UNION ALL
	SELECT array_agg(channel ORDER BY at, channel), 0, 1 FROM event e
	WHERE event = 'view' AND NOT EXISTS (SELECT FROM placed WHERE placed.customer = e.customer) GROUP BY customer
)
SELECT method, key AS channel, value::numeric AS orders
FROM (
	SELECT method, promo.attribution_agg(at, channel, order_at, 1, method) AS credits
	FROM touch, unnest('{first,last,linear,position,decay}'::text[]) method GROUP BY id, method
	UNION ALL
	SELECT method, promo.attribution_agg(path, converted, lost, method) FROM path, unnest('{markov,shapley}'::text[]) method GROUP BY method) c,
	jsonb_each_text(credits);
SELECT coalesce(channel, 'all') AS "channel", round(sum(orders) FILTER (WHERE method = 'first')) AS "first",
	round(sum(orders) FILTER (WHERE method = 'last')) AS "last", round(sum(orders) FILTER (WHERE method = 'linear')) AS "linear",
	round(sum(orders) FILTER (WHERE method = 'position')) AS "position", round(sum(orders) FILTER (WHERE method = 'decay')) AS "decay",
	round(sum(orders) FILTER (WHERE method = 'markov')) AS "markov", round(sum(orders) FILTER (WHERE method = 'shapley')) AS "shapley",
	round(spend) AS "spend", round(spend / sum(orders) FILTER (WHERE method = 'shapley'), 2) AS "an order"
FROM credit LEFT JOIN (SELECT channel, promo.spend(promo.rollup(k)) AS spend FROM hourly GROUP BY channel) s USING (channel)
GROUP BY GROUPING SETS ((channel, spend), ()) ORDER BY credit.channel NULLS LAST;
\echo '15. WHAT THE MAILS CAUSED.  promo.uplift(k_with, k_without, ''order'', ''assigned'')'
SELECT format('   %s customers with mail: %s bought, %s %%; %s without: %s, %s %%', to_char(n_t, 'FM999,999'), x_t, round(100.0 * x_t / n_t, 1),
		to_char(n_c, 'FM999,999'), x_c, round(100.0 * x_c / n_c, 1)) AS text,
	format('   %s points more, 95 %% sure from %s to %s:  0 %s├%s●%s┤ points;  %s %% more, p %s', round(100 * diff::numeric, 1),
		round(100 * lo::numeric, 1), round(100 * hi::numeric, 1), repeat(' ', (500 * lo)::int), repeat('─', (500 * (diff - lo))::int),
		repeat('─', (500 * (hi - diff))::int), round(100 * lift::numeric), CASE WHEN p < 0.0001 THEN 'below 0.0001' ELSE round(p::numeric, 4)::text END) AS effect,
	format('   so some %s buyers would not have bought without; what 14. gives to mail is not what it caused', round(n_t * diff)) AS said
FROM (
	SELECT promo.kpi_agg(event, customer) FILTER (WHERE gets_mail) AS k_t, promo.kpi_agg(event, customer) FILTER (WHERE NOT gets_mail) AS k_c
	FROM (SELECT 'assigned' AS event, customer, gets_mail FROM audience
		UNION ALL
		SELECT event, customer, gets_mail FROM event JOIN audience USING (customer) WHERE event = 'order') e) g,
	LATERAL (SELECT promo.uniques(k_t, 'assigned') AS n_t, promo.uniques(k_t, 'order') AS x_t,
		promo.uniques(k_c, 'assigned') AS n_c, promo.uniques(k_c, 'order') AS x_c) n,
	promo.uplift(k_t, k_c, 'order', 'assigned')
\gset
\echo :text
\echo :effect
\echo :said
