/*-------------------------------------------------------------------------
 *
 * rfm_model.c
 *	  models of recency, frequency and monetary: scoring, JSON, external
 *	  binary form
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "calendar.h"
#include "json_reader.h"
#include "rfm_model.h"

static const char model_type[] = "promo.rfm_model";

static const char *const method_names[] = {
	"fixed", "rank", "ntile", "quantile", "nested", "mean", NULL
};

static const char *const figure_names[] = {"recency", "frequency", "monetary", NULL};

PromoRfmModel *
promo_rfm_model_new(PromoArena *arena, PromoRfmMethod method, uint32_t levels)
{
	uint32_t	lists = promo_rfm_lists(method == PROMO_RFM_NESTED, levels);
	size_t		size = sizeof(PromoRfmModel) + lists * (levels - 1) * sizeof(int64_t);
	PromoRfmModel *model = promo_alloc0(arena, size);

	model->version = PROMO_RFM_MODEL_VERSION;
	model->method = (uint8_t) method;
	model->levels = (uint8_t) levels;
	model->size = (uint32_t) size;
	return model;
}

bool
promo_rfm_parse_method(PromoText name, PromoRfmMethod *method, PromoError *err)
{
	for (int i = PROMO_RFM_RANK; method_names[i] != NULL; i++)
		if (promo_text_equal(name, promo_text(method_names[i])))
		{
			*method = (PromoRfmMethod) i;
			return true;
		}
	promo_fail(err, PROMO_BAD_VALUE, "unknown method \"%.*s\"", promo_shown(name), name.data);
	return promo_hint(err, "Methods are rank, ntile, quantile, nested and mean.");
}

bool
promo_check_rfm_levels(int64_t levels, PromoError *err)
{
	if (levels >= PROMO_RFM_MIN_LEVELS && levels <= PROMO_RFM_MAX_LEVELS)
		return true;
	promo_fail(err, PROMO_OUT_OF_RANGE, "number of levels is out of range: %lld", (long long) levels);
	return promo_detail(err, "There are from %d to %d levels.",
						PROMO_RFM_MIN_LEVELS, PROMO_RFM_MAX_LEVELS);
}

/* 1 + how many breaks of a list this figure reaches; to be above is to reach the next number */
static inline uint32_t
score_of(const PromoRfmModel *model, uint32_t list, int64_t figure, bool at_least)
{
	uint32_t	n = model->levels - 1u;
	const int64_t *breaks = model->breaks + list * n;
	int64_t		reached = figure - (at_least ? 0 : 1);
	uint32_t	score = 1;

	for (uint32_t i = 0; i < n; i++)
		score += breaks[i] <= reached;
	return score;
}

uint32_t
promo_rfm_score(const PromoRfmModel *model, int32_t recency, uint32_t orders, int64_t spent)
{
	bool		nested = model->method == PROMO_RFM_NESTED;
	uint32_t	levels = model->levels;
	int64_t		days = recency * PROMO_MONEY;
	uint32_t	r = 1;
	uint32_t	f;
	uint32_t	m;

	for (uint32_t i = 0; i < levels - 1; i++)
		r += days <= model->breaks[i];
	f = score_of(model, promo_rfm_list(nested, levels, PROMO_FREQUENCY, r, 0),
				 orders * PROMO_MONEY, (model->flags & PROMO_RFM_AT_LEAST(PROMO_FREQUENCY)) != 0);
	m = score_of(model, promo_rfm_list(nested, levels, PROMO_MONETARY, r, f),
				 spent, (model->flags & PROMO_RFM_AT_LEAST(PROMO_MONETARY)) != 0);
	return promo_rfm(r, f, m);
}

/* "break 2 of monetary for R 3 and F 1"; r and f are 0 where they do not matter */
typedef char BreakName[64];

static const char *
break_name(BreakName name, PromoRfmFigure figure, int r, int f, int number)
{
	int			len = snprintf(name, sizeof(BreakName), "break %d of %s", number,
							   figure_names[figure]);

	if (r > 0)
		len += snprintf(name + len, sizeof(BreakName) - (size_t) len, " for R %d", r);
	if (f > 0)
		snprintf(name + len, sizeof(BreakName) - (size_t) len, " and F %d", f);
	return name;
}

