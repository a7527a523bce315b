-- ----------------------------------------------------------------
-- cart: type
-- ----------------------------------------------------------------

CREATE TYPE promo.cart;

CREATE FUNCTION promo.cart_in(cstring) RETURNS promo.cart
	AS 'MODULE_PATHNAME', 'promo_cart_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_in(cstring) IS 'reads a cart from its text form';
CREATE FUNCTION promo.cart_out(promo.cart) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_cart_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_out(promo.cart) IS 'the canonical text form of a cart; independent of every setting';
CREATE FUNCTION promo.cart_recv(internal) RETURNS promo.cart
	AS 'MODULE_PATHNAME', 'promo_cart_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_recv(internal) IS 'reads a cart from its external binary form';
CREATE FUNCTION promo.cart_send(promo.cart) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_cart_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_send(promo.cart) IS 'the external binary form of a cart; begins with its version';

CREATE TYPE promo.cart (
	INPUT     = promo.cart_in,
	OUTPUT    = promo.cart_out,
	RECEIVE   = promo.cart_recv,
	SEND      = promo.cart_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.cart IS 'the lines of one order; JSON [{"line":1,"sku":"A","qty":3,"price":"80.00","tags":["x"],"cost":"40.00","floor":"60.00"}], the last three optional';

-- ----------------------------------------------------------------
-- cart: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.cart(json) RETURNS promo.cart
	AS 'MODULE_PATHNAME', 'promo_cart_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.cart(json) IS 'reads [{"line":..,"sku":..,"qty":..,"price":.. [,"tags":[..],"cost":..,"floor":..]}]; a missing, negative, too fine or duplicate member is an error';
CREATE FUNCTION promo.to_json(promo.cart) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_cart_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.cart) IS 'the cart as json; reads back equal';
CREATE CAST (json AS promo.cart) WITH FUNCTION promo.cart(json);
COMMENT ON CAST (json AS promo.cart) IS 'reads [{"line":..,"sku":..,"qty":..,"price":.. [,"tags":[..],"cost":..,"floor":..]}]; a missing, negative, too fine or duplicate member is an error';
CREATE CAST (promo.cart AS json) WITH FUNCTION promo.to_json(promo.cart);
COMMENT ON CAST (promo.cart AS json) IS 'the cart as json; reads back equal';
CREATE FUNCTION promo.cart(jsonb) RETURNS promo.cart
	AS 'MODULE_PATHNAME', 'promo_cart_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.cart(jsonb) IS 'reads [{"line":..,"sku":..,"qty":..,"price":.. [,"tags":[..],"cost":..,"floor":..]}]; a missing, negative, too fine or duplicate member is an error';
CREATE FUNCTION promo.to_jsonb(promo.cart) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_cart_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.cart) IS 'the cart as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.cart) WITH FUNCTION promo.cart(jsonb);
COMMENT ON CAST (jsonb AS promo.cart) IS 'reads [{"line":..,"sku":..,"qty":..,"price":.. [,"tags":[..],"cost":..,"floor":..]}]; a missing, negative, too fine or duplicate member is an error';
CREATE CAST (promo.cart AS jsonb) WITH FUNCTION promo.to_jsonb(promo.cart);
COMMENT ON CAST (promo.cart AS jsonb) IS 'the cart as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- cart: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.cart_eq(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_eq(promo.cart, promo.cart) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.cart_ne(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_ne(promo.cart, promo.cart) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.cart_lt(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_lt(promo.cart, promo.cart) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.cart_le(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_le(promo.cart, promo.cart) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.cart_gt(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_gt(promo.cart, promo.cart) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.cart_ge(promo.cart, promo.cart) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_ge(promo.cart, promo.cart) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.cart_cmp(promo.cart, promo.cart) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_cmp(promo.cart, promo.cart) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.cart_hash(promo.cart) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_hash(promo.cart) IS 'hash of the bytes';
CREATE FUNCTION promo.cart_hash_extended(promo.cart, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.cart_hash_extended(promo.cart, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.cart, promo.cart) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.cart, promo.cart) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.cart, promo.cart) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.cart, promo.cart) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.cart, promo.cart) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.cart, RIGHTARG = promo.cart, FUNCTION = promo.cart_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.cart, promo.cart) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.cart_ops DEFAULT FOR TYPE promo.cart USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.cart_cmp(promo.cart, promo.cart);
COMMENT ON OPERATOR CLASS promo.cart_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.cart_ops DEFAULT FOR TYPE promo.cart USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.cart_hash(promo.cart),
	FUNCTION 2 promo.cart_hash_extended(promo.cart, bigint);
COMMENT ON OPERATOR CLASS promo.cart_ops USING hash IS 'hash of the bytes';

