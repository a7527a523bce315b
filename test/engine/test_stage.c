/*-------------------------------------------------------------------------
 *
 * test_stage.c
 *	  stages of customers: day by day, by gaps, at the limits of arithmetic
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "../../src/engine/customer_stage.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;

static const char *
error_text(void)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_putf(&buf, "%d %s%s%s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail,
			   err.hint[0] ? "; " : "", err.hint);
	return buf.data;
}

static int32_t
day_of(const char *date)
{
	int32_t		day;

	if (!promo_read_date(promo_text(date), &day))
		abort();
	return day;
}

/* a history in its text form */
static PromoHistory
history_of(const char *text)
{
	char	   *value = promo_history_parse(&test.arena, promo_text(text), &err);
	PromoHistory history;
	uint32_t	size;

	if (value == NULL)
		abort();
	memcpy(&size, value, sizeof(size));
	if (!promo_history_open(&history, value + sizeof(size), size - sizeof(size)))
		abort();
	return history;
}

static PromoStagePolicy
policy_of(const char *json)
{
	PromoStagePolicy policy = promo_default_policy;

	memset(&err, 0, sizeof(err));
	if (json != NULL && !promo_policy_from_json(&policy, &test.arena, promo_text(json), &err))
	{
		printf("# %s\n", error_text());
		abort();
	}
	return policy;
}

/* the stage on one day */
static const char *
on(const char *text, const char *date, const char *json)
{
	PromoHistory history = history_of(text);
	PromoStagePolicy policy = policy_of(json);
	PromoPurchases purchases = promo_history_purchases(&history, day_of(date));

	return promo_stage_names[promo_stage_of(&purchases, day_of(date), &policy)];
}

/* "2025-12-01 prospect, 2026-01-01 new": a period day by day, where the stage changes */
static const char *
stages(const char *text, const char *first, const char *last, const char *json)
{
	PromoHistory history = history_of(text);
	PromoStagePolicy policy = policy_of(json);
	PromoBuffer buf;
	int			before = -1;

	promo_buffer_init(&buf, &test.arena);
	for (int32_t day = day_of(first); day <= day_of(last); day++)
	{
		PromoPurchases purchases = promo_history_purchases(&history, day);
		PromoCustomerStage	stage = promo_stage_of(&purchases, day, &policy);

		if ((int) stage != before)
		{
			promo_puts(&buf, buf.len > 0 ? ", " : "");
			promo_put_date(&buf, day);
			promo_putf(&buf, " %s", promo_stage_names[stage]);
		}
		before = (int) stage;
	}
	return buf.data;
}

/* ----------------------------------------------------------------
 * Thresholds in days
 * ----------------------------------------------------------------
 */

static void
test_days(void)
{
	/* one order */
	CHECK_STR(stages("{2026-01-01 10}", "2025-12-01", "2027-12-31", NULL),
			  "2025-12-01 prospect, 2026-01-01 new, 2026-02-01 active, 2026-04-02 at_risk, "
			  "2026-07-01 churned");
	CHECK_STR(stages("{2026-01-01 10}", "2025-12-30", "2026-12-31", "{\"new_days\":0,"
					 "\"at_risk_days\":1,\"churned_days\":\"2\"}"),
			  "2025-12-30 prospect, 2026-01-01 new, 2026-01-02 active, 2026-01-03 at_risk, "
			  "2026-01-04 churned");
	/* two thresholds at once: nobody is at risk */
	CHECK_STR(stages("{2026-01-01 10}", "2026-01-01", "2026-12-31", "{\"at_risk_days\":180}"),
			  "2026-01-01 new, 2026-02-01 active, 2026-07-01 churned");
	CHECK_STR(stages("{2026-01-01 10}", "2026-01-01", "2026-01-02", "{\"at_risk_days\":0,\"churned_days\":0}"),
			  "2026-01-01 new, 2026-01-02 churned");

	/* several orders on a day are several orders, though one order day */
	CHECK_STR(stages("{2026-01-01 10/2}", "2026-01-01", "2026-03-01", NULL), "2026-01-01 active");
	CHECK_STR(stages("{2026-01-01 10/3}", "2026-01-01", "2026-05-01", NULL),
			  "2026-01-01 loyal, 2026-04-02 at_risk");
	CHECK_STR(stages("{2026-01-01 10, 2026-01-20 10, 2026-02-10 10}", "2026-01-01", "2026-12-31", NULL),
			  "2026-01-01 new, 2026-01-20 active, 2026-02-10 loyal, 2026-05-12 at_risk, 2026-08-10 churned");
	CHECK_STR(stages("{2026-01-01 10, 2026-01-20 10, 2026-02-10 10}", "2026-01-01", "2026-03-31",
					 "{\"loyal_orders\":2}"),
			  "2026-01-01 new, 2026-01-20 loyal");

	/* what was given back is no order */
	CHECK_STR(stages("{2026-01-01 -10}", "2025-12-01", "2026-12-31", NULL), "2025-12-01 prospect");
	CHECK_STR(stages("{2026-01-01 10, 2026-06-01 -10}", "2026-05-31", "2026-07-01", NULL),
			  "2026-05-31 at_risk, 2026-07-01 churned");
	CHECK_STR(on("{}", "2026-01-01", NULL), "prospect");
}

