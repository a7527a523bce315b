/*-------------------------------------------------------------------------
 *
 * rule_without.c
 *	  a rule when products are sold out or a budget runs low
 *
 *-------------------------------------------------------------------------
 */
#include "rule_value.h"

static bool
is_gone(PromoText sku, const PromoText *gone, uint32_t n)
{
	uint32_t	from = 0;

	while (from < n)
	{
		uint32_t	middle = from + (n - from) / 2;
		int			order = promo_text_compare(gone[middle], sku);

		if (order == 0)
			return true;
		if (order < 0)
			from = middle + 1;
		else
			n = middle;
	}
	return false;
}

/* takes what is gone out of a list; whether anything was in it */
static bool
drop_names(PromoRule *rule, PromoSlice *names, const PromoText *gone, uint32_t n)
{
	PromoString *items = (PromoString *) ((char *) rule + names->at);
	uint32_t	kept = 0;
	bool		dropped;

	for (uint32_t i = 0; i < names->n; i++)
		if (!is_gone(promo_rule_text(rule, items[i]), gone, n))
			items[kept++] = items[i];
	dropped = kept < names->n;
	names->n = kept;
	return dropped;
}

/* appends what is gone to `except sku`, in room behind the rule */
static void
except(PromoRule *rule, const PromoText *gone, uint32_t n)
{
	PromoSlice *excepted = &rule->scope.except_skus;
	uint32_t	at = rule->size;
	PromoString *items = (PromoString *) ((char *) rule + at);

	memcpy(items, (char *) rule + excepted->at, excepted->n * sizeof(PromoString));
	*excepted = (PromoSlice) {at, excepted->n + n};
	items += excepted->n - n;
	at += excepted->n * (uint32_t) sizeof(PromoString);
	for (uint32_t i = 0; i < n; i++)
	{
		memcpy((char *) rule + at, gone[i].data, gone[i].len);
		items[i] = (PromoString) {at, gone[i].len};
		at += gone[i].len;
	}
}

/*
 * Works on a copy whose lists are shortened where they lie, or put behind it:
 * printing and parsing that makes it canonical again.
 */
bool
promo_rule_without(PromoArena *arena, const PromoRule *rule, const PromoText *gone, uint32_t n,
				   PromoRule **left, PromoError *err)
{
	size_t		size = rule->size + (rule->scope.except_skus.n + n) * sizeof(PromoString);
	PromoRule  *copy;
	PromoTier  *tiers;
	uint32_t	kept = 0;
	bool		broken = false;
	PromoBuffer text;

	for (uint32_t i = 0; i < n; i++)
		size += gone[i].len;
	copy = promo_alloc(arena, size);
	memcpy(copy, rule, rule->size);

	*left = NULL;
	if (copy->scope.kind == PROMO_ON_SKU)
	{
		broken = drop_names(copy, &copy->scope.names, gone, n);
		if (copy->scope.names.n == 0)
			return true;
	}
	else
		except(copy, gone, n);

	tiers = (PromoTier *) ((char *) copy + copy->tiers.at);
	for (uint32_t i = 0; i < copy->tiers.n; i++)
	{
		bool		dropped = drop_names(copy, &tiers[i].skus, gone, n);

		if ((dropped && tiers[i].skus.n == 0) || (broken && tiers[i].condition == PROMO_BUY_SET))
			continue;
		tiers[kept++] = tiers[i];
	}
	copy->tiers.n = kept;
	if (kept == 0)
		return true;

	promo_buffer_init(&text, arena);
	promo_rule_print(&text, copy);
	*left = promo_rule_parse(arena, (PromoText) {text.data, (uint32_t) text.len}, err);
	return *left != NULL;
}

PromoRule *
promo_rule_with_max(PromoArena *arena, const PromoRule *rule, int64_t max)
{
	PromoRule  *copy = promo_alloc(arena, rule->size);

	memcpy(copy, rule, rule->size);
	copy->vl_len_ = 0;
	copy->clauses |= PROMO_HAS_MAX;
	copy->max = max;
	return copy;
}
