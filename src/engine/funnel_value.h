/*-------------------------------------------------------------------------
 *
 * funnel_value.h
 *	  how far one customer came in a funnel: the times of the steps
 *
 * Behind the length word, nothing aligned:
 *
 *		uint8	version
 *		uint8	level		0 to PROMO_MAX_STEPS
 *		level times			int64: instant of the step, never before that of the last
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_FUNNEL_VALUE_H
#define PROMO_FUNNEL_VALUE_H

#include "funnel_run.h"

#define PROMO_FUNNEL_VERSION	1

typedef struct PromoFunnel
{
	uint32_t	level;
	const uint8_t *times;
} PromoFunnel;

/* Its length word holds its size; the caller makes that the server's. */
extern void *promo_funnel_make(PromoArena *arena, uint32_t level, const int64_t *times);

/* false if the bytes are no funnel of this version */
extern bool promo_funnel_open(PromoFunnel *funnel, const void *image, size_t size);

/* of a step from 1 to the level */
static inline int64_t
promo_funnel_at(const PromoFunnel *funnel, uint32_t step)
{
	int64_t		at;

	memcpy(&at, funnel->times + (step - 1) * sizeof(at), sizeof(at));
	return at;
}

/* {"level":2,"at":["2026-01-05 10:00:00+00","2026-01-05 10:30:00+00"]} */
extern void promo_funnel_to_json(PromoBuffer *buf, const PromoFunnel *funnel);
extern void *promo_funnel_from_json(PromoArena *arena, PromoText json, PromoError *err);

/* u8 version; u8 level; for each step i64 instant */
extern void promo_funnel_pack(PromoBuffer *buf, const PromoFunnel *funnel);
extern void *promo_funnel_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

#endif							/* PROMO_FUNNEL_VALUE_H */