static void
test_reactivated(void)
{
	/* a gap of 181 days or more is beyond 180: back for 30 days, then as loyal as before */
	CHECK_STR(stages("{2026-01-01 10/3, 2026-06-30 10}", "2026-06-29", "2026-10-31", NULL),
			  "2026-06-29 at_risk, 2026-06-30 loyal, 2026-09-29 at_risk");
	CHECK_STR(on("{2026-01-01 10/3, 2026-07-01 10}", "2026-07-01", NULL), "reactivated");
	CHECK_STR(stages("{2026-01-01 10/3, 2026-07-02 10}", "2026-06-30", "2026-10-31", NULL),
			  "2026-06-30 at_risk, 2026-07-01 churned, 2026-07-02 reactivated, 2026-08-02 loyal, "
			  "2026-10-01 at_risk");
	/* only the gap before the last order day counts */
	CHECK_STR(stages("{2025-01-01 10, 2026-01-01 10, 2026-01-03 10}", "2026-01-01", "2026-01-31", NULL),
			  "2026-01-01 reactivated, 2026-01-03 loyal");
	/* a day on which something was given back does not end a gap */
	CHECK_STR(stages("{2025-01-01 10, 2025-08-01 -5, 2026-01-01 10}", "2026-01-01", "2026-02-28", NULL),
			  "2026-01-01 reactivated, 2026-02-01 active");
	CHECK_STR(stages("{2025-01-01 10, 2026-01-01 10}", "2026-01-01", "2026-01-31",
					 "{\"reactivated_days\":0}"),
			  "2026-01-01 reactivated, 2026-01-02 active");
	/* who is at risk again is not called back any more */
	CHECK_STR(stages("{2025-01-01 10, 2026-01-01 10}", "2026-01-01", "2026-01-31",
					 "{\"at_risk_days\":5}"),
			  "2026-01-01 reactivated, 2026-01-07 at_risk");
}

/* ----------------------------------------------------------------
 * Thresholds in gaps
 * ----------------------------------------------------------------
 */

