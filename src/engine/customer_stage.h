/*-------------------------------------------------------------------------
 *
 * customer_stage.h
 *	  which stage of the lifecycle a customer is in, as of a day
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_CUSTOMER_STAGE_H
#define PROMO_CUSTOMER_STAGE_H

#include "history_value.h"

typedef enum PromoCustomerStage
{
	PROMO_PROSPECT = 0,
	PROMO_CHURNED,
	PROMO_AT_RISK,
	PROMO_REACTIVATED,
	PROMO_NEW,
	PROMO_LOYAL,
	PROMO_ACTIVE
} PromoCustomerStage;

#define PROMO_STAGES	(PROMO_ACTIVE + 1)

extern const char *const promo_stage_names[PROMO_STAGES];

/*
 * When stages begin.  The two thresholds are days or, where there is a usual
 * gap, thousandths of the customer's own gap.
 */
typedef struct PromoStagePolicy
{
	int64_t		new_days;
	int64_t		loyal_orders;
	int64_t		reactivated_days;
	int64_t		at_risk;
	int64_t		churned;
	int64_t		gap;			/* the usual one, in thousandths of a day; 0 if there is none */
	int64_t		gap_weight;		/* in thousandths */
} PromoStagePolicy;

extern const PromoStagePolicy promo_default_policy;

/* {"new_days":30,"at_risk_days":90}: what is left out or null has its default */
extern bool promo_policy_from_json(PromoStagePolicy *policy, PromoArena *arena, PromoText json,
								   PromoError *err);

/* what was known on as_of decides */
extern PromoCustomerStage promo_stage_of(const PromoPurchases *purchases, int32_t as_of,
								 const PromoStagePolicy *policy);

#endif							/* PROMO_CUSTOMER_STAGE_H */
