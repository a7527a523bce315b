#!/usr/bin/perl
#
# What papers, packages and tutorials have published about well-known data, from
# the data themselves, in a running server (PGHOST ... from the environment, the
# extension installed).  The data are gzipped CSV files below PROMO_DATA, or
# ../shared/data beside the project; without them the tests are skipped.
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
	cdnow_sample => 'master_id int, customer int, day date, n_cds int, amount numeric',
	cdnow_master => 'customer int, day date, n_cds int, amount numeric',
	rfm_data_orders => 'customer text, day date, amount numeric',
	rfm_data_customer => 'customer int, revenue numeric, last date, orders int, recency int',
	online_retail_invoices => 'invoice text, customer int, at timestamp, amount numeric, n_lines int, country text',
	lifetimes_cdnow_customers_summary_with_transactions => 'customer int, x int, tx numeric, t numeric, z numeric',
	lifetimes_example_transactions => 'at timestamp, customer int',
);
my @missing = grep { !-e "$data/$_.csv.gz" } sort keys %columns;

plan(skip_all => "no $missing[0].csv.gz in $data") if @missing;

setup(<<"SQL");
SET search_path = public, promo;
SET client_min_messages = warning;
SET DateStyle = ISO;
SQL
for my $table (sort keys %columns)
{
	setup(<<"SQL");
CREATE TABLE $table ($columns{$table});
\\copy $table FROM PROGRAM 'gzip -dc "$data/$table.csv.gz"' (FORMAT csv, HEADER)
SQL
}
setup(<<'SQL');
-- a free order counts as one in what is published
CREATE TABLE sample AS SELECT customer, history_agg(day, greatest(amount, 0.0001)) AS h FROM cdnow_sample GROUP BY 1;
CREATE TABLE master AS SELECT customer, history_agg(day, greatest(amount, 0.0001)) AS h FROM cdnow_master GROUP BY 1;
CREATE TABLE retail AS SELECT customer, history_agg(at::date, amount) AS h FROM online_retail_invoices WHERE customer IS NOT NULL AND amount > 0 GROUP BY 1;
CREATE TABLE fit (name text PRIMARY KEY, model clv_model);
INSERT INTO fit SELECT 'bg', clv_fit(h, '1997-09-30') FROM sample;
INSERT INTO fit SELECT 'mbg', clv_fit(h, '1997-09-30', 'mbg/nbd') FROM sample;
INSERT INTO fit SELECT 'master', clv_fit(h, '1997-09-30') FROM master;
INSERT INTO fit SELECT 'retail', clv_fit(h, '2011-12-09') FROM retail;
INSERT INTO fit SELECT 'example', clv_fit(h, '2014-12-31') FROM (SELECT history_agg(at::date, 1) AS h FROM lifetimes_example_transactions GROUP BY customer) e;
INSERT INTO fit VALUES ('published', '{"model": "bg/nbd", "unit": "week", "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "spend": {"p": 6.25, "q": 3.74, "v": 15.44}}');
CREATE FUNCTION parameter(fit text, VARIADIC path text[]) RETURNS float8 LANGUAGE sql AS 'SELECT (model::jsonb #>> path)::float8 FROM fit WHERE name = parameter.fit';
CREATE FUNCTION model(fit text) RETURNS clv_model LANGUAGE sql AS 'SELECT model FROM fit WHERE name = model.fit';
SQL

# ---------------------------------------------------------------------------
# CDNOW (Fader, Hardie and Lee 2005; Batislam, Denizel and Filiztekin 2007)
# ---------------------------------------------------------------------------

property('CDNOW sample: x, t_x, T and mean spend are those of the published summary', <<'SQL');
SELECT order_days(u) - 1 = x AND abs((last_day(u) - first_day(u)) / 7.0 - tx) <= 0.0051 AND abs((date '1997-09-30' - first_day(u)) / 7.0 - t) <= 0.0051
		AND (x = 0 OR abs((spent(u) - spent(until(u, first_day(u)))) / x - z) <= 0.0052), format('customer %s: %s, published %s %s %s %s', customer, u, x, tx, t, z)
FROM lifetimes_cdnow_customers_summary_with_transactions JOIN (SELECT customer, until(h, '1997-09-30') AS u FROM sample) s USING (customer)
SQL

