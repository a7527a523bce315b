/*-------------------------------------------------------------------------
 *
 * records.h
 *	  passes over many records of one size, wherever they are kept
 *
 * A fit looks at its population many times.  The server keeps it in memory or,
 * where it is too large, in a file; a test has an array.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RECORDS_H
#define PROMO_RECORDS_H

#include "engine.h"

typedef struct PromoRecords
{
	/*
	 * The next records, at most a few thousand: how many, and where they lie
	 * until the next call.  0 at the end, after which a new pass begins.
	 */
	uint32_t	(*next) (struct PromoRecords *records, const void **first);
} PromoRecords;

#endif							/* PROMO_RECORDS_H */
