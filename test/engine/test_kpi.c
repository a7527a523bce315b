/*
 * States of events: sets of customers and their codes, collecting, merging in
 * any way, JSON and binary form, samples.
 */
#include <math.h>
#include <stdlib.h>

#include "../../src/engine/kpi_value.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;
static uint64_t seed = 1;

static uint64_t
draw(uint64_t below)
{
	seed += UINT64_C(0x9e3779b97f4a7c15);
	return (uint64_t) ((unsigned __int128) promo_id_hash(seed) * below >> 64);
}

static uint32_t
size_of(const void *made)
{
	uint32_t	size;

	memcpy(&size, made, sizeof(size));
	return size;
}

static bool
same(const void *a, const void *b)
{
	return a != NULL && b != NULL && size_of(a) == size_of(b) && memcmp(a, b, size_of(a)) == 0;
}

static void
open_made(PromoKpi *kpi, const void *made)
{
	if (promo_kpi_open(kpi, (const char *) made + 4, size_of(made) - 4) != PROMO_KPI_WHOLE)
		abort();
}

/* ---------------------------------------------------------------- sets */

static int
compare_ids(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

/* few and many, dense, spread, random, at the ends of the range, twice */
static size_t
draw_ids(uint64_t *ids, size_t max)
{
	size_t		n = draw(draw(3) == 0 ? max : 60);
	uint64_t	span = draw(4) == 0 ? UINT64_MAX : 1 + draw(UINT64_C(1) << draw(40));
	uint64_t	start = draw(3) == 0 ? UINT64_MAX - span : draw(2) == 0 ? 0 : draw(UINT64_MAX - span);

	for (size_t i = 0; i < n; i++)
		ids[i] = i > 0 && draw(10) == 0 ? ids[draw(i)] : start + draw(span);
	return n;
}

static void
check_sets(void)
{
	static uint64_t ids[5000];
	static uint64_t sorted[5000];
	static uint64_t again[5000];
	int			sorts = 0;
	int			codes = 0;
	int			shorter = 0;
	const int	cases = 3000;

	for (int i = 0; i < cases; i++)
	{
		size_t		n = draw_ids(ids, 5000);
		size_t		size;
		uint8_t	   *code;
		bool		refused = true;

		memcpy(sorted, ids, n * sizeof(uint64_t));
		qsort(sorted, n, sizeof(uint64_t), compare_ids);
		promo_ids_sort(&test.arena, ids, n);
		sorts += memcmp(sorted, ids, n * sizeof(uint64_t)) == 0;

		n = promo_ids_unique(ids, n);
		size = promo_ids_code(ids, n).size;
		code = promo_alloc(&test.arena, size);
		promo_ids_put(code, promo_ids_code(ids, n), ids, n);
		codes += promo_ids_get(code, size, again, n) && memcmp(again, ids, n * sizeof(uint64_t)) == 0;
		for (size_t cut = 0; cut < size; cut += 1 + cut / 4)
			refused &= !promo_ids_get(code, cut, again, n);
		refused &= n == 0 || !promo_ids_get(code, size, again, n - 1);
		refused &= !promo_ids_get(code, size, again, n + 1);
		shorter += refused && size <= 1 + n * sizeof(uint64_t);
		arena_free(&test);
	}
	CHECK_INT(sorts, cases);
	CHECK_INT(codes, cases);
	CHECK_INT(shorter, cases);

	/* what dense numbers, spread ones and hashes take */
	for (int i = 0; i < 5000; i++)
		ids[i] = 10000000 + (uint64_t) i;
	CHECK_INT(promo_ids_code(ids, 5000).size, 1 + 3 + 8 + 78 * 9);
	for (int i = 0; i < 100; i++)
		ids[i] = 10000000 + 10000 * (uint64_t) i;
	CHECK_INT(promo_ids_code(ids, 100).size, 1 + 4 + 99 * 2);
	for (int i = 0; i < 100; i++)
		ids[i] = UINT64_C(180000000000000000) * (uint64_t) i;
	CHECK_INT(promo_ids_code(ids, 100).size, 1 + 100 * 8);
}

/* ---------------------------------------------------------------- collecting */

#define NROWS	6000
#define MAX_CUSTOMERS	3000		/* enough for sets that become maps */

static const char *const words[] = {"view", "cart", "order", "refund", "a word of one's own", "x", "spend", "signup"};

static int
draw_rows(PromoKpiRow *rows)
{
	int			n = (int) draw(draw(10) == 0 ? NROWS : 300);
	uint64_t	customers = 1 + draw(draw(2) == 0 ? 10 : MAX_CUSTOMERS);
	uint64_t	nwords = 1 + draw(draw(2) == 0 ? 3 : 8);
	bool		fine = draw(2) == 0;

	for (int i = 0; i < n; i++)
	{
		rows[i] = (PromoKpiRow) {
			.word = promo_text(words[draw(nwords)]),
			.kind = draw(10) == 0 ? PROMO_CUSTOMER_NONE : PROMO_CUSTOMER_BIGINT,
			.customer = draw(customers),
			.amount = ((int64_t) draw(1000000) - 1000) * (fine ? 1 : 100),
			.discount = draw(3) == 0 ? (int64_t) draw(10000) * 100 : 0,
			.cost = draw(3) == 0 ? (int64_t) draw(10000) * 100 : 0
		};
	}
	return n;
}

static PromoKpiState *
collect(const PromoKpiRow *rows, int n)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);

	for (int i = 0; i < n; i++)
	{
		if (!promo_kpi_add(&test.arena, &state, &rows[i], &err))
			abort();
	}
	return state;
}

