/*
 * Credits of touches and paths: published vectors, and thousands of random
 * cases against references that take the long way.
 */
#include <math.h>
#include <stdlib.h>

#include "../../src/engine/channel_credit.h"
#include "arena.h"
#include "test.h"

static TestArena test;
static PromoError err;
static uint64_t seed = 1;

static uint32_t
below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) ((seed >> 33) % n);
}

static int64_t
large(int64_t n)
{
	return (((int64_t) below(1U << 31) << 31) + below(1U << 31)) % n;
}

/* names whose bytewise order is that of their numbers */
static PromoText
channel(uint32_t i)
{
	static char names[100][4];

	snprintf(names[i], sizeof(names[i]), "c%02u", i);
	return promo_text(names[i]);
}

static uint32_t
channel_of(PromoText name)
{
	return (name.data[1] - '0') * 10 + (name.data[2] - '0');
}

static const char *
shown(const PromoCredit *credits, uint32_t n)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	for (uint32_t i = 0; i < n; i++)
	{
		promo_putf(&buf, "%s%.*s ", i > 0 ? ", " : "", (int) credits[i].channel.len, credits[i].channel.data);
		promo_put_decimal(&buf, credits[i].amount, PROMO_MONEY_DIGITS, 2);
	}
	return buf.data;
}

static int64_t
sum_of(const PromoCredit *credits, uint32_t n)
{
	int64_t		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += credits[i].amount;
	return sum;
}

/* ----------------------------------------------------------------
 * touches
 * ----------------------------------------------------------------
 */

/* touches as "a 7, b 3.5": days before the last moment */
static const char *
credited(const char *method, const char *amount, const char *text)
{
	PromoTouch	touches[20];
	uint32_t	n = 0;
	PromoCreditMethod word;
	PromoCredit *credits;
	int64_t		money;

	for (; *text; n++)
	{
		touches[n].channel = (PromoText) {text, strcspn(text, " ")};
		touches[n].at = -(int64_t) (strtod(text + touches[n].channel.len, (char **) &text) *
									PROMO_DAY_MICROSECONDS);
		text += strspn(text, ", ");
	}
	if (!promo_touch_method(promo_text(method), &word, &err) ||
		!promo_parse_decimal(promo_text(amount), PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, false,
							 "amount", &money, &err))
		return err.message;
	n = promo_credit_touches(&test.arena, word, money, touches, n, &credits);
	return shown(credits, n);
}

static void
check_touches(void)
{
	/* as published */
	CHECK_STR(credited("decay", "1000", "a 7, b 3.5, c 0"), "a 226.54, b 320.38, c 453.08");
	CHECK_STR(credited("linear", "100", "a 7, b 3.5, c 0"), "a 33.34, b 33.33, c 33.33");
	CHECK_STR(credited("decay", "100", "a 7, b 3.5, c 0"), "a 22.65, b 32.04, c 45.31");
	CHECK_STR(credited("first", "100", "b 3.5, a 7, c 0"), "a 100.00");
	CHECK_STR(credited("last", "100", "b 3.5, c 0, a 7"), "c 100.00");
	CHECK_STR(credited("position", "100", "b 3.5, c 0, a 7"), "a 40.00, b 20.00, c 40.00");
	CHECK_STR(credited("position", "100", "a 4, b 3, c 2, d 1, e 0"), "a 40.00, b 6.67, c 6.67, d 6.66, e 40.00");
	CHECK_STR(credited("position", "0.03", "c 0, a 7"), "a 0.02, c 0.01");
	CHECK_STR(credited("position", "80", "c 0"), "c 80.00");

	/* one channel adds up; ties by name at one time */
	CHECK_STR(credited("linear", "100", "a 3, b 2, a 1"), "a 66.67, b 33.33");
	CHECK_STR(credited("linear", "0.01", "b 1, a 1"), "a 0.01, b 0.00");
	CHECK_STR(credited("first", "5", "b 1, a 1"), "a 5.00");
	CHECK_STR(credited("last", "5", "b 1, a 1"), "b 5.00");

	/* units, signs, nothing */
	CHECK_STR(credited("linear", "1.001", "a 3, b 2, c 1"), "a 0.334, b 0.334, c 0.333");
	CHECK_STR(credited("linear", "0.0001", "a 3, b 2, c 1"), "a 0.0001, b 0.00, c 0.00");
	CHECK_STR(credited("linear", "-100", "a 3, b 2, c 1"), "a -33.34, b -33.33, c -33.33");
	CHECK_STR(credited("linear", "0", "a 3, b 2"), "a 0.00, b 0.00");
	CHECK_STR(credited("decay", "12.34", ""), "none 12.34");
	CHECK_STR(credited("linear", "900000000000000", "a 3, b 2, c 1"),
			  "a 300000000000000.00, b 300000000000000.00, c 300000000000000.00");
	/* what is long ago still counts against the last touch, not against the order */
	CHECK_STR(credited("decay", "30", "a 7007, b 7000"), "a 10.00, b 20.00");
	CHECK_STR(credited("decay", "30", "a 7000, b 0"), "a 0.00, b 30.00");

	CHECK_STR(credited("Linear", "1", ""), "unknown method \"Linear\"");
	CHECK_STR(credited("shapley", "1", ""), "unknown method \"shapley\"");
}

