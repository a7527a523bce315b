-- ----------------------------------------------------------------
-- kpi: type
-- ----------------------------------------------------------------

CREATE TYPE promo.kpi;

CREATE FUNCTION promo.kpi_in(cstring) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_in(cstring) IS 'reads a state from its text form';
CREATE FUNCTION promo.kpi_out(promo.kpi) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_kpi_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_out(promo.kpi) IS 'the canonical text form of a state; independent of every setting';
CREATE FUNCTION promo.kpi_recv(internal) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_recv(internal) IS 'reads a state from its external binary form';
CREATE FUNCTION promo.kpi_send(promo.kpi) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_kpi_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_send(promo.kpi) IS 'the external binary form of a state; begins with its version';

CREATE TYPE promo.kpi (
	INPUT     = promo.kpi_in,
	OUTPUT    = promo.kpi_out,
	RECEIVE   = promo.kpi_recv,
	SEND      = promo.kpi_send,
	ALIGNMENT = double,
	STORAGE   = external
);
-- external: sets of customers do not compress, and scalars are read from the start
COMMENT ON TYPE promo.kpi IS 'counts, money and distinct customers of each event word; JSON {"customers":"bigint","events":{"view":{"count":3,"uniques":[1,5]}}}; merges exactly with || and promo.rollup';

-- ----------------------------------------------------------------
-- kpi: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.kpi(json) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.kpi(json) IS 'reads {"customers":..,"events":{..:{"count":..,"uniques":[..]}}}; what could not have been collected is an error';
CREATE FUNCTION promo.to_json(promo.kpi) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_kpi_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.kpi) IS 'the state as json; reads back equal';
CREATE CAST (json AS promo.kpi) WITH FUNCTION promo.kpi(json);
COMMENT ON CAST (json AS promo.kpi) IS 'reads {"customers":..,"events":{..:{"count":..,"uniques":[..]}}}; what could not have been collected is an error';
CREATE CAST (promo.kpi AS json) WITH FUNCTION promo.to_json(promo.kpi);
COMMENT ON CAST (promo.kpi AS json) IS 'the state as json; reads back equal';
CREATE FUNCTION promo.kpi(jsonb) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.kpi(jsonb) IS 'reads {"customers":..,"events":{..:{"count":..,"uniques":[..]}}}; what could not have been collected is an error';
CREATE FUNCTION promo.to_jsonb(promo.kpi) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_kpi_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.kpi) IS 'the state as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.kpi) WITH FUNCTION promo.kpi(jsonb);
COMMENT ON CAST (jsonb AS promo.kpi) IS 'reads {"customers":..,"events":{..:{"count":..,"uniques":[..]}}}; what could not have been collected is an error';
CREATE CAST (promo.kpi AS jsonb) WITH FUNCTION promo.to_jsonb(promo.kpi);
COMMENT ON CAST (promo.kpi AS jsonb) IS 'the state as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- kpi: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.kpi_eq(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_eq(promo.kpi, promo.kpi) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.kpi_ne(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_ne(promo.kpi, promo.kpi) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.kpi_lt(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_lt(promo.kpi, promo.kpi) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.kpi_le(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_le(promo.kpi, promo.kpi) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.kpi_gt(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_gt(promo.kpi, promo.kpi) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.kpi_ge(promo.kpi, promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_ge(promo.kpi, promo.kpi) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.kpi_cmp(promo.kpi, promo.kpi) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_cmp(promo.kpi, promo.kpi) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.kpi_hash(promo.kpi) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_hash(promo.kpi) IS 'hash of the bytes';
CREATE FUNCTION promo.kpi_hash_extended(promo.kpi, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_hash_extended(promo.kpi, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.kpi, promo.kpi) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.kpi, promo.kpi) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.kpi, promo.kpi) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.kpi, promo.kpi) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.kpi, promo.kpi) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.kpi, promo.kpi) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.kpi_ops DEFAULT FOR TYPE promo.kpi USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.kpi_cmp(promo.kpi, promo.kpi);
COMMENT ON OPERATOR CLASS promo.kpi_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.kpi_ops DEFAULT FOR TYPE promo.kpi USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.kpi_hash(promo.kpi),
	FUNCTION 2 promo.kpi_hash_extended(promo.kpi, bigint);
