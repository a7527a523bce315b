/*-------------------------------------------------------------------------
 *
 * kpi_value.c
 *	  the settled form of a kpi state: building, reading, JSON, binary form
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdio.h>

#include "json_reader.h"
#include "kpi_value.h"

#define TYPE			"promo.kpi"
#define LENGTH_WORD		4

/* flags of an event */
#define KPI_MONEY		0x01
#define KPI_FINE		0x02	/* money is not in whole cents */
#define KPI_SAMPLE		0x04
#define KPI_FLAGS		0x07

#define CENT			(PROMO_MONEY / 100)

/* the numbers are part of the disk format */
static const char *const known_words[] = {
	NULL, "cart", "click", "favorite", "order", "refund", "signup", "spend", "view"
};


static const char *const kinds[] = {
	[PROMO_CUSTOMER_NONE] = "none",
	[PROMO_CUSTOMER_BIGINT] = "bigint",
	[PROMO_CUSTOMER_TEXT] = "text",
	[PROMO_CUSTOMER_UUID] = "uuid"
};

#define NKINDS			4

const char *
promo_customer_kind_name(PromoCustomerKind kind)
{
	return kinds[kind];
}

PromoText
promo_kpi_known_word(int number)
{
	return promo_text(known_words[number]);
}

int
promo_kpi_word_number(PromoText word)
{
	int			number;

	switch (word.len > 0 ? word.data[0] : 0)
	{
		case 'c':
			number = word.len == 4 ? 1 : 2;
			break;
		case 'f':
			number = 3;
			break;
		case 'o':
			number = PROMO_KPI_ORDER;
			break;
		case 'r':
			number = 5;
			break;
		case 's':
			number = word.len == 6 ? 6 : 7;
			break;
		case 'v':
			number = 8;
			break;
		default:
			return 0;
	}
	return promo_text_equal(word, promo_text(known_words[number])) ? number : 0;
}

bool
promo_kpi_check_word(PromoText word, PromoError *err)
{
	if (word.len > 0 && word.len <= PROMO_KPI_MAX_WORD)
		return true;
	promo_fail(err, PROMO_BAD_VALUE, "invalid event word \"%.*s\"", promo_shown(word), word.data);
	return promo_detail(err, "An event word has 1 to %d bytes.", PROMO_KPI_MAX_WORD);
}

/* ----------------------------------------------------------------
 * building
 * ----------------------------------------------------------------
 */

static uint64_t
zigzag(int64_t value)
{
	return (uint64_t) value << 1 ^ (uint64_t) (value >> 63);
}

static int64_t
unzigzag(uint64_t value)
{
	return (int64_t) (value >> 1) ^ -(int64_t) (value & 1);
}

static bool
input_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoKpiInput *events = context;

	return promo_text_compare(events[a].word, events[b].word) < 0;
}

static uint8_t *
put_set_head(uint8_t *p, uint32_t members, size_t size)
{
	p = promo_put_varint(p, members);
	return members > 0 ? promo_put_varint(p, size) : p;
}

static uint8_t *
put_event_head(uint8_t *p, const PromoKpiInput *event, size_t once_size, size_t twice_size)
{
	int			known = promo_kpi_word_number(event->word);
	bool		fine = event->amount % CENT != 0 || event->discount % CENT != 0 ||
		event->cost % CENT != 0;
	bool		money = event->amount != 0 || event->discount != 0 || event->cost != 0;
	int64_t		unit = fine ? 1 : CENT;

	*p++ = (uint8_t) known;
	if (known == 0)
	{
		*p++ = (uint8_t) event->word.len;
		memcpy(p, event->word.data, event->word.len);
		p += event->word.len;
	}
	*p++ = (money ? KPI_MONEY : 0) | (fine ? KPI_FINE : 0) | (event->bits > 0 ? KPI_SAMPLE : 0);
	p = promo_put_varint(p, (uint64_t) event->count);
	if (money)
	{
		p = promo_put_varint(p, zigzag(event->amount / unit));
		p = promo_put_varint(p, zigzag(event->discount / unit));
		p = promo_put_varint(p, zigzag(event->cost / unit));
	}
	if (event->bits > 0)
		*p++ = (uint8_t) event->bits;
	p = put_set_head(p, event->nonce, once_size);
	if (known == PROMO_KPI_ORDER)
		p = put_set_head(p, event->ntwice, twice_size);
	return p;
}

