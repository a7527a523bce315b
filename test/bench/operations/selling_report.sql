--
-- What was measured by selling() of part.sh, and whether what was sold is what there was.
--
SET search_path = bench, public;
\pset footer off

CREATE TABLE form (id int PRIMARY KEY, base int, what text);
INSERT INTO form VALUES
	(11, 13, 'promo.claim'),
	(12, 13, '  the same, at most 5 units of a customer'),
	(13, 13, 'UPDATE ... WHERE remaining >= 1, INSERT'),
	(14, 13, 'advisory lock, SELECT, UPDATE, INSERT'),
	(15, 13, 'INSERT alone, whatever is left'),
	(21, 22, 'promo.redeem'),
	(22, 22, 'ON CONFLICT of the customer, UPDATE of counters, INSERT'),
	(23, 22, 'SELECT FOR UPDATE, count of the redeemed, INSERT'),
	(24, 22, 'INSERT alone, whatever is left');

CREATE VIEW per_second AS
WITH median AS (
	SELECT id, setting, percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric AS value
	FROM measured WHERE id < 30 GROUP BY id, setting)
SELECT f.id, setting, what, round(m.value) AS value, round(m.value / b.value, 2) || 'x' AS times
FROM form f JOIN median m USING (id) JOIN median b USING (setting) WHERE b.id = base;

\echo
\echo 'Sold of one product or promotion a second, by' :clients 'clients at once, medians; and how many times'
\echo 'as many as by the form it is compared with (1.00x).  Durable: fsync and synchronous_commit are on;'
\echo 'not durable: synchronous_commit is off.'
\echo
SELECT d.what AS "Claims", d.value AS durable, d.times AS " ", n.value AS "not durable", n.times AS "  "
FROM per_second d JOIN per_second n USING (id)
WHERE d.setting = 'durable' AND n.setting <> 'durable' AND id / 10 = 1 ORDER BY id;
SELECT d.what AS "Redemptions under a budget and limits", d.value AS durable, d.times AS " ", n.value AS "not durable", n.times AS "  "
FROM per_second d JOIN per_second n USING (id)
WHERE d.setting = 'durable' AND n.setting <> 'durable' AND id / 10 = 2 ORDER BY id;
SELECT format('Sold in all: %s; acknowledged but not kept, or kept but not counted: %s',
	sum(kept), trim_scale(sum(abs(asked - kept) + abs(kept - coalesce(counted, kept))))) AS "text"
FROM sold WHERE id < 30
\gset
\echo :text
SELECT format('Of %s units, asked for %s times, sold by each form: %s; counted: %s', :stock, min(asked),
	string_agg(kept::text, ', ' ORDER BY id), string_agg(counted::text, ', ' ORDER BY id)) AS "text"
FROM sold WHERE id IN (31, 32, 33)
\gset
\echo :text
SELECT format('Of a budget for %s, asked for %s times, redeemed by each form: %s; most by one customer, who may two: %s', :stock, min(asked),
	string_agg(kept::text, ', ' ORDER BY id),
	(SELECT max(n) FROM (SELECT count(*) AS n FROM promo.redemption WHERE promotion = 11 GROUP BY customer
		UNION ALL SELECT count(*) FROM redemption WHERE promotion > 10 GROUP BY promotion, customer) c)) AS "text"
FROM sold WHERE id IN (34, 35, 36)
\gset
\echo :text