sub parameters
{
	my ($title, $fit, %expected) = @_;

	for my $name (sort keys %expected)
	{
		my ($value, $tolerance) = @{ $expected{$name} };
		figure("$title: $name $value", $value, "SELECT parameter('$fit', " . join(', ', map { "'$_'" } split / /, $name) . ')', $tolerance);
	}
}

# by days / 7; from the published summary, in weeks of two decimals, it is
# .242593 4.413532 .792886 2.425753 and -9582.425561
parameters('BG/NBD on the CDNOW sample', 'bg', r => [ 0.242595, 2e-6 ], alpha => [ 4.413602, 2e-5 ], a => [ 0.792922, 5e-6 ], b => [ 2.425907, 2e-5 ],
	'fit log_likelihood' => [ -9582.429207, 1e-5 ], 'fit customers' => [ 2357, 0 ],
	'fit standard_errors 0' => [ 0.01256, 1e-4 ], 'fit standard_errors 1' => [ 0.3782, 1e-3 ], 'fit standard_errors 2' => [ 0.1857, 1e-3 ], 'fit standard_errors 3' => [ 0.7053, 4e-3 ],
	'spend p' => [ 6.25, 0.01 ], 'spend q' => [ 3.74, 0.01 ], 'spend v' => [ 15.44, 0.02 ], 'spend fit customers' => [ 946, 0 ],
	'spend fit log_likelihood' => [ -4055.92, 0.2 ], 'spend fit correlation' => [ 0.113884, 1e-3 ]);
parameters('MBG/NBD on the CDNOW sample', 'mbg', r => [ 0.525, 5e-4 ], alpha => [ 6.183, 1e-3 ], a => [ 0.891, 5e-4 ], b => [ 1.614, 5e-4 ], 'fit log_likelihood' => [ -9582.13, 0.01 ]);
parameters('BG/NBD on all of CDNOW', 'master', r => [ 0.251624, 2e-5 ], alpha => [ 4.788943, 2e-4 ], a => [ 0.723433, 1e-4 ], b => [ 2.161088, 4e-4 ],
	'fit log_likelihood' => [ -95368.443933, 0.05 ], 'fit customers' => [ 23570, 0 ]);

figure('CDNOW customer 1, x = 2, t_x = 30.43, T = 38.86: 1.226 orders in 39 weeks', 1.226, q{SELECT expected_orders(h, model('bg'), '1997-09-30', 273) FROM sample WHERE customer = 1}, 5e-4);
figure('and 1.2627 by MBG/NBD', 1.262671, q{SELECT expected_orders(h, model('mbg'), '1997-09-30', 273) FROM sample WHERE customer = 1}, 5e-4);
figure('who is alive with .7266', 0.726609, q{SELECT p_alive(h, model('bg'), '1997-09-30') FROM sample WHERE customer = 1}, 5e-4);
figure('CDNOW customer 1516, x = 26, t_x = 30.86, T = 31: alive with .96892', 0.968920, q{SELECT p_alive(h, model('bg'), '1997-09-30') FROM sample WHERE customer = 1516}, 1e-4);
figure('and 25.7595 orders in 52 weeks', 25.759473, q{SELECT expected_orders(h, model('bg'), '1997-09-30', 364) FROM sample WHERE customer = 1516}, 3e-3);
figure('a customer who bought once is alive with .390 by MBG/NBD', 0.390, q{SELECT min(p_alive(h, model('mbg'), '1997-09-30')) FROM sample WHERE order_days(until(h, '1997-09-30')) = 1}, 0.05);

property('what a new customer of CDNOW orders in t days (table of BTYD)', <<'SQL');
SELECT abs(got - want) <= tolerance, format('%s days: %s, not %s', days, got, want)
FROM (VALUES (1, 0.007816, 3e-6), (7, 0.053185, 3e-6), (21, 0.150632, 5e-6), (223, 1.040494, 2e-5), (224, 1.043737, 2e-5), (546, 1.857972, 4e-5), (364, 1.444021, 3e-5)) v (days, want, tolerance),
	 LATERAL (SELECT expected_orders('{1997-01-01 1}', model('bg'), '1997-01-01', days)) g (got)