/* known word or length, word, flags, count, three amounts, bits, two sets */
#define MAX_EVENT_HEAD	(2 + PROMO_KPI_MAX_WORD + 1 + 4 * PROMO_VARINT_SIZE + 1 + 4 * PROMO_VARINT_SIZE)

void *
promo_kpi_build(PromoArena *arena, PromoCustomerKind kind, const PromoKpiInput *events, int n)
{
	uint32_t   *order = promo_sorted(arena, (uint32_t) n, input_before, events);
	PromoIdCode once[PROMO_KPI_MAX_EVENTS];
	PromoIdCode twice[PROMO_KPI_MAX_EVENTS];
	size_t		sets = 0;
	uint8_t	   *heads = promo_alloc(arena, 3 + (size_t) n * MAX_EVENT_HEAD);
	uint8_t    *p = heads;
	uint8_t    *result;
	uint32_t	size;

	*p++ = PROMO_KPI_VERSION;
	*p++ = (uint8_t) kind;
	*p++ = (uint8_t) n;
	for (int i = 0; i < n; i++)
	{
		const PromoKpiInput *event = &events[order[i]];

		once[i] = promo_ids_code(event->once, event->nonce);
		twice[i] = promo_ids_code(event->twice, event->ntwice);
		sets += once[i].size + twice[i].size;
		p = put_event_head(p, event, once[i].size, twice[i].size);
	}
	size = (uint32_t) (LENGTH_WORD + (size_t) (p - heads) + sets);
	result = promo_alloc(arena, size);
	memcpy(result, &size, LENGTH_WORD);
	memcpy(result + LENGTH_WORD, heads, (size_t) (p - heads));
	p = result + LENGTH_WORD + (p - heads);
	for (int i = 0; i < n; i++)
	{
		const PromoKpiInput *event = &events[order[i]];

		promo_ids_put(p, once[i], event->once, event->nonce);
		p += once[i].size;
		promo_ids_put(p, twice[i], event->twice, event->ntwice);
		p += twice[i].size;
	}
	return result;
}

/* ----------------------------------------------------------------
 * reading
 * ----------------------------------------------------------------
 */

static bool
get_set_head(const uint8_t **p, const uint8_t *end, PromoKpiSet *set)
{
	uint64_t	members;
	uint64_t	size = 0;

	if (!promo_get_varint(p, end, &members) || members > PROMO_KPI_EXACT ||
		(members > 0 && !promo_get_varint(p, end, &size)))
		return false;
	*set = (PromoKpiSet) {(uint32_t) members, NULL, size};
	return true;
}

