/*-------------------------------------------------------------------------
 *
 * rule_print.c
 *	  the flat rule as canonical text, and its external binary form
 *
 * Equal rules print the same, and what is printed reads back as the same
 * bytes.  The external form is a version byte and the canonical text, so that
 * it does not depend on how a rule is laid out.
 *
 *-------------------------------------------------------------------------
 */
#include "rule_words.h"

#define BINARY_VERSION	1

void
promo_put_rule_name(PromoBuffer *buf, PromoText name)
{
	if (promo_is_bare_word(name))
	{
		promo_put(buf, name.data, name.len);
		return;
	}
	promo_putc(buf, '\'');
	for (uint32_t i = 0; i < name.len; i++)
	{
		if (name.data[i] == '\'')
			promo_putc(buf, '\'');
		promo_putc(buf, name.data[i]);
	}
	promo_putc(buf, '\'');
}

void
promo_put_rule_money(PromoBuffer *buf, int64_t money)
{
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, money % PROMO_MONEY == 0 ? 0 : 2);
}

void
promo_put_rule_percent(PromoBuffer *buf, int64_t percent)
{
	promo_put_decimal(buf, percent, PROMO_PERCENT_DIGITS, 0);
}

void
promo_put_rule_points(PromoBuffer *buf, int64_t points)
{
	promo_put_decimal(buf, points, PROMO_MONEY_DIGITS, 0);
}

void
promo_put_hours(PromoBuffer *buf, const PromoHours *hours)
{
	promo_putf(buf, "%02d:%02d-%02d:%02d", hours->from / 60, hours->from % 60,
			   hours->to / 60, hours->to % 60);
}

static void
put_money(PromoBuffer *buf, const char *before, int64_t money)
{
	promo_puts(buf, before);
	promo_put_rule_money(buf, money);
}

static void
put_percent(PromoBuffer *buf, const char *before, int64_t percent)
{
	promo_puts(buf, before);
	promo_put_rule_percent(buf, percent);
	promo_putc(buf, '%');
}

static void
put_units(PromoBuffer *buf, const char *before, int64_t units)
{
	promo_putf(buf, "%s%lld", before, (long long) units);
}

/* A, B behind a word; nothing if there are none */
static void
put_names(PromoBuffer *buf, const PromoRule *rule, const char *before, PromoSlice names)
{
	for (uint32_t i = 0; i < names.n; i++)
	{
		promo_puts(buf, i == 0 ? before : ", ");
		promo_put_rule_name(buf, promo_rule_name(rule, names, i));
	}
}

static void
put_condition(PromoBuffer *buf, PromoCondition condition, bool strict, int64_t threshold)
{
	switch (condition)
	{
		case PROMO_ALWAYS:
			break;
		case PROMO_SPEND:
			put_money(buf, strict ? "spend over " : "spend ", threshold);
			break;
		case PROMO_EVERY:
			put_money(buf, "every ", threshold);
			break;
		case PROMO_BUY:
			put_units(buf, "buy ", threshold);
			break;
		case PROMO_EVERY_UNITS:
			put_units(buf, "every ", threshold);
			promo_puts(buf, " units");
			break;
		case PROMO_BUY_SET:
			promo_puts(buf, "buy set");
			break;
	}
}

static void
put_count(PromoBuffer *buf, int64_t count)
{
	if (count > 1)
		put_units(buf, " x", count);
}

