/*-------------------------------------------------------------------------
 *
 * buffer.c
 *	  memory, errors, text, hashes, buffers and the external binary fields
 *
 * The hashes are part of the disk format: they read bytes in little-endian
 * order on every machine and have no seed.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>

#include "engine.h"

/* ---------------------------------------------------------------- memory */

void *
promo_alloc0(PromoArena *arena, size_t size)
{
	void	   *result = promo_alloc(arena, size);

	memset(result, 0, size);
	return result;
}

void *
promo_realloc(PromoArena *arena, void *old, size_t old_size, size_t new_size)
{
	void	   *result = arena->alloc(arena, new_size);

	if (old_size > 0)
		memcpy(result, old, old_size < new_size ? old_size : new_size);
	return result;
}

/* ---------------------------------------------------------------- errors */

/*
 * Where at most max bytes end a character.  In UTF-8; in other encodings the
 * cut may be a few bytes shorter than it need be.
 */
static uint32_t
clip(const char *data, uint32_t len, uint32_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char) data[max] & 0xc0) == 0x80)
		max--;
	return max;
}

int
promo_shown(PromoText text)
{
	return (int) clip(text.data, text.len, 60);
}

/* What does not fit is cut behind a whole character. */
static void __attribute__((format(printf, 3, 0)))
format_clipped(char *to, size_t size, const char *format, va_list args)
{
	char		whole[1024];
	int			len = vsnprintf(whole, sizeof(whole), format, args);
	uint32_t	cut;

	if (len < 0)
		len = 0;
	if (len >= (int) sizeof(whole))
		len = sizeof(whole) - 1;
	cut = clip(whole, (uint32_t) len, (uint32_t) size - 1);
	memcpy(to, whole, cut);
	to[cut] = '\0';
}

bool
promo_fail(PromoError *err, PromoErrorCode code, const char *format,...)
{
	va_list		args;

	err->code = code;
	err->detail[0] = '\0';
	err->hint[0] = '\0';
	va_start(args, format);
	format_clipped(err->message, sizeof(err->message), format, args);
	va_end(args);
	return false;
}

bool
promo_detail(PromoError *err, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	format_clipped(err->detail, sizeof(err->detail), format, args);
	va_end(args);
	return false;
}

bool
promo_hint(PromoError *err, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	format_clipped(err->hint, sizeof(err->hint), format, args);
	va_end(args);
	return false;
}

/* ---------------------------------------------------------------- text */

