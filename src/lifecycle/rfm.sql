-- ----------------------------------------------------------------
-- rfm: type
-- ----------------------------------------------------------------

CREATE TYPE promo.rfm;

CREATE FUNCTION promo.rfm_in(cstring) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_rfm_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_in(cstring) IS 'reads scores from their text form';
CREATE FUNCTION promo.rfm_out(promo.rfm) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_rfm_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_out(promo.rfm) IS 'the text form of scores';
CREATE FUNCTION promo.rfm_recv(internal) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_rfm_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_recv(internal) IS 'reads scores from their external binary form';
CREATE FUNCTION promo.rfm_send(promo.rfm) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_rfm_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_send(promo.rfm) IS 'the external binary form of scores; begins with its version';

CREATE TYPE promo.rfm (
	INPUT          = promo.rfm_in,
	OUTPUT         = promo.rfm_out,
	RECEIVE        = promo.rfm_recv,
	SEND           = promo.rfm_send,
	INTERNALLENGTH = 4,
	PASSEDBYVALUE,
	ALIGNMENT      = int4,
	STORAGE        = plain
);
COMMENT ON TYPE promo.rfm IS 'scores of recency, frequency and monetary, each from 1 to 10, higher is better: 5-4-3';

-- ----------------------------------------------------------------
-- rfm: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rfm(json) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_rfm_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rfm(json) IS 'reads {"r":5,"f":4,"m":3}; a missing member, or a score that is not from 1 to 10, is an error';
CREATE FUNCTION promo.to_json(promo.rfm) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_rfm_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.rfm) IS 'the scores as json; reads back equal';
CREATE CAST (json AS promo.rfm) WITH FUNCTION promo.rfm(json);
COMMENT ON CAST (json AS promo.rfm) IS 'reads {"r":5,"f":4,"m":3}; a missing member, or a score that is not from 1 to 10, is an error';
CREATE CAST (promo.rfm AS json) WITH FUNCTION promo.to_json(promo.rfm);
COMMENT ON CAST (promo.rfm AS json) IS 'the scores as json; reads back equal';
CREATE FUNCTION promo.rfm(jsonb) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_rfm_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rfm(jsonb) IS 'reads {"r":5,"f":4,"m":3}; a missing member, or a score that is not from 1 to 10, is an error';
CREATE FUNCTION promo.to_jsonb(promo.rfm) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_rfm_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.rfm) IS 'the scores as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.rfm) WITH FUNCTION promo.rfm(jsonb);
COMMENT ON CAST (jsonb AS promo.rfm) IS 'reads {"r":5,"f":4,"m":3}; a missing member, or a score that is not from 1 to 10, is an error';
CREATE CAST (promo.rfm AS jsonb) WITH FUNCTION promo.to_jsonb(promo.rfm);
COMMENT ON CAST (promo.rfm AS jsonb) IS 'the scores as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- rfm: operators; to the server it is an int4
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rfm_eq(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4eq' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_eq(promo.rfm, promo.rfm) IS 'implements an operator: equal scores';
CREATE FUNCTION promo.rfm_ne(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4ne' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_ne(promo.rfm, promo.rfm) IS 'implements an operator: different scores';
CREATE FUNCTION promo.rfm_lt(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4lt' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_lt(promo.rfm, promo.rfm) IS 'implements an operator: order by R, then F, then M';
CREATE FUNCTION promo.rfm_le(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4le' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_le(promo.rfm, promo.rfm) IS 'implements an operator: order by R, then F, then M';
CREATE FUNCTION promo.rfm_gt(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4gt' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_gt(promo.rfm, promo.rfm) IS 'implements an operator: order by R, then F, then M';
CREATE FUNCTION promo.rfm_ge(promo.rfm, promo.rfm) RETURNS boolean
	AS 'int4ge' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_ge(promo.rfm, promo.rfm) IS 'implements an operator: order by R, then F, then M';
CREATE FUNCTION promo.rfm_cmp(promo.rfm, promo.rfm) RETURNS integer
	AS 'btint4cmp' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_cmp(promo.rfm, promo.rfm) IS 'less, equal or greater by R, then F, then M: -1, 0 or 1';
CREATE FUNCTION promo.rfm_hash(promo.rfm) RETURNS integer
	AS 'hashint4' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_hash(promo.rfm) IS 'hash of the scores';
CREATE FUNCTION promo.rfm_hash_extended(promo.rfm, bigint) RETURNS bigint
	AS 'hashint4extended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_hash_extended(promo.rfm, bigint) IS 'hash of the scores, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.rfm, promo.rfm) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.rfm, promo.rfm) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.rfm, promo.rfm) IS 'before by R, then F, then M';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.rfm, promo.rfm) IS 'before by R, then F, then M, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.rfm, promo.rfm) IS 'behind by R, then F, then M';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.rfm, RIGHTARG = promo.rfm, FUNCTION = promo.rfm_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.rfm, promo.rfm) IS 'behind by R, then F, then M, or equal';

CREATE OPERATOR CLASS promo.rfm_ops DEFAULT FOR TYPE promo.rfm USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.rfm_cmp(promo.rfm, promo.rfm);
COMMENT ON OPERATOR CLASS promo.rfm_ops USING btree IS 'order by R, then F, then M';
CREATE OPERATOR CLASS promo.rfm_ops DEFAULT FOR TYPE promo.rfm USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.rfm_hash(promo.rfm),
	FUNCTION 2 promo.rfm_hash_extended(promo.rfm, bigint);
COMMENT ON OPERATOR CLASS promo.rfm_ops USING hash IS 'hash of the scores';

-- ----------------------------------------------------------------
-- rfm: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rfm(r integer, f integer, m integer) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_rfm_of_scores' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm(integer, integer, integer) IS 'scores of recency, frequency and monetary; one that is not from 1 to 10 is an error';
CREATE FUNCTION promo.r(scores promo.rfm) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_rfm_r' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.r(promo.rfm) IS 'the score of recency, from 1 to 10; higher is more recent';
CREATE FUNCTION promo.f(scores promo.rfm) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_rfm_f' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.f(promo.rfm) IS 'the score of frequency, from 1 to 10; higher is more often';
CREATE FUNCTION promo.m(scores promo.rfm) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_rfm_m' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.m(promo.rfm) IS 'the score of what was spent, from 1 to 10; higher is more';

-- ----------------------------------------------------------------
-- rfm_model: type
-- ----------------------------------------------------------------

CREATE TYPE promo.rfm_model;

CREATE FUNCTION promo.rfm_model_in(cstring) RETURNS promo.rfm_model
	AS 'MODULE_PATHNAME', 'promo_rfm_model_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_in(cstring) IS 'reads a model from its text form';
CREATE FUNCTION promo.rfm_model_out(promo.rfm_model) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_rfm_model_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_out(promo.rfm_model) IS 'the canonical text form of a model; independent of every setting';
CREATE FUNCTION promo.rfm_model_recv(internal) RETURNS promo.rfm_model
	AS 'MODULE_PATHNAME', 'promo_rfm_model_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_recv(internal) IS 'reads a model from its external binary form';
CREATE FUNCTION promo.rfm_model_send(promo.rfm_model) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_rfm_model_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_send(promo.rfm_model) IS 'the external binary form of a model; begins with its version';

CREATE TYPE promo.rfm_model (
	INPUT     = promo.rfm_model_in,
	OUTPUT    = promo.rfm_model_out,
	RECEIVE   = promo.rfm_model_recv,
	SEND      = promo.rfm_model_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.rfm_model IS 'breaks that scores of recency, frequency and monetary come from; JSON {"method":"rank","levels":3,"as_of":"2026-01-31","customers":100,"recency":{"mean":45.2,"at_most":[90,30]},"frequency":{"mean":2.5,"above":[1,4]},"monetary":{"mean":310.75,"above":[100,500]}}, or at_least in place of above; all but the breaks optional';

-- ----------------------------------------------------------------
-- rfm_model: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rfm_model(json) RETURNS promo.rfm_model
	AS 'MODULE_PATHNAME', 'promo_rfm_model_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rfm_model(json) IS 'reads {"recency":{"at_most":[90,30]},"frequency":{"at_least":[2,5]},"monetary":{"above":[100,500]}}, with method, levels, as_of, customers and means optional; breaks that are missing, not as many for each figure, or not in order are an error';
CREATE FUNCTION promo.to_json(promo.rfm_model) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_rfm_model_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.rfm_model) IS 'the model as json; reads back equal';
CREATE CAST (json AS promo.rfm_model) WITH FUNCTION promo.rfm_model(json);
COMMENT ON CAST (json AS promo.rfm_model) IS 'reads {"recency":{"at_most":[90,30]},"frequency":{"at_least":[2,5]},"monetary":{"above":[100,500]}}, with method, levels, as_of, customers and means optional; breaks that are missing, not as many for each figure, or not in order are an error';
CREATE CAST (promo.rfm_model AS json) WITH FUNCTION promo.to_json(promo.rfm_model);
COMMENT ON CAST (promo.rfm_model AS json) IS 'the model as json; reads back equal';
CREATE FUNCTION promo.rfm_model(jsonb) RETURNS promo.rfm_model
	AS 'MODULE_PATHNAME', 'promo_rfm_model_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.rfm_model(jsonb) IS 'reads {"recency":{"at_most":[90,30]},"frequency":{"at_least":[2,5]},"monetary":{"above":[100,500]}}, with method, levels, as_of, customers and means optional; breaks that are missing, not as many for each figure, or not in order are an error';
CREATE FUNCTION promo.to_jsonb(promo.rfm_model) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_rfm_model_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.rfm_model) IS 'the model as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.rfm_model) WITH FUNCTION promo.rfm_model(jsonb);
COMMENT ON CAST (jsonb AS promo.rfm_model) IS 'reads {"recency":{"at_most":[90,30]},"frequency":{"at_least":[2,5]},"monetary":{"above":[100,500]}}, with method, levels, as_of, customers and means optional; breaks that are missing, not as many for each figure, or not in order are an error';
CREATE CAST (promo.rfm_model AS jsonb) WITH FUNCTION promo.to_jsonb(promo.rfm_model);
COMMENT ON CAST (promo.rfm_model AS jsonb) IS 'the model as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- rfm_model: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.rfm_model_eq(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_eq(promo.rfm_model, promo.rfm_model) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.rfm_model_ne(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_ne(promo.rfm_model, promo.rfm_model) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.rfm_model_lt(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_lt(promo.rfm_model, promo.rfm_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rfm_model_le(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_le(promo.rfm_model, promo.rfm_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rfm_model_gt(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_gt(promo.rfm_model, promo.rfm_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rfm_model_ge(promo.rfm_model, promo.rfm_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_ge(promo.rfm_model, promo.rfm_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.rfm_model_cmp(promo.rfm_model, promo.rfm_model) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_cmp(promo.rfm_model, promo.rfm_model) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.rfm_model_hash(promo.rfm_model) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_hash(promo.rfm_model) IS 'hash of the bytes';
CREATE FUNCTION promo.rfm_model_hash_extended(promo.rfm_model, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_model_hash_extended(promo.rfm_model, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.rfm_model, promo.rfm_model) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.rfm_model, promo.rfm_model) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.rfm_model, promo.rfm_model) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.rfm_model, promo.rfm_model) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.rfm_model, promo.rfm_model) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.rfm_model, RIGHTARG = promo.rfm_model, FUNCTION = promo.rfm_model_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.rfm_model, promo.rfm_model) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.rfm_model_ops DEFAULT FOR TYPE promo.rfm_model USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.rfm_model_cmp(promo.rfm_model, promo.rfm_model);
COMMENT ON OPERATOR CLASS promo.rfm_model_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.rfm_model_ops DEFAULT FOR TYPE promo.rfm_model USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.rfm_model_hash(promo.rfm_model),
	FUNCTION 2 promo.rfm_model_hash_extended(promo.rfm_model, bigint);
