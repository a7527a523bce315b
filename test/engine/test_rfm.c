/*-------------------------------------------------------------------------
 *
 * test_rfm.c
 *	  scores and models of recency, frequency and monetary
 *
 * Fits of thousands of generated populations, with many ties and few
 * customers, are compared with what the definitions say about the sorted
 * figures; so is the score of every customer by the model.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "../../src/engine/rfm_model.h"
#include "arena.h"
#include "test.h"

#define MAX_CUSTOMERS	400
#define MAX_LEVELS		PROMO_RFM_MAX_LEVELS

static TestArena test;
static PromoError err;

static PromoText
text_of(const PromoBuffer *buf)
{
	return (PromoText) {buf->data, (uint32_t) buf->len};
}

/* ---------------------------------------------------------------- populations */

/* an array that is handed out in small pieces */
typedef struct Population
{
	PromoRecords records;		/* must be first */
	PromoRfmRecord customers[MAX_CUSTOMERS];
	uint32_t	n;
	uint32_t	at;
	uint32_t	passes;
} Population;

static uint32_t
next_customers(PromoRecords *records, const void **first)
{
	Population *population = (Population *) records;
	uint32_t	n = population->n - population->at;

	if (n > 7)
		n = 7;
	*first = population->customers + population->at;
	population->at += n;
	if (n == 0)
	{
		population->at = 0;
		population->passes++;
	}
	return n;
}

static uint64_t random_state = 1;

static uint64_t
random_below(uint64_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (random_state >> 11) % n;
}

/* ties are the rule; now and then everybody is alike, or figures are as large as they can be */
static void
make_population(Population *population)
{
	static const uint64_t ranges[] = {1, 2, 3, 10, 100, 4000};
	uint64_t	days = ranges[random_below(6)];
	uint64_t	orders = ranges[random_below(6)];
	uint64_t	cents = random_below(2) ? ranges[random_below(6)] : UINT64_C(1) << random_below(40);
	uint64_t	unit = random_below(2) ? 1 : 100;
	bool		huge = random_below(50) == 0;

	population->n = 1 + (uint32_t) random_below(random_below(2) ? 12 : MAX_CUSTOMERS);
	for (uint32_t i = 0; i < population->n; i++)
	{
		PromoRfmRecord *customer = &population->customers[i];

		customer->recency = (int32_t) random_below(days);
		customer->orders = (uint32_t) (1 + random_below(orders) * random_below(orders) / orders);
		customer->spent = (int64_t) (random_below(cents) * unit) - (int64_t) random_below(cents / 4 + 1);
		if (huge)
			customer->spent = random_below(2) ? PROMO_MONEY_MAX : -PROMO_MONEY_MAX;
		if (huge && random_below(2))
			customer->orders = UINT32_MAX;
	}
}

static void
shuffle(Population *population)
{
	for (uint32_t i = population->n; i > 1; i--)
	{
		uint32_t	j = (uint32_t) random_below(i);
		PromoRfmRecord swapped = population->customers[i - 1];

		population->customers[i - 1] = population->customers[j];
		population->customers[j] = swapped;
	}
}

/* larger is better; scaled as breaks are */
static int64_t
figure_of(const PromoRfmRecord *customer, int figure)
{
	return figure == PROMO_RECENCY ? -(int64_t) customer->recency * PROMO_MONEY :
		figure == PROMO_FREQUENCY ? (int64_t) customer->orders * PROMO_MONEY : customer->spent;
}

