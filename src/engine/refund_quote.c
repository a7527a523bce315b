/*-------------------------------------------------------------------------
 *
 * refund_quote.c
 *	  what comes back when goods come back
 *
 * Without rules every unit gives back what was paid for it.  With rules the
 * kept goods are priced anew as of the quote's instant, and the difference to
 * what was paid is given back, so that no discount outlives its condition.
 *
 *-------------------------------------------------------------------------
 */
#include "price_cart.h"

typedef struct Refunding
{
	PromoArena *arena;
	const PromoQuote *quote;
	const PromoCart *cart;
	PromoReturn *returns;
	int			nreturns;
	bool		anything_kept;
	PromoRefund *rows;
	int			n;
} Refunding;

static void
add_row(Refunding *r, int line, bool has_qty, int64_t qty, int64_t amount)
{
	r->rows[r->n++] = (PromoRefund) {
		.line = line, .has_qty = has_qty, .qty = qty, .amount = amount
	};
}

static int64_t
paid_for_shipping(const PromoQuote *quote)
{
	return quote->fee - quote->fee_discount;
}

/* the cart without what came back; *kept_line by line of the old one, -1 if gone */
static PromoCart *
kept_cart(Refunding *r, int *kept_line, PromoError *err)
{
	const PromoCart *cart = r->cart;
	const int64_t *costs = promo_cart_costs(cart);
	const int64_t *floors = promo_cart_floors(cart);
	const PromoSlice *tags = promo_cart_tags(cart);
	PromoCartInput *lines = promo_alloc(r->arena, (cart->nlines + 1) * sizeof(PromoCartInput));
	int			n = 0;
	int			next = 0;

	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		PromoCartInput *line = &lines[n];
		PromoText  *names = NULL;

		kept_line[i] = -1;
		line->qty = cart->lines[i].qty;
		if (next < r->nreturns && r->returns[next].line == i)
			line->qty -= r->returns[next++].qty;
		if (line->qty == 0)
			continue;
		line->line = cart->lines[i].line;
		line->price = cart->lines[i].price;
		line->cost = costs != NULL ? costs[i] : PROMO_UNKNOWN;
		line->floor = floors != NULL ? floors[i] : PROMO_UNKNOWN;
		line->hash = cart->lines[i].hash;
		line->sku = promo_cart_sku(cart, i);
		line->ntags = tags != NULL ? tags[i].n : 0;
		if (line->ntags > 0)
			names = promo_alloc(r->arena, line->ntags * sizeof(PromoText));
		for (uint32_t j = 0; j < line->ntags; j++)
		{
			const PromoHashed *tag = promo_cart_tag(cart, tags, i, j);

			names[j] = (PromoText) {tag->data, tag->len};
		}
		line->tags = names;
		kept_line[i] = n++;
	}
	r->anything_kept = n > 0;
	return promo_cart_build(r->arena, lines, n, err);
}

/* units of each line that were given free */
static int64_t *
free_units(PromoArena *arena, const PromoQuote *quote)
{
	const PromoAdjustment *adjustments =
		PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	int64_t    *free = promo_alloc0(arena, (promo_quote_cart(quote)->nlines + 1) * sizeof(int64_t));

	for (uint32_t i = 0; i < quote->adjustments.n; i++)
		if (adjustments[i].free)
			free[adjustments[i].line] += adjustments[i].units;
	return free;
}

static PromoText *
texts_of(PromoArena *arena, const PromoQuote *quote, PromoSlice slice)
{
	PromoText  *texts = promo_alloc(arena, (slice.n + 1) * sizeof(PromoText));

	for (uint32_t i = 0; i < slice.n; i++)
		texts[i] = promo_quote_name(quote, slice, i);
	return texts;
}

