-- ----------------------------------------------------------------
-- clv_model: type
-- ----------------------------------------------------------------

CREATE TYPE promo.clv_model;

CREATE FUNCTION promo.clv_model_in(cstring) RETURNS promo.clv_model
	AS 'MODULE_PATHNAME', 'promo_clv_model_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_in(cstring) IS 'reads a model from its text form';
CREATE FUNCTION promo.clv_model_out(promo.clv_model) RETURNS cstring
	AS 'MODULE_PATHNAME', 'promo_clv_model_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_out(promo.clv_model) IS 'the canonical text form of a model; independent of every setting';
CREATE FUNCTION promo.clv_model_recv(internal) RETURNS promo.clv_model
	AS 'MODULE_PATHNAME', 'promo_clv_model_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_recv(internal) IS 'reads a model from its external binary form';
CREATE FUNCTION promo.clv_model_send(promo.clv_model) RETURNS bytea
	AS 'MODULE_PATHNAME', 'promo_clv_model_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_send(promo.clv_model) IS 'the external binary form of a model; begins with its version';

CREATE TYPE promo.clv_model (
	INPUT     = promo.clv_model_in,
	OUTPUT    = promo.clv_model_out,
	RECEIVE   = promo.clv_model_recv,
	SEND      = promo.clv_model_send,
	ALIGNMENT = double,
	STORAGE   = extended
);
COMMENT ON TYPE promo.clv_model IS 'parameters of a population''s purchases and how they were found; JSON {"model":"bg/nbd","unit":"week","r":0.243,"alpha":4.414,"a":0.793,"b":2.426,"spend":{"p":6.25,"q":3.74,"v":15.44}}, spend and what fits add optional; amounts in whole units of money';

-- ----------------------------------------------------------------
-- clv_model: casts
-- ----------------------------------------------------------------

CREATE FUNCTION promo.clv_model(json) RETURNS promo.clv_model
	AS 'MODULE_PATHNAME', 'promo_clv_model_of_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.clv_model(json) IS 'reads {"model":"bg/nbd","unit":"week","r":..,"alpha":..,"a":..,"b":.. [,"fit":{..},"spend":{"p":..,"q":..,"v":.. [,"fit":{..}]}]}; a missing or unknown member, or a parameter that is not above 0, is an error';
CREATE FUNCTION promo.to_json(promo.clv_model) RETURNS pg_catalog.json
	AS 'MODULE_PATHNAME', 'promo_clv_model_as_json' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_json(promo.clv_model) IS 'the model as json; reads back equal';
CREATE CAST (json AS promo.clv_model) WITH FUNCTION promo.clv_model(json);
COMMENT ON CAST (json AS promo.clv_model) IS 'reads {"model":"bg/nbd","unit":"week","r":..,"alpha":..,"a":..,"b":.. [,"fit":{..},"spend":{"p":..,"q":..,"v":.. [,"fit":{..}]}]}; a missing or unknown member, or a parameter that is not above 0, is an error';
CREATE CAST (promo.clv_model AS json) WITH FUNCTION promo.to_json(promo.clv_model);
COMMENT ON CAST (promo.clv_model AS json) IS 'the model as json; reads back equal';
CREATE FUNCTION promo.clv_model(jsonb) RETURNS promo.clv_model
	AS 'MODULE_PATHNAME', 'promo_clv_model_of_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.clv_model(jsonb) IS 'reads {"model":"bg/nbd","unit":"week","r":..,"alpha":..,"a":..,"b":.. [,"fit":{..},"spend":{"p":..,"q":..,"v":.. [,"fit":{..}]}]}; a missing or unknown member, or a parameter that is not above 0, is an error';
CREATE FUNCTION promo.to_jsonb(promo.clv_model) RETURNS pg_catalog.jsonb
	AS 'MODULE_PATHNAME', 'promo_clv_model_as_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.to_jsonb(promo.clv_model) IS 'the model as jsonb; reads back equal';
CREATE CAST (jsonb AS promo.clv_model) WITH FUNCTION promo.clv_model(jsonb);
COMMENT ON CAST (jsonb AS promo.clv_model) IS 'reads {"model":"bg/nbd","unit":"week","r":..,"alpha":..,"a":..,"b":.. [,"fit":{..},"spend":{"p":..,"q":..,"v":.. [,"fit":{..}]}]}; a missing or unknown member, or a parameter that is not above 0, is an error';
CREATE CAST (promo.clv_model AS jsonb) WITH FUNCTION promo.to_jsonb(promo.clv_model);
COMMENT ON CAST (promo.clv_model AS jsonb) IS 'the model as jsonb; reads back equal';

