/*-------------------------------------------------------------------------
 *
 * clv_model.h
 *	  what is known of a population's purchases: the parameters of a model of
 *	  lifetime value, and how they were found
 *
 * Purchases follow BG/NBD or MBG/NBD with the parameters r, alpha, a and b;
 * what is spent follows the gamma-gamma model with p, q and v.  The value is
 * flat and canonical: what is not there is zero.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CLV_MODEL_H
#define PROMO_CLV_MODEL_H

#include "engine.h"

#define PROMO_CLV_VERSION	1

typedef enum PromoClvKind
{
	PROMO_BG_NBD = 0,
	PROMO_MBG_NBD
} PromoClvKind;

/* parameters, in this order */
#define PROMO_CLV_PARAMETERS	4	/* r, alpha, a, b */
#define PROMO_SPEND_PARAMETERS	3	/* p, q, v */

/* What is known of a fit, and what makes it doubtful. */
#define PROMO_FIT_THERE				0x01
#define PROMO_FIT_CONVERGED			0x02
#define PROMO_FIT_ERRORS			0x04	/* standard errors could be told */
#define PROMO_FIT_CORRELATION		0x08	/* so could the correlation */
#define PROMO_FIT_NO_REPEATS		0x10
#define PROMO_FIT_NO_DROPOUT		0x20
#define PROMO_FIT_AT_LIMIT			0x40
#define PROMO_FIT_INFINITE_MEAN		0x80

#define PROMO_CLV_FIT_FLAGS			0x77
#define PROMO_SPEND_FIT_FLAGS		0xcf

typedef struct PromoClvFit
{
	int64_t		customers;
	int64_t		dropped;		/* of spend: repeat customers who spent nothing */
	double		log_likelihood;
	double		gradient;		/* largest, of the mean, by the logarithm of a parameter */
	double		correlation;	/* of spend: of number and mean amount of order days */
	double		standard_errors[PROMO_CLV_PARAMETERS];
	uint32_t	iterations;
	uint32_t	flags;			/* PROMO_FIT_... */
} PromoClvFit;

typedef struct PromoClvModel
{
	int32_t		vl_len_;
	uint8_t		version;
	uint8_t		kind;			/* PromoClvKind */
	uint8_t		unit;			/* days in a unit of time: 1 or 7 */
	uint8_t		has_spend;
	uint32_t	size;			/* bytes of the whole */
	int32_t		as_of;			/* of the fit */
	double		orders[PROMO_CLV_PARAMETERS];
	double		spend[PROMO_SPEND_PARAMETERS];	/* of amounts in whole units of money */
	PromoClvFit orders_fit;
	PromoClvFit spend_fit;
} PromoClvModel;

_Static_assert(sizeof(PromoClvFit) == 80, "part of the disk format");
_Static_assert(sizeof(PromoClvModel) == 232, "part of the disk format");

/* a model without anything, but for its version and size */
extern PromoClvModel *promo_clv_new(PromoArena *arena, PromoClvKind kind, int unit);

/* "bg/nbd", "mbg/nbd"; others are an error that lists both */
extern bool promo_clv_read_kind(PromoText text, PromoClvKind *kind, PromoError *err);

/*
 * {"model":"bg/nbd","unit":"week","r":..,"alpha":..,"a":..,"b":..,"fit":{..},
 * "spend":{"p":..,"q":..,"v":..,"fit":{..}}}, both fits and spend optional.  Numbers
 * have the fewest digits that read back equal.
 */
extern PromoClvModel *promo_clv_from_json(PromoArena *arena, PromoText json, PromoError *err);
extern void promo_clv_to_json(PromoBuffer *buf, const PromoClvModel *model);

extern void promo_clv_pack(PromoBuffer *buf, const PromoClvModel *model);
extern PromoClvModel *promo_clv_unpack(PromoArena *arena, const void *data, size_t len,
									   PromoError *err);

#endif							/* PROMO_CLV_MODEL_H */
