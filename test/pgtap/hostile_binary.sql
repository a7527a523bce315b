-- Binary forms are read from anybody: with any byte changed, left out or added, they are refused or are a value as good as any.
\set ECHO none
BEGIN;
\ir shorthand.psql
SET search_path = public, promo;

CREATE TEMP TABLE sample (type regtype, value text);
INSERT INTO sample VALUES
	('cart', '[{"line":7,"sku":"茶","qty":0.350,"price":"12.3456","tags":["b","a"],"cost":"4","floor":"1"},{"line":8,"sku":"A","qty":2,"price":3}]'),
	('rule', 'buy 2 get 1 free on tag shoes except sku B code X when spend 10 days sat hours 22:00-02:00 max 9.99'),
	('ruleset', '{"unit":"0.05","rules":[{"name":"p","rule":"save 10%","priority":-3,"during":"[2026-01-01,2026-02-01)"}]}'),
	('history', '{2026-01-05 30.00, 2026-01-07 55.5075/2, 2026-02-01 -5.00}'),
	('rfm', '5-4-3'),
	('rfm_model', '{"method": "fixed", "recency": {"at_most": [90, 30]}, "frequency": {"at_least": [2, 5]}, "monetary": {"above": [100, 500]}}'),
	('clv_model', '{"model":"bg/nbd","unit":"week","r":0.243,"alpha":4.414,"a":0.793,"b":2.426,"spend":{"p":6.25,"q":3.74,"v":15.44}}'),
	('kpi', '{"customers":"bigint","events":{"view":{"count":3,"uniques":[1,5]},"order":{"count":4,"amount":"10.005","uniques":[1,-5],"repeat":[1]},"own":{"count":1}}}'),
	('kpi', '{"customers":"uuid","events":{"view":{"count":9,"bits":1,"uniques":["00000000000000ff"]}}}'),
	('funnel', '{"level":2,"at":["2026-01-05 10:00:00+00","2026-01-05 10:30:00+00"]}'),
	('days', '{2026-01-05, 2026-01-07..2026-01-10, 2026-03-01}'),
	('retention', '[{"cohort":"2026-01-05","size":3,"returns":[[0,0,3],[1,2,2],[3,9,1]]},{"cohort":"2026-01-06","size":1,"returns":[[0,0,1]]}]');
INSERT INTO sample
SELECT 'quote', promo.price(cart.value::cart, ruleset.value::ruleset, '2026-01-15 12:00+00')
FROM sample cart, sample ruleset WHERE cart.type = 'cart'::regtype AND ruleset.type = 'ruleset'::regtype;

-- a column for each type, of its name
SELECT format('CREATE TEMP TABLE taken (%s)', string_agg(DISTINCT format('%1$s %1$s', type), ', ')) FROM sample \gexec

-- the same bytes as the server would get them from a client: a bytea is sent as it is
CREATE FUNCTION received(type regtype, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/hostile.bin';
	again bytea;
	value text;
	equal boolean;
BEGIN
	EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', bytes, file);
	EXECUTE format('COPY taken (%s) FROM %L (FORMAT binary)', type, file);
	EXECUTE format('SELECT %1$s, %1$s_send(%1$s), %1$s = (%1$s::text)::%1$s FROM taken', type) INTO value, again, equal;
	DELETE FROM taken;
	IF NOT equal OR again IS NULL THEN
		RETURN 'is not what it prints: ' || value;
	END IF;
	RETURN 'a value';
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
	RETURN 'refused';
WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

CREATE FUNCTION sent(type regtype, value text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea;
BEGIN
	EXECUTE format('SELECT %1$s_send(%2$L::%1$s)', type, value) INTO bytes;
	RETURN bytes;
END $$;

-- every byte with its lowest and its highest bit turned, and as 0 and 255; every beginning; something behind the end
CREATE FUNCTION spoilt(bytes bytea) RETURNS SETOF bytea LANGUAGE sql AS $$
	SELECT set_byte(bytes, i, byte) FROM generate_series(0, length(bytes) - 1) i,
		unnest(ARRAY[0, 255, get_byte(bytes, i) # 1, get_byte(bytes, i) # 128]) byte
	UNION SELECT substr(bytes, 1, i) FROM generate_series(0, length(bytes) - 1) i
	UNION SELECT bytes || '\x00' UNION SELECT bytes || bytes
$$;

SELECT plan(2 * (SELECT count(*)::int FROM sample) + 1);
SELECT set_eq($$ SELECT DISTINCT type::oid FROM sample $$,
	$$ SELECT oid FROM pg_type WHERE typnamespace = 'promo'::regnamespace AND typtype = 'b' AND typcategory <> 'A' $$, 'every type is looked at');
SELECT is(received(type, sent(type, value)), 'a value', format('%s: its own bytes are read', type)) FROM sample;
SELECT is(string_agg(DISTINCT outcome, ', ' ORDER BY outcome) FILTER (WHERE outcome <> 'a value'), 'refused',
	format('%s: %s spoilt forms, of which %s are values', type, count(*), count(*) FILTER (WHERE outcome = 'a value')))
FROM sample, LATERAL (SELECT received(type, bytes) FROM spoilt(sent(type, value)) bytes) tried (outcome)
GROUP BY type, value;

SELECT * FROM finish();
ROLLBACK;
