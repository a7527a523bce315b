-- ----------------------------------------------------------------
-- attribution: touches of one order
-- ----------------------------------------------------------------

-- not STRICT: the state starts as NULL, and a row without a touch counts
CREATE FUNCTION promo.attribution_agg_trans(internal, timestamptz, text, timestamptz, numeric, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_attribution_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_trans(internal, timestamptz, text, timestamptz, numeric, text) IS 'transition of promo.attribution_agg';
CREATE FUNCTION promo.attribution_agg_trans(internal, timestamptz, text, timestamptz, numeric, text, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_attribution_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_trans(internal, timestamptz, text, timestamptz, numeric, text, interval) IS 'transition of promo.attribution_agg';
CREATE FUNCTION promo.attribution_agg_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_attribution_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_combine(internal, internal) IS 'joins partial states of promo.attribution_agg';
CREATE FUNCTION promo.attribution_agg_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_attribution_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_serialize(internal) IS 'a partial state of promo.attribution_agg, on its way between processes';
CREATE FUNCTION promo.attribution_agg_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_attribution_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_deserialize(bytea, internal) IS 'a partial state of promo.attribution_agg, arrived';
CREATE FUNCTION promo.attribution_agg_final(internal) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_attribution_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_final(internal) IS 'the credits of a state of promo.attribution_agg';

CREATE AGGREGATE promo.attribution_agg(at timestamptz, channel text, order_at timestamptz, amount numeric, method text) (
	SFUNC        = promo.attribution_agg_trans,
	STYPE        = internal,
	SSPACE       = 256,
	COMBINEFUNC  = promo.attribution_agg_combine,
	SERIALFUNC   = promo.attribution_agg_serialize,
	DESERIALFUNC = promo.attribution_agg_deserialize,
	FINALFUNC    = promo.attribution_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.attribution_agg(timestamptz, text, timestamptz, numeric, text) IS 'the touches of one order, a row each, to {"channel": credit}; method: first, last, linear, position (40 %, 20 % between, 40 %) or decay (half for every 7 days before the order); a touch counts from 30 days before order_at until it; without any all goes to "none"; credits add up to amount, in hundredths or finer if it is, by largest remainder, ties to the earlier touch; at NULL: no touch; no rows: NULL; order_at, amount or method NULL or not the same in all rows, a touch without a channel: error';

CREATE AGGREGATE promo.attribution_agg(at timestamptz, channel text, order_at timestamptz, amount numeric, method text, lookback interval) (
	SFUNC        = promo.attribution_agg_trans,
	STYPE        = internal,
	SSPACE       = 256,
	COMBINEFUNC  = promo.attribution_agg_combine,
	SERIALFUNC   = promo.attribution_agg_serialize,
	DESERIALFUNC = promo.attribution_agg_deserialize,
	FINALFUNC    = promo.attribution_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.attribution_agg(timestamptz, text, timestamptz, numeric, text, interval) IS 'the same, with lookback in place of 30 days: positive, in days (of 24 hours) and time, the same in all rows; NULL, months or years: error';

-- ----------------------------------------------------------------
-- attribution: paths
-- ----------------------------------------------------------------

CREATE FUNCTION promo.attribution_agg_trans(internal, text[], numeric, numeric, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_path_attribution_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.attribution_agg_trans(internal, text[], numeric, numeric, text) IS 'transition of promo.attribution_agg';
CREATE FUNCTION promo.path_attribution_agg_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_path_attribution_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.path_attribution_agg_combine(internal, internal) IS 'joins partial states of promo.attribution_agg';
CREATE FUNCTION promo.path_attribution_agg_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_path_attribution_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.path_attribution_agg_serialize(internal) IS 'a partial state of promo.attribution_agg, on its way between processes';
CREATE FUNCTION promo.path_attribution_agg_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_path_attribution_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.path_attribution_agg_deserialize(bytea, internal) IS 'a partial state of promo.attribution_agg, arrived';
CREATE FUNCTION promo.path_attribution_agg_final(internal) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_path_attribution_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.path_attribution_agg_final(internal) IS 'the credits of a state of promo.attribution_agg';

CREATE AGGREGATE promo.attribution_agg(path text[], converted numeric, lost numeric, method text) (
	SFUNC        = promo.attribution_agg_trans,
	STYPE        = internal,
	SSPACE       = 8192,
	COMBINEFUNC  = promo.path_attribution_agg_combine,
	SERIALFUNC   = promo.path_attribution_agg_serialize,
	DESERIALFUNC = promo.path_attribution_agg_deserialize,
	FINALFUNC    = promo.path_attribution_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.attribution_agg(text[], numeric, numeric, text) IS 'paths of channels with how often, or for how much, they ended in a conversion and how often not, to {"channel": credit}; method: markov (removal effects in a chain of first order, repeats in a row counted once, at most 64 channels; Anderl et al. 2016) or shapley (each path in equal parts to its channels; Harsanyi 1959); credits add up to what was converted, in hundredths or finer if that is, by largest remainder, ties by name; path empty or NULL: channel "none"; converted or lost NULL: 0; no rows: NULL; a negative figure, a NULL in a path, a method NULL or not the same in all rows: error';