static void
test_gaps(void)
{
	/* without own gaps: 2 and 4 of the usual 10 days */
	CHECK_STR(stages("{2026-01-01 10}", "2026-01-01", "2026-03-31", "{\"gap\":10}"),
			  "2026-01-01 new, 2026-01-22 at_risk, 2026-02-11 churned");
	/* (3 x 10 + 20) / 4 = 12.5: 25 and 50 days from 2026-01-21 */
	CHECK_STR(stages("{2026-01-01 10, 2026-01-21 10}", "2026-01-21", "2026-03-31", "{\"gap\":10}"),
			  "2026-01-21 active, 2026-02-16 at_risk, 2026-03-13 churned");
	/* (1 x 10 + 20) / 2 = 15 */
	CHECK_STR(stages("{2026-01-01 10, 2026-01-21 10}", "2026-01-21", "2026-03-31",
					 "{\"gap\":10,\"gap_weight\":1}"),
			  "2026-01-21 active, 2026-02-21 at_risk, 2026-03-23 churned");
	/* no weight: the customer's own gap, and the usual one while there is none */
	CHECK_STR(stages("{2026-01-01 10, 2026-01-21 10}", "2026-01-01", "2026-04-30",
					 "{\"gap\":5,\"gap_weight\":0}"),
			  "2026-01-01 new, 2026-01-12 at_risk, 2026-01-21 active, 2026-03-03 at_risk, 2026-04-12 churned");
	/* (0.5 x 2.5 + 4) / 1.5 = 3.5: 1.5 and 2.001 of it are 5.25 and 7.0035 days */
	CHECK_STR(stages("{2026-01-01 10, 2026-01-05 10}", "2026-01-05", "2026-01-31",
					 "{\"gap\":2.5,\"gap_weight\":0.5,\"at_risk_gaps\":1.5,\"churned_gaps\":2.001}"),
			  "2026-01-05 active, 2026-01-11 at_risk, 2026-01-13 churned");
	/* exactly 7 days are not more than 2 x 3.5, and 6.9965 are less */
	CHECK_STR(stages("{2026-01-01 10, 2026-01-05 10}", "2026-01-05", "2026-01-31",
					 "{\"gap\":2.5,\"gap_weight\":0.5,\"at_risk_gaps\":1.5,\"churned_gaps\":2}"),
			  "2026-01-05 active, 2026-01-11 at_risk, 2026-01-13 churned");
	CHECK_STR(stages("{2026-01-01 10, 2026-01-05 10}", "2026-01-05", "2026-01-31",
					 "{\"gap\":2.5,\"gap_weight\":0.5,\"at_risk_gaps\":1.5,\"churned_gaps\":1.999}"),
			  "2026-01-05 active, 2026-01-11 at_risk, 2026-01-12 churned");

	/*
	 * The gap before the last order day is not held against itself: 41 days
	 * are more than 4 x (3 x 10 + 10) / 4, and would be less than 4 x 16.2.
	 */
	CHECK_STR(on("{2026-01-01 10, 2026-01-11 10, 2026-02-21 10}", "2026-02-21", "{\"gap\":10}"),
			  "reactivated");
	CHECK_STR(on("{2026-01-01 10, 2026-01-11 10, 2026-02-20 10}", "2026-02-20", "{\"gap\":10}"),
			  "loyal");
	/* with one own gap only the usual one is left to compare with */
	CHECK_STR(on("{2026-01-01 10, 2026-02-11 10}", "2026-02-11", "{\"gap\":10}"), "reactivated");
	CHECK_STR(on("{2026-01-01 10, 2026-02-10 10}", "2026-02-10", "{\"gap\":10}"), "active");
	CHECK_STR(on("{2026-01-01 10, 2026-02-11 10}", "2026-02-11", "{\"gap\":10,\"gap_weight\":0}"),
			  "reactivated");
	CHECK_STR(on("{2026-01-01 10, 2026-02-10 10}", "2026-02-10", "{\"gap\":10,\"gap_weight\":0}"),
			  "active");
}

/* the whole days in a threshold of thousandths of gaps, by division */
static int64_t
whole_days(int64_t threshold, int64_t gaps, int64_t sum, const PromoStagePolicy *policy)
{
	if (policy->gap_weight == 0 && gaps == 0)
		return threshold * policy->gap / 1000000;
	return threshold * (policy->gap_weight * policy->gap + sum * 1000000) /
		((policy->gap_weight + 1000 * gaps) * 1000000);
}

