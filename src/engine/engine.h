/*-------------------------------------------------------------------------
 *
 * engine.h
 *	  what every file of the engine shares: memory, errors, text, money
 *
 * The engine is plain C11 and knows no server.  It takes memory from an
 * arena that the caller gives, never frees, and reports mistakes through
 * PromoError instead of jumping, so that the same code runs inside a backend,
 * in a fuzzer and in a unit test.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_ENGINE_H
#define PROMO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* aligned as palloc aligns, and not to 16 bytes as compilers would */
typedef __int128 promo_int128 __attribute__((aligned(8)));

/*
 * Memory.  alloc() returns memory aligned to 8 bytes, not zeroed, and does
 * not return when there is none (palloc raises, a test aborts).  poll() is
 * called in long loops and may not return either; it may be NULL.
 */
typedef struct PromoArena
{
	void	   *(*alloc) (struct PromoArena *arena, size_t size);
	void		(*poll) (struct PromoArena *arena);
	void	   *caller;			/* for alloc(), which may be given a copy of the arena */
	char	   *room;			/* taken first, while it lasts; NULL if there is none */
	char	   *room_end;
} PromoArena;

static inline void *
promo_alloc(PromoArena *arena, size_t size)
{
	char	   *result = arena->room;
	size_t		rounded = (size + 7) & ~(size_t) 7;

	/* nothing, and sizes that wrap when rounded, are 0 here: too much as well */
	if (rounded - 1 >= (size_t) (arena->room_end - result))
		return arena->alloc(arena, size);
	arena->room += rounded;
	return result;
}

extern void *promo_alloc0(PromoArena *arena, size_t size);
extern void *promo_realloc(PromoArena *arena, void *old, size_t old_size, size_t new_size);

/* What kind of mistake it was; the binding maps each to one SQLSTATE. */
typedef enum PromoErrorCode
{
	PROMO_OK = 0,
	PROMO_BAD_SYNTAX,			/* text that does not follow the grammar */
	PROMO_BAD_BINARY,			/* bytes that are no external binary form */
	PROMO_BAD_VALUE,			/* well-formed, but not allowed: duplicates ... */
	PROMO_BAD_NULL,				/* something that must be given is missing */
	PROMO_OUT_OF_RANGE,			/* numbers: negative, too large, too fine */
	PROMO_TOO_MANY,				/* beyond a documented limit */
	PROMO_CORRUPTED				/* stored bytes that were never written so */
} PromoErrorCode;

/*
 * Text is in PostgreSQL's style: message in lower case without a full stop,
 * detail and hint whole sentences (empty if there is none).
 */
typedef struct PromoError
{
	PromoErrorCode code;
	char		message[256];
	char		detail[256];
	char		hint[256];
} PromoError;

/* All return false, so that "return promo_fail(...)" reads well. */
extern bool promo_fail(PromoError *err, PromoErrorCode code, const char *format,...)
			__attribute__((format(printf, 3, 4)));
