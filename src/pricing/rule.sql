-- ----------------------------------------------------------------
-- rule: type
-- ----------------------------------------------------------------

CREATE TYPE promo.rule;

CREATE FUNCTION promo.rule_in(cstring) RETURNS promo.rule
	AS 'MODULE_PATHNAME', 'promo_rule_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_in(cstring) IS 'reads a rule from its text form';
CREATE FUNCTION promo.rule_out(promo.rule) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_rule_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_out(promo.rule) IS 'the canonical text form of a rule; independent of every setting';
CREATE FUNCTION promo.rule_recv(internal) RETURNS promo.rule
	AS 'MODULE_PATHNAME', 'promo_rule_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_recv(internal) IS 'reads a rule from its external binary form';
CREATE FUNCTION promo.rule_send(promo.rule) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_rule_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_send(promo.rule) IS 'the external binary form of a rule; begins with its version';

CREATE TYPE promo.rule (
	INPUT     = promo.rule_in,
	OUTPUT    = promo.rule_out,
	RECEIVE   = promo.rule_recv,
	SEND      = promo.rule_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.rule IS 'one promotion rule, in the rule language: save 20% on sku A';

-- ----------------------------------------------------------------
-- rule: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rule(json) RETURNS promo.rule
	AS 'MODULE_PATHNAME', 'promo_rule_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rule(json) IS 'reads a rule from its JSON form, whose shape the reference documents; anything else is an error';
CREATE FUNCTION promo.to_json(promo.rule) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_rule_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.rule) IS 'the rule as json; reads back equal';
CREATE CAST (json AS promo.rule) WITH FUNCTION promo.rule(json);
COMMENT ON CAST (json AS promo.rule) IS 'reads a rule from its JSON form, whose shape the reference documents; anything else is an error';
CREATE CAST (promo.rule AS json) WITH FUNCTION promo.to_json(promo.rule);
COMMENT ON CAST (promo.rule AS json) IS 'the rule as json; reads back equal';
CREATE FUNCTION promo.rule(jsonb) RETURNS promo.rule
	AS 'MODULE_PATHNAME', 'promo_rule_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rule(jsonb) IS 'reads a rule from its JSON form, whose shape the reference documents; anything else is an error';
CREATE FUNCTION promo.to_jsonb(promo.rule) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_rule_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.rule) IS 'the rule as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.rule) WITH FUNCTION promo.rule(jsonb);
COMMENT ON CAST (jsonb AS promo.rule) IS 'reads a rule from its JSON form, whose shape the reference documents; anything else is an error';
CREATE CAST (promo.rule AS jsonb) WITH FUNCTION promo.to_jsonb(promo.rule);
COMMENT ON CAST (promo.rule AS jsonb) IS 'the rule as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- rule: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rule_eq(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_eq(promo.rule, promo.rule) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.rule_ne(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_ne(promo.rule, promo.rule) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.rule_lt(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_lt(promo.rule, promo.rule) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rule_le(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_le(promo.rule, promo.rule) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rule_gt(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_gt(promo.rule, promo.rule) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rule_ge(promo.rule, promo.rule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_ge(promo.rule, promo.rule) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rule_cmp(promo.rule, promo.rule) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_cmp(promo.rule, promo.rule) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.rule_hash(promo.rule) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_hash(promo.rule) IS 'hash of the bytes';
CREATE FUNCTION promo.rule_hash_extended(promo.rule, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rule_hash_extended(promo.rule, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.rule, promo.rule) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.rule, promo.rule) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.rule, promo.rule) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.rule, promo.rule) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.rule, promo.rule) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.rule, RIGHTARG = promo.rule, FUNCTION = promo.rule_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.rule, promo.rule) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.rule_ops DEFAULT FOR TYPE promo.rule USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.rule_cmp(promo.rule, promo.rule);
COMMENT ON OPERATOR CLASS promo.rule_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.rule_ops DEFAULT FOR TYPE promo.rule USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.rule_hash(promo.rule),
	FUNCTION 2 promo.rule_hash_extended(promo.rule, bigint);
COMMENT ON OPERATOR CLASS promo.rule_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- rule: shop copy
-- ----------------------------------------------------------------

CREATE FUNCTION promo.describe(rule promo.rule, language text DEFAULT 'en') RETURNS text
	AS 'MODULE_PATHNAME', 'promo_describe' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.describe(promo.rule, text) IS
	'the rule as shop copy; language en or zh, any other: error; NULL gives NULL';