static bool
get_event_head(const uint8_t **p, const uint8_t *end, PromoKpiEvent *event)
{
	uint64_t	value;
	int64_t		unit;
	uint8_t		known;
	uint8_t		flags;

	memset(event, 0, sizeof(*event));
	if (end - *p < 2)
		return false;
	known = *(*p)++;
	if (known >= PROMO_KPI_KNOWN_WORDS)
		return false;
	if (known > 0)
		event->word = promo_text(known_words[known]);
	else
	{
		event->word.len = *(*p)++;
		event->word.data = (const char *) *p;
		if (event->word.len == 0 || event->word.len > PROMO_KPI_MAX_WORD ||
			event->word.len >= (size_t) (end - *p))
			return false;
		*p += event->word.len;
	}
	if (*p == end || (*(*p) & ~KPI_FLAGS) != 0)
		return false;
	flags = *(*p)++;
	unit = flags & KPI_FINE ? 1 : CENT;
	if (!promo_get_varint(p, end, &value) || value > INT64_MAX)
		return false;
	event->count = (int64_t) value;
	if (flags & KPI_MONEY)
	{
		int64_t    *sums[] = {&event->amount, &event->discount, &event->cost};

		for (int i = 0; i < 3; i++)
		{
			if (!promo_get_varint(p, end, &value) ||
				__builtin_mul_overflow(unzigzag(value), unit, sums[i]))
				return false;
		}
	}
	if (flags & KPI_SAMPLE)
	{
		if (*p == end || *(*p) > PROMO_KPI_MAX_BITS)
			return false;
		event->bits = *(*p)++;
	}
	return get_set_head(p, end, &event->once) &&
		(known != PROMO_KPI_ORDER || get_set_head(p, end, &event->twice));
}

PromoKpiOpened
promo_kpi_open(PromoKpi *kpi, const void *image, size_t size)
{
	const uint8_t *p = image;
	const uint8_t *end = p + size;
	const uint8_t *sets;
	size_t		left;

	if (size < 3 || p[0] != PROMO_KPI_VERSION || p[1] >= NKINDS || p[2] > PROMO_KPI_MAX_EVENTS)
		return PROMO_KPI_BAD;
	kpi->kind = p[1];
	kpi->nevents = p[2];
	p += 3;
	for (int i = 0; i < kpi->nevents; i++)
	{
		if (!get_event_head(&p, end, &kpi->events[i]))
			return PROMO_KPI_CUT;
	}
	sets = p;
	left = (size_t) (end - p);
	for (int i = 0; i < kpi->nevents; i++)
	{
		PromoKpiSet *both[] = {&kpi->events[i].once, &kpi->events[i].twice};

		for (int j = 0; j < 2; j++)
		{
			if (both[j]->size > left)
				return PROMO_KPI_SCALARS;
			both[j]->code = sets;
			sets += both[j]->size;
			left -= both[j]->size;
		}
	}
	return left == 0 ? PROMO_KPI_WHOLE : PROMO_KPI_BAD;
}

const PromoKpiEvent *
promo_kpi_find(const PromoKpi *kpi, PromoText word)
{
	for (int i = 0; i < kpi->nevents; i++)
	{
		if (promo_text_equal(kpi->events[i].word, word))
			return &kpi->events[i];
	}
	return NULL;
}

bool
promo_kpi_is_exact(const PromoKpi *kpi)
{
	for (int i = 0; i < kpi->nevents; i++)
	{
		if (kpi->events[i].bits > 0)
			return false;
	}
	return true;
}

/*
 * A sample of n from N = n 2^bits customers, each in it with probability p =
 * 2^-bits: the variance of n is N p (1 - p), so that n / p is off by
 * sqrt((1 - p) / n), relative to N.
 */
double
promo_kpi_error(const PromoKpi *kpi)
{
	double		largest = 0;

	for (int i = 0; i < kpi->nevents; i++)
	{
		const PromoKpiEvent *event = &kpi->events[i];
		double		error = 0;

		if (event->bits > 0 && event->once.members > 0)
			error = sqrt((1 - ldexp(1, -event->bits)) / event->once.members);
		if (error > largest)
			largest = error;
	}
	return largest;
}

/* a set's members; NULL with err set if its code is broken */
static uint64_t *
members_of(PromoArena *arena, const PromoKpiSet *set, PromoError *err)
{
	uint64_t   *ids = promo_alloc(arena, (set->members + 1) * sizeof(uint64_t));

	if (set->code != NULL && promo_ids_get(set->code, set->size, ids, set->members))
		return ids;
	promo_fail(err, PROMO_CORRUPTED, "stored " TYPE " has a broken set of customers");
	return NULL;
}

