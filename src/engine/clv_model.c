/*-------------------------------------------------------------------------
 *
 * clv_model.c
 *	  a model of lifetime value: JSON and external binary form
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "calendar.h"
#include "clv_model.h"
#include "json_reader.h"

#define TYPE	"promo.clv_model"

/* parameters within these keep every formula finite; fits stay far inside */
#define LEAST	1e-30
#define MOST	1e30

#define MAX_COUNT	INT64_C(1000000000000000)

static const char *const kind_names[] = {[PROMO_BG_NBD] = "bg/nbd", [PROMO_MBG_NBD] = "mbg/nbd"};
static const char *const orders_names[] = {"r", "alpha", "a", "b"};
static const char *const spend_names[] = {"p", "q", "v"};

/* what makes a fit doubtful */
static const struct
{
	uint32_t	flag;
	const char *name;
}			doubts[] = {
	{PROMO_FIT_NO_REPEATS, "no repeat purchases"},
	{PROMO_FIT_NO_DROPOUT, "no dropout"},
	{PROMO_FIT_AT_LIMIT, "parameter at its limit"},
	{PROMO_FIT_INFINITE_MEAN, "infinite mean"}
};

#define NDOUBTS	(sizeof(doubts) / sizeof(doubts[0]))

PromoClvModel *
promo_clv_new(PromoArena *arena, PromoClvKind kind, int unit)
{
	PromoClvModel *model = promo_alloc0(arena, sizeof(PromoClvModel));

	model->version = PROMO_CLV_VERSION;
	model->kind = (uint8_t) kind;
	model->unit = (uint8_t) unit;
	model->size = sizeof(PromoClvModel);
	return model;
}

bool
promo_clv_read_kind(PromoText text, PromoClvKind *kind, PromoError *err)
{
	for (int i = PROMO_BG_NBD; i <= PROMO_MBG_NBD; i++)
		if (promo_text_equal(text, promo_text(kind_names[i])))
		{
			*kind = (PromoClvKind) i;
			return true;
		}
	promo_fail(err, PROMO_BAD_VALUE, "unknown model: \"%.*s\"", promo_shown(text), text.data);
	return promo_hint(err, "Models are \"%s\" and \"%s\".",
					  kind_names[PROMO_BG_NBD], kind_names[PROMO_MBG_NBD]);
}

/* ---------------------------------------------------------------- checks */

static bool
check_between(double value, double least, double most, const char *what, PromoError *err)
{
	/* NaN is not */
	if (!(value >= least && value <= most))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of the model is out of range", what);
	return true;
}

static bool
check_parameters(const double *values, const char *const *names, int n, PromoError *err)
{
	for (int i = 0; i < n; i++)
	{
		if (values[i] <= 0)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of the model is not above 0", names[i]);
		if (!check_between(values[i], LEAST, MOST, names[i], err))
			return false;
	}
	return true;
}

/* a fit as it was read; of equal zeros the positive one is kept */
static bool
check_fit(PromoClvFit *fit, int nparameters, PromoError *err)
{
	fit->log_likelihood += 0.0;
	fit->gradient += 0.0;
	fit->correlation += 0.0;
	for (int i = 0; i < nparameters; i++)
	{
		fit->standard_errors[i] += 0.0;
		if (!check_between(fit->standard_errors[i], 0, HUGE_VAL, "standard error", err) ||
			isinf(fit->standard_errors[i]))
			return check_between(NAN, 0, 0, "standard error", err);
	}
	return check_between(fit->customers, 1, MAX_COUNT, "number of customers", err) &&
		check_between(fit->dropped, 0, MAX_COUNT, "number of dropped customers", err) &&
		check_between(fit->log_likelihood, -MOST, MOST, "log-likelihood", err) &&
		check_between(fit->gradient, 0, MOST, "gradient", err) &&
		check_between(fit->correlation, -1, 1, "correlation", err);
}

static bool
check_model(PromoClvModel *model, PromoError *err)
{
	return check_parameters(model->orders, orders_names, PROMO_CLV_PARAMETERS, err) &&
		(!(model->orders_fit.flags & PROMO_FIT_THERE) ||
		 check_fit(&model->orders_fit, PROMO_CLV_PARAMETERS, err)) &&
		(!model->has_spend ||
		 check_parameters(model->spend, spend_names, PROMO_SPEND_PARAMETERS, err)) &&
		(!(model->spend_fit.flags & PROMO_FIT_THERE) ||
		 check_fit(&model->spend_fit, PROMO_SPEND_PARAMETERS, err));
}

