/*-------------------------------------------------------------------------
 *
 * bucket.h
 *	  how rollups cut time: into days of a zone, or parts of an hour
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_BUCKET_H
#define PROMO_BUCKET_H

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef struct PromoBuckets
{
	int64		size;			/* microseconds; a day's length differs by the zone */
	pg_tz	   *zone;
	TimestampTz origin;			/* where a bucket begins; of no use to days */

	/* the bucket that was asked for last: [from, to); none if from = to */
	TimestampTz from;
	TimestampTz to;
} PromoBuckets;

extern void promo_buckets_init(PromoBuckets *buckets, const Interval *size, const text *zone);

/* The bucket of an instant: sets from and to.  An infinite one is its own. */
extern TimestampTz promo_bucket_of(PromoBuckets *buckets, TimestampTz at);

/* The instant at which clocks of the zone show this, as AT TIME ZONE has it. */
extern TimestampTz promo_instant_of_local(pg_tz *zone, Timestamp local);

#endif							/* PROMO_BUCKET_H */