SQL

figure('BG/NBD expects 1653 orders of the sample in the next 39 weeks', 1653, q{SELECT sum(expected_orders(h, model('bg'), '1997-09-30', 273)) FROM sample}, 1);
figure('MBG/NBD expects 1577', 1577, q{SELECT sum(expected_orders(h, model('mbg'), '1997-09-30', 273)) FROM sample}, 1);
figure('1882 came', 1882, q{SELECT sum(order_days(h) - order_days(until(h, '1997-09-30'))) FROM sample});
figure('the correlation with what came is .626', 0.6256, q{SELECT corr(expected_orders(h, model('bg'), '1997-09-30', 273), order_days(h) - order_days(until(h, '1997-09-30'))) FROM sample}, 1e-3);

property('expected spend of the first ten customers of CDNOW (Hardie, note 025)', <<'SQL');
SELECT abs(got - want) <= 0.02, format('customer %s: %s, not %s', customer, got, want)
FROM unnest('{24.663714,18.916852,35.218978,35.218978,35.218978,71.469671,18.916852,35.218978,27.288386,35.218978}'::float8[]) WITH ORDINALITY v (want, customer) JOIN sample USING (customer),
	 LATERAL (SELECT expected_spend(until(h, '1997-09-30'), model('published'))) g (got)
SQL

# 1 % a month; the months of the source are 4.345 weeks, here they are 365 / 84
property('lifetime value over 12 months of ten customers of CDNOW', <<'SQL');
SELECT abs(got / want - 1) <= 1e-3, format('customer %s: %s, not %s', customer, got, want)
FROM (VALUES (1, 36.289211), (2, 4.637295), (3, 8.369004), (6, 283.532776), (7, 6.882355), (9, 43.367872)) v (customer, want) JOIN sample USING (customer),
	 LATERAL (SELECT clv(h, model('published'), '1997-09-30', 12, 0.126825030131969720661201)) g (got)
SQL

property('orders expected where the closed form is singular or overflows, to 40 digits', <<'SQL');
SELECT abs(got / want - 1) <= 1e-10, format('r %s a %s b %s alpha %s, %s: %s, not %s', r, a, b, alpha, days, got, want)
FROM (VALUES (0.5, 1, 2, 14, 10, 0.30732289916219), (0.3, 0.4, 0.6, 25, 30, 0.28901390325598), (0.11, 0.31, 0.5, 3.24, 30, 0.56458861553278), (1000.25, 0.8, 1002.5, 104, 365, 1759.568761701),
	(200.25, 0.8, 202.5, 44, 52, 169.50302487214), (0.3, 0.01, 2, 15, 52, 1.0330335190314), (0.1, 0.4, 0.8, 1, 36500, 97.695494794), (0.7, 2, 50000, 25, 30, 0.83996573159123)) v (r, a, b, alpha, days, want),
	 LATERAL (SELECT expected_orders('{2026-01-05 1}', jsonb_build_object('model', 'bg/nbd', 'unit', 'day', 'r', r, 'alpha', alpha, 'a', a, 'b', b)::clv_model, '2026-01-05', days)) g (got)
SQL

# ---------------------------------------------------------------------------
# lifetimes
# ---------------------------------------------------------------------------

# The published parameters are by days: alpha is seven times as much.
parameters('lifetimes, example transactions', 'example', r => [ 0.163851, 2e-5 ], a => [ 1.850343, 2e-3 ], b => [ 3.181058, 4e-3 ], alpha => [ 1.864280 / 7, 2e-5 ], 'fit customers' => [ 5000, 0 ]);
figure('and their likelihood', -39248.6266, <<'SQL', 0.01);
SELECT parameter('example', 'fit', 'log_likelihood') - sum(order_days - 1) * ln(7.0::float8) FROM (SELECT order_days(history_agg(at::date, 1)) FROM lifetimes_example_transactions GROUP BY customer) e
SQL
property('lifetimes, example transactions: orders of the first five in 30 days', <<'SQL');
SELECT abs(got - want) <= 2e-5, format('customer %s: %s, not %s', customer, got, want)
FROM unnest('{0.016053,0.021171,0.030461,0.031686,0.001607}'::float8[]) WITH ORDINALITY v (want, nth)
	JOIN (SELECT customer, row_number() OVER (ORDER BY customer) AS nth, expected_orders(history_agg(at::date, 1), model('example'), '2014-12-31', 30) AS got
		  FROM lifetimes_example_transactions GROUP BY customer) e USING (nth)