static bool
check_list(const PromoRfmModel *model, PromoRfmFigure figure, int r, int f, PromoError *err)
{
	uint32_t	n = model->levels - 1u;
	const int64_t *breaks = model->breaks +
		n * promo_rfm_list(model->method == PROMO_RFM_NESTED, model->levels, figure,
						   (uint32_t) r, (uint32_t) f);
	BreakName	name;

	for (uint32_t i = 0; i < n; i++)
	{
		break_name(name, figure, r, f, (int) i + 1);
		if (breaks[i] > PROMO_MONEY_MAX || breaks[i] < -PROMO_MONEY_MAX)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "%s is out of range", name);
		if (i == 0)
			continue;
		if (figure == PROMO_RECENCY && breaks[i] > breaks[i - 1])
		{
			promo_fail(err, PROMO_BAD_VALUE, "%s is above the one before it", name);
			return promo_detail(err, "Breaks of recency do not ascend: fewer days are better.");
		}
		if (figure != PROMO_RECENCY && breaks[i] < breaks[i - 1])
		{
			promo_fail(err, PROMO_BAD_VALUE, "%s is below the one before it", name);
			return promo_detail(err, "Breaks of %s do not descend.", figure_names[figure]);
		}
	}
	return true;
}

/* what JSON and the binary form have in common to be checked */
static bool
check_model(const PromoRfmModel *model, PromoError *err)
{
	int			levels = model->levels;

	if (model->customers < 0 || model->customers > PROMO_MONEY_MAX / PROMO_MONEY)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "number of customers is out of range");
	if (model->as_of < PROMO_DAY_MIN || model->as_of > PROMO_DAY_MAX)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "as_of is out of range");
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		if (model->means[i] > PROMO_MONEY_MAX || model->means[i] < -PROMO_MONEY_MAX)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "mean of %s is out of range", figure_names[i]);

	if (!check_list(model, PROMO_RECENCY, 0, 0, err))
		return false;
	if (model->method != PROMO_RFM_NESTED)
		return check_list(model, PROMO_FREQUENCY, 0, 0, err) &&
			check_list(model, PROMO_MONETARY, 0, 0, err);
	for (int r = 1; r <= levels; r++)
	{
		if (!check_list(model, PROMO_FREQUENCY, r, 0, err))
			return false;
		for (int f = 1; f <= levels; f++)
			if (!check_list(model, PROMO_MONETARY, r, f, err))
				return false;
	}
	return true;
}

/* ---------------------------------------------------------------- JSON out */

/* figures of four decimals, as few as they need */
static void
put_figure(PromoBuffer *buf, int64_t value)
{
	promo_put_decimal(buf, value, PROMO_MONEY_DIGITS, 0);
}

static void
put_list(PromoBuffer *buf, const PromoRfmModel *model, uint32_t list)
{
	uint32_t	n = model->levels - 1u;

	promo_putc(buf, '[');
	for (uint32_t i = 0; i < n; i++)
	{
		if (i > 0)
			promo_putc(buf, ',');
		put_figure(buf, model->breaks[list * n + i]);
	}
	promo_putc(buf, ']');
}

/* a list for each of the next scores, from `list` on */
static void
put_lists(PromoBuffer *buf, const PromoRfmModel *model, uint32_t list)
{
	for (uint32_t i = 0; i < model->levels; i++)
	{
		promo_putc(buf, i == 0 ? '[' : ',');
		put_list(buf, model, list + i);
	}
	promo_putc(buf, ']');
}

static void
put_breaks(PromoBuffer *buf, const PromoRfmModel *model, PromoRfmFigure figure)
{
	uint32_t	list = promo_rfm_list(model->method == PROMO_RFM_NESTED, model->levels, figure, 1, 1);

	if (model->method != PROMO_RFM_NESTED || figure == PROMO_RECENCY)
		put_list(buf, model, list);
	else if (figure == PROMO_FREQUENCY)
		put_lists(buf, model, list);
	else
	{
		for (uint32_t r = 0; r < model->levels; r++)
		{
			promo_putc(buf, r == 0 ? '[' : ',');
			put_lists(buf, model, list + r * model->levels);
		}
		promo_putc(buf, ']');
	}
}

void
promo_rfm_model_to_json(PromoBuffer *buf, const PromoRfmModel *model)
{
	promo_putf(buf, "{\"method\":\"%s\",\"levels\":%d", method_names[model->method], model->levels);
	if (model->flags & PROMO_RFM_AS_OF)
	{
		promo_puts(buf, ",\"as_of\":\"");
		promo_put_date(buf, model->as_of);
		promo_putc(buf, '"');
	}
	if (model->flags & PROMO_RFM_CUSTOMERS)
		promo_putf(buf, ",\"customers\":%lld", (long long) model->customers);
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
	{
		promo_putf(buf, ",\"%s\":{", figure_names[i]);
		if (model->flags & PROMO_RFM_MEAN_OF(i))
		{
			promo_puts(buf, "\"mean\":");
			put_figure(buf, model->means[i]);
			promo_putc(buf, ',');
		}
		promo_puts(buf, i == PROMO_RECENCY ? "\"at_most\":" :
				   model->flags & PROMO_RFM_AT_LEAST(i) ? "\"at_least\":" : "\"above\":");
		put_breaks(buf, model, (PromoRfmFigure) i);
		promo_putc(buf, '}');
	}
	promo_putc(buf, '}');
}

