/*-------------------------------------------------------------------------
 *
 * channel_credit.c
 *	  which channels an order, or many conversions, are credited to
 *
 * No result depends on the order in which rows come: touches are sorted, sums
 * are integers, and channels are taken in the order of their names.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>

#include "channel_credit.h"
#include "ratio.h"

/* what a touch is worth halves in this time */
#define HALF_LIFE			(7 * PROMO_DAY_MICROSECONDS)

/* ids and names of all paths together, in bytes */
#define MAX_POOL			((size_t) 1 << 29)

static bool
find_method(PromoText word, const char *const *words, int n, PromoCreditMethod first,
			PromoCreditMethod *method)
{
	for (int i = 0; i < n; i++)
		if (promo_text_equal(word, promo_text(words[i])))
		{
			*method = first + i;
			return true;
		}
	return false;
}

bool
promo_touch_method(PromoText word, PromoCreditMethod *method, PromoError *err)
{
	static const char *const words[] = {"first", "last", "linear", "position", "decay"};

	if (find_method(word, words, 5, PROMO_CREDIT_FIRST, method))
		return true;
	promo_fail(err, PROMO_BAD_VALUE, "unknown method \"%.*s\"", promo_shown(word), word.data);
	return promo_hint(err, "Methods for the touches of an order are first, last, linear, position and decay.");
}

bool
promo_path_method(PromoText word, PromoCreditMethod *method, PromoError *err)
{
	static const char *const words[] = {"markov", "shapley"};

	if (find_method(word, words, 2, PROMO_CREDIT_MARKOV, method))
		return true;
	promo_fail(err, PROMO_BAD_VALUE, "unknown method \"%.*s\"", promo_shown(word), word.data);
	return promo_hint(err, "Methods for paths are markov and shapley.");
}

bool
promo_check_channel(PromoText channel, PromoError *err)
{
	if (channel.len <= PROMO_MAX_TEXT)
		return true;
	return promo_fail(err, PROMO_TOO_MANY, "channel is longer than %d bytes", PROMO_MAX_TEXT);
}

/* hundredths, or what is finer in the amount */
static int64_t
unit_of(int64_t amount)
{
	return amount % 100 == 0 ? 100 : amount % 10 == 0 ? 10 : 1;
}

/* ----------------------------------------------------------------
 * touches
 * ----------------------------------------------------------------
 */

static bool
touch_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoTouch *touches = context;

	if (touches[a].at != touches[b].at)
		return touches[a].at < touches[b].at;
	return promo_text_compare(touches[a].channel, touches[b].channel) < 0;
}

static bool
credit_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoCredit *credits = context;

	return promo_text_compare(credits[a].channel, credits[b].channel) < 0;
}

/*
 * Weights of touches in the order of time.  Those of `position`, 0.4, 0.2 / (k
 * - 2) and 0.4, are multiplied by 5 (k - 2).  `decay` counts from the last
 * touch instead of the order, which leaves proportions as they are and the
 * weights of long ago above zero.
 */
static void
weigh_touches(PromoCreditMethod method, const PromoTouch *touches, const uint32_t *order,
			  uint32_t n, int64_t *weights)
{
	int64_t		last = touches[order[n - 1]].at;

	for (uint32_t i = 0; i < n; i++)
		weights[i] = 1;
	if (method == PROMO_CREDIT_POSITION && n > 2)
		weights[0] = weights[n - 1] = 2 * (int64_t) (n - 2);
	else if (method == PROMO_CREDIT_DECAY)
		for (uint32_t i = 0; i < n; i++)
			weights[i] = (int64_t) ldexp(exp2((double) (touches[order[i]].at - last) / HALF_LIFE), 62);
}