COMMENT ON OPERATOR CLASS promo.kpi_ops USING hash IS 'hash of the bytes';


-- ----------------------------------------------------------------
-- kpi: aggregates
-- ----------------------------------------------------------------

-- none is STRICT: the state starts as NULL, and a row without event leaves it as it is
CREATE FUNCTION promo.kpi_combine(promo.kpi, promo.kpi) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_combine(promo.kpi, promo.kpi) IS 'transition of promo.rollup; joins partial states of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_final(promo.kpi) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_final(promo.kpi) IS 'the settled state of promo.kpi_agg or promo.rollup';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint, numeric) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint, numeric, numeric, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_bigint' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, bigint, numeric, numeric, numeric) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, text) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, text) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, text, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, text, numeric) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, text, numeric, numeric, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_text' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, text, numeric, numeric, numeric) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_uuid' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_uuid' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid, numeric) IS 'transition of promo.kpi_agg';
CREATE FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid, numeric, numeric, numeric) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_agg_trans_uuid' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_agg_trans(promo.kpi, text, uuid, numeric, numeric, numeric) IS 'transition of promo.kpi_agg';

CREATE AGGREGATE promo.kpi_agg(event text, customer bigint) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, bigint) IS 'one row per event into a state: counts, money and distinct customers of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer bigint, amount numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, bigint, numeric) IS 'one row per event into a state: counts, money and distinct customers of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer bigint, amount numeric, discount numeric, cost numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, bigint, numeric, numeric, numeric) IS 'one row per event into a state: counts, money and distinct customers of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer text) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, text) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer text, amount numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, text, numeric) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer text, amount numeric, discount numeric, cost numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, text, numeric, numeric, numeric) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer uuid) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, uuid) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer uuid, amount numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, uuid, numeric) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.kpi_agg(event text, customer uuid, amount numeric, discount numeric, cost numeric) (
	SFUNC       = promo.kpi_agg_trans,
	STYPE       = promo.kpi,
	SSPACE      = 1024,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.kpi_agg(text, uuid, numeric, numeric, numeric) IS 'one row per event into a state: counts, money and distinct customers, hashed to 64 bits, of each event word, the same in any row order; event NULL: left out, customer NULL: an event but no unique; money NULL is 0, exact to 4 decimals, error beyond 900 trillion; no rows: NULL';