static int
compare(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

/* ---------------------------------------------------------------- definitions */

/* 1 + levels x (rank - 1) / N, rank = 1 + how many are strictly worse */
static uint32_t
rank_score(const int64_t *sorted, uint32_t N, uint32_t levels, int64_t value)
{
	uint32_t	worse = 0;

	while (worse < N && sorted[worse] < value)
		worse++;
	return 1 + levels * worse / N;
}

/* the tile of the first of its equals, dealt out one by one */
static uint32_t
ntile_score(const int64_t *sorted, uint32_t N, uint32_t levels, int64_t value)
{
	uint32_t	place = 0;

	for (uint32_t tile = 1; tile <= levels; tile++)
		for (uint32_t i = 0; i < N / levels + (tile <= N % levels); i++)
			if (sorted[place++] == value)
				return tile;
	return 0;
}

/* 1 + how many type-7 quantiles are below (days: not below) the figure, as exact fractions */
static uint32_t
quantile_score(const int64_t *sorted, uint32_t N, uint32_t levels, int64_t value, bool days)
{
	uint32_t	score = 1;

	for (uint32_t k = 1; k < levels; k++)
	{
		uint32_t	h = (N - 1) * k;
		promo_int128 x = sorted[h / levels];
		promo_int128 y = sorted[h / levels + (h / levels < N - 1)];
		/* levels x the quantile */
		promo_int128 quantile = x * levels + (y - x) * (h % levels);

		score += days ? quantile <= (promo_int128) value * levels : quantile < (promo_int128) value * levels;
	}
	return score;
}

/* cuts sorted[from] up to sorted[to] into levels, at fractions, by comparing with each sum */
static uint32_t
mean_score(const int64_t *sorted, uint32_t from, uint32_t to, uint32_t levels, int64_t value)
{
	promo_int128 sum = 0;
	uint32_t	middle = from;

	if (levels == 1 || from == to)
		return 1;
	for (uint32_t i = from; i < to; i++)
		sum += sorted[i];
	while (middle < to && (promo_int128) sorted[middle] * (to - from) < sum)
		middle++;
	if ((promo_int128) value * (to - from) < sum)
		return mean_score(sorted, from, middle, levels / 2, value);
	return levels / 2 + mean_score(sorted, middle, to, levels - levels / 2, value);
}

/* the figures of those whose first scores are these */
static uint32_t
sorted_figures(const Population *population, int figure, const uint32_t *scores, uint32_t mask,
			   uint32_t wanted, int64_t *sorted)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < population->n; i++)
		if (((scores[i] ^ wanted) & mask) == 0)
			sorted[n++] = figure_of(&population->customers[i], figure);
	qsort(sorted, n, sizeof(int64_t), compare);
	return n;
}

/* the scores of all customers, by the definition */
static void
define_scores(const Population *population, PromoRfmMethod method, uint32_t levels, uint32_t *scores)
{
	static const uint32_t masks[] = {0, 0xff0000, 0xffff00};
	int64_t		sorted[MAX_CUSTOMERS];
	uint32_t	N = 0;

	memset(scores, 0, population->n * sizeof(uint32_t));
	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
		for (uint32_t i = 0; i < population->n; i++)
		{
			int64_t		value = figure_of(&population->customers[i], figure);
			uint32_t	score = 0;

			if (i == 0 || method == PROMO_RFM_NESTED)
				N = sorted_figures(population, figure, scores,
								   method == PROMO_RFM_NESTED ? masks[figure] : 0, scores[i], sorted);
			switch (method)
			{
				case PROMO_RFM_RANK:
				case PROMO_RFM_NESTED:
					score = rank_score(sorted, N, levels, value);
					break;
				case PROMO_RFM_NTILE:
					score = ntile_score(sorted, N, levels, value);
					break;
				case PROMO_RFM_QUANTILE:
					score = quantile_score(sorted, N, levels, value, figure == PROMO_RECENCY);
					break;
				case PROMO_RFM_MEAN:
					score = mean_score(sorted, 0, N, levels, value);
					break;
				case PROMO_RFM_FIXED:
					break;
			}
			scores[i] |= score << (16 - 8 * figure);
		}
}

/* ---------------------------------------------------------------- the fit */