bool
promo_kpi_check_sets(PromoArena *arena, const PromoKpi *kpi, PromoError *err)
{
	for (int i = 0; i < kpi->nevents; i++)
	{
		if (members_of(arena, &kpi->events[i].once, err) == NULL ||
			members_of(arena, &kpi->events[i].twice, err) == NULL)
			return false;
	}
	return true;
}

bool
promo_kpi_common(PromoArena *arena, const PromoKpi *a, const PromoKpi *b, PromoText word,
				 int64_t *common, PromoError *err)
{
	const PromoKpiEvent *in_a = promo_kpi_find(a, word);
	const PromoKpiEvent *in_b = promo_kpi_find(b, word);
	uint64_t   *ids_a;
	uint64_t   *ids_b;
	size_t		na;
	size_t		nb;
	int			bits;

	*common = 0;
	if (a->kind != b->kind && a->kind != PROMO_CUSTOMER_NONE && b->kind != PROMO_CUSTOMER_NONE)
	{
		promo_fail(err, PROMO_BAD_VALUE, "customers of type %s and %s have none in common",
				   kinds[a->kind], kinds[b->kind]);
		return promo_hint(err, "Give all of them as one type.");
	}
	if (in_a == NULL || in_b == NULL)
		return true;
	bits = in_a->bits > in_b->bits ? in_a->bits : in_b->bits;
	ids_a = members_of(arena, &in_a->once, err);
	ids_b = ids_a != NULL ? members_of(arena, &in_b->once, err) : NULL;
	if (ids_b == NULL)
		return false;
	na = promo_ids_sample(ids_a, in_a->once.members, bits);
	nb = promo_ids_sample(ids_b, in_b->once.members, bits);
	*common = promo_kpi_estimate(promo_ids_common(ids_a, na, ids_b, nb), bits);
	return true;
}

PromoKpiFigures
promo_kpi_figures(const PromoKpi *kpi)
{
	static const PromoKpiEvent none = {.count = 0};
	const PromoKpiEvent *view = promo_kpi_find(kpi, promo_text("view"));
	const PromoKpiEvent *order = promo_kpi_find(kpi, promo_text("order"));
	const PromoKpiEvent *refund = promo_kpi_find(kpi, promo_text("refund"));
	const PromoKpiEvent *spend = promo_kpi_find(kpi, promo_text("spend"));
	const PromoKpiEvent *signup = promo_kpi_find(kpi, promo_text("signup"));
	PromoKpiFigures f;

	view = view != NULL ? view : &none;
	order = order != NULL ? order : &none;
	refund = refund != NULL ? refund : &none;
	spend = spend != NULL ? spend : &none;
	signup = signup != NULL ? signup : &none;
	f.pv = view->count;
	f.uv = promo_kpi_estimate(view->once.members, view->bits);
	f.orders = order->count;
	f.buyers = promo_kpi_estimate(order->once.members, order->bits);
	f.repeat_buyers = promo_kpi_estimate(order->twice.members, order->bits);
	f.signups = promo_kpi_estimate(signup->once.members, signup->bits);
	f.gmv = order->amount;
	f.discount = order->discount;
	f.sales = f.gmv - f.discount;
	f.refunds = refund->amount;
	f.net = f.sales - f.refunds;
	f.cogs = (promo_int128) order->cost - refund->cost;
	f.spend = spend->amount;
	f.profit = f.net - f.cogs - f.spend;
	return f;
}

/* ----------------------------------------------------------------
 * what is read from outside
 * ----------------------------------------------------------------
 */