uint32_t
promo_credit_touches(PromoArena *arena, PromoCreditMethod method, int64_t amount,
					 const PromoTouch *touches, uint32_t n, PromoCredit **credits)
{
	int64_t		magnitude = amount < 0 ? -amount : amount;
	uint32_t   *order = promo_sorted(arena, n, touch_before, touches);
	int64_t    *weights;
	int64_t    *shares;
	PromoCredit *given;
	uint32_t	kept = 0;

	if (n == 0)
	{
		*credits = promo_alloc(arena, sizeof(PromoCredit));
		**credits = (PromoCredit) {promo_text(PROMO_NO_CHANNEL), amount};
		return 1;
	}
	if (method == PROMO_CREDIT_LAST)
		order += n - 1;
	if (method == PROMO_CREDIT_FIRST || method == PROMO_CREDIT_LAST)
		n = 1;
	weights = promo_alloc(arena, n * sizeof(int64_t));
	shares = promo_alloc(arena, n * sizeof(int64_t));
	weigh_touches(method, touches, order, n, weights);
	promo_apportion(arena, magnitude, n, weights, NULL, unit_of(magnitude), shares);

	/* one credit for each channel */
	given = promo_alloc(arena, n * sizeof(PromoCredit));
	for (uint32_t i = 0; i < n; i++)
		given[i] = (PromoCredit) {touches[order[i]].channel, amount < 0 ? -shares[i] : shares[i]};
	order = promo_sorted(arena, n, credit_before, given);
	*credits = promo_alloc(arena, n * sizeof(PromoCredit));
	for (uint32_t i = 0; i < n; i++)
	{
		PromoCredit credit = given[order[i]];

		if (kept > 0 && promo_text_equal((*credits)[kept - 1].channel, credit.channel))
			(*credits)[kept - 1].amount += credit.amount;
		else
			(*credits)[kept++] = credit;
	}
	return kept;
}

/* ----------------------------------------------------------------
 * paths: what is kept
 * ----------------------------------------------------------------
 */

/* A run of bytes that is known by its number: a channel's name, the channels of a path. */
typedef struct Word
{
	uint64_t	hash;
	size_t		at;				/* in bytes */
	uint32_t	len;
} Word;

typedef struct Words
{
	Word	   *words;
	uint32_t	n;
	uint32_t	capacity;
	uint32_t   *slots;			/* number of the word + 1, or 0; found by hash, then linearly */
	uint32_t	nslots;			/* twice the capacity, a power of two */
	char	   *bytes;
	size_t		used;
	size_t		room;
} Words;

typedef struct PathSums
{
	int64_t		converted;
	int64_t		lost;
} PathSums;

struct PromoPaths
{
	PromoCreditMethod method;
	Words		channels;		/* their names */
	Words		paths;			/* the numbers of their channels, uint32 */
	PathSums   *sums;			/* of each path, as many as paths.capacity */
	PathSums	total;
	uint32_t   *scratch;		/* for the path that is being added */
	uint32_t	scratch_n;
};

static inline PromoText
word_text(const Words *words, uint32_t i)
{
	return (PromoText) {words->bytes + words->words[i].at, words->words[i].len};
}

static void
link_word(Words *words, uint32_t i)
{
	uint32_t	slot = words->words[i].hash & (words->nslots - 1);

	while (words->slots[slot] != 0)
		slot = (slot + 1) & (words->nslots - 1);
	words->slots[slot] = i + 1;
}

static void
grow_words(PromoArena *arena, Words *words)
{
	uint32_t	capacity = words->capacity > 0 ? 2 * words->capacity : 4;

	words->words = promo_realloc(arena, words->words, words->n * sizeof(Word), capacity * sizeof(Word));
	words->capacity = capacity;
	words->nslots = 2 * capacity;
	words->slots = promo_alloc0(arena, words->nslots * sizeof(uint32_t));
	for (uint32_t i = 0; i < words->n; i++)
		link_word(words, i);
}

/* The number of a word, a new one if it was not known. */
static bool
number_of(PromoArena *arena, Words *words, const void *data, uint32_t len, uint32_t *number,
		  PromoError *err)
{
	PromoText	text = {data, len};
	uint64_t	hash = promo_digest(data, len);

	for (uint32_t slot = hash; words->nslots > 0; slot++)
	{
		uint32_t	i = words->slots[slot & (words->nslots - 1)];

		if (i == 0)
			break;
		if (words->words[i - 1].hash == hash && promo_text_equal(word_text(words, i - 1), text))
		{
			*number = i - 1;
			return true;
		}
	}

	if (len > MAX_POOL - words->used || words->n >= MAX_POOL / sizeof(Word))
	{
		promo_fail(err, PROMO_TOO_MANY, "there are too many distinct paths");
		return promo_hint(err, "Put rare channels together, or shorten paths.");
	}
	if (words->n == words->capacity)
		grow_words(arena, words);
	if (words->used + len > words->room)
	{
		size_t		room = words->room > 0 ? words->room : 64;

		while (room < words->used + len)
			room *= 2;
		words->bytes = promo_realloc(arena, words->bytes, words->used, room);
		words->room = room;
	}
	if (len > 0)
		memcpy(words->bytes + words->used, data, len);
	words->words[words->n] = (Word) {hash, words->used, len};
	words->used += len;
	link_word(words, words->n);
	*number = words->n++;
	return true;
}