extern bool promo_detail(PromoError *err, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern bool promo_hint(PromoError *err, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* A run of bytes in the database's encoding; not NUL-terminated. */
typedef struct PromoText
{
	const char *data;
	uint32_t	len;
} PromoText;

static inline bool
promo_text_equal(PromoText a, PromoText b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* bytewise order, independent of any locale */
extern int	promo_text_compare(PromoText a, PromoText b);
/* moves over white space; then also over a word, which ends there or before one of the marks */
extern void promo_skip_spaces(const char **p, const char *end);
extern PromoText promo_take_word(const char **p, const char *end, const char *marks);
/* promo_text("literal") */
extern PromoText promo_text(const char *literal);
/* how many bytes of a text to quote in a message: "%.*s", promo_shown(text), text.data */
extern int	promo_shown(PromoText text);

/* 32-bit hash of a SKU or tag, part of the disk format of cart and ruleset */
extern uint32_t promo_hash(const char *data, uint32_t len);
/* 64-bit digest of a whole image */
extern uint64_t promo_digest(const void *data, size_t len);

/*
 * Sorts numbers, which are indexes of something that `context` leads to, by
 * merging: stable, n log n whatever the input.
 */
typedef bool (*PromoBefore) (const void *context, uint32_t a, uint32_t b);
extern void promo_sort(PromoArena *arena, uint32_t *items, uint32_t n, PromoBefore before,
					   const void *context);
/* the numbers 0 .. n - 1, sorted */
extern uint32_t *promo_sorted(PromoArena *arena, uint32_t n, PromoBefore before,
							  const void *context);

/* A growing string or byte buffer; data is always NUL-terminated. */
typedef struct PromoBuffer
{
	PromoArena *arena;
	char	   *data;
	size_t		len;
	size_t		capacity;
} PromoBuffer;

extern void promo_buffer_init(PromoBuffer *buf, PromoArena *arena);
extern void promo_put(PromoBuffer *buf, const void *data, size_t len);
extern void promo_puts(PromoBuffer *buf, const char *s);
extern void promo_putc(PromoBuffer *buf, char c);
extern void promo_putf(PromoBuffer *buf, const char *format,...)
			__attribute__((format(printf, 2, 3)));
/* "..." with JSON's escapes */
extern void promo_put_json_string(PromoBuffer *buf, PromoText text);

/*
 * External binary forms: fixed fields in network byte order.  The reader
 * never runs past its end: once something was missing, `bad` is set and every
 * further read gives 0 or an empty text.
 */
extern void promo_put_u8(PromoBuffer *buf, uint8_t v);
extern void promo_put_u32(PromoBuffer *buf, uint32_t v);
extern void promo_put_i64(PromoBuffer *buf, int64_t v);
extern void promo_put_text(PromoBuffer *buf, PromoText text);	/* u32 length, bytes */

typedef struct PromoReader
{
	const char *data;
	size_t		len;
	size_t		at;
	bool		bad;
} PromoReader;

extern uint8_t promo_get_u8(PromoReader *r);
extern uint32_t promo_get_u32(PromoReader *r);
extern int64_t promo_get_i64(PromoReader *r);
extern PromoText promo_get_text(PromoReader *r);	/* one without NUL bytes */
extern PromoText promo_get_bytes(PromoReader *r);	/* the same, whatever the bytes are */

/* The version byte that a form begins with, at most `newest`; its end. */
extern bool promo_get_version(PromoReader *r, uint8_t newest, const char *type, PromoError *err);
extern bool promo_get_end(PromoReader *r, const char *type, PromoError *err);
/* turns the mistake in err into PROMO_BAD_BINARY: what was wrong becomes the detail */
extern bool promo_get_fail(const char *type, PromoError *err);

/* ----------------------------------------------------------------
 * Money and quantities: integers, never floating point
 * ----------------------------------------------------------------
 */
#define PROMO_MONEY_DIGITS	4
#define PROMO_MONEY			INT64_C(10000)	/* 1 is held as 10000 */
#define PROMO_MONEY_MAX		(INT64_C(900000000000000) * PROMO_MONEY)
#define PROMO_QTY_DIGITS	3
#define PROMO_QTY			INT64_C(1000)	/* a quantity of 1 is held as 1000 */
#define PROMO_QTY_MAX		(INT64_C(900000000000000) * PROMO_QTY)
#define PROMO_PERCENT_DIGITS 4
#define PROMO_PERCENT		INT64_C(10000)	/* 1 % is held as 10000 */
#define PROMO_WHOLE			(100 * PROMO_PERCENT)	/* 100 % */
#define PROMO_POINTS		INT64_C(10000)	/* a point is held as 10000 */

#define PROMO_MAX_LINES		10000
#define PROMO_MAX_RULES		100000
#define PROMO_MAX_TEXT		1000	/* bytes in a SKU, tag, name or code */

typedef enum PromoRounding
{
	PROMO_HALF_UP = 0,			/* half away from zero */
	PROMO_HALF_EVEN,
	PROMO_DOWN					/* toward zero */
} PromoRounding;

/*
 * Parse a plain decimal ("80", "0.350", "-2.50"; an exponent is accepted
 * where allow_exponent says so, as JSON has them) into an integer scaled by
 * 10^digits.  Exact: more fractional digits than that (other than trailing
 * zeros), or a value beyond +-max, is an error.  `what` names the thing in the
 * message ("price", "quantity").
 */
extern bool promo_parse_decimal(PromoText text, int digits, int64_t max, bool allow_exponent,
								const char *what, int64_t *result, PromoError *err);

/*
 * Print value / 10^digits with at least min_decimals decimals and otherwise no
 * trailing zeros: (800000, 4, 2) is "80.00", (3000, 3, 0) is "3".
 */
extern void promo_put_decimal(PromoBuffer *buf, int64_t value, int digits, int min_decimals);

/* numerator / denominator rounded to a multiple of unit; denominator and unit > 0 */
extern promo_int128 promo_round_ratio(promo_int128 numerator, promo_int128 denominator,
									  int64_t unit, PromoRounding rounding);

/* price x qty, in money, rounded to the unit; false if beyond PROMO_MONEY_MAX */
extern bool promo_round_amount(int64_t price, int64_t qty, int64_t unit, PromoRounding rounding,
							   int64_t *amount);

static inline bool
promo_line_amount(int64_t price, int64_t qty, int64_t unit, PromoRounding rounding, int64_t *amount)
{
	int64_t		whole = qty / PROMO_QTY;

	/* the usual line: whole units at a price in whole units of money */
	if (whole * PROMO_QTY == qty && price % unit == 0)
		return !__builtin_mul_overflow(price, whole, amount) && *amount <= PROMO_MONEY_MAX;
	return promo_round_amount(price, qty, unit, rounding, amount);
}

/* percent of an amount (both not negative), rounded to the unit */
extern int64_t promo_percent_of(int64_t amount, int64_t percent, int64_t unit, PromoRounding rounding);

/*
 * Split `amount` (a multiple of unit) over n weights by largest remainder:
 * nothing beyond caps[i] (multiples of unit; caps may be NULL), what a cap
 * blocks goes to the others in proportion, remainders go one unit each to the
 * largest, ties to the earlier.  Weights, amount and caps are not negative.
 * Returns what was given out: amount, or less where all caps are reached or
 * every weight is 0.  shares[] may not overlap weights or caps.
 */
#define PROMO_APPORTION_SIZE	16	/* bytes that it takes from the arena for each weight, at most */
extern int64_t promo_apportion(PromoArena *arena, int64_t amount, int n, const int64_t *weights,
							   const int64_t *caps, int64_t unit, int64_t *shares);

#endif							/* PROMO_ENGINE_H */
