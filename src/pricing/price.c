/*-------------------------------------------------------------------------
 *
 * price.c
 *	  promo.price, explain, refund and apportion
 *
 * What a call site is given again and again is unpacked once: a toasted
 * ruleset, the arrays of text, the clock of the ruleset's zone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "engine/price_cart.h"
#include "kept.h"
#include "numeric.h"
#include "pgtime.h"
#include "pricing/ruleset.h"
#include "pricing/values.h"
#include "rows.h"
#include "utils/array.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* ----------------------------------------------------------------
 * what a call site keeps
 * ----------------------------------------------------------------
 */

typedef struct KeptTexts
{
	PromoKept	kept;
	const PromoText *texts;
	uint32		n;
} KeptTexts;

typedef struct KeptClock
{
	bool		known;
	TimestampTz at;
	char		zone[TZ_STRLEN_MAX + 1];
	int			weekday;
	int			second;
} KeptClock;

typedef struct CallSite
{
	PromoKeptFlat ruleset;
	KeptTexts	buyer;
	KeptTexts	codes;
	KeptTexts	without;
	KeptClock	clock;
	char	   *room;			/* working memory for carts of the usual size */
} CallSite;

#define ROOM_SIZE	(16 * 1024)

static CallSite *
get_call_site(FunctionCallInfo fcinfo)
{
	return promo_call_site(fcinfo, sizeof(CallSite));
}

static const PromoRuleset *
ruleset_arg(FunctionCallInfo fcinfo, int arg, PromoKeptFlat *cache)
{
	return promo_kept_flat(fcinfo, arg, &promo_flat_ruleset, cache);
}

/* a text[] without NULLs; a NULL array is an empty one */
static const PromoText *
texts_arg(FunctionCallInfo fcinfo, int arg, KeptTexts *cache, const char *name, uint32_t *n)
{
	struct varlena *value;
	ArrayType  *array;
	MemoryContext old;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	PromoText  *texts;

	*n = 0;
	if (PG_ARGISNULL(arg))
		return NULL;
	value = (struct varlena *) PG_GETARG_POINTER(arg);
	if (VARATT_IS_EXTERNAL(value))
		value = PG_DETOAST_DATUM(PointerGetDatum(value));
	if (!VARATT_IS_EXTENDED(value) && ARR_NDIM((ArrayType *) value) == 0)
		return NULL;

	if (!promo_is_kept(&cache->kept, value))
	{
		promo_forget(&cache->kept, fcinfo);
		old = MemoryContextSwitchTo(cache->kept.context);
		array = (ArrayType *) PG_DETOAST_DATUM_COPY(PointerGetDatum(value));
		deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
		texts = palloc(count * sizeof(PromoText));
		for (int i = 0; i < count; i++)
		{
			if (nulls[i])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("element %d of %s is null", i + 1, name)));
			texts[i] = promo_text_of_datum(elements[i]);
		}
		cache->texts = texts;
		cache->n = count;
		MemoryContextSwitchTo(old);
		promo_keep(&cache->kept, value);
	}
	*n = cache->n;
	return cache->texts;
}

/* weekday and second of the day in the ruleset's zone, for days and hours */
static void
set_clock(KeptClock *clock, const PromoRuleset *rules, PromoRequest *request)
{
	PromoText	zone;

	request->weekday = 0;
	request->second = 0;
	if (!(rules->flags & PROMO_RULESET_CLOCK))
		return;

	zone = rules->zone.len > 0 ?
		(PromoText) {(const char *) rules + rules->zone.at, rules->zone.len} : promo_text("GMT");
	if (!clock->known || clock->at != request->at ||
		!promo_text_equal(zone, promo_text_of_cstring(clock->zone)))
	{
		struct pg_tm tm;
		fsec_t		fsec;
		int			offset;
		pg_tz	   *tz;

		clock->known = false;
		if (zone.len > TZ_STRLEN_MAX)
			promo_flat_corrupted(&promo_flat_ruleset, rules);
		memcpy(clock->zone, zone.data, zone.len);
		clock->zone[zone.len] = '\0';
		tz = pg_tzset(clock->zone);
		if (tz == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown time zone \"%s\"", clock->zone),
					 errdetail("The ruleset was made on a server that knew it."),
					 errhint("Update this server's time zone data.")));
		if (timestamp2tm(request->at, &offset, &tm, &fsec, NULL, tz) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
		clock->at = request->at;
		clock->weekday = j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday));
		clock->second = (tm.tm_hour * MINS_PER_HOUR + tm.tm_min) * SECS_PER_MINUTE + tm.tm_sec;
		clock->known = true;
	}
	request->weekday = clock->weekday;
	request->second = clock->second;
}