/* break k of these figures, as the table of methods has it */
static int64_t
define_break(const int64_t *sorted, uint32_t N, PromoRfmMethod method, uint32_t levels, uint32_t k,
			 int figure)
{
	uint32_t	c = (k * N + levels - 1) / levels;
	bool		days = figure == PROMO_RECENCY;

	if (method == PROMO_RFM_QUANTILE)
	{
		uint32_t	h = (N - 1) * (days ? levels - k : k);
		int64_t		x = days ? -sorted[N - 1 - h / levels] : sorted[h / levels];
		promo_int128 between;

		if (h % levels == 0)
			return x;
		between = days ? -sorted[N - 2 - h / levels] : sorted[h / levels + 1];
		return (int64_t) (x + (between - x) * (h % levels) / levels);
	}
	if (method == PROMO_RFM_NTILE)
		c = k * (N / levels) + (k < N % levels ? k : N % levels);
	return days ? -sorted[c - 1] - PROMO_MONEY : sorted[c - 1];
}

/* the list of those with these first scores, or of all if nobody has them */
static bool
list_is_right(const Population *population, const PromoRfmModel *model, PromoRfmMethod method,
			  const uint32_t *scores, int figure, uint32_t list, uint32_t mask, uint32_t wanted)
{
	uint32_t	levels = model->levels;
	int64_t		sorted[MAX_CUSTOMERS];
	uint32_t	N = sorted_figures(population, figure, scores, mask, wanted, sorted);
	bool		ok = true;

	if (N == 0)
		N = sorted_figures(population, figure, scores, 0, 0, sorted);
	for (uint32_t k = 1; k < levels; k++)
		ok = ok && model->breaks[list * (levels - 1) + k - 1] ==
			define_break(sorted, N, method, levels, k, figure);
	return ok;
}

static bool
breaks_are_right(const Population *population, const PromoRfmModel *model, const uint32_t *scores)
{
	PromoRfmMethod method = (PromoRfmMethod) model->method;
	uint32_t	levels = model->levels;
	bool		ok = list_is_right(population, model, method, scores, PROMO_RECENCY, 0, 0, 0);

	if (method != PROMO_RFM_NESTED)
		return ok && list_is_right(population, model, method, scores, PROMO_FREQUENCY, 1, 0, 0) &&
			list_is_right(population, model, method, scores, PROMO_MONETARY, 2, 0, 0);
	for (uint32_t r = 1; r <= levels; r++)
	{
		ok = ok && list_is_right(population, model, method, scores, PROMO_FREQUENCY, r, 0xff0000,
								 promo_rfm(r, 0, 0));
		for (uint32_t f = 1; f <= levels; f++)
			ok = ok && list_is_right(population, model, method, scores, PROMO_MONETARY,
									 levels + (r - 1) * levels + f, 0xffff00, promo_rfm(r, f, 0));
	}
	return ok;
}

static bool
scores_are_right(const Population *population, const PromoRfmModel *model, const uint32_t *scores)
{
	for (uint32_t i = 0; i < population->n; i++)
	{
		const PromoRfmRecord *customer = &population->customers[i];

		if (promo_rfm_score(model, customer->recency, customer->orders, customer->spent) != scores[i])
			return false;
	}
	return true;
}

/* half away from zero, by another way than the engine's */
static bool
means_are_right(const Population *population, const PromoRfmModel *model)
{
	for (int figure = 0; figure < PROMO_RFM_FIGURES; figure++)
	{
		promo_int128 sum = 0;
		promo_int128 twice;

		for (uint32_t i = 0; i < population->n; i++)
			sum += figure_of(&population->customers[i], figure);
		if (figure == PROMO_RECENCY)
			sum = -sum;
		/* |2 (N mean - sum)| <= N, and a half is away from zero */
		twice = 2 * ((promo_int128) model->means[figure] * population->n - sum);
		if (sum < 0)
			twice = -twice;
		if (twice > population->n || twice <= -(promo_int128) population->n)
			return false;
	}
	return model->customers == population->n && model->as_of == 9000;
}