/* ---------------------------------------------------------------- reading JSON */

/* a number; beyond what a double holds it becomes infinite, or 0 */
static bool
read_double(PromoJson *json, const char *what, double *value)
{
	PromoText	text;
	char	   *copy;

	if (!promo_json_expect(json, PROMO_JSON_NUMBER, what, &text))
		return false;
	copy = promo_alloc(json->arena, text.len + (size_t) 1);
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	*value = strtod(copy, NULL);
	return true;
}

static bool
read_count(PromoJson *json, const char *what, int64_t most, int64_t *value)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_NUMBER, what, &text))
		return false;
	if (!promo_json_figure(text, 0, most, what, value, json->err))
		return promo_json_fail(json, "%s must be a whole number from 0 to %lld.", what, (long long) most);
	return true;
}

static bool
read_date(PromoJson *json, int32_t *day)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_STRING, "as_of", &text))
		return false;
	if (!promo_read_date(text, day))
		return promo_json_fail(json, "as_of is no date: \"%.*s\".", promo_shown(text), text.data);
	return true;
}

/* true or false: a flag */
static bool
read_flag(PromoJson *json, const char *what, uint32_t flag, uint32_t *flags)
{
	PromoJsonKind kind;
	PromoText	text;

	if (!promo_json_value(json, &kind, &text))
		return false;
	if (kind != PROMO_JSON_TRUE && kind != PROMO_JSON_FALSE)
		return promo_json_fail(json, "%s must be true or false.", what);
	if (kind == PROMO_JSON_TRUE)
		*flags |= flag;
	return true;
}

/* null, or as many numbers as there are parameters */
static bool
read_errors(PromoJson *json, int nparameters, PromoClvFit *fit)
{
	PromoJsonKind kind;
	PromoText	text;
	int			n = 0;

	if (!promo_json_value(json, &kind, &text))
		return false;
	if (kind == PROMO_JSON_NULL)
		return true;
	if (kind != PROMO_JSON_ARRAY)
		return promo_json_fail(json, "standard_errors must be null or an array.");
	while (promo_json_item(json))
	{
		if (n == nparameters)
			break;
		if (!read_double(json, "A standard error", &fit->standard_errors[n++]))
			return false;
	}
	if (json->failed)
		return false;
	if (n < nparameters || json->depth > 2 + (nparameters == PROMO_SPEND_PARAMETERS))
		return promo_json_fail(json, "standard_errors must be %d numbers.", nparameters);
	fit->flags |= PROMO_FIT_ERRORS;
	return true;
}

static bool
read_correlation(PromoJson *json, PromoClvFit *fit)
{
	PromoJson	ahead = *json;
	PromoJsonKind kind;
	PromoText	text;

	if (!promo_json_value(&ahead, &kind, &text))
		return promo_json_value(json, &kind, &text);
	if (kind == PROMO_JSON_NULL)
	{
		*json = ahead;
		return true;
	}
	fit->flags |= PROMO_FIT_CORRELATION;
	return read_double(json, "correlation", &fit->correlation);
}

static bool
read_doubts(PromoJson *json, uint32_t allowed, uint32_t *flags)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_ARRAY, "degenerate", &text))
		return false;
	while (promo_json_item(json))
	{
		size_t		i = 0;

		if (!promo_json_expect(json, PROMO_JSON_STRING, "An element of degenerate", &text))
			return false;
		while (i < NDOUBTS && !((doubts[i].flag & allowed) &&
								promo_text_equal(text, promo_text(doubts[i].name))))
			i++;
		if (i == NDOUBTS)
			return promo_json_fail(json, "\"%.*s\" is nothing that makes a fit degenerate.",
								   promo_shown(text), text.data);
		*flags |= doubts[i].flag;
	}
	return !json->failed;
}

/* all members of `names` but the first `optional` bits' must have been seen */
static bool
check_seen(PromoJson *json, const char *const *names, uint64_t seen, uint64_t optional)
{
	for (int i = 0; names[i] != NULL; i++)
		if (!((seen | optional) & UINT64_C(1) << i))
			return promo_json_fail(json, "Key \"%s\" is missing.", names[i]);
	return true;
}

