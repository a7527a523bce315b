/*-------------------------------------------------------------------------
 *
 * kept.h
 *	  what a call site makes of an argument once and keeps
 *
 * An argument that is the same in every row is unpacked once.  It is found
 * again by comparing the argument's bytes (of a toasted value those of its
 * pointer), never by trusting that an argument stays what it was: in PL/pgSQL
 * a call site outlives the values of its variables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PROMO_KEPT_H
#define PROMO_KEPT_H

#include "flat.h"

/* One unpacked argument, found again by the bytes that it was unpacked from. */
typedef struct PromoKept
{
	MemoryContext context;		/* of key and of what was made; NULL before the first */
	struct varlena *key;		/* NULL if there is none */
} PromoKept;

static inline bool
promo_is_kept(const PromoKept *kept, const struct varlena *value)
{
	return kept->key != NULL && VARSIZE_ANY(kept->key) == VARSIZE_ANY(value) &&
		memcmp(kept->key, value, VARSIZE_ANY(value)) == 0;
}

/*
 * An argument as its bytes are compared.  A pointer to a stored value stands
 * for the value; other pointers do not, and are followed.
 */
static inline struct varlena *
promo_kept_arg(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(arg);

	if (VARATT_IS_EXTERNAL(value) && !VARATT_IS_EXTERNAL_ONDISK(value))
		value = PG_DETOAST_DATUM(PointerGetDatum(value));
	return value;
}

/* forgets the old value; the new one is to be made in kept->context */
extern void promo_forget(PromoKept *kept, FunctionCallInfo fcinfo);
/* the new value is whole: from now on it is found by these bytes */
extern void promo_keep(PromoKept *kept, const struct varlena *value);

/* One argument of a flat type. */
typedef struct PromoKeptFlat
{
	PromoKept	kept;
	const void *value;
} PromoKeptFlat;

/* A plain value needs no keeping: it is used where it lies. */
extern const void *promo_kept_flat(FunctionCallInfo fcinfo, int arg, const PromoFlat *type,
								   PromoKeptFlat *cache);

/* A struct for the call site, zeroed when it is made. */
static inline void *
promo_call_site(FunctionCallInfo fcinfo, Size size)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, size);
	return fcinfo->flinfo->fn_extra;
}

#endif							/* PROMO_KEPT_H */
