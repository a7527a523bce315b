/*-------------------------------------------------------------------------
 *
 * cart.c
 *	  the type promo.cart: the lines of one order
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/cart_value.h"
#include "pricing/values.h"

static void *
from_json(PromoText json, PromoError *err)
{
	return promo_cart_from_json(&promo_arena, json, err);
}

static void
to_json(PromoBuffer *buf, const void *value)
{
	promo_cart_to_json(buf, value);
}

static void *
unpack(const void *data, size_t len, PromoError *err)
{
	return promo_cart_unpack(&promo_arena, data, len, err);
}

static void
pack(PromoBuffer *buf, const void *value)
{
	promo_cart_pack(buf, value);
}

const PromoFlat promo_flat_cart = {
	.name = "promo.cart",
	.version = PROMO_CART_VERSION,
	.size_at = offsetof(PromoCart, size),
	.from_text = from_json,
	.to_text = to_json,
	.from_json = from_json,
	.to_json = to_json,
	.unpack = unpack,
	.pack = pack
};

PROMO_FLAT_FUNCTIONS(cart);
