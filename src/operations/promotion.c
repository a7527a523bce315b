/*-------------------------------------------------------------------------
 *
 * promotion.c
 *	  promo.activity_skus: the products that a rule has to itself
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pricing/values.h"
#include "utils/array.h"
#include "utils/builtins.h"

static bool
is_among(const PromoRule *rule, PromoSlice names, PromoText name)
{
	for (uint32 i = 0; i < names.n; i++)
		if (promo_text_equal(promo_rule_name(rule, names, i), name))
			return true;
	return false;
}

/* A rule of the product stage that anybody gets, and that does not go with others, has its SKUs to itself. */
PG_FUNCTION_INFO_V1(promo_activity_skus);
Datum
promo_activity_skus(PG_FUNCTION_ARGS)
{
	const PromoRule *rule = PG_GETARG_PROMO_RULE_P(0);
	const PromoScope *scope = &rule->scope;
	Datum	   *skus;
	int			n = 0;

	if (rule->stage != PROMO_STAGE_PRODUCT || scope->kind != PROMO_ON_SKU ||
		(rule->clauses & (PROMO_STACK | PROMO_HAS_CODE | PROMO_HAS_FOR)) != 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));

	skus = palloc(scope->names.n * sizeof(Datum));
	for (uint32 i = 0; i < scope->names.n; i++)
	{
		PromoText	sku = promo_rule_name(rule, scope->names, i);

		CHECK_FOR_INTERRUPTS();
		if (!is_among(rule, scope->except_skus, sku))
			skus[n++] = promo_text_datum(sku);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(skus, n, TEXTOID, -1, false, TYPALIGN_INT));
}