/* a model reads back from JSON and its binary form as the same bytes */
static bool
round_trips(const PromoRfmModel *model)
{
	PromoBuffer json;
	PromoBuffer packed;
	PromoRfmModel *again;

	promo_buffer_init(&json, &test.arena);
	promo_rfm_model_to_json(&json, model);
	again = promo_rfm_model_from_json(&test.arena, text_of(&json), &err);
	if (again == NULL || again->size != model->size || memcmp(again, model, model->size) != 0)
		return false;
	promo_buffer_init(&packed, &test.arena);
	promo_rfm_model_pack(&packed, model);
	again = promo_rfm_model_unpack(&test.arena, packed.data, packed.len, &err);
	return again != NULL && again->size == model->size && memcmp(again, model, model->size) == 0;
}

static void
show_population(const Population *population, PromoRfmMethod method, uint32_t levels)
{
	printf("# method %d, %u levels, %u customers:", (int) method, levels, population->n);
	for (uint32_t i = 0; i < population->n && i < 20; i++)
		printf(" (%d %u %lld)", population->customers[i].recency, population->customers[i].orders,
			   (long long) population->customers[i].spent);
	printf("\n");
}

static void
test_fits(PromoRfmMethod method, int populations, const char *what)
{
	static Population population = {.records = {next_customers}};
	static uint32_t scores[MAX_CUSTOMERS];
	int			wrong_breaks = 0;
	int			wrong_scores = 0;
	int			wrong_means = 0;
	int			other_order = 0;
	int			lossy = 0;

	for (int i = 0; i < populations; i++)
	{
		uint32_t	levels = 2 + (uint32_t) random_below(MAX_LEVELS - 1);
		PromoRfmModel *model;
		PromoRfmModel *again;
		int			wrong = wrong_breaks + wrong_scores + wrong_means + other_order + lossy;

		make_population(&population);
		if (method == PROMO_RFM_NESTED && population.n > 80)
			population.n = 80;
		define_scores(&population, method, levels, scores);
		model = promo_rfm_fit(&test.arena, &population.records, method, levels, 9000);
		if (method != PROMO_RFM_MEAN)
			wrong_breaks += !breaks_are_right(&population, model, scores);
		wrong_scores += !scores_are_right(&population, model, scores);
		wrong_means += !means_are_right(&population, model);
		lossy += !round_trips(model);
		shuffle(&population);
		again = promo_rfm_fit(&test.arena, &population.records, method, levels, 9000);
		other_order += memcmp(again, model, model->size) != 0;
		if (wrong_breaks + wrong_scores + wrong_means + other_order + lossy > wrong && wrong < 3)
			show_population(&population, method, levels);
		arena_free(&test);
	}
	printf("# %s\n", what);
	CHECK_INT(wrong_breaks, 0);
	CHECK_INT(wrong_scores, 0);
	CHECK_INT(wrong_means, 0);
	CHECK_INT(other_order, 0);
	CHECK_INT(lossy, 0);
}

/* where a part has nobody, means of means repeat what it was cut off by */
static void
test_means(void)
{
	static Population population = {.records = {next_customers}};
	PromoBuffer json;

	promo_buffer_init(&json, &test.arena);
	population.n = 4;
	for (int i = 0; i < 4; i++)
		population.customers[i] = (PromoRfmRecord) {(i + 1) * PROMO_MONEY / 3, i < 3 ? 2 : 3, 10 * i};
	promo_rfm_model_to_json(&json, promo_rfm_fit(&test.arena, &population.records, PROMO_RFM_MEAN, 6, 0));
	/* frequency: 2 2 2 | 3, then nobody | 2 2 2, and nobody | nobody | 2 2 2 for three levels */
	CHECK_STR(json.data, "{\"method\":\"mean\",\"levels\":6,\"as_of\":\"2000-01-01\",\"customers\":4,"
			  "\"recency\":{\"mean\":15,\"at_most\":[25,20,15,5,0]},"
			  "\"frequency\":{\"mean\":2.25,\"at_least\":[2,2,2.25,3,3]},"
			  "\"monetary\":{\"mean\":0.8333,\"at_least\":[0.5,0.6666,0.8333,1.1667,1.3333]}}");
	arena_free(&test);
}

