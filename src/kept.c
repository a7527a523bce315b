/*-------------------------------------------------------------------------
 *
 * kept.c
 *	  what a call site makes of an argument once and keeps
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "kept.h"
#include "utils/memutils.h"

void
promo_forget(PromoKept *kept, FunctionCallInfo fcinfo)
{
	kept->key = NULL;
	if (kept->context == NULL)
		kept->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "promo call site",
											  ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(kept->context);
}

void
promo_keep(PromoKept *kept, const struct varlena *value)
{
	struct varlena *key = MemoryContextAlloc(kept->context, VARSIZE_ANY(value));

	memcpy(key, value, VARSIZE_ANY(value));
	kept->key = key;
}

const void *
promo_kept_flat(FunctionCallInfo fcinfo, int arg, const PromoFlat *type, PromoKeptFlat *cache)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(arg);
	MemoryContext old;

	if (!VARATT_IS_EXTENDED(value) ||
		(VARATT_IS_EXTERNAL(value) && !VARATT_IS_EXTERNAL_ONDISK(value)))
		return promo_flat_of_datum(type, PG_GETARG_DATUM(arg));
	if (!promo_is_kept(&cache->kept, value))
	{
		promo_forget(&cache->kept, fcinfo);
		old = MemoryContextSwitchTo(cache->kept.context);
		cache->value = promo_flat_of_datum(type, PG_GETARG_DATUM(arg));
		MemoryContextSwitchTo(old);
		promo_keep(&cache->kept, value);
	}
	return cache->value;
}