/* the rows in up to four parts, which are merged as open or settled states */
static void *
collect_in_parts(const PromoKpiRow *rows, int n)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	int			from = 0;

	while (from < n)
	{
		int			len = 1 + (int) draw((uint64_t) (n - from));
		PromoKpiState *part = collect(rows + from, len);
		PromoKpi	kpi;

		from += len;
		if (draw(2) == 0)
		{
			open_made(&kpi, promo_kpi_settled(&test.arena, part));
			if (!promo_kpi_add_settled(&test.arena, &state, &kpi, &err))
				abort();
		}
		else if (!promo_kpi_add_open(&test.arena, &state, part, &err))
			abort();
	}
	return promo_kpi_settled(&test.arena, state);
}

/* every figure of an event, counted by hand */
static bool
event_agrees(const PromoKpi *kpi, const PromoKpiRow *rows, int n, const char *word)
{
	static int	times[MAX_CUSTOMERS];
	PromoKpiEvent none = {.count = 0};
	const PromoKpiEvent *event = promo_kpi_find(kpi, promo_text(word));
	int64_t		count = 0;
	int64_t		amount = 0;
	int64_t		discount = 0;
	int64_t		cost = 0;
	uint32_t	once = 0;
	uint32_t	twice = 0;

	memset(times, 0, sizeof(times));
	for (int i = 0; i < n; i++)
	{
		if (!promo_text_equal(rows[i].word, promo_text(word)))
			continue;
		count++;
		amount += rows[i].amount;
		discount += rows[i].discount;
		cost += rows[i].cost;
		if (rows[i].kind != PROMO_CUSTOMER_NONE)
			times[rows[i].customer]++;
	}
	for (int i = 0; i < MAX_CUSTOMERS; i++)
	{
		once += times[i] > 0;
		twice += times[i] > 1;
	}
	if (strcmp(word, "order") != 0)
		twice = 0;
	if (event == NULL)
		event = &none;
	return event->count == count && event->amount == amount && event->discount == discount &&
		event->cost == cost && event->once.members == once && event->twice.members == twice &&
		event->bits == 0;
}

