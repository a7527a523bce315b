/*-------------------------------------------------------------------------
 *
 * bucket.c
 *	  promo.bucket: how rollups cut time
 *
 * Buckets follow each other without gap and overlap, whatever the clocks do.
 * A day begins at the first instant at which clocks of the zone show its
 * midnight, so one in which midnight comes twice is a day of 25 hours; where
 * midnight is skipped it begins with the first instant after it.  A shorter
 * bucket is a fixed span of time, counted from midnight of 2001-01-01.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "operations/bucket.h"
#include "pricing/ruleset.h"
#include "promo.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#define ORIGIN_DAY	366			/* 2001-01-01, from 2000-01-01 */

static TimestampTz
within_range(int64 at)
{
	return Min(Max(at, MIN_TIMESTAMP), END_TIMESTAMP - 1);
}

static pg_time_t
seconds_of(TimestampTz at)
{
	return timestamptz_to_time_t(at);
}

static TimestampTz
instant_of_seconds(int64 seconds)
{
	return (seconds - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY) * USECS_PER_SEC;
}

/* The first instant of a day, counted from 2000-01-01. */
static TimestampTz
start_of_day(pg_tz *zone, int64 day)
{
	struct pg_tm tm = {0};
	TimestampTz start;
	pg_time_t	before;
	pg_time_t	change;
	long		offset_before;
	long		offset_after;
	int			isdst_before;
	int			isdst_after;

	j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	start = day * USECS_PER_DAY + DetermineTimeZoneOffset(&tm, zone) * USECS_PER_SEC;

	/* of two midnights that is the second: the first was before the clocks were set back */
	before = seconds_of(start) - SECS_PER_DAY;
	if (pg_next_dst_boundary(&before, &offset_before, &isdst_before, &change,
							 &offset_after, &isdst_after, zone) == 1)
	{
		TimestampTz first = day * USECS_PER_DAY - offset_before * USECS_PER_SEC;

		if (first < start && first < instant_of_seconds(change))
			start = first;
	}
	return within_range(start);
}

static void
find_day(PromoBuckets *buckets, TimestampTz at)
{
	int64		day;
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;

	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, buckets->zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	day = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;

	/* clocks that are set back over midnight show a day that is over */
	while (start_of_day(buckets->zone, day + 1) <= at && at < END_TIMESTAMP - 1)
		day++;
	buckets->from = start_of_day(buckets->zone, day);
	buckets->to = start_of_day(buckets->zone, day + 1);
}

void
promo_buckets_init(PromoBuckets *buckets, const Interval *size, const text *zone)
{
	PromoText	name = {VARDATA_ANY(zone), VARSIZE_ANY_EXHDR(zone)};
	PromoError	err;

	/* of a size beyond a day the sum may be beyond an int64 */
	if (size->month != 0 || size->day < 0 || size->day > 1 ||
		size->time < -USECS_PER_DAY || size->time > USECS_PER_DAY)
		buckets->size = 0;
	else
		buckets->size = size->time + size->day * USECS_PER_DAY;
	if (buckets->size != USECS_PER_DAY &&
		(buckets->size < USECS_PER_MINUTE || USECS_PER_HOUR % buckets->size != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bucket does not divide an hour, and is not a day"),
				 errhint("Give 1 day, 1 hour, or a part of an hour of a minute or more, such as 15 minutes.")));
	if (!promo_check_zone(&name, &err))
		promo_report(&err);
	/* an empty name is UTC */
	buckets->zone = pg_tzset(name.len == 0 ? "GMT" : pnstrdup(name.data, name.len));
	buckets->origin = start_of_day(buckets->zone, ORIGIN_DAY);
	buckets->from = buckets->to = 0;
}

TimestampTz
promo_bucket_of(PromoBuckets *buckets, TimestampTz at)
{
	if (at >= buckets->from && at < buckets->to)
		return buckets->from;
	if (TIMESTAMP_NOT_FINITE(at))
		return at;
	if (buckets->size == USECS_PER_DAY)
		find_day(buckets, at);
	else
	{
		int64		beyond = (at - buckets->origin) % buckets->size;

		if (beyond < 0)
			beyond += buckets->size;
		buckets->from = within_range(at - beyond);
		buckets->to = within_range(at - beyond + buckets->size);
	}
	return buckets->from;
}

TimestampTz
promo_instant_of_local(pg_tz *zone, Timestamp local)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(local))
		return local;
	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return within_range(local + DetermineTimeZoneOffset(&tm, zone) * USECS_PER_SEC);
}

/* ----------------------------------------------------------------
 * SQL
 * ----------------------------------------------------------------
 */

