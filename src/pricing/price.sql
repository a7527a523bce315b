-- ----------------------------------------------------------------
-- pricing
-- ----------------------------------------------------------------

-- not STRICT: a NULL list of tags or codes is an empty one
CREATE FUNCTION promo.price(cart promo.cart, rules promo.ruleset, at timestamptz DEFAULT now(),
							buyer text[] DEFAULT '{}', codes text[] DEFAULT '{}',
							shipping numeric DEFAULT 0, without text[] DEFAULT '{}')
	RETURNS promo.quote
	AS 'MODULE_PATHNAME', 'promo_price' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 250;
COMMENT ON FUNCTION promo.price(promo.cart, promo.ruleset, timestamptz, text[], text[], numeric, text[]) IS
	'the cart under the rules at that instant; buyer: tags of the buyer, codes: presented, shipping: the fee, a multiple of the unit, without: names of rules to leave out; NULL cart, rules or at: NULL; NULL lists are empty, NULL shipping is 0; a NULL in a list, an amount out of range: error';

CREATE FUNCTION promo.explain(cart promo.cart, rules promo.ruleset, at timestamptz DEFAULT now(),
							  buyer text[] DEFAULT '{}', codes text[] DEFAULT '{}',
							  shipping numeric DEFAULT 0, without text[] DEFAULT '{}')
	RETURNS TABLE (rule text, status text, reason text, amount numeric, needs_amount numeric,
				   needs_qty numeric, next_saving numeric, lost_to text)
	AS 'MODULE_PATHNAME', 'promo_explain' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5000 ROWS 10;
COMMENT ON FUNCTION promo.explain(promo.cart, promo.ruleset, timestamptz, text[], text[], numeric, text[]) IS
	'a row for every rule that could concern the cart, with what price() did with it: status applied, not_met, superseded, not_now, not_for_buyer, no_code or no_room; needs_amount, needs_qty: missing to the rule or its next tier, next_saving: what that would bring; arguments as in price()';

CREATE FUNCTION promo.refund(quote promo.quote, returned jsonb, rules promo.ruleset DEFAULT NULL,
							 shipping boolean DEFAULT false)
	RETURNS TABLE (line bigint, qty numeric, amount numeric)
	AS 'MODULE_PATHNAME', 'promo_refund' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 250 ROWS 5;
COMMENT ON FUNCTION promo.refund(promo.quote, jsonb, promo.ruleset, boolean) IS
	'what is given back for [{"line":1,"qty":1}], everything returned so far; with rules: what was paid less the price of what is kept; line NULL: points to take back (qty) or shipping (qty NULL); NULL quote or returned: no rows; an unknown line or more than was bought: error';

CREATE FUNCTION promo.apportion(amount numeric, weights numeric[], unit numeric DEFAULT 0.01) RETURNS numeric[]
	AS 'MODULE_PATHNAME', 'promo_apportion_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION promo.apportion(numeric, numeric[], numeric) IS
	'amount split by weights in multiples of the unit, by largest remainder, ties to the earlier; adds up to amount, which may be negative and must be a multiple of the unit; a NULL or negative weight, no weights, or none above zero for an amount: error';

