--
-- A cart priced by a PL/pgSQL function, as applications write it: reads the lines
-- with their promotions, prices group by group, and apportions what lies on
-- several lines by largest remainder.
--
CREATE FUNCTION bench.apportion(saved numeric, weights numeric[]) RETURNS numeric[]
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	n int := cardinality(weights);
	whole numeric := 0;
	rest numeric := saved;
	shares numeric[] := '{}';
	remainders numeric[] := '{}';
	largest int;
BEGIN
	FOR i IN 1 .. n LOOP
		whole := whole + weights[i];
	END LOOP;
	FOR i IN 1 .. n LOOP
		shares[i] := trunc(saved * weights[i] / whole, 2);
		remainders[i] := saved * weights[i] / whole - shares[i];
		rest := rest - shares[i];
	END LOOP;
	WHILE rest > 0 LOOP
		largest := 1;
		FOR i IN 2 .. n LOOP
			IF remainders[i] > remainders[largest] THEN
				largest := i;
			END IF;
		END LOOP;
		shares[largest] := shares[largest] + 0.01;
		remainders[largest] := -1;
		rest := rest - 0.01;
	END LOOP;
	RETURN shares;
END
$$;

CREATE FUNCTION bench.price_cart(id bigint, promotions text) RETURNS numeric[]
	LANGUAGE plpgsql STABLE AS $$
DECLARE
	ids int[];
	kinds int[];
	qtys numeric[];
	prices numeric[];
	thresholds numeric[];
	amounts numeric[];
	nets numeric[] := '{}';
	members int[];
	weights numeric[];
	shares numeric[];
	done int[] := '{}';
	units numeric;
	money numeric;
	saved numeric;
	k int;
BEGIN
	SELECT array_agg(p.id ORDER BY o.line), array_agg(kind ORDER BY o.line), array_agg(qty ORDER BY o.line),
		array_agg(price ORDER BY o.line), array_agg(round(qty * price, 2) ORDER BY o.line)
	INTO ids, kinds, qtys, prices, nets
	FROM bench.order_line o LEFT JOIN bench.sku_promotion p ON p.set = promotions AND p.sku = o.sku
	WHERE o.cart = price_cart.id;

	FOR i IN 1 .. cardinality(ids) LOOP
		CONTINUE WHEN ids[i] IS NULL OR ids[i] = ANY (done);
		done := done || ids[i];
		SELECT p.thresholds, p.amounts INTO thresholds, amounts
		FROM bench.promotion p WHERE p.set = promotions AND p.id = ids[i];
		members := '{}';
		weights := '{}';
		units := 0;
		money := 0;
		FOR j IN i .. cardinality(ids) LOOP
			IF ids[j] = ids[i] THEN
				members := members || j;
				weights := weights || nets[j];
				units := units + qtys[j];
				money := money + nets[j];
			END IF;
		END LOOP;
		IF kinds[i] IN (1, 2) THEN
			saved := CASE kinds[i] WHEN 1 THEN amounts[1] ELSE amounts[width_bucket(units, thresholds)] END;
			FOREACH k IN ARRAY members LOOP
				nets[k] := nets[k] - coalesce(round(nets[k] * saved / 100, 2), 0);
			END LOOP;
		ELSIF kinds[i] = 3 THEN
			FOREACH k IN ARRAY members LOOP
				nets[k] := nets[k] - least(amounts[1], prices[k]) * qtys[k];
			END LOOP;
		ELSIF kinds[i] = 6 THEN
			units := floor(units / (thresholds[1] + 1));
			FOR k IN SELECT m FROM unnest(members) m ORDER BY prices[m], m LOOP
				EXIT WHEN units = 0;
				saved := least(units, qtys[k]);
				nets[k] := nets[k] - saved * prices[k];
				units := units - saved;
			END LOOP;
		ELSE
			saved := least(money,
				coalesce(amounts[width_bucket(CASE kinds[i] WHEN 7 THEN units ELSE money END, thresholds)], 0));
			IF saved > 0 THEN
				shares := bench.apportion(saved, weights);
				FOR j IN 1 .. cardinality(members) LOOP
					nets[members[j]] := nets[members[j]] - shares[j];
				END LOOP;
			END IF;
		END IF;
	END LOOP;

	SELECT sum(net) INTO money FROM unnest(nets) net;
	SELECT least(money, coalesce(s.amounts[width_bucket(money, s.thresholds)], 0)) INTO saved
	FROM bench.order_step s WHERE s.set = promotions;
	IF saved > 0 AND money > 0 THEN
		shares := bench.apportion(saved, nets);
		FOR j IN 1 .. cardinality(nets) LOOP
			nets[j] := nets[j] - shares[j];
		END LOOP;
	END IF;
	RETURN nets;
END
$$;
CREATE INDEX ON bench.promotion (set, id);
