/*-------------------------------------------------------------------------
 *
 * segment_table.h
 *	  schemes: which segment a customer's scores are of
 *
 * A scheme is a list of rows, each a name and a range of R, F and M; the first
 * row that matches names the segment.  It is compiled into a table of all
 * scores, so that a customer costs one look-up whatever the number of rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_SEGMENT_TABLE_H
#define PROMO_SEGMENT_TABLE_H

#include "rfm_model.h"

#define PROMO_MAX_SEGMENTS	1000	/* rows of a scheme */

/* the lowest and the highest score; both belong to it */
typedef struct PromoScores
{
	uint8_t		low;
	uint8_t		high;
} PromoScores;

typedef struct PromoSegment
{
	PromoText	name;			/* of built-in schemes in UTF-8 */
	PromoScores r;
	PromoScores f;
	PromoScores m;
} PromoSegment;

/* what the table has in place of a row */
#define PROMO_NO_SEGMENT	UINT16_MAX
#define PROMO_UNKNOWN_SCORE (UINT16_MAX - 1)	/* beyond the levels of the scheme */

typedef struct PromoScheme
{
	const char *name;			/* NULL if it is one's own */
	int			levels;			/* its scores are 1 to this */
	uint32_t	n;
	const PromoSegment *rows;
	uint16_t	row_of[PROMO_RFM_MAX_LEVELS][PROMO_RFM_MAX_LEVELS][PROMO_RFM_MAX_LEVELS];
} PromoScheme;

/* the row that names the segment of these scores */
static inline uint16_t
promo_scheme_row(const PromoScheme *scheme, uint32_t scores)
{
	return scheme->row_of[PROMO_RFM_R(scores) - 1][PROMO_RFM_F(scores) - 1][PROMO_RFM_M(scores) - 1];
}

/* "grid", "rfm", "classic" or "cn" */
extern PromoScheme *promo_scheme_named(PromoArena *arena, PromoText name, PromoError *err);

/*
 * [{"segment":"best","r":[4,5],"f":5}]: a range is a number, a pair, or left
 * out for any score.  Names point into the text, which must live as long.
 */
extern PromoScheme *promo_scheme_from_json(PromoArena *arena, PromoText json, PromoError *err);

/* what to say of scores that are PROMO_UNKNOWN_SCORE to the scheme */
extern bool promo_scheme_unknown(const PromoScheme *scheme, uint32_t scores, PromoError *err);

/* ----------------------------------------------------------------
 * what is wrong with a scheme
 * ----------------------------------------------------------------
 */

typedef enum PromoProblem
{
	PROMO_HOLE = 0,				/* no row matches */
	PROMO_OVERLAP,				/* several rows match */
	PROMO_UNREACHABLE			/* a row never wins */
} PromoProblem;

extern const char *const promo_problem_names[];

/* A walk over all problems: holes, overlaps, rows never reached. */
typedef struct PromoSegmentCheck
{
	/* what was found */
	PromoProblem problem;
	uint32_t	scores;			/* not of a row never reached */
	uint32_t	n;
	uint16_t   *rows;			/* concerned, the one that wins first */

	const PromoScheme *scheme;
	int			levels;
	uint32_t	next;			/* scores or row to look at */
	bool	   *wins;			/* by row */
} PromoSegmentCheck;

/* all scores from 1 to levels are looked at; false if levels are not 2 to 10 */
extern bool promo_check_segments(PromoSegmentCheck *check, PromoArena *arena,
								 const PromoScheme *scheme, int levels, PromoError *err);
/* the next problem; false if there is none left */
extern bool promo_next_problem(PromoSegmentCheck *check);

#endif							/* PROMO_SEGMENT_TABLE_H */
