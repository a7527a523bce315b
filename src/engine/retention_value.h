/*-------------------------------------------------------------------------
 *
 * retention_value.h
 *	  how cohorts of customers come back
 *
 * For each cohort its size is kept, and of every active day n of a customer
 * the day `from` which it is the next one: the day after the active day before
 * it, or 0.  Seen from a, the next active day of a customer is n if
 * from <= a <= n.  So the customers who were active on some day from a to b
 * are the sum of the counts with from <= a <= n <= b, each customer in it
 * once: all modes of promo.matrix come from the same counts, and to merge is
 * to add them.
 *
 * Behind the length word, all numbers being varints (id_set.h):
 *
 *		uint8	version
 *		number of cohorts, which ascend; each:
 *			days since the cohort before (the first: since the first of the calendar)
 *			size
 *			number of (from, n), which ascend by n, then from; each:
 *				n - n of the one before
 *				n - from
 *				customers
 *
 * These bytes are the external binary form as well.
 *
 * While an aggregate collects, the same SQL type holds an "open" state, a hash
 * table with room.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RETENTION_VALUE_H
#define PROMO_RETENTION_VALUE_H

#include "days_value.h"

#define PROMO_RETENTION_VERSION	1

#define PROMO_RETENTION_MAX_N	2097150	/* days behind the cohort's */

/* ----------------------------------------------------------------
 * reading a settled state
 * ----------------------------------------------------------------
 */

typedef struct PromoCohort
{
	int32_t		day;
	int64_t		size;
	uint64_t	nreturns;
} PromoCohort;

typedef struct PromoCohortReturn
{
	uint32_t	from;
	uint32_t	n;
	int64_t		customers;
} PromoCohortReturn;

/*
 * Reads in the order of the bytes: each cohort, then all its returns.  `bad`
 * is set, and everything ends, where the bytes are no state.
 */
typedef struct PromoRetention
{
	const uint8_t *at;
	const uint8_t *end;
	uint64_t	cohorts_left;
	uint64_t	returns_left;
	int64_t		day;			/* of the cohort */
	int64_t		from;			/* of the last return, -1 if none */
	uint64_t	n;
	bool		bad;
} PromoRetention;

extern PromoRetention promo_retention_open(const void *image, size_t size);
/* false at the end; returns of the last cohort that were not read are passed over */
extern bool promo_retention_next(PromoRetention *retention, PromoCohort *cohort);
extern bool promo_retention_next_return(PromoRetention *retention, PromoCohortReturn *ret);

/* ----------------------------------------------------------------
 * an open state
 * ----------------------------------------------------------------
 */

typedef struct PromoRetentionEntry
{
	uint64_t	key;
	int64_t		customers;		/* 0: a free place */
} PromoRetentionEntry;

typedef struct PromoRetentionState
{
	int32_t		length_word;	/* the server's */
	uint8_t		version;
	uint8_t		open[2];		/* PROMO_OPEN_MARK */
	uint8_t		unused;			/* zero */
	uint32_t	n;
	uint32_t	capacity;
	PromoRetentionEntry entries[];
} PromoRetentionState;

static inline size_t
promo_retention_state_size(const PromoRetentionState *state)
{
	return sizeof(PromoRetentionState) + state->capacity * sizeof(PromoRetentionEntry);
}

extern bool promo_retention_is_open(const void *image, size_t size);
/* whether so many bytes, length word included, are an open state */
extern bool promo_retention_check_state(const PromoRetentionState *state, size_t size);

extern PromoRetentionState *promo_retention_begin(PromoArena *arena);

/*
 * These change a state in place, or move it if it must grow; false with err
 * set.  The cohort of a customer is the day `first`.
 */
extern bool promo_retention_add(PromoArena *arena, PromoRetentionState **state,
								const PromoDays *days, int32_t first, PromoError *err);
extern bool promo_retention_add_settled(PromoArena *arena, PromoRetentionState **state,
										PromoRetention retention, PromoError *err);
extern bool promo_retention_add_open(PromoArena *arena, PromoRetentionState **state,
									 const PromoRetentionState *other, PromoError *err);

/*
 * What was collected; the state stays as it is.  The length word holds the
 * size; the caller makes that the server's.
 */
extern void *promo_retention_settled(PromoArena *arena, const PromoRetentionState *state);

/* ----------------------------------------------------------------
 * the matrix
 * ----------------------------------------------------------------
 */

typedef enum PromoRetentionMode
{
	PROMO_RETENTION_ON,
	PROMO_RETENTION_ON_OR_AFTER,
	PROMO_RETENTION_BRACKETS
} PromoRetentionMode;

typedef struct PromoBracket
{
	uint32_t	from;
	uint32_t	to;				/* included */
} PromoBracket;

/* What a row of the matrix is for each cohort. */
typedef struct PromoMatrix
{
	PromoRetentionMode mode;
	int64_t		last_complete;
	uint32_t	n;				/* cells of a cohort: days from 0, or brackets */
	const PromoBracket *brackets;
} PromoMatrix;

#define PROMO_MATRIX_NO_DAY		INT32_MIN	/* before every day: not given, or nobody was active */

/*
 * Reads a mode, and sees which cells a state has; last_complete may be any
 * number.  False with err set if there is no such mode, or if there are too
 * many cells.
 */
extern bool promo_matrix_plan(PromoArena *arena, PromoMatrix *matrix, PromoRetention retention,
							  PromoText mode, int64_t last_complete, PromoError *err);

/* the day that a cell is called by */
static inline uint32_t
promo_matrix_day(const PromoMatrix *matrix, uint32_t cell)
{
	return matrix->mode == PROMO_RETENTION_BRACKETS ? matrix->brackets[cell].from : cell;
}

/*
 * How many customers of the cohort that was read last were kept, in each of
 * the matrix->n cells; -1 where that cannot be known yet.
 */
extern void promo_matrix_kept(PromoArena *arena, const PromoMatrix *matrix,
							  PromoRetention *retention, int64_t *kept);

/* ----------------------------------------------------------------
 * JSON, binary form
 * ----------------------------------------------------------------
 */

/* [{"cohort":"2026-01-05","size":3,"returns":[[from,n,customers]]}]; read in any order */
extern void promo_retention_to_json(PromoBuffer *buf, PromoRetention retention);
extern void *promo_retention_from_json(PromoArena *arena, PromoText json, PromoError *err);

extern void *promo_retention_unpack(PromoArena *arena, const void *data, size_t len,
									PromoError *err);

#endif							/* PROMO_RETENTION_VALUE_H */
