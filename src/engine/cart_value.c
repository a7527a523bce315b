/*-------------------------------------------------------------------------
 *
 * cart_value.c
 *	  the lines of one order: building, JSON, external binary form
 *
 * Building is on the hot path of bulk pricing: lines that arrive in order are
 * not sorted, and the result is one allocation of its exact size.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>

#include "cart_value.h"
#include "json_reader.h"

#define MAX_TAGS	1000		/* of a line */
#define MAX_SIZE	((size_t) 1000 * 1000 * 1000)	/* bytes of a cart */

static inline size_t
string_size(uint32_t len)
{
	return (offsetof(PromoHashed, data) + len + 3) & ~(size_t) 3;
}

/* ---------------------------------------------------------------- checks */

static bool
check_text(PromoText text, const char *what, int64_t line, PromoError *err)
{
	if (text.len == 0)
		return promo_fail(err, PROMO_BAD_VALUE, "%s of line %lld is empty", what, (long long) line);
	if (text.len > PROMO_MAX_TEXT)
		return promo_fail(err, PROMO_TOO_MANY, "%s of line %lld is longer than %d bytes",
						  what, (long long) line, PROMO_MAX_TEXT);
	return true;
}

static bool
check_figure(int64_t figure, int64_t max, const char *what, int64_t line, PromoError *err)
{
	if (figure < 0)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of line %lld is negative",
						  what, (long long) line);
	if (figure > max)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of line %lld is out of range",
						  what, (long long) line);
	return true;
}

bool
promo_cart_check_line(const PromoCartInput *line, PromoError *err)
{
	if (!check_text(line->sku, "SKU", line->line, err) ||
		!check_figure(line->qty, PROMO_QTY_MAX, "quantity", line->line, err) ||
		!check_figure(line->price, PROMO_MONEY_MAX, "price", line->line, err))
		return false;
	if (line->cost != PROMO_UNKNOWN &&
		!check_figure(line->cost, PROMO_MONEY_MAX, "cost", line->line, err))
		return false;
	if (line->floor != PROMO_UNKNOWN &&
		!check_figure(line->floor, PROMO_MONEY_MAX, "floor", line->line, err))
		return false;
	if (line->ntags > MAX_TAGS)
		return promo_fail(err, PROMO_TOO_MANY, "line %lld has more than %d tags",
						  (long long) line->line, MAX_TAGS);
	for (uint32_t i = 0; i < line->ntags; i++)
		if (!check_text(line->tags[i], "tag", line->line, err))
			return false;
	return true;
}

static bool
check_number_of_lines(int64_t n, PromoError *err)
{
	if (n > PROMO_MAX_LINES)
		return promo_fail(err, PROMO_TOO_MANY, "cart has more than %d lines", PROMO_MAX_LINES);
	return true;
}

/* whatever is added up later, list prices or costs, stays within the money range */
static bool
check_sums(const PromoCartInput *lines, int n, PromoError *err)
{
	const promo_int128 max = (promo_int128) PROMO_MONEY_MAX * PROMO_QTY;
	promo_int128 amount = 0;
	promo_int128 cost = 0;

	for (int i = 0; i < n; i++)
	{
		amount += (promo_int128) lines[i].price * lines[i].qty;
		if (lines[i].cost != PROMO_UNKNOWN)
			cost += (promo_int128) lines[i].cost * lines[i].qty;
		if (amount > max || cost > max)
			return promo_fail(err, PROMO_OUT_OF_RANGE, "%s of the cart is out of range",
							  amount > max ? "subtotal" : "cost");
	}
	return true;
}

/* ---------------------------------------------------------------- building */

static bool
line_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoCartInput *lines = context;

	return lines[a].line < lines[b].line;
}

static bool
sku_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoCartInput *lines = context;

	if (lines[a].hash != lines[b].hash)
		return lines[a].hash < lines[b].hash;
	return promo_text_compare(lines[a].sku, lines[b].sku) < 0;
}

static void
sort_lines(PromoArena *arena, PromoCartInput *lines, int n)
{
	PromoCartInput *unsorted;
	uint32_t   *order;
	int			i = 1;

	while (i < n && lines[i - 1].line <= lines[i].line)
		i++;
	if (i >= n)
		return;
	order = promo_sorted(arena, n, line_before, lines);
	unsorted = promo_alloc(arena, n * sizeof(PromoCartInput));
	memcpy(unsorted, lines, n * sizeof(PromoCartInput));
	for (i = 0; i < n; i++)
		lines[i] = unsorted[order[i]];
}

