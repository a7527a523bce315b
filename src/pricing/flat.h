/*-------------------------------------------------------------------------
 *
 * flat.h
 *	  what cart, rule, ruleset and quote have in common as SQL types
 *
 * All four are flat: one block without pointers, canonical, with a length
 * word, a version byte and its own size near the front.  So they share their
 * input and output, casts and comparisons, and the door through which a datum
 * becomes a C value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_FLAT_H
#define PROMO_FLAT_H

#include "promo.h"

/*
 * One of the four types.  Readers return NULL with err set; what they return
 * has no length word yet.
 */
typedef struct PromoFlat
{
	const char *name;
	uint8		version;
	size_t		size_at;		/* where the value says its own size, uint32 */
	void	   *(*from_text) (PromoText text, PromoError *err);
	void		(*to_text) (PromoBuffer *buf, const void *value);
	void	   *(*from_json) (PromoText json, PromoError *err);
	void		(*to_json) (PromoBuffer *buf, const void *value);
	void	   *(*unpack) (const void *data, size_t len, PromoError *err);
	void		(*pack) (PromoBuffer *buf, const void *value);
} PromoFlat;

extern const PromoFlat promo_flat_cart;
extern const PromoFlat promo_flat_rule;
extern const PromoFlat promo_flat_ruleset;
extern const PromoFlat promo_flat_quote;

/* raises DATA_CORRUPTED: an unknown version, or a size that is not the datum's */
pg_noreturn extern void promo_flat_corrupted(const PromoFlat *type, const void *value);

static inline uint32
promo_flat_size(const PromoFlat *type, const void *value)
{
	return *(const uint32 *) ((const char *) value + type->size_at);
}

/* The door: plain values are used where they lie, others are detoasted. */
static inline const void *
promo_flat_of_datum(const PromoFlat *type, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM(datum);

	if (unlikely(VARSIZE(value) < type->size_at + sizeof(uint32) ||
				 VARDATA(value)[0] != type->version ||
				 promo_flat_size(type, value) != VARSIZE(value)))
		promo_flat_corrupted(type, value);
	return value;
}

/* Gives a value that the engine has made its length word. */
static inline Datum
promo_flat_datum(const PromoFlat *type, void *value)
{
	SET_VARSIZE(value, promo_flat_size(type, value));
	return PointerGetDatum(value);
}

#define DatumGetPromoCartP(d)	((const PromoCart *) promo_flat_of_datum(&promo_flat_cart, d))
#define DatumGetPromoRuleP(d)	((const PromoRule *) promo_flat_of_datum(&promo_flat_rule, d))
#define DatumGetPromoRulesetP(d) ((const PromoRuleset *) promo_flat_of_datum(&promo_flat_ruleset, d))
#define DatumGetPromoQuoteP(d)	((const PromoQuote *) promo_flat_of_datum(&promo_flat_quote, d))

#define PG_GETARG_PROMO_CART_P(n)	DatumGetPromoCartP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_RULE_P(n)	DatumGetPromoRuleP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_RULESET_P(n) DatumGetPromoRulesetP(PG_GETARG_DATUM(n))
#define PG_GETARG_PROMO_QUOTE_P(n)	DatumGetPromoQuoteP(PG_GETARG_DATUM(n))

/* The bodies of the four types' functions. */
extern Datum promo_flat_in(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_out(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_recv(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_send(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_from_json(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_to_json(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_from_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_to_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type);

#endif							/* PROMO_FLAT_H */