COMMENT ON OPERATOR CLASS promo.rfm_model_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- rfm_model: aggregate
-- ----------------------------------------------------------------

-- not STRICT: the state starts as NULL, a NULL history is left out, and any other NULL is an error
CREATE FUNCTION promo.rfm_fit_trans(internal, promo.history, date) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_rfm_fit_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_fit_trans(internal, promo.history, date) IS 'transition of promo.rfm_fit';
CREATE FUNCTION promo.rfm_fit_trans(internal, promo.history, date, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_rfm_fit_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_fit_trans(internal, promo.history, date, integer) IS 'transition of promo.rfm_fit';
CREATE FUNCTION promo.rfm_fit_trans(internal, promo.history, date, integer, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_rfm_fit_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_fit_trans(internal, promo.history, date, integer, text) IS 'transition of promo.rfm_fit';
CREATE FUNCTION promo.rfm_fit_final(internal) RETURNS promo.rfm_model
	AS 'MODULE_PATHNAME', 'promo_rfm_fit_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.rfm_fit_final(internal) IS 'the model of a state of promo.rfm_fit';

CREATE AGGREGATE promo.rfm_fit(h promo.history, as_of date) (
	SFUNC     = promo.rfm_fit_trans,
	STYPE     = internal,
	SSPACE    = 65536,
	FINALFUNC = promo.rfm_fit_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.rfm_fit(promo.history, date) IS 'the breaks of a population''s recency, frequency and monetary as of a day, one row per customer, the same in any row order; five levels by rank; NULL histories and customers without an order until as_of are left out, nobody: NULL; what follows h must be the same in all rows and not NULL; memory beyond work_mem goes to a temporary file';

CREATE AGGREGATE promo.rfm_fit(h promo.history, as_of date, levels integer) (
	SFUNC     = promo.rfm_fit_trans,
	STYPE     = internal,
	SSPACE    = 65536,
	FINALFUNC = promo.rfm_fit_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.rfm_fit(promo.history, date, integer) IS 'the breaks of a population''s recency, frequency and monetary as of a day, one row per customer, the same in any row order; levels from 2 to 10, by rank; NULL histories and customers without an order until as_of are left out, nobody: NULL; what follows h must be the same in all rows and not NULL; memory beyond work_mem goes to a temporary file';

CREATE AGGREGATE promo.rfm_fit(h promo.history, as_of date, levels integer, method text) (
	SFUNC     = promo.rfm_fit_trans,
	STYPE     = internal,
	SSPACE    = 65536,
	FINALFUNC = promo.rfm_fit_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.rfm_fit(promo.history, date, integer, text) IS 'the breaks of a population''s recency, frequency and monetary as of a day, one row per customer, the same in any row order; levels from 2 to 10; method rank, ntile, quantile, nested or mean; NULL histories and customers without an order until as_of are left out, nobody: NULL; what follows h must be the same in all rows and not NULL; memory beyond work_mem goes to a temporary file';

-- ----------------------------------------------------------------
-- rfm_model: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.score(h promo.history, model promo.rfm_model, as_of date) RETURNS promo.rfm
	AS 'MODULE_PATHNAME', 'promo_score' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.score(promo.history, promo.rfm_model, date) IS 'the scores of a customer as of a day by the breaks of a model; NULL without an order until then';
