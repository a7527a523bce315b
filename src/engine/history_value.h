/*-------------------------------------------------------------------------
 *
 * history_value.h
 *	  one customer's purchase days, with number of orders and amount
 *
 * A history is canonical: days ascend, a day without orders and amount is left
 * out, and every column has the narrowest width that holds it.  So a customer
 * with one order takes some ten bytes, and day i is found without reading
 * those before it.  Behind the length word:
 *
 *		uint8	version
 *		uint8	format		widths, see below
 *		int32	first day
 *		n times			days since the first day: 0 (n < 2), 1, 2 or 4 bytes each
 *		n times			orders: 0 (one each), 1, 2 or 4 bytes
 *		n times			amount: 1, 2, 4 or 8 bytes, signed, in cents or in money
 *
 * n follows from the length.  Nothing is aligned.  An empty history has the
 * format 0 and the first day 0.
 *
 * While an aggregate collects, the same SQL type holds an "open" history: days
 * as they arrived, aligned, with room behind them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_HISTORY_VALUE_H
#define PROMO_HISTORY_VALUE_H

#include "calendar.h"

#define PROMO_HISTORY_VERSION	1

/* What happened on one day; an amount above 0 was an order, others are not. */
typedef struct PromoDay
{
	int32_t		day;
	uint32_t	orders;
	int64_t		amount;			/* money, may be negative: what was given back */
} PromoDay;

/* ----------------------------------------------------------------
 * building
 * ----------------------------------------------------------------
 */

/* adds what else happened on a day; false with err set if it gets too large */
extern bool promo_add_to_day(PromoDay *day, uint32_t orders, int64_t amount, PromoError *err);

/*
 * Sorts days, merges equal ones and leaves out those with nothing, in place;
 * false with err set if one gets too large.
 */
extern bool promo_settle_days(PromoArena *arena, PromoDay *days, uint32_t *n, PromoError *err);

/*
 * The history of settled days.  Its length word holds its size; the caller
 * makes that the server's.
 */
extern void *promo_history_of_days(PromoArena *arena, const PromoDay *days, uint32_t n,
								   PromoError *err);

/* ----------------------------------------------------------------
 * reading
 * ----------------------------------------------------------------
 */

typedef struct PromoHistory
{
	uint32_t	n;				/* days */
	int32_t		first;
	uint8_t		day_width;		/* bytes, 0 to 4 */
	uint8_t		orders_width;	/* bytes, 0 to 4 */
	uint8_t		amount_width;	/* bytes, 1 to 8 */
	uint8_t		unit;			/* of amounts, in money: 1, or 100 for cents */
	const uint8_t *days;
	const uint8_t *orders;
	const uint8_t *amounts;
} PromoHistory;

/* false if the bytes are no history of this version */
extern bool promo_history_open(PromoHistory *history, const void *image, size_t size);

/* an unsigned column's value; the branch is the same for a whole history */
static inline uint32_t
promo_column(const uint8_t *column, int width, uint32_t i, uint32_t if_none)
{
	uint16_t	two;
	uint32_t	four;

	switch (width)
	{
		case 0:
			return if_none;
		case 1:
			return column[i];
		case 2:
			memcpy(&two, column + 2 * (size_t) i, 2);
			return two;
		default:
			memcpy(&four, column + 4 * (size_t) i, 4);
			return four;
	}
}

static inline int32_t
promo_history_day(const PromoHistory *history, uint32_t i)
{
	return history->first + (int32_t) promo_column(history->days, history->day_width, i, 0);
}

static inline uint32_t
promo_history_orders(const PromoHistory *history, uint32_t i)
{
	return promo_column(history->orders, history->orders_width, i, 1);
}

static inline int64_t
promo_history_amount(const PromoHistory *history, uint32_t i)
{
	int16_t		two;
	int32_t		four;
	int64_t		eight;

	switch (history->amount_width)
	{
		case 1:
			return (int64_t) (int8_t) history->amounts[i] * history->unit;
		case 2:
			memcpy(&two, history->amounts + 2 * (size_t) i, 2);
			return (int64_t) two * history->unit;
		case 4:
			memcpy(&four, history->amounts + 4 * (size_t) i, 4);
			return (int64_t) four * history->unit;
		default:
			memcpy(&eight, history->amounts + 8 * (size_t) i, 8);
			return eight * history->unit;
	}
}

/* how many of its days are on or before this one: the others were not known then */
extern uint32_t promo_history_until(const PromoHistory *history, int32_t day);

/* its first n days, into an array that has room for them */
extern void promo_history_days(const PromoHistory *history, uint32_t n, PromoDay *days);

/*
 * What was known on a day.  An order day is a day with at least one order;
 * first, last and previous are order days, and only set where there are that
 * many.  Amounts are of money.
 */
typedef struct PromoPurchases
{
	int64_t		orders;
	int64_t		spent;			/* on all days, orders or not */
	int64_t		repeat_spent;	/* on order days after the first */
	uint32_t	order_days;
	int32_t		first;
	int32_t		last;
	int32_t		previous;		/* the order day before the last */
} PromoPurchases;

extern PromoPurchases promo_history_purchases(const PromoHistory *history, int32_t as_of);

/* ----------------------------------------------------------------
 * text, JSON, binary form
 * ----------------------------------------------------------------
 */

/* {2026-01-05 30.00, 2026-01-07 55.50/2}: canonical; read in any order */
extern void promo_history_print(PromoBuffer *buf, const PromoHistory *history);
extern void *promo_history_parse(PromoArena *arena, PromoText text, PromoError *err);

/* [{"day":"2026-01-07","orders":2,"amount":"55.50"}] */
extern void promo_history_to_json(PromoBuffer *buf, const PromoHistory *history);
extern void *promo_history_from_json(PromoArena *arena, PromoText json, PromoError *err);

/*
 * u8 version; u32 number of days; each: u32 day (as signed), u32 orders, i64
 * amount.  Days must ascend.
 */
extern void promo_history_pack(PromoBuffer *buf, const PromoHistory *history);
extern void *promo_history_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

#endif							/* PROMO_HISTORY_VALUE_H */
