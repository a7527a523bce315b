/*-------------------------------------------------------------------------
 *
 * ruleset_value.h
 *	  named rules with priority and period, indexed by SKU and tag
 *
 * Rules are sorted by priority, highest first, then by name: their order is
 * the order in which pricing looks at them, and the same rules in any order
 * are the same bytes.  Two hash tables lead from a SKU or a tag to the rules
 * that name it; rules that concern every cart are in lists of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULESET_VALUE_H
#define PROMO_RULESET_VALUE_H

#include "calendar.h"
#include "rule_value.h"

#define PROMO_RULESET_VERSION	1

typedef enum PromoSearch
{
	PROMO_SEARCH_STAGE = 0,		/* the lowest total at the end of each stage */
	PROMO_SEARCH_CART			/* the lowest total of the whole cart */
} PromoSearch;

#define PROMO_DEFAULT_SEARCH_LIMIT	10000
#define PROMO_MAX_SEARCH_LIMIT		100000000

#define PROMO_DEFAULT_UNIT	100		/* 0.01 */

/*
 * A period's bounds that are in it.  An unbounded side is PROMO_INSTANT_MIN or
 * PROMO_INSTANT_MAX and has its bit unset.
 */
#define PROMO_LOWER_INCLUSIVE	0x01
#define PROMO_UPPER_INCLUSIVE	0x02
#define PROMO_PERIOD_EMPTY		0x04	/* never: both instants 0 */

typedef struct PromoPeriod
{
	int64_t		lower;
	int64_t		upper;
	uint8_t		flags;
} PromoPeriod;

typedef struct PromoRulesetEntry
{
	int64_t		lower;			/* the period */
	int64_t		upper;
	int32_t		priority;
	uint32_t	rule;			/* offset of the PromoRule */
	PromoString name;
	uint8_t		period;			/* PROMO_LOWER_INCLUSIVE ... */
	uint8_t		stage;			/* copies of what is looked at first */
	uint16_t	clauses;
	uint32_t	rank;			/* by name, among all rules */
	uint32_t	traits;			/* PROMO_NAMES_REWARDS ... */
	uint32_t	unused;
} PromoRulesetEntry;

/* PromoRulesetEntry.traits: what pricing asks first, so that it need not look at the rule */
#define PROMO_NAMES_REWARDS	0x01	/* some tier names SKUs to give */
#define PROMO_HAS_EXCEPTS	0x02	/* the scope excepts SKUs or tags */
#define PROMO_CONDITIONAL	0x04	/* on instant, buyer, code, or other rules */
#define PROMO_ON_EACH		0x08
#define PROMO_PLAIN			0x10	/* takes something off whole lines, without any bound */

/* One slot of a hash table; free if n is 0. */
typedef struct PromoSlot
{
	uint32_t	hash;
	uint32_t	n;				/* how many rules */
	uint32_t	rules;			/* offset of uint32[n], ascending */
	uint32_t	key;			/* offset of the string's bytes */
	uint32_t	key_len;
} PromoSlot;

/*
 * Which rules are looked at for every cart.  Those of the stages behind the
 * product stage have the stage's number.
 */
typedef enum PromoList
{
	PROMO_LIST_PRODUCT = PROMO_STAGE_PRODUCT,	/* on all, or on each of all */
	PROMO_LIST_ORDER = PROMO_STAGE_ORDER,	/* whatever their scope; so below */
	PROMO_LIST_CODE = PROMO_STAGE_CODE,
	PROMO_LIST_SHIPPING = PROMO_STAGE_SHIPPING,
	PROMO_LIST_POINTS = PROMO_STAGE_POINTS,
	PROMO_LIST_EXCLUSIVE,		/* every exclusive rule */
	PROMO_LIST_GROUP,			/* every rule of a group */
	PROMO_LISTS
} PromoList;

/*
 * The plainest rules of the order stage take an amount off once the order has
 * reached another.  A shop may have dozens of those at its highest priority,
 * of which one applies: the best of them, by what is left of the order.
 */
typedef struct PromoStep
{
	int64_t		from;			/* least that is left */
	int64_t		amount;			/* taken off */
	uint32_t	rule;
	uint32_t	unused;
} PromoStep;

/* PromoRuleset.flags */
#define PROMO_RULESET_CLOCK		0x01	/* some rule has days or hours */
#define PROMO_RULESET_OFFERS	0x20	/* some rule behind the product stage names rewards */
#define PROMO_RULESET_RANKED	0x40	/* no two rules of the product stage have one priority */
/* some rule of this stage is conditional */
#define PROMO_RULESET_CONDITIONAL(stage)	(0x01 << (stage))

typedef struct PromoRuleset
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		flags;
	uint8_t		rounding;		/* PromoRounding */
	uint8_t		search;			/* PromoSearch */
	uint32_t	size;			/* bytes of the whole, a multiple of 8 */
	uint32_t	nrules;
	int64_t		unit;			/* money */
	int32_t		search_limit;
	uint32_t	entries;		/* offset of PromoRulesetEntry[nrules] */
	PromoString zone;			/* canonical name; empty for UTC */
	uint32_t	sku_slots;		/* offset of PromoSlot[sku_mask + 1] */
	uint32_t	sku_mask;
	uint32_t	tag_slots;
	uint32_t	tag_mask;
	PromoSlice	lists[PROMO_LISTS]; /* uint32[]: ascending rule numbers */
	PromoSlice	steps;			/* PromoStep[], ascending; may be empty */
	uint32_t	stepped;		/* how many rules of the order stage they stand for */
	uint32_t	unused;
} PromoRuleset;

