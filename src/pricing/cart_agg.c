/*-------------------------------------------------------------------------
 *
 * cart_agg.c
 *	  the aggregate promo.cart_agg: order lines into a cart
 *
 * A query over a year of orders has a group per order and a few lines in
 * each, so a state is one chunk that starts small: a header and behind it a
 * record per line, in the order of arrival.  It has no pointers inside, so it
 * is moved, sent to another process and combined as bytes.
 *
 * A record is LineRecord, then cost and floor if the call has them, the SKU,
 * and each tag behind its length; zeros up to a multiple of 8.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "engine/cart_value.h"
#include "numeric.h"
#include "pricing/values.h"
#include "utils/array.h"
#include "utils/memutils.h"

typedef struct LineRecord
{
	int64		line;
	int64		qty;
	int64		price;
	uint32		hash;
	uint16		sku_len;
	uint16		ntags;
} LineRecord;

typedef struct CartState
{
	int32		vl_len_;		/* set when the state travels as bytea */
	uint32		nlines;
	uint32		ntags;			/* of all lines */
	uint32		used;			/* bytes, with this header */
	uint32		capacity;
	bool		limits;			/* records have cost and floor */
	char		records[FLEXIBLE_ARRAY_MEMBER] pg_attribute_aligned(8);
} CartState;

/* five lines of the usual kind */
#define FIRST_CAPACITY	256

/* where the tags of the usual line are unpacked */
#define FEW_TAGS		8

typedef struct TagBuffer
{
	PromoText	few[FEW_TAGS];
	union
	{
		ArrayType	array;
		char		data[VARATT_SHORT_MAX + VARHDRSZ];
		int64		aligned;
	};
} TagBuffer;

/* arguments behind the state */
enum
{
	ARG_LINE = 1,
	ARG_SKU,
	ARG_QTY,
	ARG_PRICE,
	ARG_TAGS,
	ARG_COST,
	ARG_FLOOR
};

static CartState *
new_state(MemoryContext context, Size capacity, bool limits)
{
	CartState  *state = MemoryContextAlloc(context, capacity);

	state->vl_len_ = 0;
	state->nlines = 0;
	state->ntags = 0;
	state->used = offsetof(CartState, records);
	state->capacity = capacity;
	state->limits = limits;
	return state;
}

/* makes room for `size` more bytes; the state may move */
static CartState *
reserve(CartState *state, Size size)
{
	Size		capacity = state->capacity;

	if (state->used + size <= capacity)
		return state;
	while (capacity < state->used + size)
		capacity *= 2;
	if (!AllocSizeIsValid(capacity))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cart is too large")));
	state = repalloc(state, capacity);
	state->capacity = capacity;
	return state;
}

static CartState *
append_line(CartState *state, const PromoCartInput *line)
{
	LineRecord	record = {line->line, line->qty, line->price, line->hash, line->sku.len, line->ntags};
	Size		size = sizeof(LineRecord) + line->sku.len;
	char	   *p;

	if (state->limits)
		size += 2 * sizeof(int64);
	for (uint32 i = 0; i < line->ntags; i++)
		size += sizeof(uint16) + line->tags[i].len;
	size = TYPEALIGN(8, size);

	state = reserve(state, size);
	p = (char *) state + state->used;
	state->used += size;
	state->nlines++;
	state->ntags += line->ntags;

	memset(p + size - 8, 0, 8);
	memcpy(p, &record, sizeof(record));
	p += sizeof(record);
	if (state->limits)
	{
		memcpy(p, &line->cost, sizeof(int64));
		memcpy(p + sizeof(int64), &line->floor, sizeof(int64));
		p += 2 * sizeof(int64);
	}
	memcpy(p, line->sku.data, line->sku.len);
	p += line->sku.len;
	for (uint32 i = 0; i < line->ntags; i++)
	{
		uint16		len = line->tags[i].len;

		memcpy(p, &len, sizeof(len));
		memcpy(p + sizeof(len), line->tags[i].data, len);
		p += sizeof(len) + len;
	}
	return state;
}

