/*-------------------------------------------------------------------------
 *
 * flat.c
 *	  what the types without a fixed length have in common in SQL
 *
 * Equal values have equal bytes, so one comparison serves all: the bytes
 * behind the length word, then the length.  The order means nothing to a
 * user; it makes DISTINCT, GROUP BY and merge joins work.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "flat.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

void
promo_flat_corrupted(const PromoFlat *type, const void *value)
{
	if (VARSIZE(value) > VARHDRSZ && VARDATA(value)[0] != type->version)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored %s has unknown version %d",
						type->name, (uint8) VARDATA(value)[0]),
				 errhint("It may have been written by a newer version of the extension.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("stored %s has a wrong size", type->name)));
}

/* ----------------------------------------------------------------
 * text and binary form
 * ----------------------------------------------------------------
 */

/*
 * The engine reads \u escapes as UTF-8.  In a database of another encoding,
 * the server's own JSON reader turns them into characters of that encoding
 * first, or raises the error that there is no such character.
 */
static PromoText
without_escapes(PromoText json)
{
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		char	   *copy = pnstrdup(json.data, json.len);

		if (strstr(copy, "\\u") != NULL)
			return promo_text_of_jsonb(DirectFunctionCall1(jsonb_in, CStringGetDatum(copy)));
	}
	return json;
}

Datum
promo_flat_in(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	PromoText	text = promo_text_of_cstring(PG_GETARG_CSTRING(0));
	PromoError	err;
	void	   *value;

	/* a rule is not JSON, and has no escapes */
	if (type->from_text == type->from_json)
		text = without_escapes(text);
	value = type->from_text(text, &err);
	if (value == NULL)
		return promo_report_soft(fcinfo, &err);
	return promo_flat_datum(type, value);
}

Datum
promo_flat_out(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &promo_arena);
	type->to_text(&buf, promo_flat_of_datum(type, PG_GETARG_DATUM(0)));
	PG_RETURN_CSTRING(buf.data);
}

/*
 * Text inside the binary form is in the database's encoding, as the value is;
 * it is not converted from the client's.  Bytes that are no text there would
 * be stored otherwise, so look at everything that can be printed.
 */
Datum
promo_flat_recv(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			len = message->len - message->cursor;
	const char *data = pq_getmsgbytes(message, len);
	PromoError	err;
	PromoBuffer buf;
	void	   *value = type->unpack(data, len, &err);
	Datum		datum;

	if (value == NULL)
		promo_report(&err);
	datum = promo_flat_datum(type, value);
	promo_buffer_init(&buf, &promo_arena);
	type->to_text(&buf, value);
	pg_verifymbstr(buf.data, (int) buf.len, false);
	return datum;
}

Datum
promo_flat_send(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	PromoBuffer buf;
	StringInfoData message;

	promo_buffer_init(&buf, &promo_arena);
	type->pack(&buf, promo_flat_of_datum(type, PG_GETARG_DATUM(0)));
	pq_begintypsend(&message);
	pq_sendbytes(&message, buf.data, (int) buf.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ----------------------------------------------------------------
 * casts
 * ----------------------------------------------------------------
 */

static Datum
read_json(const PromoFlat *type, PromoText json)
{
	PromoError	err;
	void	   *value = type->from_json(json, &err);

	if (value == NULL)
		promo_report(&err);
	return promo_flat_datum(type, value);
}

static PromoText
write_json(const PromoFlat *type, Datum datum)
{
	PromoBuffer buf;

	promo_buffer_init(&buf, &promo_arena);
	type->to_json(&buf, promo_flat_of_datum(type, datum));
	return (PromoText) {buf.data, (uint32_t) buf.len};
}

Datum
promo_flat_from_json(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	return read_json(type, without_escapes(promo_text_of_datum(PG_GETARG_DATUM(0))));
}

Datum
promo_flat_to_json(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	return promo_text_datum(write_json(type, PG_GETARG_DATUM(0)));
}

Datum
promo_flat_from_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	return read_json(type, promo_text_of_jsonb(PG_GETARG_DATUM(0)));
}

Datum
promo_flat_to_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(write_json(type, PG_GETARG_DATUM(0)).data));
}

/* ----------------------------------------------------------------
 * operators: the same for all types
 * ----------------------------------------------------------------
 */

/* -1, 0, 1; frees what it detoasts, since an index build keeps its context */
static int
compare(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Size		a_len = VARSIZE_ANY_EXHDR(a);
	Size		b_len = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_len, b_len));

	if (order == 0)
		order = a_len < b_len ? -1 : a_len > b_len;
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order < 0 ? -1 : order > 0;
}

PG_FUNCTION_INFO_V1(promo_flat_eq);
Datum
promo_flat_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(promo_flat_ne);
Datum
promo_flat_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(promo_flat_lt);
Datum
promo_flat_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(promo_flat_le);
Datum
promo_flat_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(promo_flat_gt);
Datum
promo_flat_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(promo_flat_ge);
Datum
promo_flat_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(promo_flat_cmp);
Datum
promo_flat_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

PG_FUNCTION_INFO_V1(promo_flat_hash);
Datum
promo_flat_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(promo_flat_hash_extended);
Datum
promo_flat_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										 VARSIZE_ANY_EXHDR(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}
