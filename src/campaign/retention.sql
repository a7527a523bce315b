-- ----------------------------------------------------------------
-- retention: type
-- ----------------------------------------------------------------

CREATE TYPE promo.retention;

CREATE FUNCTION promo.retention_in(cstring) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_in(cstring) IS 'reads a retention state from its text form';
CREATE FUNCTION promo.retention_out(promo.retention) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_retention_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_out(promo.retention) IS 'the canonical text form of a retention state; independent of every setting';
CREATE FUNCTION promo.retention_recv(internal) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_recv(internal) IS 'reads a retention state from its external binary form';
CREATE FUNCTION promo.retention_send(promo.retention) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_retention_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_send(promo.retention) IS 'the external binary form of a retention state; begins with its version';

CREATE TYPE promo.retention (
	INPUT     = promo.retention_in,
	OUTPUT    = promo.retention_out,
	RECEIVE   = promo.retention_recv,
	SEND      = promo.retention_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.retention IS 'how cohorts of customers come back, all modes of promo.matrix exactly; JSON [{"cohort":"2026-01-05","size":3,"returns":[[0,0,3],[1,2,1]]}]: seen from day 1, the next active day is 2 for one customer; merges exactly with || and promo.rollup';

-- ----------------------------------------------------------------
-- retention: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.retention(json) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.retention(json) IS 'reads [{"cohort":..,"size":..,"returns":[[from,n,customers]]}], cohorts in any order; what could not have been collected is an error';
CREATE FUNCTION promo.to_json(promo.retention) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_retention_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.retention) IS 'the retention state as json; reads back equal';
CREATE CAST (json AS promo.retention) WITH FUNCTION promo.retention(json);
COMMENT ON CAST (json AS promo.retention) IS 'reads [{"cohort":..,"size":..,"returns":[[from,n,customers]]}], cohorts in any order; what could not have been collected is an error';
CREATE CAST (promo.retention AS json) WITH FUNCTION promo.to_json(promo.retention);
COMMENT ON CAST (promo.retention AS json) IS 'the retention state as json; reads back equal';
CREATE FUNCTION promo.retention(jsonb) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.retention(jsonb) IS 'reads [{"cohort":..,"size":..,"returns":[[from,n,customers]]}], cohorts in any order; what could not have been collected is an error';
CREATE FUNCTION promo.to_jsonb(promo.retention) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_retention_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.retention) IS 'the retention state as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.retention) WITH FUNCTION promo.retention(jsonb);
COMMENT ON CAST (jsonb AS promo.retention) IS 'reads [{"cohort":..,"size":..,"returns":[[from,n,customers]]}], cohorts in any order; what could not have been collected is an error';
CREATE CAST (promo.retention AS jsonb) WITH FUNCTION promo.to_jsonb(promo.retention);
COMMENT ON CAST (promo.retention AS jsonb) IS 'the retention state as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- retention: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.retention_eq(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_eq(promo.retention, promo.retention) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.retention_ne(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_ne(promo.retention, promo.retention) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.retention_lt(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_lt(promo.retention, promo.retention) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.retention_le(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_le(promo.retention, promo.retention) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.retention_gt(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_gt(promo.retention, promo.retention) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.retention_ge(promo.retention, promo.retention) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_ge(promo.retention, promo.retention) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.retention_cmp(promo.retention, promo.retention) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_cmp(promo.retention, promo.retention) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.retention_hash(promo.retention) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_hash(promo.retention) IS 'hash of the bytes';
CREATE FUNCTION promo.retention_hash_extended(promo.retention, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_hash_extended(promo.retention, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.retention, promo.retention) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.retention, promo.retention) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.retention, promo.retention) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.retention, promo.retention) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.retention, promo.retention) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.retention, promo.retention) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.retention_ops DEFAULT FOR TYPE promo.retention USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.retention_cmp(promo.retention, promo.retention);
COMMENT ON OPERATOR CLASS promo.retention_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.retention_ops DEFAULT FOR TYPE promo.retention USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.retention_hash(promo.retention),
	FUNCTION 2 promo.retention_hash_extended(promo.retention, bigint);
