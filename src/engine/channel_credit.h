/*-------------------------------------------------------------------------
 *
 * channel_credit.h
 *	  which channels an order, or many conversions, are credited to
 *
 * Two questions.  The touches of one order share its amount by a rule of
 * thumb: the first, the last, all of them ...  Many paths of channels, with how
 * often each ended in a conversion and how often not, share all conversions by
 * what the channels contribute: as removal effects in a Markov chain (Anderl et
 * al. 2016), or as Shapley values (1953).  Credits always add up to the whole,
 * to the unit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CHANNEL_CREDIT_H
#define PROMO_CHANNEL_CREDIT_H

#include "engine.h"

typedef enum PromoCreditMethod
{
	/* of touches */
	PROMO_CREDIT_FIRST,
	PROMO_CREDIT_LAST,
	PROMO_CREDIT_LINEAR,
	PROMO_CREDIT_POSITION,
	PROMO_CREDIT_DECAY,
	/* of paths */
	PROMO_CREDIT_MARKOV,
	PROMO_CREDIT_SHAPLEY
} PromoCreditMethod;

extern bool promo_touch_method(PromoText word, PromoCreditMethod *method, PromoError *err);
extern bool promo_path_method(PromoText word, PromoCreditMethod *method, PromoError *err);

/* What a channel gets, in money. */
typedef struct PromoCredit
{
	PromoText	channel;
	int64_t		amount;
} PromoCredit;

/* gets what nothing else does */
#define PROMO_NO_CHANNEL	"none"

/* names are short, as everywhere */
extern bool promo_check_channel(PromoText channel, PromoError *err);

/* ----------------------------------------------------------------
 * touches
 * ----------------------------------------------------------------
 */

#define PROMO_DAY_MICROSECONDS	INT64_C(86400000000)

/* Times are in microseconds; those out of all bounds are infinite. */
typedef struct PromoTouch
{
	int64_t		at;
	PromoText	channel;
} PromoTouch;

/* whether order_at - lookback <= at <= order_at; lookback > 0 */
static inline bool
promo_touch_counts(int64_t at, int64_t order_at, int64_t lookback)
{
	int64_t		from;

	/* INT64_MIN is no time but minus infinity */
	if (__builtin_sub_overflow(order_at, lookback, &from) || from == INT64_MIN)
		from = INT64_MIN + 1;
	return from <= at && at <= order_at;
}

/*
 * Gives the amount of an order to the channels of the touches that count.
 * Less than nothing is shared as what is more.  Credits come in bytewise order
 * of their channels; returns how many there are.
 */
extern uint32_t promo_credit_touches(PromoArena *arena, PromoCreditMethod method, int64_t amount,
									 const PromoTouch *touches, uint32_t n, PromoCredit **credits);

/* ----------------------------------------------------------------
 * paths
 * ----------------------------------------------------------------
 */

#define PROMO_MARKOV_CHANNELS	64

/*
 * Distinct paths with their sums, so far as the method tells them apart: of
 * markov without repeats in a row, of shapley without order.
 */
typedef struct PromoPaths PromoPaths;

extern PromoPaths *promo_paths_new(PromoArena *arena, PromoCreditMethod method);
extern PromoCreditMethod promo_paths_method(const PromoPaths *paths);

/* What is kept is allocated from the arena; a path without channels is that of PROMO_NO_CHANNEL. */
extern bool promo_paths_add(PromoArena *arena, PromoPaths *paths, const PromoText *channels,
							uint32_t n, int64_t converted, int64_t lost, PromoError *err);
/* the same for all paths of another of the same method */
extern bool promo_paths_merge(PromoArena *arena, PromoPaths *paths, const PromoPaths *other,
							  PromoError *err);

/* on the way between processes of one server: no external form */
extern void promo_paths_pack(PromoBuffer *buf, const PromoPaths *paths);
extern PromoPaths *promo_paths_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err);

/*
 * Gives all conversions to the channels of the paths.  Credits come in bytewise
 * order of their channels; returns how many there are.
 */
extern uint32_t promo_credit_paths(PromoArena *arena, const PromoPaths *paths, PromoCredit **credits);

#endif							/* PROMO_CHANNEL_CREDIT_H */