/* passes over the population, and memory, do not grow with it */
static void
test_effort(void)
{
	static Population population = {.records = {next_customers}};
	size_t		bytes;

	population.n = 0;
	CHECK(promo_rfm_fit(&test.arena, &population.records, PROMO_RFM_RANK, 5, 0) == NULL);
	population.n = 4;
	population.passes = 0;
	for (int i = 0; i < MAX_CUSTOMERS; i++)
		population.customers[i] = (PromoRfmRecord) {(int64_t) random_below(1 << 30), 1 + i % 9, i};
	arena_free(&test);
	CHECK(promo_rfm_fit(&test.arena, &population.records, PROMO_RFM_NESTED, 5, 0) != NULL);
	bytes = test.bytes;
	arena_free(&test);
	population.n = MAX_CUSTOMERS;
	population.passes = 0;
	CHECK(promo_rfm_fit(&test.arena, &population.records, PROMO_RFM_NESTED, 5, 0) != NULL);
	CHECK_INT(test.bytes, bytes);
	CHECK(population.passes <= 12);
	population.passes = 0;
	CHECK(promo_rfm_fit(&test.arena, &population.records, PROMO_RFM_RANK, 5, 0) != NULL);
	CHECK(population.passes <= 5);
	arena_free(&test);
}

/* ---------------------------------------------------------------- text of scores */

static const char *
scores_of(const char *text, bool json)
{
	PromoBuffer buf;
	uint32_t	scores;

	promo_buffer_init(&buf, &test.arena);
	memset(&err, 0, sizeof(err));
	if (json ? promo_rfm_from_json(&test.arena, promo_text(text), &scores, &err)
		: promo_rfm_parse(promo_text(text), &scores, &err))
	{
		promo_rfm_print(&buf, scores);
		promo_putc(&buf, ' ');
		promo_rfm_to_json(&buf, scores);
	}
	else
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	return buf.data;
}

static void
test_scores(void)
{
	static const char *const bad[] = {
		"", "5", "5-", "5-4", "5-4-", "-5-4-3", "5-4-3-", "5-4-3-2", "5-4-3 ", " 5-4-3", "5 -4-3", "05-4-3",
		"5-4-+3", "5--4-3", "5-4-3x", "a-b-c", "5_4_3", "1000000000-1-1"
	};
	int			accepted = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		accepted += strncmp(scores_of(bad[i], false), "1 invalid input syntax for type promo.rfm", 41) != 0;
	CHECK_INT(accepted, 0);
	CHECK_STR(scores_of("5-4-3", false), "5-4-3 {\"r\":5,\"f\":4,\"m\":3}");
	CHECK_STR(scores_of("10-1-10", false), "10-1-10 {\"r\":10,\"f\":1,\"m\":10}");
	CHECK_STR(scores_of("11-1-1", false), "5 score r = 11 is out of range; Scores are from 1 to 10.");
	CHECK_STR(scores_of("1-100000000-1", false), "5 score f = 100000000 is out of range; Scores are from 1 to 10.");
	CHECK_STR(scores_of("{\"m\": \"3\", \"r\": 5, \"f\": 4.0}", true), "5-4-3 {\"r\":5,\"f\":4,\"m\":3}");
	CHECK_STR(scores_of("{\"r\":5,\"f\":4}", true), "4 m of a score is missing");
	CHECK_STR(scores_of("{\"r\":5,\"f\":4,\"m\":null}", true), "4 m of a score is missing");
	CHECK_STR(scores_of("{\"r\":0,\"f\":4,\"m\":1}", true), "5 score r = 0 is out of range; Scores are from 1 to 10.");
	CHECK_STR(scores_of("{\"r\":1.5,\"f\":4,\"m\":1}", true), "5 r has more than 0 decimals: \"1.5\"");
	CHECK_STR(scores_of("{\"r\":1,\"r\":4,\"m\":1}", true),
			  "1 invalid input syntax for type promo.rfm; Key \"r\" is given twice.");
	CHECK_STR(scores_of("[5,4,3]", true), "1 invalid input syntax for type promo.rfm; A score must be an object.");
	arena_free(&test);
}

