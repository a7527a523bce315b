/*-------------------------------------------------------------------------
 *
 * quote.c
 *	  the type promo.quote: a priced cart, and what is read from it
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/quote_value.h"
#include "numeric.h"
#include "pricing/values.h"
#include "rows.h"

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_quote_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	promo_quote_to_json(buf, value);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_quote_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	promo_quote_pack(buf, value);
}

const PromoFlat promo_flat_quote = {
	.name = "promo.quote",
	.version = PROMO_QUOTE_VERSION,
	.size_at = offsetof(PromoQuote, size),
	.from_text = from_json,
	.to_text = to_json,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(quote);

/* ----------------------------------------------------------------
 * totals: read from the fixed part, without the rest
 * ----------------------------------------------------------------
 */

/* Only the first PROMO_QUOTE_TOTALS bytes of the result are there. */
static const PromoQuote *
totals_of_datum(Datum datum)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);

	if (VARATT_IS_EXTENDED(value))
		value = PG_DETOAST_DATUM_SLICE(datum, 0, PROMO_QUOTE_TOTALS - VARHDRSZ);
	if (VARSIZE(value) < PROMO_QUOTE_TOTALS || VARDATA(value)[0] != PROMO_QUOTE_VERSION)
		promo_flat_corrupted(&promo_flat_quote, value);
	return (const PromoQuote *) value;
}

PG_FUNCTION_INFO_V1(promo_quote_subtotal);
Datum
promo_quote_subtotal(PG_FUNCTION_ARGS)
{
	return promo_money_datum(totals_of_datum(PG_GETARG_DATUM(0))->subtotal);
}

PG_FUNCTION_INFO_V1(promo_quote_discount);
Datum
promo_quote_discount(PG_FUNCTION_ARGS)
{
	return promo_money_datum(totals_of_datum(PG_GETARG_DATUM(0))->discount);
}

PG_FUNCTION_INFO_V1(promo_quote_shipping);
Datum
promo_quote_shipping(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = totals_of_datum(PG_GETARG_DATUM(0));

	return promo_money_datum(quote->fee - quote->fee_discount);
}

PG_FUNCTION_INFO_V1(promo_quote_total);
Datum
promo_quote_total(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = totals_of_datum(PG_GETARG_DATUM(0));

	return promo_money_datum(quote->subtotal - quote->discount +
							 (quote->fee - quote->fee_discount));
}

PG_FUNCTION_INFO_V1(promo_quote_cost);
Datum
promo_quote_cost(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = totals_of_datum(PG_GETARG_DATUM(0));

	if (!(quote->flags & PROMO_QUOTE_COST))
		PG_RETURN_NULL();
	return promo_money_datum(quote->cost);
}

PG_FUNCTION_INFO_V1(promo_quote_profit);
Datum
promo_quote_profit(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = totals_of_datum(PG_GETARG_DATUM(0));

	if (!(quote->flags & PROMO_QUOTE_COST))
		PG_RETURN_NULL();
	return promo_money_datum(quote->subtotal - quote->discount - quote->cost);
}

PG_FUNCTION_INFO_V1(promo_quote_points);
Datum
promo_quote_points(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = totals_of_datum(PG_GETARG_DATUM(0));

	return promo_put_points(palloc(sizeof(PromoNumeric)), quote->points);
}

/* ----------------------------------------------------------------
 * rows
 * ----------------------------------------------------------------
 */

/* qty x price as the quote rounds it; it was within range when it was priced */
static int64
line_amount(const PromoQuote *quote, const PromoCartLine *line)
{
	int64		amount;

	if (!promo_line_amount(line->price, line->qty, quote->unit, quote->rounding, &amount))
		promo_flat_corrupted(&promo_flat_quote, quote);
	return amount;
}

