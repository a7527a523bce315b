/*-------------------------------------------------------------------------
 *
 * module.c
 *	  module magic; the engine's memory and errors in the server's terms
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/calendar.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "promo.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/jsonb.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "promo", .version = PROMO_VERSION);
#else
PG_MODULE_MAGIC;
#endif

static void *
arena_alloc(PromoArena *arena, size_t size)
{
	return palloc(size);
}

static void
arena_poll(PromoArena *arena)
{
	CHECK_FOR_INTERRUPTS();
}

PromoArena	promo_arena = {.alloc = arena_alloc, .poll = arena_poll};

static int
sqlstate_of(PromoErrorCode code)
{
	switch (code)
	{
		case PROMO_BAD_SYNTAX:
			return ERRCODE_INVALID_TEXT_REPRESENTATION;
		case PROMO_BAD_BINARY:
			return ERRCODE_INVALID_BINARY_REPRESENTATION;
		case PROMO_BAD_VALUE:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case PROMO_BAD_NULL:
			return ERRCODE_NULL_VALUE_NOT_ALLOWED;
		case PROMO_OUT_OF_RANGE:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
		case PROMO_TOO_MANY:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case PROMO_CORRUPTED:
			return ERRCODE_DATA_CORRUPTED;
		case PROMO_OK:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}

/*
 * The engine cuts what it quotes by bytes and knows no encoding: put a question
 * mark for every byte that is not part of a whole character.
 */
static char *
whole_characters(const char *text)
{
	char	   *result = pstrdup(text);
	int			left = (int) strlen(result);

	for (char *p = result; left > 0;)
	{
		int			len = pg_encoding_verifymbchar(GetDatabaseEncoding(), p, left);

		if (len <= 0)
		{
			*p = '?';
			len = 1;
		}
		p += len;
		left -= len;
	}
	return result;
}

static void
report(Node *context, const PromoError *err)
{
	errsave(context,
			(errcode(sqlstate_of(err->code)),
			 errmsg_internal("%s", whole_characters(err->message)),
			 err->detail[0] ? errdetail_internal("%s", whole_characters(err->detail)) : 0,
			 err->hint[0] ? errhint("%s", whole_characters(err->hint)) : 0));
}

void
promo_report(const PromoError *err)
{
	report(NULL, err);
	pg_unreachable();
}

Datum
promo_report_soft(FunctionCallInfo fcinfo, const PromoError *err)
{
	report(fcinfo->context, err);
	PG_RETURN_NULL();
}

void
promo_check_instant(int64 instant, const char *what)
{
	if (!promo_in_calendar(instant))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range", what),
				 errdetail("Instants must be within the years 0001 to 9999.")));
}

int32
promo_day_of_datum(Datum date, const char *what)
{
	DateADT		day = DatumGetDateADT(date);

	if (day < PROMO_DAY_MIN || day > PROMO_DAY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range", what),
				 errdetail("Days must be within the years 0001 to 9999.")));
	return day;
}

PromoText
promo_text_of_jsonb(Datum datum)
{
	Jsonb	   *jsonb = DatumGetJsonbP(datum);

	return promo_text_of_cstring(JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb)));
}

Datum
promo_text_datum(PromoText text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
}

const char *
promo_of_utf8(const char *utf8)
{
	return pg_any_to_server(utf8, (int) strlen(utf8), PG_UTF8);
}