int
promo_text_compare(PromoText a, PromoText b)
{
	uint32_t	shorter = a.len < b.len ? a.len : b.len;
	int			order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void
promo_skip_spaces(const char **p, const char *end)
{
	while (*p < end && is_space(**p))
		(*p)++;
}

PromoText
promo_take_word(const char **p, const char *end, const char *marks)
{
	const char *start;

	promo_skip_spaces(p, end);
	start = *p;
	/* a NUL, which strchr() would find, ends no word */
	while (*p < end && !is_space(**p) && (**p == '\0' || strchr(marks, **p) == NULL))
		(*p)++;
	return (PromoText) {start, (uint32_t) (*p - start)};
}

PromoText
promo_text(const char *literal)
{
	return (PromoText) {literal, (uint32_t) strlen(literal)};
}

/* ---------------------------------------------------------------- hashes */

#define HASH_A	UINT64_C(0x9e3779b97f4a7c15)
#define HASH_B	UINT64_C(0xd6e8feb86659fd93)
#define HASH_C	UINT64_C(0xa0761d6478bd642f)

static inline uint64_t
load64(const char *p)
{
	uint64_t	v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t
load32(const char *p)
{
	uint32_t	v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/* both halves of the product: every bit of a and b reaches every bit */
static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

uint32_t
promo_hash(const char *data, uint32_t len)
{
	uint64_t	state = HASH_A ^ len;
	uint64_t	a;
	uint64_t	b;

	if (len > 16)
	{
		const char *p = data;
		uint32_t	left = len;

		for (; left > 16; p += 16, left -= 16)
			state = mix(load64(p) ^ HASH_B, load64(p + 8) ^ state);
		a = load64(data + len - 16);
		b = load64(data + len - 8);
	}
	else if (len >= 8)
	{
		a = load64(data);
		b = load64(data + len - 8);
	}
	else if (len >= 4)
	{
		a = load32(data);
		b = load32(data + len - 4);
	}
	else if (len > 0)
	{
		a = (uint64_t) (unsigned char) data[0] << 16 |
			(uint64_t) (unsigned char) data[len / 2] << 8 |
			(uint64_t) (unsigned char) data[len - 1];
		b = 0;
	}
	else
		a = b = 0;

	state = mix(mix(a ^ HASH_B, b ^ state), HASH_C);
	return (uint32_t) (state ^ state >> 32);
}

uint64_t
promo_digest(const void *data, size_t len)
{
	const char *p = data;
	size_t		left = len;
	uint64_t	one = HASH_A ^ len;
	uint64_t	two = HASH_B;
	char		tail[16] = {0};

	/* two independent lanes, so that one multiplication does not wait for the other */
	for (; left >= 16; p += 16, left -= 16)
	{
		one = mix(one ^ load64(p), HASH_C);
		two = mix(two ^ load64(p + 8), HASH_A);
	}
	memcpy(tail, p, left);
	one = mix(one ^ load64(tail), HASH_C);
	two = mix(two ^ load64(tail + 8), HASH_A);
	return mix(one ^ HASH_B, two ^ HASH_C);
}

/* ---------------------------------------------------------------- sorting */

void
promo_sort(PromoArena *arena, uint32_t *items, uint32_t n, PromoBefore before, const void *context)
{
	const uint32_t run = 8;
	uint32_t   *from = items;
	uint32_t   *to;

	/* insertion within runs, then merging of runs */
	for (uint32_t start = 0; start < n; start += run)
	{
		uint32_t	end = n - start < run ? n : start + run;

		for (uint32_t i = start + 1; i < end; i++)
		{
			uint32_t	item = items[i];
			uint32_t	j = i;

			for (; j > start && before(context, item, items[j - 1]); j--)
				items[j] = items[j - 1];
			items[j] = item;
		}
	}
	if (n <= run)
		return;
	to = promo_alloc(arena, n * sizeof(uint32_t));
	for (size_t width = run; width < n; width *= 2)
	{
		uint32_t   *swap = from;

		for (size_t start = 0; start < n; start += 2 * width)
		{
			size_t		middle = start + width < n ? start + width : n;
			size_t		end = start + 2 * width < n ? start + 2 * width : n;
			size_t		left = start;
			size_t		right = middle;

			for (size_t k = start; k < end; k++)
			{
				if (right == end ||
					(left < middle && !before(context, from[right], from[left])))
					to[k] = from[left++];
				else
					to[k] = from[right++];
			}
		}
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(uint32_t));
}

uint32_t *
promo_sorted(PromoArena *arena, uint32_t n, PromoBefore before, const void *context)
{
	uint32_t   *items = promo_alloc(arena, n * sizeof(uint32_t));

	for (uint32_t i = 0; i < n; i++)
		items[i] = i;
	promo_sort(arena, items, n, before, context);
	return items;
}

/* ---------------------------------------------------------------- buffers */

void
promo_buffer_init(PromoBuffer *buf, PromoArena *arena)
{
	buf->arena = arena;
	buf->len = 0;
	buf->capacity = 256;
	buf->data = promo_alloc(arena, buf->capacity);
	buf->data[0] = '\0';
}

/* makes room for len more bytes and the final NUL */
static void
reserve(PromoBuffer *buf, size_t len)
{
	size_t		capacity = buf->capacity;

	if (len < capacity - buf->len)
		return;
	while (len >= capacity - buf->len)
		capacity *= 2;
	buf->data = promo_realloc(buf->arena, buf->data, buf->len + 1, capacity);
	buf->capacity = capacity;
}

void
promo_put(PromoBuffer *buf, const void *data, size_t len)
{
	reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
promo_puts(PromoBuffer *buf, const char *s)
{
	promo_put(buf, s, strlen(s));
}

void
promo_putc(PromoBuffer *buf, char c)
{
	promo_put(buf, &c, 1);
}

void
promo_putf(PromoBuffer *buf, const char *format,...)
{
	va_list		args;
	int			len;

	va_start(args, format);
	len = vsnprintf(buf->data + buf->len, buf->capacity - buf->len, format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t) len >= buf->capacity - buf->len)
	{
		buf->data[buf->len] = '\0';
		reserve(buf, len);
		va_start(args, format);
		vsnprintf(buf->data + buf->len, buf->capacity - buf->len, format, args);
		va_end(args);
	}
	buf->len += len;
}

void
promo_put_json_string(PromoBuffer *buf, PromoText text)
{
	uint32_t	plain = 0;		/* where what needs no escape began */

	promo_putc(buf, '"');
	for (uint32_t i = 0; i < text.len; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		promo_put(buf, text.data + plain, i - plain);
		plain = i + 1;
		switch (c)
		{
			case '"':
				promo_puts(buf, "\\\"");
				break;
			case '\\':
				promo_puts(buf, "\\\\");
				break;
			case '\n':
				promo_puts(buf, "\\n");
				break;
			case '\r':
				promo_puts(buf, "\\r");
				break;
			case '\t':
				promo_puts(buf, "\\t");
				break;
			default:
				promo_putf(buf, "\\u%04x", c);
		}
	}
	promo_put(buf, text.data + plain, text.len - plain);
	promo_putc(buf, '"');
}

/* ---------------------------------------------------------------- binary forms */

void
promo_put_u8(PromoBuffer *buf, uint8_t v)
{
	promo_put(buf, &v, 1);
}

static void
put_big_endian(PromoBuffer *buf, uint64_t v, int size)
{
	unsigned char bytes[8];

	for (int i = size - 1; i >= 0; i--, v >>= 8)
		bytes[i] = (unsigned char) v;
	promo_put(buf, bytes, size);
}

void
promo_put_u32(PromoBuffer *buf, uint32_t v)
{
	put_big_endian(buf, v, 4);
}

void
promo_put_i64(PromoBuffer *buf, int64_t v)
{
	put_big_endian(buf, (uint64_t) v, 8);
}

void
promo_put_text(PromoBuffer *buf, PromoText text)
{
	promo_put_u32(buf, text.len);
	promo_put(buf, text.data, text.len);
}

static uint64_t
get_big_endian(PromoReader *r, size_t size)
{
	uint64_t	v = 0;

	if (r->bad || r->len - r->at < size)
	{
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		v = v << 8 | (unsigned char) r->data[r->at++];
	return v;
}

uint8_t
promo_get_u8(PromoReader *r)
{
	return (uint8_t) get_big_endian(r, 1);
}

uint32_t
promo_get_u32(PromoReader *r)
{
	return (uint32_t) get_big_endian(r, 4);
}

int64_t
promo_get_i64(PromoReader *r)
{
	return (int64_t) get_big_endian(r, 8);
}

PromoText
promo_get_bytes(PromoReader *r)
{
	uint32_t	len = promo_get_u32(r);
	PromoText	bytes = {"", 0};

	if (r->bad || r->len - r->at < len)
	{
		r->bad = true;
		return bytes;
	}
	bytes.data = r->data + r->at;
	bytes.len = len;
	r->at += len;
	return bytes;
}

PromoText
promo_get_text(PromoReader *r)
{
	PromoText	text = promo_get_bytes(r);

	if (memchr(text.data, '\0', text.len) == NULL)
		return text;
	r->bad = true;
	return (PromoText) {"", 0};
}

bool
promo_get_version(PromoReader *r, uint8_t newest, const char *type, PromoError *err)
{
	int			version = promo_get_u8(r);

	if (version < 1 || version > newest)
		return promo_fail(err, PROMO_BAD_BINARY, "unsupported %s version number %d", type, version);
	return true;
}

bool
promo_get_end(PromoReader *r, const char *type, PromoError *err)
{
	if (!r->bad && r->at == r->len)
		return true;
	promo_fail(err, PROMO_BAD_BINARY, "invalid external binary form of type %s", type);
	return promo_detail(err, r->bad ? "It ends too early, or a text in it has a NUL byte."
						: "There are bytes behind its end.");
}

bool
promo_get_fail(const char *type, PromoError *err)
{
	char		cause[sizeof(err->message)];

	memcpy(cause, err->message, sizeof(cause));
	if (cause[0] >= 'a' && cause[0] <= 'z')
		cause[0] += 'A' - 'a';
	promo_fail(err, PROMO_BAD_BINARY, "invalid external binary form of type %s", type);
	return promo_detail(err, "%s.", cause);
}
