/*-------------------------------------------------------------------------
 *
 * rfm_scores.c
 *	  scores of recency, frequency and monetary as text and JSON
 *
 *-------------------------------------------------------------------------
 */
#include "calendar.h"
#include "json_reader.h"
#include "rfm_model.h"

static const char *const score_keys[] = {"r", "f", "m", NULL};

bool
promo_check_rfm(int64_t r, int64_t f, int64_t m, PromoError *err)
{
	const int64_t scores[] = {r, f, m};

	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
		if (scores[i] < 1 || scores[i] > PROMO_RFM_MAX_LEVELS)
		{
			promo_fail(err, PROMO_OUT_OF_RANGE, "score %s = %lld is out of range",
					   score_keys[i], (long long) scores[i]);
			return promo_detail(err, "Scores are from 1 to %d.", PROMO_RFM_MAX_LEVELS);
		}
	return true;
}

void
promo_rfm_print(PromoBuffer *buf, uint32_t scores)
{
	promo_putf(buf, "%u-%u-%u", (unsigned) PROMO_RFM_R(scores), (unsigned) PROMO_RFM_F(scores),
			   (unsigned) PROMO_RFM_M(scores));
}

/* Three numbers without sign, space or leading zero, with a hyphen between them. */
bool
promo_rfm_parse(PromoText text, uint32_t *scores, PromoError *err)
{
	int64_t		score[PROMO_RFM_FIGURES] = {0, 0, 0};
	uint32_t	at = 0;

	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
	{
		uint32_t	start;

		if (i > 0 && (at == text.len || text.data[at++] != '-'))
			break;
		start = at;
		while (at < text.len && at < start + 9 && promo_is_digit(text.data[at]))
			score[i] = score[i] * 10 + (text.data[at++] - '0');
		if (at == start || text.data[start] == '0')
			break;
		if (i == PROMO_MONETARY && at == text.len)
		{
			if (!promo_check_rfm(score[0], score[1], score[2], err))
				return false;
			*scores = promo_rfm((uint32_t) score[0], (uint32_t) score[1], (uint32_t) score[2]);
			return true;
		}
	}
	promo_fail(err, PROMO_BAD_SYNTAX, "invalid input syntax for type promo.rfm: \"%.*s\"",
			   promo_shown(text), text.data);
	return promo_hint(err, "Give the scores of recency, frequency and monetary as in 5-4-3.");
}

void
promo_rfm_to_json(PromoBuffer *buf, uint32_t scores)
{
	promo_putf(buf, "{\"r\":%u,\"f\":%u,\"m\":%u}", (unsigned) PROMO_RFM_R(scores),
			   (unsigned) PROMO_RFM_F(scores), (unsigned) PROMO_RFM_M(scores));
}

bool
promo_rfm_from_json(PromoArena *arena, PromoText text, uint32_t *scores, PromoError *err)
{
	int64_t		score[PROMO_RFM_FIGURES];
	PromoText	values[PROMO_RFM_FIGURES] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	PromoText	key;
	PromoJson	json;
	uint64_t	seen = 0;

	promo_json_init(&json, arena, text, "promo.rfm", err);
	if (!promo_json_expect(&json, PROMO_JSON_OBJECT, "A score", &key))
		return false;
	while (promo_json_member(&json, &key))
	{
		int			which = promo_json_key(&json, key, score_keys, &seen);

		if (which < 0 || !promo_json_scalar(&json, score_keys[which], &values[which]))
			return false;
	}
	if (!promo_json_end(&json))
		return false;
	for (int i = 0; i < PROMO_RFM_FIGURES; i++)
	{
		if (values[i].data == NULL)
			return promo_fail(err, PROMO_BAD_NULL, "%s of a score is missing", score_keys[i]);
		if (!promo_json_figure(values[i], 0, INT32_MAX, score_keys[i], &score[i], err))
			return false;
	}
	if (!promo_check_rfm(score[0], score[1], score[2], err))
		return false;
	*scores = promo_rfm((uint32_t) score[0], (uint32_t) score[1], (uint32_t) score[2]);
	return true;
}