/* Whether an event could have been collected; its sets ascend. */
static bool
check_input(const PromoKpiInput *event, PromoError *err)
{
	const int64_t sums[] = {event->amount, event->discount, event->cost};
	int			shown = promo_shown(event->word);
	const char *word = event->word.data;

	if (!promo_kpi_check_word(event->word, err))
		return false;
	for (int i = 0; i < 3; i++)
	{
		if (sums[i] > PROMO_MONEY_MAX || sums[i] < -PROMO_MONEY_MAX)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "money of event \"%.*s\" is out of range", shown, word);
	}
	if (event->count < 1)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "number of events \"%.*s\" is out of range", shown, word);
	if (event->bits < 0 || event->bits > PROMO_KPI_MAX_BITS || event->nonce > PROMO_KPI_EXACT)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "sample of event \"%.*s\" is out of range", shown, word);
	for (uint32_t i = 0; i < event->nonce; i++)
	{
		if (!promo_id_in_sample(event->once[i], event->bits))
			return promo_fail(err, PROMO_BAD_VALUE, "a customer of event \"%.*s\" is not in its sample", shown, word);
	}
	if (event->ntwice > 0 && promo_kpi_word_number(event->word) != PROMO_KPI_ORDER)
		return promo_fail(err, PROMO_BAD_VALUE, "only event \"order\" has repeat customers");
	if (promo_ids_common(event->once, event->nonce, event->twice, event->ntwice) != event->ntwice)
		return promo_fail(err, PROMO_BAD_VALUE, "a repeat customer of event \"%.*s\" is not among its uniques", shown, word);
	if (event->count < (int64_t) event->nonce + event->ntwice)
		return promo_fail(err, PROMO_BAD_VALUE, "event \"%.*s\" has more uniques than events", shown, word);
	return true;
}

/* what has been read so far */
typedef struct Reading
{
	PromoCustomerKind kind;
	bool		numbers;		/* a customer was a number */
	bool		hashes;			/* a customer was a hash */
	PromoKpiInput events[PROMO_KPI_MAX_EVENTS];
	int			n;
} Reading;

static bool
check_new_event(const Reading *reading, PromoText word, PromoError *err)
{
	if (reading->n == PROMO_KPI_MAX_EVENTS)
	{
		promo_fail(err, PROMO_TOO_MANY, "too many event words in one state");
		return promo_detail(err, "A state has at most %d.", PROMO_KPI_MAX_EVENTS);
	}
	for (int i = 0; i < reading->n; i++)
	{
		if (promo_text_equal(reading->events[i].word, word))
			return promo_fail(err, PROMO_BAD_VALUE, "duplicate event \"%.*s\"", promo_shown(word), word.data);
	}
	return true;
}

/* A state has a kind of customers just if it has customers. */
static void *
build_reading(PromoArena *arena, const Reading *reading, PromoError *err)
{
	uint64_t	customers = 0;

	for (int i = 0; i < reading->n; i++)
		customers += reading->events[i].nonce;
	if ((customers > 0) == (reading->kind != PROMO_CUSTOMER_NONE))
		return promo_kpi_build(arena, reading->kind, reading->events, reading->n);
	promo_fail(err, PROMO_BAD_VALUE, customers > 0 ? "customers are of no type" :
			   "there is a type of customers, and no customer");
	return NULL;
}

/* ----------------------------------------------------------------
 * JSON, which is the text form as well
 * ----------------------------------------------------------------
 */

static void
put_money(PromoBuffer *buf, const char *key, int64_t money)
{
	if (money == 0)
		return;
	promo_putf(buf, ",\"%s\":\"", key);
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, 2);
	promo_putc(buf, '"');
}

/* numbers are what they are; hashes have 16 digits */
static void
put_set(PromoBuffer *buf, const char *key, PromoCustomerKind kind, const PromoKpiSet *set)
{
	uint64_t   *ids = promo_alloc(buf->arena, (set->members + 1) * sizeof(uint64_t));

	if (set->members == 0 || !promo_ids_get(set->code, set->size, ids, set->members))
		return;
	promo_putf(buf, ",\"%s\":[", key);
	for (uint32_t i = 0; i < set->members; i++)
	{
		if (i > 0)
			promo_putc(buf, ',');
		if (kind == PROMO_CUSTOMER_BIGINT)
			promo_putf(buf, "%lld", (long long) ids[i]);
		else
			promo_putf(buf, "\"%016llx\"", (unsigned long long) ids[i]);
	}
	promo_putc(buf, ']');
}