/* ---------------------------------------------------------------- JSON of models */

/* the canonical JSON, or the error */
static const char *
model_of(const char *json)
{
	PromoRfmModel *model;
	PromoBuffer buf;

	memset(&err, 0, sizeof(err));
	model = promo_rfm_model_from_json(&test.arena, promo_text(json), &err);
	promo_buffer_init(&buf, &test.arena);
	if (model != NULL)
		promo_rfm_model_to_json(&buf, model);
	else
		promo_putf(&buf, "%d %s%s%s", err.code, err.message, err.detail[0] ? "; " : "", err.detail);
	return buf.data;
}

#define R		"\"recency\":{\"at_most\":[90,30]}"
#define F		"\"frequency\":{\"at_least\":[2,5]}"
#define M		"\"monetary\":{\"above\":[100,500.5]}"
#define FIXED	"{\"method\":\"fixed\",\"levels\":3,"
#define SYNTAX	"1 invalid input syntax for type promo.rfm_model; "

static void
test_model_text(void)
{
	static const char ranked[] =
		"{\"method\":\"rank\",\"levels\":5,\"as_of\":\"2011-12-10\",\"customers\":4338,"
		"\"recency\":{\"mean\":92.536,\"at_most\":[178,71,32,-1]},"
		"\"frequency\":{\"mean\":4.272,\"above\":[1,1,2,5]},"
		"\"monetary\":{\"mean\":2054.2665,\"above\":[-250.18,490.84,942.2,2058.88]}}";
	static const char nested[] =
		"{\"method\":\"nested\",\"levels\":2,\"recency\":{\"at_most\":[30]},"
		"\"frequency\":{\"above\":[[1],[2]]},\"monetary\":{\"above\":[[[1],[2.5]],[[3],[4]]]}}";

	CHECK_STR(model_of(ranked), ranked);
	CHECK_STR(model_of(nested), nested);
	CHECK_STR(model_of(" { " M ", " F " , " R " } "), FIXED R "," F "," M "}");
	CHECK_STR(model_of("{\"levels\":3,\"as_of\":null,\"customers\":null," R "," F "," M "}"),
			  FIXED R "," F "," M "}");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":[\"90.0\",\"3e1\"]}," F "," M "}"), FIXED R "," F "," M "}");
	CHECK_STR(model_of("{\"recency\":{\"mean\":\"-1.5\",\"at_most\":[1]},\"frequency\":{\"above\":[0.0001]},"
					   "\"monetary\":{\"at_least\":[900000000000000]}}"),
			  "{\"method\":\"fixed\",\"levels\":2,\"recency\":{\"mean\":-1.5,\"at_most\":[1]},"
			  "\"frequency\":{\"above\":[0.0001]},\"monetary\":{\"at_least\":[900000000000000]}}");
	arena_free(&test);
}

