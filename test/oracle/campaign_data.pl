#!/usr/bin/perl
#
# Figures of real campaigns against plain SQL on the data, in a running server
# (PGHOST ... from the environment, the extension installed): coupons mailed to
# the households of Complete Journey (84.51), and the e-mails of the
# MineThatData challenge (Hillstrom 2008).  The data are gzipped CSV files below
# PROMO_DATA, or ../shared/data beside the project; without them the tests are
# skipped.
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
	completejourney_transactions_sample => 'household int, store int, basket numeric, product numeric, quantity numeric, sales numeric, retail_disc numeric, coupon_disc numeric, match_disc numeric, week int, at timestamp',
	completejourney_coupons => 'coupon numeric, product numeric, campaign int',
	completejourney_coupon_redemptions => 'household int, coupon numeric, campaign int, day date',
	completejourney_campaigns => 'campaign int, household int',
	completejourney_campaign_descriptions => 'campaign int, kind text, first date, last date',
	hillstrom => 'recency int, history_segment text, history numeric, mens int, womens int, zip_code text, newbie int, channel text, segment text, visit int, conversion int, spend numeric',
);
my @missing = grep { !-e "$data/$_.csv.gz" } sort keys %columns;

plan(skip_all => "no $missing[0].csv.gz in $data") if @missing;

setup(<<"SQL");
SET search_path = public, promo;
SET client_min_messages = warning;
SET DateStyle = ISO;
SET TimeZone = 'UTC';
SQL
for my $table (sort keys %columns)
{
	my $short = $table =~ s/^completejourney_//r;

	setup(<<"SQL");
CREATE TABLE $short ($columns{$table});
\\copy $short FROM PROGRAM 'gzip -dc "$data/$table.csv.gz"' (FORMAT csv, HEADER)
SQL
}

# ---------------------------------------------------------------------------
# Complete Journey: KPIs of each campaign
# ---------------------------------------------------------------------------

# sales are after the shop's discounts; coupons of makers are paid to the shop
setup(<<'SQL');
CREATE TABLE baskets AS SELECT household, basket, min(at) AS at, round(sum(sales), 2) AS sales, round(sum(retail_disc), 2) AS discount FROM transactions_sample GROUP BY 1, 2;
CREATE TABLE mailed AS SELECT campaign, household, kind, first, last FROM campaigns JOIN campaign_descriptions USING (campaign);
CREATE TABLE campaign_events AS
	SELECT campaign, kind, first::timestamp AS at, 'mailed' AS event, household, NULL::numeric AS amount, NULL::numeric AS discount FROM mailed
	UNION ALL SELECT campaign, kind, day, 'redeem', household, NULL, NULL FROM coupon_redemptions JOIN campaign_descriptions USING (campaign)
	UNION ALL SELECT campaign, kind, at, 'order', household, sales + discount, discount FROM baskets JOIN mailed USING (household) WHERE at::date BETWEEN first AND last;
CREATE TABLE by_campaign AS SELECT campaign, kind, kpi_agg(event, household, amount, discount, NULL) AS k FROM campaign_events GROUP BY 1, 2;
CREATE INDEX ON baskets (household);
CREATE INDEX ON coupon_redemptions (household);
ANALYZE;
SQL

figure('Complete Journey: 6589 mailings, 2102 redemptions', '6589/2102', q{SELECT events(rollup(k), 'mailed') || '/' || events(rollup(k), 'redeem') FROM by_campaign});

property('counts, households, money and ratios of each campaign', <<'SQL');
SELECT (events(k, 'mailed'), uniques(k, 'mailed'), events(k, 'redeem'), uniques(k, 'redeem'), orders(k), buyers(k), gmv(k), discount(k), sales(k)) = (s.mailed, s.mailed_to, s.redeemed, s.redeemed_by, s.baskets, s.buyers, s.gmv, s.discount, s.gmv - s.discount)
		AND round(rate(k, 'redeem', 'mailed'), 9) = round(redeemed_by::numeric / mailed_to, 9) AND round(aov(k), 9) IS NOT DISTINCT FROM round((s.gmv - s.discount) / nullif(s.baskets, 0), 9)
		AND round(arpb(k), 9) IS NOT DISTINCT FROM round((s.gmv - s.discount) / nullif(s.buyers, 0), 9) AND round(repurchase(k), 9) IS NOT DISTINCT FROM round(twice::numeric / nullif(s.buyers, 0), 9), format('campaign %s: %s, not %s', campaign, report(k), s)
