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