static void
test_model_refuses(void)
{
	CHECK_STR(model_of("{}"), "4 recency is missing");
	CHECK_STR(model_of("{" R "," F "}"), "4 monetary is missing");
	CHECK_STR(model_of("{" R ",\"frequency\":{\"mean\":3}," M "}"),
			  "4 breaks of frequency are missing; They are given as \"above\" or \"at_least\".");
	CHECK_STR(model_of("{\"recency\":{}," F "," M "}"),
			  "4 breaks of recency are missing; They are given as \"at_most\".");
	CHECK_STR(model_of("{" R "," F "," M ",\"colour\":1}"), SYNTAX "Key \"colour\" is unknown; "
			  "accepted are recency, frequency, monetary, method, levels, as_of, customers.");
	CHECK_STR(model_of("{\"recency\":{\"above\":[1,2]}}"),
			  SYNTAX "Key \"above\" is unknown; accepted are mean, at_most.");
	CHECK_STR(model_of("{\"monetary\":{\"above\":[1],\"at_least\":[1]}}"),
			  SYNTAX "Only one of \"above\" and \"at_least\" may be given for monetary.");
	CHECK_STR(model_of("{\"recency\":5}"), SYNTAX "Key \"recency\" must be an object.");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":5}}"), SYNTAX "Key \"at_most\" must be an array.");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":[true]}}"), SYNTAX "Breaks of recency must be numbers.");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":[]}}"),
			  SYNTAX "Arrays of breaks of recency must have the same number of elements, and some.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[[1,2],[3]]}}"),
			  SYNTAX "Arrays of breaks of frequency must have the same number of elements, and some.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[1,[3]]}}"), SYNTAX "Breaks of frequency must be numbers, "
			  "or all of them in arrays as those of nested models.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[[1],3]}}"), SYNTAX "Breaks of frequency must be numbers, "
			  "or all of them in arrays as those of nested models.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[[[[3]]]]}}"), SYNTAX "Breaks of frequency must be numbers, "
			  "or all of them in arrays as those of nested models.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[1,2,3,4,5,6,7,8,9,10,11]}}"),
			  SYNTAX "An array of breaks of frequency has more than 10 elements.");
	CHECK_STR(model_of("{\"frequency\":{\"above\":[1,\"x\"]}}"), "1 break 2 of frequency is not a number: \"x\"");
	CHECK_STR(model_of("{\"monetary\":{\"above\":[[[1],[2]],[[3],[0.00001]]]}}"),
			  "5 break 1 of monetary for R 2 and F 2 has more than 4 decimals: \"0.00001\"");
	CHECK_STR(model_of("{\"monetary\":{\"above\":[1e20]}}"), "5 break 1 of monetary is out of range: \"1e20\"");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":[30,90]}," F "," M "}"),
			  "3 break 2 of recency is above the one before it; "
			  "Breaks of recency do not ascend: fewer days are better.");
	CHECK_STR(model_of("{" R "," F ",\"monetary\":{\"above\":[2,1]}}"),
			  "3 break 2 of monetary is below the one before it; Breaks of monetary do not descend.");
	CHECK_STR(model_of("{" R ",\"frequency\":{\"above\":[1]}," M "}"),
			  "3 breaks of frequency are not those of 3 levels; There must be 2 of them in an array.");
	CHECK_STR(model_of("{\"levels\":4," R "," F "," M "}"),
			  "3 breaks of recency are not those of 4 levels; There must be 3 of them in an array.");
	CHECK_STR(model_of("{\"recency\":{\"at_most\":[9,8,7,6,5,4,3,2,1,0]}," F "," M "}"),
			  "5 number of levels is out of range: 11; There are from 2 to 10 levels.");
	CHECK_STR(model_of("{\"method\":\"nested\"," R "," F "," M "}"),
			  "3 breaks of frequency have a wrong shape; "
			  "They must be an array of breaks for each score of R, since the model is nested.");
	CHECK_STR(model_of("{" R ",\"frequency\":{\"above\":[[1,2],[1,2],[1,2]]}," M "}"),
			  "3 breaks of frequency have a wrong shape; They must be an array of numbers.");
	CHECK_STR(model_of("{\"method\":\"nested\",\"recency\":{\"at_most\":[1]},\"frequency\":{\"above\":[[1]]},"
					   "\"monetary\":{\"above\":[[[1],[2]],[[3],[4]]]}}"),
			  "3 breaks of frequency are not those of 2 levels; There must be arrays for 2 scores.");
	CHECK_STR(model_of("{\"method\":\"best\"," R "," F "," M "}"), "3 unknown method \"best\"");
	CHECK_STR(model_of("{\"as_of\":\"2011-02-29\"," R "," F "," M "}"), "1 as_of is no date: \"2011-02-29\"");
	CHECK_STR(model_of("{\"customers\":-1," R "," F "," M "}"), "5 customers is negative");
	CHECK_STR(model_of("{\"levels\":\"many\"," R "," F "," M "}"), "1 levels is not a number: \"many\"");
	CHECK_STR(model_of("[]"), SYNTAX "A model must be an object.");
	CHECK_STR(model_of("{" R "," F "," M), SYNTAX "Expected \",\" or \"}\", but found the end of the text.");
	arena_free(&test);
}

