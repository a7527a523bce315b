--
-- Imports a thousand promotions with 200 products each, :rounds times, beside the
-- tables of products and periods that people keep.
--
SET search_path = bench, public;
\pset footer off

CREATE TABLE planned AS
SELECT format('import %s', p) AS name,
	format('save %s%% on sku %s', 5 + p % 40, string_agg(format('SKU-%s', lpad((200 * p + i)::text, 6, '0')), ', ')) AS rule,
	tstzrange(now() + '1 day', now() + '8 days') AS during
FROM generate_series(0, 999) p, generate_series(1, 200) i GROUP BY p;
CREATE TABLE item (promotion text, sku text, during tstzrange);
CREATE INDEX ON item (sku);
CREATE TABLE item_excluded (promotion text, sku text, during tstzrange,
	EXCLUDE USING gist (sku WITH =, during WITH &&));

CREATE TABLE import_form (id int PRIMARY KEY, what text, query text);
INSERT INTO import_form VALUES
	(41, 'promo.promotion, its products derived and kept apart',
		'INSERT INTO promo.promotion (name, rule, during, status) SELECT name, rule::promo.rule, during, ''active'' FROM planned'),
	(42, 'products and periods, with an exclusion constraint',
		'INSERT INTO item_excluded SELECT name, sku, during FROM planned, string_to_table(regexp_replace(rule, ''^.*sku '', ''''), '', '') sku'),
	(43, 'products and periods, with an index, and what overlaps let in',
		'INSERT INTO item SELECT name, sku, during FROM planned, string_to_table(regexp_replace(rule, ''^.*sku '', ''''), '', '') sku');

CREATE PROCEDURE import(form int)
	LANGUAGE plpgsql AS $$
DECLARE
	start timestamptz := clock_timestamp();
BEGIN
	EXECUTE (SELECT query FROM import_form WHERE id = form);
	INSERT INTO measured VALUES (form, 'seconds', extract(epoch FROM clock_timestamp() - start));
END
$$;
SELECT statement FROM generate_series(1, :rounds) round, (
	VALUES (40, 'TRUNCATE item, item_excluded'),
		(40, 'DELETE FROM promo.promotion WHERE name LIKE ''import %'''), (40, 'VACUUM promo.promotion, promo.promotion_item')
	UNION ALL SELECT id, format('CALL import(%s)', id) FROM import_form) s (id, statement)
ORDER BY round, id
\gexec

\echo
\echo 'Seconds to import 1,000 promotions of 200 products each, medians of' :rounds 'rounds'
SELECT what AS "200,000 products in promotions", round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric, 2) AS seconds
FROM import_form JOIN measured USING (id) GROUP BY id, what ORDER BY id;
SELECT format('Products and periods: %s; other than those of the plain table: %s', count(*),
	count(*) FILTER (WHERE i.sku IS NULL OR p.sku IS NULL OR e.sku IS NULL)) AS "text"
FROM item i FULL JOIN (SELECT * FROM promo.promotion_item WHERE sku LIKE 'SKU-%') p USING (sku, during) FULL JOIN item_excluded e USING (sku, during)
\gset
\echo :text
DELETE FROM promo.promotion WHERE name LIKE 'import %';
VACUUM promo.promotion, promo.promotion_item;
