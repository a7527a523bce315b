/*-------------------------------------------------------------------------
 *
 * cart.c
 *	  the type promo.cart: the lines of one order
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "engine/cart_value.h"
#include "pricing/flat.h"

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

PG_FUNCTION_INFO_V1(promo_cart_in);
Datum
promo_cart_in(PG_FUNCTION_ARGS)
{
	return promo_flat_in(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_out);
Datum
promo_cart_out(PG_FUNCTION_ARGS)
{
	return promo_flat_out(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_recv);
Datum
promo_cart_recv(PG_FUNCTION_ARGS)
{
	return promo_flat_recv(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_send);
Datum
promo_cart_send(PG_FUNCTION_ARGS)
{
	return promo_flat_send(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_of_json);
Datum
promo_cart_of_json(PG_FUNCTION_ARGS)
{
	return promo_flat_from_json(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_as_json);
Datum
promo_cart_as_json(PG_FUNCTION_ARGS)
{
	return promo_flat_to_json(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_of_jsonb);
Datum
promo_cart_of_jsonb(PG_FUNCTION_ARGS)
{
	return promo_flat_from_jsonb(fcinfo, &promo_flat_cart);
}

PG_FUNCTION_INFO_V1(promo_cart_as_jsonb);
Datum
promo_cart_as_jsonb(PG_FUNCTION_ARGS)
{
	return promo_flat_to_jsonb(fcinfo, &promo_flat_cart);
}
