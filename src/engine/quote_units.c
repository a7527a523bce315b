/*-------------------------------------------------------------------------
 *
 * quote_units.c
 *	  what every single unit of a line costs, and what returned units give
 *
 * A line is a sequence of runs, each of some units that cost the same, so that
 * the work is by runs and not by units, of which there may be 10^12.  Amounts
 * are spread over units by largest remainder, earlier units first; since units
 * of one run are alike, that splits one run at most.
 *
 *-------------------------------------------------------------------------
 */
#include "json_reader.h"
#include "quote_value.h"

/* Some units that cost the same; figures are of one unit. */
typedef struct Run
{
	int64_t		n;				/* units */
	int64_t		qty;			/* PROMO_QTY, or less for the fraction of a unit */
	int64_t		amount;
	int64_t		discount;
	int64_t		weight;			/* in what is being spread */
	int64_t		share;			/* of what is being spread */
	int64_t		remainder;
} Run;

/* The runs of one line, in the order of its units. */
typedef struct Runs
{
	PromoArena *arena;
	int64_t		unit;
	Run		   *runs;
	uint32_t	n;
	uint32_t	capacity;
} Runs;

static int64_t
left_of(const Run *run)
{
	return run->amount - run->discount;
}

/* makes the first n units of a run a run of their own; both keep the figures */
static void
split(Runs *r, uint32_t at, int64_t n)
{
	if (n == 0 || n == r->runs[at].n)
		return;
	if (r->n == r->capacity)
	{
		r->runs = promo_realloc(r->arena, r->runs, r->capacity * sizeof(Run),
								2 * r->capacity * sizeof(Run));
		r->capacity *= 2;
	}
	memmove(&r->runs[at + 1], &r->runs[at], (r->n - at) * sizeof(Run));
	r->n++;
	r->runs[at].n = n;
	r->runs[at + 1].n -= n;
}

/* the first run of the last `units` units, which are whole ones */
static uint32_t
split_from_end(Runs *r, int64_t units)
{
	uint32_t	at = r->n;

	while (units > 0)
	{
		at--;
		if (r->runs[at].n > units)
		{
			split(r, at, r->runs[at].n - units);
			return at + 1;
		}
		units -= r->runs[at].n;
	}
	return at;
}

/* The runs from first to the one before end, by remainder. */
typedef struct Claims
{
	const Run  *runs;
	uint32_t	first;
} Claims;

static bool
claims_before(const void *context, uint32_t a, uint32_t b)
{
	const Claims *claims = context;

	return claims->runs[claims->first + a].remainder > claims->runs[claims->first + b].remainder;
}

/*
 * Sets the share of every unit in the runs from first to the one before end:
 * `amount`, at most the sum of weights, spread by weight.  May split one run,
 * so that it returns the new end.
 */
static uint32_t
spread(Runs *r, uint32_t first, uint32_t end, int64_t amount)
{
	Claims		claims;
	promo_int128 total = 0;
	int64_t		units = amount / r->unit;
	int64_t		left = units;
	uint32_t   *order;

	for (uint32_t i = first; i < end; i++)
		total += (promo_int128) r->runs[i].weight * r->runs[i].n;
	for (uint32_t i = first; i < end; i++)
	{
		Run		   *run = &r->runs[i];
		promo_int128 part = (promo_int128) units * run->weight;

		run->share = total > 0 ? (int64_t) (part / total) : 0;
		run->remainder = total > 0 ? (int64_t) (part % total) : 0;
		left -= run->share * run->n;
		run->share *= r->unit;
	}
	if (left == 0 || total == 0)
		return end;
	claims = (Claims) {r->runs, first};
	order = promo_sorted(r->arena, end - first, claims_before, &claims);
	for (uint32_t i = 0; left > 0; i++)
	{
		uint32_t	at = first + order[i];

		if (left < r->runs[at].n)
		{
			split(r, at, left);
			end++;
		}
		left -= r->runs[at].n;
		r->runs[at].share += r->unit;
	}
	return end;
}

/* takes up to `amount` off these runs, by what is left of each unit; returns the rest */
static int64_t
discount_runs(Runs *r, uint32_t first, uint32_t end, int64_t amount)
{
	int64_t		left = 0;
	int64_t		taken;

	for (uint32_t i = first; i < end; i++)
	{
		r->runs[i].weight = left_of(&r->runs[i]);
		left += r->runs[i].weight * r->runs[i].n;
	}
	taken = amount < left ? amount : left;
	if (taken > 0)
	{
		end = spread(r, first, end, taken);
		for (uint32_t i = first; i < end; i++)
			r->runs[i].discount += r->runs[i].share;
	}
	return amount - taken;
}

