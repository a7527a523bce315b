/*-------------------------------------------------------------------------
 *
 * quote_value.c
 *	  a priced cart: building, JSON, external binary form
 *
 * Layout: header, cart, int64 nets, PromoAdjustment[], PromoOffer[], the
 * PromoString[] of names, buyer, codes and without, then their bytes.
 *
 * What can be derived from the cart and the adjustments is written to JSON for
 * readers, and checked when it is read back, but is no part of the external
 * binary form.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "json_reader.h"
#include "quote_value.h"
#include "ruleset_value.h"

/* ---------------------------------------------------------------- building */

static bool
text_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoText *texts = context;

	return promo_text_compare(texts[a], texts[b]) < 0;
}

static bool
ascends(const PromoText *texts, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (promo_text_compare(texts[i - 1], texts[i]) >= 0)
			return false;
	return true;
}

/* sorted and without duplicates; the given array itself if it is so already */
static const PromoText *
distinct(PromoArena *arena, const PromoText *texts, uint32_t *n)
{
	PromoText  *result;
	uint32_t   *order;
	uint32_t	kept = 0;

	if (ascends(texts, *n))
		return texts;
	order = promo_sorted(arena, *n, text_before, texts);
	result = promo_alloc(arena, *n * sizeof(PromoText));
	for (uint32_t i = 0; i < *n; i++)
		if (kept == 0 || !promo_text_equal(result[kept - 1], texts[order[i]]))
			result[kept++] = texts[order[i]];
	*n = kept;
	return result;
}

/* where each of the names comes when they are sorted; NULL if they are */
static const uint32_t *
ranks(PromoArena *arena, const PromoText *names, uint32_t n)
{
	uint32_t   *order;
	uint32_t   *result;

	if (ascends(names, n))
		return NULL;
	order = promo_sorted(arena, n, text_before, names);
	result = promo_alloc(arena, n * sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		result[order[i]] = i;
	return result;
}

static size_t
text_bytes(const PromoText *texts, uint32_t n)
{
	size_t		bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += texts[i].len;
	return bytes;
}

/* Where the next bytes of strings go. */
typedef struct Writer
{
	char	   *quote;
	uint32_t	at;
} Writer;

static PromoString
write_text(Writer *w, PromoText text)
{
	PromoString s = {w->at, text.len};

	if (text.len > 0)
		memcpy(w->quote + w->at, text.data, text.len);
	w->at += text.len;
	return s;
}

/* fills the strings of a slice; rank says where each goes */
static void
write_texts(Writer *w, PromoSlice slice, const PromoText *texts, const uint32_t *rank)
{
	PromoString *strings = (PromoString *) (w->quote + slice.at);

	for (uint32_t i = 0; i < slice.n; i++)
		strings[rank != NULL ? rank[i] : i] = (PromoString) {i, 0};
	for (uint32_t i = 0; i < slice.n; i++)
		strings[i] = write_text(w, texts[strings[i].at]);
}

/* takes room for n things behind what is there already */
static PromoSlice
reserve(size_t *size, uint32_t n, size_t each)
{
	PromoSlice	slice = {(uint32_t) *size, n};

	*size += n * each;
	return slice;
}

/* nets and totals from the cart, before anything is taken off */
static void
write_amounts(PromoQuote *quote, const PromoCart *cart, int64_t *nets)
{
	const int64_t *costs = promo_cart_costs(cart);
	bool		known = costs != NULL;

	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		int64_t		amount = PROMO_MONEY_MAX;

		(void) promo_line_amount(cart->lines[i].price, cart->lines[i].qty, quote->unit,
								 quote->rounding, &amount);
		nets[i] = amount;
		quote->subtotal += amount;
		known = known && costs[i] != PROMO_UNKNOWN;
	}
	if (!known)
		return;
	quote->flags |= PROMO_QUOTE_COST;
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		int64_t		cost = PROMO_MONEY_MAX;

		(void) promo_line_amount(costs[i], cart->lines[i].qty, quote->unit, quote->rounding, &cost);
		quote->cost += cost;
	}
}