SQL

# with so much trust in the customer's own orders, expected spend is their mean
property('lifetimes, tests of the summary: x, t_x, T and mean spend', <<'SQL');
SELECT (order_days(h) - 1, last_day(h) - first_day(h), date '2015-02-07' - first_day(h)) = (x, tx, t)
		AND (x = 0 OR abs(expected_spend(h, '{"model": "bg/nbd", "unit": "day", "r": 1, "alpha": 1, "a": 1, "b": 1, "spend": {"p": 1e6, "q": 2, "v": 1e-6}}') - m) < 1e-4), h::text
FROM (VALUES ('{2015-02-01 1, 2015-02-06 1}'::history, 1, 5, 6, 1.0), ('{2015-01-01 1}', 0, 0, 37, NULL), ('{2015-01-01 1, 2015-01-02 1, 2015-01-05 1}', 2, 4, 37, 1),
	('{2015-01-01 1, 2015-02-06 2}', 1, 36, 37, 2), ('{2015-01-01 2}', 0, 0, 37, 0), ('{2015-01-01 3, 2015-01-02 1, 2015-01-05 5}', 2, 4, 37, 3),
	('{2015-01-16 6, 2015-02-02 3, 2015-02-05 3}', 2, 20, 22, 3), ('{2015-01-16 3, 2015-01-17 1, 2015-01-18 8}', 2, 2, 22, 4.5), ('{2015-02-02 5}', 0, 0, 5, 0),
	('{2014-05-21 25, 2014-03-14 10, 2014-04-09 20}', 2, 68, 330, 22.5)) v (h, x, tx, t, m)
SQL

# ---------------------------------------------------------------------------
# The R package rfm
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE r_people AS SELECT customer, history_agg(day, amount) AS h FROM rfm_data_orders GROUP BY 1;
CREATE TABLE r_model AS SELECT rfm_fit(h, '2006-12-31', 5, 'quantile') AS m FROM r_people;
SQL
figure('rfm: quantiles of recency', '[481, 296.4, 180, 114]', q{SELECT m::jsonb->'recency'->'at_most' FROM r_model});
figure('rfm: quantiles of frequency', '[3, 4, 5, 7]', q{SELECT m::jsonb->'frequency'->'above' FROM r_model});
figure('rfm: quantiles of monetary', '[254.8, 381, 505.4, 665]', q{SELECT m::jsonb->'monetary'->'above' FROM r_model});
# the package passes a break of recency below it, and adds 1 to each
figure('rfm: its segments, by its breaks', 'About To Sleep 50, At Risk 86, Champions 158, Lost 111, Loyal Customers 278, Need Attention 35, Others 48, Potential Loyalist 229', <<'SQL');
SELECT string_agg(format('%s %s', segment, n), ', ' ORDER BY segment COLLATE "C")
FROM (SELECT segment(score(h, '{"recency": {"at_most": [481, 297, 180, 114]}, "frequency": {"at_least": [4, 5, 6, 8]}, "monetary": {"at_least": [255.8, 382, 506.4, 666]}}', '2006-12-31'), 'classic'),
			 count(*) AS n FROM r_people GROUP BY 1) s
SQL

