-- What the extension puts into a database: everything with a comment, in its schema, for everyone.
\set ECHO none
BEGIN;
SELECT plan(34);

CREATE TEMP TABLE member AS
	SELECT d.classid, d.objid, o.type, o.schema, o.identity
	FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid,
		 LATERAL pg_identify_object(d.classid, d.objid, 0) o
	WHERE e.extname = 'promo' AND d.deptype = 'e';

-- ----------------------------------------------------------------
-- Objects
-- ----------------------------------------------------------------
SELECT set_eq($$ SELECT typname::text FROM pg_type WHERE typnamespace = 'promo'::regnamespace AND typtype = 'b' AND typcategory <> 'A' $$,
	'{cart,rule,ruleset,quote,history,rfm,rfm_model,clv_model,kpi,funnel,days,retention}'::text[], 'types');
SELECT set_eq($$ SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND prokind = 'a' $$,
	'{cart_agg,ruleset_agg,history_agg,rollup,rfm_fit,clv_fit,repurchase_rate,kpi_agg,funnel_agg,attribution_agg,days_agg,retention_agg}'::text[], 'aggregates');
SELECT set_eq($$ SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND proname IN ('price', 'explain', 'refund', 'configure', 'describe', 'apportion') $$,
	ARRAY['promo.price(promo.cart,promo.ruleset,timestamp with time zone,text[],text[],numeric,text[])',
		  'promo.explain(promo.cart,promo.ruleset,timestamp with time zone,text[],text[],numeric,text[])',
		  'promo.refund(promo.quote,jsonb,promo.ruleset,boolean)', 'promo.configure(promo.ruleset,numeric,text,text,text,integer)',
		  'promo.describe(promo.rule,text)', 'promo.apportion(numeric,numeric[],numeric)'], 'calls');
SELECT set_eq($$ SELECT proname::text FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND proargtypes = ARRAY['promo.quote'::regtype::oid]::oidvector
				 AND proname NOT LIKE 'quote%' AND proname NOT LIKE 'to_json%' $$,
	'{subtotal,discount,shipping,total,cost,profit,points,lines,units,adjustments,offers,nets}'::text[], 'accessors of a quote');
SELECT set_eq($$ SELECT proname || '(' || array_to_string(proargnames, ', ') || ')' FROM pg_proc
				 WHERE pronamespace = 'promo'::regnamespace AND proname IN ('price', 'explain', 'refund', 'configure', 'describe', 'apportion', 'cart_agg', 'ruleset_agg') AND pronargs > 4
				 AND proname NOT IN ('explain') $$,
	ARRAY['price(cart, rules, at, buyer, codes, shipping, without)', 'configure(rules, unit, rounding, zone, search, search_limit)',
		  'cart_agg(line, sku, qty, unit_price, tags)', 'cart_agg(line, sku, qty, unit_price, tags, unit_cost)',
		  'cart_agg(line, sku, qty, unit_price, tags, unit_cost, floor_price)'], 'arguments have names');
SELECT is_empty($$ SELECT identity FROM member WHERE schema IS DISTINCT FROM 'promo' AND type NOT IN ('schema', 'cast') $$, 'everything is in schema promo');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass) $$,
	'and nothing else is there');
SELECT is_empty($$ SELECT type, identity FROM member
				   WHERE coalesce(obj_description(objid, classid::regclass::name), '') = '' AND classid <> 'pg_opfamily'::regclass AND identity NOT LIKE '%[]' AND type <> 'sequence' $$,
	'everything has a comment');
SELECT isnt_empty($$ SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'promo' AND obj_description(oid, 'pg_extension') <> '' $$, 'so has the extension');

-- ----------------------------------------------------------------
-- Functions
-- ----------------------------------------------------------------
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND provolatile = 'i' AND proparallel <> 's' $$,
	'functions of values are parallel safe');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND provolatile = 'v' AND prorettype <> 'trigger'::regtype
				   AND (proparallel <> 'u' OR proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)) $$,
	'what writes is neither parallel nor for everyone');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'promo'::regnamespace AND prosecdef $$, 'none runs as somebody else');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc p, (SELECT 'promo.quote'::regtype AS q) t
				   WHERE pronamespace = 'promo'::regnamespace AND prokind = 'f' AND provolatile = 'i' AND NOT proisstrict
					 AND proname !~ '(_agg_|_trans$|_final$|_combine$|_concat$)' AND proname NOT IN ('price', 'explain', 'refund', 'configure', 'stage', 'check_segments', 'active_days', 'matrix', 'pace', 'attainment') $$,
	'NULL gives NULL, where no argument is optional');
SELECT is_empty($$ SELECT aggfnoid::regprocedure FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid
				   WHERE pronamespace = 'promo'::regnamespace AND proname !~ '(_fit|^funnel_agg)$' AND (aggcombinefn = 0 OR aggtranstype = 'internal'::regtype AND (aggserialfn = 0 OR aggdeserialfn = 0)) $$, 'aggregates run in parallel, but fits look at everybody, and funnels at the order of time');

