CREATE TEMP TABLE quotes (id integer, q promo.quote);
INSERT INTO quotes VALUES
	(1, promo.price('[{"line":1,"sku":"A","qty":3,"price":"80","cost":"40"},{"line":5,"sku":"B","qty":0.5,"price":"9.99","cost":"1"}]',
					'spend 200 save 30 on sku A; save 5 shipping; earn 10 points', '2026-01-01', '{gold,a}', '{X}', 12)),
	(2, promo.price('[{"line":1,"sku":"A","qty":3,"price":"80","cost":"40"},{"line":2,"sku":"B","qty":1,"price":"10"}]', 'save 1', '2026-01-01')),
	(3, promo.price('[]', 'save 1', '2026-01-01')),
	(4, promo.price('[{"line":1,"sku":"A","qty":5,"price":"80"}]', 'spend 100 add sku B at 20; buy 2 get 1 free on sku A; spend 300 gift sku C on sku A', '2026-01-01')),
	(5, NULL);
INSERT INTO quotes SELECT 6, promo.price((SELECT promo.cart_agg(i, 'SKU' || i, i % 7 + 1, i * 0.37) FROM generate_series(1, 3000) i),
	'save 7%; buy 2 save 3% on each', '2026-01-01', shipping => 10);

-- totals
SELECT id, promo.subtotal(q), promo.discount(q), promo.shipping(q), promo.total(q), promo.cost(q), promo.profit(q), promo.points(q)
FROM quotes ORDER BY id;
-- of a value that is not toasted, compressed, or out of line
SELECT id, promo.total(promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'save 1', '2026-01-01')) AS plain, pg_column_size(q) > 2000 AS large
FROM quotes WHERE id IN (1, 6) ORDER BY id;
CREATE TEMP TABLE sliced (q promo.quote);
ALTER TABLE sliced ALTER q SET STORAGE external;
INSERT INTO sliced SELECT q FROM quotes WHERE id = 6;
SELECT promo.subtotal(s.q) = promo.subtotal(t.q) AND promo.total(s.q) = promo.total(t.q) AS same FROM sliced s, quotes t WHERE id = 6;

-- rows
SELECT id, l.* FROM quotes, promo.lines(q) l WHERE id < 6 ORDER BY id, line;
SELECT id, u.* FROM quotes, promo.units(q) u WHERE id < 6 ORDER BY id, line, net DESC, units;
SELECT id, a.* FROM quotes, promo.adjustments(q) a WHERE id < 6 ORDER BY id, rule, line;
SELECT id, o.* FROM quotes, promo.offers(q) o WHERE id < 6 ORDER BY id, rule, sku;
SELECT id, promo.nets(q) FROM quotes WHERE id < 6 ORDER BY id;
SELECT id, (promo.lines(q)).net FROM quotes WHERE id < 3 ORDER BY id, 2;
SELECT line, ordinality FROM quotes, promo.lines(q) WITH ORDINALITY WHERE id = 1;
SELECT id, promo.subtotal(q) = (SELECT sum(amount) FROM promo.lines(q)) AS amount,
	   promo.discount(q) = (SELECT sum(discount) FROM promo.lines(q)) AS lines,
	   promo.discount(q) = (SELECT sum(discount) FROM promo.units(q)) AS units,
	   promo.discount(q) = (SELECT sum(amount) FILTER (WHERE line IS NOT NULL) FROM promo.adjustments(q)) AS adjustments,
	   promo.subtotal(q) - promo.discount(q) = (SELECT sum(n) FROM unnest(promo.nets(q)) n) AS nets
FROM quotes WHERE id IN (1, 2, 4, 6) ORDER BY id;

-- forms
SELECT q FROM quotes WHERE id IN (1, 3, 4) ORDER BY id;
SELECT count(*) FILTER (WHERE q::text::promo.quote OPERATOR(promo.=) q) AS text,
	   count(*) FILTER (WHERE q::json::promo.quote OPERATOR(promo.=) q) AS json,
	   count(*) FILTER (WHERE q::jsonb::promo.quote OPERATOR(promo.=) q) AS jsonb
FROM quotes;
\copy quotes to 'results/quotes.bin' (format binary)
CREATE TEMP TABLE copied (LIKE quotes);
\copy copied from 'results/quotes.bin' (format binary)
SELECT count(*) FROM quotes JOIN copied USING (id) WHERE quotes.q OPERATOR(promo.=) copied.q;
SELECT count(DISTINCT q) FROM (SELECT q FROM quotes UNION ALL SELECT q FROM copied) s;
\copy copied (q) from program 'printf "PGCOPY\\n\\377\\r\\n\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\001\\000\\000\\000\\001\\143\\377\\377"' (format binary)
SELECT '{}'::promo.quote;
SELECT '[]'::promo.quote;
-- figures that do not add up
SELECT jsonb_set(q::jsonb, '{subtotal}', '"1.00"')::promo.quote FROM quotes WHERE id = 1;