CREATE AGGREGATE promo.rollup(k promo.kpi) (
	SFUNC       = promo.kpi_combine,
	STYPE       = promo.kpi,
	SSPACE      = 4096,
	COMBINEFUNC = promo.kpi_combine,
	FINALFUNC   = promo.kpi_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.rollup(promo.kpi) IS 'states into one: counts and money add up, sets of customers unite; NULL is nothing, only NULL: NULL; customers of different types: error';

-- ----------------------------------------------------------------
-- kpi: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.kpi_concat(promo.kpi, promo.kpi) RETURNS promo.kpi
	AS 'MODULE_PATHNAME', 'promo_kpi_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.kpi_concat(promo.kpi, promo.kpi) IS 'two states in one: counts and money add up, sets of customers unite; NULL is nothing';
CREATE OPERATOR promo.|| (
	LEFTARG = promo.kpi, RIGHTARG = promo.kpi, FUNCTION = promo.kpi_concat,
	COMMUTATOR = OPERATOR(promo.||)
);
COMMENT ON OPERATOR promo.|| (promo.kpi, promo.kpi) IS 'two states in one: counts and money add up, sets of customers unite; NULL is nothing';

CREATE FUNCTION promo.events(k promo.kpi, event text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_events' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.events(promo.kpi, text) IS 'number of events of a word; 0 if it did not occur';
CREATE FUNCTION promo.uniques(k promo.kpi, event text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_uniques' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.uniques(promo.kpi, text) IS 'number of distinct customers of a word, an estimate where promo.is_exact is false; 0 if it did not occur';
CREATE FUNCTION promo.amount(k promo.kpi, event text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.amount(promo.kpi, text) IS 'sum of the amounts of a word, exact; 0 if it did not occur';
CREATE FUNCTION promo.rate(k promo.kpi, event text, of_event text) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rate(promo.kpi, text, text) IS 'uniques of event / uniques of of_event; NULL if there are none of those';
CREATE FUNCTION promo.is_exact(k promo.kpi) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_kpi_has_exact_uniques' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.is_exact(promo.kpi) IS 'whether all uniques are exact: no set has more than 1,048,576 customers';
CREATE FUNCTION promo.uniques_error(k promo.kpi) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_kpi_uniques_error' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.uniques_error(promo.kpi) IS 'relative standard error of uniques, the largest of all words: sqrt((1 - p) / n) for a sample of n customers, each in it with probability p; 0 if exact';
CREATE FUNCTION promo.common(a promo.kpi, b promo.kpi, event text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_in_common' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.common(promo.kpi, promo.kpi, text) IS 'number of customers who did the event in both; an estimate if one of them is not exact; customers of different types: error';
CREATE FUNCTION promo.pv(k promo.kpi) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_pv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.pv(promo.kpi) IS 'events of view';
CREATE FUNCTION promo.uv(k promo.kpi) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_uv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.uv(promo.kpi) IS 'uniques of view';
CREATE FUNCTION promo.orders(k promo.kpi) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_orders' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.orders(promo.kpi) IS 'events of order';
CREATE FUNCTION promo.buyers(k promo.kpi) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_kpi_buyers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.buyers(promo.kpi) IS 'uniques of order';
CREATE FUNCTION promo.gmv(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_gmv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.gmv(promo.kpi) IS 'amount of order, before discount';
CREATE FUNCTION promo.discount(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_discount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.discount(promo.kpi) IS 'discount of order';
CREATE FUNCTION promo.sales(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_sales' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.sales(promo.kpi) IS 'gmv - discount';
CREATE FUNCTION promo.refunds(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_refunds' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.refunds(promo.kpi) IS 'amount of refund';
CREATE FUNCTION promo.net(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_net' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.net(promo.kpi) IS 'sales - refunds';
CREATE FUNCTION promo.cogs(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_cogs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cogs(promo.kpi) IS 'cost of order - cost of refund';
CREATE FUNCTION promo.spend(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_spend' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.spend(promo.kpi) IS 'amount of spend: media';
CREATE FUNCTION promo.profit(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_profit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.profit(promo.kpi) IS 'net - cogs - spend';
CREATE FUNCTION promo.aov(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_aov' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.aov(promo.kpi) IS 'average order value: sales / orders; NULL without orders';
CREATE FUNCTION promo.arpb(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_arpb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.arpb(promo.kpi) IS 'average revenue per buyer: sales / buyers; NULL without buyers';
CREATE FUNCTION promo.cvr(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_cvr' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cvr(promo.kpi) IS 'conversion rate: buyers / uv; NULL without views';
CREATE FUNCTION promo.roi(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_roi' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.roi(promo.kpi) IS 'return on investment: profit / spend; NULL without spend';
CREATE FUNCTION promo.cac(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_cac' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cac(promo.kpi) IS 'cost of acquiring a customer: spend / uniques of signup; NULL without signups';
CREATE FUNCTION promo.repurchase(k promo.kpi) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_kpi_repurchase' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.repurchase(promo.kpi) IS 'buyers with two orders or more / buyers; NULL without buyers';
CREATE FUNCTION promo.report(k promo.kpi, OUT pv bigint, OUT uv bigint, OUT orders bigint, OUT buyers bigint, OUT gmv numeric, OUT discount numeric, OUT sales numeric, OUT refunds numeric, OUT net numeric, OUT cogs numeric, OUT spend numeric, OUT profit numeric, OUT aov numeric, OUT arpb numeric, OUT cvr numeric, OUT roi numeric, OUT cac numeric, OUT repurchase numeric)
	AS 'MODULE_PATHNAME', 'promo_kpi_report' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.report(promo.kpi) IS 'one row of all figures: counts, money, and ratios that are NULL where their denominator is zero';