/* ----------------------------------------------------------------
 * promo.price and promo.explain
 * ----------------------------------------------------------------
 */

/* the arguments of both */
enum
{
	ARG_CART,
	ARG_RULES,
	ARG_AT,
	ARG_BUYER,
	ARG_CODES,
	ARG_SHIPPING,
	ARG_WITHOUT
};

/* false if cart, rules or instant is NULL, and with them the result */
static bool
get_arguments(FunctionCallInfo fcinfo, const PromoCart **cart, const PromoRuleset **rules,
			  PromoRequest *request)
{
	CallSite   *site;

	if (PG_ARGISNULL(ARG_CART) || PG_ARGISNULL(ARG_RULES) || PG_ARGISNULL(ARG_AT))
		return false;
	site = get_call_site(fcinfo);
	*cart = PG_GETARG_PROMO_CART_P(ARG_CART);
	*rules = ruleset_arg(fcinfo, ARG_RULES, &site->ruleset);

	request->at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	promo_check_instant(request->at, "instant");
	set_clock(&site->clock, *rules, request);
	request->buyer = texts_arg(fcinfo, ARG_BUYER, &site->buyer, "buyer", &request->nbuyer);
	request->codes = texts_arg(fcinfo, ARG_CODES, &site->codes, "codes", &request->ncodes);
	request->without = texts_arg(fcinfo, ARG_WITHOUT, &site->without, "without", &request->nwithout);
	request->fee = PG_ARGISNULL(ARG_SHIPPING) ? 0 :
		promo_amount_of_numeric(PG_GETARG_DATUM(ARG_SHIPPING), "shipping");
	if (request->fee % (*rules)->unit != 0)
	{
		PromoBuffer unit;

		promo_buffer_init(&unit, &promo_arena);
		promo_put_decimal(&unit, (*rules)->unit, PROMO_MONEY_DIGITS, 0);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shipping is not a multiple of the unit"),
				 errdetail("The ruleset's unit is %s.", unit.data)));
	}
	return true;
}

PG_FUNCTION_INFO_V1(promo_price);
Datum
promo_price(PG_FUNCTION_ARGS)
{
	const PromoCart *cart;
	const PromoRuleset *rules;
	PromoRequest request;
	PromoArena	arena = promo_arena;
	CallSite   *site;
	PromoQuote *quote;
	PromoError	err;

	if (!get_arguments(fcinfo, &cart, &rules, &request))
		PG_RETURN_NULL();

	/* what pricing needs on the way is taken from the same memory for every cart */
	site = get_call_site(fcinfo);
	if (site->room == NULL)
		site->room = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, ROOM_SIZE);
	arena.room = site->room;
	arena.room_end = site->room + ROOM_SIZE;
	quote = promo_price_cart(&arena, cart, rules, &request, &err);
	if (quote == NULL)
		promo_report(&err);
	if ((char *) quote >= site->room && (char *) quote < arena.room_end)
	{
		PromoQuote *copy = palloc(quote->size);

		memcpy(copy, quote, quote->size);
		quote = copy;
	}
	return promo_flat_datum(&promo_flat_quote, quote);
}

