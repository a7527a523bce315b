/*-------------------------------------------------------------------------
 *
 * rfm.h
 *	  scores in SQL: three of them in an int4 passed by value
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RFM_H
#define PROMO_RFM_H

#include "engine/rfm_model.h"
#include "flat.h"

extern const PromoFlat promo_flat_rfm_model;

#define DatumGetPromoRfm(d)		DatumGetUInt32(d)
#define PromoRfmGetDatum(scores) UInt32GetDatum(scores)

#define PG_GETARG_PROMO_RFM(n)	DatumGetPromoRfm(PG_GETARG_DATUM(n))
#define PG_RETURN_PROMO_RFM(scores) return PromoRfmGetDatum(scores)

#endif							/* PROMO_RFM_H */