static void
merge_equal(Runs *r)
{
	uint32_t	kept = 0;

	for (uint32_t i = 1; i < r->n; i++)
	{
		Run		   *last = &r->runs[kept];
		const Run  *run = &r->runs[i];

		if (run->qty == last->qty && run->amount == last->amount &&
			run->discount == last->discount)
			last->n += run->n;
		else
			r->runs[++kept] = *run;
	}
	if (r->n > 0)
		r->n = kept + 1;
}

/* The adjustments of every line, in order. */
typedef struct ByLine
{
	uint32_t   *first;			/* by line, and one more */
	const PromoAdjustment **adjustments;
} ByLine;

static ByLine
adjustments_by_line(PromoArena *arena, const PromoQuote *quote)
{
	const PromoAdjustment *all = PROMO_QUOTE_ARRAY(quote, PromoAdjustment, quote->adjustments);
	uint32_t	nlines = promo_quote_cart(quote)->nlines;
	ByLine		by;
	uint32_t   *next;

	by.first = promo_alloc0(arena, ((size_t) nlines + 2) * sizeof(uint32_t));
	by.adjustments = promo_alloc(arena, quote->adjustments.n * sizeof(PromoAdjustment *));
	next = by.first + 1;
	for (uint32_t i = 0; i < quote->adjustments.n; i++)
		if (all[i].line != PROMO_SHIPPING_LINE)
			next[all[i].line + 1]++;
	for (uint32_t i = 0; i < nlines; i++)
		next[i + 1] += next[i];
	for (uint32_t i = 0; i < quote->adjustments.n; i++)
		if (all[i].line != PROMO_SHIPPING_LINE)
			by.adjustments[next[all[i].line]++] = &all[i];
	return by;
}

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * How many units at the end of a line some adjustment lies on.  The fraction
 * that the line ends in goes before them, since it is none of them.
 */
static int64_t
touched_units(const ByLine *by, uint32_t line, int64_t whole)
{
	int64_t		free = 0;
	int64_t		touched = 0;

	for (uint32_t i = by->first[line]; i < by->first[line + 1]; i++)
	{
		const PromoAdjustment *adjustment = by->adjustments[i];
		int64_t		units = min(adjustment->units, whole - free);

		if (free + units > touched)
			touched = free + units;
		if (adjustment->free)
			free += units;
	}
	return touched;
}

static void
add_run(Runs *r, int64_t n, int64_t qty)
{
	if (n > 0 && qty > 0)
		r->runs[r->n++] = (Run) {.n = n, .qty = qty, .weight = qty};
}

/* the runs of one line, into r->runs */
static void
run_line(Runs *r, const PromoQuote *quote, const ByLine *by, uint32_t line)
{
	const PromoCartLine *cart_line = &promo_quote_cart(quote)->lines[line];
	int64_t		whole = cart_line->qty / PROMO_QTY;
	int64_t		touched = touched_units(by, line, whole);
	int64_t		amount = PROMO_QUOTE_ARRAY(quote, int64_t, quote->nets)[line];
	int64_t		free = 0;

	for (uint32_t i = by->first[line]; i < by->first[line + 1]; i++)
		amount += by->adjustments[i]->amount;

	r->n = 0;
	add_run(r, whole - touched, PROMO_QTY);
	add_run(r, 1, cart_line->qty % PROMO_QTY);
	add_run(r, touched, PROMO_QTY);
	(void) spread(r, 0, r->n, amount);
	for (uint32_t i = 0; i < r->n; i++)
		r->runs[i].amount = r->runs[i].share;

	for (uint32_t i = by->first[line]; i < by->first[line + 1]; i++)
	{
		const PromoAdjustment *adjustment = by->adjustments[i];
		int64_t		units = min(adjustment->units, whole - free);
		int64_t		rest = adjustment->amount;

		if (units > 0)
		{
			uint32_t	first = split_from_end(r, free + units);
			uint32_t	end = split_from_end(r, free);

			rest = discount_runs(r, first, end, rest);
			if (adjustment->free)
				free += units;
		}
		/* what does not lie on single units, or has no room there, is on all that cost something */
		if (rest > 0)
			rest = discount_runs(r, 0, split_from_end(r, free), rest);
		if (rest > 0)
			(void) discount_runs(r, 0, r->n, rest);
		merge_equal(r);
		if (r->arena->poll != NULL)
			r->arena->poll(r->arena);
	}
	merge_equal(r);
}

static void
runs_init(Runs *r, PromoArena *arena, const PromoQuote *quote)
{
	r->arena = arena;
	r->unit = quote->unit;
	r->n = 0;
	r->capacity = 8;
	r->runs = promo_alloc(arena, r->capacity * sizeof(Run));
}