/* the cart of a state, which stays as it is */
static PromoCart *
cart_of_state(const CartState *state)
{
	PromoCartInput *lines = palloc(state->nlines * sizeof(PromoCartInput));
	PromoText  *tags = palloc(state->ntags * sizeof(PromoText));
	const char *p = state->records;
	PromoError	err;
	PromoCart  *cart;

	for (uint32 i = 0; i < state->nlines; i++)
	{
		const LineRecord *record = (const LineRecord *) p;
		PromoCartInput *line = &lines[i];

		line->line = record->line;
		line->qty = record->qty;
		line->price = record->price;
		line->cost = line->floor = PROMO_UNKNOWN;
		line->hash = record->hash;
		p += sizeof(LineRecord);
		if (state->limits)
		{
			memcpy(&line->cost, p, sizeof(int64));
			memcpy(&line->floor, p + sizeof(int64), sizeof(int64));
			p += 2 * sizeof(int64);
		}
		line->sku = (PromoText) {p, record->sku_len};
		p += record->sku_len;
		line->ntags = record->ntags;
		line->tags = tags;
		for (uint32 j = 0; j < record->ntags; j++)
		{
			uint16		len;

			memcpy(&len, p, sizeof(len));
			*tags++ = (PromoText) {p + sizeof(len), len};
			p += sizeof(len) + len;
		}
		p = (const char *) TYPEALIGN(8, p);
	}
	cart = promo_cart_build(&promo_arena, lines, state->nlines, &err);
	if (cart == NULL)
		promo_report(&err);
	return cart;
}

/* ----------------------------------------------------------------
 * one row
 * ----------------------------------------------------------------
 */

static void
null_error(FunctionCallInfo fcinfo, int arg)
{
	static const char *const names[] = {
		[ARG_LINE] = "line", [ARG_SKU] = "SKU", [ARG_QTY] = "quantity", [ARG_PRICE] = "price"
	};

	if (arg == ARG_LINE)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("line is null")));
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s of line " INT64_FORMAT " is null", names[arg], PG_GETARG_INT64(ARG_LINE))));
}

static inline int64
number_arg(FunctionCallInfo fcinfo, int arg, int digits, const char *name)
{
	int64		value;
	PromoNumber number = promo_numeric_to_scaled(PG_GETARG_DATUM(arg), digits, &value);

	if (unlikely(number != PROMO_NUMBER_EXACT))
		promo_report_number(number, digits,
							psprintf("%s of line " INT64_FORMAT, name, PG_GETARG_INT64(ARG_LINE)));
	return value;
}

/* cost or floor: unknown if NULL; a negative one must not be taken for unknown */
static int64
limit_arg(FunctionCallInfo fcinfo, int arg, const char *name)
{
	int64		value;

	if (PG_NARGS() <= arg || PG_ARGISNULL(arg))
		return PROMO_UNKNOWN;
	value = number_arg(fcinfo, arg, PROMO_MONEY_DIGITS, name);
	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s of line " INT64_FORMAT " is negative", name, PG_GETARG_INT64(ARG_LINE))));
	return value;
}

/*
 * Tags of one line, walked through where they lie, or, with the short length
 * word that they have in a table, in `buffer`: they come with every line.
 */
static void
tags_arg(FunctionCallInfo fcinfo, PromoCartInput *line, TagBuffer *buffer)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(ARG_TAGS));
	ArrayType  *array = (ArrayType *) value;
	int			n;
	const char *p;
	const bits8 *nulls;
	PromoText  *texts = buffer->few;

	if (VARATT_IS_SHORT(value))
	{
		array = &buffer->array;
		SET_VARSIZE(array, VARSIZE_SHORT(value) - VARHDRSZ_SHORT + VARHDRSZ);
		memcpy(VARDATA(array), VARDATA_SHORT(value), VARSIZE_SHORT(value) - VARHDRSZ_SHORT);
	}
	n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	p = ARR_DATA_PTR(array);
	nulls = ARR_NULLBITMAP(array);
	if (n > PG_UINT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("line " INT64_FORMAT " has more than %d tags", line->line, PG_UINT16_MAX)));
	if (n > FEW_TAGS)
		texts = palloc(n * sizeof(PromoText));
	for (int i = 0; i < n; i++)
	{
		if (nulls != NULL && !(nulls[i / 8] & (1 << (i % 8))))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("tag %d of line " INT64_FORMAT " is null", i + 1, line->line)));
		texts[i] = promo_text_of_datum(PointerGetDatum(p));
		p = att_addlength_pointer(p, -1, p);
		p = (const char *) att_align_nominal(p, TYPALIGN_INT);
	}
	line->tags = texts;
	line->ntags = n;
}

