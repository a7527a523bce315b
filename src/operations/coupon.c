/*-------------------------------------------------------------------------
 *
 * coupon.c
 *	  codes of coupons: random ones, and how typed ones are read
 *
 * Crockford's base 32 leaves out I, L, O and U: what looks alike on paper is
 * read as the digit.  80 random bits are 16 characters; who guesses a billion
 * codes against a million live ones hits one with a chance below 1e-9.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "promo.h"
#include "utils/builtins.h"

#define RANDOM_BYTES	10
#define GROUP			4		/* characters between two hyphens */
#define CODE_CHARS		(RANDOM_BYTES * 8 / 5)
#define CODE_LEN		(CODE_CHARS + CODE_CHARS / GROUP - 1)

PG_FUNCTION_INFO_V1(promo_random_code);
Datum
promo_random_code(PG_FUNCTION_ARGS)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8		bytes[RANDOM_BYTES];
	char		code[CODE_LEN];
	char	   *to = code;

	if (!pg_strong_random(bytes, RANDOM_BYTES))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random bits")));
	for (int i = 0; i < CODE_CHARS; i++)
	{
		int			bit = i * 5;
		int			pair = bytes[bit / 8] << 8 | (bit / 8 + 1 < RANDOM_BYTES ? bytes[bit / 8 + 1] : 0);

		if (i > 0 && i % GROUP == 0)
			*to++ = '-';
		*to++ = digits[pair >> (11 - bit % 8) & 31];
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(code, CODE_LEN));
}

/*
 * What a typed code is compared by: ASCII capitals without hyphens and spaces,
 * O as 0, I and L as 1.  Works on bytes: no byte of another character of a
 * server encoding is an ASCII one.
 */
PG_FUNCTION_INFO_V1(promo_plain_code);
Datum
promo_plain_code(PG_FUNCTION_ARGS)
{
	PromoText	typed = promo_text_of_datum(PG_GETARG_DATUM(0));
	char	   *plain = palloc(typed.len + 1);
	int			len = 0;

	for (uint32 i = 0; i < typed.len; i++)
	{
		char		c = pg_ascii_toupper((unsigned char) typed.data[i]);

		if (c == '-' || c == ' ')
			continue;
		plain[len++] = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(plain, len));
}