static void
check_window(void)
{
	CHECK(promo_touch_counts(100, 100, 1));
	CHECK(promo_touch_counts(99, 100, 1));
	CHECK(!promo_touch_counts(98, 100, 1));
	CHECK(!promo_touch_counts(101, 100, 1));
	CHECK(promo_touch_counts(INT64_MIN + 1, -100, INT64_MAX));
	CHECK(!promo_touch_counts(INT64_MIN, -100, INT64_MAX));
	CHECK(!promo_touch_counts(INT64_MIN, -1, INT64_MAX));
	CHECK(!promo_touch_counts(INT64_MAX, 100, 1));
}

/* what the long way gives the touches in the order of time, by exact remainders */
static void
reference_shares(PromoCreditMethod method, int64_t units, uint32_t k, int64_t *shares)
{
	static int64_t numerators[40];
	static int64_t remainders[40];
	int64_t		denominator = 1;
	int64_t		left = units;

	for (uint32_t i = 0; i < k; i++)
		numerators[i] = 1;
	switch (method)
	{
		case PROMO_CREDIT_FIRST:
		case PROMO_CREDIT_LAST:
			for (uint32_t i = 0; i < k; i++)
				numerators[i] = i == (method == PROMO_CREDIT_FIRST ? 0 : k - 1);
			break;
		case PROMO_CREDIT_LINEAR:
			denominator = k;
			break;
		default:
			/* 0.4 = 2 / 5 and 0.2 / (k - 2) = 1 / (5 (k - 2)) */
			denominator = k > 2 ? 5 * (k - 2) : k;
			if (k > 2)
				numerators[0] = numerators[k - 1] = 2 * (k - 2);
	}
	for (uint32_t i = 0; i < k; i++)
	{
		shares[i] = units * numerators[i] / denominator;
		remainders[i] = units * numerators[i] % denominator;
		left -= shares[i];
	}
	for (; left > 0; left--)
	{
		uint32_t	first = 0;

		for (uint32_t i = 1; i < k; i++)
			if (remainders[i] > remainders[first])
				first = i;
		shares[first]++;
		remainders[first] = -1;
	}
}

