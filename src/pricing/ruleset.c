/*-------------------------------------------------------------------------
 *
 * ruleset.c
 *	  the type promo.ruleset: named rules with priority and period
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "numeric.h"
#include "pgtime.h"
#include "pricing/ruleset.h"
#include "pricing/values.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_ruleset_from_text(&promo_arena, json, promo_check_zone, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	promo_ruleset_to_json(buf, value);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_ruleset_unpack(&promo_arena, data, len, promo_check_zone, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	promo_ruleset_pack(buf, value);
}

const PromoFlat promo_flat_ruleset = {
	.name = "promo.ruleset",
	.version = PROMO_RULESET_VERSION,
	.size_at = offsetof(PromoRuleset, size),
	.from_text = from_json,
	.to_text = to_json,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(ruleset);

/* ----------------------------------------------------------------
 * what the server knows and the engine does not: zones and ranges
 * ----------------------------------------------------------------
 */

bool
promo_check_zone(PromoText *zone, PromoError *err)
{
	pg_tz	   *tz = NULL;
	long		offset;

	if (zone->len > 0 && zone->len <= TZ_STRLEN_MAX && memchr(zone->data, '\0', zone->len) == NULL)
		tz = pg_tzset(pnstrdup(zone->data, zone->len));
	if (zone->len > 0 && (tz == NULL || !pg_tz_acceptable(tz)))
	{
		promo_fail(err, PROMO_BAD_VALUE, "unknown time zone \"%.*s\"",
				   (int) Min(zone->len, 100), zone->data);
		return promo_hint(err, "Give a name such as \"Asia/Shanghai\"; pg_timezone_names lists them.");
	}
	/* UTC has many names, and is the default: one form for all of them */
	if (zone->len == 0 || (pg_get_timezone_offset(tz, &offset) && offset == 0))
		*zone = promo_text("");
	else
		*zone = promo_text_of_cstring(pg_get_timezone_name(tz));
	return true;
}

/* an infinite bound is as good as none */
PromoPeriod
promo_period_of_range(Datum datum)
{
	RangeType  *range = DatumGetRangeTypeP(datum);
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	PromoPeriod period = {PROMO_INSTANT_MIN, PROMO_INSTANT_MAX, 0};
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty)
		return (PromoPeriod) {0, 0, PROMO_PERIOD_EMPTY};
	if (!lower.infinite && !TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(lower.val)))
	{
		period.lower = DatumGetTimestampTz(lower.val);
		promo_check_instant(period.lower, "start of a period");
		if (lower.inclusive)
			period.flags |= PROMO_LOWER_INCLUSIVE;
	}
	if (!upper.infinite && !TIMESTAMP_IS_NOEND(DatumGetTimestampTz(upper.val)))
	{
		period.upper = DatumGetTimestampTz(upper.val);
		promo_check_instant(period.upper, "end of a period");
		if (upper.inclusive)
			period.flags |= PROMO_UPPER_INCLUSIVE;
	}
	return period;
}

/* ----------------------------------------------------------------
 * promo.configure
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_configure);
Datum
promo_configure(PG_FUNCTION_ARGS)
{
	const PromoRuleset *rules;
	PromoRuleset *result;
	PromoSettings settings;
	PromoError	err;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	rules = PG_GETARG_PROMO_RULESET_P(0);
	promo_ruleset_settings(rules, &settings);

	if (!PG_ARGISNULL(1))
	{
		settings.unit = promo_amount_of_numeric(PG_GETARG_DATUM(1), "unit");
		if (!promo_check_unit(settings.unit, &err))
			promo_report(&err);
	}
	if (!PG_ARGISNULL(2) &&
		!promo_parse_rounding(promo_text_of_datum(PG_GETARG_DATUM(2)), &settings.rounding, &err))
		promo_report(&err);
	if (!PG_ARGISNULL(3))
	{
		settings.zone = promo_text_of_datum(PG_GETARG_DATUM(3));
		if (!promo_check_zone(&settings.zone, &err))
			promo_report(&err);
	}
	if (!PG_ARGISNULL(4) &&
		!promo_parse_search(promo_text_of_datum(PG_GETARG_DATUM(4)), &settings.search, &err))
		promo_report(&err);
	if (!PG_ARGISNULL(5))
	{
		settings.search_limit = PG_GETARG_INT32(5);
		if (!promo_check_search_limit(settings.search_limit, &err))
			promo_report(&err);
	}

	result = promo_ruleset_build(&promo_arena, promo_ruleset_inputs(&promo_arena, rules),
								 rules->nrules, &settings, &err);
	if (result == NULL)
		promo_report(&err);
	return promo_flat_datum(&promo_flat_ruleset, result);
}

/* ----------------------------------------------------------------
 * promo.ruleset_agg
 * ----------------------------------------------------------------
 */