PromoPaths *
promo_paths_new(PromoArena *arena, PromoCreditMethod method)
{
	PromoPaths *paths = promo_alloc0(arena, sizeof(PromoPaths));

	paths->method = method;
	return paths;
}

PromoCreditMethod
promo_paths_method(const PromoPaths *paths)
{
	return paths->method;
}

static bool
channel_number(PromoArena *arena, PromoPaths *paths, PromoText channel, uint32_t *number,
			   PromoError *err)
{
	if (!promo_check_channel(channel, err) ||
		!number_of(arena, &paths->channels, channel.data, channel.len, number, err))
		return false;
	if (paths->method == PROMO_CREDIT_MARKOV && paths->channels.n > PROMO_MARKOV_CHANNELS)
	{
		promo_fail(err, PROMO_TOO_MANY, "there are more than %d channels", PROMO_MARKOV_CHANNELS);
		return promo_hint(err, "Put rare channels together, or use shapley.");
	}
	return true;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t	x = *(const uint32_t *) a;
	uint32_t	y = *(const uint32_t *) b;

	return (x > y) - (x < y);
}

/* The first n numbers in scratch so that equal paths are equal bytes: how many are left. */
static uint32_t
canonical_path(PromoPaths *paths, uint32_t n)
{
	uint32_t	kept = 0;

	if (paths->method == PROMO_CREDIT_SHAPLEY)
		qsort(paths->scratch, n, sizeof(uint32_t), compare_numbers);
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || paths->scratch[i] != paths->scratch[kept - 1])
			paths->scratch[kept++] = paths->scratch[i];
	return kept;
}

static bool
add_up(int64_t *sum, int64_t value, PromoError *err)
{
	if (value > PROMO_MONEY_MAX - *sum)
	{
		promo_fail(err, PROMO_OUT_OF_RANGE, "conversions are out of range");
		return promo_detail(err, "They sum to more than 900 trillion.");
	}
	*sum += value;
	return true;
}

/* Adds the path of the first n numbers in scratch. */
static bool
add_path(PromoArena *arena, PromoPaths *paths, uint32_t n, int64_t converted, int64_t lost,
		 PromoError *err)
{
	uint32_t	capacity = paths->paths.capacity;
	uint32_t	before = paths->paths.n;
	uint32_t	path;

	n = canonical_path(paths, n);
	if (!number_of(arena, &paths->paths, paths->scratch, n * sizeof(uint32_t), &path, err) ||
		!add_up(&paths->total.converted, converted, err) || !add_up(&paths->total.lost, lost, err))
		return false;
	if (paths->paths.capacity > capacity)
		paths->sums = promo_realloc(arena, paths->sums, before * sizeof(PathSums),
									paths->paths.capacity * sizeof(PathSums));
	if (paths->paths.n > before)
		paths->sums[path] = (PathSums) {0, 0};
	paths->sums[path].converted += converted;
	paths->sums[path].lost += lost;
	return true;
}

static void
reserve_scratch(PromoArena *arena, PromoPaths *paths, uint32_t n)
{
	if (n <= paths->scratch_n)
		return;
	paths->scratch_n = n > 2 * paths->scratch_n ? n : 2 * paths->scratch_n;
	paths->scratch = promo_alloc(arena, paths->scratch_n * sizeof(uint32_t));
}

