/*-------------------------------------------------------------------------
 *
 * ruleset.h
 *	  rulesets, zones and instants in the server's terms
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RULESET_H
#define PROMO_RULESET_H

#include "datatype/timestamp.h"
#include "engine/ruleset_value.h"
#include "promo.h"

/*
 * Replaces a zone's name by its canonical one, empty for UTC; false, with err
 * set, if the server knows no such zone.  Abbreviations are not zones.
 */
extern bool promo_check_zone(PromoText *zone, PromoError *err);

/* raises an error beyond the years that instants are written with */
extern void promo_check_instant(TimestampTz instant, const char *what);

#endif							/* PROMO_RULESET_H */
