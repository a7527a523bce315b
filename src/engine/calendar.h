/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  days of the proleptic Gregorian calendar, as the server counts them
 *
 * A day is a number, 0 for 2000-01-01.  Years are 0001 to 9999.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CALENDAR_H
#define PROMO_CALENDAR_H

#include "engine.h"

#define PROMO_DAY_MIN	(-730119)	/* 0001-01-01 */
#define PROMO_DAY_MAX	2921939		/* 9999-12-31 */

static inline bool
promo_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

extern int	promo_days_of_month(int64_t year, int month);
extern int64_t promo_day_of(int64_t year, int month, int day_in_month);

/* ISO 8601, as in 2026-01-31; read: the whole text, false if it is no date */
extern void promo_put_date(PromoBuffer *buf, int32_t day);
extern bool promo_read_date(PromoText text, int32_t *day);

#endif							/* PROMO_CALENDAR_H */