void
promo_kpi_to_json(PromoBuffer *buf, const PromoKpi *kpi)
{
	promo_putf(buf, "{\"customers\":\"%s\",\"events\":{", kinds[kpi->kind]);
	for (int i = 0; i < kpi->nevents; i++)
	{
		const PromoKpiEvent *event = &kpi->events[i];

		if (i > 0)
			promo_putc(buf, ',');
		promo_put_json_string(buf, event->word);
		promo_putf(buf, ":{\"count\":%lld", (long long) event->count);
		put_money(buf, "amount", event->amount);
		put_money(buf, "discount", event->discount);
		put_money(buf, "cost", event->cost);
		if (event->bits > 0)
			promo_putf(buf, ",\"bits\":%d", event->bits);
		put_set(buf, "uniques", kpi->kind, &event->once);
		put_set(buf, "repeat", kpi->kind, &event->twice);
		promo_putc(buf, '}');
	}
	promo_puts(buf, "}}");
}

static bool
read_hash(PromoText text, uint64_t *id)
{
	uint64_t	value = 0;

	if (text.len != 16)
		return false;
	for (uint32_t i = 0; i < text.len; i++)
	{
		char		c = text.data[i];
		int			digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (digit < 0)
			return false;
		value = value << 4 | (uint64_t) digit;
	}
	*id = value;
	return true;
}

/* a number, or the digits of a hash: which is right is known when all is read */
static bool
read_id(PromoJson *json, Reading *reading, const char *key, uint64_t *id)
{
	PromoJsonKind kind;
	PromoText	text;
	int64_t		number;

	if (!promo_json_value(json, &kind, &text))
		return false;
	if (kind == PROMO_JSON_STRING && read_hash(text, id))
	{
		reading->hashes = true;
		return true;
	}
	if (kind != PROMO_JSON_NUMBER)
		return promo_json_fail(json, "A customer in \"%s\" is neither a number nor a hash of 16 digits.", key);
	reading->numbers = true;
	if (promo_text_equal(text, promo_text("-9223372036854775808")))
		number = INT64_MIN;		/* has no positive counterpart within the range */
	else if (!promo_parse_decimal(text, 0, INT64_MAX, true, "customer", &number, json->err))
		return false;
	*id = (uint64_t) number;
	return true;
}

/* customers in any order, each once */
static bool
read_ids(PromoJson *json, Reading *reading, const char *key, uint64_t **ids, uint32_t *n)
{
	size_t		capacity = 0;
	PromoText	ignored;

	if (!promo_json_expect(json, PROMO_JSON_ARRAY, key, &ignored))
		return false;
	while (promo_json_item(json))
	{
		if (*n == capacity)
		{
			size_t		more = capacity > 0 ? 2 * capacity : 16;

			if (*n > PROMO_KPI_EXACT)
				return promo_fail(json->err, PROMO_TOO_MANY, "too many customers in \"%s\"", key);
			*ids = promo_realloc(json->arena, *ids, capacity * sizeof(uint64_t), more * sizeof(uint64_t));
			capacity = more;
		}
		if (!read_id(json, reading, key, &(*ids)[(*n)++]))
			return false;
	}
	if (json->failed)
		return false;
	promo_ids_sort(json->arena, *ids, *n);
	if (promo_ids_unique(*ids, *n) != *n)
		return promo_fail(json->err, PROMO_BAD_VALUE, "duplicate customer in \"%s\"", key);
	return true;
}

enum
{
	KEY_COUNT,
	KEY_AMOUNT,
	KEY_DISCOUNT,
	KEY_COST,
	KEY_BITS,
	KEY_UNIQUES,
	KEY_REPEAT
};