static inline bool
same_sku(const PromoCartInput *a, const PromoCartInput *b)
{
	return a->hash == b->hash && promo_text_equal(a->sku, b->sku);
}

/* whether some SKU is on more than one line */
static bool
has_repeats(PromoArena *arena, const PromoCartInput *lines, int n)
{
	uint32_t   *order;

	if (n <= 16)
	{
		for (int i = 1; i < n; i++)
			for (int j = 0; j < i; j++)
				if (same_sku(&lines[i], &lines[j]))
					return true;
		return false;
	}
	order = promo_sorted(arena, n, sku_before, lines);
	for (int i = 1; i < n; i++)
		if (same_sku(&lines[order[i - 1]], &lines[order[i]]))
			return true;
	return false;
}

/* The tags of all lines, line after line, each line's sorted and without duplicates. */
typedef struct CartTag
{
	uint32_t	hash;
	PromoText	text;
} CartTag;

typedef struct CartTags
{
	CartTag    *tags;
	uint32_t   *count;			/* of each line */
	uint32_t	total;
	size_t		bytes;			/* of the strings */
} CartTags;

static bool
tag_before(const void *context, uint32_t a, uint32_t b)
{
	const CartTag *tags = context;

	if (tags[a].hash != tags[b].hash)
		return tags[a].hash < tags[b].hash;
	return promo_text_compare(tags[a].text, tags[b].text) < 0;
}

/* the tags of one line, sorted and each once, behind those that are there */
static void
add_tags(PromoArena *arena, CartTags *all, const PromoText *tags, uint32_t n)
{
	CartTag    *own = all->tags + all->total;
	uint32_t   *order;
	uint32_t	kept = 0;

	for (uint32_t j = 0; j < n; j++)
		own[j] = (CartTag) {promo_hash(tags[j].data, tags[j].len), tags[j]};
	if (n > 1)
	{
		CartTag    *unsorted = promo_alloc(arena, n * sizeof(CartTag));

		memcpy(unsorted, own, n * sizeof(CartTag));
		order = promo_sorted(arena, n, tag_before, unsorted);
		for (uint32_t j = 0; j < n; j++)
			if (j == 0 || tag_before(unsorted, order[j - 1], order[j]))
				own[kept++] = unsorted[order[j]];
		n = kept;
	}
	for (uint32_t j = 0; j < n; j++)
		all->bytes += string_size(own[j].text.len);
	all->total += n;
}

static void
gather_tags(PromoArena *arena, const PromoCartInput *lines, int n, size_t given, CartTags *all)
{
	all->tags = promo_alloc(arena, given * sizeof(CartTag));
	all->count = promo_alloc(arena, n * sizeof(uint32_t));
	for (int i = 0; i < n; i++)
	{
		uint32_t	before = all->total;

		add_tags(arena, all, lines[i].tags, lines[i].ntags);
		all->count[i] = all->total - before;
	}
}

/* returns where the next string goes */
static uint32_t
write_string(PromoCart *cart, uint32_t at, uint32_t hash, PromoText text)
{
	PromoHashed *s = (PromoHashed *) ((char *) cart + at);

	s->hash = hash;
	s->len = (uint16_t) text.len;
	memcpy(s->data, text.data, text.len);
	return at + (uint32_t) string_size(text.len);
}

/* lists and strings begin at those offsets */
static void
write_tags(PromoCart *cart, const CartTags *all, uint32_t list, uint32_t string)
{
	PromoSlice *slices = (PromoSlice *) promo_cart_tags(cart);
	const CartTag *tag = all->tags;

	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		slices[i] = (PromoSlice) {list, all->count[i]};
		for (uint32_t j = 0; j < all->count[i]; j++, tag++)
		{
			*(uint32_t *) ((char *) cart + list) = string;
			list += sizeof(uint32_t);
			string = write_string(cart, string, tag->hash, tag->text);
		}
	}
}

