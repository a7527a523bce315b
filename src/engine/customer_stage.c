/*-------------------------------------------------------------------------
 *
 * customer_stage.c
 *	  which stage of the lifecycle a customer is in, as of a day
 *
 * Gaps are never divided: that a recency is more than 2 gaps of a customer is
 * decided by comparing products of integers, so that a stage changes on one
 * certain day.
 *
 *-------------------------------------------------------------------------
 */
#include "customer_stage.h"
#include "json_reader.h"

#define THOUSAND	1000
#define MAX_WHOLE	INT32_MAX	/* of every member: products of three stay below 2^127 */

const char *const promo_stage_names[PROMO_STAGES] = {
	"prospect", "churned", "at_risk", "reactivated", "new", "loyal", "active"
};

/* ----------------------------------------------------------------
 * policy
 * ----------------------------------------------------------------
 */

const PromoStagePolicy promo_default_policy = {
	.new_days = 30,
	.loyal_orders = 3,
	.reactivated_days = 30,
	.at_risk = 90,
	.churned = 180
};

enum
{
	KEY_NEW_DAYS, KEY_LOYAL_ORDERS, KEY_REACTIVATED_DAYS, KEY_AT_RISK_DAYS, KEY_CHURNED_DAYS,
	KEY_GAP, KEY_AT_RISK_GAPS, KEY_CHURNED_GAPS, KEY_GAP_WEIGHT, KEYS
};
static const char *const keys[] = {
	"new_days", "loyal_orders", "reactivated_days", "at_risk_days", "churned_days",
	"gap", "at_risk_gaps", "churned_gaps", "gap_weight", NULL
};

/* days and orders are whole numbers, gaps and their weight have thousandths */
static inline int
digits_of(int key)
{
	return key < KEY_GAP ? 0 : 3;
}

/* the members as written, each over its default; given[] says which */
static bool
read_members(PromoArena *arena, PromoText text, int64_t *values, bool *given, PromoError *err)
{
	PromoJson	json;
	PromoText	key;
	PromoText	value;
	uint64_t	seen = 0;

	promo_json_init(&json, arena, text, "json", err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A policy", &key))
		return promo_hint(err, "Write a policy as {\"at_risk_days\": 90, \"churned_days\": 180}.");
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, keys, &seen);

		if (which < 0 || !promo_json_scalar(&json, keys[which], &value))
			return false;
		if (value.data == NULL)
			continue;
		if (!promo_json_figure(value, digits_of(which),
							   MAX_WHOLE * (int64_t) (digits_of(which) > 0 ? THOUSAND : 1),
							   keys[which], &values[which], err))
			return false;
		given[which] = true;
	}
	return promo_json_end(&json);
}

/* thresholds are in days or in gaps, not in both */
static bool
check_kind(const bool *given, PromoError *err)
{
	for (int key = KEY_AT_RISK_DAYS; key < KEYS; key++)
	{
		if (!given[key] || key == KEY_GAP || given[KEY_GAP] == (key > KEY_GAP))
			continue;
		if (given[KEY_GAP])
		{
			promo_fail(err, PROMO_BAD_VALUE, "policy has both gap and %s", keys[key]);
			return promo_hint(err, "With gap, thresholds are at_risk_gaps and churned_gaps.");
		}
		promo_fail(err, PROMO_BAD_VALUE, "policy has %s but no gap", keys[key]);
		return promo_hint(err, "Give gap, the days between two orders of the usual customer.");
	}
	return true;
}

