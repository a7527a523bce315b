/*-------------------------------------------------------------------------
 *
 * records.h
 *	  many records of one size as the state of an aggregate: in memory up to
 *	  work_mem, beyond it in a temporary file
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_LIFECYCLE_RECORDS_H
#define PROMO_LIFECYCLE_RECORDS_H

#include "engine/records.h"
#include "promo.h"

typedef struct PromoRecordStore PromoRecordStore;

/*
 * May merge records in place, in any order, where two say no more than one;
 * returns how many are left.
 */
typedef uint32 (*PromoCompactRecords) (void *records, uint32 n);

/*
 * An empty store of records of `size` bytes, which lives as long as the
 * context.  `compact`, or NULL, is called when memory is full, and the file
 * is used only if that freed less than half of it.
 */
extern PromoRecordStore *promo_records_new(MemoryContext context, Size size,
										   PromoCompactRecords compact);
/* for an empty store: it is one of n in a state, which take no more than work_mem together */
extern void promo_records_share(PromoRecordStore *store, int n);
extern void promo_records_append(PromoRecordStore *store, const void *record);
/* how many there are, after what was merged until now */
extern uint64 promo_records_count(const PromoRecordStore *store);
/*
 * For the fits: passes over a store, any number of them, made in the current
 * context.  The store may grow again when they are over.
 */
extern PromoRecords *promo_records_read(PromoRecordStore *store);

/* for the fits: raises that an argument, which says what to fit, varies */
pg_noreturn extern void promo_not_the_same(const char *what);

#endif							/* PROMO_LIFECYCLE_RECORDS_H */
