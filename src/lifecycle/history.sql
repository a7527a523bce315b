-- ----------------------------------------------------------------
-- history: type
-- ----------------------------------------------------------------

CREATE TYPE promo.history;

CREATE FUNCTION promo.history_in(cstring) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_in(cstring) IS 'reads a history from its text form';
CREATE FUNCTION promo.history_out(promo.history) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_history_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_out(promo.history) IS 'the canonical text form of a history; independent of every setting';
CREATE FUNCTION promo.history_recv(internal) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_recv(internal) IS 'reads a history from its external binary form';
CREATE FUNCTION promo.history_send(promo.history) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_history_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_send(promo.history) IS 'the external binary form of a history; begins with its version';

CREATE TYPE promo.history (
	INPUT     = promo.history_in,
	OUTPUT    = promo.history_out,
	RECEIVE   = promo.history_recv,
	SEND      = promo.history_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.history IS 'one customer''s purchase days with number of orders and amount: {2026-01-05 30.00, 2026-01-07 55.50/2}, the number of orders where it is not one; an amount of 0 or less is no order';

-- ----------------------------------------------------------------
-- history: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.history(json) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.history(json) IS 'reads [{"day":"2026-01-07","amount":"55.50" [,"orders":2]}], days in any order; a missing member, or a figure out of range, is an error';
CREATE FUNCTION promo.to_json(promo.history) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_history_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.history) IS 'the history as json; reads back equal';
CREATE CAST (json AS promo.history) WITH FUNCTION promo.history(json);
COMMENT ON CAST (json AS promo.history) IS 'reads [{"day":"2026-01-07","amount":"55.50" [,"orders":2]}], days in any order; a missing member, or a figure out of range, is an error';
CREATE CAST (promo.history AS json) WITH FUNCTION promo.to_json(promo.history);
COMMENT ON CAST (promo.history AS json) IS 'the history as json; reads back equal';
CREATE FUNCTION promo.history(jsonb) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.history(jsonb) IS 'reads [{"day":"2026-01-07","amount":"55.50" [,"orders":2]}], days in any order; a missing member, or a figure out of range, is an error';
CREATE FUNCTION promo.to_jsonb(promo.history) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_history_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.history) IS 'the history as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.history) WITH FUNCTION promo.history(jsonb);
COMMENT ON CAST (jsonb AS promo.history) IS 'reads [{"day":"2026-01-07","amount":"55.50" [,"orders":2]}], days in any order; a missing member, or a figure out of range, is an error';
CREATE CAST (promo.history AS jsonb) WITH FUNCTION promo.to_jsonb(promo.history);
COMMENT ON CAST (promo.history AS jsonb) IS 'the history as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- history: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.history_eq(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_eq(promo.history, promo.history) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.history_ne(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_ne(promo.history, promo.history) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.history_lt(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_lt(promo.history, promo.history) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.history_le(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_le(promo.history, promo.history) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.history_gt(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_gt(promo.history, promo.history) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.history_ge(promo.history, promo.history) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_ge(promo.history, promo.history) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.history_cmp(promo.history, promo.history) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_cmp(promo.history, promo.history) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.history_hash(promo.history) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_hash(promo.history) IS 'hash of the bytes';
CREATE FUNCTION promo.history_hash_extended(promo.history, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_hash_extended(promo.history, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.history, promo.history) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.history, promo.history) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.history, promo.history) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.history, promo.history) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.history, promo.history) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.history, promo.history) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.history_ops DEFAULT FOR TYPE promo.history USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.history_cmp(promo.history, promo.history);
COMMENT ON OPERATOR CLASS promo.history_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.history_ops DEFAULT FOR TYPE promo.history USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.history_hash(promo.history),
	FUNCTION 2 promo.history_hash_extended(promo.history, bigint);
COMMENT ON OPERATOR CLASS promo.history_ops USING hash IS 'hash of the bytes';


