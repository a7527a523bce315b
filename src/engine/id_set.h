/*-------------------------------------------------------------------------
 *
 * id_set.h
 *	  sets of 64-bit numbers: sorted in memory, coded on disk, sampled
 *
 * In memory a set is an array of different numbers in ascending order.  On
 * disk it has the shortest of three codes, so that few numbers, dense ones and
 * hashes are all small, and equal sets are equal bytes:
 *
 *		IDS_RAW		8 bytes each
 *		IDS_DELTA	the first number and each gap less one, as varints
 *		IDS_WORDS	of each 64 numbers of which some are there, the gap to the
 *					last such as a varint, and a mask of 8 bytes
 *
 * A varint has seven bits a byte, low ones first, the high bit for more.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_ID_SET_H
#define PROMO_ID_SET_H

#include "engine.h"

#define PROMO_VARINT_SIZE	10	/* bytes at most */

static inline uint8_t *
promo_put_varint(uint8_t *p, uint64_t value)
{
	while (value >= 0x80)
	{
		*p++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t) value;
	return p;
}

static inline int
promo_varint_size(uint64_t value)
{
	int			bits = 64 - __builtin_clzll(value | 1);

	return (bits + 6) / 7;
}

/* reads one at *p, before end; false if it runs out or is longer than need be */
static inline bool
promo_get_varint(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	uint64_t	v = 0;

	for (int shift = 0; *p < end && shift < 64; shift += 7)
	{
		uint8_t		byte = *(*p)++;

		v |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
		{
			*value = v;
			return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
		}
	}
	return false;
}

/* sorts; equal ones stay */
extern void promo_ids_sort(PromoArena *arena, uint64_t *ids, size_t n);
/* leaves one of each in a sorted array: how many */
extern size_t promo_ids_unique(uint64_t *ids, size_t n);
/* how many are in both of two sets */
extern size_t promo_ids_common(const uint64_t *a, size_t na, const uint64_t *b, size_t nb);

/*
 * Sampling: a number is in the sample of `bits` if its hash begins with so
 * many zeros.  Numbers of any kind are hashed, since those of customers are not
 * random.
 */
static inline uint64_t
promo_id_hash(uint64_t id)
{
	id ^= id >> 30;
	id *= UINT64_C(0xbf58476d1ce4e5b9);
	id ^= id >> 27;
	id *= UINT64_C(0x94d049bb133111eb);
	return id ^ id >> 31;
}

/* how many zeros it begins with */
static inline int
promo_id_zeros(uint64_t id)
{
	uint64_t	hash = promo_id_hash(id + UINT64_C(0x9e3779b97f4a7c15));

	return hash == 0 ? 64 : __builtin_clzll(hash);
}

static inline bool
promo_id_in_sample(uint64_t id, int bits)
{
	return bits == 0 || promo_id_zeros(id) >= bits;
}

/* leaves those in the sample: how many */
extern size_t promo_ids_sample(uint64_t *ids, size_t n, int bits);

/* The shortest code of a set, and how many bytes it takes; of equals the earlier. */
typedef struct PromoIdCode
{
	int			kind;
	size_t		size;
} PromoIdCode;

extern PromoIdCode promo_ids_code(const uint64_t *ids, size_t n);
/* writes it into room for it */
extern void promo_ids_put(uint8_t *to, PromoIdCode code, const uint64_t *ids, size_t n);
/* false unless the bytes are the code of n ascending numbers */
extern bool promo_ids_get(const uint8_t *code, size_t size, uint64_t *ids, size_t n);

#endif							/* PROMO_ID_SET_H */
