/*-------------------------------------------------------------------------
 *
 * quote_value.h
 *	  a priced cart: totals first, so that they are read without the rest,
 *	  then the cart itself and everything that was given on it
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_QUOTE_VALUE_H
#define PROMO_QUOTE_VALUE_H

#include "cart_value.h"

#define PROMO_QUOTE_VERSION	1

/* PromoQuote.flags */
#define PROMO_QUOTE_OPTIMAL	0x01	/* the search was exhaustive */
#define PROMO_QUOTE_COST	0x02	/* every line has a cost */

/* one amount taken off one line (or the shipping fee) by one rule */
typedef struct PromoAdjustment
{
	int64_t		amount;			/* money, positive */
	int64_t		units;			/* whole units it lies on, 0 = the whole line */
	uint32_t	rule;			/* index into names */
	uint16_t	line;			/* index into the cart's lines, PROMO_SHIPPING_LINE */
	uint8_t		free;			/* these units were given free */
	uint8_t		unused;
} PromoAdjustment;

#define PROMO_SHIPPING_LINE	0xffff

/* PromoOffer.kind: what action it comes from */
typedef struct PromoOffer
{
	int64_t		price;			/* money; PROMO_UNKNOWN where it depends on the product's */
	int64_t		qty;			/* whole units */
	uint32_t	rule;			/* index into names */
	uint8_t		kind;			/* PromoOfferKind */
	uint8_t		unused[3];
	PromoString sku;			/* in the quote */
} PromoOffer;

typedef enum PromoOfferKind
{
	PROMO_OFFER_ADD = 0,		/* "add": may be bought at `price` */
	PROMO_OFFER_GIFT,			/* "gift": for nothing */
	PROMO_OFFER_GET				/* "get": a reward unit */
} PromoOfferKind;

typedef struct PromoQuote
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		flags;
	uint8_t		rounding;		/* PromoRounding */
	uint8_t		unused;
	int64_t		unit;
	int64_t		subtotal;
	int64_t		discount;		/* of the goods */
	int64_t		fee;			/* shipping asked */
	int64_t		fee_discount;
	int64_t		points;			/* 1/10000 point */
	int64_t		cost;			/* with PROMO_QUOTE_COST, else 0 */
	int64_t		at;				/* the instant it was priced for */
	uint32_t	size;			/* bytes of the whole, a multiple of 8 */
	uint32_t	cart;			/* offset of the PromoCart */
	PromoSlice	nets;			/* int64[]: what is left of each line */
	PromoSlice	adjustments;	/* PromoAdjustment[] in order of application */
	PromoSlice	names;			/* PromoString[]: rules that gave something, sorted */
	PromoSlice	offers;			/* PromoOffer[] */
	PromoSlice	buyer;			/* PromoString[], sorted, no duplicates; so below */
	PromoSlice	codes;
	PromoSlice	without;
} PromoQuote;

/* the part that the totals are read from */
#define PROMO_QUOTE_TOTALS	offsetof(PromoQuote, size)

#define PROMO_QUOTE_ARRAY(quote, type, slice) \
	((const type *) ((const char *) (quote) + (slice).at))

static inline const PromoCart *
promo_quote_cart(const PromoQuote *quote)
{
	return (const PromoCart *) ((const char *) quote + quote->cart);
}

static inline PromoText
promo_quote_text(const PromoQuote *quote, PromoString s)
{
	return (PromoText) {(const char *) quote + s.at, s.len};
}

static inline PromoText
promo_quote_name(const PromoQuote *quote, PromoSlice slice, uint32_t i)
{
	return promo_quote_text(quote, PROMO_QUOTE_ARRAY(quote, PromoString, slice)[i]);
}

/* What a quote is built from; the arrays are the caller's. */
typedef struct PromoOfferInput
{
	PromoOffer	offer;			/* sku is ignored */
	PromoText	sku;
} PromoOfferInput;

typedef struct PromoQuoteInput
{
	bool		optimal;
	PromoRounding rounding;
	int64_t		unit;
	int64_t		fee;
	int64_t		fee_discount;
	int64_t		points;
	int64_t		at;
	const PromoCart *cart;
	const PromoAdjustment *adjustments;
	uint32_t	nadjustments;
	const PromoText *names;		/* in the order that adjustments and offers refer to */
	uint32_t	nnames;
	const PromoOfferInput *offers;
	uint32_t	noffers;
	const PromoText *buyer;		/* any order, duplicates allowed; so below */
	uint32_t	nbuyer;
	const PromoText *codes;
	uint32_t	ncodes;
	const PromoText *without;
	uint32_t	nwithout;
} PromoQuoteInput;

/*
 * The only maker of quotes: derives subtotal, discount, cost and nets from the
 * cart and the adjustments.  On the hot path of pricing: one allocation.
 */
extern PromoQuote *promo_quote_build(PromoArena *arena, const PromoQuoteInput *input);

/* A run of equal units of one line. */
typedef struct PromoUnits
{
	int64_t		qty;			/* 1/1000 */
	int64_t		amount;
	int64_t		discount;
	uint32_t	line;			/* index into the cart's lines */
} PromoUnits;

/*
 * Splits every line into runs of equal units, in the order in which they were
 * "bought": untouched units first, then reduced ones, free ones last; the
 * fraction of a unit that a weighed line ends in is a run of its own.  Amounts
 * and discounts are apportioned over the units of a line, so that units of one
 * run are equal to the smallest unit of money and runs add up to the line.
 */
extern PromoUnits *promo_quote_units(PromoArena *arena, const PromoQuote *quote, int *n);

/* One line of what came back, everything returned so far. */
typedef struct PromoReturn
{
	uint32_t	line;			/* index into the cart's lines */
	int64_t		qty;			/* 1/1000 */
	int64_t		amount;			/* what it gives back, by its units */
} PromoReturn;

/*
 * Reads [{"line":1,"qty":1}] (unknown line, a line twice, more than was bought:
 * errors) and fills in the amounts by units, last unit first.
 */
extern PromoReturn *promo_quote_returns(PromoArena *arena, const PromoQuote *quote, PromoText json,
										int *n, PromoError *err);

/* JSON, canonical; every figure, and what promo_quote_from_json needs to rebuild it */
extern void promo_quote_to_json(PromoBuffer *buf, const PromoQuote *quote);
extern PromoQuote *promo_quote_from_json(PromoArena *arena, PromoText json, PromoError *err);

extern void promo_quote_pack(PromoBuffer *buf, const PromoQuote *quote);
extern PromoQuote *promo_quote_unpack(PromoArena *arena, const void *data, size_t len,
									  PromoError *err);

#endif							/* PROMO_QUOTE_VALUE_H */
