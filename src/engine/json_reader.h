/*-------------------------------------------------------------------------
 *
 * json_reader.h
 *	  a strict pull reader of JSON that keeps numbers as their text
 *
 * The server's own parser is not to be had in the engine, and it would turn
 * nothing into exact decimals for us either.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_JSON_READER_H
#define PROMO_JSON_READER_H

#include "engine.h"

typedef enum PromoJsonKind
{
	PROMO_JSON_NULL,
	PROMO_JSON_FALSE,
	PROMO_JSON_TRUE,
	PROMO_JSON_NUMBER,			/* text: the number as written */
	PROMO_JSON_STRING,			/* text: unescaped, in arena memory if it had escapes */
	PROMO_JSON_ARRAY,			/* entered: call promo_json_item until false */
	PROMO_JSON_OBJECT			/* entered: call promo_json_member until false */
} PromoJsonKind;

typedef struct PromoJson
{
	PromoArena *arena;
	PromoText	input;
	size_t		at;
	int			depth;
	uint64_t	in_object;		/* a bit per level, for closing brackets */
	uint64_t	not_first;		/* a bit per level, for commas */
	const char *type;			/* name of the SQL type, for messages */
	PromoError *err;
	bool		failed;
} PromoJson;

/* `type` names what is read in "invalid input syntax for type promo.cart" */
extern void promo_json_init(PromoJson *json, PromoArena *arena, PromoText input,
							const char *type, PromoError *err);
/* reads the next value; false if the text is broken (err is set) */
extern bool promo_json_value(PromoJson *json, PromoJsonKind *kind, PromoText *text);
/* moves to the next element or member; false at the end or if failed (check json->failed) */
extern bool promo_json_item(PromoJson *json);
extern bool promo_json_member(PromoJson *json, PromoText *key);
/*
 * Which of the NULL-terminated names a key is; an unknown key, or one whose
 * bit in *seen is set, fails and gives -1.
 */
extern int	promo_json_key(PromoJson *json, PromoText key, const char *const *names,
						   uint64_t *seen);
/* reads a value that must be of this kind; `what` names it: "%s must be a string" */
extern bool promo_json_expect(PromoJson *json, PromoJsonKind kind, const char *what,
							  PromoText *text);
/* reads a number or string, which the server writes numerics as; no data for null */
extern bool promo_json_scalar(PromoJson *json, const char *key, PromoText *text);
/*
 * Such a text as a figure that is not negative; `what` names it.  "NaN" and
 * "Infinity" are numerics out of range, not mistakes of syntax.
 */
extern bool promo_json_figure(PromoText text, int digits, int64_t max, const char *what,
							  int64_t *figure, PromoError *err);
/* reads and ignores one value with all that is in it */
extern bool promo_json_skip(PromoJson *json);
/* nothing but white space is left; otherwise err is set */
extern bool promo_json_end(PromoJson *json);
/* "invalid input syntax for type %s", detail as given; sets failed, returns false */
extern bool promo_json_fail(PromoJson *json, const char *detail_format,...)
			__attribute__((format(printf, 2, 3)));

#endif							/* PROMO_JSON_READER_H */