static void
put_action(PromoBuffer *buf, const PromoRule *rule, const PromoTier *tier)
{
	switch ((PromoAction) tier->action)
	{
		case PROMO_SAVE_PERCENT:
			put_percent(buf, "save ", tier->value);
			break;
		case PROMO_SAVE_AMOUNT:
			put_money(buf, "save ", tier->value);
			break;
		case PROMO_SAVE_EACH:
			put_money(buf, "save ", tier->value);
			promo_puts(buf, " each");
			break;
		case PROMO_PRICE_EACH:
			put_money(buf, "price ", tier->value);
			promo_puts(buf, " each");
			break;
		case PROMO_TOTAL:
			put_money(buf, "total ", tier->value);
			break;
		case PROMO_GET_FREE:
		case PROMO_GET_SAVE_PERCENT:
		case PROMO_GET_SAVE_AMOUNT:
		case PROMO_GET_PRICE:
			put_units(buf, "get ", tier->count);
			put_names(buf, rule, " of sku ", tier->skus);
			if (tier->action == PROMO_GET_FREE)
				promo_puts(buf, " free");
			else if (tier->action == PROMO_GET_SAVE_PERCENT)
				put_percent(buf, " save ", tier->value);
			else
				put_money(buf, tier->action == PROMO_GET_PRICE ? " price " : " save ", tier->value);
			break;
		case PROMO_ADD:
			put_names(buf, rule, "add sku ", tier->skus);
			put_money(buf, " at ", tier->value);
			put_count(buf, tier->count);
			break;
		case PROMO_GIFT:
			put_names(buf, rule, "gift sku ", tier->skus);
			put_count(buf, tier->count);
			break;
		case PROMO_SHIPPING_SAVE_AMOUNT:
			put_money(buf, "save ", tier->value);
			promo_puts(buf, " shipping");
			break;
		case PROMO_SHIPPING_SAVE_PERCENT:
			put_percent(buf, "save ", tier->value);
			promo_puts(buf, " shipping");
			break;
		case PROMO_SHIPPING_FREE:
			promo_puts(buf, "free shipping");
			break;
		case PROMO_EARN_POINTS:
			promo_puts(buf, "earn ");
			promo_put_rule_points(buf, tier->value);
			promo_puts(buf, " points");
			break;
		case PROMO_MULTIPLY_POINTS:
			promo_puts(buf, "points x");
			promo_put_rule_points(buf, tier->value);
			break;
	}
}

/* the scope with its exceptions; nothing for the whole order without any */
static void
put_scope(PromoBuffer *buf, const PromoRule *rule, const PromoScope *scope)
{
	switch ((PromoScopeKind) scope->kind)
	{
		case PROMO_ON_ORDER:
			if (scope->except_skus.n > 0 || scope->except_tags.n > 0 || scope->except_discounted)
				promo_puts(buf, " on order");
			break;
		case PROMO_ON_ALL:
			promo_puts(buf, scope->each ? " on each" : " on all");
			break;
		case PROMO_ON_SKU:
			put_names(buf, rule, scope->each ? " on each sku " : " on sku ", scope->names);
			break;
		case PROMO_ON_TAG:
			put_names(buf, rule, scope->each ? " on each tag " : " on tag ", scope->names);
			break;
	}
	put_names(buf, rule, " except sku ", scope->except_skus);
	put_names(buf, rule, " except tag ", scope->except_tags);
	if (scope->except_discounted)
		promo_puts(buf, " except discounted");
}

static void
put_when(PromoBuffer *buf, const PromoRule *rule, const PromoWhen *when)
{
	promo_puts(buf, " when ");
	if (when->condition == PROMO_ALWAYS)
	{
		put_names(buf, rule, when->scope.kind == PROMO_ON_SKU ? "sku " : "tag ", when->scope.names);
		return;
	}
	put_condition(buf, when->condition, when->strict, when->threshold);
	put_scope(buf, rule, &when->scope);
}

/* who, with what, when */
static void
put_circumstances(PromoBuffer *buf, const PromoRule *rule)
{
	const char *before = " days ";

	for (uint32_t i = 0; i < rule->buyers.n; i++)
		put_names(buf, rule, " for ", promo_rule_buyers(rule)[i]);
	put_names(buf, rule, " code ", rule->codes);
	for (uint32_t i = 0; i < rule->whens.n; i++)
		put_when(buf, rule, &promo_rule_whens(rule)[i]);
	for (int i = 1; i <= 7; i++)	/* from Monday */
	{
		if (!(rule->days & 1 << i % 7))
			continue;
		promo_puts(buf, before);
		promo_puts(buf, promo_day_names[i % 7]);
		before = ", ";
	}
	for (uint32_t i = 0; i < rule->hours.n; i++)
	{
		promo_puts(buf, i == 0 ? " hours " : ", ");
		promo_put_hours(buf, &promo_rule_hours(rule)[i]);
	}
}

