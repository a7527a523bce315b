/*-------------------------------------------------------------------------
 *
 * clv_fit.h
 *	  fits models of lifetime value to a population
 *
 * Formulas and their sources are in doc/reference.md, "Lifetime value".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CLV_FIT_H
#define PROMO_CLV_FIT_H

#include "clv_model.h"
#include "records.h"

/* Customers with the same order days; times in days from the first to ... */
typedef struct PromoClvRecord
{
	uint32_t	x;				/* order days behind the first */
	int32_t		t_x;			/* ... the last order day; 0 if x is */
	int32_t		T;				/* ... the day of the fit */
	uint32_t	weight;			/* so many customers */
} PromoClvRecord;

/* Repeat customers who spent the same. */
typedef struct PromoSpendRecord
{
	int64_t		amount;			/* money on order days behind the first, above 0 */
	uint32_t	x;				/* those order days, at least 1 */
	uint32_t	weight;
} PromoSpendRecord;

/*
 * The model of largest likelihood, in weeks; NULL if there are no records of
 * orders.  `dropped` repeat customers have no record of spend since their
 * amount was not above 0.
 */
extern PromoClvModel *promo_clv_fit(PromoArena *arena, PromoClvKind kind, int32_t as_of,
									PromoRecords *orders, PromoRecords *spend, int64_t dropped);

/*
 * The log-likelihood at some parameters (alpha in days, v in whole units of
 * money) and its gradient by their logarithms.
 */
extern double promo_clv_likelihood(PromoArena *arena, PromoClvKind kind, const double *parameters,
								   PromoRecords *orders, double *gradient);
extern double promo_spend_likelihood(PromoArena *arena, const double *parameters,
									 PromoRecords *spend, double *gradient);

#endif							/* PROMO_CLV_FIT_H */
