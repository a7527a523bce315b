/*-------------------------------------------------------------------------
 *
 * cart_value.h
 *	  the lines of one order: the flat form that is stored and priced
 *
 * Lines are sorted by their number, so that the same lines in any order are
 * the same bytes.  Layout: header, PromoCartLine[nlines], then, if the flag
 * says so, int64 costs[nlines], int64 floors[nlines], and PromoSlice
 * tags[nlines] (each an array of uint32 offsets of strings, sorted by hash),
 * then strings.  A string is its 32-bit hash, its length in 2 bytes, and its
 * bytes; it starts at a multiple of 4.  The whole is padded with zeros to a
 * multiple of 8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CART_VALUE_H
#define PROMO_CART_VALUE_H

#include "json_reader.h"
#include "rule_value.h"

#define PROMO_CART_VERSION	1

#define PROMO_CART_COSTS	0x01	/* at least one line has a cost */
#define PROMO_CART_FLOORS	0x02
#define PROMO_CART_TAGS		0x04
#define PROMO_CART_REPEATS	0x08	/* some SKU is on more than one line */
#define PROMO_CART_FLAGS	0x0f

#define PROMO_UNKNOWN		INT64_C(-1) /* no cost, no floor */

typedef struct PromoCartLine
{
	int64_t		line;
	int64_t		qty;			/* 1/1000 */
	int64_t		price;			/* money */
	uint32_t	hash;			/* promo_hash of the SKU */
	uint32_t	sku;			/* offset of the SKU's string from the cart's start */
} PromoCartLine;

typedef struct PromoCart
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		flags;
	uint16_t	unused;			/* zero */
	uint32_t	nlines;
	uint32_t	size;			/* bytes of the whole, a multiple of 8 */
	PromoCartLine lines[];
} PromoCart;

_Static_assert(sizeof(PromoCartLine) == 32, "part of the disk format");
_Static_assert(offsetof(PromoCart, lines) == 16, "part of the disk format");

/* A string inside a cart. */
typedef struct PromoHashed
{
	uint32_t	hash;
	uint16_t	len;
	char		data[];
} PromoHashed;

static inline const PromoHashed *
promo_cart_string(const PromoCart *cart, uint32_t at)
{
	return (const PromoHashed *) ((const char *) cart + at);
}

static inline PromoText
promo_cart_sku(const PromoCart *cart, uint32_t i)
{
	const PromoHashed *s = promo_cart_string(cart, cart->lines[i].sku);

	return (PromoText) {s->data, s->len};
}

/* the optional columns; NULL if the cart has none */
static inline const int64_t *
promo_cart_costs(const PromoCart *cart)
{
	return cart->flags & PROMO_CART_COSTS ? (const int64_t *) (cart->lines + cart->nlines) : NULL;
}

static inline const int64_t *
promo_cart_floors(const PromoCart *cart)
{
	const int64_t *columns = (const int64_t *) (cart->lines + cart->nlines);

	if (!(cart->flags & PROMO_CART_FLOORS))
		return NULL;
	return cart->flags & PROMO_CART_COSTS ? columns + cart->nlines : columns;
}

static inline const PromoSlice *
promo_cart_tags(const PromoCart *cart)
{
	const int64_t *columns = (const int64_t *) (cart->lines + cart->nlines);

	if (!(cart->flags & PROMO_CART_TAGS))
		return NULL;
	if (cart->flags & PROMO_CART_COSTS)
		columns += cart->nlines;
	if (cart->flags & PROMO_CART_FLOORS)
		columns += cart->nlines;
	return (const PromoSlice *) columns;
}

/* the j-th tag of line i */
static inline const PromoHashed *
promo_cart_tag(const PromoCart *cart, const PromoSlice *tags, uint32_t i, uint32_t j)
{
	const uint32_t *list = (const uint32_t *) ((const char *) cart + tags[i].at);

	return promo_cart_string(cart, list[j]);
}

/*
 * What a cart is built from.  Lines arrive in any order; cost and floor are
 * PROMO_UNKNOWN where there is none.  Duplicate tags of a line are dropped.
 */
typedef struct PromoCartInput
{
	int64_t		line;
	int64_t		qty;
	int64_t		price;
	int64_t		cost;
	int64_t		floor;
	uint32_t	hash;			/* promo_hash of the SKU */
	uint32_t	ntags;
	PromoText	sku;
	const PromoText *tags;
} PromoCartInput;

/*
 * The only maker of carts.  Sorts lines[] in place if need be.  Checks what
 * cannot be checked line by line: duplicates, number of lines, sum of the
 * amounts within PROMO_MONEY_MAX.
 */
extern PromoCart *promo_cart_build(PromoArena *arena, PromoCartInput *lines, int n, PromoError *err);
/* range checks of one line's figures, with the line's number in the message */
extern bool promo_cart_check_line(const PromoCartInput *line, PromoError *err);

/* [{"line":1,"sku":"A","qty":3,"price":"80.00","tags":["x"],"cost":"40.00","floor":"60.00"}] */
extern PromoCart *promo_cart_from_json(PromoArena *arena, PromoText json, PromoError *err);
extern void promo_cart_to_json(PromoBuffer *buf, const PromoCart *cart);

/*
 * Pieces for other lists of lines: the line number of an element, one figure
 * of a line (no data is an error), and where a line is in the cart, or -1.
 */
extern bool promo_cart_read_number(PromoText text, int element, int64_t *line, PromoError *err);
extern bool promo_cart_read_figure(PromoText text, const char *what, int64_t line, int digits,
								   int64_t max, int64_t *figure, PromoError *err);
extern int	promo_cart_find_line(const PromoCart *cart, int64_t line);

/*
 * JSON for a quote, whose lines carry more: an array of lines with their
 * figures (PROMO_UNKNOWN where none is given), and one line without its braces.
 */
typedef struct PromoLineFigures
{
	int64_t		amount;
	int64_t		discount;
	int64_t		net;
} PromoLineFigures;

extern PromoCartInput *promo_cart_read_lines(PromoJson *json, int *n, PromoLineFigures **figures);
extern void promo_cart_put_line(PromoBuffer *buf, const PromoCart *cart, uint32_t i);

extern void promo_cart_pack(PromoBuffer *buf, const PromoCart *cart);
extern PromoCart *promo_cart_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

#endif							/* PROMO_CART_VALUE_H */