PG_FUNCTION_INFO_V1(promo_explain);
Datum
promo_explain(PG_FUNCTION_ARGS)
{
	PromoRows	rows = promo_begin_rows(fcinfo);
	const PromoCart *cart;
	const PromoRuleset *rules;
	PromoRequest request;
	PromoExplanation *explanations;
	PromoError	err;
	int			n;

	if (!get_arguments(fcinfo, &cart, &rules, &request))
		PG_RETURN_NULL();
	explanations = promo_explain_cart(&promo_arena, cart, rules, &request, &n, &err);
	if (explanations == NULL)
		promo_report(&err);
	for (int i = 0; i < n; i++)
	{
		const PromoExplanation *e = &explanations[i];
		PromoNumeric numerics[4];
		Datum		values[8] = {0};
		bool		nulls[8] = {false};

		values[0] = promo_text_datum(e->rule);
		values[1] = promo_text_datum(promo_text(promo_status_names[e->status]));
		values[2] = promo_text_datum(e->reason);
		values[3] = promo_put_money(&numerics[0], e->amount);
		if (!(nulls[4] = e->needs_amount == PROMO_UNKNOWN))
			values[4] = promo_put_money(&numerics[1], e->needs_amount);
		if (!(nulls[5] = e->needs_qty == PROMO_UNKNOWN))
			values[5] = promo_put_qty(&numerics[2], e->needs_qty);
		if (!(nulls[6] = e->next_saving == PROMO_UNKNOWN))
			values[6] = promo_put_money(&numerics[3], e->next_saving);
		if (!(nulls[7] = e->lost_to.len == 0))
			values[7] = promo_text_datum(e->lost_to);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

/* ----------------------------------------------------------------
 * promo.refund
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_refund);
Datum
promo_refund(PG_FUNCTION_ARGS)
{
	PromoRows	rows = promo_begin_rows(fcinfo);
	const PromoQuote *quote;
	const PromoRuleset *rules = NULL;
	const PromoCart *cart;
	PromoRequest request = {0};
	PromoRefund *refunds;
	PromoError	err;
	int			n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	quote = PG_GETARG_PROMO_QUOTE_P(0);
	cart = promo_quote_cart(quote);
	if (!PG_ARGISNULL(2))
	{
		CallSite   *site = get_call_site(fcinfo);

		rules = ruleset_arg(fcinfo, 2, &site->ruleset);
		request.at = quote->at;
		set_clock(&site->clock, rules, &request);
	}
	refunds = promo_refund_quote(&promo_arena, quote, promo_text_of_jsonb(PG_GETARG_DATUM(1)), rules,
								 &request, !PG_ARGISNULL(3) && PG_GETARG_BOOL(3), &n, &err);
	if (refunds == NULL)
		promo_report(&err);
	for (int i = 0; i < n; i++)
	{
		const PromoRefund *refund = &refunds[i];
		PromoNumeric qty;
		PromoNumeric amount;
		Datum		values[3] = {0};
		bool		nulls[3] = {refund->line < 0, !refund->has_qty, false};

		if (!nulls[0])
			values[0] = Int64GetDatum(cart->lines[refund->line].line);
		if (!nulls[1])
			values[1] = promo_put_qty(&qty, refund->qty);
		values[2] = promo_put_money(&amount, refund->amount);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

/* ----------------------------------------------------------------
 * promo.apportion
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_apportion_amount);
Datum
promo_apportion_amount(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	int64		unit = promo_amount_of_numeric(PG_GETARG_DATUM(2), "unit");
	int64		amount;
	bool		negative;
	PromoNumber number;
	PromoError	err;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int64	   *weights;
	int64_t    *shares;

	number = promo_numeric_to_scaled(PG_GETARG_DATUM(0), PROMO_MONEY_DIGITS, &amount);
	if (number != PROMO_NUMBER_EXACT)
		promo_report_number(number, PROMO_MONEY_DIGITS, "amount");
	if (!promo_check_unit(unit, &err))
		promo_report(&err);
	if (amount % unit != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount is not a multiple of the unit")));
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weights are not a one-dimensional array")));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no weights")));
	weights = promo_weights_of_numerics(elements, nulls, n);

	/* what a shop pays back is split as what it takes */
	negative = amount < 0;
	amount = (amount < 0 ? -amount : amount);
	shares = palloc(n * sizeof(int64_t));
	if (promo_apportion(&promo_arena, amount, n, (const int64_t *) weights, NULL, unit, shares) != amount)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("all weights are zero")));
	for (int i = 0; negative && i < n; i++)
		shares[i] = -shares[i];
	return promo_money_array(shares, n);
}
