-- Retention in all modes, and who is new or came back, against plain SQL over the raw rows of some thousand customers.
\set ECHO none
BEGIN;
SELECT plan(13);

-- 4,000 customers over 70 days; a third of them signed up on a day that is known, some of those were active before it, some never
CREATE TEMP TABLE events AS
SELECT customer, date '2026-01-01' + (abs(hashint4(customer)) % 50 + abs(hashint4(i * 7919 + customer)) % (1 + abs(hashint4(customer + 5)) % 60)) % 70 AS day
FROM generate_series(1, 4000) customer, generate_series(1, 12) i
WHERE abs(hashint4(customer + 3)) % 11 > 0 AND i <= 1 + abs(hashint4(customer + 9)) % 12;
CREATE TEMP TABLE signups AS
SELECT customer, CASE WHEN customer % 3 = 0 THEN date '2026-01-01' + abs(hashint4(customer + 1)) % 60 END AS signup FROM generate_series(1, 4000) customer;
CREATE TEMP TABLE customer_days AS
SELECT customer, signup, promo.days_agg(day) AS d FROM signups LEFT JOIN events USING (customer) GROUP BY customer, signup;
CREATE TEMP TABLE states AS SELECT promo.retention_agg(d, signup) AS r, promo.retention_agg(d) AS by_first FROM customer_days;

-- The same by joins: who is in which cohort, and on which days they were active.
CREATE TEMP TABLE cohorts AS
SELECT customer, coalesce(signup, first) AS cohort
FROM signups LEFT JOIN (SELECT customer, min(day) AS first FROM events GROUP BY customer) f USING (customer)
WHERE coalesce(signup, first) IS NOT NULL;
CREATE TEMP TABLE visits AS
SELECT DISTINCT customer, cohort, day - cohort AS n FROM cohorts JOIN events USING (customer) WHERE day >= cohort;
CREATE TEMP TABLE sizes AS SELECT cohort, count(*) AS size FROM cohorts GROUP BY cohort;

CREATE FUNCTION pg_temp.matrix_by_joins(brackets int[], open_end boolean, last_complete date)
	RETURNS TABLE (cohort date, n int, size bigint, kept bigint, rate numeric) LANGUAGE sql AS $$
	SELECT s.cohort, b.a, s.size, kept, round(kept::numeric / s.size, 10)
	FROM sizes s, unnest(brackets[:][1:1], brackets[:][2:2]) b (a, z),
		LATERAL (SELECT CASE WHEN s.cohort + CASE WHEN open_end THEN b.a ELSE b.z END <= last_complete
			THEN (SELECT count(DISTINCT v.customer) FROM visits v
				  WHERE v.cohort = s.cohort AND v.n BETWEEN b.a AND b.z AND v.cohort + v.n <= last_complete) END AS kept) k
$$;
CREATE FUNCTION pg_temp.matrix_of(mode text, last_complete date)
	RETURNS TABLE (cohort date, n int, size bigint, kept bigint, rate numeric) LANGUAGE sql AS $$
	SELECT m.cohort, m.n, m.size, m.kept, round(m.rate, 10) FROM states, promo.matrix(r, mode, last_complete) m
$$;
-- day n alone, or with all that follow it
CREATE FUNCTION pg_temp.days_to(last_complete date, open_end boolean) RETURNS int[] LANGUAGE sql AS $$
	SELECT array_agg(ARRAY[n, CASE WHEN open_end THEN 1000 ELSE n END]) FROM generate_series(0, last_complete - (SELECT min(cohort) FROM sizes)) n
$$;

SELECT cmp_ok((SELECT count(*) FROM visits WHERE n > 0), '>', 10000::bigint, 'there is something to compare');
SELECT set_eq($$ SELECT * FROM pg_temp.matrix_of('on', '2026-03-11') $$,
	$$ SELECT * FROM pg_temp.matrix_by_joins(pg_temp.days_to('2026-03-11', false), false, '2026-03-11') $$, 'on day n');
SELECT set_eq($$ SELECT * FROM pg_temp.matrix_of('on', '2026-02-10') $$,
	$$ SELECT * FROM pg_temp.matrix_by_joins(pg_temp.days_to('2026-02-10', false), false, '2026-02-10') $$, 'on day n, as it was known a month before');
SELECT set_eq($$ SELECT * FROM pg_temp.matrix_of('on_or_after', '2026-02-10') $$,
	$$ SELECT * FROM pg_temp.matrix_by_joins(pg_temp.days_to('2026-02-10', true), true, '2026-02-10') $$, 'on day n or later');
SELECT set_eq($$ SELECT * FROM pg_temp.matrix_of('0, 1-7, 8-30', '2026-02-20') $$,
	$$ SELECT * FROM pg_temp.matrix_by_joins('{{0,0},{1,7},{8,30}}', false, '2026-02-20') $$, 'in brackets');