/* names and rules are copies in the aggregate's context */
typedef struct RulesetState
{
	PromoRulesetInput *rules;
	int			n;
	int			capacity;
} RulesetState;

/* The ruleset of a state, which stays as it is: building sorts. */
static PromoRuleset *
ruleset_of_state(const RulesetState *state)
{
	PromoRulesetInput *rules = MemoryContextAllocHuge(CurrentMemoryContext,
													  state->n * sizeof(PromoRulesetInput));
	PromoRuleset *result;
	PromoError	err;

	memcpy(rules, state->rules, state->n * sizeof(PromoRulesetInput));
	result = promo_ruleset_build(&promo_arena, rules, state->n, &promo_default_settings, &err);
	if (result == NULL)
		promo_report(&err);
	return result;
}

static RulesetState *
append_rule(RulesetState *state, MemoryContext context, const PromoRulesetInput *input)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	PromoRulesetInput *rule;
	char	   *copy;

	if (state == NULL)
	{
		state = palloc(sizeof(RulesetState));
		state->n = 0;
		state->capacity = 16;
		state->rules = palloc(state->capacity * sizeof(PromoRulesetInput));
	}
	else if (state->n == state->capacity)
	{
		state->capacity *= 2;
		state->rules = repalloc(state->rules, state->capacity * sizeof(PromoRulesetInput));
	}
	rule = &state->rules[state->n++];
	*rule = *input;
	copy = palloc(input->name.len + 1);
	memcpy(copy, input->name.data, input->name.len);
	rule->name.data = copy;
	copy = palloc(input->rule->size);
	memcpy(copy, input->rule, input->rule->size);
	rule->rule = (const PromoRule *) copy;
	MemoryContextSwitchTo(old);

	if (state->n > PROMO_MAX_RULES)
		ruleset_of_state(state);	/* which says so, before more memory is used */
	return state;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.ruleset_agg called outside of an aggregate");
	return context;
}

PG_FUNCTION_INFO_V1(promo_ruleset_agg_trans);
Datum
promo_ruleset_agg_trans(PG_FUNCTION_ARGS)
{
	RulesetState *state = PG_ARGISNULL(0) ? NULL : (RulesetState *) PG_GETARG_POINTER(0);
	MemoryContext context = aggregate_context(fcinfo);
	PromoRulesetInput input = {.period = {PROMO_INSTANT_MIN, PROMO_INSTANT_MAX, 0}};

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("name of a rule is null")));
	input.name = promo_text_of_datum(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("rule \"%.*s\" is null",
						pg_mbcliplen(input.name.data, input.name.len, 100), input.name.data)));
	input.rule = PG_GETARG_PROMO_RULE_P(2);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		input.priority = PG_GETARG_INT32(3);
	if (PG_NARGS() > 4 && !PG_ARGISNULL(4))
		input.period = promo_period_of_range(PG_GETARG_DATUM(4));
	PG_RETURN_POINTER(append_rule(state, context, &input));
}

PG_FUNCTION_INFO_V1(promo_ruleset_agg_combine);
Datum
promo_ruleset_agg_combine(PG_FUNCTION_ARGS)
{
	RulesetState *state = PG_ARGISNULL(0) ? NULL : (RulesetState *) PG_GETARG_POINTER(0);
	const RulesetState *other = PG_ARGISNULL(1) ? NULL : (RulesetState *) PG_GETARG_POINTER(1);
	MemoryContext context = aggregate_context(fcinfo);

	for (int i = 0; other != NULL && i < other->n; i++)
		state = append_rule(state, context, &other->rules[i]);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/* A partial state travels as the ruleset that it would become. */
PG_FUNCTION_INFO_V1(promo_ruleset_agg_serialize);
Datum
promo_ruleset_agg_serialize(PG_FUNCTION_ARGS)
{
	return promo_flat_datum(&promo_flat_ruleset,
							ruleset_of_state((RulesetState *) PG_GETARG_POINTER(0)));
}

PG_FUNCTION_INFO_V1(promo_ruleset_agg_deserialize);
Datum
promo_ruleset_agg_deserialize(PG_FUNCTION_ARGS)
{
	const PromoRuleset *rules =
		DatumGetPromoRulesetP(PointerGetDatum(PG_GETARG_BYTEA_P_COPY(0)));
	RulesetState *state = palloc(sizeof(RulesetState));

	state->rules = promo_ruleset_inputs(&promo_arena, rules);
	state->n = state->capacity = rules->nrules;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_ruleset_agg_final);
Datum
promo_ruleset_agg_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return promo_flat_datum(&promo_flat_ruleset,
							ruleset_of_state((RulesetState *) PG_GETARG_POINTER(0)));
}