static void
check_random_touches(void)
{
	int			wrong_sums = 0;
	int			wrong_credits = 0;
	int			wrong_orders = 0;
	int			wrong_decays = 0;

	for (int round = 0; round < 50000; round++)
	{
		PromoCreditMethod method = below(5);
		uint32_t	k = 1 + below(below(10) == 0 ? 40 : 6);
		uint32_t	channels = 1 + below(5);
		int64_t		unit = round % 3 == 0 ? 1 : round % 3 == 1 ? 10 : 100;
		int64_t		amount = large(PROMO_MONEY * 100000) * unit;
		PromoTouch	sorted[40];
		PromoTouch	touches[40];
		int64_t		shares[40];
		int64_t		wanted[5] = {0};
		double		ideal[5] = {0};
		double		total = 0;
		PromoCredit *credits;
		PromoCredit *again;
		uint32_t	n;
		int64_t		off = 0;

		/* ascending in time, and at one time by name */
		for (uint32_t i = 0; i < k; i++)
		{
			uint32_t	before = i > 0 ? channel_of(sorted[i - 1].channel) : 0;
			int64_t		step = below(3) == 0 ? 0 : large(3 * PROMO_DAY_MICROSECONDS);

			if (i == 0 || step > 0)
				before = 0;
			sorted[i].at = (i > 0 ? sorted[i - 1].at : INT64_C(800000000000000)) + step;
			sorted[i].channel = channel(before + below(channels - before));
		}
		memcpy(touches, sorted, k * sizeof(PromoTouch));
		for (uint32_t i = k - 1; i > 0; i--)
		{
			uint32_t	j = below(i + 1);
			PromoTouch	swap = touches[i];

			touches[i] = touches[j];
			touches[j] = swap;
		}

		n = promo_credit_touches(&test.arena, method, amount, touches, k, &credits);
		wrong_sums += sum_of(credits, n) != amount;
		wrong_orders += promo_credit_touches(&test.arena, method, amount, sorted, k, &again) != n ||
			strcmp(shown(credits, n), shown(again, n)) != 0;

		unit = amount % 100 == 0 ? 100 : amount % 10 == 0 ? 10 : 1;
		if (method == PROMO_CREDIT_DECAY)
		{
			for (uint32_t i = 0; i < k; i++)
				total += exp(-log(2) * (sorted[k - 1].at - sorted[i].at) / 86400e6 / 7);
			for (uint32_t i = 0; i < k; i++)
				ideal[channel_of(sorted[i].channel)] += amount / total *
					exp(-log(2) * (sorted[k - 1].at - sorted[i].at) / 86400e6 / 7);
			for (uint32_t i = 0; i < n; i++)
				wrong_decays += fabs(credits[i].amount - ideal[channel_of(credits[i].channel)]) >
					(double) unit * k;
		}
		else
		{
			reference_shares(method, amount / unit, k, shares);
			for (uint32_t i = 0; i < k; i++)
				wanted[channel_of(sorted[i].channel)] += shares[i] * unit;
			for (uint32_t i = 0; i < n; i++)
			{
				off |= credits[i].amount ^ wanted[channel_of(credits[i].channel)];
				wanted[channel_of(credits[i].channel)] = 0;
			}
			for (uint32_t i = 0; i < channels; i++)
				off |= wanted[i];
			wrong_credits += off != 0;
		}
		arena_free(&test);
	}
	CHECK_INT(wrong_sums, 0);
	CHECK_INT(wrong_orders, 0);
	CHECK_INT(wrong_credits, 0);
	CHECK_INT(wrong_decays, 0);
}

/* ----------------------------------------------------------------
 * paths
 * ----------------------------------------------------------------
 */

/* "A,B 20/3; C 1": channels, converted and lost */
static PromoPaths *
paths_of(const char *method, const char *text)
{
	PromoCreditMethod word;
	PromoPaths *paths;

	if (!promo_path_method(promo_text(method), &word, &err))
		return NULL;
	paths = promo_paths_new(&test.arena, word);
	while (*text)
	{
		PromoText	channels[20];
		uint32_t	n = 0;
		double		lost = 0;
		double		converted;

		while (*text != ' ')
		{
			channels[n++] = (PromoText) {text, strcspn(text, ", ")};
			text += channels[n - 1].len;
			text += *text == ',';
		}
		converted = strtod(text, (char **) &text);
		if (*text == '/')
			lost = strtod(text + 1, (char **) &text);
		text += strspn(text, "; ");
		if (!promo_paths_add(&test.arena, paths, channels, n, llrint(converted * PROMO_MONEY),
							 llrint(lost * PROMO_MONEY), &err))
			return NULL;
	}
	return paths;
}