-- ----------------------------------------------------------------
-- Types
-- ----------------------------------------------------------------
CREATE TEMP TABLE kind AS SELECT oid AS type FROM pg_type WHERE typnamespace = 'promo'::regnamespace AND typtype = 'b' AND typcategory <> 'A';
SELECT is_empty($$ SELECT type::regtype, amname FROM kind, pg_am WHERE amname IN ('btree', 'hash')
				   AND NOT EXISTS (SELECT FROM pg_opclass WHERE opcmethod = pg_am.oid AND opcintype = type AND opcdefault) $$, 'every type has btree and hash operators');
SELECT is_empty($$ SELECT opcname FROM pg_opclass c WHERE opcnamespace = 'promo'::regnamespace AND NOT amvalidate(c.oid) $$, 'which hold together');
SELECT is_empty($$ SELECT type::regtype FROM kind JOIN pg_type t ON t.oid = type WHERE typreceive = 0 OR typsend = 0 $$, 'every type has a binary form');
SELECT is_empty($$ SELECT type::regtype, other FROM kind, unnest('{json,jsonb}'::regtype[]) other
				   WHERE NOT EXISTS (SELECT FROM pg_cast WHERE castsource = type AND casttarget = other)
					  OR NOT EXISTS (SELECT FROM pg_cast WHERE castsource = other AND casttarget = type) $$, 'every type is cast to json and jsonb, and back');
SELECT is_empty($$ SELECT castsource::regtype, casttarget::regtype FROM pg_cast, kind WHERE type IN (castsource, casttarget) AND castcontext <> 'e' $$, 'no cast is implicit');
SELECT is_empty($$ SELECT type::regtype FROM kind JOIN pg_type t ON t.oid = type WHERE NOT typbyval AND (typalign <> 'd' OR typstorage NOT IN ('x', 'e') OR typlen <> -1) $$, 'values are aligned, and may be toasted');

-- ----------------------------------------------------------------
-- A plain role
-- ----------------------------------------------------------------
CREATE ROLE promo_plain;
SET LOCAL ROLE promo_plain;
SELECT is((SELECT promo.total(promo.price('[{"line":1,"sku":"A","qty":3,"price":"80"}]', 'spend 200 save 30 on sku A', '2026-01-05'))), 210.00, 'a plain role may price');
SELECT is((SELECT promo.cart_agg(1, 'A', 3, 80)::text), '[{"line":1,"sku":"A","qty":3,"price":"80.00"}]', 'and make values');
SELECT throws_ok('CREATE FUNCTION promo.evil() RETURNS integer LANGUAGE sql AS ''SELECT 1''', '42501', 'permission denied for schema promo', 'but not create in the schema');
SELECT throws_ok('DROP EXTENSION promo', '42501', NULL, 'nor drop the extension of another');
RESET ROLE;

-- ----------------------------------------------------------------
-- Installing it is for whoever may create in the database
-- ----------------------------------------------------------------
DROP EXTENSION promo;
SELECT hasnt_schema('promo', 'dropping leaves nothing');
SET LOCAL ROLE promo_plain;
SELECT throws_ok('CREATE EXTENSION promo', '42501', NULL, 'a plain role needs CREATE on the database');
RESET ROLE;
SELECT lives_ok(format('GRANT CREATE ON DATABASE %I TO promo_plain', current_database()), 'which is granted');
SET LOCAL ROLE promo_plain;
SELECT lives_ok('CREATE EXTENSION promo', 'and then installs it');
SELECT throws_ok('CREATE FUNCTION promo.evil() RETURNS integer LANGUAGE sql AS ''SELECT 1''', '42501', 'permission denied for schema promo', 'the installer does not own the schema');
SELECT is(promo.total(promo.price('[{"line":1,"sku":"A","qty":1,"price":"100"}]', 'save 20% on sku A', '2026-01-05')), 80.00, 'the installer may use it');
SELECT lives_ok('DROP EXTENSION promo', 'and drop it');
RESET ROLE;
CREATE ROLE "O'Brien ""$1""";
SELECT format('GRANT CREATE ON DATABASE %I TO "O''Brien ""$1"""', current_database()) \gexec
SET LOCAL ROLE "O'Brien ""$1""";
SELECT lives_ok('CREATE EXTENSION promo', 'whatever the name of the installer');
SELECT is((SELECT tableowner FROM pg_tables WHERE schemaname = 'promo' AND tablename = 'campaign'), current_user, 'the tables are the installer''s');
DROP EXTENSION promo;
RESET ROLE;
SET LOCAL ROLE promo_plain;
CREATE SCHEMA promo;
SELECT throws_ok('CREATE EXTENSION promo', '42P06', NULL, 'it does not adopt a schema of somebody else');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
