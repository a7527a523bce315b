/*-------------------------------------------------------------------------
 *
 * numeric.h
 *	  numeric to and from the engine's scaled integers
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_NUMERIC_H
#define PROMO_NUMERIC_H

#include "promo.h"

typedef enum PromoNumber
{
	PROMO_NUMBER_EXACT = 0,
	PROMO_NUMBER_NAN,
	PROMO_NUMBER_INFINITE,
	PROMO_NUMBER_TOO_FINE,		/* more decimals than the scale holds */
	PROMO_NUMBER_TOO_LARGE		/* beyond 900 trillion */
} PromoNumber;

/* value * 10^digits, digits being 3 (quantities) or 4 (money); exact or not at all */
extern PromoNumber promo_numeric_to_scaled(Datum value, int digits, int64 *result);
/* raises what a PromoNumber says; "price of line 3" has more than 4 decimals */
pg_noreturn extern void promo_report_number(PromoNumber number, int digits, const char *what);
/* both in one: the argument `what`, which may not be negative */
extern int64 promo_amount_of_numeric(Datum value, const char *what);

/* A numeric as built here, sized for any scaled integer. */
typedef struct PromoNumeric
{
	int32		vl_len_;
	uint16		header;
	uint16		digits[5];
} PromoNumeric;

/* builds value / 10^digits in place, with at least min_decimals decimals */
extern Datum promo_put_numeric(PromoNumeric *numeric, int64 value, int digits, int min_decimals);

/* money with 2 to 4 decimals, quantities and points with as many as they need */
static inline Datum
promo_put_money(PromoNumeric *numeric, int64 value)
{
	return promo_put_numeric(numeric, value, PROMO_MONEY_DIGITS, 2);
}

static inline Datum
promo_put_qty(PromoNumeric *numeric, int64 value)
{
	return promo_put_numeric(numeric, value, PROMO_QTY_DIGITS, 0);
}

static inline Datum
promo_put_points(PromoNumeric *numeric, int64 value)
{
	return promo_put_numeric(numeric, value, PROMO_MONEY_DIGITS, 0);
}

static inline Datum
promo_money_datum(int64 value)
{
	return promo_put_money(palloc(sizeof(PromoNumeric)), value);
}

/* numeric[] of money */
extern Datum promo_money_array(const int64_t *amounts, int n);

/*
 * Weights of any size and number of decimals as whole numbers in the same
 * proportion, whose sum is below 2^63: what is beyond 18 digits of the largest
 * is cut.  Raises what cannot be a weight.
 */
extern int64 *promo_weights_of_numerics(const Datum *values, const bool *nulls, int n);

#endif							/* PROMO_NUMERIC_H */
