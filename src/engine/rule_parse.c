/*-------------------------------------------------------------------------
 *
 * rule_parse.c
 *	  the rule language: text to the flat rule
 *
 *		rule := tier {, tier} [on SCOPE] {clause}
 *		tier := [condition] action
 *
 * A parser by descent with one token of lookahead.  Every word that is looked
 * for is noted, so that an error can say what would have fitted.  What is read
 * is gathered in a draft; lay_out() is the only maker of rules.
 *
 *-------------------------------------------------------------------------
 */
#include "rule_words.h"

#define MAX_TIERS	100
#define MAX_CLAUSES	100			/* of `for`, of `when`, and items of `hours` */
#define MAX_NAMES	10000		/* in one list */
#define MAX_ALL_NAMES 100000	/* in a rule, so that its memory is bounded */
#define MAX_UNITS	INT64_C(900000000000)

/* ----------------------------------------------------------------
 * Words
 * ----------------------------------------------------------------
 */

/* The keywords, and behind them what else can be expected in a place. */
typedef enum Word
{
	NO_WORD = 0,
	WORD_SAVE, WORD_EACH, WORD_PRICE, WORD_TOTAL, WORD_SPEND, WORD_OVER, WORD_EVERY,
	WORD_UNITS, WORD_UNIT, WORD_BUY, WORD_SET, WORD_GET, WORD_FREE, WORD_OF, WORD_SKU,
	WORD_ADD, WORD_AT, WORD_GIFT, WORD_SHIPPING, WORD_EARN, WORD_POINTS, WORD_ON, WORD_TAG,
	WORD_ALL, WORD_ORDER, WORD_EXCEPT, WORD_DISCOUNTED, WORD_FOR, WORD_CODE, WORD_WHEN,
	WORD_DAYS, WORD_HOURS, WORD_MAX, WORD_LIMIT, WORD_PER, WORD_LINE, WORD_TIMES, WORD_FLOOR,
	WORD_MARGIN, WORD_STACK, WORD_EXCLUSIVE, WORD_GROUP, WORD_STOP, WORD_GRADUATED,
	WORD_DEAREST, WORD_CHEAPEST, WORD_LIST, WORD_RUNNING,
	LAST_KEYWORD = WORD_RUNNING,
	A_SKU, A_TAG, A_CODE, A_GROUP, AN_AMOUNT, A_PERCENTAGE, A_COUNT, A_FACTOR, A_DAY, AN_HOUR,
	A_PERCENT_SIGN, A_COMMA, A_CLAUSE, THE_END,
	LAST_WORD = THE_END
} Word;

static const char *const words[] = {
	[WORD_SAVE] = "save", [WORD_EACH] = "each", [WORD_PRICE] = "price",
	[WORD_TOTAL] = "total", [WORD_SPEND] = "spend", [WORD_OVER] = "over",
	[WORD_EVERY] = "every", [WORD_UNITS] = "units", [WORD_UNIT] = "unit",
	[WORD_BUY] = "buy", [WORD_SET] = "set", [WORD_GET] = "get", [WORD_FREE] = "free",
	[WORD_OF] = "of", [WORD_SKU] = "sku", [WORD_ADD] = "add", [WORD_AT] = "at",
	[WORD_GIFT] = "gift", [WORD_SHIPPING] = "shipping", [WORD_EARN] = "earn",
	[WORD_POINTS] = "points", [WORD_ON] = "on", [WORD_TAG] = "tag", [WORD_ALL] = "all",
	[WORD_ORDER] = "order", [WORD_EXCEPT] = "except", [WORD_DISCOUNTED] = "discounted",
	[WORD_FOR] = "for", [WORD_CODE] = "code", [WORD_WHEN] = "when", [WORD_DAYS] = "days",
	[WORD_HOURS] = "hours", [WORD_MAX] = "max", [WORD_LIMIT] = "limit", [WORD_PER] = "per",
	[WORD_LINE] = "line", [WORD_TIMES] = "times", [WORD_FLOOR] = "floor",
	[WORD_MARGIN] = "margin", [WORD_STACK] = "stack", [WORD_EXCLUSIVE] = "exclusive",
	[WORD_GROUP] = "group", [WORD_STOP] = "stop", [WORD_GRADUATED] = "graduated",
	[WORD_DEAREST] = "dearest", [WORD_CHEAPEST] = "cheapest", [WORD_LIST] = "list",
	[WORD_RUNNING] = "running",
	[A_SKU] = "a SKU", [A_TAG] = "a tag", [A_CODE] = "a code", [A_GROUP] = "a group's name",
	[AN_AMOUNT] = "an amount", [A_PERCENTAGE] = "a percentage", [A_COUNT] = "a whole number",
	[A_FACTOR] = "a factor such as x2", [A_DAY] = "a day such as mon",
	[AN_HOUR] = "hours such as 22:00-02:00", [A_PERCENT_SIGN] = "\"%\"",
	[A_COMMA] = "a comma", [A_CLAUSE] = "a clause", [THE_END] = "the end"
};

_Static_assert(LAST_WORD < 64, "sets of words are 64 bits");

#define BIT(word) (UINT64_C(1) << (word))

#define CLAUSES \
	(BIT(WORD_FOR) | BIT(WORD_CODE) | BIT(WORD_WHEN) | BIT(WORD_DAYS) | BIT(WORD_HOURS) | \
	 BIT(WORD_MAX) | BIT(WORD_LIMIT) | BIT(WORD_TIMES) | BIT(WORD_FLOOR) | BIT(WORD_MARGIN) | \
	 BIT(WORD_STACK) | BIT(WORD_EXCLUSIVE) | BIT(WORD_GROUP) | BIT(WORD_STOP) | \
	 BIT(WORD_GRADUATED) | BIT(WORD_DEAREST) | BIT(WORD_CHEAPEST) | BIT(WORD_OF) | \
	 BIT(WORD_EXCEPT))
#define REPEATABLE_CLAUSES (BIT(WORD_FOR) | BIT(WORD_WHEN) | BIT(WORD_EXCEPT))
#define GOODS_CLAUSES \
	(BIT(WORD_LIMIT) | BIT(WORD_FLOOR) | BIT(WORD_MARGIN) | BIT(WORD_GRADUATED) | \
	 BIT(WORD_DEAREST) | BIT(WORD_CHEAPEST))
#define NAMES (BIT(A_SKU) | BIT(A_TAG) | BIT(A_CODE) | BIT(A_GROUP))
#define NUMBERS (BIT(AN_AMOUNT) | BIT(A_PERCENTAGE) | BIT(A_COUNT))

const char *const promo_day_names[7] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const char *const long_day_names[7] = {
	"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"
};

static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* the text is this word, whatever its case */
static bool
is_word(PromoText text, const char *word)
{
	uint32_t	i;

	for (i = 0; i < text.len && word[i] != '\0'; i++)
		if (fold(text.data[i]) != word[i])
			return false;
	return i == text.len && word[i] == '\0';
}