static void
check_collecting(void)
{
	static PromoKpiRow rows[NROWS];
	const int	cases = 1500;
	int			figures = 0;
	int			merges = 0;
	int			round_trips = 0;
	int			cuts = 0;

	for (int i = 0; i < cases; i++)
	{
		int			n = draw_rows(rows);
		void	   *made = promo_kpi_settled(&test.arena, collect(rows, n));
		bool		agree = true;
		PromoBuffer json;
		PromoBuffer packed;
		PromoKpi	kpi;

		open_made(&kpi, made);
		for (int w = 0; w < 8; w++)
			agree &= event_agrees(&kpi, rows, n, words[w]);
		figures += agree;

		for (int j = 0; j < n; j++)
		{
			int			other = (int) draw((uint64_t) n);
			PromoKpiRow row = rows[j];

			rows[j] = rows[other];
			rows[other] = row;
		}
		merges += same(made, collect_in_parts(rows, n));

		promo_buffer_init(&json, &test.arena);
		promo_kpi_to_json(&json, &kpi);
		promo_buffer_init(&packed, &test.arena);
		promo_kpi_pack(&packed, &kpi);
		round_trips += same(made, promo_kpi_from_json(&test.arena, promo_text(json.data), &err)) &&
			same(made, promo_kpi_unpack(&test.arena, packed.data, packed.len, &err));

		/* a beginning that is long enough for the scalars gives the same scalars */
		agree = true;
		for (size_t cut = 3; cut < size_of(made) - 4; cut += 7)
		{
			PromoKpi	part;

			switch (promo_kpi_open(&part, (const char *) made + 4, cut))
			{
				case PROMO_KPI_SCALARS:
					agree &= part.nevents == kpi.nevents &&
						(kpi.nevents == 0 || part.events[0].amount == kpi.events[0].amount);
					break;
				case PROMO_KPI_CUT:
					break;
				default:
					agree = false;
			}
		}
		cuts += agree;
		arena_free(&test);
	}
	CHECK_INT(figures, cases);
	CHECK_INT(merges, cases);
	CHECK_INT(round_trips, cases);
	CHECK_INT(cuts, cases);
}

/* ---------------------------------------------------------------- samples */

static void *
views_of(uint64_t from, uint64_t to)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoKpiRow row = {.word = promo_text("view"), .kind = PROMO_CUSTOMER_BIGINT};

	for (row.customer = from; row.customer < to; row.customer++)
	{
		if (!promo_kpi_add(&test.arena, &state, &row, &err))
			abort();
	}
	return promo_kpi_settled(&test.arena, state);
}

static void *
merged(const void *a, const void *b)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoKpi	kpi;

	open_made(&kpi, a);
	if (!promo_kpi_add_settled(&test.arena, &state, &kpi, &err))
		abort();
	open_made(&kpi, b);
	if (!promo_kpi_add_settled(&test.arena, &state, &kpi, &err))
		abort();
	return promo_kpi_settled(&test.arena, state);
}

static void
check_samples(void)
{
	const uint64_t limit = PROMO_KPI_EXACT;
	void	   *a = views_of(0, limit);
	void	   *b = views_of(limit, 2 * limit);
	void	   *c = views_of(2 * limit, 3 * limit);
	void	   *all = views_of(0, 3 * limit);
	void	   *one;
	PromoKpi	kpi;
	PromoKpi	other;
	int64_t		common;

	open_made(&kpi, a);
	CHECK(promo_kpi_is_exact(&kpi));
	CHECK_INT(kpi.events[0].once.members, limit);
	CHECK(promo_kpi_error(&kpi) == 0);

	/* one more member makes it a sample, which is the same however it was made */
	one = views_of(0, limit + 1);
	open_made(&kpi, one);
	CHECK_INT(kpi.events[0].bits, 1);
	CHECK(same(one, merged(a, views_of(limit, limit + 1))));
	CHECK(same(one, merged(views_of(limit, limit + 1), a)));
	CHECK(same(all, merged(merged(a, b), c)));
	CHECK(same(all, merged(c, merged(b, a))));
	CHECK(same(all, merged(all, all)) == false);	/* counts double */

	open_made(&kpi, all);
	CHECK(!promo_kpi_is_exact(&kpi));
	CHECK_INT(kpi.events[0].count, 3 * limit);
	CHECK(kpi.events[0].once.members <= limit);
	CHECK(fabs((double) promo_kpi_figures(&kpi).uv / (double) (3 * limit) - 1) < 4 * promo_kpi_error(&kpi));

	open_made(&other, b);
	CHECK(promo_kpi_common(&test.arena, &kpi, &other, promo_text("view"), &common, &err));
	CHECK(fabs((double) common / (double) limit - 1) < 0.01);
	open_made(&kpi, a);
	CHECK(promo_kpi_common(&test.arena, &kpi, &other, promo_text("view"), &common, &err));
	CHECK_INT(common, 0);
	arena_free(&test);
}

