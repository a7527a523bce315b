-- ----------------------------------------------------------------
-- days: type
-- ----------------------------------------------------------------

CREATE TYPE promo.days;

CREATE FUNCTION promo.days_in(cstring) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_in(cstring) IS 'reads a set of days from its text form';
CREATE FUNCTION promo.days_out(promo.days) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_days_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_out(promo.days) IS 'the canonical text form of a set of days; independent of every setting';
CREATE FUNCTION promo.days_recv(internal) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_recv(internal) IS 'reads a set of days from its external binary form';
CREATE FUNCTION promo.days_send(promo.days) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_days_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_send(promo.days) IS 'the external binary form of a set of days; begins with its version';

CREATE TYPE promo.days (
	INPUT     = promo.days_in,
	OUTPUT    = promo.days_out,
	RECEIVE   = promo.days_recv,
	SEND      = promo.days_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.days IS 'the days on which one customer was active: {2026-01-05, 2026-01-07..2026-01-10}; a few days take some ten bytes, a year of daily use some seventy';

-- ----------------------------------------------------------------
-- days: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.days(json) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.days(json) IS 'reads ["2026-01-05","2026-01-07"], days in any order; what is no date is an error';
CREATE FUNCTION promo.to_json(promo.days) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_days_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.days) IS 'the set of days as json; reads back equal';
CREATE CAST (json AS promo.days) WITH FUNCTION promo.days(json);
COMMENT ON CAST (json AS promo.days) IS 'reads ["2026-01-05","2026-01-07"], days in any order; what is no date is an error';
CREATE CAST (promo.days AS json) WITH FUNCTION promo.to_json(promo.days);
COMMENT ON CAST (promo.days AS json) IS 'the set of days as json; reads back equal';
CREATE FUNCTION promo.days(jsonb) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.days(jsonb) IS 'reads ["2026-01-05","2026-01-07"], days in any order; what is no date is an error';
CREATE FUNCTION promo.to_jsonb(promo.days) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_days_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.days) IS 'the set of days as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.days) WITH FUNCTION promo.days(jsonb);
COMMENT ON CAST (jsonb AS promo.days) IS 'reads ["2026-01-05","2026-01-07"], days in any order; what is no date is an error';
CREATE CAST (promo.days AS jsonb) WITH FUNCTION promo.to_jsonb(promo.days);
COMMENT ON CAST (promo.days AS jsonb) IS 'the set of days as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- days: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.days_eq(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_eq(promo.days, promo.days) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.days_ne(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_ne(promo.days, promo.days) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.days_lt(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_lt(promo.days, promo.days) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.days_le(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_le(promo.days, promo.days) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.days_gt(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_gt(promo.days, promo.days) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.days_ge(promo.days, promo.days) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_ge(promo.days, promo.days) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.days_cmp(promo.days, promo.days) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_cmp(promo.days, promo.days) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.days_hash(promo.days) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_hash(promo.days) IS 'hash of the bytes';
CREATE FUNCTION promo.days_hash_extended(promo.days, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_hash_extended(promo.days, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.days, promo.days) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.days, promo.days) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.days, promo.days) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.days, promo.days) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.days, promo.days) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.days, promo.days) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.days_ops DEFAULT FOR TYPE promo.days USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.days_cmp(promo.days, promo.days);
COMMENT ON OPERATOR CLASS promo.days_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.days_ops DEFAULT FOR TYPE promo.days USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.days_hash(promo.days),
	FUNCTION 2 promo.days_hash_extended(promo.days, bigint);
COMMENT ON OPERATOR CLASS promo.days_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- days: aggregates
-- ----------------------------------------------------------------

-- none is STRICT: the state starts as NULL, and a NULL row leaves it as it is
CREATE FUNCTION promo.days_agg_trans(promo.days, date) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_agg_trans(promo.days, date) IS 'transition of promo.days_agg';
CREATE FUNCTION promo.days_combine(promo.days, promo.days) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_combine(promo.days, promo.days) IS 'transition of promo.rollup; joins partial states of promo.days_agg';
CREATE FUNCTION promo.days_agg_final(promo.days) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_agg_final(promo.days) IS 'the set of a state of promo.days_agg or promo.rollup';

CREATE AGGREGATE promo.days_agg(day date) (
	SFUNC       = promo.days_agg_trans,
	STYPE       = promo.days,
	SSPACE      = 64,
	COMBINEFUNC = promo.days_combine,
	FINALFUNC   = promo.days_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.days_agg(date) IS 'the days on which one customer was active, one row per event, the same in any row order; a row with NULL is left out, no rows: NULL; a day outside the years 0001 to 9999: error';

CREATE AGGREGATE promo.rollup(d promo.days) (
	SFUNC       = promo.days_combine,
	STYPE       = promo.days,
	SSPACE      = 64,
	COMBINEFUNC = promo.days_combine,
	FINALFUNC   = promo.days_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.rollup(promo.days) IS 'sets of days into one: the days that are in any of them; NULL is nothing, only NULL: NULL';

-- ----------------------------------------------------------------
-- days: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.days_concat(promo.days, promo.days) RETURNS promo.days
	AS 'MODULE_PATHNAME', 'promo_days_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.days_concat(promo.days, promo.days) IS 'the days that are in either; NULL is nothing';
CREATE OPERATOR promo.|| (
	LEFTARG = promo.days, RIGHTARG = promo.days, FUNCTION = promo.days_concat,
	COMMUTATOR = OPERATOR(promo.||)
);
COMMENT ON OPERATOR promo.|| (promo.days, promo.days) IS 'the days that are in either; NULL is nothing';

CREATE FUNCTION promo.active(d promo.days, day date) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_days_is_active' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.active(promo.days, date) IS 'whether that day is in the set';
-- not STRICT: NULL is a bound that is open
CREATE FUNCTION promo.active_days(d promo.days, from_day date DEFAULT NULL, to_day date DEFAULT NULL) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_days_active_days' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.active_days(promo.days, date, date) IS 'number of days in the set from from_day to to_day, both included; NULL as a bound is open; 0 if they are the wrong way round; NULL days: NULL';
