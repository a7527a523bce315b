/*-------------------------------------------------------------------------
 *
 * kpi.h
 *	  the doors of kpi
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_KPI_H
#define PROMO_KPI_H

#include "engine/kpi_value.h"
#include "flat.h"

extern const PromoFlat promo_flat_kpi;

/*
 * Opens a state where it lies, or settles what an aggregate has collected.
 * With the scalars alone, a large state that is stored out of line is not
 * fetched.  Both raise DATA_CORRUPTED.
 */
extern void promo_kpi_of_datum(Datum datum, PromoKpi *kpi);
extern void promo_kpi_scalars_of_datum(Datum datum, PromoKpi *kpi);

#endif							/* PROMO_KPI_H */
