-- ----------------------------------------------------------------
-- products, and what promotions leave of their prices
-- ----------------------------------------------------------------

-- what a cart may have
CREATE TABLE promo.product (
	sku			text PRIMARY KEY CHECK (sku OPERATOR(pg_catalog.<>) '' AND pg_catalog.octet_length(sku) OPERATOR(pg_catalog.<=) 1000),
	price		numeric(19,4) NOT NULL CHECK (price OPERATOR(pg_catalog.>=) 0 AND price OPERATOR(pg_catalog.<=) 900000000000000),
	cost		numeric(19,4) CHECK (cost OPERATOR(pg_catalog.>=) 0 AND cost OPERATOR(pg_catalog.<=) 900000000000000),
	floor		numeric(19,4) CHECK (floor OPERATOR(pg_catalog.>=) 0 AND floor OPERATOR(pg_catalog.<=) 900000000000000),
	ceiling		numeric(19,4) CHECK (ceiling OPERATOR(pg_catalog.>=) 0 AND ceiling OPERATOR(pg_catalog.<=) 900000000000000),
	tags		text[] NOT NULL DEFAULT '{}' CHECK (pg_catalog.array_position(tags, NULL) IS NULL),
	CONSTRAINT floor_is_below_ceiling CHECK (floor OPERATOR(pg_catalog.<=) ceiling)
);
COMMENT ON TABLE promo.product IS 'the shop''s list of products for check_margins(): no price in it is used to price carts';
COMMENT ON COLUMN promo.product.floor IS 'the lowest price of a unit that is wanted; NULL: any';
COMMENT ON COLUMN promo.product.ceiling IS 'the highest price of a unit that is wanted; NULL: any';
COMMENT ON COLUMN promo.product.tags IS 'as carts have them: rules on tags find the product by these';

-- A product is put into a cart alone, as many units of it as a tier asks for;
-- for `buy set`, one of each product of the set.
CREATE FUNCTION promo.check_margins(OUT promotion bigint, OUT name text, OUT sku text, OUT units numeric,
									OUT unit_price numeric, OUT margin numeric, OUT problem text)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	WITH activity AS MATERIALIZED (
		SELECT p.id, p.name, r.rule -> 'tiers' AS tiers, r.rule -> 'on' AS scope,
			ARRAY(SELECT jsonb_array_elements_text(r.rule #> '{on,tag}')) AS tags,
			ARRAY(SELECT jsonb_array_elements_text(r.rule #> '{on,except,sku}')) AS except_skus,
			ARRAY(SELECT jsonb_array_elements_text(r.rule #> '{on,except,tag}')) AS except_tags,
			promo.configure(promo.ruleset_agg(p.name, promo.rule(r.rule)), c.unit, c.rounding) AS rules
		FROM promo.promotion p
		-- the conditions that are taken as met
		CROSS JOIN LATERAL (SELECT promo.to_jsonb(p.rule) - '{for,code,when,days,hours}'::text[]) r (rule)
		LEFT JOIN promo.pricing_policy c ON true
		WHERE p.status = 'active' AND (upper(p.during) <= now()) IS NOT TRUE
			AND r.rule -> 'on' ?| '{sku,tag,all,each}'
			AND NOT r.rule #> '{tiers,0}' ?| '{save_shipping,free_shipping,earn_points,points}'
		GROUP BY p.id, r.rule, c.only_row
	), item AS MATERIALIZED (
		SELECT a.id, i.*
		FROM activity a
		CROSS JOIN LATERAL (
			SELECT named.sku, p.price, p.cost, p.floor, p.ceiling, p.tags
			FROM jsonb_array_elements_text(a.scope -> 'sku') named (sku)
			LEFT JOIN promo.product p ON p.sku = named.sku
			UNION ALL
			SELECT p.sku, p.price, p.cost, p.floor, p.ceiling, p.tags
			FROM promo.product p
			WHERE NOT a.scope ? 'sku' AND (p.tags && a.tags OR NOT a.scope ? 'tag')
		) i
		WHERE i.sku <> ALL (a.except_skus) AND (i.tags && a.except_tags) IS NOT TRUE
	), line AS (
		SELECT i.id, i.sku AS alone, 1 AS line, i.sku, u.units, i.price, i.cost, i.tags
		FROM activity a
		JOIN item i USING (id)
		CROSS JOIN LATERAL jsonb_array_elements(a.tiers) t (tier)
		CROSS JOIN LATERAL (
			SELECT coalesce(tier -> 'get', tier -> 'add', tier -> 'gift'),
				greatest(1, (tier ->> 'every_units')::numeric, (tier ->> 'buy')::numeric,
					ceil(coalesce(tier ->> 'spend', tier ->> 'every')::numeric / nullif(i.price, 0)),
					floor((tier ->> 'spend_over')::numeric / nullif(i.price, 0)) + 1)
		) n (reward, units)
		CROSS JOIN LATERAL (
			SELECT n.units
			UNION ALL
			-- a reward of the same product comes on top
			SELECT n.units + coalesce((reward ->> 'units')::numeric, 1)
			WHERE reward IS NOT NULL AND coalesce(reward -> 'sku' ? i.sku, true)
		) u (units)
		WHERE i.price IS NOT NULL AND NOT a.tiers @> '[{"buy": "set"}]'
		UNION
		SELECT i.id, NULL, row_number() OVER (PARTITION BY i.id), i.sku, 1, i.price, i.cost, i.tags
		FROM activity a
		JOIN item i USING (id)
		WHERE i.price IS NOT NULL AND a.tiers @> '[{"buy": "set"}]'
	), sold AS (
		SELECT a.id, l.sku, l.qty AS units, l.net
		FROM (
			SELECT id, promo.cart_agg(line, sku, units, price, tags, cost) AS cart
			FROM line GROUP BY id, alone, units
		) c
		JOIN activity a USING (id)
		CROSS JOIN LATERAL promo.lines(promo.price(c.cart, a.rules)) l
	), lowest AS (
		SELECT DISTINCT ON (id, sku) id, sku, units, net FROM sold ORDER BY id, sku, net / units, units
	)
	SELECT a.id, a.name, i.sku, l.units, round(l.net / l.units, 4), round(1 - i.cost * l.units / nullif(l.net, 0), 4),
		CASE
			WHEN i.price IS NULL THEN 'no price'
			WHEN l.net < i.floor * l.units THEN 'below floor'
			WHEN l.net > i.ceiling * l.units THEN 'above ceiling'
			WHEN l.net < i.cost * l.units THEN 'below cost'
		END
	FROM activity a
	JOIN item i USING (id)
	LEFT JOIN lowest l ON l.id = i.id AND l.sku = i.sku
	ORDER BY a.id, i.sku COLLATE "C"
$$;
COMMENT ON FUNCTION promo.check_margins() IS
	'every product of every active product rule that is not over: its lowest net unit price when sold alone in the units that a tier needs (for buy set: in the set), margin = 1 - cost / that, and what is wrong with it: below floor, above ceiling, below cost, no price (it is not in promo.product; then figures are NULL), NULL: nothing; buyer, code, time and other products are taken as met; money is rounded to four decimals; margin is NULL without cost and at a price of 0';
