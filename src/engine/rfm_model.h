/*-------------------------------------------------------------------------
 *
 * rfm_model.h
 *	  recency, frequency, monetary: scores, the breaks they come from, the fit
 *
 * A model keeps lists of levels - 1 breaks.  A score is 1 + the number of
 * breaks that a figure passes: recency by being at most the break, the others
 * by being above or at least it, as the model says.  Everything is an integer
 * scaled by 10^4, so that a score compares integers only.
 *
 * Lists follow each other: recency, frequency, monetary.  In a nested model
 * there is a list of frequency for each score of R, and a list of monetary for
 * each score of R and, within it, of F.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_RFM_MODEL_H
#define PROMO_RFM_MODEL_H

#include "records.h"

#define PROMO_RFM_MODEL_VERSION	1
#define PROMO_RFM_MIN_LEVELS	2
#define PROMO_RFM_MAX_LEVELS	10
#define PROMO_RFM_LEVELS		5	/* if nothing else is said */

/* ----------------------------------------------------------------
 * scores: three of 1 to 10 in one number, that of recency first
 * ----------------------------------------------------------------
 */

static inline uint32_t
promo_rfm(uint32_t r, uint32_t f, uint32_t m)
{
	return r << 16 | f << 8 | m;
}

#define PROMO_RFM_R(scores)	((scores) >> 16)
#define PROMO_RFM_F(scores)	((scores) >> 8 & 0xff)
#define PROMO_RFM_M(scores)	((scores) & 0xff)

/* each from 1 to 10, or err is set */
extern bool promo_check_rfm(int64_t r, int64_t f, int64_t m, PromoError *err);
/* 5-4-3 */
extern void promo_rfm_print(PromoBuffer *buf, uint32_t scores);
extern bool promo_rfm_parse(PromoText text, uint32_t *scores, PromoError *err);
/* {"r":5,"f":4,"m":3} */
extern void promo_rfm_to_json(PromoBuffer *buf, uint32_t scores);
extern bool promo_rfm_from_json(PromoArena *arena, PromoText json, uint32_t *scores,
								PromoError *err);

/* ----------------------------------------------------------------
 * models
 * ----------------------------------------------------------------
 */

typedef enum PromoRfmMethod
{
	PROMO_RFM_FIXED = 0,		/* one's own breaks; no method of a fit */
	PROMO_RFM_RANK,
	PROMO_RFM_NTILE,
	PROMO_RFM_QUANTILE,
	PROMO_RFM_NESTED,
	PROMO_RFM_MEAN
} PromoRfmMethod;

typedef enum PromoRfmFigure
{
	PROMO_RECENCY = 0,
	PROMO_FREQUENCY,
	PROMO_MONETARY,
	PROMO_RFM_FIGURES
} PromoRfmFigure;

/* PromoRfmModel.flags */
#define PROMO_RFM_AS_OF			0x01	/* these are given */
#define PROMO_RFM_CUSTOMERS		0x02
#define PROMO_RFM_MEAN_OF(figure)		(0x04 << (figure))
#define PROMO_RFM_AT_LEAST(figure)		(0x10 << (figure))	/* frequency, monetary; else above */
#define PROMO_RFM_ALL_FLAGS		0x7f

typedef struct PromoRfmModel
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		method;			/* PromoRfmMethod */
	uint8_t		levels;
	uint8_t		flags;			/* what is not given is 0 */
	uint32_t	size;			/* bytes of the whole */
	int32_t		as_of;
	int64_t		customers;		/* of the fit */
	int64_t		means[PROMO_RFM_FIGURES];
	int64_t		breaks[];
} PromoRfmModel;

/* which list of a model has the breaks of a figure, for scores as far as they matter */
static inline uint32_t
promo_rfm_list(bool nested, uint32_t levels, PromoRfmFigure figure, uint32_t r, uint32_t f)
{
	if (!nested || figure == PROMO_RECENCY)
		return figure;
	if (figure == PROMO_FREQUENCY)
		return r;
	return 1 + levels + (r - 1) * levels + (f - 1);
}

static inline uint32_t
promo_rfm_lists(bool nested, uint32_t levels)
{
	return nested ? 1 + levels + levels * levels : PROMO_RFM_FIGURES;
}

/* a model with all breaks 0, for whoever fills it */
extern PromoRfmModel *promo_rfm_model_new(PromoArena *arena, PromoRfmMethod method, uint32_t levels);

/* false, with err set, if there is no such method of a fit */
extern bool promo_rfm_parse_method(PromoText name, PromoRfmMethod *method, PromoError *err);
extern bool promo_check_rfm_levels(int64_t levels, PromoError *err);

/* recency in days, spent in money */
extern uint32_t promo_rfm_score(const PromoRfmModel *model, int32_t recency, uint32_t orders,
								int64_t spent);

extern void promo_rfm_model_to_json(PromoBuffer *buf, const PromoRfmModel *model);
extern PromoRfmModel *promo_rfm_model_from_json(PromoArena *arena, PromoText json, PromoError *err);
extern void promo_rfm_model_pack(PromoBuffer *buf, const PromoRfmModel *model);
extern PromoRfmModel *promo_rfm_model_unpack(PromoArena *arena, const void *data, size_t len,
											 PromoError *err);

/* ----------------------------------------------------------------
 * the fit
 * ----------------------------------------------------------------
 */

/* One customer with an order. */
typedef struct PromoRfmRecord
{
	int64_t		spent;			/* money */
	uint32_t	orders;
	int32_t		recency;		/* days */
} PromoRfmRecord;

/*
 * The model of a population of PromoRfmRecords, whatever their order; NULL if
 * there are none.  Takes a fixed amount of memory: passes over the records
 * narrow down where the breaks are.
 */
extern PromoRfmModel *promo_rfm_fit(PromoArena *arena, PromoRecords *population,
									PromoRfmMethod method, uint32_t levels, int32_t as_of);

#endif							/* PROMO_RFM_MODEL_H */
