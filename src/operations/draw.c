/*-------------------------------------------------------------------------
 *
 * draw.c
 *	  prize draws that anybody can check: the hash of a list, and its places
 *
 * K = HMAC-SHA256(seed, P || beacon), P being the hash of the list; the random
 * words are the four big-endian 64-bit numbers of each HMAC-SHA256(K, i), i =
 * 0, 1, ... as 8 bytes; places are a partial shuffle (Fisher-Yates) of the
 * ascending list.  Nothing here may ever change: published draws depend on it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "promo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#define SEED_LENGTH		32
#define WORDS_IN_DIGEST (PG_SHA256_DIGEST_LENGTH / sizeof(uint64))

/* the ascending list; the numbers are the caller's own */
typedef struct EntryList
{
	int64	   *entries;
	int			n;
} EntryList;

typedef struct RandomWords
{
	pg_hmac_ctx *hmac;
	uint8		key[PG_SHA256_DIGEST_LENGTH];
	uint64		block;			/* the next i */
	uint64		words[WORDS_IN_DIGEST];
	int			used;
} RandomWords;

/* ----------------------------------------------------------------
 * the list
 * ----------------------------------------------------------------
 */

static int
compare_entries(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static EntryList
entries_of_array(ArrayType *array)
{
	EntryList	list;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entries are not a one-dimensional array")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("entry is null")));
	list.n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	list.entries = palloc(list.n * sizeof(int64));
	memcpy(list.entries, ARR_DATA_PTR(array), list.n * sizeof(int64));
	qsort(list.entries, list.n, sizeof(int64), compare_entries);
	for (int i = 1; i < list.n; i++)
		if (list.entries[i] == list.entries[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("entry " INT64_FORMAT " is in the list twice", list.entries[i])));
	return list;
}

static void
hash_entries(const EntryList *list, uint8 *digest)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bool		fine = pg_cryptohash_init(hash) >= 0;

	for (int i = 0; fine && i < list->n; i++)
	{
		uint64		entry = pg_hton64((uint64) list->entries[i]);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		fine = pg_cryptohash_update(hash, (uint8 *) &entry, sizeof(entry)) >= 0;
	}
	if (!fine || pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
}

static Datum
digest_datum(const uint8 *digest)
{
	bytea	   *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	memcpy(VARDATA(result), digest, PG_SHA256_DIGEST_LENGTH);
	return PointerGetDatum(result);
}

/* ----------------------------------------------------------------
 * random numbers
 * ----------------------------------------------------------------
 */

static void
compute_hmac(pg_hmac_ctx *hmac, const uint8 *key, size_t key_length, PromoText first, PromoText second,
			 uint8 *digest)
{
	if (pg_hmac_init(hmac, key, key_length) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) first.data, first.len) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) second.data, second.len) < 0 ||
		pg_hmac_final(hmac, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute HMAC-SHA256: %s", pg_hmac_error(hmac));
}

static uint64
next_word(RandomWords *random)
{
	if (random->used == WORDS_IN_DIGEST)
	{
		uint64		block = pg_hton64(random->block++);

		compute_hmac(random->hmac, random->key, sizeof(random->key),
					 (PromoText) {(char *) &block, sizeof(block)}, promo_text_of_cstring(""),
					 (uint8 *) random->words);
		random->used = 0;
	}
	return pg_ntoh64(random->words[random->used++]);
}

/* A number below n; words from the last whole multiple of n on would favour small ones. */
static uint64
random_below(RandomWords *random, uint64 n)
{
	uint64		beyond = -n % n;	/* 2^64 mod n */
	uint64		word;

	do
		word = next_word(random);
	while (word > PG_UINT64_MAX - beyond);
	return word % n;
}