PG_FUNCTION_INFO_V1(promo_quote_lines);
Datum
promo_quote_lines(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = PG_GETARG_PROMO_QUOTE_P(0);
	const PromoCart *cart = promo_quote_cart(quote);
	const int64_t *nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);
	PromoRows	rows = promo_begin_rows(fcinfo);
	bool		nulls[7] = {false};
	char	   *sku = palloc(VARHDRSZ + PROMO_MAX_TEXT);

	for (uint32 i = 0; i < cart->nlines; i++)
	{
		const PromoCartLine *line = &cart->lines[i];
		PromoText	name = promo_cart_sku(cart, i);
		int64		amount = line_amount(quote, line);
		PromoNumeric numerics[5];
		Datum		values[7];

		Assert(name.len <= PROMO_MAX_TEXT);
		SET_VARSIZE(sku, VARHDRSZ + name.len);
		memcpy(sku + VARHDRSZ, name.data, name.len);
		values[0] = Int64GetDatum(line->line);
		values[1] = PointerGetDatum(sku);
		values[2] = promo_put_qty(&numerics[0], line->qty);
		values[3] = promo_put_money(&numerics[1], line->price);
		values[4] = promo_put_money(&numerics[2], amount);
		values[5] = promo_put_money(&numerics[3], amount - nets[i]);
		values[6] = promo_put_money(&numerics[4], nets[i]);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

/* runs of equal units; those of a line add up to it */
PG_FUNCTION_INFO_V1(promo_quote_runs);
Datum
promo_quote_runs(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = PG_GETARG_PROMO_QUOTE_P(0);
	const PromoCart *cart = promo_quote_cart(quote);
	PromoRows	rows = promo_begin_rows(fcinfo);
	bool		nulls[5] = {false};
	int			n;
	const PromoUnits *runs = promo_quote_units(&promo_arena, quote, &n);

	for (int i = 0; i < n; i++)
	{
		PromoNumeric numerics[4];
		Datum		values[5];

		values[0] = Int64GetDatum(cart->lines[runs[i].line].line);
		values[1] = promo_put_qty(&numerics[0], runs[i].qty);
		values[2] = promo_put_money(&numerics[1], runs[i].amount);
		values[3] = promo_put_money(&numerics[2], runs[i].discount);
		values[4] = promo_put_money(&numerics[3], runs[i].amount - runs[i].discount);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(promo_quote_adjustments);
Datum
promo_quote_adjustments(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = PG_GETARG_PROMO_QUOTE_P(0);
	const PromoCart *cart = promo_quote_cart(quote);
	const PromoAdjustment *adjustments = PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	PromoRows	rows = promo_begin_rows(fcinfo);
	bool		nulls[3] = {false};

	for (uint32 i = 0; i < quote->adjustments.n; i++)
	{
		const PromoAdjustment *adjustment = &adjustments[i];
		PromoNumeric amount;
		Datum		values[3] = {0};

		nulls[1] = adjustment->line == PROMO_SHIPPING_LINE;
		values[0] = promo_text_datum(promo_quote_name(quote, quote->names, adjustment->rule));
		if (!nulls[1])
			values[1] = Int64GetDatum(cart->lines[adjustment->line].line);
		values[2] = promo_put_money(&amount, adjustment->amount);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(promo_quote_offers);
Datum
promo_quote_offers(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {
		[PROMO_OFFER_ADD] = "add", [PROMO_OFFER_GIFT] = "gift", [PROMO_OFFER_GET] = "get"
	};
	const PromoQuote *quote = PG_GETARG_PROMO_QUOTE_P(0);
	const PromoOffer *offers = PROMO_QUOTE_ARRAY(quote, PromoOffer, quote->offers);
	PromoRows	rows = promo_begin_rows(fcinfo);
	bool		nulls[5] = {false};

	for (uint32 i = 0; i < quote->offers.n; i++)
	{
		const PromoOffer *offer = &offers[i];
		PromoNumeric price;
		PromoNumeric qty;
		Datum		values[5] = {0};

		nulls[3] = offer->price == PROMO_UNKNOWN;
		values[0] = promo_text_datum(promo_quote_name(quote, quote->names, offer->rule));
		values[1] = promo_text_datum(promo_text(kinds[offer->kind]));
		values[2] = promo_text_datum(promo_quote_text(quote, offer->sku));
		if (!nulls[3])
			values[3] = promo_put_money(&price, offer->price);
		values[4] = promo_put_qty(&qty, offer->qty * PROMO_QTY);
		promo_put_row(&rows, values, nulls);
	}
	PG_RETURN_NULL();
}

/* what is left of each line, in line order */
PG_FUNCTION_INFO_V1(promo_quote_nets);
Datum
promo_quote_nets(PG_FUNCTION_ARGS)
{
	const PromoQuote *quote = PG_GETARG_PROMO_QUOTE_P(0);

	return promo_money_array(PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets), quote->nets.n);
}
