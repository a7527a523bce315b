/*-------------------------------------------------------------------------
 *
 * rule_value.h
 *	  one promotion's rule: the flat form that is stored, indexed and priced
 *
 * A rule is one block of bytes: the fixed part, then arrays and strings that
 * it reaches by offsets from its own start, so that it is used where it lies.
 * The text form (rule_parse.c, rule_print.c) is canonical, therefore equal
 * rules have equal bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULE_VALUE_H
#define PROMO_RULE_VALUE_H

#include "engine.h"

#define PROMO_RULE_VERSION	1

typedef enum PromoStage
{
	PROMO_STAGE_PRODUCT = 0,	/* scope sku, tag, all, each */
	PROMO_STAGE_ORDER,
	PROMO_STAGE_CODE,			/* any rule on goods with `code` */
	PROMO_STAGE_SHIPPING,
	PROMO_STAGE_POINTS
} PromoStage;

typedef enum PromoCondition
{
	PROMO_ALWAYS = 0,			/* no condition */
	PROMO_SPEND,				/* spend 200: threshold is money; `over` if strict */
	PROMO_EVERY,				/* every 200: threshold is money */
	PROMO_BUY,					/* buy 2: threshold is a number of units */
	PROMO_EVERY_UNITS,			/* every 3 units */
	PROMO_BUY_SET				/* buy set: threshold is 0 */
} PromoCondition;

typedef enum PromoAction
{
	PROMO_SAVE_PERCENT = 0,		/* save 20%: value is a percentage */
	PROMO_SAVE_AMOUNT,			/* save 20: value is money, here and below */
	PROMO_SAVE_EACH,			/* save 20 each */
	PROMO_PRICE_EACH,			/* price 80 each */
	PROMO_TOTAL,				/* total 100 */
	PROMO_GET_FREE,				/* get 1 free; `count` units, as all of get, add, gift */
	PROMO_GET_SAVE_PERCENT,		/* get 1 save 50% */
	PROMO_GET_SAVE_AMOUNT,		/* get 1 save 5: off each reward unit */
	PROMO_GET_PRICE,			/* get 1 price 9.90: of each reward unit */
	PROMO_ADD,					/* add sku B, C at 20 [x2] */
	PROMO_GIFT,					/* gift sku B [x2] */
	PROMO_SHIPPING_SAVE_AMOUNT, /* save 5 shipping */
	PROMO_SHIPPING_SAVE_PERCENT,	/* save 20% shipping */
	PROMO_SHIPPING_FREE,		/* free shipping */
	PROMO_EARN_POINTS,			/* earn 10 points: value in points */
	PROMO_MULTIPLY_POINTS		/* points x2: value is the factor, in points' scale */
} PromoAction;

/* An array inside the rule: offset from the rule's start, and its length. */
typedef struct PromoSlice
{
	uint32_t	at;
	uint32_t	n;
} PromoSlice;

/* A string inside the rule (or any other flat value). */
typedef struct PromoString
{
	uint32_t	at;
	uint32_t	len;
} PromoString;

typedef enum PromoScopeKind
{
	PROMO_ON_ORDER = 0,			/* also where no `on` was written */
	PROMO_ON_ALL,
	PROMO_ON_SKU,
	PROMO_ON_TAG
} PromoScopeKind;

/* on [each] sku A, B except sku C except tag sale except discounted */
typedef struct PromoScope
{
	uint8_t		kind;			/* PromoScopeKind */
	uint8_t		each;			/* every SKU by itself; `on each` is PROMO_ON_ALL + each */
	uint8_t		except_discounted;
	uint8_t		unused;
	PromoSlice	names;			/* PromoString[]: the SKUs or tags */
	PromoSlice	except_skus;	/* PromoString[] */
	PromoSlice	except_tags;	/* PromoString[] */
} PromoScope;

typedef struct PromoTier
{
	int64_t		threshold;		/* money, or a number of units, by condition */
	int64_t		value;			/* money, percentage, points or factor, by action */
	int64_t		count;			/* units of get, add, gift; 1 for the others */
	PromoSlice	skus;			/* PromoString[]: of get ... of sku, add, gift */
	uint8_t		condition;		/* PromoCondition */
	uint8_t		action;			/* PromoAction */
	uint8_t		strict;			/* spend over */
	uint8_t		unused[5];
} PromoTier;

/* when [condition] [on SCOPE]; `when sku X, Y` is PROMO_ALWAYS on sku X, Y */
typedef struct PromoWhen
{
	int64_t		threshold;
	uint8_t		condition;		/* PROMO_ALWAYS (any line in scope), PROMO_SPEND, PROMO_BUY */
	uint8_t		strict;
	uint8_t		unused[2];
	PromoScope	scope;
} PromoWhen;

/* hours 22:00-02:00: minutes of the day, from < 1440, to <= 1440, from <> to */
typedef struct PromoHours
{
	uint16_t	from;
	uint16_t	to;
} PromoHours;

typedef enum PromoBasis
{
	PROMO_BASIS_DEFAULT = 0,	/* list in the product stage, running later */
	PROMO_BASIS_LIST,
	PROMO_BASIS_RUNNING
} PromoBasis;

typedef enum PromoChoice
{
	PROMO_CHOICE_DEFAULT = 0,
	PROMO_CHOICE_DEAREST,
	PROMO_CHOICE_CHEAPEST
} PromoChoice;

