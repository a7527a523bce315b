-- ----------------------------------------------------------------
-- funnel: type
-- ----------------------------------------------------------------

CREATE TYPE promo.funnel;

CREATE FUNCTION promo.funnel_in(cstring) RETURNS promo.funnel
	AS 'MODULE_PATHNAME', 'promo_funnel_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_in(cstring) IS 'reads a funnel from its text form';
CREATE FUNCTION promo.funnel_out(promo.funnel) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_funnel_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_out(promo.funnel) IS 'the canonical text form of a funnel; independent of every setting';
CREATE FUNCTION promo.funnel_recv(internal) RETURNS promo.funnel
	AS 'MODULE_PATHNAME', 'promo_funnel_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_recv(internal) IS 'reads a funnel from its external binary form';
CREATE FUNCTION promo.funnel_send(promo.funnel) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_funnel_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_send(promo.funnel) IS 'the external binary form of a funnel; begins with its version';

CREATE TYPE promo.funnel (
	INPUT     = promo.funnel_in,
	OUTPUT    = promo.funnel_out,
	RECEIVE   = promo.funnel_recv,
	SEND      = promo.funnel_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.funnel IS 'how far one customer went through the steps of a funnel, and when: {"level":2,"at":["2026-01-05 10:00:00+00","2026-01-05 10:30:00+00"]}, the times of the steps that were reached';

-- ----------------------------------------------------------------
-- funnel: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.funnel(json) RETURNS promo.funnel
	AS 'MODULE_PATHNAME', 'promo_funnel_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.funnel(json) IS 'reads {"level":1,"at":["2026-01-05 10:00:00+00"]}, a time for each step, UTC where it has no offset; times that go back, a level that is not their number, or a missing member is an error';
CREATE FUNCTION promo.to_json(promo.funnel) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_funnel_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.funnel) IS 'the funnel as json; reads back equal';
CREATE CAST (json AS promo.funnel) WITH FUNCTION promo.funnel(json);
COMMENT ON CAST (json AS promo.funnel) IS 'reads {"level":1,"at":["2026-01-05 10:00:00+00"]}, a time for each step, UTC where it has no offset; times that go back, a level that is not their number, or a missing member is an error';
CREATE CAST (promo.funnel AS json) WITH FUNCTION promo.to_json(promo.funnel);
COMMENT ON CAST (promo.funnel AS json) IS 'the funnel as json; reads back equal';
CREATE FUNCTION promo.funnel(jsonb) RETURNS promo.funnel
	AS 'MODULE_PATHNAME', 'promo_funnel_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.funnel(jsonb) IS 'reads {"level":1,"at":["2026-01-05 10:00:00+00"]}, a time for each step, UTC where it has no offset; times that go back, a level that is not their number, or a missing member is an error';
CREATE FUNCTION promo.to_jsonb(promo.funnel) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_funnel_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.funnel) IS 'the funnel as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.funnel) WITH FUNCTION promo.funnel(jsonb);
COMMENT ON CAST (jsonb AS promo.funnel) IS 'reads {"level":1,"at":["2026-01-05 10:00:00+00"]}, a time for each step, UTC where it has no offset; times that go back, a level that is not their number, or a missing member is an error';
CREATE CAST (promo.funnel AS jsonb) WITH FUNCTION promo.to_jsonb(promo.funnel);
COMMENT ON CAST (promo.funnel AS jsonb) IS 'the funnel as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- funnel: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.funnel_eq(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_eq(promo.funnel, promo.funnel) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.funnel_ne(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_ne(promo.funnel, promo.funnel) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.funnel_lt(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_lt(promo.funnel, promo.funnel) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.funnel_le(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_le(promo.funnel, promo.funnel) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.funnel_gt(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_gt(promo.funnel, promo.funnel) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.funnel_ge(promo.funnel, promo.funnel) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_ge(promo.funnel, promo.funnel) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.funnel_cmp(promo.funnel, promo.funnel) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_cmp(promo.funnel, promo.funnel) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.funnel_hash(promo.funnel) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_hash(promo.funnel) IS 'hash of the bytes';
CREATE FUNCTION promo.funnel_hash_extended(promo.funnel, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_hash_extended(promo.funnel, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.funnel, promo.funnel) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.funnel, promo.funnel) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.funnel, promo.funnel) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.funnel, promo.funnel) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.funnel, promo.funnel) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.funnel, RIGHTARG = promo.funnel, FUNCTION = promo.funnel_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.funnel, promo.funnel) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.funnel_ops DEFAULT FOR TYPE promo.funnel USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.funnel_cmp(promo.funnel, promo.funnel);
COMMENT ON OPERATOR CLASS promo.funnel_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.funnel_ops DEFAULT FOR TYPE promo.funnel USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.funnel_hash(promo.funnel),
	FUNCTION 2 promo.funnel_hash_extended(promo.funnel, bigint);
