/*-------------------------------------------------------------------------
 *
 * ruleset.h
 *	  rulesets and zones in the server's terms
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULESET_H
#define PROMO_RULESET_H

#include "engine/ruleset_value.h"
#include "promo.h"

/*
 * Replaces a zone's name by its canonical one, empty for UTC; false, with err
 * set, if the server knows no such zone.  Abbreviations are not zones.
 */
extern bool promo_check_zone(PromoText *zone, PromoError *err);

/* A tstzrange as a period; bounds beyond the calendar are an error. */
extern PromoPeriod promo_period_of_range(Datum range);

#endif							/* PROMO_RULESET_H */