static const char *
credits_of(const char *method, const char *text)
{
	PromoPaths *paths = paths_of(method, text);
	PromoCredit *credits;
	uint32_t	n;

	if (paths == NULL)
		return err.message;
	n = promo_credit_paths(&test.arena, paths, &credits);
	return shown(credits, n);
}

static void
check_paths(void)
{
	char		long_name[PROMO_MAX_TEXT + 2];
	PromoPaths *paths;
	PromoText	name = {long_name, PROMO_MAX_TEXT + 1};

	/* as published */
	CHECK_STR(credits_of("markov", "C1,C2,C3 1; C1 0/1; C2,C3 0/1"), "C1 0.20, C2 0.40, C3 0.40");
	CHECK_STR(credits_of("shapley", "A 10; B 5; A,B 20; B,C 4"), "A 20.00, B 17.00, C 2.00");

	/* repeats in a row are one; of shapley order and repeats do not count */
	CHECK_STR(credits_of("markov", "C1,C1,C2,C3,C3 1; C1,C1 0/1; C2,C3 0/1"), "C1 0.20, C2 0.40, C3 0.40");
	CHECK_STR(credits_of("shapley", "A,A 10; B 5; B,A 15; A,B,A 5; C,B 4/7"), "A 20.00, B 17.00, C 2.00");
	/* a loop: nothing goes without A, of which every second step converts without B */
	CHECK_STR(credits_of("markov", "A,B,A 3"), "A 2.00, B 1.00");

	/* symmetric channels: units that are left go to the earlier name */
	CHECK_STR(credits_of("markov", "b 1; a 1; c 1; d 0/5"), "a 1.00, b 1.00, c 1.00, d 0.00");
	CHECK_STR(credits_of("markov", "b,a,c 100"), "a 33.34, b 33.33, c 33.33");
	CHECK_STR(credits_of("shapley", "b,a,c 100"), "a 33.34, b 33.33, c 33.33");
	/* no path can be shared in units, but their sum can */
	CHECK_STR(credits_of("shapley", "a,b 0.01; a,c 0.01; b,c 0.01"), "a 0.01, b 0.01, c 0.01");
	CHECK_STR(credits_of("shapley", "a,b,c 0.01; a,b,d 0.01; c,d 0.01"), "a 0.01, b 0.00, c 0.01, d 0.01");
	CHECK_STR(credits_of("shapley", "a,b 0.0001; a,b 0.0002"), "a 0.0002, b 0.0001");

	/* nothing converted, no channels */
	CHECK_STR(credits_of("markov", "a 0/7; b,a 0"), "a 0.00, b 0.00");
	CHECK_STR(credits_of("shapley", "a 0/7"), "a 0.00");
	CHECK_STR(credits_of("markov", " 2/5; a 1"), "a 1.00, none 2.00");
	CHECK_STR(credits_of("shapley", " 2/5; none 1"), "none 3.00");
	CHECK_STR(credits_of("markov", "a 900000000000000; b 0/900000000000000"), "a 900000000000000.00, b 0.00");

	/* mistakes */
	CHECK_STR(credits_of("last", "a 1"), "unknown method \"last\"");
	CHECK_STR(credits_of("markov", "a 900000000000000; b 1"), "conversions are out of range");
	CHECK_STR(credits_of("markov", "a 0/900000000000000; b 0/1"), "conversions are out of range");
	memset(long_name, 'x', sizeof(long_name));
	paths = promo_paths_new(&test.arena, PROMO_CREDIT_SHAPLEY);
	CHECK(!promo_paths_add(&test.arena, paths, &name, 1, 0, 0, &err));
	CHECK_STR(err.message, "channel is longer than 1000 bytes");
	arena_free(&test);
}