FROM by_campaign JOIN (SELECT campaign, count(*) FILTER (WHERE event = 'mailed') AS mailed, count(DISTINCT household) FILTER (WHERE event = 'mailed') AS mailed_to, count(*) FILTER (WHERE event = 'redeem') AS redeemed,
		count(DISTINCT household) FILTER (WHERE event = 'redeem') AS redeemed_by, count(*) FILTER (WHERE event = 'order') AS baskets, count(DISTINCT household) FILTER (WHERE event = 'order') AS buyers,
		coalesce(sum(amount), 0) AS gmv, coalesce(sum(discount), 0) AS discount FROM campaign_events GROUP BY 1) s USING (campaign)
	JOIN (SELECT campaign, count(*) FILTER (WHERE n >= 2) AS twice FROM (SELECT campaign, household, count(*) FILTER (WHERE event = 'order') AS n FROM campaign_events GROUP BY 1, 2) n GROUP BY 1) t USING (campaign)
SQL

property('campaigns roll up to kinds of campaigns and to all', <<'SQL');
SELECT r = k, kind FROM (SELECT kind, rollup(k) AS r FROM by_campaign GROUP BY 1) r JOIN (SELECT kind, kpi_agg(event, household, amount, discount, NULL) AS k FROM campaign_events GROUP BY 1) k USING (kind)
UNION ALL SELECT rollup(k) = (SELECT kpi_agg(event, household, amount, discount, 0) FROM campaign_events), 'all' FROM by_campaign
SQL

property('households that two campaigns were mailed to', <<'SQL');
SELECT common(a.k, b.k, 'mailed') = n, format('campaigns %s and %s: %s, not %s', a.campaign, b.campaign, common(a.k, b.k, 'mailed'), n)
FROM by_campaign a JOIN by_campaign b ON a.campaign < b.campaign, LATERAL (SELECT count(*) FROM campaigns x JOIN campaigns y USING (household) WHERE (x.campaign, y.campaign) = (a.campaign, b.campaign)) c (n)
SQL

# ---------------------------------------------------------------------------
# From the mail to the coupon
# ---------------------------------------------------------------------------

# the mail is at the beginning of the first day, the redemption at the end of its own
setup(<<'SQL');
CREATE TABLE journeys AS
	SELECT campaign, household, first, funnel_agg(at, step, '28 days') AS f, funnel_agg(at, least(step, 2), '28 days') FILTER (WHERE step <> 2) AS short
	FROM (SELECT campaign, household, first, first::timestamptz AS at, 1 AS step FROM mailed
		  UNION ALL SELECT campaign, household, first, b.at::timestamptz, 2 FROM mailed JOIN baskets b USING (household)
		  UNION ALL SELECT campaign, household, first, day + interval '23:59:59', 3 FROM mailed JOIN coupon_redemptions USING (campaign, household)) s GROUP BY 1, 2, 3;
SQL

property('mailed, then redeemed within 28 days', <<'SQL');
SELECT level(short) = 1 + (redeemed IS NOT NULL)::int AND step_at(short, 1) = first AND step_at(short, 2) IS NOT DISTINCT FROM redeemed + interval '23:59:59', format('campaign %s household %s: %s, not %s', campaign, household, short, redeemed)
FROM journeys j, LATERAL (SELECT min(day)::timestamptz AS redeemed FROM coupon_redemptions r WHERE (r.campaign, r.household) = (j.campaign, j.household) AND day BETWEEN first AND first + 27) r
SQL

property('mailed, then shopped, then redeemed', <<'SQL');
SELECT (level(f), step_at(f, 2), step_at(f, 3)) IS NOT DISTINCT FROM (CASE WHEN redeemed IS NOT NULL THEN 3 WHEN shopped IS NOT NULL THEN 2 ELSE 1 END, CASE WHEN redeemed IS NULL THEN shopped ELSE before END, redeemed),
	   format('campaign %s household %s: %s, not %s %s', campaign, household, f, shopped, redeemed)
FROM journeys j, LATERAL (SELECT min(at)::timestamptz AS shopped FROM baskets b WHERE b.household = j.household AND at BETWEEN first AND first + 28) s,
	 LATERAL (SELECT min(day)::timestamptz + interval '23:59:59' AS redeemed FROM coupon_redemptions r WHERE (r.campaign, r.household) = (j.campaign, j.household) AND day + interval '23:59:59' >= shopped AND day < first + 28) r,
	 LATERAL (SELECT max(at)::timestamptz AS before FROM baskets b WHERE b.household = j.household AND at BETWEEN first AND redeemed) b
SQL

# ---------------------------------------------------------------------------
# Retention by week
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE shopped AS SELECT household, days_agg(at::date) AS d, array_agg(DISTINCT at::date) AS days, min(at::date) AS first FROM baskets GROUP BY 1;
CREATE TABLE weekly AS SELECT m.* FROM (SELECT retention_agg(d) AS r FROM shopped) r, LATERAL matrix(r, (SELECT string_agg(format('%s-%s', 7 * w, 7 * w + 6), ', ') FROM generate_series(0, 25) w), '2017-12-24') m;
SQL

