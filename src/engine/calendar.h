/*-------------------------------------------------------------------------
 *
 * calendar.h
 *	  days and instants of the proleptic Gregorian calendar, as the server
 *	  counts them
 *
 * A day is a number, 0 for 2000-01-01; an instant is microseconds since that
 * day began in UTC.  Years are 0001 to 9999.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CALENDAR_H
#define PROMO_CALENDAR_H

#include "engine.h"

#define PROMO_DAY_MIN	(-730119)	/* 0001-01-01 */
#define PROMO_DAY_MAX	2921939		/* 9999-12-31 */

#define PROMO_DAY_LENGTH	INT64_C(86400000000)	/* microseconds */
#define PROMO_INSTANT_FIRST	(PROMO_DAY_MIN * PROMO_DAY_LENGTH)
#define PROMO_INSTANT_END	((PROMO_DAY_MAX + 1) * PROMO_DAY_LENGTH)	/* the first beyond */
#define PROMO_INSTANT_MIN	INT64_MIN	/* -infinity */
#define PROMO_INSTANT_MAX	INT64_MAX	/* infinity */

static inline bool
promo_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
promo_in_calendar(int64_t instant)
{
	return instant >= PROMO_INSTANT_FIRST && instant < PROMO_INSTANT_END;
}

extern int	promo_days_of_month(int64_t year, int month);
extern int64_t promo_day_of(int64_t year, int month, int day_in_month);

/* ISO 8601, as in 2026-01-31; read: the whole text, false if it is no date */
extern void promo_put_date(PromoBuffer *buf, int32_t day);
extern bool promo_read_date(PromoText text, int32_t *day);

/*
 * 2026-01-01 00:00:00+00, infinity, or the number where the calendar has no
 * such year; read: ISO 8601, without an offset it is UTC.
 */
extern void promo_put_instant(PromoBuffer *buf, int64_t instant);
extern bool promo_parse_instant(PromoText text, int64_t *instant, PromoError *err);

#endif							/* PROMO_CALENDAR_H */
