--
-- One screen: a day of a campaign that began ten hours ago, from the plan to the
-- review.  13 weeks of the shop's events lie before it, the same on every machine
-- but for the hour of the clock.
--
SET search_path = shop, public;
SET timezone = 'UTC';
SET client_min_messages = warning;
\pset footer off
\pset null ''

-- what a statement is refused with
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format(E'   %s  %s\n          %s\n          %s', SQLSTATE, message, detail, hint);
END
$$;

SELECT date_trunc('hour', now()) - interval '10 hours' AS start
\gset

CREATE TEMP TABLE happening AS
SELECT at, event, customer, channel, amount, round(0.14 * amount, 2) AS discount, round(0.5 * amount, 2) AS cost
FROM (
	SELECT :'start'::timestamptz + interval '1 hour' * (hour + draw(id, 70)) AS at, floor(8000 * draw(id, 71) ^ 1.4)::bigint AS customer,
		CASE WHEN draw(id, 72) < 0.6 THEN 'app' ELSE 'web' END AS channel, round((20 + 90 * draw(id, 73))::numeric, 2) AS price, draw(id, 74) AS wish,
		CASE WHEN hour >= 0 THEN 0.14 ELSE 0.09 END AS buys
	FROM generate_series(-13 * 168, 9) hour,
		-- by the hour of the day and the week; the campaign brings half as many again
		LATERAL generate_series(1000000 + 1000 * hour, 1000000 + 1000 * hour
			+ ((40 + 25 * sin((hour % 24) / 24.0 * 6.2832)) * (0.9 + 0.2 * draw(hour / 168, 75)) * CASE WHEN hour >= 0 THEN 1.5 ELSE 1 END)::int) id) v,
	LATERAL (VALUES ('view', NULL), ('order', price)) e (event, amount)
WHERE event = 'view' OR wish < buys;
CREATE TABLE store_event AS SELECT * FROM happening WHERE at < :'start';
CREATE INDEX ON store_event (at);

\echo 'A DAY OF A CAMPAIGN: BEGUN TEN HOURS AGO, FOUR TO GO'
\echo
\echo '16. PLANNED.  promo.campaign, promo.promotion, promo.flash_stock, promo.coupon; promo.phase(campaign)'
INSERT INTO promo.channel VALUES ('app'), ('web');
SELECT promo.create_rollup('hourly_sales', 'store_event', '1 hour', 'at',
	'{"event": "event", "customer": "customer", "amount": "amount", "discount": "discount", "cost": "cost"}', '{channel}')
\g /dev/null
CALL promo.refresh('hourly_sales');
INSERT INTO promo.campaign (name, theme, department, budget, preheat, running, after) VALUES ('singles day', '11.11', 'shoes', 20000,
	tstzrange(:'start'::timestamptz - interval '2 days', :'start'), tstzrange(:'start', :'start'::timestamptz + interval '14 hours'),
	tstzrange(:'start'::timestamptz + interval '14 hours', :'start'::timestamptz + interval '3 days'));
INSERT INTO promo.campaign_goal (campaign, metric, target) VALUES
	('singles day', 'uv', 600), ('singles day', 'orders', 80), ('singles day', 'gmv', 5000), ('singles day', 'profit', 2500);
INSERT INTO promo.promotion (campaign, name, rule, during, priority, status, budget, uses) SELECT 'singles day', name, rule::promo.rule,
	tstzrange(:'start', :'start'::timestamptz + interval '14 hours'), priority, 'active', budget, uses
FROM (VALUES ('flash shoes', 'price 59 each on sku SHOE-07 limit 1', 100, NULL, NULL), ('bags', 'buy 2 save 15% on sku BAG-01, BAG-02, BAG-03', 0, NULL, NULL),
	('steps', 'spend 200 save 20, spend 300 save 45', 0, 500, NULL), ('newcomers', 'spend over 100 save 25 code WELCOME', 0, NULL, 1000)) p (name, rule, priority, budget, uses);
INSERT INTO promo.flash_stock (sku, units, per_customer, promotion, during)
VALUES ('SHOE-07', 100, 1, 'flash shoes', tstzrange(:'start', :'start'::timestamptz + interval '14 hours'));
SELECT name AS promotion, rule, status, round(budget) AS budget, to_char(upper(during), 'HH24:MI') AS until FROM promo.promotion ORDER BY id;
SELECT refusal($$INSERT INTO promo.promotion (campaign, name, rule, during, status) VALUES
	('singles day', 'bag of the day', 'save 30% on sku BAG-02', tstzrange(date_trunc('hour', now()), NULL), 'active')$$) AS text
\gset
\echo '   One more on a bag:'
\echo :text
\echo
\echo '17. RUNNING, BY THE HOUR.  CALL promo.run_jobs(), every minute; the view of the rollup is always current'
INSERT INTO store_event SELECT * FROM happening WHERE at >= :'start';
CALL promo.run_jobs();
SELECT to_char(at, 'HH24:MI') AS hour, uv, orders, gmv, discount, profit, round(100 * cvr, 1) AS "cvr %"
FROM hourly_sales WHERE grain = 'hour' AND by = '{}' AND at >= :'start' ORDER BY at;
SELECT format('   %s: %s', job, detail) AS text FROM promo.job_run ORDER BY id
\g (tuples_only=on format=unaligned)
\echo

