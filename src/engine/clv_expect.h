/*-------------------------------------------------------------------------
 *
 * clv_expect.h
 *	  what a model of lifetime value expects of one customer
 *
 * Formulas and their sources are in doc/reference.md, "Lifetime value".
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CLV_EXPECT_H
#define PROMO_CLV_EXPECT_H

#include "clv_model.h"

#define PROMO_CLV_MAX_MONTHS	1200

/* One customer's order days; times in days from the first to ... */
typedef struct PromoClvCustomer
{
	uint32_t	x;				/* order days behind the first */
	int32_t		t_x;			/* ... the last order day */
	int32_t		T;				/* ... today */
	int64_t		repeat_spent;	/* money on order days behind the first */
} PromoClvCustomer;

/* the probability that the customer has not left */
extern double promo_clv_alive(const PromoClvModel *model, const PromoClvCustomer *customer);

/* the order days expected until each of n days from today, which do not descend */
extern void promo_clv_orders(const PromoClvModel *model, const PromoClvCustomer *customer,
							 const double *days, int n, double *orders);

/* the amount expected of an order day; false where it is infinite or there is no model of spend */
extern bool promo_clv_spend(const PromoClvModel *model, const PromoClvCustomer *customer,
							double *spend);

/*
 * What the months ahead are worth today, months at most PROMO_CLV_MAX_MONTHS,
 * at a discount of at least 0 a year (0.1: 10 %); false as above.
 */
extern bool promo_clv_value(const PromoClvModel *model, const PromoClvCustomer *customer,
							int months, double annual_discount, double *value);

#endif							/* PROMO_CLV_EXPECT_H */