/* a fit is whole: it is what fits write */
static bool
read_fit(PromoJson *json, PromoClvModel *model, bool spend)
{
	static const char *const of_orders[] = {
		"customers", "log_likelihood", "standard_errors", "gradient", "iterations", "converged",
		"degenerate", "as_of", NULL
	};
	static const char *const of_spend[] = {
		"customers", "log_likelihood", "standard_errors", "gradient", "iterations", "converged",
		"degenerate", "dropped", "correlation", NULL
	};
	const char *const *names = spend ? of_spend : of_orders;
	PromoClvFit *fit = spend ? &model->spend_fit : &model->orders_fit;
	int			nparameters = spend ? PROMO_SPEND_PARAMETERS : PROMO_CLV_PARAMETERS;
	uint64_t	seen = 0;
	int64_t		iterations = 0;
	PromoText	key;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "fit", &key))
		return false;
	fit->flags = PROMO_FIT_THERE;
	while (promo_json_member(json, &key))
	{
		bool		ok = false;

		switch (promo_json_key(json, key, names, &seen))
		{
			case 0:
				ok = read_count(json, "customers", MAX_COUNT, &fit->customers);
				break;
			case 1:
				ok = read_double(json, "log_likelihood", &fit->log_likelihood);
				break;
			case 2:
				ok = read_errors(json, nparameters, fit);
				break;
			case 3:
				ok = read_double(json, "gradient", &fit->gradient);
				break;
			case 4:
				ok = read_count(json, "iterations", INT32_MAX, &iterations);
				break;
			case 5:
				ok = read_flag(json, "converged", PROMO_FIT_CONVERGED, &fit->flags);
				break;
			case 6:
				ok = read_doubts(json, spend ? PROMO_SPEND_FIT_FLAGS : PROMO_CLV_FIT_FLAGS,
								 &fit->flags);
				break;
			case 7:
				ok = spend ? read_count(json, "dropped", MAX_COUNT, &fit->dropped)
					: read_date(json, &model->as_of);
				break;
			case 8:
				ok = read_correlation(json, fit);
				break;
		}
		if (!ok)
			return false;
	}
	fit->iterations = (uint32_t) iterations;
	return !json->failed && check_seen(json, names, seen, 0);
}

static bool
read_spend(PromoJson *json, PromoClvModel *model)
{
	static const char *const names[] = {"p", "q", "v", "fit", NULL};
	uint64_t	seen = 0;
	PromoText	key;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "spend", &key))
		return false;
	model->has_spend = true;
	while (promo_json_member(json, &key))
	{
		int			i = promo_json_key(json, key, names, &seen);

		if (i < 0 ||
			!(i < PROMO_SPEND_PARAMETERS ? read_double(json, names[i], &model->spend[i])
			  : read_fit(json, model, true)))
			return false;
	}
	return !json->failed && check_seen(json, names, seen, UINT64_C(1) << PROMO_SPEND_PARAMETERS);
}

static bool
read_unit(PromoJson *json, uint8_t *unit)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_STRING, "unit", &text))
		return false;
	if (promo_text_equal(text, promo_text("week")))
		*unit = 7;
	else if (promo_text_equal(text, promo_text("day")))
		*unit = 1;
	else
		return promo_json_fail(json, "unit must be \"day\" or \"week\".");
	return true;
}

static bool
read_kind(PromoJson *json, uint8_t *kind)
{
	PromoText	text;
	PromoClvKind read;

	if (!promo_json_expect(json, PROMO_JSON_STRING, "model", &text))
		return false;
	if (!promo_clv_read_kind(text, &read, json->err))
	{
		json->failed = true;
		return false;
	}
	*kind = (uint8_t) read;
	return true;
}

PromoClvModel *
promo_clv_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	static const char *const names[] = {"r", "alpha", "a", "b", "model", "unit", "fit", "spend", NULL};
	enum {KEY_MODEL = PROMO_CLV_PARAMETERS, KEY_UNIT, KEY_FIT, KEY_SPEND};
	PromoClvModel *model = promo_clv_new(arena, PROMO_BG_NBD, 0);
	PromoJson	json;
	uint64_t	seen = 0;
	PromoText	key;

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A model", &key))
		return NULL;
	while (promo_json_member(&json, &key))
	{
		int			i = promo_json_key(&json, key, names, &seen);
		bool		ok;

		switch (i)
		{
			case -1:
				return NULL;
			case KEY_MODEL:
				ok = read_kind(&json, &model->kind);
				break;
			case KEY_UNIT:
				ok = read_unit(&json, &model->unit);
				break;
			case KEY_FIT:
				ok = read_fit(&json, model, false);
				break;
			case KEY_SPEND:
				ok = read_spend(&json, model);
				break;
			default:
				ok = read_double(&json, names[i], &model->orders[i]);
				break;
		}
		if (!ok)
			return NULL;
	}
	if (json.failed || !promo_json_end(&json) ||
		!check_seen(&json, names, seen, UINT64_C(1) << KEY_FIT | UINT64_C(1) << KEY_SPEND) ||
		!check_model(model, err))
		return NULL;
	return model;
}

