-- ----------------------------------------------------------------
-- ruleset: type
-- ----------------------------------------------------------------

CREATE TYPE promo.ruleset;

CREATE FUNCTION promo.ruleset_in(cstring) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_ruleset_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_in(cstring) IS 'reads a ruleset from its text form';
CREATE FUNCTION promo.ruleset_out(promo.ruleset) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_ruleset_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_out(promo.ruleset) IS 'the canonical text form of a ruleset; independent of every setting';
CREATE FUNCTION promo.ruleset_recv(internal) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_ruleset_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_recv(internal) IS 'reads a ruleset from its external binary form';
CREATE FUNCTION promo.ruleset_send(promo.ruleset) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_ruleset_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_send(promo.ruleset) IS 'the external binary form of a ruleset; begins with its version';

-- external: a statement that prices one cart would spend its time decompressing
CREATE TYPE promo.ruleset (
	INPUT     = promo.ruleset_in,
	OUTPUT    = promo.ruleset_out,
	RECEIVE   = promo.ruleset_recv,
	SEND      = promo.ruleset_send,
	ALIGNMENT = double,
	STORAGE   = external
);
COMMENT ON TYPE promo.ruleset IS 'named rules with priority and period, money unit, rounding, time zone and search; JSON, or bare rules separated by ; that are named 1, 2, ...';

-- ----------------------------------------------------------------
-- ruleset: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.ruleset(json) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_ruleset_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.ruleset(json) IS 'reads an array of {"name","rule","priority","during"}, or an object of settings with "rules"; anything else is an error';
CREATE FUNCTION promo.to_json(promo.ruleset) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_ruleset_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.ruleset) IS 'the ruleset as json; reads back equal';
CREATE CAST (json AS promo.ruleset) WITH FUNCTION promo.ruleset(json);
COMMENT ON CAST (json AS promo.ruleset) IS 'reads an array of {"name","rule","priority","during"}, or an object of settings with "rules"; anything else is an error';
CREATE CAST (promo.ruleset AS json) WITH FUNCTION promo.to_json(promo.ruleset);
COMMENT ON CAST (promo.ruleset AS json) IS 'the ruleset as json; reads back equal';
CREATE FUNCTION promo.ruleset(jsonb) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_ruleset_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.ruleset(jsonb) IS 'reads an array of {"name","rule","priority","during"}, or an object of settings with "rules"; anything else is an error';
CREATE FUNCTION promo.to_jsonb(promo.ruleset) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_ruleset_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.ruleset) IS 'the ruleset as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.ruleset) WITH FUNCTION promo.ruleset(jsonb);
COMMENT ON CAST (jsonb AS promo.ruleset) IS 'reads an array of {"name","rule","priority","during"}, or an object of settings with "rules"; anything else is an error';
CREATE CAST (promo.ruleset AS jsonb) WITH FUNCTION promo.to_jsonb(promo.ruleset);
COMMENT ON CAST (promo.ruleset AS jsonb) IS 'the ruleset as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- ruleset: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.ruleset_eq(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_eq(promo.ruleset, promo.ruleset) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.ruleset_ne(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_ne(promo.ruleset, promo.ruleset) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.ruleset_lt(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_lt(promo.ruleset, promo.ruleset) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.ruleset_le(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_le(promo.ruleset, promo.ruleset) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.ruleset_gt(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_gt(promo.ruleset, promo.ruleset) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.ruleset_ge(promo.ruleset, promo.ruleset) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_ge(promo.ruleset, promo.ruleset) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.ruleset_cmp(promo.ruleset, promo.ruleset) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_cmp(promo.ruleset, promo.ruleset) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.ruleset_hash(promo.ruleset) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_hash(promo.ruleset) IS 'hash of the bytes';
CREATE FUNCTION promo.ruleset_hash_extended(promo.ruleset, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_hash_extended(promo.ruleset, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.ruleset, promo.ruleset) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.ruleset, promo.ruleset) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.ruleset, promo.ruleset) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.ruleset, promo.ruleset) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.ruleset, promo.ruleset) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.ruleset, RIGHTARG = promo.ruleset, FUNCTION = promo.ruleset_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.ruleset, promo.ruleset) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.ruleset_ops DEFAULT FOR TYPE promo.ruleset USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.ruleset_cmp(promo.ruleset, promo.ruleset);
COMMENT ON OPERATOR CLASS promo.ruleset_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.ruleset_ops DEFAULT FOR TYPE promo.ruleset USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.ruleset_hash(promo.ruleset),
	FUNCTION 2 promo.ruleset_hash_extended(promo.ruleset, bigint);