PromoQuote *
promo_quote_build(PromoArena *arena, const PromoQuoteInput *input)
{
	const PromoCart *cart = input->cart;
	const uint32_t *rank = ranks(arena, input->names, input->nnames);
	uint32_t	nbuyer = input->nbuyer;
	uint32_t	ncodes = input->ncodes;
	uint32_t	nwithout = input->nwithout;
	const PromoText *buyer = distinct(arena, input->buyer, &nbuyer);
	const PromoText *codes = distinct(arena, input->codes, &ncodes);
	const PromoText *without = distinct(arena, input->without, &nwithout);
	PromoQuote	header = {0};
	PromoQuote *quote;
	PromoAdjustment *adjustments;
	PromoOffer *offers;
	int64_t    *nets;
	Writer		w;
	size_t		size = sizeof(PromoQuote) + cart->size;
	size_t		strings;

	header.version = PROMO_QUOTE_VERSION;
	header.flags = input->optimal ? PROMO_QUOTE_OPTIMAL : 0;
	header.rounding = input->rounding;
	header.unit = input->unit;
	header.fee = input->fee;
	header.fee_discount = input->fee_discount;
	header.points = input->points;
	header.at = input->at;
	header.cart = sizeof(PromoQuote);
	header.nets = reserve(&size, cart->nlines, sizeof(int64_t));
	header.adjustments = reserve(&size, input->nadjustments, sizeof(PromoAdjustment));
	header.offers = reserve(&size, input->noffers, sizeof(PromoOffer));
	header.names = reserve(&size, input->nnames, sizeof(PromoString));
	header.buyer = reserve(&size, nbuyer, sizeof(PromoString));
	header.codes = reserve(&size, ncodes, sizeof(PromoString));
	header.without = reserve(&size, nwithout, sizeof(PromoString));
	strings = size;
	size += text_bytes(input->names, input->nnames) + text_bytes(buyer, nbuyer) +
		text_bytes(codes, ncodes) + text_bytes(without, nwithout);
	for (uint32_t i = 0; i < input->noffers; i++)
		size += input->offers[i].sku.len;
	size = (size + 7) & ~(size_t) 7;
	header.size = (uint32_t) size;

	quote = promo_alloc(arena, size);
	memset((char *) quote + size - 8, 0, 8);
	*quote = header;
	memcpy((char *) quote + quote->cart, cart, cart->size);
	((PromoCart *) ((char *) quote + quote->cart))->vl_len_ = 0;
	nets = (int64_t *) ((char *) quote + quote->nets.at);
	write_amounts(quote, cart, nets);

	adjustments = (PromoAdjustment *) ((char *) quote + quote->adjustments.at);
	for (uint32_t i = 0; i < input->nadjustments; i++)
	{
		PromoAdjustment adjustment = input->adjustments[i];

		if (rank != NULL)
			adjustment.rule = rank[adjustment.rule];
		adjustment.unused = 0;
		adjustments[i] = adjustment;
		if (adjustment.line != PROMO_SHIPPING_LINE)
		{
			nets[adjustment.line] -= adjustment.amount;
			quote->discount += adjustment.amount;
		}
	}

	w = (Writer) {(char *) quote, (uint32_t) strings};
	write_texts(&w, quote->names, input->names, rank);
	write_texts(&w, quote->buyer, buyer, NULL);
	write_texts(&w, quote->codes, codes, NULL);
	write_texts(&w, quote->without, without, NULL);
	offers = (PromoOffer *) ((char *) quote + quote->offers.at);
	for (uint32_t i = 0; i < input->noffers; i++)
	{
		PromoOffer	offer = input->offers[i].offer;

		if (rank != NULL)
			offer.rule = rank[offer.rule];
		memset(offer.unused, 0, sizeof(offer.unused));
		offer.sku = write_text(&w, input->offers[i].sku);
		offers[i] = offer;
	}
	return quote;
}

/* ---------------------------------------------------------------- checks of what was read */

static bool
is_money(int64_t money, int64_t unit)
{
	return money >= 0 && money <= PROMO_MONEY_MAX && money % unit == 0;
}

/* what an adjustment may take off a line */
typedef struct Room
{
	int64_t		amount;
	int64_t		free;			/* units that may still be given free */
} Room;

static bool
check_adjustments(PromoArena *arena, PromoQuoteInput *input, PromoError *err)
{
	const PromoCart *cart = input->cart;
	Room	   *rooms = promo_alloc(arena, ((size_t) cart->nlines + 1) * sizeof(Room));
	int64_t		subtotal = 0;

	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		const PromoCartLine *line = &cart->lines[i];

		if (!promo_line_amount(line->price, line->qty, input->unit, input->rounding,
							   &rooms[i].amount))
			return promo_fail(err, PROMO_OUT_OF_RANGE, "amount of line %lld is out of range",
							  (long long) line->line);
		rooms[i].free = line->qty / PROMO_QTY;
		subtotal += rooms[i].amount;
	}
	if (!is_money(input->fee, input->unit) || input->fee > PROMO_MONEY_MAX - subtotal)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "fee is out of range or no multiple of the unit");
	input->fee_discount = 0;
	for (uint32_t i = 0; i < input->nadjustments; i++)
	{
		const PromoAdjustment *adjustment = &input->adjustments[i];
		bool		goods = adjustment->line != PROMO_SHIPPING_LINE;
		Room	   *room = &rooms[goods ? adjustment->line : 0];
		int64_t		units = goods ? cart->lines[adjustment->line].qty / PROMO_QTY : 0;
		int64_t		left = goods ? room->amount : input->fee - input->fee_discount;

		if (adjustment->amount == 0 || !is_money(adjustment->amount, input->unit) ||
			adjustment->amount > left)
			return promo_fail(err, PROMO_BAD_VALUE, "adjustment %u is not an amount that is left", i + 1);
		if (adjustment->units < 0 || adjustment->units > units ||
			(adjustment->free && (adjustment->units == 0 || adjustment->units > room->free)))
			return promo_fail(err, PROMO_BAD_VALUE, "adjustment %u lies on more units than there are",
							  i + 1);
		if (goods)
			room->amount -= adjustment->amount;
		else
			input->fee_discount += adjustment->amount;
		if (adjustment->free)
			room->free -= adjustment->units;
	}
	return true;
}