property('days of the households', <<'SQL');
SELECT active_days(d, NULL, NULL) = cardinality(days) AND active_days(d, '2017-06-01', '2017-06-30') = (SELECT count(*) FROM unnest(days) day WHERE day BETWEEN '2017-06-01' AND '2017-06-30'), format('household %s: %s', household, d) FROM shopped
SQL

property('retention of the households by week', <<'SQL');
SELECT (g.size, g.kept) IS NOT DISTINCT FROM (e.size, e.kept) AND (rate IS NULL AND e.kept IS NULL OR abs(rate - e.kept::numeric / e.size) < 1e-9), format('cohort %s day %s: %s of %s, not %s of %s', cohort, n, g.kept, g.size, e.kept, e.size)
FROM weekly g FULL JOIN (SELECT first AS cohort, 7 * w AS n, count(*) AS size, CASE WHEN first + 7 * w + 6 <= '2017-12-24' THEN count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(days) day WHERE day - first BETWEEN 7 * w AND 7 * w + 6)) END AS kept
						 FROM shopped, generate_series(0, 25) w GROUP BY 1, 2, w) e USING (cohort, n)
SQL

property('everybody was there in the first week, and fewer in the 26th', <<'SQL');
SELECT sum(kept) FILTER (WHERE n = 0) = sum(size) FILTER (WHERE n = 0 AND kept IS NOT NULL) AND sum(kept) FILTER (WHERE n = 175)::numeric / sum(size) FILTER (WHERE n = 175 AND kept IS NOT NULL) BETWEEN 0.05 AND 0.9, 'weeks' FROM weekly
SQL

# ---------------------------------------------------------------------------
# Campaigns that come before a basket
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE credited AS
	SELECT basket, method, sales, attribution_agg(first::timestamptz, 'campaign ' || campaign, at, sales, method, '60 days') AS credits
	FROM (SELECT basket, household, at::timestamptz, sales FROM baskets WHERE sales >= 0) b LEFT JOIN mailed USING (household), unnest('{first,last,linear,position,decay}'::text[]) method GROUP BY 1, 2, 3;
CREATE TABLE credits AS SELECT basket, method, sales, key AS channel, value::numeric AS credit FROM credited, jsonb_each_text(credits);
CREATE TABLE touched AS
	SELECT basket, sales, channel, count(*) OVER (PARTITION BY basket) AS k, row_number() OVER w AS nth, row_number() OVER (PARTITION BY basket ORDER BY first DESC, channel COLLATE "C" DESC) AS nth_last
	FROM (SELECT basket, sales, first, 'campaign ' || campaign AS channel FROM baskets JOIN mailed USING (household) WHERE sales >= 0 AND at - interval '60 days' <= first AND first <= at) t WINDOW w AS (PARTITION BY basket ORDER BY first, channel COLLATE "C");
ANALYZE credits;
SQL

property('credits of a basket are its sales, and of all their sum', <<'SQL');
SELECT sum(credit) = sales, format('basket %s %s', basket, method) FROM credits GROUP BY basket, method, sales
UNION ALL SELECT sum(credit) = (SELECT sum(sales) FROM baskets WHERE sales >= 0), method FROM credits GROUP BY method
SQL

property('the first and the last campaign, and equal parts', <<'SQL');
SELECT coalesce(c.credit, 0) = 0 AND part = 0 OR (method <> 'linear' AND c.credit = part) OR (method = 'linear' AND abs(coalesce(c.credit, 0) - part) < 0.01), format('basket %s %s %s: %s, not %s', basket, method, channel, c.credit, part)
FROM (SELECT basket, method, channel, CASE method WHEN 'first' THEN CASE WHEN nth = 1 THEN sales ELSE 0 END WHEN 'last' THEN CASE WHEN nth_last = 1 THEN sales ELSE 0 END ELSE sales / k END AS part
	  FROM touched, unnest('{first,last,linear}'::text[]) method
	  UNION ALL SELECT basket, method, 'none', sales FROM baskets b, unnest('{first,last,linear}'::text[]) method WHERE sales >= 0 AND NOT EXISTS (SELECT FROM touched t WHERE t.basket = b.basket)) e
	FULL JOIN (SELECT * FROM credits WHERE method IN ('first', 'last', 'linear')) c USING (basket, method, channel)
SQL

# ---------------------------------------------------------------------------
# Hillstrom: what the e-mails did
# ---------------------------------------------------------------------------

