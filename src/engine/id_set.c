/*-------------------------------------------------------------------------
 *
 * id_set.c
 *	  sets of 64-bit numbers: sorted in memory, coded on disk, sampled
 *
 *-------------------------------------------------------------------------
 */
#include "id_set.h"

enum
{
	IDS_RAW,
	IDS_DELTA,
	IDS_WORDS
};

/* ----------------------------------------------------------------
 * in memory
 * ----------------------------------------------------------------
 */

#define FEW			48			/* that insertion sorts faster */
#define DIGIT		8			/* bits */
#define BUCKETS		(1 << DIGIT)

static void
sort_few(uint64_t *ids, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		uint64_t	id = ids[i];
		size_t		at = i;

		for (; at > 0 && ids[at - 1] > id; at--)
			ids[at] = ids[at - 1];
		ids[at] = id;
	}
}

/* By digits, low ones first; a digit that all have in common costs nothing. */
void
promo_ids_sort(PromoArena *arena, uint64_t *ids, size_t n)
{
	uint64_t	differing = 0;
	uint64_t   *from = ids;
	uint64_t   *to;
	size_t		i = 1;

	while (i < n && ids[i - 1] <= ids[i])
		i++;
	if (i >= n)
		return;
	if (n <= FEW)
	{
		sort_few(ids, n);
		return;
	}
	for (i = 1; i < n; i++)
		differing |= ids[i] ^ ids[0];
	to = promo_alloc(arena, n * sizeof(uint64_t));
	for (int shift = 0; shift < 64; shift += DIGIT)
	{
		size_t		start[BUCKETS] = {0};
		size_t		sum = 0;
		uint64_t   *swap = from;

		if ((differing >> shift & (BUCKETS - 1)) == 0)
			continue;
		if (arena->poll != NULL)
			arena->poll(arena);
		for (i = 0; i < n; i++)
			start[from[i] >> shift & (BUCKETS - 1)]++;
		for (int bucket = 0; bucket < BUCKETS; bucket++)
		{
			size_t		count = start[bucket];

			start[bucket] = sum;
			sum += count;
		}
		for (i = 0; i < n; i++)
			to[start[from[i] >> shift & (BUCKETS - 1)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != ids)
		memcpy(ids, from, n * sizeof(uint64_t));
}

size_t
promo_ids_unique(uint64_t *ids, size_t n)
{
	size_t		kept = n > 0;

	for (size_t i = 1; i < n; i++)
	{
		if (ids[i] != ids[kept - 1])
			ids[kept++] = ids[i];
	}
	return kept;
}

size_t
promo_ids_common(const uint64_t *a, size_t na, const uint64_t *b, size_t nb)
{
	size_t		common = 0;

	for (size_t i = 0, j = 0; i < na && j < nb;)
	{
		common += a[i] == b[j];
		if (a[i] < b[j])
			i++;
		else if (a[i] > b[j])
			j++;
		else
		{
			i++;
			j++;
		}
	}
	return common;
}

size_t
promo_ids_sample(uint64_t *ids, size_t n, int bits)
{
	size_t		kept = 0;

	if (bits == 0)
		return n;
	for (size_t i = 0; i < n; i++)
	{
		if (promo_id_in_sample(ids[i], bits))
			ids[kept++] = ids[i];
	}
	return kept;
}

/* ----------------------------------------------------------------
 * on disk
 * ----------------------------------------------------------------
 */

static size_t
delta_size(const uint64_t *ids, size_t n)
{
	size_t		size = promo_varint_size(ids[0]);

	for (size_t i = 1; i < n; i++)
		size += promo_varint_size(ids[i] - ids[i - 1] - 1);
	return size;
}

static size_t
words_size(const uint64_t *ids, size_t n)
{
	uint64_t	last = ids[0] >> 6;
	size_t		size = promo_varint_size(last) + sizeof(uint64_t);

	for (size_t i = 1; i < n; i++)
	{
		uint64_t	word = ids[i] >> 6;

		if (word != last)
			size += promo_varint_size(word - last - 1) + sizeof(uint64_t);
		last = word;
	}
	return size;
}

PromoIdCode
promo_ids_code(const uint64_t *ids, size_t n)
{
	PromoIdCode code = {IDS_RAW, 0};
	size_t		raw = n * sizeof(uint64_t);
	size_t		words;
	size_t		delta;

	/* an empty set is no bytes; any other begins with which code it is */
	if (n == 0)
		return code;
	words = words_size(ids, n);
	/* a gap takes a byte at least */
	delta = words < n ? n : delta_size(ids, n);
	if (raw <= delta && raw <= words)
		code.size = 1 + raw;
	else
	{
		code.kind = delta <= words ? IDS_DELTA : IDS_WORDS;
		code.size = 1 + (delta <= words ? delta : words);
	}
	return code;
}

static void
put_words(uint8_t *p, const uint64_t *ids, size_t n)
{
	uint64_t	next = 0;		/* the first word that may come */

	for (size_t i = 0; i < n;)
	{
		uint64_t	word = ids[i] >> 6;
		uint64_t	mask = 0;

		for (; i < n && ids[i] >> 6 == word; i++)
			mask |= UINT64_C(1) << (ids[i] & 63);
		p = promo_put_varint(p, word - next);
		memcpy(p, &mask, sizeof(mask));
		p += sizeof(mask);
		next = word + 1;
	}
}

void
promo_ids_put(uint8_t *to, PromoIdCode code, const uint64_t *ids, size_t n)
{
	if (n == 0)
		return;
	*to++ = (uint8_t) code.kind;
	switch (code.kind)
	{
		case IDS_RAW:
			memcpy(to, ids, n * sizeof(uint64_t));
			break;
		case IDS_DELTA:
			to = promo_put_varint(to, ids[0]);
			for (size_t i = 1; i < n; i++)
				to = promo_put_varint(to, ids[i] - ids[i - 1] - 1);
			break;
		default:
			put_words(to, ids, n);
	}
}

static bool
get_words(const uint8_t *p, const uint8_t *end, uint64_t *ids, size_t n)
{
	uint64_t	next = 0;
	size_t		i = 0;

	while (p < end)
	{
		uint64_t	gap;
		uint64_t	mask;

		if (!promo_get_varint(&p, end, &gap) || (size_t) (end - p) < sizeof(mask) ||
			next > UINT64_MAX >> 6 || gap > (UINT64_MAX >> 6) - next)
			return false;
		memcpy(&mask, p, sizeof(mask));
		p += sizeof(mask);
		if (mask == 0 || (size_t) __builtin_popcountll(mask) > n - i)
			return false;
		next += gap;
		for (; mask != 0; mask &= mask - 1)
			ids[i++] = next << 6 | (uint64_t) __builtin_ctzll(mask);
		next++;
	}
	return i == n;
}

bool
promo_ids_get(const uint8_t *code, size_t size, uint64_t *ids, size_t n)
{
	const uint8_t *p = code + 1;
	const uint8_t *end = code + size;

	if (n == 0 || size == 0)
		return n == 0 && size == 0;
	switch (*code)
	{
		case IDS_RAW:
			if (size - 1 != n * sizeof(uint64_t))
				return false;
			memcpy(ids, p, n * sizeof(uint64_t));
			for (size_t i = 1; i < n; i++)
			{
				if (ids[i] <= ids[i - 1])
					return false;
			}
			return true;
		case IDS_DELTA:
			for (size_t i = 0; i < n; i++)
			{
				uint64_t	gap;

				if (!promo_get_varint(&p, end, &gap))
					return false;
				if (i == 0)
					ids[i] = gap;
				else if (gap >= UINT64_MAX - ids[i - 1])
					return false;
				else
					ids[i] = ids[i - 1] + gap + 1;
			}
			return p == end;
		case IDS_WORDS:
			return get_words(p, end, ids, n);
		default:
			return false;
	}
}