/* dense customers, many times what a set may hold: they are counted before they are read */
static void
check_large_maps(void)
{
	const uint64_t n = 40 * (uint64_t) PROMO_KPI_EXACT;
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoKpiRow row = {.word = promo_text("order"), .kind = PROMO_CUSTOMER_BIGINT};
	PromoKpi	kpi;
	void	   *made;
	size_t		before;

	/* far apart at first, so that what lies between falls into the map */
	for (uint64_t i = 0; i < PROMO_KPI_EXACT; i++)
	{
		row.customer = i * 40;
		if (!promo_kpi_add(&test.arena, &state, &row, &err))
			abort();
	}
	for (row.customer = 0; row.customer < n; row.customer++)
	{
		if (!promo_kpi_add(&test.arena, &state, &row, &err))
			abort();
	}
	before = test.bytes;
	made = promo_kpi_settled(&test.arena, state);
	CHECK(test.bytes - before < 150 * 1024 * 1024);
	open_made(&kpi, made);
	CHECK_INT(kpi.events[0].count, n + PROMO_KPI_EXACT);
	CHECK(kpi.events[0].once.members > PROMO_KPI_EXACT / 3 && kpi.events[0].once.members <= PROMO_KPI_EXACT);
	CHECK(fabs((double) promo_kpi_figures(&kpi).buyers / (double) n - 1) < 5 * promo_kpi_error(&kpi));
	CHECK(fabs((double) promo_kpi_figures(&kpi).repeat_buyers / (double) PROMO_KPI_EXACT - 1) < 0.05);
	arena_free(&test);
}

/* a binary form of so many events */
static bool
is_read(int nevents)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_put_u8(&buf, PROMO_KPI_VERSION);
	promo_put_u8(&buf, PROMO_CUSTOMER_NONE);
	promo_put_u8(&buf, (uint8_t) nevents);
	for (int i = 0; i < nevents; i++)
	{
		char		word[] = {'a' + i / 26, 'a' + i % 26, '\0'};

		promo_put_text(&buf, promo_text(word));
		promo_put_i64(&buf, 1);
		promo_put_i64(&buf, 0);
		promo_put_i64(&buf, 0);
		promo_put_i64(&buf, 0);
		promo_put_u8(&buf, 0);
		promo_put_u32(&buf, 0);
		promo_put_u32(&buf, 0);
	}
	return promo_kpi_unpack(&test.arena, buf.data, buf.len, &err) != NULL;
}

/* ---------------------------------------------------------------- mistakes */

static const char *
message_of(const char *json)
{
	void	   *made = promo_kpi_from_json(&test.arena, promo_text(json), &err);

	return made != NULL ? "" : err.message;
}

/* as many events as can be counted, twice */
static bool
merge_most_events(void)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoKpi	kpi;
	const char *value = promo_kpi_from_json(&test.arena, promo_text(
		"{\"customers\":\"none\",\"events\":{\"view\":{\"count\":9223372036854775807}}}"), &err);
	uint32_t	size;

	memcpy(&size, value, sizeof(size));
	CHECK(promo_kpi_open(&kpi, value + sizeof(size), size - sizeof(size)) == PROMO_KPI_WHOLE);
	CHECK(promo_kpi_add_settled(&test.arena, &state, &kpi, &err));
	return promo_kpi_add_settled(&test.arena, &state, &kpi, &err);
}