static Word
find_keyword(PromoText text)
{
	for (int word = NO_WORD + 1; word <= LAST_KEYWORD; word++)
		if (is_word(text, words[word]))
			return word == WORD_UNIT ? WORD_UNITS : (Word) word;
	return NO_WORD;
}

/* ----------------------------------------------------------------
 * Tokens
 * ----------------------------------------------------------------
 */

typedef enum TokenKind
{
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_PERCENT,
	TOKEN_OTHER,				/* a character that the language does not use */
	TOKEN_BAD					/* the error is set; fits nowhere */
} TokenKind;

typedef struct Token
{
	TokenKind	kind;
	Word		word;			/* of TOKEN_WORD, if it is a keyword */
	PromoText	text;			/* of words: without quotes, colons narrowed */
	size_t		start;			/* where it lies in the parser's text */
	size_t		end;
} Token;

typedef struct Parser
{
	PromoArena *arena;
	PromoError *err;
	PromoText	text;
	size_t		rule_start;		/* of the rule that is being read */
	Token		token;			/* the next one, not yet taken */
	uint64_t	expected;		/* words that were looked for in its place */
	uint32_t	nnames;			/* read in this rule */
} Parser;

/* how many bytes to show of a text: some characters, at most three times as many bytes */
static int
clip(PromoText text, int max_chars)
{
	uint32_t	max = 3 * (uint32_t) max_chars;
	uint32_t	i = 0;

	for (; i < text.len && i < max; i++)
		if (((unsigned char) text.data[i] & 0xc0) != 0x80 && max_chars-- == 0)
			return (int) i;
	while (i > 0 && i < text.len && ((unsigned char) text.data[i] & 0xc0) == 0x80)
		i--;
	return (int) i;
}

static PromoText
rule_text(const Parser *p)
{
	return (PromoText) {p->text.data + p->rule_start, (uint32_t) (p->text.len - p->rule_start)};
}

/* the place of a token in its rule, in characters, from 1 */
static int
position(const Parser *p, const Token *token)
{
	int			chars = 1;

	for (size_t i = p->rule_start; i < token->start; i++)
		chars += ((unsigned char) p->text.data[i] & 0xc0) != 0x80;
	return chars;
}

static bool
fail_syntax(Parser *p)
{
	PromoText	text = rule_text(p);

	return promo_fail(p->err, PROMO_BAD_SYNTAX, "invalid input syntax for type promo.rule: \"%.*s\"",
					  clip(text, 60), text.data);
}

/* adds to an error which part of the rule it is about */
static bool
locate(Parser *p, const Token *token)
{
	PromoText	text = rule_text(p);

	return promo_detail(p->err, "It is at position %d of the rule \"%.*s\".",
						position(p, token), clip(text, 60), text.data);
}

static bool
too_many(Parser *p, int max, const char *what)
{
	promo_fail(p->err, PROMO_TOO_MANY, "a rule has more than %d %s", max, what);
	return locate(p, &p->token);
}

/*
 * The character at a place, and its length in bytes.  Full-width punctuation
 * and the ideographic space read as their ASCII forms.
 */