/* The entries of the first places change to the front of the list. */
static void
draw_places(EntryList *list, int places, PromoText seed, PromoText beacon)
{
	RandomWords random = {.used = WORDS_IN_DIGEST};
	uint8		hash[PG_SHA256_DIGEST_LENGTH];

	hash_entries(list, hash);
	random.hmac = pg_hmac_create(PG_SHA256);
	compute_hmac(random.hmac, (const uint8 *) seed.data, seed.len,
				 (PromoText) {(char *) hash, sizeof(hash)}, beacon, random.key);
	for (int i = 0; i < places; i++)
	{
		int			drawn = i + (int) random_below(&random, list->n - i);
		int64		entry = list->entries[drawn];

		CHECK_FOR_INTERRUPTS();
		list->entries[drawn] = list->entries[i];
		list->entries[i] = entry;
	}
	pg_hmac_free(random.hmac);
}

/* ----------------------------------------------------------------
 * functions
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_draw_seed);
Datum
promo_draw_seed(PG_FUNCTION_ARGS)
{
	uint8		seed[SEED_LENGTH];

	StaticAssertStmt(SEED_LENGTH == PG_SHA256_DIGEST_LENGTH, "a seed is as long as a digest");
	if (!pg_strong_random(seed, SEED_LENGTH))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	return digest_datum(seed);
}

PG_FUNCTION_INFO_V1(promo_entries_hash);
Datum
promo_entries_hash(PG_FUNCTION_ARGS)
{
	EntryList	list = entries_of_array(PG_GETARG_ARRAYTYPE_P(0));
	uint8		hash[PG_SHA256_DIGEST_LENGTH];

	hash_entries(&list, hash);
	return digest_datum(hash);
}

PG_FUNCTION_INFO_V1(promo_draw_places);
Datum
promo_draw_places(PG_FUNCTION_ARGS)
{
	PromoText	seed = promo_text_of_datum(PG_GETARG_DATUM(0));
	PromoText	beacon = promo_text_of_datum(PG_GETARG_DATUM(1));
	EntryList	list = entries_of_array(PG_GETARG_ARRAYTYPE_P(2));
	int			places = PG_GETARG_INT32(3);
	char	   *utf8 = pg_server_to_any(beacon.data, (int) beacon.len, PG_UTF8);
	Datum	   *elements;

	if (seed.len != SEED_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("seed has %u bytes instead of %d", seed.len, SEED_LENGTH)));
	if (places < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("places is negative")));
	/* what needed no conversion is not terminated */
	if (utf8 != beacon.data)
		beacon = promo_text_of_cstring(utf8);
	places = Min(places, list.n);
	draw_places(&list, places, seed, beacon);

	elements = palloc(places * sizeof(Datum));
	for (int i = 0; i < places; i++)
		elements[i] = Int64GetDatum(list.entries[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, places, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										  TYPALIGN_DOUBLE));
}

/*
 * The value of a function of a campaign as of this moment, not as of the
 * transaction's snapshot: in REPEATABLE READ, who waited for a lock would
 * publish the hash of a list without the rows that he has waited for.
 */
static Datum
latest(FunctionCallInfo fcinfo, const char *query)
{
	Oid			type = TEXTOID;
	Datum		campaign = PG_GETARG_DATUM(0);
	SPIPlanPtr	plan;
	Datum		result;
	bool		is_null;

	SPI_connect();
	plan = SPI_prepare(query, 1, &type);
	if (plan == NULL ||
		SPI_execute_snapshot(plan, &campaign, NULL, GetLatestSnapshot(), InvalidSnapshot,
							 false, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not execute: %s", query);
	result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	if (!is_null)
		result = SPI_datumTransfer(result, false, -1);
	SPI_finish();
	fcinfo->isnull = is_null;
	return result;
}

PG_FUNCTION_INFO_V1(promo_latest_prizes_hash);
Datum
promo_latest_prizes_hash(PG_FUNCTION_ARGS)
{
	return latest(fcinfo, "SELECT promo.prizes_hash($1)");
}

PG_FUNCTION_INFO_V1(promo_latest_draw_list);
Datum
promo_latest_draw_list(PG_FUNCTION_ARGS)
{
	return latest(fcinfo, "SELECT promo.draw_list($1)");
}