static bool
check_name(PromoText name, const char *what, PromoError *err)
{
	if (name.len == 0)
		return promo_fail(err, PROMO_BAD_VALUE, "%s is empty", what);
	if (name.len > PROMO_MAX_TEXT)
		return promo_fail(err, PROMO_TOO_MANY, "%s is longer than %d bytes", what, PROMO_MAX_TEXT);
	return true;
}

/* names are sorted, and every one is of an adjustment or an offer */
static bool
check_names(PromoArena *arena, const PromoQuoteInput *input, PromoError *err)
{
	bool	   *used = promo_alloc0(arena, (size_t) input->nnames + 1);

	for (uint32_t i = 0; i < input->nadjustments; i++)
		used[input->adjustments[i].rule] = true;
	for (uint32_t i = 0; i < input->noffers; i++)
		used[input->offers[i].offer.rule] = true;
	for (uint32_t i = 0; i < input->nnames; i++)
	{
		if (!check_name(input->names[i], "name of a rule", err))
			return false;
		if (!used[i])
			return promo_fail(err, PROMO_BAD_VALUE, "a rule is named that gave nothing");
	}
	if (!ascends(input->names, input->nnames))
		return promo_fail(err, PROMO_BAD_VALUE, "names of rules are not in order");
	return true;
}

/*
 * Everything that later code trusts, of a quote that comes from outside.
 * Indexes are within their arrays already.  Derives fee_discount.
 */
static bool
check_input(PromoArena *arena, PromoQuoteInput *input, PromoError *err)
{
	if (!promo_check_unit(input->unit, err))
		return false;
	if (input->points < 0 || input->points > PROMO_MONEY_MAX)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "points are out of range");
	for (uint32_t i = 0; i < input->noffers; i++)
	{
		const PromoOffer *offer = &input->offers[i].offer;

		if (!check_name(input->offers[i].sku, "SKU of an offer", err))
			return false;
		if (offer->price != PROMO_UNKNOWN && !is_money(offer->price, 1))
			return promo_fail(err, PROMO_OUT_OF_RANGE, "price of an offer is out of range");
		if (offer->qty < 1 || offer->qty > PROMO_QTY_MAX / PROMO_QTY)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "quantity of an offer is out of range");
	}
	return check_names(arena, input, err) && check_adjustments(arena, input, err);
}

/* ---------------------------------------------------------------- JSON out */

static const char *const offer_kinds[] = {"add", "gift", "get", NULL};

static void
put_money(PromoBuffer *buf, const char *key, int64_t money)
{
	promo_putf(buf, "\"%s\":\"", key);
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, 2);
	promo_putc(buf, '"');
}

static void
put_money_member(PromoBuffer *buf, const char *key, int64_t money)
{
	promo_putc(buf, ',');
	put_money(buf, key, money);
}

/* ,"key":["a","b"], left out where there is none */
static void
put_texts(PromoBuffer *buf, const char *key, const PromoQuote *quote, PromoSlice texts)
{
	for (uint32_t i = 0; i < texts.n; i++)
	{
		if (i == 0)
			promo_putf(buf, ",\"%s\":[", key);
		else
			promo_putc(buf, ',');
		promo_put_json_string(buf, promo_quote_name(quote, texts, i));
	}
	if (texts.n > 0)
		promo_putc(buf, ']');
}

static void
put_lines(PromoBuffer *buf, const PromoQuote *quote)
{
	const PromoCart *cart = promo_quote_cart(quote);
	const int64_t *nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);

	promo_puts(buf, ",\"lines\":[");
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		int64_t		amount = PROMO_MONEY_MAX;

		(void) promo_line_amount(cart->lines[i].price, cart->lines[i].qty, quote->unit,
								 quote->rounding, &amount);
		promo_puts(buf, i == 0 ? "{" : ",{");
		promo_cart_put_line(buf, cart, i);
		put_money_member(buf, "amount", amount);
		put_money_member(buf, "discount", amount - nets[i]);
		put_money_member(buf, "net", nets[i]);
		promo_putc(buf, '}');
	}
	promo_putc(buf, ']');
}

static void
put_adjustments(PromoBuffer *buf, const PromoQuote *quote)
{
	const PromoAdjustment *adjustments =
		PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);

	promo_puts(buf, ",\"adjustments\":[");
	for (uint32_t i = 0; i < quote->adjustments.n; i++)
	{
		const PromoAdjustment *a = &adjustments[i];

		promo_puts(buf, i == 0 ? "{\"rule\":" : ",{\"rule\":");
		promo_put_json_string(buf, promo_quote_name(quote, quote->names, a->rule));
		if (a->line == PROMO_SHIPPING_LINE)
			promo_puts(buf, ",\"line\":null");
		else
			promo_putf(buf, ",\"line\":%lld",
					   (long long) promo_quote_cart(quote)->lines[a->line].line);
		put_money_member(buf, "amount", a->amount);
		if (a->units > 0)
			promo_putf(buf, ",\"units\":%lld", (long long) a->units);
		if (a->free)
			promo_puts(buf, ",\"free\":true");
		promo_putc(buf, '}');
	}
	promo_putc(buf, ']');
}

