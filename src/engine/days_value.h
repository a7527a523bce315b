/*-------------------------------------------------------------------------
 *
 * days_value.h
 *	  the days on which one customer was active
 *
 * A day is a number here, 0 for the first of the calendar.  Behind the length
 * word a set of them is:
 *
 *		uint8	version
 *		varint	number of days
 *				the code of the set, as in id_set.h
 *
 * So a customer with three days takes some ten bytes, a year of daily use some
 * seventy, and equal sets are equal bytes.
 *
 * While an aggregate collects, the same SQL type holds an "open" set: the days
 * as they came, sorted only when the room is used up, with room behind them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_DAYS_VALUE_H
#define PROMO_DAYS_VALUE_H

#include "calendar.h"

#define PROMO_DAYS_VERSION	1

#define PROMO_DAY_NUMBERS	(PROMO_DAY_MAX - PROMO_DAY_MIN + 1)

static inline uint32_t
promo_number_of_day(int32_t day)
{
	return (uint32_t) (day - PROMO_DAY_MIN);
}

static inline int32_t
promo_day_of_number(uint64_t number)
{
	return (int32_t) number + PROMO_DAY_MIN;
}

/* ----------------------------------------------------------------
 * a settled set
 * ----------------------------------------------------------------
 */

typedef struct PromoDays
{
	uint32_t	n;
	const uint64_t *numbers;	/* ascending */
} PromoDays;

/* false if the bytes are no set of this version */
extern bool promo_days_read(PromoArena *arena, PromoDays *days, const void *image, size_t size);

/*
 * The set of ascending numbers.  Its length word holds its size; the caller
 * makes that the server's.
 */
extern void *promo_days_build(PromoArena *arena, const uint64_t *numbers, size_t n);

/* how many are on or before a day, which may be any number */
extern uint32_t promo_days_until(const PromoDays *days, int32_t day);

/* ----------------------------------------------------------------
 * an open set
 * ----------------------------------------------------------------
 */

/* where a settled value has a varint: one longer than need be, which none is */
#define PROMO_OPEN_MARK		{0x80, 0}

static inline bool
promo_has_open_mark(const void *image, size_t size, uint8_t version)
{
	const uint8_t *bytes = image;

	return size >= 3 && bytes[0] == version && bytes[1] == 0x80 && bytes[2] == 0;
}

typedef struct PromoDaysState
{
	int32_t		length_word;	/* the server's */
	uint8_t		version;
	uint8_t		open[2];		/* PROMO_OPEN_MARK */
	uint8_t		ascending:1;	/* whether the numbers ascend strictly */
	uint8_t		size_log2:7;	/* of all of it, room included */
	uint32_t	n;
	uint32_t	numbers[];
} PromoDaysState;

static inline size_t
promo_days_state_size(const PromoDaysState *state)
{
	return (size_t) 1 << state->size_log2;
}

extern bool promo_days_is_open(const void *image, size_t size);
/* whether so many bytes, length word included, are an open set */
extern bool promo_days_check_state(const PromoDaysState *state, size_t size);

extern PromoDaysState *promo_days_begin(PromoArena *arena);

/* These change a state in place, or move it if it must grow. */
extern PromoDaysState *promo_days_add(PromoArena *arena, PromoDaysState *state, int32_t day);
extern PromoDaysState *promo_days_add_settled(PromoArena *arena, PromoDaysState *state,
											  const PromoDays *days);
extern PromoDaysState *promo_days_add_open(PromoArena *arena, PromoDaysState *state,
										   const PromoDaysState *other);

/* the set that was collected; the state stays as it is */
extern void *promo_days_settled(PromoArena *arena, const PromoDaysState *state);

/* ----------------------------------------------------------------
 * text, JSON, binary form
 * ----------------------------------------------------------------
 */

/* {2026-01-05, 2026-01-07..2026-01-10}: canonical; read in any order */
extern void promo_days_print(PromoBuffer *buf, const PromoDays *days);
extern void *promo_days_parse(PromoArena *arena, PromoText text, PromoError *err);

/* ["2026-01-05","2026-01-07"]; read in any order */
extern void promo_days_to_json(PromoBuffer *buf, const PromoDays *days);
extern void *promo_days_from_json(PromoArena *arena, PromoText json, PromoError *err);

/* u8 version; u32 number of days; each: u32 day (as signed), ascending */
extern void promo_days_pack(PromoBuffer *buf, const PromoDays *days);
extern void *promo_days_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

#endif							/* PROMO_DAYS_VALUE_H */