static unsigned char
char_at(PromoText text, size_t at, size_t *len)
{
	static const struct
	{
		char		wide[4];
		char		narrow;
	}			forms[] = {
		{"\xef\xbc\x8c", ','}, {"\xef\xbc\x9b", ';'}, {"\xef\xbc\x9a", ':'},
		{"\xef\xbc\x85", '%'}, {"\xef\xbc\x88", '('}, {"\xef\xbc\x89", ')'},
		{"\xe3\x80\x80", ' '}
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
	{
		if (text.len - at >= 3 && memcmp(text.data + at, forms[i].wide, 3) == 0)
		{
			*len = 3;
			return (unsigned char) forms[i].narrow;
		}
	}
	*len = 1;
	return (unsigned char) text.data[at];
}

static bool
is_word_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_' || c == '.' || c == ':' || c == '-' || c >= 0x80;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* where the run of word characters ends; *narrowed if some were full-width */
static size_t
end_of_word(PromoText text, size_t at, bool *narrowed)
{
	size_t		len;

	*narrowed = false;
	while (at < text.len && is_word_char(char_at(text, at, &len)))
	{
		*narrowed |= len > 1;
		at += len;
	}
	return at;
}

/* makes the token bad, with the error set */
static void
bad_token(Parser *p, Token *token, const char *detail)
{
	fail_syntax(p);
	promo_detail(p->err, "At position %d: %s", position(p, token), detail);
	token->kind = TOKEN_BAD;
}

static void
read_bare_word(Parser *p, Token *token)
{
	bool		narrowed;

	token->kind = TOKEN_WORD;
	token->end = end_of_word(p->text, token->start, &narrowed);
	token->text.data = p->text.data + token->start;
	token->text.len = (uint32_t) (token->end - token->start);
	if (narrowed)
	{
		char	   *copy = promo_alloc(p->arena, token->text.len);
		uint32_t	n = 0;
		size_t		len;

		for (size_t at = token->start; at < token->end; at += len)
			copy[n++] = (char) char_at(p->text, at, &len);
		token->text = (PromoText) {copy, n};
	}
	token->word = find_keyword(token->text);
}

/* single quotes, doubled inside */
static void
read_quoted_word(Parser *p, Token *token)
{
	PromoText	text = p->text;
	size_t		at = token->start + 1;
	bool		doubled = false;
	char	   *copy;
	uint32_t	n = 0;

	for (; at < text.len && text.data[at] != '\0'; at++)
	{
		if (text.data[at] != '\'')
			continue;
		if (at + 1 == text.len || text.data[at + 1] != '\'')
			break;
		doubled = true;
		at++;
	}
	if (at == text.len || text.data[at] != '\'')
	{
		bad_token(p, token, "the quote is not closed.");
		return;
	}
	token->kind = TOKEN_QUOTED;
	token->end = at + 1;
	token->text.data = text.data + token->start + 1;
	token->text.len = (uint32_t) (at - token->start - 1);
	if (token->text.len == 0)
		bad_token(p, token, "a quoted word must not be empty.");
	if (!doubled)
		return;
	copy = promo_alloc(p->arena, token->text.len);
	for (uint32_t i = 0; i < token->text.len; i++)
	{
		copy[n++] = token->text.data[i];
		if (token->text.data[i] == '\'')
			i++;
	}
	token->text = (PromoText) {copy, n};
}

/* takes the token, and reads the next one */
static void
advance(Parser *p)
{
	Token	   *token = &p->token;
	size_t		at = token->end;
	size_t		len = 1;
	unsigned char c = 0;

	if (token->kind == TOKEN_BAD)
		return;
	p->expected = 0;
	while (at < p->text.len && is_space(c = char_at(p->text, at, &len)))
		at += len;
	memset(token, 0, sizeof(*token));
	token->start = at;
	token->end = at + len;
	if (at == p->text.len)
	{
		token->kind = TOKEN_END;
		token->end = at;
	}
	else if (c == '\'')
		read_quoted_word(p, token);
	else if (is_word_char(c))
		read_bare_word(p, token);
	else if (c == ',')
		token->kind = TOKEN_COMMA;
	else if (c == ';')
		token->kind = TOKEN_SEMICOLON;
	else if (c == '%')
		token->kind = TOKEN_PERCENT;
	else
		token->kind = TOKEN_OTHER;
	if (token->text.len > PROMO_MAX_TEXT)
	{
		promo_fail(p->err, PROMO_TOO_MANY, "a word in a rule is longer than %d bytes",
				   PROMO_MAX_TEXT);
		locate(p, token);
		token->kind = TOKEN_BAD;
	}
}

bool
promo_is_bare_word(PromoText text)
{
	bool		narrowed;

	return text.len > 0 && end_of_word(text, 0, &narrowed) == text.len && !narrowed &&
		find_keyword(text) == NO_WORD;
}

/* ----------------------------------------------------------------
 * Errors
 * ----------------------------------------------------------------
 */

/* how many letters must change, come or go to make one word of the other */
static uint32_t
edit_distance(PromoText text, const char *word)
{
	uint32_t	row[16];
	uint32_t	len = (uint32_t) strlen(word);

	for (uint32_t j = 0; j <= len; j++)
		row[j] = j;
	for (uint32_t i = 0; i < text.len; i++)
	{
		uint32_t	diagonal = row[0];

		row[0] = i + 1;
		for (uint32_t j = 0; j < len; j++)
		{
			uint32_t	best = diagonal + (fold(text.data[i]) != word[j]);

			diagonal = row[j + 1];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > diagonal + 1)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[len];
}

/* of the keywords that would fit, the one most like this word, or NO_WORD */
static Word
nearest_keyword(PromoText text, uint64_t expected)
{
	Word		nearest = NO_WORD;
	uint32_t	best = text.len < 5 ? 2 : 3;	/* must be nearer than this */

	if (text.len > 15)
		return NO_WORD;
	for (int word = NO_WORD + 1; word <= LAST_KEYWORD; word++)
	{
		uint32_t	distance;

		if (!(expected & BIT(word)))
			continue;
		distance = edit_distance(text, words[word]);
		if (distance < best)
		{
			best = distance;
			nearest = (Word) word;
		}
	}
	return nearest;
}

static void
hint_at_mistake(Parser *p)
{
	const Token *token = &p->token;
	Word		nearest = NO_WORD;

	if (token->kind == TOKEN_WORD && token->word == NO_WORD)
		nearest = nearest_keyword(token->text, p->expected);

	if (nearest != NO_WORD)
		promo_hint(p->err, "Perhaps \"%s\" is meant.", words[nearest]);
	else if (token->word != NO_WORD && (p->expected & NAMES))
		promo_hint(p->err, "A name that is also a keyword is written in quotes: '%.*s'.",
				   (int) token->text.len, token->text.data);
	else if (token->kind == TOKEN_COMMA && p->expected & BIT(WORD_SAVE))
		promo_hint(p->err, "A condition and its action follow each other without a comma, "
				   "as in spend 200 save 30.");
	else if (token->kind == TOKEN_SEMICOLON)
		promo_hint(p->err, "Several rules separated by \";\" make a promo.ruleset.");
	else if (p->expected == BIT(WORD_EACH))
		promo_hint(p->err, "A new price of the whole group is written as \"total\".");
	else if (token->word == WORD_ON && (p->expected & BIT(WORD_EXCEPT)))
		promo_hint(p->err, "The scope of a rule comes directly after its tiers.");
	else if (p->expected & NUMBERS)
		promo_hint(p->err, "Numbers are plain digits with a decimal point, such as 200 or 9.90.");
	else if (p->expected & BIT(WORD_EXCEPT))
		promo_hint(p->err, "Clauses are for, code, when, days, hours, max, limit, times, floor, "
				   "margin, stack, exclusive, group, stop, graduated, dearest, cheapest, of list, "
				   "of running and except.");
}

/* the next token does not fit: says what would */
static bool
unexpected(Parser *p)
{
	const Token *token = &p->token;
	uint64_t	expected = p->expected;
	PromoText	found = {p->text.data + token->start, (uint32_t) (token->end - token->start)};
	PromoBuffer list;

	if (token->kind == TOKEN_BAD)
		return false;
	promo_buffer_init(&list, p->arena);
	if ((expected & CLAUSES) == CLAUSES)
		expected = (expected & ~CLAUSES) | BIT(A_CLAUSE);
	for (int word = NO_WORD + 1; word <= LAST_WORD; word++)
	{
		if (!(expected & BIT(word)))
			continue;
		expected &= ~BIT(word);
		if (list.len > 0)
			promo_puts(&list, expected == 0 ? " or " : ", ");
		promo_putf(&list, word > LAST_KEYWORD ? "%s" : "\"%s\"", words[word]);
	}
	fail_syntax(p);
	if (token->kind == TOKEN_END)
		promo_detail(p->err, "At position %d (end of text): expected %s.",
					 position(p, token), list.data);
	else
		promo_detail(p->err, "At position %d (\"%.*s\"): expected %s.",
					 position(p, token), clip(found, 20), found.data, list.data);
	hint_at_mistake(p);
	return false;
}

/* a rule that reads well but means nothing; `token` is where */
static bool
misuse(Parser *p, const Token *token, const char *message)
{
	promo_fail(p->err, PROMO_BAD_SYNTAX, "%s", message);
	return locate(p, token);
}

/* ----------------------------------------------------------------
 * What is read, before it is laid out
 * ----------------------------------------------------------------
 */

typedef struct Names
{
	PromoText  *items;
	uint32_t	n;
} Names;

/* The slices of `flat` are filled by lay_out(), here and below. */
typedef struct DraftScope
{
	PromoScope	flat;
	Names		names;
	Names		except_skus;
	Names		except_tags;
} DraftScope;

typedef struct DraftTier
{
	PromoTier	flat;
	Names		skus;
} DraftTier;

typedef struct DraftWhen
{
	PromoWhen	flat;
	DraftScope	scope;
} DraftWhen;

typedef struct Draft
{
	PromoRule	flat;
	DraftTier  *tiers;
	DraftScope	scope;
	DraftWhen  *whens;
	Names	   *buyers;
	Names		codes;
	PromoHours *hours;
	PromoText	group;
	uint32_t	ntiers;
	uint32_t	nwhens;
	uint32_t	nbuyers;
	uint32_t	nhours;
	int			scope_of_when;	/* the `when` with the latest `on`, or -1: the rule's */
	uint64_t	clauses;		/* words of the clauses so far */
} Draft;

/*
 * Makes room for one more of n items, and zeroes it.  Capacities are powers
 * of two, so that n alone says when to grow.
 */
static void *
append(Parser *p, void *items, uint32_t n, size_t size)
{
	if ((n & (n - 1)) == 0)
		items = promo_realloc(p->arena, items, n * size, (n == 0 ? 1 : 2 * n) * size);
	memset((char *) items + n * size, 0, size);
	return items;
}

/* ----------------------------------------------------------------
 * Pieces
 * ----------------------------------------------------------------
 */

static bool
at_keyword(Parser *p, Word word)
{
	p->expected |= BIT(word);
	return p->token.word == word;
}

static bool
accept(Parser *p, Word word)
{
	if (!at_keyword(p, word))
		return false;
	advance(p);
	return true;
}

static bool
expect(Parser *p, Word word)
{
	return accept(p, word) || unexpected(p);
}

static bool
accept_sign(Parser *p, TokenKind kind, Word sign)
{
	p->expected |= BIT(sign);
	if (p->token.kind != kind)
		return false;
	advance(p);
	return true;
}

static bool
accept_comma(Parser *p)
{
	return accept_sign(p, TOKEN_COMMA, A_COMMA);
}

static bool
read_name(Parser *p, Word what, PromoText *name)
{
	p->expected |= BIT(what);
	if (p->token.kind != TOKEN_QUOTED &&
		(p->token.kind != TOKEN_WORD || p->token.word != NO_WORD))
		return unexpected(p);
	*name = p->token.text;
	advance(p);
	return true;
}

/*
 * Reads a list of names behind those that are there.  Where another tier may
 * follow, a keyword behind a comma ends the list and sets *next_tier.
 */
static bool
read_names(Parser *p, Word what, Names *names, bool *next_tier)
{
	do
	{
		p->expected |= BIT(what);
		if (next_tier != NULL && names->n > 0 && p->token.word != NO_WORD)
		{
			*next_tier = true;
			return true;
		}
		if (names->n == MAX_NAMES)
			return too_many(p, MAX_NAMES, "names in one list");
		if (p->nnames++ == MAX_ALL_NAMES)
			return too_many(p, MAX_ALL_NAMES, "names in all");
		names->items = append(p, names->items, names->n, sizeof(PromoText));
		if (!read_name(p, what, &names->items[names->n++]))
			return false;
	} while (accept_comma(p));
	return true;
}

/* digits with at most one point, a sign before them only to be refused as out of range */
static bool
is_number(PromoText text)
{
	uint32_t	digits = 0;
	uint32_t	points = 0;

	for (uint32_t i = 0; i < text.len; i++)
	{
		char		c = text.data[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (c == '.')
			points++;
		else if (c != '-' || i > 0)
			return false;
	}
	return digits > 0 && points <= 1;
}

/* takes a number, whose meaning the words behind it may decide */
static bool
read_number(Parser *p, uint64_t what, Token *number)
{
	p->expected |= what;
	if (p->token.kind != TOKEN_WORD || !is_number(p->token.text))
		return unexpected(p);
	*number = p->token;
	advance(p);
	return true;
}

/* the number in 1/10^digits */
static bool
convert(Parser *p, const Token *number, const char *what, int digits, int64_t min, int64_t max,
		int64_t *value)
{
	if (!promo_parse_decimal(number->text, digits, max, false, what, value, p->err))
		return locate(p, number);
	if (*value < min)
	{
		promo_fail(p->err, PROMO_OUT_OF_RANGE, "%s is out of range: \"%.*s\"", what,
				   promo_shown(number->text), number->text.data);
		return locate(p, number);
	}
	return true;
}

static bool
to_money(Parser *p, const Token *number, int64_t *money)
{
	return convert(p, number, "amount", PROMO_MONEY_DIGITS, 0, PROMO_MONEY_MAX, money);
}

static bool
to_percent(Parser *p, const Token *number, int64_t *percent)
{
	return convert(p, number, "percentage", PROMO_PERCENT_DIGITS, 0, PROMO_WHOLE, percent);
}

static bool
to_units(Parser *p, const Token *number, int64_t *units)
{
	if (memchr(number->text.data, '.', number->text.len) != NULL)
	{
		promo_fail(p->err, PROMO_OUT_OF_RANGE, "number of units is not whole: \"%.*s\"",
				   promo_shown(number->text), number->text.data);
		return locate(p, number);
	}
	return convert(p, number, "number of units", 0, 1, MAX_UNITS, units);
}

static bool
read_money(Parser *p, int64_t *money)
{
	Token		number;

	return read_number(p, BIT(AN_AMOUNT), &number) && to_money(p, &number, money);
}

static bool
read_units(Parser *p, int64_t *units)
{
	Token		number;

	return read_number(p, BIT(A_COUNT), &number) && to_units(p, &number, units);
}

/* an amount, or a percentage with its sign */
static bool
read_saving(Parser *p, int64_t *saving, bool *percent)
{
	Token		number;

	if (!read_number(p, BIT(AN_AMOUNT) | BIT(A_PERCENTAGE), &number))
		return false;
	*percent = accept_sign(p, TOKEN_PERCENT, A_PERCENT_SIGN);
	return *percent ? to_percent(p, &number, saving) : to_money(p, &number, saving);
}

/* x2: the number behind the x */
static bool
at_factor(Parser *p, Token *number)
{
	p->expected |= BIT(A_FACTOR);
	if (p->token.kind != TOKEN_WORD || p->token.text.len < 2 || fold(p->token.text.data[0]) != 'x')
		return false;
	*number = p->token;
	number->text.data++;
	number->text.len--;
	return is_number(number->text);
}

/* the `x2` of add and gift, 1 without it */
static bool
read_count(Parser *p, int64_t *count)
{
	Token		number;

	if (!at_factor(p, &number))
		return true;
	advance(p);
	return to_units(p, &number, count);
}

/* ----------------------------------------------------------------
 * Tiers
 * ----------------------------------------------------------------
 */

static bool
read_spend(Parser *p, uint8_t *strict, int64_t *threshold)
{
	*strict = accept(p, WORD_OVER);
	return read_money(p, threshold);
}

static bool
read_every(Parser *p, PromoTier *tier)
{
	Token		number;

	if (!read_number(p, BIT(AN_AMOUNT) | BIT(A_COUNT), &number))
		return false;
	if (accept(p, WORD_UNITS))
	{
		tier->condition = PROMO_EVERY_UNITS;
		return to_units(p, &number, &tier->threshold);
	}
	tier->condition = PROMO_EVERY;
	return convert(p, &number, "amount", PROMO_MONEY_DIGITS, 1, PROMO_MONEY_MAX, &tier->threshold);
}

static bool
read_condition(Parser *p, PromoTier *tier)
{
	if (accept(p, WORD_SPEND))
	{
		tier->condition = PROMO_SPEND;
		return read_spend(p, &tier->strict, &tier->threshold);
	}
	if (accept(p, WORD_EVERY))
		return read_every(p, tier);
	if (accept(p, WORD_BUY))
	{
		if (accept(p, WORD_SET))
		{
			tier->condition = PROMO_BUY_SET;
			return true;
		}
		tier->condition = PROMO_BUY;
		return read_units(p, &tier->threshold);
	}
	return true;
}

static bool
read_save(Parser *p, PromoTier *tier)
{
	bool		percent;

	if (!read_saving(p, &tier->value, &percent))
		return false;
	if (accept(p, WORD_SHIPPING))
		tier->action = percent ? PROMO_SHIPPING_SAVE_PERCENT : PROMO_SHIPPING_SAVE_AMOUNT;
	else if (percent)
		tier->action = PROMO_SAVE_PERCENT;
	else if (accept(p, WORD_EACH))
		tier->action = PROMO_SAVE_EACH;
	else
		tier->action = PROMO_SAVE_AMOUNT;
	return true;
}

static bool
read_get(Parser *p, DraftTier *tier)
{
	bool		percent;

	if (!read_units(p, &tier->flat.count))
		return false;
	if (accept(p, WORD_OF) &&
		!(expect(p, WORD_SKU) && read_names(p, A_SKU, &tier->skus, NULL)))
		return false;
	if (accept(p, WORD_FREE))
	{
		tier->flat.action = PROMO_GET_FREE;
		return true;
	}
	if (accept(p, WORD_PRICE))
	{
		tier->flat.action = PROMO_GET_PRICE;
		return read_money(p, &tier->flat.value);
	}
	if (!expect(p, WORD_SAVE) || !read_saving(p, &tier->flat.value, &percent))
		return false;
	tier->flat.action = percent ? PROMO_GET_SAVE_PERCENT : PROMO_GET_SAVE_AMOUNT;
	return true;
}

static bool
read_points(Parser *p, PromoTier *tier)
{
	Token		number;

	tier->action = PROMO_MULTIPLY_POINTS;
	if (!at_factor(p, &number))
		return unexpected(p);
	advance(p);
	return convert(p, &number, "factor", PROMO_MONEY_DIGITS, 0, PROMO_MONEY_MAX, &tier->value);
}

/* *next_tier is set where a list of gifts has taken the comma before the next tier */
static bool
read_action(Parser *p, DraftTier *tier, bool *next_tier)
{
	PromoTier  *flat = &tier->flat;

	flat->count = 1;
	if (accept(p, WORD_SAVE))
		return read_save(p, flat);
	if (accept(p, WORD_PRICE))
	{
		flat->action = PROMO_PRICE_EACH;
		return read_money(p, &flat->value) && expect(p, WORD_EACH);
	}
	if (accept(p, WORD_TOTAL))
	{
		flat->action = PROMO_TOTAL;
		return read_money(p, &flat->value);
	}
	if (accept(p, WORD_GET))
		return read_get(p, tier);
	if (accept(p, WORD_ADD))
	{
		flat->action = PROMO_ADD;
		return expect(p, WORD_SKU) && read_names(p, A_SKU, &tier->skus, NULL) &&
			expect(p, WORD_AT) && read_money(p, &flat->value) && read_count(p, &flat->count);
	}
	if (accept(p, WORD_GIFT))
	{
		flat->action = PROMO_GIFT;
		return expect(p, WORD_SKU) && read_names(p, A_SKU, &tier->skus, next_tier) &&
			(*next_tier || read_count(p, &flat->count));
	}
	if (accept(p, WORD_FREE))
	{
		flat->action = PROMO_SHIPPING_FREE;
		return expect(p, WORD_SHIPPING);
	}
	if (accept(p, WORD_EARN))
	{
		flat->action = PROMO_EARN_POINTS;
		return read_money(p, &flat->value) && expect(p, WORD_POINTS);
	}
	if (accept(p, WORD_POINTS))
		return read_points(p, flat);
	return unexpected(p);
}

/* what an action is about: goods, or one of the two last stages */
static PromoStage
subject(const PromoTier *tier)
{
	if (tier->action >= PROMO_EARN_POINTS)
		return PROMO_STAGE_POINTS;
	if (tier->action >= PROMO_SHIPPING_SAVE_AMOUNT)
		return PROMO_STAGE_SHIPPING;
	return PROMO_STAGE_PRODUCT;
}

static bool
counts_money(const PromoTier *tier)
{
	return tier->condition == PROMO_SPEND || tier->condition == PROMO_EVERY;
}

static bool
counts_units(const PromoTier *tier)
{
	return tier->condition == PROMO_BUY || tier->condition == PROMO_EVERY_UNITS;
}

/* a tier against the one before it */
static bool
check_tier(Parser *p, const PromoTier *before, const PromoTier *tier, const Token *token)
{
	if (subject(tier) != subject(before))
		return misuse(p, token, "the tiers of a rule must all be on goods, all on shipping or all on points");
	if (tier->condition == PROMO_ALWAYS)
		return misuse(p, token, "only the first tier of a rule may have no condition");
	if (before->condition == PROMO_ALWAYS)
		return true;
	if (tier->condition == PROMO_BUY_SET && before->condition == PROMO_BUY_SET)
		return misuse(p, token, "only one tier of a rule may say \"buy set\"");
	if (counts_money(tier) != counts_money(before) || counts_units(tier) != counts_units(before))
		return misuse(p, token, "the conditions of a rule must be all of money, all of units, or \"buy set\"");
	if (tier->threshold < before->threshold ||
		(tier->threshold == before->threshold && tier->strict <= before->strict))
		return misuse(p, token, "the conditions of a rule must ascend from tier to tier");
	return true;
}

static bool
read_tiers(Parser *p, Draft *draft)
{
	bool		next_tier;

	do
	{
		Token		start = p->token;
		DraftTier  *tier;

		if (draft->ntiers == MAX_TIERS)
			return too_many(p, MAX_TIERS, "tiers");
		draft->tiers = append(p, draft->tiers, draft->ntiers, sizeof(DraftTier));
		tier = &draft->tiers[draft->ntiers++];
		next_tier = false;
		if (!read_condition(p, &tier->flat) || !read_action(p, tier, &next_tier))
			return false;
		if (draft->ntiers > 1 && !check_tier(p, &tier[-1].flat, &tier->flat, &start))
			return false;
	} while (next_tier || accept_comma(p));
	return true;
}

/* ----------------------------------------------------------------
 * Scopes and clauses
 * ----------------------------------------------------------------
 */

/* sku A, B or tag x, y */
static bool
accept_listed(Parser *p, DraftScope *scope, bool *ok)
{
	if (accept(p, WORD_SKU))
	{
		scope->flat.kind = PROMO_ON_SKU;
		*ok = read_names(p, A_SKU, &scope->names, NULL);
		return true;
	}
	if (accept(p, WORD_TAG))
	{
		scope->flat.kind = PROMO_ON_TAG;
		*ok = read_names(p, A_TAG, &scope->names, NULL);
		return true;
	}
	return false;
}

/* behind `on` */
static bool
read_scope(Parser *p, DraftScope *scope, bool each_allowed)
{
	bool		ok;

	if (each_allowed && accept(p, WORD_EACH))
		scope->flat.each = 1;
	if (accept_listed(p, scope, &ok))
		return ok;
	if (scope->flat.each)
		scope->flat.kind = PROMO_ON_ALL;
	else if (accept(p, WORD_ALL))
		scope->flat.kind = PROMO_ON_ALL;
	else if (!expect(p, WORD_ORDER))
		return false;
	return true;
}

/* the scope of the rule, from its `on` if it has one */
static bool
read_rule_scope(Parser *p, Draft *draft)
{
	Token		start = p->token;

	if (accept(p, WORD_ON) && !read_scope(p, &draft->scope, true))
		return false;
	for (uint32_t i = 0; i < draft->ntiers; i++)
	{
		if (draft->tiers[i].flat.condition == PROMO_BUY_SET &&
			(draft->scope.flat.kind != PROMO_ON_SKU || draft->scope.flat.each))
			return misuse(p, &start, "\"buy set\" needs the SKUs of the set, as in \"on sku A, B\"");
	}
	return true;
}

static bool
read_except(Parser *p, Draft *draft, const Token *start)
{
	DraftScope *scope = &draft->scope;

	if (draft->scope_of_when >= 0)
		scope = &draft->whens[draft->scope_of_when].scope;
	if (accept(p, WORD_SKU))
		return read_names(p, A_SKU, &scope->except_skus, NULL);
	if (accept(p, WORD_TAG))
		return read_names(p, A_TAG, &scope->except_tags, NULL);
	if (!expect(p, WORD_DISCOUNTED))
		return false;
	if (scope == &draft->scope && subject(&draft->tiers[0].flat) != PROMO_STAGE_PRODUCT)
		return misuse(p, start, "\"except discounted\" is only for rules on goods");
	scope->flat.except_discounted = 1;
	return true;
}

static bool
read_when(Parser *p, Draft *draft)
{
	DraftWhen  *when;
	bool		ok;

	if (draft->nwhens == MAX_CLAUSES)
		return too_many(p, MAX_CLAUSES, "\"when\" clauses");
	draft->whens = append(p, draft->whens, draft->nwhens, sizeof(DraftWhen));
	when = &draft->whens[draft->nwhens++];
	if (accept_listed(p, &when->scope, &ok))
		return ok;
	if (accept(p, WORD_SPEND))
	{
		when->flat.condition = PROMO_SPEND;
		if (!read_spend(p, &when->flat.strict, &when->flat.threshold))
			return false;
	}
	else
	{
		when->flat.condition = PROMO_BUY;
		if (!expect(p, WORD_BUY) || !read_units(p, &when->flat.threshold))
			return false;
	}
	if (!accept(p, WORD_ON))
		return true;
	draft->scope_of_when = (int) draft->nwhens - 1;
	return read_scope(p, &when->scope, false);
}

static bool
read_for(Parser *p, Draft *draft)
{
	if (draft->nbuyers == MAX_CLAUSES)
		return too_many(p, MAX_CLAUSES, "\"for\" clauses");
	draft->buyers = append(p, draft->buyers, draft->nbuyers, sizeof(Names));
	return read_names(p, A_TAG, &draft->buyers[draft->nbuyers++], NULL);
}

static bool
read_days(Parser *p, Draft *draft)
{
	do
	{
		int			day = 0;

		p->expected |= BIT(A_DAY);
		while (day < 7 && !is_word(p->token.text, promo_day_names[day]) &&
			   !is_word(p->token.text, long_day_names[day]))
			day++;
		if (day == 7 || p->token.kind != TOKEN_WORD)
			return unexpected(p);
		draft->flat.days |= 1 << day;
		advance(p);
	} while (accept_comma(p));
	return true;
}

/* 9:05 or 09:05, at *at; minutes of the day */
static bool
scan_time(PromoText text, uint32_t *at, int *minutes)
{
	int			hour = 0;
	int			minute = 0;
	uint32_t	i = *at;

	while (i < text.len && i < *at + 2 && text.data[i] >= '0' && text.data[i] <= '9')
		hour = hour * 10 + (text.data[i++] - '0');
	if (i == *at || text.len - i < 3 || text.data[i++] != ':')
		return false;
	for (int k = 0; k < 2; k++, i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		minute = minute * 10 + (text.data[i] - '0');
	}
	*at = i;
	*minutes = hour * 60 + minute;
	return minute < 60 && *minutes <= 24 * 60;
}

static bool
scan_hours(PromoText text, PromoHours *hours)
{
	uint32_t	at = 0;
	int			from;
	int			to;

	if (!scan_time(text, &at, &from) || at == text.len || text.data[at++] != '-' ||
		!scan_time(text, &at, &to) || at != text.len || from == 24 * 60)
		return false;
	hours->from = (uint16_t) from;
	hours->to = (uint16_t) to;
	return true;
}

static bool
read_hours(Parser *p, Draft *draft)
{
	do
	{
		PromoHours	hours;
		uint32_t	i = 0;

		p->expected |= BIT(AN_HOUR);
		if (p->token.kind != TOKEN_WORD || !scan_hours(p->token.text, &hours))
			return unexpected(p);
		if (hours.from == hours.to)
			return misuse(p, &p->token, "hours must not end when they begin");
		while (i < draft->nhours && (draft->hours[i].from != hours.from || draft->hours[i].to != hours.to))
			i++;
		if (i == MAX_CLAUSES)
			return too_many(p, MAX_CLAUSES, "hours");
		if (i == draft->nhours)
		{
			draft->hours = append(p, draft->hours, i, sizeof(PromoHours));
			draft->hours[draft->nhours++] = hours;
		}
		advance(p);
	} while (accept_comma(p));
	return true;
}

static bool
read_margin(Parser *p, int64_t *margin)
{
	Token		number;

	if (!read_number(p, BIT(A_PERCENTAGE), &number) ||
		!convert(p, &number, "margin", PROMO_PERCENT_DIGITS, 0, PROMO_WHOLE - 1, margin))
		return false;
	return accept_sign(p, TOKEN_PERCENT, A_PERCENT_SIGN) || unexpected(p);
}

static bool
read_limit(Parser *p, PromoRule *rule)
{
	if (!read_units(p, &rule->limit))
		return false;
	if (!accept(p, WORD_PER))
		return true;
	rule->clauses |= PROMO_LIMIT_PER_LINE;
	return expect(p, WORD_LINE);
}

/*
 * Slices must be of spend or of buy, and what each gives must be of its own
 * slice alone.
 */
static bool
check_graduated(Parser *p, const Draft *draft, const Token *token)
{
	PromoCondition condition = draft->tiers[draft->ntiers - 1].flat.condition;

	if (condition != PROMO_SPEND && condition != PROMO_BUY)
		return misuse(p, token, "\"graduated\" needs tiers that say \"spend\" or \"buy\"");
	for (uint32_t i = 0; i < draft->ntiers; i++)
	{
		const PromoTier *tier = &draft->tiers[i].flat;
		bool		of_units = tier->action == PROMO_SAVE_EACH || tier->action == PROMO_PRICE_EACH;

		if (tier->condition != condition && tier->condition != PROMO_ALWAYS)
			return misuse(p, token, "the tiers of a \"graduated\" rule must all say \"spend\" or all say \"buy\"");
		if (tier->action != PROMO_SAVE_PERCENT && tier->action != PROMO_SAVE_AMOUNT &&
			!(of_units && condition == PROMO_BUY))
			return misuse(p, token, of_units ?
						  "a \"graduated\" rule with \"each\" needs tiers that say \"buy\"" :
						  "the tiers of a \"graduated\" rule must say \"save\" or \"price\"");
	}
	return true;
}

/* behind the clause's first word */
static bool
read_clause(Parser *p, Draft *draft, const Token *start)
{
	PromoRule  *rule = &draft->flat;

	switch (start->word)
	{
		case WORD_EXCEPT:
			return read_except(p, draft, start);
		case WORD_FOR:
			rule->clauses |= PROMO_HAS_FOR;
			return read_for(p, draft);
		case WORD_CODE:
			rule->clauses |= PROMO_HAS_CODE;
			return read_names(p, A_CODE, &draft->codes, NULL);
		case WORD_WHEN:
			rule->clauses |= PROMO_HAS_WHEN;
			return read_when(p, draft);
		case WORD_DAYS:
			rule->clauses |= PROMO_HAS_DAYS;
			return read_days(p, draft);
		case WORD_HOURS:
			rule->clauses |= PROMO_HAS_HOURS;
			return read_hours(p, draft);
		case WORD_MAX:
			rule->clauses |= PROMO_HAS_MAX;
			return read_money(p, &rule->max);
		case WORD_LIMIT:
			rule->clauses |= PROMO_HAS_LIMIT;
			return read_limit(p, rule);
		case WORD_TIMES:
			rule->clauses |= PROMO_HAS_TIMES;
			return read_units(p, &rule->times);
		case WORD_FLOOR:
			rule->clauses |= PROMO_HAS_FLOOR;
			return read_money(p, &rule->floor);
		case WORD_MARGIN:
			rule->clauses |= PROMO_HAS_MARGIN;
			return read_margin(p, &rule->margin);
		case WORD_STACK:
			rule->clauses |= PROMO_STACK;
			return true;
		case WORD_EXCLUSIVE:
			rule->clauses |= PROMO_EXCLUSIVE;
			return true;
		case WORD_GROUP:
			rule->clauses |= PROMO_HAS_GROUP;
			return read_name(p, A_GROUP, &draft->group);
		case WORD_STOP:
			rule->clauses |= PROMO_STOP;
			return true;
		case WORD_GRADUATED:
			rule->clauses |= PROMO_GRADUATED;
			return check_graduated(p, draft, start);
		case WORD_DEAREST:
			rule->choice = PROMO_CHOICE_DEAREST;
			return true;
		case WORD_CHEAPEST:
			rule->choice = PROMO_CHOICE_CHEAPEST;
			return true;
		default:				/* of */
			rule->basis = accept(p, WORD_LIST) ? PROMO_BASIS_LIST : PROMO_BASIS_RUNNING;
			return rule->basis == PROMO_BASIS_LIST || expect(p, WORD_RUNNING);
	}
}

/* whether this clause may stand beside those before it */
static bool
check_clause(Parser *p, const Draft *draft, const Token *start)
{
	static const Word rivals[][2] = {
		{WORD_DEAREST, WORD_CHEAPEST}, {WORD_STACK, WORD_EXCLUSIVE}
	};
	const char *word = words[start->word];

	if (draft->clauses & BIT(start->word) & ~REPEATABLE_CLAUSES)
	{
		fail_syntax(p);
		return promo_detail(p->err, "At position %d: \"%s\" may be said only once.",
							position(p, start), word);
	}
	for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++)
	{
		uint64_t	both = BIT(rivals[i][0]) | BIT(rivals[i][1]);

		if ((both & BIT(start->word)) && (both & draft->clauses))
		{
			promo_fail(p->err, PROMO_BAD_SYNTAX, "\"%s\" and \"%s\" exclude each other",
					   words[rivals[i][0]], words[rivals[i][1]]);
			return locate(p, start);
		}
	}
	if ((GOODS_CLAUSES & BIT(start->word)) &&
		subject(&draft->tiers[0].flat) != PROMO_STAGE_PRODUCT)
	{
		promo_fail(p->err, PROMO_BAD_SYNTAX, "\"%s\" is only for rules on goods", word);
		return locate(p, start);
	}
	return true;
}

static bool
read_clauses(Parser *p, Draft *draft)
{
	while (p->expected |= CLAUSES, p->token.word != NO_WORD && (CLAUSES & BIT(p->token.word)))
	{
		Token		start = p->token;

		if (!check_clause(p, draft, &start))
			return false;
		advance(p);
		if (!read_clause(p, draft, &start))
			return false;
		draft->clauses |= BIT(start.word);
	}
	return true;
}

/* ----------------------------------------------------------------
 * Layout
 * ----------------------------------------------------------------
 */

static bool
text_before(const void *context, uint32_t a, uint32_t b)
{
	const PromoText *items = context;

	return promo_text_compare(items[a], items[b]) < 0;
}

/* the first of equal names stays where it is */
static void
drop_duplicates(Parser *p, Names *names)
{
	uint32_t   *order;
	uint32_t	kept = 0;

	if (names->n < 2)
		return;
	order = promo_alloc(p->arena, names->n * sizeof(uint32_t));
	for (uint32_t i = 0; i < names->n; i++)
		order[i] = i;
	promo_sort(p->arena, order, names->n, text_before, names->items);

	/* the sort is stable: of equal names the later ones come later; no name is empty */
	for (uint32_t i = names->n - 1; i > 0; i--)
		if (promo_text_equal(names->items[order[i]], names->items[order[i - 1]]))
			names->items[order[i]].len = 0;
	for (uint32_t i = 0; i < names->n; i++)
		if (names->items[i].len > 0)
			names->items[kept++] = names->items[i];
	names->n = kept;
}

/*
 * Where the next of each kind goes.  What is aligned to 8 comes first, then
 * what is aligned to 4, then bytes.
 */
typedef struct Layout
{
	char	   *rule;			/* NULL while measuring */
	uint32_t	structs;
	uint32_t	strings;
	uint32_t	bytes;
} Layout;

static PromoString
put_string(Layout *to, PromoText text)
{
	PromoString string = {to->bytes, text.len};

	if (to->rule != NULL)
		memcpy(to->rule + to->bytes, text.data, text.len);
	to->bytes += text.len;
	return string;
}

static PromoSlice
put_names(Layout *to, const Names *names)
{
	PromoSlice	slice = {to->strings, names->n};

	if (names->n == 0)
		return (PromoSlice) {0, 0};
	for (uint32_t i = 0; i < names->n; i++)
	{
		PromoString string = put_string(to, names->items[i]);

		if (to->rule != NULL)
			memcpy(to->rule + to->strings, &string, sizeof(string));
		to->strings += sizeof(string);
	}
	return slice;
}

static PromoScope
put_scope(Layout *to, const DraftScope *scope)
{
	PromoScope	flat = scope->flat;

	flat.names = put_names(to, &scope->names);
	flat.except_skus = put_names(to, &scope->except_skus);
	flat.except_tags = put_names(to, &scope->except_tags);
	return flat;
}

static void
put_struct(Layout *to, const void *data, size_t size)
{
	if (to->rule != NULL && size > 0)
		memcpy(to->rule + to->structs, data, size);
	to->structs += (uint32_t) size;
}

/* an array that is about to be put; of nothing, it lies nowhere */
static PromoSlice
begin_array(const Layout *to, uint32_t n)
{
	return (PromoSlice) {n > 0 ? to->structs : 0, n};
}

/*
 * Writes what lies behind the fixed part, or only measures it.  The same code
 * does both, so that it cannot disagree with itself.
 */
static void
put_parts(Layout *to, const Draft *draft, PromoRule *rule)
{
	rule->scope = put_scope(to, &draft->scope);
	rule->tiers = begin_array(to, draft->ntiers);
	for (uint32_t i = 0; i < draft->ntiers; i++)
	{
		PromoTier	tier = draft->tiers[i].flat;

		tier.skus = put_names(to, &draft->tiers[i].skus);
		put_struct(to, &tier, sizeof(tier));
	}
	rule->whens = begin_array(to, draft->nwhens);
	for (uint32_t i = 0; i < draft->nwhens; i++)
	{
		PromoWhen	when = draft->whens[i].flat;

		when.scope = put_scope(to, &draft->whens[i].scope);
		put_struct(to, &when, sizeof(when));
	}
	rule->buyers = begin_array(to, draft->nbuyers);
	for (uint32_t i = 0; i < draft->nbuyers; i++)
	{
		PromoSlice	buyers = put_names(to, &draft->buyers[i]);

		put_struct(to, &buyers, sizeof(buyers));
	}
	rule->codes = put_names(to, &draft->codes);
	rule->hours = begin_array(to, draft->nhours);
	put_struct(to, draft->hours, draft->nhours * sizeof(PromoHours));
	rule->group = draft->group.len > 0 ? put_string(to, draft->group) : (PromoString) {0, 0};
}

/*
 * The only maker of rules.  Sizes cannot overflow: a rule holds at most
 * MAX_ALL_NAMES names of PROMO_MAX_TEXT bytes.
 */
static PromoRule *
lay_out(Parser *p, Draft *draft)
{
	Layout		to = {NULL, 0, 0, 0};
	uint32_t	size;
	PromoRule  *rule;

	drop_duplicates(p, &draft->scope.names);
	drop_duplicates(p, &draft->scope.except_skus);
	drop_duplicates(p, &draft->scope.except_tags);
	for (uint32_t i = 0; i < draft->ntiers; i++)
		drop_duplicates(p, &draft->tiers[i].skus);
	for (uint32_t i = 0; i < draft->nwhens; i++)
	{
		drop_duplicates(p, &draft->whens[i].scope.names);
		drop_duplicates(p, &draft->whens[i].scope.except_skus);
		drop_duplicates(p, &draft->whens[i].scope.except_tags);
	}
	for (uint32_t i = 0; i < draft->nbuyers; i++)
		drop_duplicates(p, &draft->buyers[i]);
	drop_duplicates(p, &draft->codes);

	put_parts(&to, draft, &draft->flat);
	to.structs += sizeof(PromoRule);
	to.strings += to.structs;
	size = (to.strings + to.bytes + 7) & ~UINT32_C(7);
	rule = promo_alloc0(p->arena, size);
	*rule = draft->flat;
	rule->size = size;
	to = (Layout) {(char *) rule, sizeof(PromoRule), to.structs, to.strings};
	put_parts(&to, draft, rule);
	return rule;
}

/* ----------------------------------------------------------------
 * Rules
 * ----------------------------------------------------------------
 */

static PromoStage
stage_of(const Draft *draft)
{
	PromoStage	stage = subject(&draft->tiers[0].flat);

	if (stage != PROMO_STAGE_PRODUCT)
		return stage;
	if (draft->flat.clauses & PROMO_HAS_CODE)
		return PROMO_STAGE_CODE;
	return draft->scope.flat.kind == PROMO_ON_ORDER ? PROMO_STAGE_ORDER : PROMO_STAGE_PRODUCT;
}

/* one rule, up to the end of the text or, if rules may follow, the next semicolon */
static PromoRule *
read_rule(Parser *p, bool may_follow)
{
	Draft		draft;

	memset(&draft, 0, sizeof(draft));
	draft.scope_of_when = -1;
	draft.flat.version = PROMO_RULE_VERSION;
	p->rule_start = p->token.start;
	p->nnames = 0;
	if (!read_tiers(p, &draft) || !read_rule_scope(p, &draft) || !read_clauses(p, &draft))
		return NULL;
	p->expected |= BIT(THE_END);
	if (p->token.kind != TOKEN_END && !(may_follow && p->token.kind == TOKEN_SEMICOLON))
	{
		unexpected(p);
		return NULL;
	}
	draft.flat.stage = stage_of(&draft);
	return lay_out(p, &draft);
}

static void
begin(Parser *p, PromoArena *arena, PromoText text, PromoError *err)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena;
	p->err = err;
	p->text = text;
	advance(p);
}

PromoRule *
promo_rule_parse(PromoArena *arena, PromoText text, PromoError *err)
{
	Parser		p;

	begin(&p, arena, text, err);
	return read_rule(&p, false);
}

bool
promo_rules_parse(PromoArena *arena, PromoText text, PromoRule ***rules, int *n, PromoError *err)
{
	Parser		p;

	*rules = NULL;
	*n = 0;
	begin(&p, arena, text, err);
	while (p.token.kind != TOKEN_END)
	{
		PromoRule  *rule;

		if (p.token.kind == TOKEN_SEMICOLON)
		{
			advance(&p);
			continue;
		}
		if (*n == PROMO_MAX_RULES)
			return promo_fail(err, PROMO_TOO_MANY, "a ruleset has more than %d rules",
							  PROMO_MAX_RULES);
		if (arena->poll != NULL)
			arena->poll(arena);
		rule = read_rule(&p, true);
		if (rule == NULL)
			return false;
		*rules = append(&p, *rules, (uint32_t) *n, sizeof(PromoRule *));
		(*rules)[(*n)++] = rule;
	}
	return true;
}