\echo '18. COUPONS AND BUDGETS.  promo.redeem(order, customer, quote, coupons), in the transaction of the order'
SELECT coupon FROM promo.issue_coupons('WELCOME', 1) coupon
\gset
CREATE FUNCTION quote(cart promo.cart, customer text, typed text[] DEFAULT '{}') RETURNS promo.quote
	RETURN promo.price(cart, promo.current_ruleset(), codes => promo.coupon_codes(typed, customer, now()));
SELECT 'o1' AS "order", r.rule, r.coupon, r.amount
FROM quote('[{"line":1, "sku":"JACK-01", "qty":1, "price":"180"}]', 'ann', ARRAY[:'coupon']) q, promo.redeem('o1', 'ann', q, ARRAY[:'coupon']) r;
SELECT refusal(format($$SELECT promo.redeem('o2', 'bob', promo.price('[{"line":1, "sku":"JACK-01", "qty":1, "price":"180"}]',
	promo.current_ruleset(), codes => '{WELCOME}'), ARRAY[%L])$$, :'coupon')) AS text
\gset
\echo '   Bob has found the code of Ann:'
\echo :text
SELECT count(*) AS redeemed FROM generate_series(1, 11) i,
	promo.redeem('s' || i, 'c' || i, quote('[{"line":1, "sku":"JACK-02", "qty":2, "price":"190"}]', 'c' || i))
\gset
SELECT format('   Eleven orders of 380 took 45 each from the 500 of "steps": left %s; the next one saves %s',
	(SELECT round(remaining, 2) FROM promo.quota_status WHERE kind = 'promotion budget'),
	promo.discount(quote('[{"line":1, "sku":"JACK-02", "qty":2, "price":"190"}]', 'zoe'))) AS text
\gset
\echo :text
\echo
\echo '19. FLASH STOCK: 100 PAIRS, 130 CUSTOMERS.  promo.claim(order, customer, sku, units)'
SELECT format('   before: SHOE-07 costs %s', promo.total(quote('[{"line":1, "sku":"SHOE-07", "qty":1, "price":"99.90"}]', 'ann'))) AS text
\gset
\echo :text
SELECT format('   claimed by %s, refused to %s', count(*) FILTER (WHERE claimed), count(*) FILTER (WHERE NOT claimed)) AS text
FROM generate_series(1, 130) i, promo.claim('f' || i, 'c' || i, 'SHOE-07', 1) claimed
\gset
\echo :text
SELECT format('   after: SHOE-07 costs %s', promo.total(quote('[{"line":1, "sku":"SHOE-07", "qty":1, "price":"99.90"}]', 'ann'))) AS text
\gset
\echo :text
SELECT promo.unclaim('f7') AS units
\gset
SELECT format('   one pair comes back: SHOE-07 costs %s', promo.total(quote('[{"line":1, "sku":"SHOE-07", "qty":1, "price":"99.90"}]', 'ann'))) AS text
\gset
\echo :text
\echo
\echo '20. A DRAW THAT ANYBODY CAN VERIFY.  promo.open_draw, freeze_draw, draw(campaign, beacon), verify_draw(campaign)'
INSERT INTO promo.prize (campaign, place, name, quantity) VALUES ('singles day', 1, 'a bicycle', 1), ('singles day', 2, 'a helmet', 3);
SELECT left(encode(promo.open_draw('singles day', now() + interval '0.3 seconds', 'closing price of the stock index of tomorrow'), 'hex'), 16) AS commitment
\gset
INSERT INTO promo.prize_entry (campaign, customer) SELECT 'singles day', 'c' || i FROM generate_series(1, 1000) i;
SELECT pg_sleep(0.4)
\g /dev/null
SELECT format('   published before: commitment %s..., then the list %s... of %s entries', :'commitment', left(encode(entries_hash, 'hex'), 16), entries) AS text
FROM promo.freeze_draw('singles day')
\gset
\echo :text
SELECT count(*) FROM promo.draw('singles day', '3421.07')
\g /dev/null
SELECT a.place, a.entry, e.customer, p.name AS prize, a.status
FROM promo.prize_award a JOIN promo.prize_entry e USING (campaign, entry) JOIN promo.prize p ON p.campaign = a.campaign AND p.place = a.prize
ORDER BY a.place;
SELECT format('   verify_draw: %s', promo.verify_draw('singles day')) AS text
\gset
\echo :text
\echo
\echo '21. THE REVIEW.  promo.review(campaign): against its goals, and lift over the same hours of 12 weeks before, without campaigns'
SELECT metric, target, round(actual, 2) AS actual, round(baseline, 2) AS baseline, round(100 * lift) AS "lift %",
	format('%s to %s', round(100 * lo), round(100 * hi)) AS "95 % sure", round(100 * attainment) AS "% of goal"
FROM promo.review('singles day') WHERE metric IN ('uv', 'orders', 'gmv', 'discount', 'profit', 'aov', 'cvr');