/* ---------------------------------------------------------------- JSON in */

/* from breaks to breaks of each R to breaks of each R and F */
#define MAX_DEPTH	3

/* A figure as it is written. */
typedef struct Written
{
	PromoText	mean;			/* no data if it is not given */
	bool		given;
	bool		has_breaks;
	bool		at_least;
	int			depth;			/* of arrays in arrays */
	int			sizes[MAX_DEPTH];	/* of the arrays of each depth */
	int			n;
	int64_t		breaks[PROMO_RFM_MAX_LEVELS * PROMO_RFM_MAX_LEVELS * (PROMO_RFM_MAX_LEVELS - 1)];
} Written;

/* Reads an array that was entered; path counts the elements of those around it. */
static bool
read_breaks(PromoJson *json, PromoRfmFigure figure, Written *written, int depth, int *path)
{
	PromoJsonKind kind;
	PromoText	text;
	BreakName	name;

	path[depth] = 0;
	while (promo_json_item(json))
	{
		bool		is_array;
		bool		fits;

		if (!promo_json_value(json, &kind, &text))
			return false;
		is_array = kind == PROMO_JSON_ARRAY;
		if (!is_array && kind != PROMO_JSON_NUMBER && kind != PROMO_JSON_STRING)
			return promo_json_fail(json, "Breaks of %s must be numbers.", figure_names[figure]);
		if (written->depth == 0 && !is_array)
			written->depth = depth + 1;
		if (is_array)
			fits = depth + 1 < (written->depth > 0 ? written->depth : MAX_DEPTH);
		else
			fits = depth + 1 == written->depth;
		if (!fits)
			return promo_json_fail(json, "Breaks of %s must be numbers, or all of them in arrays as those of nested models.",
								   figure_names[figure]);
		if (++path[depth] > PROMO_RFM_MAX_LEVELS)
			return promo_json_fail(json, "An array of breaks of %s has more than %d elements.",
								   figure_names[figure], PROMO_RFM_MAX_LEVELS);
		if (is_array)
		{
			if (!read_breaks(json, figure, written, depth + 1, path))
				return false;
			continue;
		}
		if (written->n == sizeof(written->breaks) / sizeof(written->breaks[0]))
			return promo_json_fail(json, "There are too many breaks of %s.", figure_names[figure]);
		break_name(name, figure, depth > 0 ? path[0] : 0, depth > 1 ? path[1] : 0, path[depth]);
		if (!promo_parse_decimal(text, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, name,
								 &written->breaks[written->n++], json->err))
			return false;
	}
	if (json->failed)
		return false;
	if (written->sizes[depth] == 0)
		written->sizes[depth] = path[depth];
	if (path[depth] == 0 || path[depth] != written->sizes[depth])
		return promo_json_fail(json, "Arrays of breaks of %s must have the same number of elements, and some.",
							   figure_names[figure]);
	return true;
}

static bool
read_figure(PromoJson *json, PromoRfmFigure figure, Written *written)
{
	static const char *const recency_keys[] = {"mean", "at_most", NULL};
	static const char *const other_keys[] = {"mean", "above", "at_least", NULL};
	const char *const *keys = figure == PROMO_RECENCY ? recency_keys : other_keys;
	int			path[MAX_DEPTH];
	uint64_t	seen = 0;
	PromoText	key;
	char		what[32];

	snprintf(what, sizeof(what), "Key \"%s\"", figure_names[figure]);
	if (!promo_json_expect(json, PROMO_JSON_OBJECT, what, &key))
		return false;
	written->given = true;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, keys, &seen);

		if (which < 0)
			return false;
		if (which == 0)
		{
			if (!promo_json_scalar(json, keys[which], &written->mean))
				return false;
			continue;
		}
		if (written->has_breaks)
			return promo_json_fail(json, "Only one of \"above\" and \"at_least\" may be given for %s.",
								   figure_names[figure]);
		written->has_breaks = true;
		written->at_least = which == 2;
		snprintf(what, sizeof(what), "Key \"%s\"", keys[which]);
		if (!promo_json_expect(json, PROMO_JSON_ARRAY, what, &key) ||
			!read_breaks(json, figure, written, 0, path))
			return false;
	}
	return !json->failed;
}