COMMENT ON OPERATOR CLASS promo.retention_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- retention: aggregates
-- ----------------------------------------------------------------

-- none is STRICT: the state starts as NULL, and a row that says nothing leaves it as it is
CREATE FUNCTION promo.retention_agg_trans(promo.retention, promo.days) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_agg_trans(promo.retention, promo.days) IS 'transition of promo.retention_agg';
CREATE FUNCTION promo.retention_agg_trans(promo.retention, promo.days, date) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_agg_trans(promo.retention, promo.days, date) IS 'transition of promo.retention_agg';
CREATE FUNCTION promo.retention_combine(promo.retention, promo.retention) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_combine(promo.retention, promo.retention) IS 'transition of promo.rollup; joins partial states of promo.retention_agg';
CREATE FUNCTION promo.retention_agg_final(promo.retention) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_agg_final(promo.retention) IS 'the settled state of promo.retention_agg or promo.rollup';

CREATE AGGREGATE promo.retention_agg(d promo.days) (
	SFUNC       = promo.retention_agg_trans,
	STYPE       = promo.retention,
	SSPACE      = 65536,
	COMBINEFUNC = promo.retention_combine,
	FINALFUNC   = promo.retention_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.retention_agg(promo.days) IS 'the days of one customer in each row into a state; the cohort is the first day; a customer without a day is in none; NULL is left out, only NULL or no rows: NULL; a day more than 2,097,150 days behind the cohort: error';

CREATE AGGREGATE promo.retention_agg(d promo.days, first date) (
	SFUNC       = promo.retention_agg_trans,
	STYPE       = promo.retention,
	SSPACE      = 65536,
	COMBINEFUNC = promo.retention_combine,
	FINALFUNC   = promo.retention_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.retention_agg(promo.days, date) IS 'the days of one customer in each row into a state; the cohort is first, or if that is NULL the first day; days before the cohort do not count, days NULL are none; a row with both NULL is left out, only such or no rows: NULL; first outside the years 0001 to 9999, or a day more than 2,097,150 days behind the cohort: error';

CREATE AGGREGATE promo.rollup(r promo.retention) (
	SFUNC       = promo.retention_combine,
	STYPE       = promo.retention,
	SSPACE      = 65536,
	COMBINEFUNC = promo.retention_combine,
	FINALFUNC   = promo.retention_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.rollup(promo.retention) IS 'states of different customers into one: counts add up; NULL is nothing, only NULL: NULL';

-- ----------------------------------------------------------------
-- retention: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.retention_concat(promo.retention, promo.retention) RETURNS promo.retention
	AS 'MODULE_PATHNAME', 'promo_retention_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.retention_concat(promo.retention, promo.retention) IS 'both states, of different customers, in one: counts add up; NULL is nothing';
CREATE OPERATOR promo.|| (
	LEFTARG = promo.retention, RIGHTARG = promo.retention, FUNCTION = promo.retention_concat,
	COMMUTATOR = OPERATOR(promo.||)
);
COMMENT ON OPERATOR promo.|| (promo.retention, promo.retention) IS 'both states, of different customers, in one: counts add up; NULL is nothing';

-- not STRICT: last_complete may be NULL
CREATE FUNCTION promo.matrix(r promo.retention, mode text DEFAULT 'on', last_complete date DEFAULT NULL)
	RETURNS TABLE (cohort date, n integer, size bigint, kept bigint, rate numeric)
	AS 'MODULE_PATHNAME', 'promo_retention_matrix' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000 ROWS 1000;
COMMENT ON FUNCTION promo.matrix(promo.retention, text, date) IS 'a row for each cohort and n: size of the cohort, how many were kept, kept / size; mode: on (day n), on_or_after, or brackets as 0, 1-7, 8-30; kept and rate are NULL where the cell ends (on_or_after: begins) after last_complete, which is, if NULL, the last day on which anybody was active; mode NULL: on; r NULL: no rows; an unknown mode, brackets that do not ascend, or more than 20 million rows: error';