PromoCart *
promo_cart_build(PromoArena *arena, PromoCartInput *lines, int n, PromoError *err)
{
	PromoCart  *cart;
	CartTags	tags = {0};
	uint8_t		flags = 0;
	size_t		given_tags = 0;
	size_t		strings;		/* where they begin */
	size_t		size;
	uint32_t	at;

	if (!check_number_of_lines(n, err) || !check_sums(lines, n, err))
		return NULL;
	sort_lines(arena, lines, n);

	size = 0;
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && lines[i].line == lines[i - 1].line)
		{
			promo_fail(err, PROMO_BAD_VALUE, "line %lld is in the cart twice",
					   (long long) lines[i].line);
			return NULL;
		}
		if (lines[i].cost != PROMO_UNKNOWN)
			flags |= PROMO_CART_COSTS;
		if (lines[i].floor != PROMO_UNKNOWN)
			flags |= PROMO_CART_FLOORS;
		given_tags += lines[i].ntags;
		size += string_size(lines[i].sku.len);
	}
	strings = offsetof(PromoCart, lines) + n * sizeof(PromoCartLine);
	if (flags & PROMO_CART_COSTS)
		strings += n * sizeof(int64_t);
	if (flags & PROMO_CART_FLOORS)
		strings += n * sizeof(int64_t);
	if (given_tags > 0)
	{
		flags |= PROMO_CART_TAGS;
		gather_tags(arena, lines, n, given_tags, &tags);
		strings += n * sizeof(PromoSlice) + tags.total * sizeof(uint32_t);
	}
	if (has_repeats(arena, lines, n))
		flags |= PROMO_CART_REPEATS;
	size = (strings + size + tags.bytes + 7) & ~(size_t) 7;
	if (size > MAX_SIZE)
	{
		promo_fail(err, PROMO_TOO_MANY, "cart is larger than %zu bytes", MAX_SIZE);
		return NULL;
	}

	cart = promo_alloc0(arena, size);
	cart->version = PROMO_CART_VERSION;
	cart->flags = flags;
	cart->nlines = n;
	cart->size = (uint32_t) size;
	at = (uint32_t) strings;
	for (int i = 0; i < n; i++)
	{
		cart->lines[i] = (PromoCartLine) {
			lines[i].line, lines[i].qty, lines[i].price, lines[i].hash, at
		};
		at = write_string(cart, at, lines[i].hash, lines[i].sku);
	}
	if (flags & PROMO_CART_COSTS)
	{
		int64_t    *costs = (int64_t *) promo_cart_costs(cart);

		for (int i = 0; i < n; i++)
			costs[i] = lines[i].cost;
	}
	if (flags & PROMO_CART_FLOORS)
	{
		int64_t    *floors = (int64_t *) promo_cart_floors(cart);

		for (int i = 0; i < n; i++)
			floors[i] = lines[i].floor;
	}
	if (flags & PROMO_CART_TAGS)
		write_tags(cart, &tags, (uint32_t) (strings - tags.total * sizeof(uint32_t)), at);
	return cart;
}