setup(<<'SQL');
CREATE TABLE r_customers AS SELECT c.*, format('{%s %s/%s}', last, revenue, orders)::history AS h FROM rfm_data_customer c WHERE revenue > 0 AND orders > 0;
CREATE TABLE r_models AS SELECT method, rfm_fit(h, '2007-01-01', 5, method) AS m FROM r_customers, unnest('{rank,ntile,quantile}'::text[]) method GROUP BY 1;
SQL
property('rfm: 39,999 customers, scores by SQL', <<'SQL');
SELECT ROW(r, f, m)::text = ROW(r(s), f(s), m(s))::text, format('%s customer %s: %s-%s-%s not %s', method, customer, r, f, m, s)
FROM (SELECT method, customer, score(h, m, '2007-01-01') AS s FROM r_customers, r_models WHERE method <> 'quantile') g
	JOIN (SELECT 'rank' AS method, customer, 1 + 5 * (rank() OVER (ORDER BY recency DESC) - 1) / count(*) OVER () AS r,
				 1 + 5 * (rank() OVER (ORDER BY orders) - 1) / count(*) OVER () AS f, 1 + 5 * (rank() OVER (ORDER BY revenue) - 1) / count(*) OVER () AS m FROM r_customers
		  UNION ALL SELECT 'ntile', customer, min(r) OVER (PARTITION BY recency), min(f) OVER (PARTITION BY orders), min(m) OVER (PARTITION BY revenue)
		  FROM (SELECT *, ntile(5) OVER (ORDER BY recency DESC, customer) AS r, ntile(5) OVER (ORDER BY orders, customer) AS f, ntile(5) OVER (ORDER BY revenue, customer) AS m FROM r_customers) t) e USING (method, customer)
SQL
property('rfm: 39,999 customers, quantiles by percentile_cont', <<'SQL');
SELECT abs((m::jsonb->'recency'->'at_most'->>(k - 1))::float8 - r) < 1e-4 AND abs((m::jsonb->'frequency'->'above'->>(k - 1))::float8 - f) < 1e-4
		AND abs((m::jsonb->'monetary'->'above'->>(k - 1))::float8 - v) < 1e-4, format('break %s: %s %s %s, %s', k, r, f, v, m)
FROM r_models, generate_series(1, 4) k, LATERAL (SELECT percentile_cont(1 - k / 5.0) WITHIN GROUP (ORDER BY recency), percentile_cont(k / 5.0) WITHIN GROUP (ORDER BY orders),
												 percentile_cont(k / 5.0) WITHIN GROUP (ORDER BY revenue::float8) FROM r_customers) q (r, f, v) WHERE method = 'quantile'
SQL

# ---------------------------------------------------------------------------
# Online Retail
# ---------------------------------------------------------------------------

figure('Online Retail: 4338 customers', 4338, 'SELECT count(*) FROM retail');
figure('18532 orders', 18532, 'SELECT sum(orders(h)) FROM retail');
figure('1493 customers ordered once', 1493, 'SELECT count(*) FROM retail WHERE orders(h) = 1');
figure('bought on two days: 2790 of 4338', '0.643154', q{SELECT round(repurchase_rate(h, '2011-12-10')::numeric, 6) FROM retail});
figure('ordered twice: 2845 of 4338', '0.655832', 'SELECT round(avg((orders(h) >= 2)::int), 6) FROM retail');
figure('orders that are not the first: 14194 of 18532', '0.765918', 'SELECT round(sum(orders(h) - 1) / sum(orders(h)), 6) FROM retail');
figure('within 90 days: 1533 of the 3370 observed so long', '0.454896', q{SELECT round(repurchase_rate(h, '2011-12-09', 90)::numeric, 6) FROM retail});
figure('复购率 of November: 443 of 1664', '443/1664 0.266226', <<'SQL');
SELECT format('%s/%s %s', count(*) FILTER (WHERE order_days(h) >= 2), count(*), round(repurchase_rate(h, '2011-11-30')::numeric, 6))
FROM (SELECT customer, history_agg(at::date, amount) AS h FROM online_retail_invoices WHERE customer IS NOT NULL AND amount > 0 AND at >= '2011-11-01' AND at < '2011-12-01' GROUP BY 1) s
SQL
figure('回购率 of October: 622 of 1364 bought in November', '622/1364', <<'SQL');
SELECT count(*) FILTER (WHERE orders(until(h, '2011-11-30')) > orders(until(h, '2011-10-31'))) || '/' || count(*)
FROM retail WHERE orders(until(h, '2011-10-31')) > orders(until(h, '2011-09-30'))
SQL
figure('gaps between order days: median 28, 80 % 70, 90 % 110, 95 % 155', '28/70/110/155', <<'SQL');
SELECT array_to_string(percentile_disc('{0.5,0.8,0.9,0.95}'::float8[]) WITHIN GROUP (ORDER BY gap), '/')
FROM (SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM retail, jsonb_to_recordset(h::jsonb) e (day date)) g
SQL
figure('mean gap is the mean of the gaps', 0, <<'SQL', 0.001);
SELECT max(abs(mean_gap - gap)) FROM (SELECT customer, mean_gap(h) FROM retail) h
	JOIN (SELECT customer, avg(gap) AS gap FROM (SELECT customer, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM retail, jsonb_to_recordset(h::jsonb) e (day date)) g GROUP BY 1) g USING (customer)
