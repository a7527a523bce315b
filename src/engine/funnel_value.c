/*-------------------------------------------------------------------------
 *
 * funnel_value.c
 *	  how far one customer came in a funnel: the times of the steps
 *
 *-------------------------------------------------------------------------
 */
#include "funnel_value.h"
#include "json_reader.h"

#define TYPE			"promo.funnel"

/* offsets behind the length word */
#define AT_VERSION		0
#define AT_LEVEL		1
#define AT_TIMES		2
#define LENGTH_WORD		4

void *
promo_funnel_make(PromoArena *arena, uint32_t level, const int64_t *times)
{
	uint32_t	size = LENGTH_WORD + AT_TIMES + level * (uint32_t) sizeof(int64_t);
	uint8_t    *funnel = promo_alloc(arena, size);

	memcpy(funnel, &size, LENGTH_WORD);
	funnel[LENGTH_WORD + AT_VERSION] = PROMO_FUNNEL_VERSION;
	funnel[LENGTH_WORD + AT_LEVEL] = (uint8_t) level;
	memcpy(funnel + LENGTH_WORD + AT_TIMES, times, level * sizeof(int64_t));
	return funnel;
}

bool
promo_funnel_open(PromoFunnel *funnel, const void *image, size_t size)
{
	const uint8_t *bytes = image;

	if (size < AT_TIMES || bytes[AT_VERSION] != PROMO_FUNNEL_VERSION ||
		bytes[AT_LEVEL] > PROMO_MAX_STEPS || size != AT_TIMES + bytes[AT_LEVEL] * sizeof(int64_t))
		return false;
	funnel->level = bytes[AT_LEVEL];
	funnel->times = bytes + AT_TIMES;
	return true;
}

/* what came from outside, step by step; `times` holds those before this one */
static bool
check_time(const int64_t *times, uint32_t step, PromoError *err)
{
	if (!promo_in_calendar(times[step - 1]))
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "time of step %u is out of range", step);
		return promo_detail(err, "Instants must be within the years 0001 to 9999.");
	}
	if (step > 1 && times[step - 1] < times[step - 2])
		return promo_fail(err, PROMO_BAD_VALUE, "step %u is before step %u", step, step - 1);
	return true;
}

static bool
fail_level(PromoError *err)
{
	promo_fail(err, PROMO_TOO_MANY, "too many steps in a funnel");
	return promo_detail(err, "A funnel has at most %d steps.", PROMO_MAX_STEPS);
}

void
promo_funnel_to_json(PromoBuffer *buf, const PromoFunnel *funnel)
{
	promo_putf(buf, "{\"level\":%u,\"at\":[", funnel->level);
	for (uint32_t step = 1; step <= funnel->level; step++)
	{
		promo_puts(buf, step == 1 ? "\"" : ",\"");
		promo_put_instant(buf, promo_funnel_at(funnel, step));
		promo_putc(buf, '"');
	}
	promo_puts(buf, "]}");
}

static bool
read_times(PromoJson *json, int64_t *times, uint32_t *n, PromoError *err)
{
	PromoText	text;

	*n = 0;
	if (!promo_json_expect(json, PROMO_JSON_ARRAY, "Key \"at\"", &text))
		return false;
	while (promo_json_item(json))
	{
		if (*n == PROMO_MAX_STEPS)
			return fail_level(err);
		if (!promo_json_expect(json, PROMO_JSON_STRING, "A time", &text) ||
			!promo_parse_instant(text, &times[*n], err) || !check_time(times, ++*n, err))
			return false;
	}
	return !json->failed;
}

enum
{
	KEY_LEVEL,
	KEY_AT,
	NKEYS
};

void *
promo_funnel_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	static const char *const keys[] = {"level", "at", NULL};
	PromoJson	json;
	PromoText	key;
	PromoText	level = {NULL, 0};
	uint64_t	seen = 0;
	int64_t		times[PROMO_MAX_STEPS];
	uint32_t	n = 0;
	int64_t		number;

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A funnel", &key))
		return NULL;
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, keys, &seen);

		if (which < 0 ||
			!(which == KEY_AT ? read_times(&json, times, &n, err) :
			  promo_json_scalar(&json, keys[KEY_LEVEL], &level)))
			return NULL;
	}
	if (json.failed || !promo_json_end(&json))
		return NULL;
	for (int i = 0; i < NKEYS; i++)
	{
		if (!(seen >> i & 1) || (i == KEY_LEVEL && level.data == NULL))
		{
			promo_fail(err, PROMO_BAD_NULL, "%s of the funnel is missing", keys[i]);
			return NULL;
		}
	}
	if (!promo_json_figure(level, 0, UINT32_MAX, "level of the funnel", &number, err))
		return NULL;
	if (number != n)
	{
		promo_fail(err, PROMO_BAD_VALUE, "level of the funnel is not the number of its times");
		promo_detail(err, "Level %lld has %u times.", (long long) number, n);
		return NULL;
	}
	return promo_funnel_make(arena, n, times);
}

void
promo_funnel_pack(PromoBuffer *buf, const PromoFunnel *funnel)
{
	promo_put_u8(buf, PROMO_FUNNEL_VERSION);
	promo_put_u8(buf, (uint8_t) funnel->level);
	for (uint32_t step = 1; step <= funnel->level; step++)
		promo_put_i64(buf, promo_funnel_at(funnel, step));
}

void *
promo_funnel_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	int64_t		times[PROMO_MAX_STEPS];
	uint32_t	level;

	if (!promo_get_version(&r, PROMO_FUNNEL_VERSION, TYPE, err))
		return NULL;
	level = promo_get_u8(&r);
	if (level > PROMO_MAX_STEPS)
	{
		fail_level(err);
		promo_get_fail(TYPE, err);
		return NULL;
	}
	for (uint32_t step = 1; step <= level && !r.bad; step++)
	{
		times[step - 1] = promo_get_i64(&r);
		if (!r.bad && !check_time(times, step, err))
		{
			promo_get_fail(TYPE, err);
			return NULL;
		}
	}
	if (!promo_get_end(&r, TYPE, err))
		return NULL;
	return promo_funnel_make(arena, level, times);
}
