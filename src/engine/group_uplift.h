/*-------------------------------------------------------------------------
 *
 * group_uplift.h
 *	  what a campaign caused: two shares of customers, compared
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_GROUP_UPLIFT_H
#define PROMO_GROUP_UPLIFT_H

#include "engine.h"

/* How many customers a group has, and how many of them did it. */
typedef struct PromoGroup
{
	int64_t		n;
	int64_t		x;
} PromoGroup;

/* NaN where it is not defined */
typedef struct PromoUplift
{
	double		diff;			/* of the shares, treated less control */
	double		lo;
	double		hi;
	double		lift;			/* their ratio - 1 */
	double		lift_lo;
	double		lift_hi;
	double		p;				/* two-sided */
} PromoUplift;

/* level: of the intervals, between 0 and 1 */
extern bool promo_uplift(PromoGroup treated, PromoGroup control, double level, PromoUplift *uplift,
						 PromoError *err);

/* how many standard deviations about the mean a normal variable keeps within with that probability */
extern double promo_normal_bound(double level);

#endif							/* PROMO_GROUP_UPLIFT_H */