bool
promo_paths_add(PromoArena *arena, PromoPaths *paths, const PromoText *channels, uint32_t n,
				int64_t converted, int64_t lost, PromoError *err)
{
	PromoText	none = promo_text(PROMO_NO_CHANNEL);

	if (n == 0)
	{
		channels = &none;
		n = 1;
	}
	reserve_scratch(arena, paths, n);
	for (uint32_t i = 0; i < n; i++)
		if (!channel_number(arena, paths, channels[i], &paths->scratch[i], err))
			return false;
	return add_path(arena, paths, n, converted, lost, err);
}

/* the numbers of a path's channels, and how many there are */
static const uint32_t *
path_channels(const PromoPaths *paths, uint32_t path, uint32_t *n)
{
	PromoText	bytes = word_text(&paths->paths, path);

	*n = bytes.len / sizeof(uint32_t);
	return (const uint32_t *) bytes.data;
}

bool
promo_paths_merge(PromoArena *arena, PromoPaths *paths, const PromoPaths *other, PromoError *err)
{
	uint32_t   *numbers = promo_alloc(arena, other->channels.n * sizeof(uint32_t));

	for (uint32_t i = 0; i < other->channels.n; i++)
		if (!channel_number(arena, paths, word_text(&other->channels, i), &numbers[i], err))
			return false;
	for (uint32_t i = 0; i < other->paths.n; i++)
	{
		uint32_t	n;
		const uint32_t *channels = path_channels(other, i, &n);

		if (i % 1024 == 0 && arena->poll != NULL)
			arena->poll(arena);
		reserve_scratch(arena, paths, n);
		for (uint32_t j = 0; j < n; j++)
			paths->scratch[j] = numbers[channels[j]];
		if (!add_path(arena, paths, n, other->sums[i].converted, other->sums[i].lost, err))
			return false;
	}
	return true;
}

void
promo_paths_pack(PromoBuffer *buf, const PromoPaths *paths)
{
	promo_put_u8(buf, paths->method);
	promo_put_u32(buf, paths->channels.n);
	for (uint32_t i = 0; i < paths->channels.n; i++)
		promo_put_text(buf, word_text(&paths->channels, i));
	promo_put_u32(buf, paths->paths.n);
	for (uint32_t i = 0; i < paths->paths.n; i++)
	{
		promo_put_text(buf, word_text(&paths->paths, i));
		promo_put_i64(buf, paths->sums[i].converted);
		promo_put_i64(buf, paths->sums[i].lost);
	}
}

PromoPaths *
promo_paths_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {.data = data, .len = len};
	PromoPaths *paths = promo_paths_new(arena, promo_get_u8(&r));
	uint32_t	n;

	n = promo_get_u32(&r);
	for (uint32_t i = 0; i < n && !r.bad; i++)
	{
		uint32_t	number;

		if (!channel_number(arena, paths, promo_get_bytes(&r), &number, err))
			return NULL;
	}
	n = promo_get_u32(&r);
	for (uint32_t i = 0; i < n && !r.bad; i++)
	{
		PromoText	bytes = promo_get_bytes(&r);
		int64_t		converted = promo_get_i64(&r);
		int64_t		lost = promo_get_i64(&r);

		if (r.bad)
			break;
		reserve_scratch(arena, paths, bytes.len / sizeof(uint32_t));
		memcpy(paths->scratch, bytes.data, bytes.len);
		if (!add_path(arena, paths, bytes.len / sizeof(uint32_t), converted, lost, err))
			return NULL;
	}
	return promo_get_end(&r, "promo.attribution_agg", err) ? paths : NULL;
}

/* ----------------------------------------------------------------
 * paths: removal effects
 * ----------------------------------------------------------------
 */

/*
 * Inverts the n x n matrix in place (Gauss-Jordan, partial pivoting).  Every
 * path ends, so that the chain leaves any set of channels with a probability of
 * at least one over the longest path: the matrix is never near a singular one.
 */