/* ---------------------------------------------------------------- writing JSON */

/* the fewest digits that read back equal */
static void
put_double(PromoBuffer *buf, double value)
{
	char		text[40];

	for (int digits = 15; digits <= 17; digits++)
	{
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	promo_puts(buf, text);
}

static void
put_parameters(PromoBuffer *buf, const char *const *names, const double *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		promo_putf(buf, "\"%s\":", names[i]);
		put_double(buf, values[i]);
		if (i < n - 1)
			promo_putc(buf, ',');
	}
}

static void
put_member(PromoBuffer *buf, const char *key, double value)
{
	promo_putf(buf, ",\"%s\":", key);
	put_double(buf, value);
}

/* behind the members that only one of the models has */
static void
put_fit(PromoBuffer *buf, const PromoClvFit *fit, int nparameters)
{
	bool		first = true;

	put_member(buf, "log_likelihood", fit->log_likelihood);
	promo_puts(buf, ",\"standard_errors\":");
	if (fit->flags & PROMO_FIT_ERRORS)
	{
		for (int i = 0; i < nparameters; i++)
		{
			promo_putc(buf, i == 0 ? '[' : ',');
			put_double(buf, fit->standard_errors[i]);
		}
		promo_putc(buf, ']');
	}
	else
		promo_puts(buf, "null");
	put_member(buf, "gradient", fit->gradient);
	promo_putf(buf, ",\"iterations\":%u,\"converged\":%s,\"degenerate\":[", fit->iterations,
			   fit->flags & PROMO_FIT_CONVERGED ? "true" : "false");
	for (size_t i = 0; i < NDOUBTS; i++)
		if (fit->flags & doubts[i].flag)
		{
			promo_putf(buf, "%s\"%s\"", first ? "" : ",", doubts[i].name);
			first = false;
		}
	promo_puts(buf, "]}");
}

void
promo_clv_to_json(PromoBuffer *buf, const PromoClvModel *model)
{
	promo_putf(buf, "{\"model\":\"%s\",\"unit\":\"%s\",", kind_names[model->kind],
			   model->unit == 1 ? "day" : "week");
	put_parameters(buf, orders_names, model->orders, PROMO_CLV_PARAMETERS);
	if (model->orders_fit.flags & PROMO_FIT_THERE)
	{
		promo_puts(buf, ",\"fit\":{\"as_of\":\"");
		promo_put_date(buf, model->as_of);
		promo_putf(buf, "\",\"customers\":%lld", (long long) model->orders_fit.customers);
		put_fit(buf, &model->orders_fit, PROMO_CLV_PARAMETERS);
	}
	if (model->has_spend)
	{
		promo_puts(buf, ",\"spend\":{");
		put_parameters(buf, spend_names, model->spend, PROMO_SPEND_PARAMETERS);
		if (model->spend_fit.flags & PROMO_FIT_THERE)
		{
			promo_putf(buf, ",\"fit\":{\"customers\":%lld,\"dropped\":%lld",
					   (long long) model->spend_fit.customers, (long long) model->spend_fit.dropped);
			if (model->spend_fit.flags & PROMO_FIT_CORRELATION)
				put_member(buf, "correlation", model->spend_fit.correlation);
			else
				promo_puts(buf, ",\"correlation\":null");
			put_fit(buf, &model->spend_fit, PROMO_SPEND_PARAMETERS);
		}
		promo_putc(buf, '}');
	}
	promo_putc(buf, '}');
}

/* ---------------------------------------------------------------- binary form */

/* a double as its 64-bit pattern */
static void
pack_doubles(PromoBuffer *buf, const double *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		int64_t		bits;

		memcpy(&bits, &values[i], sizeof(bits));
		promo_put_i64(buf, bits);
	}
}

static void
unpack_doubles(PromoReader *r, double *values, int n)
{
	for (int i = 0; i < n; i++)
	{
		int64_t		bits = promo_get_i64(r);

		memcpy(&values[i], &bits, sizeof(bits));
	}
}