PG_FUNCTION_INFO_V1(promo_cart_agg_trans);
Datum
promo_cart_agg_trans(PG_FUNCTION_ARGS)
{
	CartState  *state = PG_ARGISNULL(0) ? NULL : (CartState *) PG_GETARG_POINTER(0);
	MemoryContext context;
	PromoCartInput line;
	TagBuffer	tags;
	PromoError	err;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.cart_agg called outside of an aggregate");
	for (int arg = ARG_LINE; arg <= ARG_PRICE; arg++)
		if (unlikely(PG_ARGISNULL(arg)))
			null_error(fcinfo, arg);

	line.line = PG_GETARG_INT64(ARG_LINE);
	line.sku = promo_text_of_datum(PG_GETARG_DATUM(ARG_SKU));
	line.qty = number_arg(fcinfo, ARG_QTY, PROMO_QTY_DIGITS, "quantity");
	line.price = number_arg(fcinfo, ARG_PRICE, PROMO_MONEY_DIGITS, "price");
	line.cost = limit_arg(fcinfo, ARG_COST, "cost");
	line.floor = limit_arg(fcinfo, ARG_FLOOR, "floor");
	line.ntags = 0;
	line.tags = NULL;
	if (PG_NARGS() > ARG_TAGS && !PG_ARGISNULL(ARG_TAGS))
		tags_arg(fcinfo, &line, &tags);
	if (!promo_cart_check_line(&line, &err))
		promo_report(&err);
	line.hash = promo_hash(line.sku.data, line.sku.len);

	if (state == NULL)
		state = new_state(context, FIRST_CAPACITY, PG_NARGS() > ARG_COST);
	state = append_line(state, &line);
	if (unlikely(state->nlines > PROMO_MAX_LINES))
		cart_of_state(state);	/* which says so, before more memory is used */
	PG_RETURN_POINTER(state);
}

/* ----------------------------------------------------------------
 * partial states and the result
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(promo_cart_agg_combine);
Datum
promo_cart_agg_combine(PG_FUNCTION_ARGS)
{
	CartState  *state = PG_ARGISNULL(0) ? NULL : (CartState *) PG_GETARG_POINTER(0);
	const CartState *other = PG_ARGISNULL(1) ? NULL : (CartState *) PG_GETARG_POINTER(1);
	MemoryContext context;
	Size		size;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "promo.cart_agg called outside of an aggregate");
	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = new_state(context, FIRST_CAPACITY, other->limits);
	size = other->used - offsetof(CartState, records);
	state = reserve(state, size);
	memcpy((char *) state + state->used, other->records, size);
	state->used += size;
	state->nlines += other->nlines;
	state->ntags += other->ntags;
	if (state->nlines > PROMO_MAX_LINES)
		cart_of_state(state);
	PG_RETURN_POINTER(state);
}

/* Only the same library in the same server reads this: the state as it is. */
PG_FUNCTION_INFO_V1(promo_cart_agg_serialize);
Datum
promo_cart_agg_serialize(PG_FUNCTION_ARGS)
{
	const CartState *state = (CartState *) PG_GETARG_POINTER(0);
	CartState  *copy = palloc(state->used);

	memcpy(copy, state, state->used);
	copy->capacity = state->used;
	SET_VARSIZE(copy, state->used);
	PG_RETURN_BYTEA_P((bytea *) copy);
}

PG_FUNCTION_INFO_V1(promo_cart_agg_deserialize);
Datum
promo_cart_agg_deserialize(PG_FUNCTION_ARGS)
{
	CartState  *state = (CartState *) PG_GETARG_BYTEA_P_COPY(0);

	if (VARSIZE(state) < offsetof(CartState, records) || VARSIZE(state) != state->used)
		elog(ERROR, "invalid state of promo.cart_agg");
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(promo_cart_agg_final);
Datum
promo_cart_agg_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return promo_flat_datum(&promo_flat_cart, cart_of_state((CartState *) PG_GETARG_POINTER(0)));
}
