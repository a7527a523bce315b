/*-------------------------------------------------------------------------
 *
 * days.h
 *	  the door of days
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_DAYS_H
#define PROMO_DAYS_H

#include "engine/days_value.h"
#include "flat.h"

extern const PromoFlat promo_flat_days;

/* Reads a set, also one that an aggregate still collects.  Raises DATA_CORRUPTED. */
extern void promo_days_of_datum(Datum datum, PromoDays *days);

#endif							/* PROMO_DAYS_H */
