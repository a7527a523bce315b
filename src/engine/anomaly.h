/*-------------------------------------------------------------------------
 *
 * anomaly.h
 *	  how far a figure is from what it used to be
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_ANOMALY_H
#define PROMO_ANOMALY_H

#include "engine.h"

#define PROMO_ANOMALY_POINTS	4	/* fewer do not tell what is usual */

typedef enum PromoSeverity
{
	PROMO_SEVERITY_NONE,
	PROMO_SEVERITY_WARN,
	PROMO_SEVERITY_CRITICAL
} PromoSeverity;

/*
 * The distance of the value from the median of at least PROMO_ANOMALY_POINTS
 * figures, in deviations as they are usual; finite numbers.
 */
extern double promo_anomaly(PromoArena *arena, double value, const double *history, uint32_t n);
extern PromoSeverity promo_severity(double score);

#endif							/* PROMO_ANOMALY_H */