/* how deep and wide the arrays of a figure must be */
static bool
check_shape(const Written *written, PromoRfmFigure figure, bool nested, int levels, PromoError *err)
{
	int			depth = nested ? (int) figure + 1 : 1;

	if (!written->has_breaks)
	{
		promo_fail(err, PROMO_BAD_NULL, "breaks of %s are missing", figure_names[figure]);
		return promo_detail(err, "They are given as %s.",
							figure == PROMO_RECENCY ? "\"at_most\"" : "\"above\" or \"at_least\"");
	}
	if (written->depth != depth)
	{
		promo_fail(err, PROMO_BAD_VALUE, "breaks of %s have a wrong shape", figure_names[figure]);
		return promo_detail(err, "They must be %s.",
							depth == 1 ? "an array of numbers" :
							depth == 2 ? "an array of breaks for each score of R, since the model is nested" :
							"for each score of R an array of breaks for each score of F, since the model is nested");
	}
	for (int i = 0; i < depth; i++)
		if (written->sizes[i] != levels - (i == depth - 1))
		{
			promo_fail(err, PROMO_BAD_VALUE, "breaks of %s are not those of %d levels",
					   figure_names[figure], levels);
			return promo_detail(err, i == depth - 1 ? "There must be %d of them in an array." :
								"There must be arrays for %d scores.", levels - (i == depth - 1));
		}
	return true;
}

enum
{
	KEY_METHOD = PROMO_RFM_FIGURES, KEY_LEVELS, KEY_AS_OF, KEY_CUSTOMERS, MODEL_KEYS
};

static const char *const model_keys[] = {
	"recency", "frequency", "monetary", "method", "levels", "as_of", "customers", NULL
};

static bool
read_model(PromoArena *arena, PromoText text, Written *figures, PromoText *scalars, PromoError *err)
{
	PromoJson	json;
	PromoText	key;
	uint64_t	seen = 0;

	promo_json_init(&json, arena, text, model_type, err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A model", &key))
		return false;
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, model_keys, &seen);

		if (which < 0)
			return false;
		if (which < PROMO_RFM_FIGURES ? !read_figure(&json, (PromoRfmFigure) which, &figures[which])
			: !promo_json_scalar(&json, model_keys[which], &scalars[which]))
			return false;
	}
	return promo_json_end(&json);
}

/* method and levels: what the shape of everything else follows from */
static bool
take_shape(const Written *figures, const PromoText *scalars, PromoRfmMethod *method, int *levels,
		   PromoError *err)
{
	int64_t		number;

	*method = PROMO_RFM_FIXED;
	if (scalars[KEY_METHOD].data != NULL &&
		!promo_text_equal(scalars[KEY_METHOD], promo_text(method_names[PROMO_RFM_FIXED])) &&
		!promo_rfm_parse_method(scalars[KEY_METHOD], method, err))
		return false;
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		if (!figures[i].given)
			return promo_fail(err, PROMO_BAD_NULL, "%s is missing", figure_names[i]);

	number = figures[PROMO_RECENCY].sizes[0] + 1;
	if (scalars[KEY_LEVELS].data != NULL &&
		(!promo_json_figure(scalars[KEY_LEVELS], 0, INT32_MAX, "levels", &number, err)))
		return false;
	if (figures[PROMO_RECENCY].has_breaks && !promo_check_rfm_levels(number, err))
		return false;
	*levels = (int) number;
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		if (!check_shape(&figures[i], (PromoRfmFigure) i, *method == PROMO_RFM_NESTED, *levels, err))
			return false;
	return true;
}

static bool
take_scalars(const Written *figures, const PromoText *scalars, PromoRfmModel *model, PromoError *err)
{
	if (scalars[KEY_AS_OF].data != NULL)
	{
		PromoText	text = scalars[KEY_AS_OF];

		if (!promo_read_date(text, &model->as_of))
		{
			promo_fail(err, PROMO_BAD_SYNTAX, "as_of is no date: \"%.*s\"",
					   promo_shown(text), text.data);
			return promo_hint(err, "Write it as in 2026-01-31.");
		}
		model->flags |= PROMO_RFM_AS_OF;
	}
	if (scalars[KEY_CUSTOMERS].data != NULL)
	{
		if (!promo_json_figure(scalars[KEY_CUSTOMERS], 0, PROMO_MONEY_MAX / PROMO_MONEY, "customers",
							   &model->customers, err))
			return false;
		model->flags |= PROMO_RFM_CUSTOMERS;
	}
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
	{
		char		what[32];

		if (figures[i].mean.data == NULL)
			continue;
		snprintf(what, sizeof(what), "mean of %s", figure_names[i]);
		if (!promo_parse_decimal(figures[i].mean, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, what,
								 &model->means[i], err))
			return false;
		model->flags |= PROMO_RFM_MEAN_OF(i);
	}
	return true;
}

