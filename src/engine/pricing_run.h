/*-------------------------------------------------------------------------
 *
 * pricing_run.h
 *	  the state of pricing one cart, shared by price_cart.c (stages),
 *	  product_search.c (who gets which product) and explain_cart.c
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_PRICING_RUN_H
#define PROMO_PRICING_RUN_H

#include "price_cart.h"
#include "rule_effect.h"

/*
 * A rule that competes for products: with `on each`, one of these for every
 * SKU.  members[first ...] are its lines, then the lines that it may give.
 */
typedef struct PromoCandidate
{
	uint32_t	rule;
	int			first;
	int			nlines;
	int			nrewards;
} PromoCandidate;

/* What a rule opens to the buyer beyond what is in the cart. */
typedef struct PromoOpening
{
	uint32_t	rule;
	const PromoTier *tier;
	int64_t		qty;
} PromoOpening;

/* Everything that applying rules changes, besides the lines. */
typedef struct PromoGiven
{
	uint32_t	nadjustments;
	uint32_t	nopenings;
	int64_t		discount;		/* of the goods, so far */
	int64_t		fee_left;
} PromoGiven;

/* A state of the run that can be returned to. */
typedef struct PromoSnapshot
{
	PromoGiven	given;
	PromoLineState *lines;		/* as many as the scope of the snapshot has */
} PromoSnapshot;

typedef struct PromoRun
{
	PromoArena *arena;			/* of what lasts; scene.arena may be a trial's */
	PromoScene	scene;
	const PromoRuleset *rules;
	const PromoRequest *request;
	PromoError *err;

	PromoCandidate *candidates; /* of the product stage, in the ruleset's order */
	int			ncandidates;
	int		   *members;
	int			nmembers;
	int			member_capacity;
	bool		may_offer;		/* some candidate names SKUs to give */
	bool		units_used;		/* some rule has used up units */
	const uint32_t *later[PROMO_STAGE_POINTS + 1];	/* by stage: admitted rules, ascending */
	uint32_t	nlater[PROMO_STAGE_POINTS + 1];
	bool		all_admitted;	/* nothing but the ruleset decides which rules are */
	const bool *left_out;		/* by rule number: lost its group; NULL if there are none */

	PromoGiven	given;
	PromoAdjustment *adjustments;	/* rule: its number in the ruleset */
	uint32_t	adjustment_capacity;
	PromoOpening *openings;
	uint32_t	opening_capacity;
	int64_t		points;
	uint32_t   *pointed;		/* rules that gave points */
	uint32_t	npointed;

	int		   *lines;			/* scratch: the eligible lines of a candidate ... */
	int		   *rewards;		/* ... and its rewards */

	uint32_t   *ranks;			/* scratch of promo_prefer */
	uint32_t	rank_capacity;

	int64_t		nodes;			/* of the search, so far */
	bool		optimal;
} PromoRun;

/* no choice has been made about a product, or none is to be made */
#define PROMO_UNDECIDED		(-1)

/* price_cart.c */

/* why a rule is not even looked at; PROMO_APPLIED if it is */
extern PromoStatus promo_admission(const PromoRun *run, uint32_t rule);
/* gets ready for a cart; false with err set if an amount is out of range */
extern bool promo_run_begin(PromoRun *run, PromoArena *arena, const PromoCart *cart,
							const PromoRuleset *rules, const PromoRequest *request,
							PromoError *err);
/* fresh lines, as they were before any rule */
extern void promo_run_reset(PromoRun *run);
/* prices the cart: lines, adjustments, fee and points are the result */
extern void promo_run_price(PromoRun *run);
/* all rules that could concern the cart, whether admitted or not */
extern void promo_find_candidates(PromoRun *run, bool admitted_only, int64_t only);

/* what a candidate gives where `choice` (by product; NULL for all) leaves it its products */
extern void promo_candidate_effect(PromoRun *run, const PromoCandidate *candidate,
								   const int *choice, int rival, PromoEffect *effect);
/* takes off what the effect gives; in the product stage its lines get an owner */
extern void promo_apply(PromoRun *run, uint32_t rule, const PromoEffect *effect);
/* money that a rule of the order or code stage gives on the cart; applies it if asked */
extern int64_t promo_later_effect(PromoRun *run, uint32_t rule, bool apply);
/* the lines of a rule of a later stage, and its rewards, into run->lines and run->rewards */
extern void promo_later_lines(PromoRun *run, uint32_t rule, int product, int *nlines,
							  int *nrewards);
/* what a rule of the shipping stage takes off the fee; applies it if asked */
extern int64_t promo_shipping_effect(PromoRun *run, uint32_t rule, bool apply);
/* the stages behind the product stage, each for itself */
extern void promo_later_stages(PromoRun *run);
/* admitted rules of a later stage whose `when` holds: the next from position i of its list */
extern uint32_t promo_next_later(PromoRun *run, uint32_t i, PromoStage stage);
/* whether adjustments a are to be preferred to b at equal totals: fewer rules, then names */
extern bool promo_prefer(PromoRun *run, const PromoAdjustment *a, uint32_t na,
						 const PromoAdjustment *b, uint32_t nb);

/* product_search.c */

/* the product stage where rules of one priority want the same products */
extern void promo_search_products(PromoRun *run);
/* the whole cart, `search => 'cart'` */
extern void promo_search_cart(PromoRun *run);

#endif							/* PROMO_PRICING_RUN_H */