PromoUnits *
promo_quote_units(PromoArena *arena, const PromoQuote *quote, int *n)
{
	uint32_t	nlines = promo_quote_cart(quote)->nlines;
	ByLine		by = adjustments_by_line(arena, quote);
	size_t		capacity = nlines + 1;
	PromoUnits *units = promo_alloc(arena, capacity * sizeof(PromoUnits));
	Runs		r;

	*n = 0;
	runs_init(&r, arena, quote);
	for (uint32_t line = 0; line < nlines; line++)
	{
		run_line(&r, quote, &by, line);
		if (*n + r.n > capacity)
		{
			size_t		more = 2 * capacity + r.n;

			units = promo_realloc(arena, units, *n * sizeof(PromoUnits),
								  more * sizeof(PromoUnits));
			capacity = more;
		}
		for (uint32_t i = 0; i < r.n; i++)
			units[(*n)++] = (PromoUnits) {
				.qty = r.runs[i].n * r.runs[i].qty,
				.amount = r.runs[i].n * r.runs[i].amount,
				.discount = r.runs[i].n * r.runs[i].discount,
				.line = line
			};
	}
	return units;
}

/* ---------------------------------------------------------------- returns */

static const char *const return_keys[] = {"line", "qty", NULL};

/* what came back of each line of the cart; PROMO_UNKNOWN where it is not named */
static bool
read_return(PromoJson *json, int element, const PromoCart *cart, int64_t *returned)
{
	PromoError *err = json->err;
	uint64_t	seen = 0;
	PromoText	key;
	PromoText	values[2] = {{NULL, 0}, {NULL, 0}};
	int64_t		number;
	int64_t		qty;
	int			line;

	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "A returned line", &key))
		return false;
	while (promo_json_member(json, &key))
	{
		int			which = promo_json_key(json, key, return_keys, &seen);

		if (which < 0 || !promo_json_scalar(json, return_keys[which], &values[which]))
			return false;
	}
	if (json->failed || !promo_cart_read_number(values[0], element, &number, err))
		return false;
	if (!promo_cart_read_figure(values[1], "quantity", number, PROMO_QTY_DIGITS,
								PROMO_QTY_MAX, &qty, err))
		return false;
	line = promo_cart_find_line(cart, number);
	if (line < 0)
		return promo_fail(err, PROMO_BAD_VALUE, "line %lld is not in the quote",
						  (long long) number);
	if (returned[line] != PROMO_UNKNOWN)
		return promo_fail(err, PROMO_BAD_VALUE, "line %lld is returned twice", (long long) number);
	if (qty > cart->lines[line].qty)
	{
		PromoBuffer bought;

		promo_buffer_init(&bought, json->arena);
		promo_put_decimal(&bought, cart->lines[line].qty, PROMO_QTY_DIGITS, 0);
		promo_fail(err, PROMO_OUT_OF_RANGE, "more of line %lld is returned than was bought",
				   (long long) number);
		return promo_detail(err, "%s was bought.", bought.data);
	}
	returned[line] = qty;
	return true;
}

static bool
read_returns(PromoArena *arena, PromoText text, const PromoCart *cart, int64_t *returned, int *n,
			 PromoError *err)
{
	PromoJson	json;
	PromoText	ignored;

	promo_json_init(&json, arena, text, "json", err);
	if (!promo_json_expect(&json, PROMO_JSON_ARRAY, "The list of returned lines", &ignored))
		return false;
	for (*n = 0; promo_json_item(&json); (*n)++)
		if (!read_return(&json, *n + 1, cart, returned))
			return false;
	return promo_json_end(&json);
}

/*
 * What the last `qty` of a line cost.  Part of a unit is rounded as part of
 * its whole run, so that what is returned bit by bit adds up.
 */
static int64_t
cost_from_end(const Runs *r, int64_t qty, PromoRounding rounding)
{
	int64_t		cost = 0;

	for (uint32_t i = r->n; i > 0 && qty > 0; i--)
	{
		const Run  *run = &r->runs[i - 1];
		int64_t		taken = min(qty, run->n * run->qty);

		cost += (int64_t) promo_round_ratio((promo_int128) left_of(run) * taken, run->qty,
											r->unit, rounding);
		qty -= taken;
	}
	return cost;
}

PromoReturn *
promo_quote_returns(PromoArena *arena, const PromoQuote *quote, PromoText json, int *n,
					PromoError *err)
{
	const PromoCart *cart = promo_quote_cart(quote);
	int64_t    *returned = promo_alloc(arena, ((size_t) cart->nlines + 1) * sizeof(int64_t));
	PromoReturn *returns;
	ByLine		by;
	Runs		r;
	int			next = 0;

	for (uint32_t i = 0; i < cart->nlines; i++)
		returned[i] = PROMO_UNKNOWN;
	if (!read_returns(arena, json, cart, returned, n, err))
		return NULL;
	returns = promo_alloc(arena, *n * sizeof(PromoReturn));
	by = adjustments_by_line(arena, quote);
	runs_init(&r, arena, quote);
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		if (returned[i] == PROMO_UNKNOWN)
			continue;
		run_line(&r, quote, &by, i);
		returns[next++] = (PromoReturn) {
			i, returned[i], cost_from_end(&r, returned[i], quote->rounding)
		};
	}
	return returns;
}
