/*-------------------------------------------------------------------------
 *
 * price_cart.h
 *	  a cart under a ruleset: the quote, the explanation, the refund
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_PRICE_CART_H
#define PROMO_PRICE_CART_H

#include "cart_value.h"
#include "quote_value.h"
#include "ruleset_value.h"

/* Everything that a price depends on besides cart and rules. */
typedef struct PromoRequest
{
	int64_t		at;
	int			weekday;		/* of `at` in the ruleset's zone, 0 = Sunday; for days, hours */
	int			second;			/* of that day */
	int64_t		fee;			/* shipping, a multiple of the ruleset's unit */
	const PromoText *buyer;
	uint32_t	nbuyer;
	const PromoText *codes;
	uint32_t	ncodes;
	const PromoText *without;
	uint32_t	nwithout;
} PromoRequest;

/* NULL only with err set: amounts beyond the money range */
extern PromoQuote *promo_price_cart(PromoArena *arena, const PromoCart *cart,
									const PromoRuleset *rules, const PromoRequest *request,
									PromoError *err);

typedef enum PromoStatus
{
	PROMO_APPLIED = 0,
	PROMO_NOT_MET,
	PROMO_SUPERSEDED,
	PROMO_NOT_NOW,
	PROMO_NOT_FOR_BUYER,
	PROMO_NO_CODE,
	PROMO_NO_ROOM
} PromoStatus;

extern const char *const promo_status_names[];

typedef struct PromoExplanation
{
	PromoText	rule;
	PromoStatus status;
	PromoText	reason;			/* a sentence with figures */
	int64_t		amount;			/* money given, 0 if none */
	int64_t		needs_amount;	/* PROMO_UNKNOWN where it does not apply; so below */
	int64_t		needs_qty;		/* 1/1000 */
	int64_t		next_saving;	/* money */
	PromoText	lost_to;		/* empty if to nobody */
} PromoExplanation;

/* a row for every rule that could concern the cart, in the ruleset's order */
extern PromoExplanation *promo_explain_cart(PromoArena *arena, const PromoCart *cart,
											const PromoRuleset *rules, const PromoRequest *request,
											int *n, PromoError *err);

/* A row of refund(): a returned line, a gift or points to take back, shipping. */
typedef struct PromoRefund
{
	int32_t		line;			/* index into the cart's lines; -1: points or shipping */
	bool		has_qty;
	int64_t		qty;			/* 1/1000; points: 1/1000 point */
	int64_t		amount;
} PromoRefund;

/*
 * rules may be NULL: then every unit gives back what was paid for it.  With
 * rules, request->weekday and second are those of quote->at in the rules' zone;
 * the rest of the request is taken from the quote.
 */
extern PromoRefund *promo_refund_quote(PromoArena *arena, const PromoQuote *quote,
									   PromoText returned, const PromoRuleset *rules,
									   const PromoRequest *request, bool shipping,
									   int *n, PromoError *err);

#endif							/* PROMO_PRICE_CART_H */