static void
check_many_channels(void)
{
	PromoPaths *paths = promo_paths_new(&test.arena, PROMO_CREDIT_MARKOV);
	PromoText	all[65];
	PromoCredit *credits;
	uint32_t	n;
	bool		equal = true;

	for (uint32_t i = 0; i < 65; i++)
		all[i] = channel(i);
	CHECK(promo_paths_add(&test.arena, paths, all, 64, 64 * PROMO_MONEY, PROMO_MONEY, &err));
	n = promo_credit_paths(&test.arena, paths, &credits);
	CHECK_INT(n, 64);
	for (uint32_t i = 0; i < n; i++)
		equal &= credits[i].amount == PROMO_MONEY && channel_of(credits[i].channel) == i;
	CHECK(equal);
	CHECK(!promo_paths_add(&test.arena, paths, &all[64], 1, 0, 0, &err));
	CHECK_STR(err.message, "there are more than 64 channels");

	paths = promo_paths_new(&test.arena, PROMO_CREDIT_SHAPLEY);
	CHECK(promo_paths_add(&test.arena, paths, all, 65, 65 * PROMO_MONEY, 0, &err));
	CHECK_INT(promo_credit_paths(&test.arena, paths, &credits), 65);
	CHECK_INT(credits[64].amount, PROMO_MONEY);
	arena_free(&test);
}

/* Random paths, as they are added one by one. */
typedef struct Sample
{
	uint32_t	nchannels;
	uint32_t	npaths;
	struct
	{
		uint32_t	n;
		uint32_t	channels[8];
		int64_t		converted;
		int64_t		lost;
	}			paths[40];
} Sample;

static void
draw(Sample *sample, int64_t most)
{
	sample->nchannels = 1 + below(7);
	sample->npaths = 1 + below(40);
	for (uint32_t i = 0; i < sample->npaths; i++)
	{
		sample->paths[i].n = 1 + below(8);
		for (uint32_t j = 0; j < sample->paths[i].n; j++)
			sample->paths[i].channels[j] = below(sample->nchannels);
		sample->paths[i].converted = below(3) == 0 ? 0 : large(most);
		sample->paths[i].lost = below(3) == 0 ? 0 : large(most);
	}
}

static void
add_sample(PromoPaths *paths, const Sample *sample, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
	{
		PromoText	names[8];

		for (uint32_t j = 0; j < sample->paths[i].n; j++)
			names[j] = channel(sample->paths[i].channels[j]);
		if (!promo_paths_add(&test.arena, paths, names, sample->paths[i].n,
							 sample->paths[i].converted, sample->paths[i].lost, &err))
			abort();
	}
}

/*
 * The probability of a conversion when a channel (or none, if there is no such)
 * is a dead end, step by step until nobody is left.
 */
static double
conversion_without(const Sample *sample, uint32_t removed)
{
	enum
	{
		START = 7, CONVERSION, NOTHING, STATES
	};
	double		counts[STATES][STATES] = {{0}};
	double		here[STATES] = {0};

	for (uint32_t i = 0; i < sample->npaths; i++)
	{
		uint32_t	state = START;

		for (uint32_t j = 0; j < sample->paths[i].n; j++)
			if (sample->paths[i].channels[j] != state)
			{
				counts[state][sample->paths[i].channels[j]] += (double) sample->paths[i].converted +
					sample->paths[i].lost;
				state = sample->paths[i].channels[j];
			}
		counts[state][CONVERSION] += sample->paths[i].converted;
		counts[state][NOTHING] += sample->paths[i].lost;
	}
	here[START] = 1;
	for (double left = 1; left > 1e-13;)
	{
		double		there[STATES] = {0};

		left = 0;
		there[CONVERSION] = here[CONVERSION];
		for (uint32_t s = 0; s <= START; s++)
		{
			double		total = 0;

			for (uint32_t t = 0; t < STATES; t++)
				total += counts[s][t];
			for (uint32_t t = 0; t < STATES && total > 0; t++)
				there[t == removed ? NOTHING : t] += here[s] * counts[s][t] / total;
		}
		memcpy(here, there, sizeof(here));
		for (uint32_t s = 0; s <= START; s++)
			left += here[s];
	}
	return here[CONVERSION];
}