COMMENT ON OPERATOR CLASS promo.ruleset_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- ruleset: settings
-- ----------------------------------------------------------------

-- not STRICT: a NULL setting stays as it is
CREATE FUNCTION promo.configure(rules promo.ruleset, unit numeric DEFAULT NULL, rounding text DEFAULT NULL,
								zone text DEFAULT NULL, search text DEFAULT NULL, search_limit integer DEFAULT NULL)
	RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_configure' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 250;
COMMENT ON FUNCTION promo.configure(promo.ruleset, numeric, text, text, text, integer) IS
	'the ruleset with other settings; NULL leaves one as it is; unit: smallest amount of money, rounding: half_up, half_even or down, zone: a time zone''s name, search: stage or cart, search_limit: nodes; an unknown zone or word: error';

-- ----------------------------------------------------------------
-- ruleset: aggregate
-- ----------------------------------------------------------------

-- not STRICT: the state starts as NULL, and a NULL name or rule is an error
CREATE FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule) IS 'transition of promo.ruleset_agg';
CREATE FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule, integer) IS 'transition of promo.ruleset_agg';
CREATE FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule, integer, tstzrange) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_trans(internal, text, promo.rule, integer, tstzrange) IS 'transition of promo.ruleset_agg';
CREATE FUNCTION promo.ruleset_agg_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_combine(internal, internal) IS 'joins partial states of promo.ruleset_agg';
CREATE FUNCTION promo.ruleset_agg_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_serialize(internal) IS 'a partial state of promo.ruleset_agg, on its way between processes';
CREATE FUNCTION promo.ruleset_agg_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_deserialize(bytea, internal) IS 'a partial state of promo.ruleset_agg, arrived';
CREATE FUNCTION promo.ruleset_agg_final(internal) RETURNS promo.ruleset
	AS 'MODULE_PATHNAME', 'promo_ruleset_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.ruleset_agg_final(internal) IS 'the ruleset of a state of promo.ruleset_agg';

CREATE AGGREGATE promo.ruleset_agg(name text, rule promo.rule) (
	SFUNC        = promo.ruleset_agg_trans,
	STYPE        = internal,
	COMBINEFUNC  = promo.ruleset_agg_combine,
	SERIALFUNC   = promo.ruleset_agg_serialize,
	DESERIALFUNC = promo.ruleset_agg_deserialize,
	FINALFUNC    = promo.ruleset_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.ruleset_agg(text, promo.rule) IS 'named rules into a ruleset with default settings, the same in any row order; priority 0, always; no rows: NULL; a NULL name or rule, a duplicate name: error';

CREATE AGGREGATE promo.ruleset_agg(name text, rule promo.rule, priority integer) (
	SFUNC        = promo.ruleset_agg_trans,
	STYPE        = internal,
	COMBINEFUNC  = promo.ruleset_agg_combine,
	SERIALFUNC   = promo.ruleset_agg_serialize,
	DESERIALFUNC = promo.ruleset_agg_deserialize,
	FINALFUNC    = promo.ruleset_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.ruleset_agg(text, promo.rule, integer) IS 'named rules into a ruleset with default settings, the same in any row order; priority NULL: 0; always; no rows: NULL; a NULL name or rule, a duplicate name: error';

CREATE AGGREGATE promo.ruleset_agg(name text, rule promo.rule, priority integer, during tstzrange) (
	SFUNC        = promo.ruleset_agg_trans,
	STYPE        = internal,
	COMBINEFUNC  = promo.ruleset_agg_combine,
	SERIALFUNC   = promo.ruleset_agg_serialize,
	DESERIALFUNC = promo.ruleset_agg_deserialize,
	FINALFUNC    = promo.ruleset_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.ruleset_agg(text, promo.rule, integer, tstzrange) IS 'named rules into a ruleset with default settings, the same in any row order; priority NULL: 0; during NULL: always; no rows: NULL; a NULL name or rule, a duplicate name: error';