bool
promo_policy_from_json(PromoStagePolicy *policy, PromoArena *arena, PromoText json,
					   PromoError *err)
{
	int64_t		values[KEYS] = {
		[KEY_NEW_DAYS] = promo_default_policy.new_days,
		[KEY_LOYAL_ORDERS] = promo_default_policy.loyal_orders,
		[KEY_REACTIVATED_DAYS] = promo_default_policy.reactivated_days,
		[KEY_AT_RISK_DAYS] = promo_default_policy.at_risk,
		[KEY_CHURNED_DAYS] = promo_default_policy.churned,
		[KEY_AT_RISK_GAPS] = 2 * THOUSAND,
		[KEY_CHURNED_GAPS] = 4 * THOUSAND,
		[KEY_GAP_WEIGHT] = 3 * THOUSAND
	};
	bool		given[KEYS] = {false};
	int			at_risk;
	int			churned;

	if (!read_members(arena, json, values, given, err) || !check_kind(given, err))
		return false;
	if (given[KEY_GAP] && values[KEY_GAP] == 0)
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "gap is zero");
		return promo_detail(err, "It is the days between two orders of the usual customer.");
	}

	at_risk = given[KEY_GAP] ? KEY_AT_RISK_GAPS : KEY_AT_RISK_DAYS;
	churned = given[KEY_GAP] ? KEY_CHURNED_GAPS : KEY_CHURNED_DAYS;
	if (values[at_risk] > values[churned])
	{
		PromoBuffer detail;

		promo_buffer_init(&detail, arena);
		promo_putf(&detail, "%s is ", keys[at_risk]);
		promo_put_decimal(&detail, values[at_risk], digits_of(at_risk), 0);
		promo_putf(&detail, ", %s is ", keys[churned]);
		promo_put_decimal(&detail, values[churned], digits_of(churned), 0);
		promo_fail(err, PROMO_BAD_VALUE, "the risk threshold is above the churn threshold");
		return promo_detail(err, "%s.", detail.data);
	}
	*policy = (PromoStagePolicy) {
		.new_days = values[KEY_NEW_DAYS],
		.loyal_orders = values[KEY_LOYAL_ORDERS],
		.reactivated_days = values[KEY_REACTIVATED_DAYS],
		.at_risk = values[at_risk],
		.churned = values[churned],
		.gap = values[KEY_GAP],
		.gap_weight = values[KEY_GAP_WEIGHT]
	};
	return true;
}

/* ----------------------------------------------------------------
 * stage
 * ----------------------------------------------------------------
 */

/*
 * Are these days more than the threshold, for a customer with `gaps` gaps that
 * sum to `sum` days?  The customer's gap is (weight * gap + sum) / (weight +
 * gaps); a weight of 0 leaves the usual gap to customers without one.
 */
static bool
is_beyond(int64_t days, int64_t threshold, int64_t gaps, int64_t sum,
		  const PromoStagePolicy *policy)
{
	int64_t		weight = policy->gap_weight;

	if (policy->gap == 0)
		return days > threshold;
	if (weight == 0 && gaps == 0)
		weight = THOUSAND;

	/* both sides in thousandths of thousandths of thousandths */
	return (promo_int128) days * (weight + gaps * THOUSAND) * THOUSAND * THOUSAND >
		((promo_int128) weight * policy->gap + (promo_int128) sum * THOUSAND * THOUSAND) * threshold;
}

PromoCustomerStage
promo_stage_of(const PromoPurchases *purchases, int32_t as_of, const PromoStagePolicy *policy)
{
	int64_t		recency;
	int64_t		gaps;
	int64_t		sum;

	if (purchases->orders == 0)
		return PROMO_PROSPECT;
	recency = (int64_t) as_of - purchases->last;
	gaps = (int64_t) purchases->order_days - 1;
	sum = (int64_t) purchases->last - purchases->first;
	if (is_beyond(recency, policy->churned, gaps, sum, policy))
		return PROMO_CHURNED;
	if (is_beyond(recency, policy->at_risk, gaps, sum, policy))
		return PROMO_AT_RISK;
	if (recency <= policy->reactivated_days && gaps > 0)
	{
		/* had the customer left before the last order, as known then? */
		int64_t		gap = (int64_t) purchases->last - purchases->previous;

		if (is_beyond(gap, policy->churned, gaps - 1, sum - gap, policy))
			return PROMO_REACTIVATED;
	}
	if (purchases->orders == 1 && recency <= policy->new_days)
		return PROMO_NEW;
	if (purchases->orders >= policy->loyal_orders)
		return PROMO_LOYAL;
	return PROMO_ACTIVE;
}