static PromoCustomerStage
divided(const PromoPurchases *p, int32_t as_of, const PromoStagePolicy *policy)
{
	int64_t		recency = as_of - p->last;
	int64_t		sum = p->last - p->first;
	int64_t		gaps = (int64_t) p->order_days - 1;

	if (recency > whole_days(policy->churned, gaps, sum, policy))
		return PROMO_CHURNED;
	if (recency > whole_days(policy->at_risk, gaps, sum, policy))
		return PROMO_AT_RISK;
	if (gaps > 0 && recency <= policy->reactivated_days &&
		p->last - p->previous > whole_days(policy->churned, gaps - 1, p->previous - p->first, policy))
		return PROMO_REACTIVATED;
	if (p->orders == 1 && recency <= policy->new_days)
		return PROMO_NEW;
	return p->orders >= policy->loyal_orders ? PROMO_LOYAL : PROMO_ACTIVE;
}

static uint32_t
random_below(uint32_t n)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t) ((state >> 33) % n);
}

/* comparing products and dividing agree */
static void
test_random(void)
{
	int			seen[PROMO_STAGES] = {0};
	int			bad = 0;

	for (int i = 0; i < 200000; i++)
	{
		PromoStagePolicy policy = {
			.new_days = random_below(10),
			.loyal_orders = random_below(6),
			.reactivated_days = random_below(10),
			.at_risk = random_below(3000),
			.gap = 1 + random_below(10000),
			.gap_weight = random_below(4) * random_below(2000)
		};
		PromoPurchases p = {.order_days = 1 + random_below(4), .first = -(int32_t) random_below(100)};
		int32_t		as_of;

		policy.churned = policy.at_risk + random_below(3000);
		p.last = p.first;
		for (uint32_t j = 1; j < p.order_days; j++)
		{
			p.previous = p.last;
			p.last += 1 + (int32_t) random_below(20);
		}
		p.orders = p.order_days + random_below(2);
		as_of = p.last + (int32_t) random_below(40);
		seen[promo_stage_of(&p, as_of, &policy)]++;
		bad += promo_stage_of(&p, as_of, &policy) != divided(&p, as_of, &policy);
	}
	CHECK_INT(bad, 0);
	for (int stage = PROMO_CHURNED; stage < PROMO_STAGES; stage++)
		test_check(seen[stage] > 1000, promo_stage_names[stage], __FILE__, __LINE__);
}

static void
test_limits(void)
{
	/* the largest of everything does not wrap round */
	const char *largest = "{\"gap\":2147483647,\"gap_weight\":2147483647,"
		"\"at_risk_gaps\":2147483647,\"churned_gaps\":2147483647}";
	const char *smallest = "{\"gap\":0.001,\"gap_weight\":2147483647,"
		"\"at_risk_gaps\":0,\"churned_gaps\":0.001}";

	CHECK_STR(on("{0001-01-01 10, 0001-01-02 10}", "9999-12-31", largest), "active");
	CHECK_STR(on("{0001-01-01 10, 9999-12-31 10/2}", "9999-12-31", largest), "loyal");
	CHECK_STR(on("{0001-01-01 10}", "9999-12-31", "{\"gap\":2147483647,\"gap_weight\":0}"), "active");
	CHECK_STR(on("{0001-01-01 10}", "0001-01-01", smallest), "new");
	CHECK_STR(on("{0001-01-01 10}", "0001-01-02", smallest), "churned");
	CHECK_STR(on("{0001-01-01 10, 9999-12-30 10}", "9999-12-31", smallest), "churned");
	CHECK_STR(on("{0001-01-01 10}", "9999-12-31", "{\"at_risk_days\":2147483647,"
				 "\"churned_days\":2147483647}"), "active");
	CHECK_STR(on("{0001-01-01 10}", "9999-12-31", "{\"new_days\":2147483647,"
				 "\"at_risk_days\":2147483647,\"churned_days\":2147483647}"), "new");
	/* 9999-12-31 is day 3652058 after 0001-01-01 */
	CHECK_STR(on("{0001-01-01 10}", "9999-12-31", "{\"churned_days\":3652058}"), "at_risk");
	CHECK_STR(on("{0001-01-01 10}", "9999-12-31", "{\"churned_days\":3652057}"), "churned");
}

/* ----------------------------------------------------------------
 * Policies
 * ----------------------------------------------------------------
 */