static void
put_offers(PromoBuffer *buf, const PromoQuote *quote)
{
	const PromoOffer *offers = PROMO_QUOTE_ARRAY(quote, PromoOffer, quote->offers);

	for (uint32_t i = 0; i < quote->offers.n; i++)
	{
		promo_puts(buf, i == 0 ? ",\"offers\":[{\"rule\":" : ",{\"rule\":");
		promo_put_json_string(buf, promo_quote_name(quote, quote->names, offers[i].rule));
		promo_putf(buf, ",\"kind\":\"%s\",\"sku\":", offer_kinds[offers[i].kind]);
		promo_put_json_string(buf, promo_quote_text(quote, offers[i].sku));
		if (offers[i].price != PROMO_UNKNOWN)
			put_money_member(buf, "price", offers[i].price);
		promo_putf(buf, ",\"qty\":%lld}", (long long) offers[i].qty);
	}
	if (quote->offers.n > 0)
		promo_putc(buf, ']');
}

void
promo_quote_to_json(PromoBuffer *buf, const PromoQuote *quote)
{
	int64_t		shipping = quote->fee - quote->fee_discount;

	promo_putc(buf, '{');
	put_money(buf, "subtotal", quote->subtotal);
	put_money_member(buf, "discount", quote->discount);
	put_money_member(buf, "shipping", shipping);
	put_money_member(buf, "total", quote->subtotal - quote->discount + shipping);
	if (quote->flags & PROMO_QUOTE_COST)
	{
		put_money_member(buf, "cost", quote->cost);
		put_money_member(buf, "profit", quote->subtotal - quote->discount - quote->cost);
	}
	promo_puts(buf, ",\"points\":\"");
	promo_put_decimal(buf, quote->points, PROMO_MONEY_DIGITS, 0);
	promo_putf(buf, "\",\"optimal\":%s,\"unit\":\"",
			   quote->flags & PROMO_QUOTE_OPTIMAL ? "true" : "false");
	promo_put_decimal(buf, quote->unit, PROMO_MONEY_DIGITS, 0);
	promo_putf(buf, "\",\"rounding\":\"%s\",\"at\":\"", promo_rounding_name(quote->rounding));
	promo_put_instant(buf, quote->at);
	promo_putc(buf, '"');
	put_money_member(buf, "fee", quote->fee);
	put_texts(buf, "buyer", quote, quote->buyer);
	put_texts(buf, "codes", quote, quote->codes);
	put_texts(buf, "without", quote, quote->without);
	put_lines(buf, quote);
	put_adjustments(buf, quote);
	put_offers(buf, quote);
	promo_putc(buf, '}');
}

/* ---------------------------------------------------------------- JSON in */

enum
{
	KEY_SUBTOTAL, KEY_DISCOUNT, KEY_SHIPPING, KEY_TOTAL, KEY_COST, KEY_PROFIT, DERIVED_KEYS,
	KEY_POINTS = DERIVED_KEYS, KEY_FEE, KEY_UNIT, KEY_ROUNDING, KEY_AT, SCALAR_KEYS,
	KEY_BUYER = SCALAR_KEYS, KEY_CODES, KEY_WITHOUT, KEY_OPTIMAL, KEY_LINES, KEY_ADJUSTMENTS,
	KEY_OFFERS
};

static const char *const quote_keys[] = {
	"subtotal", "discount", "shipping", "total", "cost", "profit",
	"points", "fee", "unit", "rounding", "at",
	"buyer", "codes", "without", "optimal", "lines", "adjustments", "offers", NULL
};

enum
{
	ADJUSTMENT_RULE, ADJUSTMENT_LINE, ADJUSTMENT_AMOUNT, ADJUSTMENT_UNITS, ADJUSTMENT_FREE
};

static const char *const adjustment_keys[] = {"rule", "line", "amount", "units", "free", NULL};

enum
{
	OFFER_RULE, OFFER_KIND, OFFER_SKU, OFFER_PRICE, OFFER_QTY
};

static const char *const offer_keys[] = {"rule", "kind", "sku", "price", "qty", NULL};

/* An adjustment as it is written: its line is found when the lines are known. */
typedef struct WrittenAdjustment
{
	PromoText	rule;
	PromoText	line;			/* no data for shipping */
	PromoAdjustment adjustment;
} WrittenAdjustment;

typedef struct WrittenOffer
{
	PromoText	rule;
	PromoOfferInput input;
} WrittenOffer;

/* A growing array of any of these. */
typedef struct Array
{
	char	   *items;
	uint32_t	n;
	uint32_t	capacity;
} Array;

/* a new item of `size` bytes, zeroed */
static void *
append(PromoArena *arena, Array *array, size_t size)
{
	void	   *item;

	if (array->n == array->capacity)
	{
		uint32_t	more = array->capacity > 0 ? 2 * array->capacity : 8;

		array->items = promo_realloc(arena, array->items, array->capacity * size, more * size);
		array->capacity = more;
	}
	item = array->items + array->n++ * size;
	memset(item, 0, size);
	return item;
}

/* Everything that a JSON quote says. */
typedef struct Written
{
	PromoText	scalars[SCALAR_KEYS];
	Array		texts[3];		/* PromoText: buyer, codes, without */
	Array		adjustments;	/* WrittenAdjustment */
	Array		offers;			/* WrittenOffer */
	bool		not_optimal;
	PromoCartInput *lines;		/* NULL if not given */
	PromoLineFigures *figures;
	int			nlines;
} Written;

