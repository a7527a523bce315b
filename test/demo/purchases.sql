--
-- The orders of one's own order lines, as :customer_column and :time_column of the
-- table import and the lines that orders.sql did not leave out.  Where a date
-- begins with a number above 12 anywhere (25/12/2026), days come before months.
--
CREATE TEMP TABLE customer_line AS
SELECT order_id, trim(:"customer_column") AS customer, split_part(translate(trim(:"time_column"), 'T', ' '), ' ', 1) AS written, qty * price AS amount
FROM line JOIN import USING (n)
WHERE problem IS NULL AND trim(:"customer_column") <> '';

SELECT set_config('datestyle', CASE WHEN bool_or(written ~ '^(1[3-9]|2[0-9]|3[01])[/.-]') THEN 'ISO, DMY' ELSE 'ISO, MDY' END, false) AS datestyle
FROM customer_line
\gset

-- NULL if it is no date
CREATE FUNCTION pg_temp.day_written(written text) RETURNS date
	LANGUAGE plpgsql AS $$
BEGIN
	RETURN written::date;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;

CREATE TEMP TABLE purchase AS
SELECT customer, min(day) AS day, round(sum(amount), 4) AS amount
FROM customer_line JOIN (
	SELECT written, pg_temp.day_written(written) AS day FROM (SELECT DISTINCT written FROM customer_line) w) d USING (written)
WHERE day IS NOT NULL
GROUP BY order_id, customer;
SELECT count(*) > 0 AS followed FROM purchase
\gset
\if :followed
\ir lifecycle.sql
\endif