static void
invert(PromoArena *arena, double *a, uint32_t n)
{
	uint32_t   *pivots = promo_alloc(arena, n * sizeof(uint32_t));

	for (uint32_t k = 0; k < n; k++)
	{
		uint32_t	pivot = k;
		double		p;

		for (uint32_t i = k + 1; i < n; i++)
			if (fabs(a[i * n + k]) > fabs(a[pivot * n + k]))
				pivot = i;
		pivots[k] = pivot;
		for (uint32_t j = 0; pivot != k && j < n; j++)
		{
			double		swap = a[k * n + j];

			a[k * n + j] = a[pivot * n + j];
			a[pivot * n + j] = swap;
		}
		p = a[k * n + k];
		a[k * n + k] = 1;
		for (uint32_t j = 0; j < n; j++)
			a[k * n + j] /= p;
		for (uint32_t i = 0; i < n; i++)
		{
			double		factor = a[i * n + k];

			if (i == k || factor == 0)
				continue;
			a[i * n + k] = 0;
			for (uint32_t j = 0; j < n; j++)
				a[i * n + j] -= factor * a[k * n + j];
		}
	}
	/* rows were swapped: so are the columns of the inverse, backwards */
	for (uint32_t k = n; k-- > 0;)
		for (uint32_t i = 0; pivots[k] != k && i < n; i++)
		{
			double		swap = a[i * n + k];

			a[i * n + k] = a[i * n + pivots[k]];
			a[i * n + pivots[k]] = swap;
		}
}

/*
 * Removal effects, but for the factor that they share.  With N the inverse of I
 * - Q (Q the probabilities from channel to channel), N[s][c] is how often a
 * path that begins as paths do comes to c, N[s][c] / N[c][c] the probability that
 * it does at all, and N times the probabilities of conversion the probability x
 * of a conversion from there.  What is lost with a channel are the paths that
 * come to it and convert: N[s][c] / N[c][c] x[c], without a second system to
 * solve and without a difference of almost equal numbers.
 */
static void
removal_effects(PromoArena *arena, const PromoPaths *paths, const uint32_t *rank, double *effects)
{
	uint32_t	k = paths->channels.n;
	promo_int128 *steps = promo_alloc0(arena, k * k * sizeof(promo_int128));
	promo_int128 *starts = promo_alloc0(arena, k * sizeof(promo_int128));
	promo_int128 *ends = promo_alloc0(arena, k * sizeof(promo_int128));
	promo_int128 *totals = promo_alloc0(arena, k * sizeof(promo_int128));
	double	   *inverse = promo_alloc(arena, k * k * sizeof(double));

	for (uint32_t i = 0; i < paths->paths.n; i++)
	{
		uint32_t	n;
		const uint32_t *channels = path_channels(paths, i, &n);
		promo_int128 weight = (promo_int128) paths->sums[i].converted + paths->sums[i].lost;

		if (i % 1024 == 0 && arena->poll != NULL)
			arena->poll(arena);
		starts[rank[channels[0]]] += weight;
		ends[rank[channels[n - 1]]] += paths->sums[i].converted;
		for (uint32_t j = 0; j < n; j++)
		{
			totals[rank[channels[j]]] += weight;
			if (j > 0)
				steps[rank[channels[j - 1]] * k + rank[channels[j]]] += weight;
		}
	}

	for (uint32_t i = 0; i < k; i++)
		for (uint32_t j = 0; j < k; j++)
			inverse[i * k + j] = (i == j) -
				(totals[i] > 0 ? (double) steps[i * k + j] / (double) totals[i] : 0);
	invert(arena, inverse, k);
	for (uint32_t c = 0; c < k; c++)
	{
		double		visits = 0;
		double		converts = 0;

		for (uint32_t i = 0; i < k; i++)
		{
			visits += (double) starts[i] * inverse[i * k + c];
			if (totals[i] > 0)
				converts += inverse[c * k + i] * ((double) ends[i] / (double) totals[i]);
		}
		effects[c] = visits / inverse[c * k + c] * converts;
	}
}

/*
 * Shares of the conversions in proportion to the effects, which are rounded to
 * 13 digits: those that are equal but for the last bits of the computation tie.
 */
static void
credit_markov(PromoArena *arena, const PromoPaths *paths, const uint32_t *rank, PromoCredit *credits)
{
	uint32_t	k = paths->channels.n;
	double	   *effects = promo_alloc(arena, k * sizeof(double));
	int64_t    *weights = promo_alloc(arena, k * sizeof(int64_t));
	int64_t    *shares = promo_alloc(arena, k * sizeof(int64_t));
	double		most = 0;

	removal_effects(arena, paths, rank, effects);
	for (uint32_t i = 0; i < k; i++)
		most = fmax(most, effects[i]);
	for (uint32_t i = 0; i < k; i++)
		weights[i] = most > 0 ? (int64_t) rint(ldexp(effects[i] / most, 43)) : 0;
	promo_apportion(arena, paths->total.converted, k, weights, NULL,
					unit_of(paths->total.converted), shares);
	for (uint32_t i = 0; i < k; i++)
		credits[i].amount = shares[i];
}