static bool
read_boolean(PromoJson *json, const char *key, bool *value)
{
	PromoJsonKind kind;
	PromoText	ignored;

	if (!promo_json_value(json, &kind, &ignored))
		return false;
	if (kind != PROMO_JSON_TRUE && kind != PROMO_JSON_FALSE)
		return promo_json_fail(json, "Key \"%s\" must be true or false.", key);
	*value = kind == PROMO_JSON_TRUE;
	return true;
}

static bool
enter_array(PromoJson *json, const char *key)
{
	PromoJsonKind kind;
	PromoText	ignored;

	if (!promo_json_value(json, &kind, &ignored))
		return false;
	if (kind != PROMO_JSON_ARRAY)
		return promo_json_fail(json, "Key \"%s\" must be an array.", key);
	return true;
}

static bool
read_texts(PromoJson *json, const char *key, Array *texts)
{
	if (!enter_array(json, key))
		return false;
	while (promo_json_item(json))
	{
		PromoText  *text = append(json->arena, texts, sizeof(PromoText));

		if (!promo_json_expect(json, PROMO_JSON_STRING, "A tag, code or name", text))
			return false;
	}
	return !json->failed;
}

static bool
missing(const char *what, PromoError *err)
{
	return promo_fail(err, PROMO_BAD_NULL, "%s is missing", what);
}

static bool
read_adjustment(PromoJson *json, WrittenAdjustment *written)
{
	PromoAdjustment *adjustment = &written->adjustment;
	PromoError *err = json->err;
	PromoText	values[ADJUSTMENT_FREE] = {{NULL, 0}};
	uint64_t	seen = 0;
	PromoText	key;
	bool		free = false;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "An adjustment", &key))
		return false;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, adjustment_keys, &seen);

		if (which < 0 ||
			!(which == ADJUSTMENT_FREE ? read_boolean(json, "free", &free)
			  : promo_json_scalar(json, adjustment_keys[which], &values[which])))
			return false;
	}
	if (json->failed)
		return false;
	written->rule = values[ADJUSTMENT_RULE];
	written->line = values[ADJUSTMENT_LINE];
	adjustment->free = free;
	if (written->rule.data == NULL)
		return missing("rule of an adjustment", err);
	if (values[ADJUSTMENT_AMOUNT].data == NULL)
		return missing("amount of an adjustment", err);
	return promo_json_figure(values[ADJUSTMENT_AMOUNT], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX,
							 "amount of an adjustment", &adjustment->amount, err) &&
		(values[ADJUSTMENT_UNITS].data == NULL ||
		 promo_json_figure(values[ADJUSTMENT_UNITS], 0, PROMO_QTY_MAX,
						   "number of units of an adjustment", &adjustment->units, err));
}

static bool
read_offer(PromoJson *json, WrittenOffer *written)
{
	PromoOffer *offer = &written->input.offer;
	PromoError *err = json->err;
	PromoText	values[OFFER_QTY + 1] = {{NULL, 0}};
	uint64_t	seen = 0;
	PromoText	key;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "An offer", &key))
		return false;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, offer_keys, &seen);

		if (which < 0 || !promo_json_scalar(json, offer_keys[which], &values[which]))
			return false;
	}
	if (json->failed)
		return false;
	for (int i = 0; i <= OFFER_QTY; i++)
		if (values[i].data == NULL && i != OFFER_PRICE)
			return promo_fail(err, PROMO_BAD_NULL, "%s of an offer is missing", offer_keys[i]);
	while (!promo_text_equal(values[OFFER_KIND], promo_text(offer_kinds[offer->kind])))
		if (offer_kinds[++offer->kind] == NULL)
			return promo_fail(err, PROMO_BAD_VALUE, "unknown kind of offer \"%.*s\"",
							  promo_shown(values[OFFER_KIND]), values[OFFER_KIND].data);
	written->rule = values[OFFER_RULE];
	written->input.sku = values[OFFER_SKU];
	offer->price = PROMO_UNKNOWN;
	return promo_json_figure(values[OFFER_QTY], 0, PROMO_QTY_MAX, "quantity of an offer",
							 &offer->qty, err) &&
		(values[OFFER_PRICE].data == NULL ||
		 promo_json_figure(values[OFFER_PRICE], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX,
						   "price of an offer", &offer->price, err));
}

static bool
read_member(PromoJson *json, int key, Written *written)
{
	bool		optimal = false;

	if (key < SCALAR_KEYS)
		return promo_json_scalar(json, quote_keys[key], &written->scalars[key]);
	switch (key)
	{
		case KEY_OPTIMAL:
			if (!read_boolean(json, quote_keys[key], &optimal))
				return false;
			written->not_optimal = !optimal;
			return true;
		case KEY_LINES:
			written->lines = promo_cart_read_lines(json, &written->nlines, &written->figures);
			return written->lines != NULL;
		case KEY_ADJUSTMENTS:
			if (!enter_array(json, quote_keys[key]))
				return false;
			while (promo_json_item(json))
				if (!read_adjustment(json, append(json->arena, &written->adjustments,
												  sizeof(WrittenAdjustment))))
					return false;
			return !json->failed;
		case KEY_OFFERS:
			if (!enter_array(json, quote_keys[key]))
				return false;
			while (promo_json_item(json))
				if (!read_offer(json, append(json->arena, &written->offers, sizeof(WrittenOffer))))
					return false;
			return !json->failed;
		default:
			return read_texts(json, quote_keys[key], &written->texts[key - KEY_BUYER]);
	}
}

