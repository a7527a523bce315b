/*-------------------------------------------------------------------------
 *
 * rule.c
 *	  the type promo.rule: one promotion's rule
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/rule_value.h"
#include "pricing/values.h"

static void *
from_text(PromoText text, PromoError *err)
{
	return promo_rule_parse(&promo_arena, text, err);
}

static void
to_text(PromoBuffer *buf, const void *value)
{
	promo_rule_print(buf, value);
}

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_rule_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	promo_rule_to_json(buf, value);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_rule_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	promo_rule_pack(buf, value);
}

const PromoFlat promo_flat_rule = {
	.name = "promo.rule",
	.version = PROMO_RULE_VERSION,
	.size_at = offsetof(PromoRule, size),
	.from_text = from_text,
	.to_text = to_text,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(rule);

/* shop copy */
PG_FUNCTION_INFO_V1(promo_describe);
Datum
promo_describe(PG_FUNCTION_ARGS)
{
	PromoBuffer buf;
	PromoError	err;

	promo_buffer_init(&buf, &promo_arena);
	if (!promo_rule_describe(&buf, PG_GETARG_PROMO_RULE_P(0),
							 promo_text_of_datum(PG_GETARG_DATUM(1)), promo_of_utf8, &err))
		promo_report(&err);
	return promo_text_datum((PromoText) {buf.data, (uint32_t) buf.len});
}
