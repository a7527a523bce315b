-- ----------------------------------------------------------------
-- cart: aggregate
-- ----------------------------------------------------------------

-- not STRICT: the state starts as NULL, and a NULL line or price is an error
CREATE FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric) IS 'transition of promo.cart_agg';
CREATE FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[]) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[]) IS 'transition of promo.cart_agg';
CREATE FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[], numeric) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[], numeric) IS 'transition of promo.cart_agg';
CREATE FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[], numeric, numeric) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_trans(internal, bigint, text, numeric, numeric, text[], numeric, numeric) IS 'transition of promo.cart_agg';
CREATE FUNCTION promo.cart_agg_combine(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_combine(internal, internal) IS 'joins partial states of promo.cart_agg';
CREATE FUNCTION promo.cart_agg_serialize(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_cart_agg_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_serialize(internal) IS 'a partial state of promo.cart_agg, on its way between processes';
CREATE FUNCTION promo.cart_agg_deserialize(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_cart_agg_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_deserialize(bytea, internal) IS 'a partial state of promo.cart_agg, arrived';
CREATE FUNCTION promo.cart_agg_final(internal) RETURNS promo.cart
	AS 'MODULE_PATHNAME', 'promo_cart_agg_final' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_agg_final(internal) IS 'the cart of a state of promo.cart_agg';

CREATE AGGREGATE promo.cart_agg(line bigint, sku text, qty numeric, unit_price numeric) (
	SFUNC        = promo.cart_agg_trans,
	STYPE        = internal,
	SSPACE       = 512,
	COMBINEFUNC  = promo.cart_agg_combine,
	SERIALFUNC   = promo.cart_agg_serialize,
	DESERIALFUNC = promo.cart_agg_deserialize,
	FINALFUNC    = promo.cart_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.cart_agg(bigint, text, numeric, numeric) IS 'order lines into a cart, the same in any row order; amounts per unit of quantity, to 4 decimals, quantities to 3; no rows: NULL; a NULL line, sku, qty or unit_price, a negative or NaN figure, a duplicate line: error';

CREATE AGGREGATE promo.cart_agg(line bigint, sku text, qty numeric, unit_price numeric, tags text[]) (
	SFUNC        = promo.cart_agg_trans,
	STYPE        = internal,
	SSPACE       = 512,
	COMBINEFUNC  = promo.cart_agg_combine,
	SERIALFUNC   = promo.cart_agg_serialize,
	DESERIALFUNC = promo.cart_agg_deserialize,
	FINALFUNC    = promo.cart_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.cart_agg(bigint, text, numeric, numeric, text[]) IS 'order lines into a cart, the same in any row order; tags NULL or empty: none; amounts per unit of quantity, to 4 decimals, quantities to 3; no rows: NULL; a NULL line, sku, qty or unit_price, a negative or NaN figure, a duplicate line: error';

CREATE AGGREGATE promo.cart_agg(line bigint, sku text, qty numeric, unit_price numeric, tags text[], unit_cost numeric) (
	SFUNC        = promo.cart_agg_trans,
	STYPE        = internal,
	SSPACE       = 512,
	COMBINEFUNC  = promo.cart_agg_combine,
	SERIALFUNC   = promo.cart_agg_serialize,
	DESERIALFUNC = promo.cart_agg_deserialize,
	FINALFUNC    = promo.cart_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.cart_agg(bigint, text, numeric, numeric, text[], numeric) IS 'order lines into a cart, the same in any row order; tags, unit_cost NULL: none; amounts per unit of quantity, to 4 decimals, quantities to 3; no rows: NULL; a NULL line, sku, qty or unit_price, a negative or NaN figure, a duplicate line: error';

CREATE AGGREGATE promo.cart_agg(line bigint, sku text, qty numeric, unit_price numeric, tags text[], unit_cost numeric, floor_price numeric) (
	SFUNC        = promo.cart_agg_trans,
	STYPE        = internal,
	SSPACE       = 512,
	COMBINEFUNC  = promo.cart_agg_combine,
	SERIALFUNC   = promo.cart_agg_serialize,
	DESERIALFUNC = promo.cart_agg_deserialize,
	FINALFUNC    = promo.cart_agg_final,
	PARALLEL     = SAFE
);
COMMENT ON AGGREGATE promo.cart_agg(bigint, text, numeric, numeric, text[], numeric, numeric) IS 'order lines into a cart, the same in any row order; tags, unit_cost, floor_price NULL: none; amounts per unit of quantity, to 4 decimals, quantities to 3; no rows: NULL; a NULL line, sku, qty or unit_price, a negative or NaN figure, a duplicate line: error';