COMMENT ON OPERATOR CLASS promo.funnel_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- funnel: aggregate
-- ----------------------------------------------------------------

-- none is STRICT: the state starts as NULL, a row without a time is left out, and a NULL step is one of no step
CREATE FUNCTION promo.funnel_agg_trans(internal, timestamptz, integer, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_funnel_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_agg_trans(internal, timestamptz, integer, interval) IS 'transition of promo.funnel_agg';
CREATE FUNCTION promo.funnel_agg_trans(internal, timestamptz, integer, interval, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_funnel_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_agg_trans(internal, timestamptz, integer, interval, text) IS 'transition of promo.funnel_agg';
CREATE FUNCTION promo.funnel_agg_final(internal) RETURNS promo.funnel
	AS 'MODULE_PATHNAME', 'promo_funnel_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.funnel_agg_final(internal) IS 'the funnel of a state of promo.funnel_agg';

-- no COMBINEFUNC: what one customer did is looked at in the order of time
CREATE AGGREGATE promo.funnel_agg(at timestamptz, step integer, within interval) (
	SFUNC     = promo.funnel_agg_trans,
	STYPE     = internal,
	SSPACE    = 128,
	FINALFUNC = promo.funnel_agg_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.funnel_agg(timestamptz, integer, interval) IS 'the events of one customer into a funnel, the same in any row order: step 1 to 32 is the step that an event is of, NULL or 0 an event of no step; within is the longest time from the first step to the last, days being 24 hours; a row whose at is NULL is left out, no rows: NULL, no event of step 1: level 0; a within that is NULL, not positive, has months or differs between rows, an infinite at or one outside the years 0001 to 9999: error; more than 1,000,000 rows that do not come in the order of time: error, write funnel_agg(... ORDER BY at)';

CREATE AGGREGATE promo.funnel_agg(at timestamptz, step integer, within interval, mode text) (
	SFUNC     = promo.funnel_agg_trans,
	STYPE     = internal,
	SSPACE    = 128,
	FINALFUNC = promo.funnel_agg_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.funnel_agg(timestamptz, integer, interval, text) IS 'the events of one customer into a funnel, as without mode; mode: default, events at one time count in the order of their steps; strict_increase, each step later than the one before; stop_on_repeat, a step other than the first that was reached already ends it; strict_order, an event of no step or of a later step than the next ends a chain; strict_allow_reentry, the same, but later steps are passed over; another mode, NULL, or one that differs between rows: error';

-- ----------------------------------------------------------------
-- funnel: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.level(f promo.funnel) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_funnel_level' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.level(promo.funnel) IS 'the highest step that was reached, 0 if the first was not';
CREATE FUNCTION promo.step_at(f promo.funnel, step integer) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'promo_funnel_step_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.step_at(promo.funnel, integer) IS 'when the step was taken, in the chain that reached the level first, of those the one that started last; NULL beyond the level; a step below 1: error';
