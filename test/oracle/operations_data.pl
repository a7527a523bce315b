#!/usr/bin/perl
#
# A shop run on real data, in a running server (PGHOST ... from the environment,
# the extension installed).  Online Retail (Chen 2015) is fed in day by day, moved
# by whole weeks so that it ends a few days ago, while rollups are refreshed; its
# last two weeks are sold under promotions, limits and coupons, and a book that
# plain SQL keeps says what each order must get.  Complete Journey (84.51) gives
# campaigns, coupons and redemptions as history.  The data are gzipped CSV files
# below PROMO_DATA, or ../shared/data beside the project; without them the tests
# are skipped.
#
use strict;
use warnings;
use utf8;
use FindBin;
use lib $FindBin::Bin;
use File::Spec;
use Test::More;
use properties;

my $data = File::Spec->rel2abs($ENV{PROMO_DATA} // '../shared/data', "$FindBin::Bin/../..");
my %columns = (
	online_retail_lines => 'invoice text, line int, sku text, qty int, at timestamp, price numeric, customer bigint, country text',
	completejourney_transactions_sample => 'household bigint, store int, basket numeric, product numeric, quantity numeric, sales numeric, retail_disc numeric, coupon_disc numeric, match_disc numeric, week int, at timestamp',
	completejourney_coupons => 'coupon numeric, product numeric, campaign int',
	completejourney_coupon_redemptions => 'household bigint, coupon numeric, campaign int, day date',
	completejourney_campaigns => 'campaign int, household bigint',
	completejourney_campaign_descriptions => 'campaign int, kind text, first date, last date',
);
my @missing = grep { !-e "$data/$_.csv.gz" } sort keys %columns;

plan(skip_all => "no $missing[0].csv.gz in $data") if @missing;

setup(<<"SQL");
SET search_path = public, promo;
SET client_min_messages = warning;
SET DateStyle = ISO;
SET TimeZone = 'Asia/Tokyo';
SQL
for my $table (sort keys %columns)
{
	my $short = $table =~ s/^completejourney_//r;

	setup(<<"SQL");
CREATE UNLOGGED TABLE $short ($columns{$table});
\\copy $short FROM PROGRAM 'gzip -dc "$data/$table.csv.gz"' (FORMAT csv, HEADER)
SQL
}

# ---------------------------------------------------------------------------
# Online Retail: its days come in, the rollups follow
# ---------------------------------------------------------------------------

# One line in fifty comes up to three days late.  An invoice is of one instant and
# customer, the first that it names.
setup(<<'SQL');
CREATE TABLE calendar AS SELECT yesterday, (yesterday - date '2011-12-09') / 7 * interval '7 days' AS moved
FROM (SELECT (now() AT TIME ZONE 'Europe/London')::date - 1 AS yesterday) d;
UPDATE online_retail_lines SET at = at + moved FROM calendar;
CREATE TABLE feed AS
SELECT invoice, min(at) AS at, min(customer) AS customer, min(country) AS country, sum(qty * price) AS amount,
	min(at)::date + CASE WHEN abs(hashtext(invoice)) % 50 = 0 THEN 1 + abs(hashtext(invoice)) % 3 ELSE 0 END AS comes
FROM online_retail_lines GROUP BY invoice;
CREATE INDEX ON feed (comes);
CREATE INDEX ON online_retail_lines (invoice);

CREATE TABLE orders (
	invoice text PRIMARY KEY, at timestamp NOT NULL, customer bigint, country text, amount numeric NOT NULL,
	channel text GENERATED ALWAYS AS (CASE country WHEN 'United Kingdom' THEN 'home' ELSE 'abroad' END) STORED
);
CREATE TABLE lines (invoice text, sku text, qty int, at timestamp, price numeric, customer bigint) PARTITION BY RANGE (at);
SELECT format('CREATE TABLE lines_%s PARTITION OF lines FOR VALUES FROM (%L) TO (%L)', to_char(month, 'YYYY_MM'), month, month + interval '1 month')
FROM (SELECT min(date_trunc('month', at)) AS first, max(at) AS last FROM feed) f, generate_series(first, last, '1 month') month
\gexec
CREATE TABLE refunds (invoice text, day date, country text, amount numeric);
CREATE INDEX ON orders (at);
CREATE INDEX ON orders (customer);
CREATE INDEX ON lines (at);
ANALYZE;

SELECT create_rollup('sales', 'orders', '1 hour', 'at',
	'{"event": "CASE WHEN amount < 0 THEN ''refund'' ELSE ''order'' END", "customer": "customer", "amount": "abs(amount)"}',
	'{channel,country}', 'Europe/London');
SELECT create_rollup('goods', 'lines', '1 day', 'at',
	'{"event": "CASE WHEN qty < 0 THEN ''back'' ELSE ''sold'' END", "customer": "customer", "amount": "qty * price"}', '{}', 'Europe/London');
SELECT create_rollup('returns', 'refunds', '1 day', 'day', '{"event": "''refund''", "amount": "-amount"}', '{country}', 'Europe/London');
SELECT create_rollup('people', 'orders', NULL, 'at', '{"amount": "CASE WHEN amount > 0 THEN amount END"}', '{customer}', 'Europe/London');

-- what the views of states must be
CREATE VIEW sales_truth AS
SELECT date_trunc('hour', at) AT TIME ZONE 'Europe/London' AS bucket, channel, country,
	kpi_agg(CASE WHEN amount < 0 THEN 'refund' ELSE 'order' END, customer, abs(amount)) AS state FROM orders GROUP BY 1, 2, 3;
CREATE VIEW goods_truth AS
SELECT date_trunc('day', at) AT TIME ZONE 'Europe/London' AS bucket,
	kpi_agg(CASE WHEN qty < 0 THEN 'back' ELSE 'sold' END, customer, qty * price) AS state FROM lines GROUP BY 1;
CREATE VIEW returns_truth AS
SELECT day::timestamp AT TIME ZONE 'Europe/London' AS bucket, country, kpi_agg('refund', NULL::bigint, -amount) AS state FROM refunds GROUP BY 1, 2;
CREATE VIEW people_truth AS
SELECT customer, history_agg(at::date, amount) AS state FROM orders WHERE customer IS NOT NULL AND amount > 0 GROUP BY 1;

CREATE TABLE checked (day int, what text, states bigint, wrong bigint, marks bigint);
CREATE PROCEDURE look(day int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO checked
	SELECT day, 'sales', count(*), count(*) FILTER (WHERE c.state IS DISTINCT FROM t.state), (SELECT count(*) FROM sales_mark)
	FROM sales_current c FULL JOIN sales_truth t USING (bucket, channel, country)
	UNION ALL
	SELECT day, 'goods', count(*), count(*) FILTER (WHERE c.state IS DISTINCT FROM t.state), (SELECT count(*) FROM goods_mark)
	FROM goods_current c FULL JOIN goods_truth t USING (bucket)
	UNION ALL
	SELECT day, 'returns', count(*), count(*) FILTER (WHERE c.state IS DISTINCT FROM t.state), (SELECT count(*) FROM returns_mark)
	FROM returns_current c FULL JOIN returns_truth t USING (bucket, country)
	UNION ALL
	SELECT day, 'people', count(*), count(*) FILTER (WHERE c.state IS DISTINCT FROM t.state), (SELECT count(*) FROM people_mark)
	FROM people_current c FULL JOIN people_truth t USING (customer);
END $$;


-- what happens on a day, and what runs in between: now a batch, now all, now nothing
CREATE PROCEDURE feed_days() LANGUAGE plpgsql AS $$
DECLARE
	today record;
	month text;
BEGIN
	FOR today IN SELECT comes, row_number() OVER (ORDER BY comes) AS n FROM feed GROUP BY comes ORDER BY comes LOOP
		INSERT INTO orders (invoice, at, customer, country, amount)
		SELECT invoice, at, customer, country, amount FROM feed WHERE comes = today.comes;
		INSERT INTO refunds SELECT invoice, at::date, country, amount FROM feed WHERE comes = today.comes AND amount < 0;
		IF today.n % 2 = 0 THEN
			INSERT INTO lines SELECT l.invoice, sku, qty, l.at, price, l.customer
			FROM feed f JOIN online_retail_lines l USING (invoice) WHERE comes = today.comes;
		ELSE
			-- straight into the partitions
			FOR month IN SELECT DISTINCT to_char(l.at, 'YYYY_MM') FROM feed f JOIN online_retail_lines l USING (invoice) WHERE comes = today.comes LOOP
				EXECUTE format('INSERT INTO lines_%s SELECT l.invoice, sku, qty, l.at, price, l.customer
					FROM feed f JOIN online_retail_lines l USING (invoice) WHERE comes = $1 AND to_char(l.at, ''YYYY_MM'') = %1$L', month)
				USING today.comes;
			END LOOP;
		END IF;

		-- what was wrong of earlier days: an order of another hour, customer or amount, a line of another month, one too many
		IF today.n % 20 = 0 THEN
			UPDATE orders SET at = at - interval '26 hours', customer = customer + 1, amount = amount + 0.5
			WHERE abs(hashtext(invoice)) % 150 = today.n % 150;
			UPDATE lines SET at = at + interval '35 days' WHERE abs(hashtext(invoice || sku)) % 1500 = today.n
				AND at + interval '36 days' < (SELECT max(at) FROM feed);
			DELETE FROM orders WHERE abs(hashtext(invoice)) % 200 = today.n % 200;
			DELETE FROM lines WHERE abs(hashtext(invoice)) % 200 = today.n % 200;
			DELETE FROM refunds WHERE abs(hashtext(invoice)) % 40 = today.n % 40;
			-- and what was undone
			BEGIN
				INSERT INTO orders (invoice, at, customer, country, amount) SELECT invoice || '!', at, customer, country, amount FROM orders WHERE at::date = today.comes;
				DELETE FROM lines WHERE at::date = today.comes;
				RAISE EXCEPTION 'undone';
			EXCEPTION WHEN raise_exception THEN
			END;
		END IF;
		IF today.n = 200 THEN
			CREATE TEMP TABLE kept AS TABLE refunds;
			TRUNCATE refunds;
			INSERT INTO refunds SELECT invoice, day, country, amount FROM kept WHERE amount < -5;
		END IF;
		COMMIT;

		CASE today.n % 4
			WHEN 0 THEN
				CALL refresh('sales');
				CALL refresh('people');
			WHEN 1 THEN
				PERFORM refresh_batch('sales', 5), refresh_batch('goods', 1), refresh_batch('returns', 2), refresh_batch('people', 50);
			WHEN 2 THEN
				PERFORM refresh_batch('goods', 10);
			ELSE
		END CASE;
		IF today.n IN (30, 77, 151, 178, 200, 201, 227, 300) THEN
			CALL look(today.n::int);
		END IF;
		IF today.n = 10 OR today.n = 100 THEN
			ANALYZE;
			CALL run_jobs();
		END IF;
	END LOOP;
	CALL look(0);
END $$;
CALL feed_days();
SQL

property('states are those of the rows while 305 days come in', <<'SQL');
SELECT wrong = 0 AND states > 0, format('%s on day %s: %s of %s states, %s marks', what, day, wrong, states, marks) FROM checked
SQL
property('both stale and fresh states were looked at', <<'SQL');
SELECT count(*) FILTER (WHERE marks = 0) > 3 AND count(*) FILTER (WHERE marks > 0) > 3, string_agg(format('%s %s: %s', what, day, marks), ', ') FROM checked
SQL

# ---------------------------------------------------------------------------
# what is read of it
# ---------------------------------------------------------------------------

# the night's job ran when a third of the orders were there: the next night comes
setup(<<'SQL');
UPDATE job_run SET finished_at = finished_at - interval '1 day' WHERE job = 'customers people';
CALL run_jobs();
CREATE TABLE sold AS
SELECT date_trunc('hour', at) AT TIME ZONE 'Europe/London' AS hour, date_trunc('day', at) AT TIME ZONE 'Europe/London' AS day, at::date AS on_day,
	customer, channel, country, greatest(amount, 0) AS amount, greatest(-amount, 0) AS refund, amount >= 0 AS is_order
FROM orders;
CREATE TABLE figures_of_sales AS
SELECT grain, by, coalesce(begins, min(first)) AS at, channel, country, sum(orders) AS orders, count(customer) FILTER (WHERE orders > 0) AS buyers,
	sum(gmv) AS gmv, sum(refunds) AS refunds, count(customer) FILTER (WHERE orders > 1) AS twice
FROM (SELECT grain, by, CASE grain WHEN 'hour' THEN hour WHEN 'day' THEN day END AS begins, min(hour) AS first,
		CASE WHEN 'channel' = ANY (by) THEN channel END AS channel, CASE WHEN 'country' = ANY (by) THEN country END AS country, customer,
		count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS gmv, sum(refund) AS refunds
	FROM sold, unnest('{hour,day,total}'::text[]) grain, (VALUES ('{}'::text[]), ('{channel}'), ('{country}'), ('{channel,country}')) b (by)
	GROUP BY 1, 2, 3, 5, 6, 7) c
GROUP BY grain, by, begins, channel, country;
SQL

figure('no job failed', 0, q{SELECT count(*) FROM job_run WHERE status <> 'done'});
figure('nothing is marked behind the jobs', '0 0 0 0', q{SELECT concat_ws(' ', (SELECT count(*) FROM sales_mark), (SELECT count(*) FROM goods_mark), (SELECT count(*) FROM returns_mark), (SELECT count(*) FROM people_mark))});
property('and the states are those of the rows', <<'SQL');
SELECT s.state IS NOT DISTINCT FROM t.state, format('%s %s %s', bucket, channel, country) FROM sales_state s FULL JOIN sales_truth t USING (bucket, channel, country)
UNION ALL SELECT s.state IS NOT DISTINCT FROM t.state, format('goods %s', bucket) FROM goods_state s FULL JOIN goods_truth t USING (bucket)
UNION ALL SELECT s.state IS NOT DISTINCT FROM t.state, format('returns %s %s', bucket, country) FROM returns_state s FULL JOIN returns_truth t USING (bucket, country)
UNION ALL SELECT s.state IS NOT DISTINCT FROM t.state, format('customer %s', customer) FROM people_state s FULL JOIN people_truth t USING (customer)
SQL

property('the view has the figures of plain SQL by hour, day and in all, whole, by channel and by country', <<'SQL');
SELECT (v.orders, v.buyers, v.gmv, v.refunds, v.net) IS NOT DISTINCT FROM (p.orders, p.buyers, p.gmv, p.refunds, p.gmv - p.refunds)
		AND round(v.aov, 6) IS NOT DISTINCT FROM round(p.gmv / nullif(p.orders, 0), 6)
		AND round(v.repurchase, 6) IS NOT DISTINCT FROM round(p.twice::numeric / nullif(p.buyers, 0), 6),
	format('%s %s %s %s %s: %s, not %s', grain, by, at, channel, country, v, p)
FROM (SELECT coalesce(channel, '') AS channel, coalesce(country, '') AS country, grain, by, at, orders, buyers, gmv, refunds, net, aov, repurchase FROM sales WHERE grain <> 'campaign') v
	FULL JOIN (SELECT coalesce(channel, '') AS channel, coalesce(country, '') AS country, grain, by, at, orders, buyers, gmv, refunds, twice FROM figures_of_sales) p USING (grain, by, at, channel, country)
SQL

property('customers are scored, staged and shown as of last night', <<'SQL');
SELECT (p.orders, p.order_days, p.last_day, p.spent, p.as_of) IS NOT DISTINCT FROM (d.n, d.days, d.last, d.spent, yesterday)
		AND ROW(r(p.rfm), f(p.rfm), m(p.rfm))::text = ROW(1 + 5 * (rank() OVER (ORDER BY d.last) - 1) / count(*) OVER (),
			1 + 5 * (rank() OVER (ORDER BY d.n) - 1) / count(*) OVER (), 1 + 5 * (rank() OVER (ORDER BY d.spent) - 1) / count(*) OVER ())::text
		AND p.segment = segment(p.rfm) AND p.stage = stage(t.state, yesterday), format('customer %s: %s, not %s', customer, p, d)
FROM calendar, people p FULL JOIN (SELECT customer, count(*) AS n, count(DISTINCT on_day) AS days, max(on_day) AS last, sum(amount) AS spent
		FROM sold WHERE customer IS NOT NULL AND amount > 0 GROUP BY customer) d USING (customer) FULL JOIN people_truth t USING (customer)
SQL

# ---------------------------------------------------------------------------
# a campaign of the shop, reviewed
# ---------------------------------------------------------------------------

# a week before Christmas, behind a week of preparation; t of 11 degrees of freedom
setup(<<'SQL');
INSERT INTO channel (name) VALUES ('home'), ('abroad');
INSERT INTO campaign (name, preheat, running, after, rollup)
SELECT 'christmas', tstzrange(start - interval '7 days', start), tstzrange(start, start + interval '7 days'), tstzrange(start + interval '7 days', start + interval '10 days'), 'sales'
FROM (SELECT timestamp '2011-11-21' + moved AS local FROM calendar) l, LATERAL (SELECT local AT TIME ZONE 'Europe/London' AS start) s;
INSERT INTO campaign_goal (campaign, metric, target, channel, lower_is_better) VALUES
	('christmas', 'gmv', 300000, NULL, false), ('christmas', 'refunds', 5000, NULL, true), ('christmas', 'gmv', 20000, 'abroad', false);
INSERT INTO campaign_department (campaign, department, share) VALUES ('christmas', 'gifts', 2), ('christmas', 'home', 1), ('christmas', 'web', 4);
CREATE TABLE reviewed AS
SELECT phase, coalesce(channel, 'all') AS channel, r.*
FROM unnest('{preheat,running,after,all}'::text[]) phase, unnest(ARRAY[NULL, 'home', 'abroad']) channel, review('christmas', phase, channel) r;
SQL

# n is 0 for the campaign itself, else it lies so many times the length in whole weeks before
sub windows
{
	my ($name, $zone, $first) = @_;

	return <<"SQL";
SELECT phase, n, w
FROM (SELECT phase, n, w, row_number() OVER (PARTITION BY phase ORDER BY n) AS nth
	FROM (SELECT phase, lower(own) AT TIME ZONE '$zone' AS a, upper(own) AT TIME ZONE '$zone' AS b
		FROM campaign, LATERAL (VALUES ('preheat', preheat), ('running', running), ('after', after),
			('all', tstzrange(lower(coalesce(preheat, running)), upper(coalesce(after, running))))) p (phase, own) WHERE name = '$name' AND own IS NOT NULL) own,
		generate_series(0, 60) n, LATERAL (SELECT n * ceil((b::date - a::date) / 7.0) * interval '7 days' AS back) k,
		LATERAL (SELECT tstzrange((a - back) AT TIME ZONE '$zone', (b - back) AT TIME ZONE '$zone') AS w) r
	WHERE n = 0 OR lower(w) >= ($first) AND NOT EXISTS (SELECT FROM campaign c WHERE w && preheat OR w && running OR w && after)) w
WHERE nth <= 13
SQL
}

# what a review says of figures (phase, n, channel, metric, value), n 0 being the campaign's own
sub reviews
{
	my ($figures) = @_;

	return <<"SQL";
SELECT phase, channel, metric, actual, round(baseline, 4) AS baseline, round((actual / nullif(baseline, 0) - 1)::numeric, 4) AS lift,
	round((actual / nullif(baseline, 0) * exp(-t * spread * sqrt(1 + 1.0 / nullif(weeks, 0))) - 1)::numeric, 4) AS lo, round((actual / nullif(baseline, 0) * exp(t * spread * sqrt(1 + 1.0 / nullif(weeks, 0))) - 1)::numeric, 4) AS hi
FROM (SELECT phase, channel, metric, max(value) FILTER (WHERE n = 0) AS actual, count(value) FILTER (WHERE n > 0) AS weeks,
		CASE WHEN count(value) FILTER (WHERE n > 0) >= 4 THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY value::float8) FILTER (WHERE n > 0) END::numeric AS baseline,
		CASE WHEN min(value) > 0 THEN stddev_samp(ln(nullif(greatest(value, 0), 0)::float8)) FILTER (WHERE n > 0) END AS spread
	FROM ($figures) f GROUP BY 1, 2, 3) f
	LEFT JOIN (VALUES (8, 2.36462425101::float8), (9, 2.30600413503), (10, 2.26215716274), (11, 2.22813885196), (12, 2.20098516008)) s (weeks, t) USING (weeks)
SQL
}

my $windows = windows('christmas', 'Europe/London', 'SELECT min(hour) FROM sold');
my $reviews = reviews(<<"SQL");
SELECT phase, n, channel, metric, value::numeric
FROM (SELECT phase, n, channel, sum(orders) AS orders, count(customer) FILTER (WHERE orders > 0) AS buyers, coalesce(sum(gmv), 0) AS gmv, coalesce(sum(refunds), 0) AS refunds,
		coalesce(sum(gmv - refunds), 0) AS net, coalesce(sum(gmv - refunds), 0) AS profit, sum(gmv) / nullif(sum(orders), 0) AS aov,
		sum(gmv) / nullif(count(customer) FILTER (WHERE orders > 0), 0) AS arpb,
		count(customer) FILTER (WHERE orders > 1)::numeric / nullif(count(customer) FILTER (WHERE orders > 0), 0) AS repurchase, 0 AS uv, NULL::numeric AS cvr
	FROM (SELECT phase, n, c.channel, customer, count(*) FILTER (WHERE is_order) AS orders, sum(amount) AS gmv, sum(refund) AS refunds
		FROM ($windows) w CROSS JOIN unnest('{all,home,abroad}'::text[]) c (channel) LEFT JOIN sold s ON hour >= lower(w) AND hour < upper(w) AND c.channel IN ('all', s.channel)
		GROUP BY 1, 2, 3, 4) c
	GROUP BY 1, 2, 3) f, LATERAL (SELECT key AS metric, value FROM jsonb_each_text(to_jsonb(f) - '{phase,n,channel}'::text[])) m
SQL

property('the review of a campaign is that of plain SQL: figures, median of comparable weeks, lift and its interval, in each phase and channel', <<"SQL");
SELECT round(r.actual, 6) IS NOT DISTINCT FROM round(p.actual, 6) AND abs(r.baseline - p.baseline) < 1e-3 IS NOT FALSE AND num_nulls(r.baseline, p.baseline) <> 1
		AND (r.lift, r.lo, r.hi) IS NOT DISTINCT FROM (p.lift, p.lo, p.hi), format('%s %s %s: %s, not %s', phase, channel, metric, r, p)
FROM reviewed r JOIN ($reviews) p USING (phase, channel, metric)
SQL
figure('it has all figures of report(), in that order', 18 * 12, q{SELECT count(*) FROM reviewed});
figure('with intervals', 'gmv, refunds', q{SELECT string_agg(metric, ', ' ORDER BY metric) FROM reviewed WHERE (phase, channel) = ('running', 'all') AND lo < lift AND lift < hi AND metric IN ('gmv', 'refunds', 'cvr')});
property('goals and attainment', <<'SQL');
SELECT attainment IS NOT DISTINCT FROM round(CASE metric WHEN 'refunds' THEN target / actual ELSE actual / target END, 4) AND (target IS NOT NULL) = (metric = 'gmv' AND channel IN ('all', 'abroad') OR metric = 'refunds' AND channel = 'all'), r::text
FROM reviewed r WHERE phase = 'running'
SQL
property('profit of the departments', <<'SQL');
SELECT sum(profit) = (SELECT round(actual, 2) FROM reviewed WHERE (phase, channel, metric) = ('all', 'all', 'profit')) AND bool_and(abs(profit - share / 7 * total) < 0.01), string_agg(department || ' ' || profit, ', ')
FROM department_profit('christmas'), (SELECT actual AS total FROM reviewed WHERE (phase, channel, metric) = ('all', 'all', 'profit')) t
SQL

# ---------------------------------------------------------------------------
# its last two weeks sold under promotions; a book says what each order gets
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE sale AS
SELECT row_number() OVER (ORDER BY at, invoice) AS n, invoice, customer, cart, hot
FROM (SELECT invoice, min(at) AS at, min(customer)::text AS customer, cart_agg(line, sku, qty, price) AS cart, least(24, sum(qty) FILTER (WHERE sku = '23084'))::int AS hot
	FROM online_retail_lines WHERE qty > 0 AND price > 0 AND customer IS NOT NULL AND at >= (SELECT max(at) - interval '14 days' FROM feed) GROUP BY 1) s;
CREATE TABLE bestseller AS
SELECT quote_literal(sku) AS sku, row_number() OVER (ORDER BY count(*) DESC, sku) AS rank
FROM sale, LATERAL lines(price(cart, '[]')) GROUP BY sku HAVING sku <> '23084';

INSERT INTO campaign (name, running, budget) VALUES ('advent', tstzrange(now() - interval '1 day', now() + interval '30 days'), 1500);
INSERT INTO promotion (name, campaign, rule, during, status, budget, uses, uses_per_customer)
SELECT format('p%s', p), CASE WHEN p <= 6 THEN 'advent' END,
	format('%s on sku %s', (ARRAY['save 15%', 'buy 6 save 20%, buy 12 save 30%', 'every 20 save 3', 'buy 3 get 1 free'])[1 + p % 4], string_agg(sku, ', '))::rule,
	tstzrange(now(), now() + '7 days'), 'active', (ARRAY[120, NULL, NULL, 90])[1 + p % 4], (ARRAY[NULL, 15, NULL, 50])[1 + p % 4], (ARRAY[NULL, NULL, 1, 2])[1 + p % 4]
FROM generate_series(1, 20) p JOIN bestseller ON rank BETWEEN 5 * p - 4 AND 5 * p GROUP BY p;
INSERT INTO promotion (name, rule, during, status, uses_per_customer) VALUES
	('flash', 'price 1.50 each on sku ''23084''', tstzrange(now(), now() + '7 days'), 'active', NULL),
	('big order', 'spend 300 save 20, spend 600 save 50', tstzrange(now(), now() + '7 days'), 'active', 2),
	('welcome', 'save 5 code WELCOME', tstzrange(now(), now() + '7 days'), 'active', NULL),
	('friends', 'save 3% code FRIENDS max 30', tstzrange(now(), now() + '7 days'), 'active', NULL);
INSERT INTO coupon (code, opens, uses, uses_per_customer) VALUES ('FRIENDS-11', 'FRIENDS', 60, 2);
INSERT INTO flash_stock (sku, units, per_customer, promotion) SELECT '23084', sum(hot) * 2 / 5, 48, 'flash' FROM sale;
CREATE TABLE purse AS
SELECT customer, code FROM (SELECT customer, row_number() OVER (ORDER BY customer) AS nth FROM (SELECT DISTINCT customer FROM sale) s WHERE hashtext(customer) % 2 = 0) c
	JOIN (SELECT code, row_number() OVER () AS nth FROM issue_coupons('WELCOME', 2000, batch => 'welcome') code) k USING (nth);

-- what was accepted; names are those of promotions; a claim has a sku and units
CREATE TABLE book (n bigint, order_id text, customer text, promotion text, campaign text, coupon text, amount numeric, live boolean DEFAULT true);
CREATE INDEX ON book (promotion);
CREATE TABLE book_claim (n bigint, order_id text, customer text, units int, live boolean DEFAULT true);
CREATE TABLE told (n bigint, fresh boolean, cheats boolean, discounts jsonb, expected text, names text, got text, said text, total numeric, by_hand numeric, codes text[], expected_codes text[]);
CREATE TABLE told_claim (n bigint, expected boolean, got boolean);
CREATE TABLE repeated (n bigint, what text, expected bigint, got bigint);

-- the rules that are on by the book, with what is left of their budgets
CREATE VIEW rules_by_hand AS
SELECT ruleset_agg(name, CASE WHEN left_over IS NULL THEN rule ELSE (rule::text || ' max ' || left_over)::rule END, priority, during) AS rules
FROM (SELECT p.*, least(p.budget - (SELECT coalesce(sum(amount), 0) FROM book b WHERE b.promotion = p.name AND live),
		c.budget - (SELECT coalesce(sum(amount), 0) FROM book b WHERE b.campaign = c.name AND live)) AS left_over,
		p.uses <= (SELECT count(*) FROM book b WHERE b.promotion = p.name AND live) AS used_up,
		p.name = 'flash' AND (SELECT units FROM flash_stock) <= (SELECT coalesce(sum(units), 0) FROM book_claim WHERE live) AS sold_out
	FROM promotion p LEFT JOIN campaign c ON c.name = p.campaign WHERE status = 'active') p
WHERE left_over > 0 IS NOT FALSE AND used_up IS NOT TRUE AND NOT sold_out;

-- the first limit that an order exceeds, as redeem() looks at them, and whose it is
CREATE FUNCTION refusal(who text, discounts jsonb, cheats boolean, OUT state text, OUT names text) LANGUAGE plpgsql AS $$
BEGIN
	WITH asked AS (
		SELECT p.name, p.origin::text COLLATE "C" AS origin, p.budget, p.uses, p.uses_per_customer, c.name COLLATE "C" AS campaign, c.budget AS campaign_budget, d.value::numeric AS amount,
			b.amount AS gone, b.n AS used, b.of_customer
		FROM jsonb_each_text(discounts) d JOIN promotion p ON p.name = d.key AND p.status = 'active' LEFT JOIN campaign c ON c.name = p.campaign,
			LATERAL (SELECT coalesce(sum(amount), 0) AS amount, count(*) AS n, count(*) FILTER (WHERE customer = who) AS of_customer FROM book b WHERE b.promotion = p.name AND live) b)
	SELECT r.state, r.names INTO refusal.state, refusal.names FROM (
		SELECT 0 AS rank, origin AS place, 'PM004' AS state, name AS names FROM asked WHERE name = 'welcome' AND cheats
		UNION ALL SELECT 1, campaign, 'PM001', min(name) FROM asked a GROUP BY campaign, campaign_budget
			HAVING sum(amount) + (SELECT coalesce(sum(amount), 0) FROM book b WHERE b.campaign = a.campaign AND live) > campaign_budget
		UNION ALL SELECT 2, origin, 'PM001', name FROM asked WHERE amount + gone > budget
		UNION ALL SELECT 3, origin, 'PM002', name FROM asked WHERE 1 + used > uses
		UNION ALL SELECT 5, origin, 'PM003', name FROM asked WHERE 1 + of_customer > uses_per_customer) r
	ORDER BY rank, place LIMIT 1;
END $$;

CREATE PROCEDURE sell_all() LANGUAGE plpgsql AS $$
DECLARE
	o sale;
	t told;
	presented text[];
	stale ruleset;
	rules ruleset;
	quoted quote;
	mine text;
	again bigint;
BEGIN
	FOR o IN SELECT * FROM sale ORDER BY n LOOP
		-- every third is priced by rules that are up to 30 orders old; some say the code without having the coupon
		IF o.n % 30 = 1 THEN
			stale := current_ruleset();
		END IF;
		t := ROW(o.n, o.n % 3 <> 0, o.n % 23 = 5);
		mine := (SELECT code FROM purse WHERE customer = o.customer);
		presented := array_remove(ARRAY[lower(replace(mine, '-', ' ')), 'friends 1l'], NULL);
		t.codes := coupon_codes(presented, o.customer);
		t.expected_codes := ARRAY(SELECT 'WELCOME' WHERE mine IS NOT NULL AND mine NOT IN (SELECT coupon FROM book WHERE live AND coupon IS NOT NULL)
			UNION ALL SELECT 'FRIENDS' WHERE (SELECT count(*) < 60 AND count(*) FILTER (WHERE customer = o.customer) < 2 FROM book WHERE coupon = 'FRIENDS-11' AND live));
		t.cheats := t.cheats AND NOT 'WELCOME' = ANY (t.codes);
		rules := CASE WHEN t.fresh THEN current_ruleset() ELSE stale END;
		quoted := price(o.cart, rules, codes => t.codes || CASE WHEN t.cheats THEN '{WELCOME}' ELSE '{}' END::text[]);
		t.total := total(quoted);
		t.by_hand := CASE WHEN o.n % 6 = 1 THEN total(price(o.cart, (SELECT r.rules FROM rules_by_hand r), codes => t.codes || CASE WHEN t.cheats THEN '{WELCOME}' ELSE '{}' END::text[])) END;
		t.discounts := (SELECT coalesce(jsonb_object_agg(rule, amount), '{}') FROM (SELECT rule, sum(amount) AS amount FROM adjustments(quoted) GROUP BY rule) a);
		SELECT coalesce(state, 'taken'), names INTO t.expected, t.names FROM refusal(o.customer, t.discounts, t.cheats);
		BEGIN
			PERFORM FROM redeem(o.invoice, o.customer, quoted, presented);
			t.got := 'taken';
		EXCEPTION WHEN OTHERS THEN
			t.got := SQLSTATE;
			t.said := SQLERRM;
		END;
		INSERT INTO told SELECT t.*;
		IF t.expected IS NULL OR t.expected = 'taken' THEN
			INSERT INTO book (n, order_id, customer, promotion, campaign, coupon, amount)
			SELECT o.n, o.invoice, o.customer, d.key, p.campaign, CASE d.key WHEN 'welcome' THEN mine WHEN 'friends' THEN 'FRIENDS-11' END, d.value::numeric
			FROM jsonb_each_text(t.discounts) d JOIN promotion p ON p.name = d.key AND p.status = 'active';
			IF o.n % 5 = 0 THEN
				INSERT INTO repeated SELECT o.n, 'redeem', (SELECT count(*) FROM jsonb_object_keys(t.discounts)), (SELECT count(*) FROM redeem(o.invoice, o.customer, quoted, presented));
			END IF;
		END IF;

		IF o.hot > 0 THEN
			INSERT INTO told_claim
			SELECT o.n, o.hot + coalesce(sum(c.units), 0) <= f.units AND o.hot + coalesce(sum(c.units) FILTER (WHERE c.customer = o.customer), 0) <= f.per_customer, claim(o.invoice, o.customer, '23084', o.hot)
			FROM flash_stock f LEFT JOIN book_claim c ON live GROUP BY f.id;
			INSERT INTO book_claim SELECT o.n, o.invoice, o.customer, o.hot FROM told_claim WHERE n = o.n AND expected;
		END IF;

		-- an order of before is given back, what is gone may be had again
		IF o.n % 9 = 0 THEN
			INSERT INTO repeated
			SELECT o.n, 'release', (SELECT count(*) FROM book WHERE n = o.n - 4 AND live), release(invoice) FROM sale WHERE n = o.n - 4
			UNION ALL SELECT o.n, 'unclaim', (SELECT coalesce(sum(units), 0) FROM book_claim WHERE n = o.n - 4 AND live), unclaim(invoice) FROM sale WHERE n = o.n - 4
			UNION ALL SELECT o.n, 'release again', 0, release(invoice) FROM sale WHERE n = o.n - 4;
			UPDATE book SET live = false WHERE n = o.n - 4;
			UPDATE book_claim SET live = false WHERE n = o.n - 4;
		END IF;
		COMMIT;
		-- limits are raised, and a rule is replaced, whose uses go on counting
		IF o.n = 400 THEN
			UPDATE promotion SET budget = budget + 50 WHERE name = 'p4' AND status = 'active';
			UPDATE promotion SET rule = (replace(rule::text, '30%', '25%'))::rule WHERE name IN ('p5', 'p9') AND status = 'active';
			UPDATE campaign SET budget = 1800 WHERE name = 'advent';
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL sell_all();
SQL

property('every order is taken, or refused for the limit that the book says', 'SELECT expected = got, told::text FROM told');
property('and the refusal names the promotion', q{SELECT said LIKE '%' || names || '%', format('%s: %s, not %s', n, said, names) FROM told WHERE got <> 'taken'});
property('the codes of a customer are those that are left', 'SELECT codes = expected_codes, format($$%s: %s, not %s$$, n, codes, expected_codes) FROM told');
property('current_ruleset prices by what the book says is left', 'SELECT total = by_hand, told::text FROM told WHERE by_hand IS NOT NULL');
property('there were orders of each kind', q{SELECT count(*) FILTER (WHERE got = state) > 0, format('%s %s', state, count(*) FILTER (WHERE got = state)) FROM told, unnest('{taken,PM001,PM002,PM003,PM004}'::text[]) state GROUP BY state});
property('claims are granted while units are left, to nobody too many', 'SELECT expected = got, told_claim::text FROM told_claim');
property('until all is sold', 'SELECT (SELECT units FROM flash_stock) - sum(units) < 24 AND count(*) < (SELECT count(*) FROM told_claim), sum(units)::text FROM book_claim WHERE live');
property('again and back: what was taken', 'SELECT expected = got, repeated::text FROM repeated');
property('redemptions are those of the book', <<'SQL');
SELECT r.amount IS NOT DISTINCT FROM b.amount AND r.coupon IS NOT DISTINCT FROM b.coupon AND r.customer = b.customer, format('%s %s: %s, not %s', order_id, promotion, r, b)
FROM (SELECT r.order_id, p.name AS promotion, r.customer, r.coupon, r.amount FROM redemption r JOIN promotion p ON p.id = r.promotion WHERE released_at IS NULL) r FULL JOIN (SELECT * FROM book WHERE live) b USING (order_id, promotion)
SQL
property('quotas add up', <<'SQL');
SELECT used = CASE kind WHEN 'campaign budget' THEN (SELECT sum(amount) FROM book b WHERE b.campaign = q.name AND live)
		WHEN 'promotion budget' THEN (SELECT sum(amount) FROM book b WHERE b.promotion = q.name AND live) WHEN 'promotion uses' THEN (SELECT count(*) FROM book b WHERE b.promotion = q.name AND live)
		WHEN 'coupon' THEN (SELECT count(*) FROM book b WHERE b.coupon = q.name AND live) WHEN 'stock' THEN (SELECT sum(units) FROM book_claim WHERE live) END
	AND used + remaining = total AND remaining >= 0, q::text
FROM quota_status q WHERE total IS NOT NULL
UNION ALL
SELECT u.used = (SELECT count(*) FROM book b WHERE b.promotion = p.name AND b.customer = u.customer AND live), u::text
FROM quota_use u JOIN promotion p ON p.id::text = u.name WHERE u.kind = 'promotion uses'
SQL

# ---------------------------------------------------------------------------
# Complete Journey: a year of campaigns and coupons as history
# ---------------------------------------------------------------------------

# the review of campaign 13 as if it had been the only one, then beside the others
setup(<<'SQL');
CREATE TABLE baskets AS
SELECT t.basket, t.household, min(t.at) AS at, round(sum(t.sales + t.retail_disc + t.coupon_disc), 2) AS amount, round(sum(t.retail_disc + t.coupon_disc), 2) AS off,
	CASE WHEN EXISTS (SELECT FROM campaigns c WHERE (c.campaign, c.household) = (13, t.household)) THEN 'mailed' ELSE 'not' END AS mail
FROM transactions_sample t GROUP BY 1, 2;
CREATE INDEX ON baskets (at);
SELECT create_rollup('journey', 'baskets', '1 day', 'at', '{"event": "''order''", "customer": "household", "amount": "amount", "discount": "off"}', '{mail}', 'America/New_York');
CALL refresh('journey');
INSERT INTO campaign (name, preheat, running, after, budget, rollup, slice)
SELECT 'journey ' || campaign, CASE campaign WHEN 13 THEN tstzrange((first - 1)::timestamp AT TIME ZONE 'America/New_York', first::timestamp AT TIME ZONE 'America/New_York') END,
	tstzrange(first::timestamp AT TIME ZONE 'America/New_York', (last + 1)::timestamp AT TIME ZONE 'America/New_York'), NULL, CASE campaign WHEN 8 THEN 200 END, 'journey', '{"mail": "mailed"}'
FROM campaign_descriptions WHERE campaign = 13;
CREATE TABLE alone AS SELECT phase, 'mailed' AS channel, r.* FROM unnest('{preheat,running,all}'::text[]) phase, review('journey 13', phase) r;
SQL
my $journey = windows('journey 13', 'America/New_York', 'SELECT date_trunc($$day$$, min(at)) AT TIME ZONE $$America/New_York$$ FROM baskets');
$reviews = reviews(<<"SQL");
SELECT phase, n, 'mailed' AS channel, metric, value::numeric
FROM (SELECT phase, n, sum(orders) AS orders, count(household) FILTER (WHERE orders > 0) AS buyers, coalesce(sum(amount), 0) AS gmv, coalesce(sum(off), 0) AS discount, coalesce(sum(amount - off), 0) AS sales,
		sum(amount - off) / nullif(sum(orders), 0) AS aov, sum(amount - off) / nullif(count(household) FILTER (WHERE orders > 0), 0) AS arpb
	FROM (SELECT phase, n, household, count(basket) AS orders, sum(amount) AS amount, sum(off) AS off
		FROM ($journey) w LEFT JOIN baskets b ON b.at AT TIME ZONE 'America/New_York' >= lower(w) AND b.at AT TIME ZONE 'America/New_York' < upper(w) AND mail = 'mailed' GROUP BY 1, 2, 3) h
	GROUP BY 1, 2) f, LATERAL (SELECT key AS metric, value FROM jsonb_each_text(to_jsonb(f) - '{phase,n}'::text[])) m
SQL
property('the review of campaign 13, by itself', <<"SQL");
SELECT round(r.actual, 6) IS NOT DISTINCT FROM round(p.actual, 6) AND abs(r.baseline - p.baseline) < 1e-3 IS NOT FALSE AND num_nulls(r.baseline, p.baseline) <> 1
		AND (r.lift, r.lo, r.hi) IS NOT DISTINCT FROM (p.lift, p.lo, p.hi), format('%s %s %s: %s, not %s', phase, channel, metric, r, p)
FROM alone r JOIN ($reviews) p USING (phase, channel, metric)
SQL
figure('has four comparable spans of seven weeks for the campaign, more for the day before it', 'preheat t t, running t f', q{SELECT string_agg(format('%s %s %s', phase, baseline IS NOT NULL, lo IS NOT NULL), ', ' ORDER BY phase) FROM alone WHERE metric = 'gmv' AND phase <> 'all'});

# each redemption is an order of its own, in the order of days; a coupon once for each household
setup(<<'SQL');
INSERT INTO campaign (name, running, budget, rollup, slice)
SELECT 'journey ' || campaign, tstzrange(first::timestamp AT TIME ZONE 'America/New_York', (last + 1)::timestamp AT TIME ZONE 'America/New_York'), CASE campaign WHEN 8 THEN 200 END, 'journey', '{}'
FROM campaign_descriptions WHERE campaign <> 13;
CREATE TABLE among AS SELECT r.* FROM review('journey 13') r;
INSERT INTO promotion (name, campaign, rule, during, status)
SELECT name, name, format('save 1 code J%s', substr(name, 9))::rule, running, 'active' FROM campaign WHERE name LIKE 'journey %';
INSERT INTO coupon (code, opens, batch, during, uses_per_customer)
SELECT DISTINCT format('%s/%s', c.coupon, c.campaign), 'J' || c.campaign, 'journey ' || c.campaign, running, 1
FROM coupons c JOIN campaign ON name = 'journey ' || c.campaign;
CREATE TABLE redeemed AS
SELECT row_number() OVER (ORDER BY day, household, coupon) AS n, household::text, format('%s/%s', coupon, campaign) AS coupon, 'journey ' || campaign AS name, 'J' || campaign AS code,
	(day + time '12:00') AT TIME ZONE 'America/New_York' AS at, NULL::text AS expected, NULL::text AS got, NULL::text[] AS codes, NULL::text[] AS early
FROM coupon_redemptions;
ALTER TABLE redeemed ADD PRIMARY KEY (n);
CREATE PROCEDURE redeem_all() LANGUAGE plpgsql AS $$
DECLARE
	r redeemed;
	rules ruleset := (SELECT ruleset_agg(name, rule, priority, during) FROM promotion WHERE name LIKE 'journey %');
BEGIN
	FOR r IN SELECT * FROM redeemed ORDER BY n LOOP
		r.codes := coupon_codes(ARRAY[r.coupon], r.household, r.at);
		r.early := coupon_codes(ARRAY[r.coupon], r.household, r.at - interval '1 year');
		SELECT CASE WHEN count(*) FILTER (WHERE (household, coupon) = (r.household, r.coupon)) > 0 THEN 'PM003' WHEN r.name = 'journey 8' AND count(*) >= 200 THEN 'PM001' ELSE 'taken' END
		INTO r.expected FROM redeemed WHERE name = r.name AND got = 'taken' AND n < r.n;
		BEGIN
			PERFORM FROM redeem('journey ' || r.n, r.household, price('[{"line":1,"sku":"basket","qty":1,"price":"10"}]', rules, r.at, codes => ARRAY[r.code]), ARRAY[r.coupon]);
			r.got := 'taken';
		EXCEPTION WHEN OTHERS THEN
			r.got := SQLSTATE;
		END;
		UPDATE redeemed SET (expected, got, codes, early) = (r.expected, r.got, r.codes, r.early) WHERE n = r.n;
	END LOOP;
END $$;
CALL redeem_all();
CALL run_jobs();
SQL
property('among the other campaigns no week is comparable, and the figures are the same', 'SELECT m.baseline IS NULL AND m.actual IS NOT DISTINCT FROM a.actual, m::text FROM among m JOIN alone a USING (metric) WHERE phase = $$running$$');
property('coupons of 2017 open their campaign once for each household, on their days', <<'SQL');
SELECT got = expected AND codes = CASE expected WHEN 'PM003' THEN '{}' ELSE ARRAY[code] END AND early = '{}', redeemed::text FROM redeemed
SQL
figure('2102 redemptions: 27 of a coupon that was used, 168 beyond the budget of campaign 8', 'PM001 168, PM003 27, taken 1907', q{SELECT string_agg(got || ' ' || n, ', ' ORDER BY got) FROM (SELECT got, count(*) AS n FROM redeemed GROUP BY 1) g});
property('what is left of budgets and coupons', <<'SQL');
SELECT q.used = (SELECT count(*) FROM redeemed r WHERE got = 'taken' AND CASE kind WHEN 'campaign budget' THEN r.name = q.name ELSE r.coupon = q.name END), q::text FROM quota_status q WHERE name LIKE 'journey %' AND total IS NOT NULL
UNION ALL SELECT used = 1, u::text FROM quota_use u WHERE kind = 'coupon' AND name <> 'FRIENDS-11'
SQL
property('and the jobs have ended the promotions', q{SELECT status = 'ended', p::text FROM promotion p WHERE name LIKE 'journey %'});

ask();