/* how much, beside what */
static void
put_bounds(PromoBuffer *buf, const PromoRule *rule)
{
	if (rule->clauses & PROMO_HAS_MAX)
		put_money(buf, " max ", rule->max);
	if (rule->clauses & PROMO_HAS_LIMIT)
		put_units(buf, " limit ", rule->limit);
	if (rule->clauses & PROMO_LIMIT_PER_LINE)
		promo_puts(buf, " per line");
	if (rule->clauses & PROMO_HAS_TIMES)
		put_units(buf, " times ", rule->times);
	if (rule->clauses & PROMO_HAS_FLOOR)
		put_money(buf, " floor ", rule->floor);
	if (rule->clauses & PROMO_HAS_MARGIN)
		put_percent(buf, " margin ", rule->margin);
	if (rule->clauses & PROMO_STACK)
		promo_puts(buf, " stack");
	if (rule->clauses & PROMO_EXCLUSIVE)
		promo_puts(buf, " exclusive");
	if (rule->clauses & PROMO_HAS_GROUP)
	{
		promo_puts(buf, " group ");
		promo_put_rule_name(buf, promo_rule_text(rule, rule->group));
	}
	if (rule->clauses & PROMO_STOP)
		promo_puts(buf, " stop");
	if (rule->clauses & PROMO_GRADUATED)
		promo_puts(buf, " graduated");
	if (rule->choice != PROMO_CHOICE_DEFAULT)
		promo_puts(buf, rule->choice == PROMO_CHOICE_DEAREST ? " dearest" : " cheapest");
	if (rule->basis != PROMO_BASIS_DEFAULT)
		promo_puts(buf, rule->basis == PROMO_BASIS_LIST ? " of list" : " of running");
}

void
promo_rule_print(PromoBuffer *buf, const PromoRule *rule)
{
	for (uint32_t i = 0; i < rule->tiers.n; i++)
	{
		const PromoTier *tier = &promo_rule_tiers(rule)[i];

		if (i > 0)
			promo_puts(buf, ", ");
		put_condition(buf, tier->condition, tier->strict, tier->threshold);
		if (tier->condition != PROMO_ALWAYS)
			promo_putc(buf, ' ');
		put_action(buf, rule, tier);
	}
	put_scope(buf, rule, &rule->scope);
	put_circumstances(buf, rule);
	put_bounds(buf, rule);
}

void
promo_rule_pack(PromoBuffer *buf, const PromoRule *rule)
{
	promo_put_u8(buf, BINARY_VERSION);
	promo_rule_print(buf, rule);
}

PromoRule *
promo_rule_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader reader = {data, len, 0, false};
	uint8_t		version = promo_get_u8(&reader);
	PromoRule  *rule;

	if (reader.bad)
	{
		promo_fail(err, PROMO_BAD_BINARY, "insufficient data left in binary promo.rule");
		return NULL;
	}
	if (version != BINARY_VERSION)
	{
		promo_fail(err, PROMO_BAD_BINARY, "unsupported promo.rule version number %d", version);
		return NULL;
	}
	if (len - reader.at > UINT32_MAX)
	{
		promo_fail(err, PROMO_BAD_BINARY, "binary promo.rule is too long");
		return NULL;
	}
	rule = promo_rule_parse(arena, (PromoText) {reader.data + reader.at, (uint32_t) (len - reader.at)}, err);
	if (rule == NULL)
		err->code = PROMO_BAD_BINARY;
	return rule;
}