/* ----------------------------------------------------------------
 * paths: Shapley values
 * ----------------------------------------------------------------
 */

static bool
path_shorter(const void *context, uint32_t a, uint32_t b)
{
	const Word *words = context;

	return words[a].len < words[b].len;
}

static bool
rest_larger(const void *context, uint32_t a, uint32_t b)
{
	const PromoRatio *rests = context;

	return promo_ratio_compare(rests[a], rests[b]) > 0;
}

/*
 * In the game where a coalition has the conversions of the paths within it, the
 * paths are Harsanyi's dividends (1959): each gives its conversions in equal
 * parts to its channels.  To round each path by itself would favour the channel
 * whose name comes first by a unit in every path.  So values are summed as exact
 * fractions, paths of one length as integers and then one length after the
 * other (which is why channels in the same position get the same), and only the
 * sums are rounded, by largest remainder.
 */
static void
credit_shapley(PromoArena *arena, const PromoPaths *paths, const uint32_t *rank, PromoCredit *credits)
{
	uint32_t	k = paths->channels.n;
	uint32_t   *order = promo_sorted(arena, paths->paths.n, path_shorter, paths->paths.words);
	PromoRatio *values = promo_alloc(arena, k * sizeof(PromoRatio));
	int64_t    *sums = promo_alloc0(arena, k * sizeof(int64_t));	/* of paths of one length */
	int64_t		unit = unit_of(paths->total.converted);
	int64_t		left = paths->total.converted;
	uint32_t	next;

	for (uint32_t c = 0; c < k; c++)
		values[c] = promo_ratio_of(0);
	for (uint32_t first = 0; first < paths->paths.n; first = next)
	{
		uint32_t	size;

		path_channels(paths, order[first], &size);
		for (next = first; next < paths->paths.n; next++)
		{
			uint32_t	n;
			const uint32_t *channels = path_channels(paths, order[next], &n);

			if (n != size)
				break;
			if (next % 1024 == 0 && arena->poll != NULL)
				arena->poll(arena);
			for (uint32_t j = 0; j < n; j++)
				sums[rank[channels[j]]] += paths->sums[order[next]].converted;
		}
		for (uint32_t c = 0; c < k; c++)
		{
			values[c] = promo_ratio_add(values[c], promo_ratio(sums[c], size));
			sums[c] = 0;
		}
	}

	/* whole units, then one more each for the largest rests, ties to the earlier name */
	for (uint32_t c = 0; c < k; c++)
	{
		int64_t		whole = (int64_t) values[c].whole / unit * unit;

		credits[c].amount = whole;
		values[c].whole -= whole;
		left -= whole;
	}
	order = promo_sorted(arena, k, rest_larger, values);
	for (uint32_t i = 0; left > 0; i++, left -= unit)
		credits[order[i]].amount += unit;
}

static bool
name_before(const void *context, uint32_t a, uint32_t b)
{
	const Words *names = context;

	return promo_text_compare(word_text(names, a), word_text(names, b)) < 0;
}

uint32_t
promo_credit_paths(PromoArena *arena, const PromoPaths *paths, PromoCredit **credits)
{
	uint32_t	k = paths->channels.n;
	uint32_t   *order = promo_sorted(arena, k, name_before, &paths->channels);
	uint32_t   *rank = promo_alloc(arena, k * sizeof(uint32_t));

	*credits = promo_alloc(arena, k * sizeof(PromoCredit));
	for (uint32_t i = 0; i < k; i++)
	{
		rank[order[i]] = i;
		(*credits)[i].channel = word_text(&paths->channels, order[i]);
	}
	if (paths->method == PROMO_CREDIT_MARKOV)
		credit_markov(arena, paths, rank, *credits);
	else
		credit_shapley(arena, paths, rank, *credits);
	return k;
}
