/*-------------------------------------------------------------------------
 *
 * promo.h
 *	  what the bindings share: version shims, the engine's memory and errors
 *
 * Differences between server versions live here, with the newer spelling, so
 * that bodies stay free of version tests.  Included after postgres.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_H
#define PROMO_H

#include "fmgr.h"
#include "nodes/nodes.h"
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
/* before 16 there are no soft errors: report hard */
#define errsave(context, ...)	ereport(ERROR, __VA_ARGS__)
#endif

#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#include "engine/engine.h"

/*
 * The engine's arena over the server's memory: what it allocates lies in
 * CurrentMemoryContext, and its long loops can be cancelled.
 */
extern PromoArena promo_arena;

/* Raise what the engine reported. */
pg_noreturn extern void promo_report(const PromoError *err);

/*
 * The same for input functions: where the caller of the input function asked
 * for soft errors (16 and later), saves the error and returns a null datum.
 */
extern Datum promo_report_soft(FunctionCallInfo fcinfo, const PromoError *err);

/* Raises an error for an instant beyond the years that instants are written with. */
extern void promo_check_instant(int64 instant, const char *what);

/*
 * A date argument as a day: infinity is raised as out of range, and so is what
 * is beyond the calendar.  `what` names it: "as_of", "day".
 */
extern int32 promo_day_of_datum(Datum date, const char *what);

static inline PromoText
promo_text_of_cstring(const char *s)
{
	return (PromoText) {s, (uint32_t) strlen(s)};
}

/* The bytes of a text (json, ...) where they lie; copied only if toasted. */
static inline PromoText
promo_text_of_datum(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	return (PromoText) {VARDATA_ANY(value), (uint32_t) VARSIZE_ANY_EXHDR(value)};
}

/* A jsonb as the engine reads it: JSON in the database's encoding, without \u escapes beyond ASCII. */
extern PromoText promo_text_of_jsonb(Datum datum);

extern Datum promo_text_datum(PromoText text);

/* A literal of the engine in the database's encoding; raises an error where it has no such characters. */
extern const char *promo_of_utf8(const char *utf8);

#endif							/* PROMO_H */
