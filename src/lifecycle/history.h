/*-------------------------------------------------------------------------
 *
 * history.h
 *	  the door of history
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_HISTORY_H
#define PROMO_HISTORY_H

#include "engine/history_value.h"
#include "flat.h"

extern const PromoFlat promo_flat_history;

/*
 * Opens a history where it lies, whatever its alignment; detoasts it if it
 * must, and settles what an aggregate has collected.  Raises DATA_CORRUPTED.
 */
extern void promo_history_of_datum(Datum datum, PromoHistory *history);

static inline PromoPurchases
promo_purchases_of_datum(Datum datum, int32_t as_of)
{
	PromoHistory history;

	promo_history_of_datum(datum, &history);
	return promo_history_purchases(&history, as_of);
}

#endif							/* PROMO_HISTORY_H */