int
promo_cart_find_line(const PromoCart *cart, int64_t line)
{
	uint32_t	low = 0;
	uint32_t	high = cart->nlines;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (cart->lines[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low < cart->nlines && cart->lines[low].line == line ? (int) low : -1;
}

/* ---------------------------------------------------------------- JSON */

enum
{
	KEY_LINE, KEY_SKU, KEY_QTY, KEY_PRICE, KEY_TAGS, KEY_COST, KEY_FLOOR,
	KEY_AMOUNT, KEY_DISCOUNT, KEY_NET, KEYS
};

static const char *const cart_line_keys[] = {
	"line", "sku", "qty", "price", "tags", "cost", "floor", NULL
};

static const char *const quote_line_keys[] = {
	"line", "sku", "qty", "price", "tags", "cost", "floor", "amount", "discount", "net", NULL
};

/* A line's members as they are written, by key; no data where none is given. */
typedef struct LineText
{
	PromoText	members[KEYS];
	PromoText  *tags;
	uint32_t	ntags;
} LineText;

static bool
read_tags(PromoJson *json, LineText *text)
{
	uint32_t	capacity = 0;
	PromoJsonKind kind;
	PromoText	ignored;

	if (!promo_json_value(json, &kind, &ignored) || kind == PROMO_JSON_NULL)
		return !json->failed;
	if (kind != PROMO_JSON_ARRAY)
		return promo_json_fail(json, "Key \"tags\" must be an array.");
	while (promo_json_item(json))
	{
		/* one more than is allowed is enough for promo_cart_check_line */
		if (text->ntags > MAX_TAGS)
		{
			if (!promo_json_skip(json))
				return false;
			continue;
		}
		if (text->ntags == capacity)
		{
			uint32_t	more = capacity > 0 ? 2 * capacity : 8;

			text->tags = promo_realloc(json->arena, text->tags, capacity * sizeof(PromoText),
									   more * sizeof(PromoText));
			capacity = more;
		}
		if (!promo_json_expect(json, PROMO_JSON_STRING, "A tag", &text->tags[text->ntags++]))
			return false;
	}
	return !json->failed;
}

static bool
read_line_text(PromoJson *json, const char *const *keys, LineText *text)
{
	uint64_t	seen = 0;
	PromoText	value;

	memset(text, 0, sizeof(*text));
	if (!promo_json_expect(json, PROMO_JSON_OBJECT, "A line", &value))
		return false;
	while (promo_json_member(json, &value))
	{
		int			key = promo_json_key(json, value, keys, &seen);

		if (key < 0 ||
			!(key == KEY_TAGS ? read_tags(json, text)
			  : promo_json_scalar(json, keys[key], &text->members[key])))
			return false;
	}
	return !json->failed;
}

bool
promo_cart_read_figure(PromoText text, const char *what, int64_t line, int digits, int64_t max,
					   int64_t *figure, PromoError *err)
{
	char		name[64];

	if (text.data == NULL)
		return promo_fail(err, PROMO_BAD_NULL, "%s of line %lld is missing", what, (long long) line);
	snprintf(name, sizeof(name), "%s of line %lld", what, (long long) line);
	return promo_json_figure(text, digits, max, name, figure, err);
}

bool
promo_cart_read_number(PromoText text, int element, int64_t *line, PromoError *err)
{
	char		name[64];

	if (text.data == NULL)
		return promo_fail(err, PROMO_BAD_NULL, "line number of element %d is missing", element);
	if (promo_text_equal(text, promo_text("-9223372036854775808")))
	{
		*line = INT64_MIN;		/* has no positive counterpart within the range */
		return true;
	}
	snprintf(name, sizeof(name), "line number of element %d", element);
	return promo_parse_decimal(text, 0, INT64_MAX, true, name, line, err);
}

static bool
read_money(PromoText text, const char *what, int64_t line, int64_t *money, PromoError *err)
{
	return promo_cart_read_figure(text, what, line, PROMO_MONEY_DIGITS, PROMO_MONEY_MAX, money,
								  err);
}

/* PROMO_UNKNOWN where none is given */
static bool
read_optional_money(PromoText text, const char *what, int64_t line, int64_t *money,
					PromoError *err)
{
	*money = PROMO_UNKNOWN;
	return text.data == NULL || read_money(text, what, line, money, err);
}

static bool
read_line(PromoJson *json, int element, PromoCartInput *line, PromoLineFigures *figures)
{
	LineText	text;
	PromoText  *member = text.members;
	PromoError *err = json->err;

	if (!read_line_text(json, figures != NULL ? quote_line_keys : cart_line_keys, &text) ||
		!promo_cart_read_number(member[KEY_LINE], element, &line->line, err))
		return false;
	line->sku = member[KEY_SKU];
	if (line->sku.data == NULL)
		return promo_fail(err, PROMO_BAD_NULL, "SKU of line %lld is missing",
						  (long long) line->line);
	line->tags = text.tags;
	line->ntags = text.ntags;
	line->hash = promo_hash(line->sku.data, line->sku.len);
	if (!promo_cart_read_figure(member[KEY_QTY], "quantity", line->line, PROMO_QTY_DIGITS,
								PROMO_QTY_MAX, &line->qty, err) ||
		!read_money(member[KEY_PRICE], "price", line->line, &line->price, err) ||
		!read_optional_money(member[KEY_COST], "cost", line->line, &line->cost, err) ||
		!read_optional_money(member[KEY_FLOOR], "floor", line->line, &line->floor, err))
		return false;
	if (figures != NULL &&
		(!read_optional_money(member[KEY_AMOUNT], "amount", line->line, &figures->amount, err) ||
		 !read_optional_money(member[KEY_DISCOUNT], "discount", line->line,
							  &figures->discount, err) ||
		 !read_optional_money(member[KEY_NET], "net", line->line, &figures->net, err)))
		return false;
	return promo_cart_check_line(line, err);
}

PromoCartInput *
promo_cart_read_lines(PromoJson *json, int *n, PromoLineFigures **figures)
{
	PromoCartInput *lines = NULL;
	size_t		capacity = 0;
	PromoText	ignored;

	*n = 0;
	if (!promo_json_expect(json, PROMO_JSON_ARRAY, "The list of lines", &ignored))
		return NULL;
	lines = promo_alloc(json->arena, sizeof(PromoCartInput));
	while (promo_json_item(json))
	{
		if (!check_number_of_lines(*n + 1, json->err))
			return NULL;
		if (*n == capacity)
		{
			size_t		more = capacity > 0 ? 2 * capacity : 8;

			lines = promo_realloc(json->arena, lines, capacity * sizeof(PromoCartInput),
								  more * sizeof(PromoCartInput));
			if (figures != NULL)
				*figures = promo_realloc(json->arena, *figures,
										 capacity * sizeof(PromoLineFigures),
										 more * sizeof(PromoLineFigures));
			capacity = more;
		}
		if (!read_line(json, *n + 1, &lines[*n], figures != NULL ? &(*figures)[*n] : NULL))
			return NULL;
		(*n)++;
	}
	return json->failed ? NULL : lines;
}

PromoCart *
promo_cart_from_json(PromoArena *arena, PromoText text, PromoError *err)
{
	PromoJson	json;
	PromoCartInput *lines;
	int			n;

	promo_json_init(&json, arena, text, "promo.cart", err);
	lines = promo_cart_read_lines(&json, &n, NULL);
	if (lines == NULL || !promo_json_end(&json))
		return NULL;
	return promo_cart_build(arena, lines, n, err);
}

static void
put_money_member(PromoBuffer *buf, const char *key, int64_t money)
{
	promo_putf(buf, ",\"%s\":\"", key);
	promo_put_decimal(buf, money, PROMO_MONEY_DIGITS, 2);
	promo_putc(buf, '"');
}

/* A line's tags, to be listed in bytewise order. */
typedef struct TagList
{
	const PromoCart *cart;
	const PromoSlice *tags;
	uint32_t	line;
} TagList;

static PromoText
tag_text(const TagList *list, uint32_t i)
{
	const PromoHashed *tag = promo_cart_tag(list->cart, list->tags, list->line, i);

	return (PromoText) {tag->data, tag->len};
}

static bool
tag_text_before(const void *context, uint32_t a, uint32_t b)
{
	return promo_text_compare(tag_text(context, a), tag_text(context, b)) < 0;
}

static uint32_t *
sorted_tags(PromoArena *arena, const TagList *list)
{
	return promo_sorted(arena, list->tags[list->line].n, tag_text_before, list);
}

void
promo_cart_put_line(PromoBuffer *buf, const PromoCart *cart, uint32_t i)
{
	const PromoCartLine *line = &cart->lines[i];
	const int64_t *costs = promo_cart_costs(cart);
	const int64_t *floors = promo_cart_floors(cart);
	TagList		list = {cart, promo_cart_tags(cart), i};

	promo_putf(buf, "\"line\":%lld,\"sku\":", (long long) line->line);
	promo_put_json_string(buf, promo_cart_sku(cart, i));
	promo_puts(buf, ",\"qty\":");
	promo_put_decimal(buf, line->qty, PROMO_QTY_DIGITS, 0);
	put_money_member(buf, "price", line->price);
	if (list.tags != NULL && list.tags[i].n > 0)
	{
		uint32_t   *order = sorted_tags(buf->arena, &list);

		for (uint32_t j = 0; j < list.tags[i].n; j++)
		{
			promo_puts(buf, j == 0 ? ",\"tags\":[" : ",");
			promo_put_json_string(buf, tag_text(&list, order[j]));
		}
		promo_putc(buf, ']');
	}
	if (costs != NULL && costs[i] != PROMO_UNKNOWN)
		put_money_member(buf, "cost", costs[i]);
	if (floors != NULL && floors[i] != PROMO_UNKNOWN)
		put_money_member(buf, "floor", floors[i]);
}

void
promo_cart_to_json(PromoBuffer *buf, const PromoCart *cart)
{
	promo_putc(buf, '[');
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		promo_puts(buf, i == 0 ? "{" : ",{");
		promo_cart_put_line(buf, cart, i);
		promo_putc(buf, '}');
	}
	promo_putc(buf, ']');
}

/* ---------------------------------------------------------------- binary form */

/*
 * u8 version, u32 number of lines, and of each line: i64 number, i64 quantity,
 * i64 price, i64 cost, i64 floor, text SKU, u32 number of tags, texts.
 */
void
promo_cart_pack(PromoBuffer *buf, const PromoCart *cart)
{
	const int64_t *costs = promo_cart_costs(cart);
	const int64_t *floors = promo_cart_floors(cart);
	TagList		list = {cart, promo_cart_tags(cart), 0};

	promo_put_u8(buf, PROMO_CART_VERSION);
	promo_put_u32(buf, cart->nlines);
	for (uint32_t i = 0; i < cart->nlines; i++)
	{
		const PromoCartLine *line = &cart->lines[i];
		uint32_t	ntags = list.tags != NULL ? list.tags[i].n : 0;

		promo_put_i64(buf, line->line);
		promo_put_i64(buf, line->qty);
		promo_put_i64(buf, line->price);
		promo_put_i64(buf, costs != NULL ? costs[i] : PROMO_UNKNOWN);
		promo_put_i64(buf, floors != NULL ? floors[i] : PROMO_UNKNOWN);
		promo_put_text(buf, promo_cart_sku(cart, i));
		promo_put_u32(buf, ntags);
		if (ntags > 0)
		{
			uint32_t   *order;

			list.line = i;
			order = sorted_tags(buf->arena, &list);
			for (uint32_t j = 0; j < ntags; j++)
				promo_put_text(buf, tag_text(&list, order[j]));
		}
	}
}

/* the least number of bytes that a line takes */
#define PACKED_LINE		(5 * sizeof(int64_t) + 2 * sizeof(uint32_t))

static bool
unpack_line(PromoArena *arena, PromoReader *r, PromoCartInput *line, PromoError *err)
{
	PromoText  *tags = NULL;

	line->line = promo_get_i64(r);
	line->qty = promo_get_i64(r);
	line->price = promo_get_i64(r);
	line->cost = promo_get_i64(r);
	line->floor = promo_get_i64(r);
	line->sku = promo_get_text(r);
	line->ntags = promo_get_u32(r);
	if (line->ntags > (r->len - r->at) / sizeof(uint32_t))
		r->bad = true;
	else if (line->ntags > 0)
	{
		tags = promo_alloc(arena, line->ntags * sizeof(PromoText));
		for (uint32_t i = 0; i < line->ntags; i++)
			tags[i] = promo_get_text(r);
	}
	line->tags = tags;
	line->hash = promo_hash(line->sku.data, line->sku.len);
	return !r->bad && promo_cart_check_line(line, err);
}

PromoCart *
promo_cart_unpack(PromoArena *arena, const void *data, size_t len, PromoError *err)
{
	PromoReader r = {data, len, 0, false};
	PromoCartInput *lines = NULL;
	PromoCart  *cart;
	uint32_t	n;

	if (!promo_get_version(&r, PROMO_CART_VERSION, "promo.cart", err))
		return NULL;
	n = promo_get_u32(&r);
	if (n > (r.len - r.at) / PACKED_LINE)
		r.bad = true;
	else if (!check_number_of_lines(n, err))
	{
		promo_get_fail("promo.cart", err);
		return NULL;
	}
	if (!r.bad)
		lines = promo_alloc(arena, n * sizeof(PromoCartInput));
	for (uint32_t i = 0; i < n && !r.bad; i++)
	{
		if (!unpack_line(arena, &r, &lines[i], err) && !r.bad)
		{
			promo_get_fail("promo.cart", err);
			return NULL;
		}
	}
	if (!promo_get_end(&r, "promo.cart", err))
		return NULL;
	cart = promo_cart_build(arena, lines, (int) n, err);
	if (cart == NULL)
		promo_get_fail("promo.cart", err);
	return cart;
}