SELECT set_eq($$ SELECT * FROM pg_temp.matrix_of('0-6, 1-30, 2, 5-9', '2026-02-20') $$,
	$$ SELECT * FROM pg_temp.matrix_by_joins('{{0,6},{1,30},{2,2},{5,9}}', false, '2026-02-20') $$, 'in brackets that overlap');
SELECT set_eq($$ SELECT cohort, n, kept FROM states, promo.matrix(r) $$,
	$$ SELECT cohort, n, kept FROM pg_temp.matrix_of('on', (SELECT max(cohort + n) FROM visits)) $$, 'the last day on which anybody was active is what is complete');
SELECT set_eq($$ SELECT cohort, n, size, kept FROM states, promo.matrix(by_first, 'on', '2026-03-11') WHERE kept > 0 $$,
	$$ WITH f AS (SELECT customer, min(day) AS first FROM events GROUP BY customer)
	   SELECT first, day - first AS n, (SELECT count(*) AS size FROM f g WHERE g.first = f.first), count(DISTINCT customer) FROM f JOIN events USING (customer) GROUP BY 1, 2, 3 $$,
	'without a given day the cohort is the first active day');
SELECT ok((SELECT r OPERATOR(promo.=) (SELECT promo.rollup(part) FROM (SELECT promo.retention_agg(d, signup) AS part FROM customer_days GROUP BY customer % 7) p) FROM states),
	'parts roll up to the whole');
SELECT ok((SELECT r OPERATOR(promo.=) (SELECT promo.retention_agg(d, signup) FROM (SELECT customer, signup, promo.rollup(part) AS d FROM
		(SELECT customer, signup, day % 2 AS odd, promo.days_agg(at) AS part FROM (SELECT customer, signup, day - date '2026-01-01' AS day, day AS at FROM signups LEFT JOIN events USING (customer)) e GROUP BY 1, 2, 3) p
	GROUP BY customer, signup) c) FROM states), 'so do parts of a customer''s days');

-- ----------------------------------------------------------------
-- Customers of a period, 2026-02-02 to 2026-02-08
-- ----------------------------------------------------------------
PREPARE by_days AS
SELECT count(*) FILTER (WHERE now > 0 AND before = 0) AS new, count(*) FILTER (WHERE now > 0 AND last > 0) AS returning,
	count(*) FILTER (WHERE now > 0 AND last = 0 AND before > 0) AS resurrected, count(*) FILTER (WHERE now = 0 AND last > 0) AS dormant
FROM customer_days, LATERAL (SELECT promo.active_days(d, '2026-02-02', '2026-02-08') AS now, promo.active_days(d, '2026-01-26', '2026-02-01') AS last,
	promo.active_days(d, NULL, '2026-02-01') AS before) a;
PREPARE by_rows AS
WITH now AS (SELECT DISTINCT customer FROM events WHERE day BETWEEN '2026-02-02' AND '2026-02-08'),
	 last AS (SELECT DISTINCT customer FROM events WHERE day BETWEEN '2026-01-26' AND '2026-02-01'),
	 before AS (SELECT DISTINCT customer FROM events WHERE day < '2026-02-02')
SELECT (SELECT count(*) FROM (TABLE now EXCEPT TABLE before) x), (SELECT count(*) FROM (TABLE now INTERSECT TABLE last) x),
	(SELECT count(*) FROM ((TABLE now INTERSECT TABLE before) EXCEPT TABLE last) x), (SELECT count(*) FROM (TABLE last EXCEPT TABLE now) x);
SELECT results_eq('by_days', 'by_rows', 'new, returning, resurrected and dormant customers');
SELECT is((SELECT round(sum(promo.active_days(d, '2026-02-01', '2026-02-28')) / 28.0 / count(*) FILTER (WHERE promo.active_days(d, '2026-02-01', '2026-02-28') > 0), 10) FROM customer_days),
	(SELECT round(avg(dau) / (SELECT count(DISTINCT customer) FROM events WHERE day BETWEEN '2026-02-01' AND '2026-02-28'), 10)
	 FROM (SELECT count(DISTINCT customer) AS dau FROM generate_series(date '2026-02-01', '2026-02-28', '1 day') g LEFT JOIN events ON day = g GROUP BY g) x),
	'stickiness is the mean of daily active customers over the monthly ones');
SELECT is((SELECT count(*) FROM customer_days WHERE promo.active(d, '2026-02-04')), (SELECT count(DISTINCT customer) FROM events WHERE day = '2026-02-04'), 'customers of one day');

SELECT * FROM finish();
ROLLBACK;