static const char *
refused(const char *json)
{
	PromoStagePolicy policy;

	memset(&err, 0, sizeof(err));
	return promo_policy_from_json(&policy, &test.arena, promo_text(json), &err) ? "accepted" : error_text();
}

static void
test_policies(void)
{
	PromoStagePolicy policy = policy_of("{}");

	CHECK(memcmp(&policy, &promo_default_policy, offsetof(PromoStagePolicy, gap_weight)) == 0);
	policy = policy_of("{\"gap\":10}");
	CHECK_INT(policy.at_risk, 2000);
	CHECK_INT(policy.churned, 4000);
	CHECK_INT(policy.gap_weight, 3000);
	CHECK_INT(policy.gap, 10000);
	CHECK_INT(policy.new_days, 30);
	/* null is as if left out, also of a member that does not belong here */
	policy = policy_of("{\"new_days\":null,\"gap\":null,\"churned_gaps\":null,\"churned_days\":90.0}");
	CHECK_INT(policy.new_days, 30);
	CHECK_INT(policy.churned, 90);
	CHECK_INT(policy.gap, 0);

	CHECK_STR(refused("[]"), "1 invalid input syntax for type json; A policy must be an object.; "
			  "Write a policy as {\"at_risk_days\": 90, \"churned_days\": 180}.");
	CHECK_STR(refused("{\"days\":1}"), "1 invalid input syntax for type json; "
			  "Key \"days\" is unknown; accepted are new_days, loyal_orders, reactivated_days, "
			  "at_risk_days, churned_days, gap, at_risk_gaps, churned_gaps, gap_weight.");
	CHECK_STR(refused("{\"gap\":1,\"gap\":1}"), "1 invalid input syntax for type json; "
			  "Key \"gap\" is given twice.");
	CHECK_STR(refused("{\"gap\":[1]}"), "1 invalid input syntax for type json; "
			  "Key \"gap\" must be a number or a string.");
	CHECK_STR(refused("{\"new_days\":\"soon\"}"), "1 new_days is not a number: \"soon\"");
	CHECK_STR(refused("{\"new_days\":1.5}"), "5 new_days has more than 0 decimals: \"1.5\"");
	CHECK_STR(refused("{\"new_days\":-1}"), "5 new_days is negative");
	CHECK_STR(refused("{\"new_days\":2147483648}"), "5 new_days is out of range: \"2147483648\"");
	CHECK_STR(refused("{\"gap\":2147483648}"), "5 gap is out of range: \"2147483648\"");
	CHECK_STR(refused("{\"gap\":\"NaN\"}"), "5 gap is NaN");
	CHECK_STR(refused("{\"gap\":0.0005}"), "5 gap has more than 3 decimals: \"0.0005\"");
	CHECK_STR(refused("{\"gap\":0}"),
			  "5 gap is zero; It is the days between two orders of the usual customer.");
	CHECK_STR(refused("{\"gap\":1,\"churned_days\":5}"), "3 policy has both gap and churned_days; "
			  "With gap, thresholds are at_risk_gaps and churned_gaps.");
	CHECK_STR(refused("{\"gap_weight\":1}"), "3 policy has gap_weight but no gap; "
			  "Give gap, the days between two orders of the usual customer.");
	CHECK_STR(refused("{\"churned_days\":89}"),
			  "3 the risk threshold is above the churn threshold; at_risk_days is 90, churned_days is 89.");
	CHECK_STR(refused("{\"gap\":3,\"at_risk_gaps\":4.001}"),
			  "3 the risk threshold is above the churn threshold; at_risk_gaps is 4.001, churned_gaps is 4.");
	CHECK_STR(refused("{} x"), "1 invalid input syntax for type json; "
			  "Expected the end of the text at position 4, but found \"x\".");
	CHECK_STR(refused("{\"gap\":1"), "1 invalid input syntax for type json; "
			  "Expected \",\" or \"}\", but found the end of the text.");
}

int
main(void)
{
	arena_init(&test);
	test_days();
	test_reactivated();
	test_gaps();
	test_random();
	test_limits();
	test_policies();
	arena_free(&test);
	return test_done();
}