static bool
read_number(PromoJson *json, const char *key, int digits, int64_t max, int64_t *number)
{
	PromoText	text;

	if (!promo_json_scalar(json, key, &text))
		return false;
	if (text.data == NULL)
		return promo_json_fail(json, "\"%s\" is null.", key);
	return promo_parse_decimal(text, digits, max, true, key, number, json->err);
}

static bool
read_event(PromoJson *json, Reading *reading, PromoKpiInput *event)
{
	static const char *const keys[] = {
		"count", "amount", "discount", "cost", "bits", "uniques", "repeat", NULL
	};
	uint64_t	seen = 0;
	PromoText	key;
	PromoText	ignored;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "An event", &ignored))
		return false;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, keys, &seen);
		int64_t		number;

		switch (which)
		{
			case KEY_COUNT:
			case KEY_BITS:
				if (!read_number(json, keys[which], 0, INT64_MAX, &number))
					return false;
				if (which == KEY_COUNT)
					event->count = number;
				else
					event->bits = number >= 0 && number <= PROMO_KPI_MAX_BITS ? (int) number : -1;
				break;
			case KEY_AMOUNT:
			case KEY_DISCOUNT:
			case KEY_COST:
				if (!read_number(json, keys[which], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX,
								 which == KEY_AMOUNT ? &event->amount :
								 which == KEY_DISCOUNT ? &event->discount : &event->cost))
					return false;
				break;
			case KEY_UNIQUES:
				if (!read_ids(json, reading, keys[which], &event->once, &event->nonce))
					return false;
				break;
			case KEY_REPEAT:
				if (!read_ids(json, reading, keys[which], &event->twice, &event->ntwice))
					return false;
				break;
			default:
				return false;
		}
	}
	if (json->failed)
		return false;
	if ((seen & 1 << KEY_COUNT) == 0)
		return promo_fail(json->err, PROMO_BAD_NULL, "count of event \"%.*s\" is missing",
						  promo_shown(event->word), event->word.data);
	return check_input(event, json->err);
}

static bool
read_kind(PromoJson *json, PromoCustomerKind *kind)
{
	PromoText	text;

	if (!promo_json_expect(json, PROMO_JSON_STRING, "\"customers\"", &text))
		return false;
	for (int i = 0; i < NKINDS; i++)
	{
		if (promo_text_equal(text, promo_text(kinds[i])))
		{
			*kind = i;
			return true;
		}
	}
	return promo_json_fail(json, "\"customers\" is one of none, bigint, text, uuid.");
}

/* {"customers":"bigint","events":{"view":{"count":3,"uniques":[1,5]}}} */
void *
promo_kpi_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	static const char *const keys[] = {"customers", "events", NULL};
	Reading    *reading = promo_alloc0(arena, sizeof(Reading));
	PromoJson	json;
	PromoText	key;
	PromoText	ignored;
	uint64_t	seen = 0;

	promo_json_init(&json, arena, text, TYPE, err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A state", &ignored))
		return NULL;
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, keys, &seen);

		if (which < 0)
			return NULL;
		if (which == 0)
		{
			if (!read_kind(&json, &reading->kind))
				return NULL;
			continue;
		}
		if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "\"events\"", &ignored))
			return NULL;
		while (promo_json_member(&json, &key))
		{
			PromoKpiInput *event = &reading->events[reading->n];

			if (!check_new_event(reading, key, err))
				return NULL;
			event->word = key;
			if (!read_event(&json, reading, event))
				return NULL;
			reading->n++;
		}
	}
	if (json.failed || !promo_json_end(&json))
		return NULL;
	if (reading->kind == PROMO_CUSTOMER_BIGINT ? reading->hashes : reading->numbers)
	{
		promo_fail(err, PROMO_BAD_VALUE, "customers are not of type %s", kinds[reading->kind]);
		return NULL;
	}
	return build_reading(arena, reading, err);
}

/* ----------------------------------------------------------------
 * binary form
 * ----------------------------------------------------------------
 */