static inline const PromoRulesetEntry *
promo_ruleset_entry(const PromoRuleset *set, uint32_t i)
{
	return (const PromoRulesetEntry *) ((const char *) set + set->entries) + i;
}

static inline const PromoRule *
promo_ruleset_rule(const PromoRuleset *set, uint32_t i)
{
	return (const PromoRule *) ((const char *) set + promo_ruleset_entry(set, i)->rule);
}

static inline PromoText
promo_ruleset_name(const PromoRuleset *set, uint32_t i)
{
	PromoString s = promo_ruleset_entry(set, i)->name;

	return (PromoText) {(const char *) set + s.at, s.len};
}

static inline const uint32_t *
promo_ruleset_list(const PromoRuleset *set, PromoList which, uint32_t *n)
{
	*n = set->lists[which].n;
	return (const uint32_t *) ((const char *) set + set->lists[which].at);
}

/*
 * Rules of the product stage that name this SKU (or tag): in their scope, or
 * as what a get, add or gift gives.  Rules of later stages are found through
 * PROMO_LIST_LATER only.
 */
static inline const uint32_t *
promo_ruleset_find(const PromoRuleset *set, uint32_t slots, uint32_t mask,
				   uint32_t hash, const char *data, uint32_t len, uint32_t *n)
{
	const PromoSlot *table = (const PromoSlot *) ((const char *) set + slots);

	for (uint32_t i = hash & mask;; i = (i + 1) & mask)
	{
		if (table[i].n == 0)
		{
			*n = 0;
			return NULL;
		}
		if (table[i].hash == hash && table[i].key_len == len &&
			memcmp((const char *) set + table[i].key, data, len) == 0)
		{
			*n = table[i].n;
			return (const uint32_t *) ((const char *) set + table[i].rules);
		}
	}
}

/* What a ruleset is built from. */
typedef struct PromoRulesetInput
{
	PromoText	name;
	const PromoRule *rule;
	int32_t		priority;
	PromoPeriod period;
} PromoRulesetInput;

typedef struct PromoSettings
{
	int64_t		unit;
	PromoRounding rounding;
	PromoSearch search;
	int32_t		search_limit;
	PromoText	zone;			/* checked by the caller, who has the zones; "" for UTC */
} PromoSettings;

extern const PromoSettings promo_default_settings;

/* The only maker of rulesets; checks names, number of rules and settings. Sorts rules[]. */
extern PromoRuleset *promo_ruleset_build(PromoArena *arena, PromoRulesetInput *rules, int n,
										 const PromoSettings *settings, PromoError *err);
/* back to what it was built from; names and rules point into the set */
extern PromoRulesetInput *promo_ruleset_inputs(PromoArena *arena, const PromoRuleset *set);
extern void promo_ruleset_settings(const PromoRuleset *set, PromoSettings *settings);

/*
 * Puts other amounts into the `max` of n rules that have one, given by number:
 * the same bytes as if the set had been built so.  The set is changed in place.
 */
extern void promo_ruleset_change_max(PromoRuleset *set, const uint32_t *rules, const int64_t *max,
									 uint32_t n);

/*
 * "stage"/"cart" and "half_up"/"half_even"/"down"; the same errors from
 * configure() and from JSON.
 */
extern bool promo_parse_rounding(PromoText text, PromoRounding *rounding, PromoError *err);
extern const char *promo_rounding_name(PromoRounding rounding);
extern bool promo_parse_search(PromoText text, PromoSearch *search, PromoError *err);
extern bool promo_check_unit(int64_t unit, PromoError *err);
extern bool promo_check_search_limit(int64_t limit, PromoError *err);

/*
 * '[2026-01-01,2026-02-01)' in ISO 8601; without an offset it is UTC, so that no
 * session's setting is looked at.  Years 0001 to 9999.
 */
extern bool promo_parse_period(PromoText text, PromoPeriod *period, PromoError *err);
/* that a period has the one form that promo_parse_period gives */
extern bool promo_check_period(const PromoPeriod *period, PromoError *err);
extern void promo_put_period(PromoBuffer *buf, const PromoPeriod *period);

/*
 * Reads a JSON array of rules, a JSON object of settings with "rules", or bare
 * rules separated by ';', then named 1, 2, ...  check_zone may be NULL.
 */
extern PromoRuleset *promo_ruleset_from_text(PromoArena *arena, PromoText text,
											 bool (*check_zone) (PromoText *zone, PromoError *err),
											 PromoError *err);
/* canonical JSON; an array if all settings are the defaults, else an object */
extern void promo_ruleset_to_json(PromoBuffer *buf, const PromoRuleset *set);

extern void promo_ruleset_pack(PromoBuffer *buf, const PromoRuleset *set);
extern PromoRuleset *promo_ruleset_unpack(PromoArena *arena, const void *data, size_t len,
										  bool (*check_zone) (PromoText *zone, PromoError *err),
										  PromoError *err);

#endif							/* PROMO_RULESET_VALUE_H */