static void
pack_fit(PromoBuffer *buf, const PromoClvFit *fit, int nparameters)
{
	promo_put_u8(buf, (uint8_t) fit->flags);
	if (!(fit->flags & PROMO_FIT_THERE))
		return;
	promo_put_i64(buf, fit->customers);
	promo_put_i64(buf, fit->dropped);
	promo_put_u32(buf, fit->iterations);
	pack_doubles(buf, &fit->log_likelihood, 1);
	pack_doubles(buf, &fit->gradient, 1);
	pack_doubles(buf, &fit->correlation, 1);
	pack_doubles(buf, fit->standard_errors, nparameters);
}

/* false if a flag is unknown, or something is there that its flag denies */
static bool
unpack_fit(PromoReader *r, PromoClvFit *fit, int nparameters, uint32_t flags)
{
	fit->flags = promo_get_u8(r);
	if (!(fit->flags & PROMO_FIT_THERE))
		return fit->flags == 0;
	fit->customers = promo_get_i64(r);
	fit->dropped = promo_get_i64(r);
	fit->iterations = promo_get_u32(r);
	unpack_doubles(r, &fit->log_likelihood, 1);
	unpack_doubles(r, &fit->gradient, 1);
	unpack_doubles(r, &fit->correlation, 1);
	unpack_doubles(r, fit->standard_errors, nparameters);
	if (!(fit->flags & PROMO_FIT_ERRORS))
		for (int i = 0; i < nparameters; i++)
			if (fit->standard_errors[i] != 0)
				return false;
	if (nparameters == PROMO_CLV_PARAMETERS && fit->dropped != 0)
		return false;
	return (fit->flags & ~flags) == 0 && fit->iterations <= INT32_MAX &&
		(fit->correlation == 0 || (fit->flags & PROMO_FIT_CORRELATION));
}

/*
 * u8 version, u8 kind, u8 days of the unit, doubles r, alpha, a, b, the fit,
 * u32 as_of (as signed, only if there is a fit), u8 whether there is a model
 * of spend; if so doubles p, q, v, and its fit.  A fit is u8 flags, and unless
 * they are 0: i64 customers, i64 dropped, u32 iterations, doubles
 * log-likelihood, gradient, correlation, and a standard error per parameter.
 */
void
promo_clv_pack(PromoBuffer *buf, const PromoClvModel *model)
{
	promo_put_u8(buf, PROMO_CLV_VERSION);
	promo_put_u8(buf, model->kind);
	promo_put_u8(buf, model->unit);
	pack_doubles(buf, model->orders, PROMO_CLV_PARAMETERS);
	pack_fit(buf, &model->orders_fit, PROMO_CLV_PARAMETERS);
	if (model->orders_fit.flags & PROMO_FIT_THERE)
		promo_put_u32(buf, (uint32_t) model->as_of);
	promo_put_u8(buf, model->has_spend);
	if (!model->has_spend)
		return;
	pack_doubles(buf, model->spend, PROMO_SPEND_PARAMETERS);
	pack_fit(buf, &model->spend_fit, PROMO_SPEND_PARAMETERS);
}

PromoClvModel *
promo_clv_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	PromoClvModel *model;
	uint8_t		kind;
	uint8_t		unit;
	bool		good;

	if (!promo_get_version(&r, PROMO_CLV_VERSION, TYPE, err))
		return NULL;
	kind = promo_get_u8(&r);
	unit = promo_get_u8(&r);
	model = promo_clv_new(arena, (PromoClvKind) kind, unit);
	unpack_doubles(&r, model->orders, PROMO_CLV_PARAMETERS);
	good = kind <= PROMO_MBG_NBD && (unit == 1 || unit == 7);
	good &= unpack_fit(&r, &model->orders_fit, PROMO_CLV_PARAMETERS, PROMO_CLV_FIT_FLAGS);
	if (model->orders_fit.flags & PROMO_FIT_THERE)
		model->as_of = (int32_t) promo_get_u32(&r);
	good &= model->as_of >= PROMO_DAY_MIN && model->as_of <= PROMO_DAY_MAX;
	model->has_spend = promo_get_u8(&r);
	good &= model->has_spend <= 1;
	if (model->has_spend)
	{
		unpack_doubles(&r, model->spend, PROMO_SPEND_PARAMETERS);
		good &= unpack_fit(&r, &model->spend_fit, PROMO_SPEND_PARAMETERS, PROMO_SPEND_FIT_FLAGS);
	}
	if (!promo_get_end(&r, TYPE, err))
		return NULL;
	if (!good)
		promo_fail(err, PROMO_BAD_VALUE, "model, unit, date or flags of the fit are unknown");
	if (!good || !check_model(model, err))
	{
		promo_get_fail(TYPE, err);
		return NULL;
	}
	return model;
}