/* PromoRule.clauses */
#define PROMO_HAS_MAX		0x0001
#define PROMO_HAS_LIMIT		0x0002
#define PROMO_LIMIT_PER_LINE 0x0004
#define PROMO_HAS_TIMES		0x0008
#define PROMO_HAS_FLOOR		0x0010
#define PROMO_HAS_MARGIN	0x0020
#define PROMO_STACK			0x0040
#define PROMO_EXCLUSIVE		0x0080
#define PROMO_STOP			0x0100
#define PROMO_GRADUATED		0x0200
#define PROMO_HAS_GROUP		0x0400
#define PROMO_HAS_CODE		0x0800
#define PROMO_HAS_FOR		0x1000
#define PROMO_HAS_WHEN		0x2000
#define PROMO_HAS_DAYS		0x4000
#define PROMO_HAS_HOURS		0x8000

typedef struct PromoRule
{
	int32_t		vl_len_;		/* the server's length word; engine leaves it 0 */
	uint8_t		version;		/* PROMO_RULE_VERSION */
	uint8_t		flags;			/* reserved, zero */
	uint8_t		stage;			/* PromoStage, derived */
	uint8_t		basis;			/* PromoBasis */
	uint8_t		choice;			/* PromoChoice */
	uint8_t		days;			/* bit 0 Sunday ... bit 6 Saturday; 0 = every day */
	uint16_t	clauses;		/* PROMO_HAS_... */
	uint32_t	size;			/* bytes of the whole rule, a multiple of 8 */
	int64_t		max;
	int64_t		limit;			/* whole units */
	int64_t		times;
	int64_t		floor;			/* money */
	int64_t		margin;			/* percentage, below 100 % */
	PromoScope	scope;
	PromoSlice	tiers;			/* PromoTier[], ascending, at least one */
	PromoSlice	buyers;			/* PromoSlice[] of PromoString[]: all of (any of) */
	PromoSlice	codes;			/* PromoString[] */
	PromoSlice	whens;			/* PromoWhen[] */
	PromoSlice	hours;			/* PromoHours[] */
	PromoString group;
	/* arrays (8-byte aligned) and string bytes follow */
} PromoRule;

_Static_assert(sizeof(PromoScope) == 28, "part of the disk format");
_Static_assert(sizeof(PromoTier) == 40, "part of the disk format");
_Static_assert(sizeof(PromoWhen) == 40, "part of the disk format");
_Static_assert(offsetof(PromoRule, max) == 16, "part of the disk format");

#define PROMO_RULE_ARRAY(rule, type, slice) \
	((const type *) ((const char *) (rule) + (slice).at))

static inline const PromoTier *
promo_rule_tiers(const PromoRule *rule)
{
	return PROMO_RULE_ARRAY(rule, PromoTier, rule->tiers);
}

static inline PromoText
promo_rule_text(const PromoRule *rule, PromoString s)
{
	return (PromoText) {(const char *) rule + s.at, s.len};
}

/* the i-th string of a PromoString[] */
static inline PromoText
promo_rule_name(const PromoRule *rule, PromoSlice slice, uint32_t i)
{
	return promo_rule_text(rule, PROMO_RULE_ARRAY(rule, PromoString, slice)[i]);
}

/*
 * Text.  promo_rule_parse reads one rule and must reach the end of the text;
 * promo_rules_parse reads bare rules separated by ';' (an empty one is
 * skipped) into *rules.  The server's length word is left 0.
 */
extern PromoRule *promo_rule_parse(PromoArena *arena, PromoText text, PromoError *err);
extern bool promo_rules_parse(PromoArena *arena, PromoText text, PromoRule ***rules, int *n,
							  PromoError *err);
extern void promo_rule_print(PromoBuffer *buf, const PromoRule *rule);

/* JSON of documented shape, see doc/reference.md; both directions lose nothing. */
extern PromoRule *promo_rule_from_json(PromoArena *arena, PromoText json, PromoError *err);
extern void promo_rule_to_json(PromoBuffer *buf, const PromoRule *rule);

/* External binary form: version byte, canonical text. */
extern void promo_rule_pack(PromoBuffer *buf, const PromoRule *rule);
extern PromoRule *promo_rule_unpack(PromoArena *arena, const void *data, size_t len,
									PromoError *err);

/*
 * The rule when these SKUs, in ascending order, cannot be had: they are taken out
 * of its scope, or excepted from it where it does not name SKUs, and out of what
 * its tiers give.  A tier with nothing left to give goes, and so does a set that
 * is not whole; *left is NULL if nothing of the rule is left.
 */
extern bool promo_rule_without(PromoArena *arena, const PromoRule *rule, const PromoText *gone,
							   uint32_t n, PromoRule **left, PromoError *err);
/* the rule with this `max`, above 0, whatever it said before */
extern PromoRule *promo_rule_with_max(PromoArena *arena, const PromoRule *rule, int64_t max);

/*
 * Shop copy; language is "en" or "zh", anything else is an error.  The names in
 * it are of the rule's encoding; wording is brought to that by of_utf8, or is
 * UTF-8 without one.
 */
typedef const char *PromoOfUtf8(const char *utf8);
extern bool promo_rule_describe(PromoBuffer *buf, const PromoRule *rule, PromoText language,
								PromoOfUtf8 *of_utf8, PromoError *err);

#endif							/* PROMO_RULE_VALUE_H */