/* nothing shorter or longer than a binary form is one, and no changed byte breaks anything */
static void
test_model_binary(void)
{
	static const char *const models[] = {
		"{" R "," F "," M "}",
		"{\"method\":\"nested\",\"customers\":7,\"as_of\":\"2026-01-31\",\"recency\":{\"mean\":3,\"at_most\":[1]},"
		"\"frequency\":{\"above\":[[1],[1]]},\"monetary\":{\"above\":[[[1],[2]],[[3],[4]]]}}"
	};

	for (int i = 0; i < 2; i++)
	{
		PromoRfmModel *model = promo_rfm_model_from_json(&test.arena, promo_text(models[i]), &err);
		PromoBuffer packed;
		int			accepted = 0;
		int			lossy = 0;

		promo_buffer_init(&packed, &test.arena);
		promo_rfm_model_pack(&packed, model);
		for (size_t len = 0; len <= packed.len + 1; len++)
		{
			char	   *copy = promo_alloc(&test.arena, len);

			memset(copy, 0, len);
			memcpy(copy, packed.data, len < packed.len ? len : packed.len);
			if (len != packed.len)
				accepted += promo_rfm_model_unpack(&test.arena, copy, len, &err) != NULL ||
					err.code != PROMO_BAD_BINARY;
		}
		CHECK_INT(accepted, 0);
		for (size_t at = 0; at < packed.len; at++)
			for (int byte = 0; byte < 256; byte += 5)
			{
				PromoRfmModel *changed;

				packed.data[at] ^= (char) byte;
				changed = promo_rfm_model_unpack(&test.arena, packed.data, packed.len, &err);
				lossy += changed != NULL ? !round_trips(changed) : err.code != PROMO_BAD_BINARY;
				packed.data[at] ^= (char) byte;
			}
		CHECK_INT(lossy, 0);
		packed.data[3] |= 0x10;	/* the mean of monetary, then one that it has not */
		packed.data[1] = PROMO_RFM_MEAN + 1;
		CHECK(promo_rfm_model_unpack(&test.arena, packed.data, packed.len, &err) == NULL);
		CHECK_STR(err.detail, "Unknown method 6.");
		arena_free(&test);
	}
}

/* breaks of one's own: at most, at least, above */
static void
test_model_scores(void)
{
	const PromoRfmModel *model =
		promo_rfm_model_from_json(&test.arena, promo_text("{" R "," F "," M "}"), &err);

	CHECK_INT(promo_rfm_score(model, 91, 1, 100 * PROMO_MONEY), promo_rfm(1, 1, 1));
	CHECK_INT(promo_rfm_score(model, 90, 2, 100 * PROMO_MONEY + 1), promo_rfm(2, 2, 2));
	CHECK_INT(promo_rfm_score(model, 31, 4, 500 * PROMO_MONEY + 5000), promo_rfm(2, 2, 2));
	CHECK_INT(promo_rfm_score(model, 30, 5, 500 * PROMO_MONEY + 5001), promo_rfm(3, 3, 3));
	CHECK_INT(promo_rfm_score(model, 0, UINT32_MAX, PROMO_MONEY_MAX), promo_rfm(3, 3, 3));
	CHECK_INT(promo_rfm_score(model, INT32_MAX, 0, -PROMO_MONEY_MAX), promo_rfm(1, 1, 1));
	arena_free(&test);
}

int
main(void)
{
	arena_init(&test);
	test_fits(PROMO_RFM_RANK, 2000, "rank");
	test_fits(PROMO_RFM_NTILE, 2000, "ntile");
	test_fits(PROMO_RFM_QUANTILE, 2000, "quantile");
	test_fits(PROMO_RFM_MEAN, 2000, "mean");
	test_fits(PROMO_RFM_NESTED, 600, "nested");
	test_means();
	test_effort();
	test_scores();
	test_model_text();
	test_model_refuses();
	test_model_binary();
	test_model_scores();
	return test_done();
}