PromoRfmModel *
promo_rfm_model_from_json(PromoArena *arena, PromoText json, PromoError *err)
{
	Written    *figures = promo_alloc0(arena, PROMO_RFM_FIGURES * sizeof(Written));
	PromoText	scalars[MODEL_KEYS] = {{NULL, 0}};
	PromoRfmModel *model;
	PromoRfmMethod method;
	int64_t    *next;
	int			levels = 0;

	if (!read_model(arena, json, figures, scalars, err) ||
		!take_shape(figures, scalars, &method, &levels, err))
		return NULL;
	model = promo_rfm_model_new(arena, method, (uint32_t) levels);
	next = model->breaks;
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
	{
		memcpy(next, figures[i].breaks, (size_t) figures[i].n * sizeof(int64_t));
		next += figures[i].n;
		if (figures[i].at_least)
			model->flags |= PROMO_RFM_AT_LEAST(i);
	}
	if (!take_scalars(figures, scalars, model, err) || !check_model(model, err))
		return NULL;
	return model;
}

/* ---------------------------------------------------------------- binary form */

static uint32_t
count_breaks(const PromoRfmModel *model)
{
	return promo_rfm_lists(model->method == PROMO_RFM_NESTED, model->levels) * (model->levels - 1u);
}

/*
 * u8 version, u8 method, u8 levels, u8 flags, u32 as_of (as signed), i64
 * customers, i64 mean of each figure, all 0 where not given, then the i64
 * breaks of every list in order.
 */
void
promo_rfm_model_pack(PromoBuffer *buf, const PromoRfmModel *model)
{
	uint32_t	n = count_breaks(model);

	promo_put_u8(buf, PROMO_RFM_MODEL_VERSION);
	promo_put_u8(buf, model->method);
	promo_put_u8(buf, model->levels);
	promo_put_u8(buf, model->flags);
	promo_put_u32(buf, (uint32_t) model->as_of);
	promo_put_i64(buf, model->customers);
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		promo_put_i64(buf, model->means[i]);
	for (uint32_t i = 0; i < n; i++)
		promo_put_i64(buf, model->breaks[i]);
}

/* what is not given is 0, so that equal models have equal bytes */
static bool
absent_is_zero(const PromoRfmModel *model)
{
	if ((!(model->flags & PROMO_RFM_AS_OF) && model->as_of != 0) ||
		(!(model->flags & PROMO_RFM_CUSTOMERS) && model->customers != 0))
		return false;
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		if (!(model->flags & PROMO_RFM_MEAN_OF(i)) && model->means[i] != 0)
			return false;
	return true;
}

PromoRfmModel *
promo_rfm_model_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	PromoRfmModel *model;
	uint8_t		method;
	uint8_t		levels;
	uint32_t	n;

	if (!promo_get_version(&r, PROMO_RFM_MODEL_VERSION, model_type, err))
		return NULL;
	method = promo_get_u8(&r);
	levels = promo_get_u8(&r);
	if (!r.bad && (method > PROMO_RFM_MEAN || !promo_check_rfm_levels(levels, err)))
	{
		if (method > PROMO_RFM_MEAN)
			promo_fail(err, PROMO_BAD_BINARY, "unknown method %d", method);
		promo_get_fail(model_type, err);
		return NULL;
	}
	/* also where that much was not even sent: it is little */
	model = promo_rfm_model_new(arena, (PromoRfmMethod) method,
								r.bad ? PROMO_RFM_MIN_LEVELS : levels);
	model->flags = promo_get_u8(&r);
	model->as_of = (int32_t) promo_get_u32(&r);
	model->customers = promo_get_i64(&r);
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		model->means[i] = promo_get_i64(&r);
	n = count_breaks(model);
	for (uint32_t i = 0; i < n; i++)
		model->breaks[i] = promo_get_i64(&r);
	if (!promo_get_end(&r, model_type, err))
		return NULL;
	if ((model->flags & ~PROMO_RFM_ALL_FLAGS) != 0 || !absent_is_zero(model))
	{
		promo_fail(err, PROMO_BAD_BINARY, "flags contradict what is given");
		promo_get_fail(model_type, err);
		return NULL;
	}
	if (!check_model(model, err))
	{
		promo_get_fail(model_type, err);
		return NULL;
	}
	return model;
}