setup(<<'SQL');
CREATE TABLE arms AS
	SELECT segment, kpi_agg(event, customer, amount) AS k
	FROM (SELECT segment, row_number() OVER () AS customer, visit, conversion, spend FROM hillstrom) h,
		 LATERAL (VALUES ('sent', true, NULL::numeric), ('visit', visit = 1, NULL), ('order', conversion = 1, spend)) e (event, happened, amount)
	WHERE happened GROUP BY 1;
CREATE TABLE shares AS SELECT segment, count(*)::float8 AS n, sum(visit)::float8 AS visit, sum(conversion)::float8 AS "order", sum(spend) AS spend FROM hillstrom GROUP BY 1;
CREATE FUNCTION two_sided(z float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$	-- by the continued fraction, for |z| of 2 and more
DECLARE f float8 := abs(z);
BEGIN
	FOR i IN REVERSE 2000 .. 1 LOOP f := abs(z) + i / f; END LOOP;
	RETURN 2 * exp(-z * z / 2) / sqrt(2 * pi()) / f;
END $$;
CREATE TABLE effects AS
	SELECT t.segment, event, (uplift(t.k, c.k, event, 'sent')).* FROM arms t, arms c, (VALUES ('visit'), ('order')) e (event) WHERE t.segment <> 'No E-Mail' AND c.segment = 'No E-Mail';
SQL

property('Hillstrom: visitors, buyers and money of each arm', <<'SQL');
SELECT (uniques(k, 'sent'), uniques(k, 'visit'), buyers(k), gmv(k)) = (n, visit, "order", spend) AND round(rate(k, 'order', 'sent'), 9) = round(("order" / n)::numeric, 9), format('%s: %s', segment, report(k)) FROM arms JOIN shares USING (segment)
SQL

property('uplift of both e-mails on visits and orders, with intervals and p', <<'SQL');
SELECT abs(e.diff - (p_t - p_c)) < 1e-12 AND abs(lo - (p_t - p_c - sqrt((p_t - l_t) ^ 2 + (u_c - p_c) ^ 2))) < 1e-12 AND abs(hi - (p_t - p_c + sqrt((u_t - p_t) ^ 2 + (p_c - l_c) ^ 2))) < 1e-12
		AND abs(lift - (p_t / p_c - 1)) < 1e-12 AND abs(lift_lo - (p_t / p_c * exp(-z * se) - 1)) < 1e-9 AND abs(lift_hi - (p_t / p_c * exp(z * se) - 1)) < 1e-9
		AND abs(p / two_sided((p_t - p_c) / sqrt(pooled * (1 - pooled) * (1 / n_t + 1 / n_c))) - 1) < 1e-6 AND lo > 0 AND lift_lo > 0, e::text
FROM effects e, LATERAL (SELECT t.n AS n_t, c.n AS n_c, CASE event WHEN 'visit' THEN t.visit ELSE t."order" END AS x_t, CASE event WHEN 'visit' THEN c.visit ELSE c."order" END AS x_c, 1.959963984540054::float8 AS z
						 FROM shares t, shares c WHERE t.segment = e.segment AND c.segment = 'No E-Mail') s,
	 LATERAL (SELECT x_t / n_t AS p_t, x_c / n_c AS p_c, (x_t + x_c) / (n_t + n_c) AS pooled, sqrt(1 / x_t - 1 / n_t + 1 / x_c - 1 / n_c) AS se) q,
	 LATERAL (SELECT (p_t + z * z / (2 * n_t) - z * sqrt(p_t * (1 - p_t) / n_t + z * z / (4 * n_t * n_t))) / (1 + z * z / n_t) AS l_t, (p_t + z * z / (2 * n_t) + z * sqrt(p_t * (1 - p_t) / n_t + z * z / (4 * n_t * n_t))) / (1 + z * z / n_t) AS u_t,
					 (p_c + z * z / (2 * n_c) - z * sqrt(p_c * (1 - p_c) / n_c + z * z / (4 * n_c * n_c))) / (1 + z * z / n_c) AS l_c, (p_c + z * z / (2 * n_c) + z * sqrt(p_c * (1 - p_c) / n_c + z * z / (4 * n_c * n_c))) / (1 + z * z / n_c) AS u_c) w
SQL

property('what is known of the challenge: 18.3 and 15.1 % visited, 10.6 without e-mail', <<'SQL');
SELECT abs(100 * rate(k, 'visit', 'sent') - known) < 0.05, format('%s: %s', segment, rate(k, 'visit', 'sent')) FROM arms JOIN (VALUES ('Mens E-Mail', 18.3), ('Womens E-Mail', 15.1), ('No E-Mail', 10.6)) v (segment, known) USING (segment)
SQL

ask();