SQL
figure('the model by rank', '{"as_of": "2011-12-10", "levels": 5, "method": "rank", "recency": {"mean": 93.0595, "at_most": [179, 71, 32, 12]}, ' .
	'"monetary": {"mean": 2054.2665, "above": [250.15, 490.22, 942.26, 2059.45]}, "customers": 4338, "frequency": {"mean": 4.272, "above": [1, 2, 3, 6]}}',
	q{SELECT rfm_fit(h, '2011-12-10')::jsonb FROM retail});
property('which scores as window functions do', <<'SQL');
SELECT ROW(r, f, m)::text = ROW(r(s), f(s), m(s))::text, format('customer %s: %s-%s-%s, not %s', customer, r, f, m, s)
FROM (SELECT customer, score(h, (SELECT rfm_fit(h, '2011-12-10') FROM retail), '2011-12-10') AS s FROM retail) g
	JOIN (SELECT customer, 1 + 5 * (rank() OVER (ORDER BY max(at::date)) - 1) / count(*) OVER () AS r, 1 + 5 * (rank() OVER (ORDER BY count(*)) - 1) / count(*) OVER () AS f,
				 1 + 5 * (rank() OVER (ORDER BY sum(amount)) - 1) / count(*) OVER () AS m FROM online_retail_invoices WHERE customer IS NOT NULL AND amount > 0 GROUP BY 1) e USING (customer)
SQL
property('the eight segments by raw means, 689 of them 重要价值', <<'SQL');
SELECT n IS NOT DISTINCT FROM expected AND (segment <> '重要价值客户' OR n = 689), format('%s: %s, not %s', segment, n, expected)
FROM (SELECT segment(score(h, (SELECT rfm_fit(h, '2011-12-10', 2, 'mean') FROM retail), '2011-12-10'), 'cn'), count(*) AS n FROM retail GROUP BY 1) s
	FULL JOIN (SELECT CASE WHEN m >= avg_m THEN '重要' ELSE '一般' END || CASE WHEN r <= avg_r THEN CASE WHEN f >= avg_f THEN '价值' ELSE '发展' END ELSE CASE WHEN f >= avg_f THEN '保持' ELSE '挽留' END END || '客户' AS segment,
					  count(*) AS expected
			   FROM (SELECT r, f, m, avg(r) OVER () AS avg_r, avg(f) OVER () AS avg_f, avg(m) OVER () AS avg_m
					 FROM (SELECT date '2011-12-10' - max(at::date) AS r, count(*) AS f, sum(amount) AS m FROM online_retail_invoices WHERE customer IS NOT NULL AND amount > 0 GROUP BY customer) c) c GROUP BY 1) e USING (segment)
SQL
property('ntile: figures that are equal are in the lowest tile', <<'SQL');
SELECT (SELECT count(*) FROM retail WHERE f(score(h, m, '2011-12-10')) = 1) = 1493, m::text FROM (SELECT rfm_fit(h, '2011-12-10', 5, 'ntile') AS m FROM retail) s
SQL
figure('wholesale buyers do not leave: BG/NBD is degenerate', '["no dropout"]', q{SELECT model::jsonb->'fit'->'degenerate' FROM fit WHERE name = 'retail'});
figure('its likelihood', -37645.54, q{SELECT parameter('retail', 'fit', 'log_likelihood')}, 0.005);
parameters('and its parameters', 'retail', a => [ 0.0034, 5e-5 ], b => [ 6.75, 5e-3 ]);
figure('and the correlation of spend with orders', 0.016, q{SELECT parameter('retail', 'spend', 'fit', 'correlation')}, 1e-3);

ask();