-- ----------------------------------------------------------------
-- history: aggregates
-- ----------------------------------------------------------------

-- none is STRICT: the state starts as NULL, and a NULL row leaves it as it is
CREATE FUNCTION promo.history_agg_trans(promo.history, date, numeric) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_agg_trans(promo.history, date, numeric) IS 'transition of promo.history_agg';
CREATE FUNCTION promo.history_combine(promo.history, promo.history) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_combine(promo.history, promo.history) IS 'transition of promo.rollup; joins partial states of promo.history_agg';
CREATE FUNCTION promo.history_agg_final(promo.history) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_agg_final(promo.history) IS 'the history of a state of promo.history_agg or promo.rollup';

CREATE AGGREGATE promo.history_agg(day date, amount numeric) (
	SFUNC       = promo.history_agg_trans,
	STYPE       = promo.history,
	SSPACE      = 128,
	COMBINEFUNC = promo.history_combine,
	FINALFUNC   = promo.history_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.history_agg(date, numeric) IS 'one row per order of one customer into a history, the same in any row order; an amount of 0 or less changes what was spent and is no order; a row with a NULL is left out, no rows: NULL; a day outside the years 0001 to 9999, an amount with more than 4 decimals or beyond 900 trillion: error';

CREATE AGGREGATE promo.rollup(h promo.history) (
	SFUNC       = promo.history_combine,
	STYPE       = promo.history,
	SSPACE      = 128,
	COMBINEFUNC = promo.history_combine,
	FINALFUNC   = promo.history_agg_final,
	PARALLEL    = SAFE
);
COMMENT ON AGGREGATE promo.rollup(promo.history) IS 'histories of one customer into one; what happened on one day adds up; NULL is nothing, only NULL: NULL';

-- ----------------------------------------------------------------
-- history: functions
-- ----------------------------------------------------------------

CREATE FUNCTION promo.history_concat(promo.history, promo.history) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_concat' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.history_concat(promo.history, promo.history) IS 'both histories in one; what happened on one day adds up; NULL is nothing';
CREATE OPERATOR promo.|| (
	LEFTARG = promo.history, RIGHTARG = promo.history, FUNCTION = promo.history_concat,
	COMMUTATOR = OPERATOR(promo.||)
);
COMMENT ON OPERATOR promo.|| (promo.history, promo.history) IS 'both histories in one; what happened on one day adds up; NULL is nothing';

CREATE FUNCTION promo.until(h promo.history, day date) RETURNS promo.history
	AS 'MODULE_PATHNAME', 'promo_history_until_day' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.until(promo.history, date) IS 'the history as it was known on that day: what happened on it or before; possibly empty';
CREATE FUNCTION promo.orders(h promo.history) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_history_number_of_orders' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.orders(promo.history) IS 'number of orders: rows with an amount above 0';
CREATE FUNCTION promo.order_days(h promo.history) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_history_order_days' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.order_days(promo.history) IS 'number of days with at least one order';
CREATE FUNCTION promo.first_day(h promo.history) RETURNS date
	AS 'MODULE_PATHNAME', 'promo_history_first_day' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.first_day(promo.history) IS 'day of the first order; NULL if there is none';
CREATE FUNCTION promo.last_day(h promo.history) RETURNS date
	AS 'MODULE_PATHNAME', 'promo_history_last_day' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.last_day(promo.history) IS 'day of the last order; NULL if there is none';
CREATE FUNCTION promo.spent(h promo.history) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_history_spent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.spent(promo.history) IS 'sum of all amounts, also of those that are no orders; money, exact';
CREATE FUNCTION promo.mean_gap(h promo.history) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_history_mean_gap' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.mean_gap(promo.history) IS 'mean number of days between two order days: (last - first) / (order days - 1); NULL with fewer than two';
CREATE FUNCTION promo.recency(h promo.history, as_of date) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_history_recency' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.recency(promo.history, date) IS 'days from the last order on or before as_of to as_of; NULL if there is none';