static void
check_random_markov(void)
{
	int			wrong_sums = 0;
	int			wrong_shares = 0;
	double		worst = 0;

	for (int round = 0; round < 3000; round++)
	{
		Sample		sample;
		PromoPaths *paths = promo_paths_new(&test.arena, PROMO_CREDIT_MARKOV);
		PromoCredit *credits;
		uint32_t	n;
		int64_t		total = 0;
		double		whole;
		double		effects[7];
		double		sum = 0;

		draw(&sample, INT64_C(100000000000) * PROMO_MONEY);
		for (uint32_t i = 0; i < sample.npaths; i++)
			total += sample.paths[i].converted;
		add_sample(paths, &sample, 0, sample.npaths);
		n = promo_credit_paths(&test.arena, paths, &credits);
		wrong_sums += sum_of(credits, n) != total;
		whole = conversion_without(&sample, UINT32_MAX);
		for (uint32_t i = 0; i < n; i++)
		{
			effects[i] = whole > 0 ? 1 - conversion_without(&sample, channel_of(credits[i].channel)) / whole : 0;
			sum += effects[i];
		}
		for (uint32_t i = 0; i < n && total > 0; i++)
		{
			double		off = fabs((double) credits[i].amount / total - effects[i] / sum);

			worst = fmax(worst, off);
			wrong_shares += off > 1e-9;
		}
		arena_free(&test);
	}
	CHECK_INT(wrong_sums, 0);
	CHECK_INT(wrong_shares, 0);
	printf("# largest difference of a share: %.1e\n", worst);
}

/*
 * Shapley values by the definition: what a channel adds to each coalition of the
 * others, over all orders in which they may come together; times n!, exactly.
 */
static void
reference_shapley(const Sample *sample, promo_int128 *values)
{
	static const int64_t factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040};
	uint32_t	n = sample->nchannels;
	int64_t		worth[1 << 7] = {0};

	for (uint32_t set = 0; set < 1U << n; set++)
		for (uint32_t i = 0; i < sample->npaths; i++)
		{
			uint32_t	members = 0;

			for (uint32_t j = 0; j < sample->paths[i].n; j++)
				members |= 1U << sample->paths[i].channels[j];
			if ((members & ~set) == 0)
				worth[set] += sample->paths[i].converted;
		}
	for (uint32_t c = 0; c < n; c++)
	{
		values[c] = 0;
		for (uint32_t set = 0; set < 1U << n; set++)
			if ((set & (1U << c)) == 0)
			{
				int			size = __builtin_popcount(set);

				values[c] += (promo_int128) factorial[size] * factorial[n - size - 1] *
					(worth[set | (1U << c)] - worth[set]);
			}
	}
}

static void
check_random_shapley(void)
{
	static const int64_t factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040};
	int			wrong_sums = 0;
	int			wrong_credits = 0;

	for (int round = 0; round < 30000; round++)
	{
		Sample		sample;
		PromoPaths *paths = promo_paths_new(&test.arena, PROMO_CREDIT_SHAPLEY);
		PromoCredit *credits;
		promo_int128 values[7];
		int64_t		wanted[7];
		promo_int128 whole;
		uint32_t	n;
		int64_t		total = 0;
		int64_t		left;
		int64_t		unit;

		/* also few units for many channels, and ties */
		draw(&sample, round % 3 == 0 ? 5 : round % 3 == 1 ? 1000 : 1000000 * PROMO_MONEY);
		for (uint32_t i = 0; i < sample.npaths; i++)
			total += sample.paths[i].converted *= round % 2 == 0 ? 100 : 1;
		add_sample(paths, &sample, 0, sample.npaths);
		n = promo_credit_paths(&test.arena, paths, &credits);
		wrong_sums += sum_of(credits, n) != total;

		/* largest remainder, ties to the earlier */
		unit = total % 100 == 0 ? 100 : total % 10 == 0 ? 10 : 1;
		whole = (promo_int128) factorial[sample.nchannels] * unit;
		left = total;
		reference_shapley(&sample, values);
		for (uint32_t c = 0; c < sample.nchannels; c++)
		{
			wanted[c] = (int64_t) (values[c] / whole) * unit;
			values[c] %= whole;
			left -= wanted[c];
		}
		for (; left > 0; left -= unit)
		{
			uint32_t	first = 0;

			for (uint32_t c = 1; c < sample.nchannels; c++)
				if (values[c] > values[first])
					first = c;
			wanted[first] += unit;
			values[first] = -1;
		}
		for (uint32_t i = 0; i < n; i++)
			wrong_credits += credits[i].amount != wanted[channel_of(credits[i].channel)];
		arena_free(&test);
	}
	CHECK_INT(wrong_sums, 0);
	CHECK_INT(wrong_credits, 0);
}

