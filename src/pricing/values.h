/*-------------------------------------------------------------------------
 *
 * values.h
 *	  the doors of cart, rule, ruleset and quote
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_PRICING_VALUES_H
#define PROMO_PRICING_VALUES_H

#include "engine/quote_value.h"
#include "flat.h"

extern const PromoFlat promo_flat_cart;
extern const PromoFlat promo_flat_rule;
extern const PromoFlat promo_flat_ruleset;
extern const PromoFlat promo_flat_quote;

#define DatumGetPromoCartP(d)	((const PromoCart *) promo_flat_of_datum(&promo_flat_cart, d))
#define DatumGetPromoRuleP(d)	((const PromoRule *) promo_flat_of_datum(&promo_flat_rule, d))
#define DatumGetPromoRulesetP(d) ((const PromoRuleset *) promo_flat_of_datum(&promo_flat_ruleset, d))
#define DatumGetPromoQuoteP(d)	((const PromoQuote *) promo_flat_of_datum(&promo_flat_quote, d))

#define PG_GETARG_PROMO_CART_P(n)	DatumGetPromoCartP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_RULE_P(n)	DatumGetPromoRuleP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_RULESET_P(n) DatumGetPromoRulesetP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_QUOTE_P(n)	DatumGetPromoQuoteP(PG_GETARG_DATUM(n))

#endif							/* PROMO_PRICING_VALUES_H */
