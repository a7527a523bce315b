/*-------------------------------------------------------------------------
 *
 * flat.h
 *	  what the types without a fixed length have in common in SQL
 *
 * They are flat: one block without pointers, canonical, with a length word,
 * a version byte and (all but history) their own size near the front.  So they
 * share their input and output, casts and comparisons, and the door through
 * which a datum becomes a C value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_FLAT_H
#define PROMO_FLAT_H

#include "promo.h"

/*
 * One of the types.  Readers return NULL with err set; what they return has no
 * length word yet.
 */
typedef struct PromoFlat
{
	const char *name;
	uint8		version;
	size_t		size_at;		/* where the value says its own size, uint32; 0 if it does not
								 * but has it in place of the length word when it is made */
	void	   *(*from_text) (PromoText text, PromoError *err);
	void		(*to_text) (PromoBuffer *buf, const void *value);
	void	   *(*from_json) (PromoText json, PromoError *err);
	void		(*to_json) (PromoBuffer *buf, const void *value);
	void	   *(*unpack) (const void *data, size_t len, PromoError *err);
	void		(*pack) (PromoBuffer *buf, const void *value);
} PromoFlat;

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

	if (unlikely(VARSIZE(value) <= VARHDRSZ ||
				 VARSIZE(value) < type->size_at + sizeof(uint32) ||
				 VARDATA(value)[0] != type->version ||
				 (type->size_at > 0 && promo_flat_size(type, value) != VARSIZE(value))))
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

/* The bodies of the types' functions. */
extern Datum promo_flat_in(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_out(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_recv(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_send(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_from_json(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_to_json(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_from_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type);
extern Datum promo_flat_to_jsonb(FunctionCallInfo fcinfo, const PromoFlat *type);

#define PROMO_FLAT_FUNCTION(function, body, type) \
	extern PGDLLEXPORT Datum function(PG_FUNCTION_ARGS); \
	Datum \
	function(PG_FUNCTION_ARGS) \
	{ \
		return body(fcinfo, &type); \
	} \
	PG_FUNCTION_INFO_V1(function)

/*
 * The eight functions of a type, promo_cart_in() and so on, behind the
 * definition of its promo_flat_cart.
 */
#define PROMO_FLAT_FUNCTIONS(name) \
	PROMO_FLAT_FUNCTION(promo_##name##_in, promo_flat_in, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_out, promo_flat_out, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_recv, promo_flat_recv, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_send, promo_flat_send, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_of_json, promo_flat_from_json, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_as_json, promo_flat_to_json, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_of_jsonb, promo_flat_from_jsonb, promo_flat_##name); \
	PROMO_FLAT_FUNCTION(promo_##name##_as_jsonb, promo_flat_to_jsonb, promo_flat_##name)

#endif							/* PROMO_FLAT_H */
