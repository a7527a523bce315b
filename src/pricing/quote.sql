-- ----------------------------------------------------------------
-- quote: type
-- ----------------------------------------------------------------

CREATE TYPE promo.quote;

CREATE FUNCTION promo.quote_in(cstring) RETURNS promo.quote
	AS 'MODULE_PATHNAME', 'promo_quote_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_in(cstring) IS 'reads a quote from its text form';
CREATE FUNCTION promo.quote_out(promo.quote) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_quote_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_out(promo.quote) IS 'the canonical text form of a quote; independent of every setting';
CREATE FUNCTION promo.quote_recv(internal) RETURNS promo.quote
	AS 'MODULE_PATHNAME', 'promo_quote_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_recv(internal) IS 'reads a quote from its external binary form';
CREATE FUNCTION promo.quote_send(promo.quote) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_quote_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_send(promo.quote) IS 'the external binary form of a quote; begins with its version';

CREATE TYPE promo.quote (
	INPUT     = promo.quote_in,
	OUTPUT    = promo.quote_out,
	RECEIVE   = promo.quote_recv,
	SEND      = promo.quote_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.quote IS 'a priced cart: totals, lines, adjustments, offers; JSON';

-- ----------------------------------------------------------------
-- quote: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.quote(json) RETURNS promo.quote
	AS 'MODULE_PATHNAME', 'promo_quote_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.quote(json) IS 'reads a quote as it was written; figures that do not add up are an error';
CREATE FUNCTION promo.to_json(promo.quote) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_quote_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.quote) IS 'the quote as json; reads back equal';
CREATE CAST (json AS promo.quote) WITH FUNCTION promo.quote(json);
COMMENT ON CAST (json AS promo.quote) IS 'reads a quote as it was written; figures that do not add up are an error';
CREATE CAST (promo.quote AS json) WITH FUNCTION promo.to_json(promo.quote);
COMMENT ON CAST (promo.quote AS json) IS 'the quote as json; reads back equal';
CREATE FUNCTION promo.quote(jsonb) RETURNS promo.quote
	AS 'MODULE_PATHNAME', 'promo_quote_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.quote(jsonb) IS 'reads a quote as it was written; figures that do not add up are an error';
CREATE FUNCTION promo.to_jsonb(promo.quote) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_quote_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.quote) IS 'the quote as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.quote) WITH FUNCTION promo.quote(jsonb);
COMMENT ON CAST (jsonb AS promo.quote) IS 'reads a quote as it was written; figures that do not add up are an error';
CREATE CAST (promo.quote AS jsonb) WITH FUNCTION promo.to_jsonb(promo.quote);
COMMENT ON CAST (promo.quote AS jsonb) IS 'the quote as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- quote: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.quote_eq(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_eq(promo.quote, promo.quote) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.quote_ne(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_ne(promo.quote, promo.quote) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.quote_lt(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_lt(promo.quote, promo.quote) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.quote_le(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_le(promo.quote, promo.quote) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.quote_gt(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_gt(promo.quote, promo.quote) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.quote_ge(promo.quote, promo.quote) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_ge(promo.quote, promo.quote) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.quote_cmp(promo.quote, promo.quote) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_cmp(promo.quote, promo.quote) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.quote_hash(promo.quote) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_hash(promo.quote) IS 'hash of the bytes';
CREATE FUNCTION promo.quote_hash_extended(promo.quote, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.quote_hash_extended(promo.quote, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.quote, promo.quote) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.quote, promo.quote) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.quote, promo.quote) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.quote, promo.quote) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.quote, promo.quote) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.quote, RIGHTARG = promo.quote, FUNCTION = promo.quote_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.quote, promo.quote) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.quote_ops DEFAULT FOR TYPE promo.quote USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.quote_cmp(promo.quote, promo.quote);
COMMENT ON OPERATOR CLASS promo.quote_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.quote_ops DEFAULT FOR TYPE promo.quote USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.quote_hash(promo.quote),
	FUNCTION 2 promo.quote_hash_extended(promo.quote, bigint);
COMMENT ON OPERATOR CLASS promo.quote_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- quote: totals, read without fetching the rest of a toasted quote
-- ----------------------------------------------------------------

CREATE FUNCTION promo.subtotal(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_subtotal' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.subtotal(promo.quote) IS 'list amount of the goods, before discounts; NULL gives NULL';
CREATE FUNCTION promo.discount(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_discount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.discount(promo.quote) IS 'what was taken off the goods; NULL gives NULL';
CREATE FUNCTION promo.shipping(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_shipping' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.shipping(promo.quote) IS 'what is left of the shipping fee; NULL gives NULL';
CREATE FUNCTION promo.total(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_total' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.total(promo.quote) IS 'subtotal - discount + shipping; NULL gives NULL';
CREATE FUNCTION promo.cost(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_cost' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cost(promo.quote) IS 'cost of the goods; NULL unless every line has a cost; NULL gives NULL';
CREATE FUNCTION promo.profit(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_profit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.profit(promo.quote) IS 'subtotal - discount - cost, without shipping; NULL unless every line has a cost; NULL gives NULL';
CREATE FUNCTION promo.points(promo.quote) RETURNS numeric
	AS 'MODULE_PATHNAME', 'promo_quote_points' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.points(promo.quote) IS 'points earned; NULL gives NULL';

-- ----------------------------------------------------------------
-- quote: rows
-- ----------------------------------------------------------------

CREATE FUNCTION promo.lines(promo.quote)
	RETURNS TABLE (line bigint, sku text, qty numeric, unit_price numeric, amount numeric, discount numeric, net numeric)
	AS 'MODULE_PATHNAME', 'promo_quote_lines' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 ROWS 5;
COMMENT ON FUNCTION promo.lines(promo.quote) IS
	'a row per line, by number; amount is qty x unit_price rounded to the unit, net = amount - discount; NULL gives no rows';

CREATE FUNCTION promo.units(promo.quote)
	RETURNS TABLE (line bigint, units numeric, amount numeric, discount numeric, net numeric)
	AS 'MODULE_PATHNAME', 'promo_quote_runs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50 ROWS 10;
COMMENT ON FUNCTION promo.units(promo.quote) IS
	'a row per run of equal units of a line: untouched ones first, then reduced, free ones last; figures are of the run and add up to the line; NULL gives no rows';

CREATE FUNCTION promo.adjustments(promo.quote) RETURNS TABLE (rule text, line bigint, amount numeric)
	AS 'MODULE_PATHNAME', 'promo_quote_adjustments' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 ROWS 5;
COMMENT ON FUNCTION promo.adjustments(promo.quote) IS
	'what each rule took off each line, in order of application; positive; line NULL for shipping; NULL gives no rows';

CREATE FUNCTION promo.offers(promo.quote) RETURNS TABLE (rule text, kind text, sku text, price numeric, qty numeric)
	AS 'MODULE_PATHNAME', 'promo_quote_offers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 ROWS 2;
COMMENT ON FUNCTION promo.offers(promo.quote) IS
	'what is open to this buyer and not in the cart; kind add, gift or get; price per unit, NULL where it depends on the product''s; qty in units; NULL gives no rows';

CREATE FUNCTION promo.nets(promo.quote) RETURNS numeric[]
	AS 'MODULE_PATHNAME', 'promo_quote_nets' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.nets(promo.quote) IS 'what is left of each line, in the order of line numbers; NULL gives NULL';