/* A call site has one size and one zone, but in PL/pgSQL they may change. */
typedef struct BucketCache
{
	PromoBuckets buckets;
	Interval	size;
	int			zone_len;
	char		zone[TZ_STRLEN_MAX + 1];
} BucketCache;

static PromoBuckets *
cached_buckets(FunctionCallInfo fcinfo, const Interval *size, const text *zone)
{
	BucketCache *cache = fcinfo->flinfo->fn_extra;
	int			len = VARSIZE_ANY_EXHDR(zone);

	if (cache != NULL && memcmp(&cache->size, size, sizeof(Interval)) == 0 &&
		cache->zone_len == len && memcmp(cache->zone, VARDATA_ANY(zone), len) == 0)
		return &cache->buckets;
	if (cache == NULL)
		fcinfo->flinfo->fn_extra = cache = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(BucketCache));
	cache->zone_len = -1;		/* void until it is whole */
	promo_buckets_init(&cache->buckets, size, zone);
	cache->size = *size;
	memcpy(cache->zone, VARDATA_ANY(zone), len);
	cache->zone_len = len;
	return &cache->buckets;
}

#define CACHED_BUCKETS()	cached_buckets(fcinfo, PG_GETARG_INTERVAL_P(1), PG_GETARG_TEXT_PP(2))

PG_FUNCTION_INFO_V1(promo_bucket_of_timestamptz);
Datum
promo_bucket_of_timestamptz(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(promo_bucket_of(CACHED_BUCKETS(), PG_GETARG_TIMESTAMPTZ(0)));
}

PG_FUNCTION_INFO_V1(promo_bucket_of_timestamp);
Datum
promo_bucket_of_timestamp(PG_FUNCTION_ARGS)
{
	PromoBuckets *buckets = CACHED_BUCKETS();

	PG_RETURN_TIMESTAMPTZ(promo_bucket_of(buckets, promo_instant_of_local(buckets->zone, PG_GETARG_TIMESTAMP(0))));
}

PG_FUNCTION_INFO_V1(promo_bucket_of_date);
Datum
promo_bucket_of_date(PG_FUNCTION_ARGS)
{
	PromoBuckets *buckets = CACHED_BUCKETS();
	Timestamp	midnight = DatumGetTimestamp(DirectFunctionCall1(date_timestamp, PG_GETARG_DATUM(0)));

	PG_RETURN_TIMESTAMPTZ(promo_bucket_of(buckets, promo_instant_of_local(buckets->zone, midnight)));
}

PG_FUNCTION_INFO_V1(promo_bucket_end_of);
Datum
promo_bucket_end_of(PG_FUNCTION_ARGS)
{
	PromoBuckets *buckets = CACHED_BUCKETS();
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);

	if (TIMESTAMP_NOT_FINITE(at))
		PG_RETURN_TIMESTAMPTZ(at);
	promo_bucket_of(buckets, at);
	PG_RETURN_TIMESTAMPTZ(buckets->to);
}

/*
 * What clocks of the zone show at an instant, at least or at most: by the
 * offsets in force then, a day before and a day after.  Clock times that stand
 * for instants of a span lie between the floor of its start and the ceiling of
 * its end, also those that clocks skip or show twice.
 */
static Timestamp
local_bound(TimestampTz at, const text *zone, int sign)
{
	PromoText	name = {VARDATA_ANY(zone), VARSIZE_ANY_EXHDR(zone)};
	PromoError	err;
	pg_tz	   *tz;
	int64		bound = 0;

	if (TIMESTAMP_NOT_FINITE(at))
		return at;
	if (!promo_check_zone(&name, &err))
		promo_report(&err);
	tz = pg_tzset(name.len == 0 ? "GMT" : pnstrdup(name.data, name.len));
	for (int i = -1; i <= 1; i++)
	{
		pg_time_t	seconds = seconds_of(at) + i * SECS_PER_DAY;
		struct pg_tm *tm = pg_localtime(&seconds, tz);
		int64		offset = tm != NULL ? tm->tm_gmtoff : 0;

		if (i == -1 || sign * offset > sign * bound)
			bound = offset;
	}
	return within_range(at + bound * USECS_PER_SEC);
}

PG_FUNCTION_INFO_V1(promo_local_floor);
Datum
promo_local_floor(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(local_bound(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_TEXT_PP(1), -1));
}

PG_FUNCTION_INFO_V1(promo_local_ceiling);
Datum
promo_local_ceiling(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(local_bound(PG_GETARG_TIMESTAMPTZ(0), PG_GETARG_TEXT_PP(1), 1));
}