static bool
read_written(PromoArena *arena, PromoText text, Written *written, PromoError *err)
{
	PromoJson	json;
	uint64_t	seen = 0;
	PromoText	key;

	memset(written, 0, sizeof(*written));
	promo_json_init(&json, arena, text, "promo.quote", err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A quote", &key))
		return false;
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, quote_keys, &seen);

		if (which < 0 || !read_member(&json, which, written))
			return false;
	}
	return promo_json_end(&json);
}

/* settings and figures that are not derived */
static bool
take_scalars(const Written *written, PromoQuoteInput *input, PromoError *err)
{
	const PromoText *scalars = written->scalars;

	input->optimal = !written->not_optimal;
	input->rounding = PROMO_HALF_UP;
	input->unit = PROMO_DEFAULT_UNIT;
	if (scalars[KEY_AT].data == NULL)
		return missing("at", err);
	return promo_parse_instant(scalars[KEY_AT], &input->at, err) &&
		(scalars[KEY_ROUNDING].data == NULL ||
		 promo_parse_rounding(scalars[KEY_ROUNDING], &input->rounding, err)) &&
		(scalars[KEY_UNIT].data == NULL ||
		 promo_json_figure(scalars[KEY_UNIT], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, "unit",
						   &input->unit, err)) &&
		(scalars[KEY_FEE].data == NULL ||
		 promo_json_figure(scalars[KEY_FEE], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, "fee",
						   &input->fee, err)) &&
		(scalars[KEY_POINTS].data == NULL ||
		 promo_json_figure(scalars[KEY_POINTS], PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, "points",
						   &input->points, err));
}