static void
check_mistakes(void)
{
	PromoKpiState *state = promo_kpi_begin(&test.arena);
	PromoKpiRow row = {.word = promo_text("view"), .kind = PROMO_CUSTOMER_BIGINT};
	char		word[PROMO_KPI_MAX_WORD + 2];

	CHECK_STR(message_of("{\"customers\":\"none\",\"events\":{}}"), "");
	CHECK_STR(message_of("{\"events\":{\"view\":{\"uniques\":[1],\"count\":1}},\"customers\":\"bigint\"}"), "");
	CHECK_STR(message_of("{\"events\":{\"view\":{\"uniques\":[1],\"count\":1}}}"), "customers are not of type none");
	CHECK_STR(message_of("{\"customers\":\"text\",\"events\":{\"view\":{\"uniques\":[1],\"count\":1}}}"), "customers are not of type text");
	CHECK_STR(message_of("{\"customers\":\"bigint\",\"events\":{\"view\":{\"uniques\":[1,2],\"count\":1}}}"), "event \"view\" has more uniques than events");
	CHECK_STR(message_of("{\"customers\":\"bigint\",\"events\":{\"view\":{\"uniques\":[1,1],\"count\":2}}}"), "duplicate customer in \"uniques\"");
	CHECK_STR(message_of("{\"customers\":\"bigint\",\"events\":{\"view\":{\"uniques\":[1],\"repeat\":[1],\"count\":2}}}"), "only event \"order\" has repeat customers");
	CHECK_STR(message_of("{\"customers\":\"bigint\",\"events\":{\"order\":{\"uniques\":[1],\"repeat\":[2],\"count\":2}}}"), "a repeat customer of event \"order\" is not among its uniques");
	CHECK_STR(message_of("{\"customers\":\"none\",\"events\":{\"order\":{\"count\":0}}}"), "number of events \"order\" is out of range");
	CHECK_STR(message_of("{\"customers\":\"none\",\"events\":{\"\":{\"count\":1}}}"), "invalid event word \"\"");
	CHECK_STR(message_of("{\"customers\":\"none\",\"events\":{\"view\":{}}}"), "count of event \"view\" is missing");
	CHECK_STR(message_of("{\"customers\":\"bigint\",\"events\":{\"view\":{\"count\":1}}}"), "there is a type of customers, and no customer");

	CHECK(is_read(PROMO_KPI_MAX_EVENTS));
	CHECK(!is_read(PROMO_KPI_MAX_EVENTS + 1));
	CHECK_STR(err.detail, "A state has more than 64 event words.");
	CHECK(!is_read(255));

	CHECK(promo_kpi_add(&test.arena, &state, &row, &err));
	row.kind = PROMO_CUSTOMER_TEXT;
	CHECK(!promo_kpi_add(&test.arena, &state, &row, &err));
	CHECK_STR(err.message, "cannot merge states of customers of type bigint and text");
	row.kind = PROMO_CUSTOMER_NONE;
	row.amount = PROMO_MONEY_MAX;
	CHECK(promo_kpi_add(&test.arena, &state, &row, &err));
	row.amount = 1;
	CHECK(!promo_kpi_add(&test.arena, &state, &row, &err));
	CHECK_STR(err.message, "amount of event \"view\" is out of range");
	CHECK(!merge_most_events());
	CHECK_STR(err.message, "number of events \"view\" is out of range");
	CHECK(promo_kpi_estimate(1 << 19, 43) == INT64_C(1) << 62);
	CHECK(promo_kpi_estimate(1 << 20, 44) == INT64_MAX);
	memset(word, 'w', sizeof(word));
	row.word = (PromoText) {word, PROMO_KPI_MAX_WORD + 1};
	CHECK(!promo_kpi_add(&test.arena, &state, &row, &err));
	for (int i = 1; i < PROMO_KPI_MAX_EVENTS; i++)
	{
		snprintf(word, sizeof(word), "word %d", i);
		row.word = promo_text(word);
		if (!promo_kpi_add(&test.arena, &state, &row, &err))
			abort();
	}
	row.word = promo_text("one too many");
	CHECK(!promo_kpi_add(&test.arena, &state, &row, &err));
	CHECK_STR(err.message, "too many event words in one state");
	arena_free(&test);
}

int
main(void)
{
	arena_init(&test);
	check_sets();
	check_collecting();
	check_samples();
	check_large_maps();
	check_mistakes();
	return test_done();
}