/* splits the refund over the returned lines, in proportion to what their units cost */
static void
add_returned(Refunding *r, int64_t refund)
{
	int64_t    *weights = promo_alloc(r->arena, 2 * (r->nreturns + 1) * sizeof(int64_t));
	int64_t    *shares = weights + r->nreturns + 1;
	int64_t		total = 0;

	for (int i = 0; i < r->nreturns; i++)
	{
		weights[i] = r->returns[i].amount;
		total += weights[i];
	}
	for (int i = 0; i < r->nreturns && total == 0; i++)
		weights[i] = r->returns[i].qty;
	(void) promo_apportion(r->arena, refund, r->nreturns, weights, NULL, r->quote->unit, shares);
	for (int i = 0; i < r->nreturns; i++)
		add_row(r, r->returns[i].line, true, r->returns[i].qty, shares[i]);
}

/* gifts that are kept, though nothing gives them any more */
static void
add_broken_gifts(Refunding *r, const PromoQuote *kept, const int *kept_line)
{
	int64_t    *before = free_units(r->arena, r->quote);
	int64_t    *after = free_units(r->arena, kept);
	int			next = 0;

	for (uint32_t i = 0; i < r->cart->nlines; i++)
	{
		int64_t		gone = 0;
		int64_t		broken;

		if (next < r->nreturns && r->returns[next].line == i)
			gone = r->returns[next++].qty;
		if (before[i] == 0 || kept_line[i] < 0)
			continue;
		/* free units come back first */
		gone = (gone + PROMO_QTY - 1) / PROMO_QTY;
		broken = before[i] - (gone < before[i] ? gone : before[i]) - after[kept_line[i]];
		if (broken > 0)
			add_row(r, (int) i, true, broken * PROMO_QTY, 0);
	}
}

PromoRefund *
promo_refund_quote(PromoArena *arena, const PromoQuote *quote, PromoText returned,
				   const PromoRuleset *rules, const PromoRequest *request, bool shipping,
				   int *n, PromoError *err)
{
	Refunding	r = {.arena = arena, .quote = quote, .cart = promo_quote_cart(quote)};
	PromoRequest again = {0};
	PromoQuote *kept;
	PromoCart  *cart;
	int		   *kept_line;
	int64_t		refund;

	r.returns = promo_quote_returns(arena, quote, returned, &r.nreturns, err);
	if (r.returns == NULL)
		return NULL;
	r.rows = promo_alloc(arena, (2 * (size_t) r.cart->nlines + 3) * sizeof(PromoRefund));

	if (rules == NULL)
	{
		for (int i = 0; i < r.nreturns; i++)
			add_row(&r, r.returns[i].line, true, r.returns[i].qty, r.returns[i].amount);
		if (shipping)
			add_row(&r, -1, false, 0, paid_for_shipping(quote));
		*n = r.n;
		return r.rows;
	}

	again.at = quote->at;
	again.weekday = request->weekday;
	again.second = request->second;
	again.fee = quote->fee;
	again.buyer = texts_of(arena, quote, quote->buyer);
	again.nbuyer = quote->buyer.n;
	again.codes = texts_of(arena, quote, quote->codes);
	again.ncodes = quote->codes.n;
	again.without = texts_of(arena, quote, quote->without);
	again.nwithout = quote->without.n;
	kept_line = promo_alloc(arena, (r.cart->nlines + 1) * sizeof(int));
	cart = kept_cart(&r, kept_line, err);
	if (cart == NULL)
		return NULL;
	kept = promo_price_cart(arena, cart, rules, &again, err);
	if (kept == NULL)
		return NULL;

	refund = (quote->subtotal - quote->discount) - (kept->subtotal - kept->discount);
	refund = refund > 0 ? refund / quote->unit * quote->unit : 0;
	add_returned(&r, refund);
	add_broken_gifts(&r, kept, kept_line);
	if (quote->points > kept->points)
		add_row(&r, -1, true, (quote->points - kept->points) / (PROMO_POINTS / PROMO_QTY), 0);
	if (shipping)
	{
		int64_t		fee = paid_for_shipping(quote) - (r.anything_kept ? paid_for_shipping(kept) : 0);

		add_row(&r, -1, false, 0, fee > 0 ? fee : 0);
	}
	*n = r.n;
	return r.rows;
}