static uint32_t
find_name(const PromoQuoteInput *input, PromoText name)
{
	uint32_t	low = 0;
	uint32_t	high = input->nnames - 1;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (promo_text_compare(input->names[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
take_lists(PromoArena *arena, const Written *written, PromoQuoteInput *input, PromoError *err)
{
	const WrittenAdjustment *adjustments = (WrittenAdjustment *) written->adjustments.items;
	const WrittenOffer *offers = (WrittenOffer *) written->offers.items;
	uint32_t	nadjustments = written->adjustments.n;
	uint32_t	noffers = written->offers.n;
	PromoText  *names = promo_alloc(arena, ((size_t) nadjustments + noffers) * sizeof(PromoText));
	PromoAdjustment *found = promo_alloc(arena, nadjustments * sizeof(PromoAdjustment));
	PromoOfferInput *offered = promo_alloc(arena, noffers * sizeof(PromoOfferInput));

	for (uint32_t i = 0; i < nadjustments; i++)
		names[i] = adjustments[i].rule;
	for (uint32_t i = 0; i < noffers; i++)
		names[nadjustments + i] = offers[i].rule;
	input->nnames = nadjustments + noffers;
	input->names = distinct(arena, names, &input->nnames);
	for (uint32_t i = 0; i < nadjustments; i++)
	{
		int			line = PROMO_SHIPPING_LINE;

		if (adjustments[i].line.data != NULL)
		{
			int64_t		number;

			if (!promo_cart_read_number(adjustments[i].line, i + 1, &number, err))
				return false;
			line = promo_cart_find_line(input->cart, number);
			if (line < 0)
				return promo_fail(err, PROMO_BAD_VALUE, "line %lld is not in the quote",
								  (long long) number);
		}
		found[i] = adjustments[i].adjustment;
		found[i].line = (uint16_t) line;
		found[i].rule = find_name(input, adjustments[i].rule);
	}
	for (uint32_t i = 0; i < noffers; i++)
	{
		offered[i] = offers[i].input;
		offered[i].offer.rule = find_name(input, offers[i].rule);
	}
	input->adjustments = found;
	input->nadjustments = nadjustments;
	input->offers = offered;
	input->noffers = noffers;
	input->buyer = (PromoText *) written->texts[0].items;
	input->nbuyer = written->texts[0].n;
	input->codes = (PromoText *) written->texts[1].items;
	input->ncodes = written->texts[1].n;
	input->without = (PromoText *) written->texts[2].items;
	input->nwithout = written->texts[2].n;
	return true;
}

/* a derived figure that is given must be the one that is derived */
static bool
check_derived(PromoArena *arena, const char *what, int64_t given, int64_t derived, PromoError *err)
{
	PromoBuffer figures;

	if (given == derived)
		return true;
	promo_buffer_init(&figures, arena);
	promo_put_decimal(&figures, derived, PROMO_MONEY_DIGITS, 2);
	promo_puts(&figures, ", but ");
	promo_put_decimal(&figures, given, PROMO_MONEY_DIGITS, 2);
	promo_fail(err, PROMO_BAD_VALUE, "%s of the quote contradicts its lines and adjustments", what);
	return promo_detail(err, "By them it is %s is given.", figures.data);
}

static bool
check_totals(PromoArena *arena, const Written *written, const PromoQuote *quote, PromoError *err)
{
	int64_t		shipping = quote->fee - quote->fee_discount;
	int64_t		goods = quote->subtotal - quote->discount;
	const int64_t derived[DERIVED_KEYS] = {
		[KEY_SUBTOTAL] = quote->subtotal,
		[KEY_DISCOUNT] = quote->discount,
		[KEY_SHIPPING] = shipping,
		[KEY_TOTAL] = goods + shipping,
		[KEY_COST] = quote->cost,
		[KEY_PROFIT] = goods - quote->cost
	};

	for (int key = 0; key < DERIVED_KEYS; key++)
	{
		PromoText	text = written->scalars[key];
		int64_t		given;

		if (text.data == NULL)
			continue;
		if ((key == KEY_COST || key == KEY_PROFIT) && !(quote->flags & PROMO_QUOTE_COST))
			return promo_fail(err, PROMO_BAD_VALUE, "%s is given, but not every line has a cost",
							  quote_keys[key]);
		/* profit may be negative */
		if (!promo_parse_decimal(text, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, true, quote_keys[key],
								 &given, err) ||
			!check_derived(arena, quote_keys[key], given, derived[key], err))
			return false;
	}
	return true;
}

static bool
check_figures(PromoArena *arena, const Written *written, const PromoQuote *quote, PromoError *err)
{
	const int64_t *nets = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets);

	for (int i = 0; i < written->nlines; i++)
	{
		const PromoCartLine *line = &promo_quote_cart(quote)->lines[i];
		const PromoLineFigures *given = &written->figures[i];
		int64_t		amount = PROMO_MONEY_MAX;
		char		what[64];

		(void) promo_line_amount(line->price, line->qty, quote->unit, quote->rounding, &amount);
		snprintf(what, sizeof(what), "line %lld", (long long) line->line);
		if ((given->amount != PROMO_UNKNOWN &&
			 !check_derived(arena, what, given->amount, amount, err)) ||
			(given->discount != PROMO_UNKNOWN &&
			 !check_derived(arena, what, given->discount, amount - nets[i], err)) ||
			(given->net != PROMO_UNKNOWN &&
			 !check_derived(arena, what, given->net, nets[i], err)))
			return false;
	}
	return true;
}

PromoQuote *
promo_quote_from_json(PromoArena *arena, PromoText json, PromoError *err)
{
	Written		written;
	PromoQuoteInput input = {0};
	PromoQuote *quote;

	if (!read_written(arena, json, &written, err) || !take_scalars(&written, &input, err))
		return NULL;
	if (written.lines == NULL)
	{
		missing("lines", err);
		return NULL;
	}
	/* otherwise building the cart would part the lines from their figures */
	for (int i = 1; i < written.nlines; i++)
		if (written.lines[i - 1].line >= written.lines[i].line)
		{
			promo_fail(err, PROMO_BAD_VALUE, "lines of a quote must ascend");
			return NULL;
		}
	input.cart = promo_cart_build(arena, written.lines, written.nlines, err);
	if (input.cart == NULL || !take_lists(arena, &written, &input, err) ||
		!check_input(arena, &input, err))
		return NULL;
	quote = promo_quote_build(arena, &input);
	if (!check_totals(arena, &written, quote, err) || !check_figures(arena, &written, quote, err))
		return NULL;
	return quote;
}

/* ---------------------------------------------------------------- binary form */

static void
pack_texts(PromoBuffer *buf, const PromoQuote *quote, PromoSlice texts)
{
	promo_put_u32(buf, texts.n);
	for (uint32_t i = 0; i < texts.n; i++)
		promo_put_text(buf, promo_quote_name(quote, texts, i));
}

/*
 * u8 version, u8 optimal, u8 rounding, i64 unit, i64 fee, i64 points, i64 at,
 * the cart's own form behind its u32 length, then lists behind their u32
 * number: names; adjustments (u32 name, u32 line's index or 0xffff, i64
 * amount, i64 units, u8 free); offers (u32 name, u8 kind, i64 price, i64
 * quantity, text SKU); buyer; codes; without.
 */
void
promo_quote_pack(PromoBuffer *buf, const PromoQuote *quote)
{
	const PromoAdjustment *adjustments =
		PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	const PromoOffer *offers = PROMO_QUOTE_ARRAY(quote, PromoOffer, quote->offers);
	PromoBuffer cart;

	promo_put_u8(buf, PROMO_QUOTE_VERSION);
	promo_put_u8(buf, quote->flags & PROMO_QUOTE_OPTIMAL ? 1 : 0);
	promo_put_u8(buf, quote->rounding);
	promo_put_i64(buf, quote->unit);
	promo_put_i64(buf, quote->fee);
	promo_put_i64(buf, quote->points);
	promo_put_i64(buf, quote->at);
	promo_buffer_init(&cart, buf->arena);
	promo_cart_pack(&cart, promo_quote_cart(quote));
	promo_put_text(buf, (PromoText) {cart.data, (uint32_t) cart.len});
	pack_texts(buf, quote, quote->names);
	promo_put_u32(buf, quote->adjustments.n);
	for (uint32_t i = 0; i < quote->adjustments.n; i++)
	{
		promo_put_u32(buf, adjustments[i].rule);
		promo_put_u32(buf, adjustments[i].line);
		promo_put_i64(buf, adjustments[i].amount);
		promo_put_i64(buf, adjustments[i].units);
		promo_put_u8(buf, adjustments[i].free);
	}
	promo_put_u32(buf, quote->offers.n);
	for (uint32_t i = 0; i < quote->offers.n; i++)
	{
		promo_put_u32(buf, offers[i].rule);
		promo_put_u8(buf, offers[i].kind);
		promo_put_i64(buf, offers[i].price);
		promo_put_i64(buf, offers[i].qty);
		promo_put_text(buf, promo_quote_text(quote, offers[i].sku));
	}
	pack_texts(buf, quote, quote->buyer);
	pack_texts(buf, quote, quote->codes);
	pack_texts(buf, quote, quote->without);
}

#define PACKED_ADJUSTMENT	(2 * sizeof(uint32_t) + 2 * sizeof(int64_t) + 1)
#define PACKED_OFFER		(2 * sizeof(uint32_t) + 2 * sizeof(int64_t) + 1)

/* a number of things that take at least `each` bytes; 0 with r->bad if they cannot be there */
static uint32_t
unpack_count(PromoReader *r, size_t each)
{
	uint32_t	n = promo_get_u32(r);

	if (n <= (r->len - r->at) / each)
		return n;
	r->bad = true;
	return 0;
}

static const PromoText *
unpack_texts(PromoArena *arena, PromoReader *r, uint32_t *n)
{
	PromoText  *texts;

	*n = unpack_count(r, sizeof(uint32_t));
	texts = promo_alloc(arena, *n * sizeof(PromoText));
	for (uint32_t i = 0; i < *n; i++)
		texts[i] = promo_get_text(r);
	return texts;
}

/* an index into n things, or r->bad */
static uint32_t
unpack_index(PromoReader *r, uint32_t n)
{
	uint32_t	index = promo_get_u32(r);

	if (index >= n)
	{
		r->bad = true;
		return 0;
	}
	return index;
}

static const PromoAdjustment *
unpack_adjustments(PromoArena *arena, PromoReader *r, PromoQuoteInput *input)
{
	uint32_t	n = unpack_count(r, PACKED_ADJUSTMENT);
	PromoAdjustment *adjustments = promo_alloc0(arena, n * sizeof(PromoAdjustment));

	input->nadjustments = n;
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	line;
		uint8_t		free;

		adjustments[i].rule = unpack_index(r, input->nnames);
		line = promo_get_u32(r);
		adjustments[i].line = (uint16_t) line;
		adjustments[i].amount = promo_get_i64(r);
		adjustments[i].units = promo_get_i64(r);
		free = promo_get_u8(r);
		adjustments[i].free = free;
		if ((line >= input->cart->nlines && line != PROMO_SHIPPING_LINE) || free > 1)
			r->bad = true;
	}
	return adjustments;
}

static const PromoOfferInput *
unpack_offers(PromoArena *arena, PromoReader *r, PromoQuoteInput *input)
{
	uint32_t	n = unpack_count(r, PACKED_OFFER);
	PromoOfferInput *offers = promo_alloc0(arena, n * sizeof(PromoOfferInput));

	input->noffers = n;
	for (uint32_t i = 0; i < n; i++)
	{
		offers[i].offer.rule = unpack_index(r, input->nnames);
		offers[i].offer.kind = promo_get_u8(r);
		offers[i].offer.price = promo_get_i64(r);
		offers[i].offer.qty = promo_get_i64(r);
		offers[i].sku = promo_get_text(r);
		if (offers[i].offer.kind > PROMO_OFFER_GET)
			r->bad = true;
	}
	return offers;
}

PromoQuote *
promo_quote_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	static const char type[] = "promo.quote";
	PromoReader r = {data, len, 0, false};
	PromoQuoteInput input = {0};
	PromoText	cart;
	uint8_t		optimal;

	if (!promo_get_version(&r, PROMO_QUOTE_VERSION, type, err))
		return NULL;
	optimal = promo_get_u8(&r);
	input.optimal = optimal;
	input.rounding = promo_get_u8(&r);
	input.unit = promo_get_i64(&r);
	input.fee = promo_get_i64(&r);
	input.points = promo_get_i64(&r);
	input.at = promo_get_i64(&r);
	cart = promo_get_bytes(&r);
	if (optimal > 1 || input.rounding > PROMO_DOWN)
		r.bad = true;
	if (!r.bad)
	{
		input.cart = promo_cart_unpack(arena, cart.data, cart.len, err);
		if (input.cart == NULL)
			return NULL;
		input.names = unpack_texts(arena, &r, &input.nnames);
		input.adjustments = unpack_adjustments(arena, &r, &input);
		input.offers = unpack_offers(arena, &r, &input);
		input.buyer = unpack_texts(arena, &r, &input.nbuyer);
		input.codes = unpack_texts(arena, &r, &input.ncodes);
		input.without = unpack_texts(arena, &r, &input.nwithout);
	}
	if (!promo_get_end(&r, type, err))
		return NULL;
	if (!check_input(arena, &input, err))
	{
		promo_get_fail(type, err);
		return NULL;
	}
	return promo_quote_build(arena, &input);
}
