/*-------------------------------------------------------------------------
 *
 * rule_effect.h
 *	  what one rule gives on given lines in a given state
 *
 * Pricing asks this question over and over, in the search too, so an effect
 * changes nothing: it is computed, compared, and applied by price_cart.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULE_EFFECT_H
#define PROMO_RULE_EFFECT_H

#include "cart_value.h"
#include "ratio.h"
#include "ruleset_value.h"

/* owner of a line in the product stage: the number of a rule, or one of */
#define PROMO_NOBODY	(-1)
#define PROMO_STACKED	(-2)	/* rules that say `stack` */

/* One line of the cart while it is being priced. */
typedef struct PromoLineState
{
	int64_t		amount;			/* list: price x qty */
	int64_t		left;			/* what is left of it */
	int64_t		qty;			/* 1/1000 */
	int64_t		free;			/* whole units given free */
	int64_t		used;			/* whole units used up, free ones included */
	int32_t		product;		/* the first line of its SKU */
	int32_t		next;			/* the next line of its SKU, or -1 */
	int32_t		owner;
	bool		stopped;
} PromoLineState;

/* What all effects on one cart share. */
typedef struct PromoScene
{
	PromoArena *arena;
	const PromoCart *cart;
	const int64_t *costs;		/* as in the cart, may be NULL */
	const int64_t *floors;
	const PromoSlice *tags;
	int64_t		unit;
	PromoRounding rounding;
	int			n;
	PromoLineState *lines;
	/* scratch of promo_rule_effect */
	struct PromoShare *shares;	/* n */
	PromoRatio *raws;			/* n */
	int64_t    *numbers;		/* 3n */
	int		   *indexes;		/* 9n */
	char	   *claims;			/* n * PROMO_APPORTION_SIZE */
} PromoScene;

/* What a rule gives on one line. */
typedef struct PromoShare
{
	int			line;
	bool		takes;			/* the rule takes this line */
	bool		free;			/* `units` are given free */
	int64_t		money;
	int64_t		units;			/* whole units it lies on, 0 = the whole line */
	int64_t		used;			/* whole units used up */
} PromoShare;

typedef enum PromoOutcome
{
	PROMO_GIVES = 0,			/* money > 0 */
	PROMO_NOT_REACHED,			/* no tier's condition holds */
	PROMO_NOTHING_LEFT,			/* reached, but nothing to take anything off */
	PROMO_BLOCKED,				/* reached, but a floor, cap or limit left nothing */
	PROMO_COST_UNKNOWN			/* reached, but `margin` on lines without cost */
} PromoOutcome;

typedef struct PromoEffect
{
	PromoOutcome outcome;
	int64_t		money;			/* sum of the shares */
	int64_t		wanted;			/* what it would be without floors, caps and margins */
	const PromoTier *tier;		/* the tier reached, or NULL */
	int64_t		basis;			/* money that the condition saw */
	int64_t		units;			/* units that the condition saw */
	int64_t		open_rewards;	/* add, gift, get of sku: entitled to and not in the cart */
	int			nshares;
	PromoShare *shares;			/* in the scene's scratch: valid until the next effect */
} PromoEffect;

/*
 * The effect of a rule on goods on eligible lines[nlines] (ascending), with
 * rewards[nrewards] the lines of SKUs that get, add or gift name.  Both are
 * already free of lines that the rule may not touch.
 */
extern void promo_rule_effect(PromoScene *scene, const PromoRule *rule,
							  const int *lines, int nlines, const int *rewards, int nrewards,
							  PromoEffect *effect);

/*
 * For rules on shipping and points: sets the tier reached and returns how
 * often, 0 if none.
 */
extern int64_t promo_rule_reached(PromoScene *scene, const PromoRule *rule,
								  const int *lines, int nlines, PromoEffect *effect);

/*
 * promo_apportion in memory of the scene: a search asks for thousands of
 * effects, and nothing is freed before its end.
 */
static inline int64_t
promo_scene_apportion(PromoScene *scene, int64_t amount, int n, const int64_t *weights,
					  const int64_t *caps, int64_t *shares)
{
	PromoArena	scratch = {
		.room = scene->claims, .room_end = scene->claims + (size_t) n * PROMO_APPORTION_SIZE
	};

	return promo_apportion(&scratch, amount, n, weights, caps, scene->unit, shares);
}

/* allocates the scratch for n lines */
extern void promo_scene_scratch(PromoScene *scene);

/* the line is in the scope and not excepted */
extern bool promo_in_scope(const PromoScene *scene, const PromoRule *rule, const PromoScope *scope,
						   int line);
/* the line's SKU is one that this tier names */
extern bool promo_is_reward(const PromoScene *scene, const PromoRule *rule, const PromoTier *tier,
							int line);
/* every `when` holds; otherwise *failed is the first that does not, and what it lacks */
extern bool promo_whens_hold(const PromoScene *scene, const PromoRule *rule,
							 const PromoWhen **failed, int64_t *lacks);
/* a line's money as the rule's thresholds see it */
extern int64_t promo_basis(const PromoScene *scene, const PromoRule *rule, int line);
/* what may still be taken off a line; -1 if `margin` asks for a cost that is unknown */
extern int64_t promo_room(const PromoScene *scene, const PromoRule *rule, int line);

#endif							/* PROMO_RULE_EFFECT_H */
