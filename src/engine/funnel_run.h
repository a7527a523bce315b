/*-------------------------------------------------------------------------
 *
 * funnel_run.h
 *	  how far one customer went through the steps of a funnel, and when
 *
 * Of all chains of the steps 1 to s that ended until now and could still be
 * continued, one suffices.  If two chains are possible, so is the one that
 * takes the later of both at each step: none of the conditions between
 * neighbouring steps gets harder by it (a run of events between two steps
 * never gets longer), and it fits into the window if either did.  So there is
 * one chain that is the latest at every step at once: its start is the latest,
 * which is all that the window asks for, and among those that complete the
 * last step first it is the one that is preferred (latest start, then the
 * latest second step ...).  An event of step s makes the latest chain of s out
 * of the latest chain of s - 1.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_FUNNEL_RUN_H
#define PROMO_FUNNEL_RUN_H

#include "calendar.h"

#define PROMO_MAX_STEPS	32

typedef enum PromoFunnelMode
{
	PROMO_FUNNEL_DEFAULT = 0,
	PROMO_FUNNEL_INCREASE,
	PROMO_FUNNEL_STOP,			/* on repeat */
	PROMO_FUNNEL_ORDER,
	PROMO_FUNNEL_REENTRY
} PromoFunnelMode;

/* "strict_order" and so on; false with err set if there is no such mode */
extern bool promo_funnel_mode(PromoText word, PromoFunnelMode *mode, PromoError *err);

/* events of no step change nothing in other modes: they need not be kept */
static inline bool
promo_funnel_heeds_others(PromoFunnelMode mode)
{
	return mode == PROMO_FUNNEL_ORDER || mode == PROMO_FUNNEL_REENTRY;
}

/* ----------------------------------------------------------------
 * events
 * ----------------------------------------------------------------
 */

/*
 * An event is one number, so that it takes eight bytes and numbers in order
 * are events in the order in which they count: by time, then by step.  Where
 * steps must be at different times, the later step goes first: it then does
 * not see the earlier one.
 */
#define PROMO_FUNNEL_PLACES	(PROMO_MAX_STEPS + 1)

_Static_assert((PROMO_DAY_MAX - PROMO_DAY_MIN + 1) <=
			   UINT64_MAX / PROMO_DAY_LENGTH / PROMO_FUNNEL_PLACES, "an event fits into 64 bits");

static inline uint64_t
promo_funnel_event(PromoFunnelMode mode, int64_t at, uint32_t step)
{
	uint32_t	place = mode == PROMO_FUNNEL_INCREASE ? PROMO_MAX_STEPS - step : step;

	return (uint64_t) (at - PROMO_INSTANT_FIRST) * PROMO_FUNNEL_PLACES + place;
}

/* times of events compare as their instants do */
static inline uint64_t
promo_funnel_time(uint64_t event)
{
	return event / PROMO_FUNNEL_PLACES;
}

extern void promo_funnel_sort(PromoArena *arena, uint64_t *events, uint32_t n);

/*
 * Leaves at most two of equal events of a sorted list, in place, and returns
 * how many are left: the first may count, the second repeats it, a third would
 * change nothing.
 */
extern uint32_t promo_funnel_thin(uint64_t *events, uint32_t n);

/* ----------------------------------------------------------------
 * running
 * ----------------------------------------------------------------
 */

typedef struct PromoFunnelRun
{
	int64_t		within;			/* microseconds */
	uint8_t		mode;
	bool		ended;			/* no later event counts */
	uint32_t	level;			/* the highest that was reached */
	uint64_t	open;			/* bit s: the chain of s steps can be continued; bit 0, the empty
								 * one, always */
	uint64_t	from;			/* time of the earliest event that may still be taken */
	int64_t		won[PROMO_MAX_STEPS];	/* the chain that reached the level first */
	/* the latest chain of each length: s instants from s * (s - 1) / 2 on */
	int64_t		chains[PROMO_MAX_STEPS * (PROMO_MAX_STEPS + 1) / 2];
} PromoFunnelRun;

extern void promo_funnel_begin(PromoFunnelRun *run, PromoFunnelMode mode, int64_t within);

/*
 * Takes events in order.  A later call continues with later ones: all events
 * of one time must be in one call.
 */
extern void promo_funnel_take(PromoArena *arena, PromoFunnelRun *run, const uint64_t *events,
							  uint32_t n);

#endif							/* PROMO_FUNNEL_RUN_H */