static PromoPaths *
sent(const PromoPaths *paths)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &test.arena);
	promo_paths_pack(&buf, paths);
	return promo_paths_unpack(&test.arena, buf.data, buf.len, &err);
}

/* However rows are split, sent and merged, the credits are the same. */
static void
check_merging(void)
{
	int			wrong = 0;
	int			changed = 0;
	int			accepted = 0;

	for (int round = 0; round < 3000; round++)
	{
		PromoCreditMethod method = PROMO_CREDIT_MARKOV + below(2);
		Sample		sample;
		PromoPaths *whole = promo_paths_new(&test.arena, method);
		PromoPaths *parts[3];
		PromoBuffer buf;
		PromoCredit *credits;
		const char *wanted;
		const char *before;
		uint32_t	n;

		draw(&sample, 100000);
		add_sample(whole, &sample, 0, sample.npaths);
		n = promo_credit_paths(&test.arena, whole, &credits);
		wanted = shown(credits, n);
		n = promo_credit_paths(&test.arena, whole, &credits);
		changed += strcmp(shown(credits, n), wanted) != 0;

		for (uint32_t i = 0; i < 3; i++)
		{
			parts[i] = promo_paths_new(&test.arena, method);
			add_sample(parts[i], &sample, sample.npaths * i / 3, sample.npaths * (i + 1) / 3);
		}
		n = promo_credit_paths(&test.arena, parts[0], &credits);
		before = shown(credits, n);
		if (!promo_paths_merge(&test.arena, parts[2], sent(parts[0]), &err) ||
			!promo_paths_merge(&test.arena, parts[1], parts[2], &err))
			abort();
		n = promo_credit_paths(&test.arena, sent(parts[1]), &credits);
		wrong += strcmp(shown(credits, n), wanted) != 0;
		n = promo_credit_paths(&test.arena, parts[0], &credits);
		changed += strcmp(shown(credits, n), before) != 0;

		promo_buffer_init(&buf, &test.arena);
		promo_paths_pack(&buf, whole);
		accepted += promo_paths_unpack(&test.arena, buf.data, below(buf.len), &err) != NULL;
		arena_free(&test);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(changed, 0);
	CHECK_INT(accepted, 0);
}

/* Many distinct paths: tables grow, sums stay. */
static void
check_growth(void)
{
	PromoPaths *paths = promo_paths_new(&test.arena, PROMO_CREDIT_MARKOV);
	PromoCredit *credits;
	uint32_t	n;

	for (uint32_t i = 0; i < 20000; i++)
	{
		PromoText	names[5];

		for (uint32_t j = 0, rest = i; j < 5; j++, rest /= 8)
			names[j] = channel(8 * j + rest % 8);
		if (!promo_paths_add(&test.arena, paths, names, 5, PROMO_MONEY, 2 * PROMO_MONEY, &err))
			abort();
	}
	n = promo_credit_paths(&test.arena, paths, &credits);
	CHECK_INT(n, 37);
	CHECK_INT(sum_of(credits, n), 20000 * PROMO_MONEY);
	/* of each place all 8 are as good: a fifth of an eighth */
	CHECK_INT(credits[0].amount, 500 * PROMO_MONEY);
	CHECK_INT(credits[7].amount, 500 * PROMO_MONEY);
	arena_free(&test);
}

int
main(void)
{
	arena_init(&test);
	check_touches();
	check_window();
	arena_free(&test);
	check_random_touches();
	check_paths();
	check_many_channels();
	check_random_markov();
	check_random_shapley();
	check_merging();
	check_growth();
	arena_free(&test);
	return test_done();
}