-- ----------------------------------------------------------------
-- clv_model: operators, by canonical bytes
-- ----------------------------------------------------------------

CREATE FUNCTION promo.clv_model_eq(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_eq(promo.clv_model, promo.clv_model) IS 'implements an operator: equal bytes';
CREATE FUNCTION promo.clv_model_ne(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_ne(promo.clv_model, promo.clv_model) IS 'implements an operator: different bytes';
CREATE FUNCTION promo.clv_model_lt(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_lt(promo.clv_model, promo.clv_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.clv_model_le(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_le(promo.clv_model, promo.clv_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.clv_model_gt(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_gt(promo.clv_model, promo.clv_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.clv_model_ge(promo.clv_model, promo.clv_model) RETURNS boolean
	AS 'MODULE_PATHNAME', 'promo_flat_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_ge(promo.clv_model, promo.clv_model) IS 'implements an operator: bytewise order';
CREATE FUNCTION promo.clv_model_cmp(promo.clv_model, promo.clv_model) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_cmp(promo.clv_model, promo.clv_model) IS 'less, equal or greater in bytewise order: -1, 0 or 1';
CREATE FUNCTION promo.clv_model_hash(promo.clv_model) RETURNS integer
	AS 'MODULE_PATHNAME', 'promo_flat_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_hash(promo.clv_model) IS 'hash of the bytes';
CREATE FUNCTION promo.clv_model_hash_extended(promo.clv_model, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'promo_flat_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_model_hash_extended(promo.clv_model, bigint) IS 'hash of the bytes, seeded';

CREATE OPERATOR promo.= (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_eq,
	COMMUTATOR = OPERATOR(promo.=), NEGATOR = OPERATOR(promo.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR promo.= (promo.clv_model, promo.clv_model) IS 'equal';
CREATE OPERATOR promo.<> (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_ne,
	COMMUTATOR = OPERATOR(promo.<>), NEGATOR = OPERATOR(promo.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR promo.<> (promo.clv_model, promo.clv_model) IS 'not equal';
CREATE OPERATOR promo.< (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_lt,
	COMMUTATOR = OPERATOR(promo.>), NEGATOR = OPERATOR(promo.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR promo.< (promo.clv_model, promo.clv_model) IS 'before in bytewise order';
CREATE OPERATOR promo.<= (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_le,
	COMMUTATOR = OPERATOR(promo.>=), NEGATOR = OPERATOR(promo.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR promo.<= (promo.clv_model, promo.clv_model) IS 'before in bytewise order, or equal';
CREATE OPERATOR promo.> (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_gt,
	COMMUTATOR = OPERATOR(promo.<), NEGATOR = OPERATOR(promo.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR promo.> (promo.clv_model, promo.clv_model) IS 'behind in bytewise order';
CREATE OPERATOR promo.>= (
	LEFTARG = promo.clv_model, RIGHTARG = promo.clv_model, FUNCTION = promo.clv_model_ge,
	COMMUTATOR = OPERATOR(promo.<=), NEGATOR = OPERATOR(promo.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR promo.>= (promo.clv_model, promo.clv_model) IS 'behind in bytewise order, or equal';

CREATE OPERATOR CLASS promo.clv_model_ops DEFAULT FOR TYPE promo.clv_model USING btree AS
	OPERATOR 1 promo.<,
	OPERATOR 2 promo.<=,
	OPERATOR 3 promo.=,
	OPERATOR 4 promo.>=,
	OPERATOR 5 promo.>,
	FUNCTION 1 promo.clv_model_cmp(promo.clv_model, promo.clv_model);
COMMENT ON OPERATOR CLASS promo.clv_model_ops USING btree IS 'bytewise order';
CREATE OPERATOR CLASS promo.clv_model_ops DEFAULT FOR TYPE promo.clv_model USING hash AS
	OPERATOR 1 promo.=,
	FUNCTION 1 promo.clv_model_hash(promo.clv_model),
	FUNCTION 2 promo.clv_model_hash_extended(promo.clv_model, bigint);
COMMENT ON OPERATOR CLASS promo.clv_model_ops USING hash IS 'hash of the bytes';

-- ----------------------------------------------------------------
-- clv_model: fit
-- ----------------------------------------------------------------

-- not STRICT: the state starts as NULL, and NULL histories are left out
CREATE FUNCTION promo.clv_fit_trans(internal, promo.history, date) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_clv_fit_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_fit_trans(internal, promo.history, date) IS 'transition of promo.clv_fit';
CREATE FUNCTION promo.clv_fit_trans(internal, promo.history, date, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'promo_clv_fit_trans' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_fit_trans(internal, promo.history, date, text) IS 'transition of promo.clv_fit';
CREATE FUNCTION promo.clv_fit_final(internal) RETURNS promo.clv_model
	AS 'MODULE_PATHNAME', 'promo_clv_fit_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION promo.clv_fit_final(internal) IS 'the model of a state of promo.clv_fit';

CREATE AGGREGATE promo.clv_fit(h promo.history, as_of date) (
	SFUNC     = promo.clv_fit_trans,
	STYPE     = internal,
	SSPACE    = 65536,
	FINALFUNC = promo.clv_fit_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.clv_fit(promo.history, date) IS 'the BG/NBD model (Fader, Hardie and Lee 2005) of largest likelihood for a population''s order days until as_of, and the gamma-gamma model of what is spent on them; one row per customer, the same in any row order to nine digits; time in weeks; NULL histories and customers without an order until as_of are left out, nobody: NULL; as_of must be the same in all rows and not NULL; memory beyond work_mem goes to a temporary file';

CREATE AGGREGATE promo.clv_fit(h promo.history, as_of date, model text) (
	SFUNC     = promo.clv_fit_trans,
	STYPE     = internal,
	SSPACE    = 65536,
	FINALFUNC = promo.clv_fit_final,
	PARALLEL  = SAFE
);
COMMENT ON AGGREGATE promo.clv_fit(promo.history, date, text) IS 'the model of largest likelihood for a population''s order days until as_of, bg/nbd (Fader, Hardie and Lee 2005) or mbg/nbd (Batislam, Denizel and Filiztekin 2007), and the gamma-gamma model of what is spent on them; one row per customer, the same in any row order to nine digits; time in weeks; NULL histories and customers without an order until as_of are left out, nobody: NULL; what follows h must be the same in all rows and not NULL; memory beyond work_mem goes to a temporary file';

-- ----------------------------------------------------------------
-- clv_model: one customer
-- ----------------------------------------------------------------

CREATE FUNCTION promo.p_alive(h promo.history, model promo.clv_model, as_of date) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_p_alive' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION promo.p_alive(promo.history, promo.clv_model, date) IS 'probability from 0 to 1 that a customer had not left on as_of (BG/NBD or MBG/NBD); 1 with bg/nbd for who bought once; NULL without an order until as_of';
CREATE FUNCTION promo.expected_orders(h promo.history, model promo.clv_model, as_of date, days integer) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_expected_orders' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION promo.expected_orders(promo.history, promo.clv_model, date, integer) IS 'number of order days expected of a customer in the days after as_of (BG/NBD or MBG/NBD, conditional expectation); NULL without an order until as_of; negative days: error';
CREATE FUNCTION promo.expected_spend(h promo.history, model promo.clv_model) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_expected_spend' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION promo.expected_spend(promo.history, promo.clv_model) IS 'amount expected of an order day of a customer, in the currency of the history (gamma-gamma, Fader, Hardie and Lee 2005); looks at the whole history; NULL without an order, with a model without spend, or where it is infinite';
CREATE FUNCTION promo.clv(h promo.history, model promo.clv_model, as_of date, months integer, annual_discount numeric DEFAULT 0) RETURNS double precision
	AS 'MODULE_PATHNAME', 'promo_clv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION promo.clv(promo.history, promo.clv_model, date, integer, numeric) IS 'what a customer is expected to spend in the months of 365 / 12 days after as_of, discounted by annual_discount a year (0.1: 10 %) at the end of each month, in the currency of the history; what was spent until as_of is not in it; NULL without an order until as_of and where expected spend is; negative or more than 1200 months, a negative or infinite discount: error';