static void
pack_set(PromoBuffer *buf, const PromoKpiSet *set)
{
	uint64_t   *ids = promo_alloc(buf->arena, (set->members + 1) * sizeof(uint64_t));

	promo_put_u32(buf, set->members);
	(void) promo_ids_get(set->code, set->size, ids, set->members);
	for (uint32_t i = 0; i < set->members; i++)
		promo_put_i64(buf, (int64_t) ids[i]);
}

/*
 * u8 version, u8 kind of customers, u8 number of events; each: text word, i64
 * count, amount, discount, cost, u8 bits, and twice a set: u32 number, i64
 * customers that ascend as unsigned.
 */
void
promo_kpi_pack(PromoBuffer *buf, const PromoKpi *kpi)
{
	promo_put_u8(buf, PROMO_KPI_VERSION);
	promo_put_u8(buf, (uint8_t) kpi->kind);
	promo_put_u8(buf, (uint8_t) kpi->nevents);
	for (int i = 0; i < kpi->nevents; i++)
	{
		const PromoKpiEvent *event = &kpi->events[i];

		promo_put_text(buf, event->word);
		promo_put_i64(buf, event->count);
		promo_put_i64(buf, event->amount);
		promo_put_i64(buf, event->discount);
		promo_put_i64(buf, event->cost);
		promo_put_u8(buf, (uint8_t) event->bits);
		pack_set(buf, &event->once);
		pack_set(buf, &event->twice);
	}
}

static bool
unpack_set(PromoArena *arena, PromoReader *r, uint64_t **ids, uint32_t *n, PromoError *err)
{
	*n = promo_get_u32(r);
	if (*n > (r->len - r->at) / sizeof(uint64_t))
		r->bad = true;
	if (r->bad)
		return true;
	*ids = promo_alloc(arena, *n * sizeof(uint64_t));
	for (uint32_t i = 0; i < *n; i++)
	{
		(*ids)[i] = (uint64_t) promo_get_i64(r);
		if (i > 0 && (*ids)[i] <= (*ids)[i - 1])
			return promo_fail(err, PROMO_BAD_VALUE, "customers do not ascend");
	}
	return true;
}

static bool
unpack_event(PromoArena *arena, PromoReader *r, const Reading *reading, PromoKpiInput *event,
			 PromoError *err)
{
	event->word = promo_get_text(r);
	event->count = promo_get_i64(r);
	event->amount = promo_get_i64(r);
	event->discount = promo_get_i64(r);
	event->cost = promo_get_i64(r);
	event->bits = promo_get_u8(r);
	return unpack_set(arena, r, &event->once, &event->nonce, err) &&
		unpack_set(arena, r, &event->twice, &event->ntwice, err) &&
		(r->bad || (check_new_event(reading, event->word, err) && check_input(event, err)));
}

void *
promo_kpi_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	Reading    *reading = promo_alloc0(arena, sizeof(Reading));
	void	   *value = NULL;
	int			n;

	if (!promo_get_version(&r, PROMO_KPI_VERSION, TYPE, err))
		return NULL;
	reading->kind = promo_get_u8(&r);
	n = promo_get_u8(&r);
	if (reading->kind >= NKINDS)
		promo_fail(err, PROMO_BAD_VALUE, "unknown type of customers");
	else if (n > PROMO_KPI_MAX_EVENTS)
		promo_fail(err, PROMO_TOO_MANY, "a state has more than %d event words", PROMO_KPI_MAX_EVENTS);
	else
	{
		while (reading->n < n && !r.bad &&
			   unpack_event(arena, &r, reading, &reading->events[reading->n], err))
			reading->n++;
		if (r.bad || reading->n == n)
		{
			if (!promo_get_end(&r, TYPE, err))
				return NULL;
			value = build_reading(arena, reading, err);
		}
	}
	if (value == NULL)
		promo_get_fail(TYPE, err);
	return value;
}
