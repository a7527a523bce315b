/*-------------------------------------------------------------------------
 *
 * json_reader.c
 *	  a strict pull reader of JSON that keeps numbers as their text
 *
 * RFC 8259 and nothing else: no comments, no trailing commas, no NaN.  The
 * escape \u0000 is refused, since no text in a database can hold it.  Nesting
 * is bounded by the bits of the two words that remember it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>

#include "json_reader.h"

#define MAX_DEPTH	64

void
promo_json_init(PromoJson *json, PromoArena *arena, PromoText input, const char *type,
				PromoError *err)
{
	memset(json, 0, sizeof(*json));
	json->arena = arena;
	json->input = input;
	json->type = type;
	json->err = err;
}

bool
promo_json_fail(PromoJson *json, const char *detail_format,...)
{
	char		detail[sizeof(json->err->detail)];
	va_list		args;

	va_start(args, detail_format);
	vsnprintf(detail, sizeof(detail), detail_format, args);
	va_end(args);
	promo_fail(json->err, PROMO_BAD_SYNTAX, "invalid input syntax for type %s", json->type);
	promo_detail(json->err, "%s", detail);
	json->failed = true;
	return false;
}

/* the next byte, or -1 at the end */
static int
peek(const PromoJson *json)
{
	return json->at < json->input.len ? (unsigned char) json->input.data[json->at] : -1;
}

static void
skip_space(PromoJson *json)
{
	int			c;

	while ((c = peek(json)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		json->at++;
}

/* "Expected X at position N, but found Y." */
static bool
fail_expected(PromoJson *json, const char *expected)
{
	int			position = 1;	/* in characters of UTF-8 */
	PromoText	rest = {json->input.data + json->at, (uint32_t) (json->input.len - json->at)};

	if (rest.len == 0)
		return promo_json_fail(json, "Expected %s, but found the end of the text.", expected);
	for (size_t i = 0; i < json->at; i++)
		position += ((unsigned char) json->input.data[i] & 0xc0) != 0x80;
	if (rest.len > 20)
	{
		rest.len = 20;
		while (rest.len > 0 && ((unsigned char) rest.data[rest.len] & 0xc0) == 0x80)
			rest.len--;
	}
	return promo_json_fail(json, "Expected %s at position %d, but found \"%.*s\".",
						   expected, position, (int) rest.len, rest.data);
}

static bool
read_word(PromoJson *json, const char *word)
{
	size_t		len = strlen(word);

	if (json->input.len - json->at < len || memcmp(json->input.data + json->at, word, len) != 0)
		return fail_expected(json, "a JSON value");
	json->at += len;
	return true;
}

static bool
read_digits(PromoJson *json)
{
	int			c = peek(json);

	if (c < '0' || c > '9')
		return fail_expected(json, "a digit");
	while ((c = peek(json)) >= '0' && c <= '9')
		json->at++;
	return true;
}

static bool
read_number(PromoJson *json, PromoText *text)
{
	size_t		start = json->at;
	int			c;

	if (peek(json) == '-')
		json->at++;
	if (peek(json) == '0')
		json->at++;
	else if (!read_digits(json))
		return false;
	if (peek(json) == '.')
	{
		json->at++;
		if (!read_digits(json))
			return false;
	}
	if ((c = peek(json)) == 'e' || c == 'E')
	{
		json->at++;
		if ((c = peek(json)) == '+' || c == '-')
			json->at++;
		if (!read_digits(json))
			return false;
	}
	text->data = json->input.data + start;
	text->len = (uint32_t) (json->at - start);
	return true;
}

/* four hexadecimal digits */
static bool
read_hex(PromoJson *json, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++, json->at++)
	{
		int			c = peek(json);

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint32_t) (c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint32_t) (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			*value = *value << 4 | (uint32_t) (c - 'A' + 10);
		else
			return fail_expected(json, "four hexadecimal digits");
	}
	return true;
}

static char *
put_utf8(char *to, uint32_t c)
{
	if (c < 0x80)
		*to++ = (char) c;
	else if (c < 0x800)
	{
		*to++ = (char) (0xc0 | c >> 6);
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	else if (c < 0x10000)
	{
		*to++ = (char) (0xe0 | c >> 12);
		*to++ = (char) (0x80 | (c >> 6 & 0x3f));
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	else
	{
		*to++ = (char) (0xf0 | c >> 18);
		*to++ = (char) (0x80 | (c >> 12 & 0x3f));
		*to++ = (char) (0x80 | (c >> 6 & 0x3f));
		*to++ = (char) (0x80 | (c & 0x3f));
	}
	return to;
}

/* behind "\u": one character, of which half or all may be a surrogate pair */
static bool
read_unicode(PromoJson *json, uint32_t *c)
{
	uint32_t	low;

	if (!read_hex(json, c))
		return false;
	if (*c == 0)
		return promo_json_fail(json, "The escape \\u0000 cannot be converted to text.");
	if (*c >= 0xdc00 && *c <= 0xdfff)
		return promo_json_fail(json, "A Unicode low surrogate must follow a high surrogate.");
	if (*c < 0xd800 || *c > 0xdbff)
		return true;
	if (json->input.len - json->at < 2 || memcmp(json->input.data + json->at, "\\u", 2) != 0)
		return promo_json_fail(json, "A Unicode high surrogate must be followed by a low surrogate.");
	json->at += 2;
	if (!read_hex(json, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return promo_json_fail(json, "A Unicode high surrogate must be followed by a low surrogate.");
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* the escape behind a backslash; never longer than what it was written as */
static bool
read_escape(PromoJson *json, char **to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	int			c = peek(json);
	const char *letter = c > 0 ? strchr(letters, c) : NULL;
	uint32_t	character;

	if (letter != NULL)
	{
		json->at++;
		*(*to)++ = meanings[letter - letters];
		return true;
	}
	if (c != 'u')
		return fail_expected(json, "an escape character");
	json->at++;
	if (!read_unicode(json, &character))
		return false;
	*to = put_utf8(*to, character);
	return true;
}

/* a string, from behind its opening quote; in place if it has no escapes */
static bool
read_string(PromoJson *json, PromoText *text)
{
	size_t		start = json->at;
	size_t		end = start;
	char	   *copy;
	char	   *to;
	int			c;

	while ((c = peek(json)) >= 0x20 && c != '"' && c != '\\')
		json->at++;
	if (c == '"')
	{
		text->data = json->input.data + start;
		text->len = (uint32_t) (json->at - start);
		json->at++;
		return true;
	}

	/* its end, to know how much memory it takes at most */
	for (end = json->at; end < json->input.len && json->input.data[end] != '"'; end++)
		if (json->input.data[end] == '\\')
			end++;
	if (end >= json->input.len)
	{
		json->at = json->input.len;
		return fail_expected(json, "a closing quote");
	}
	copy = promo_alloc(json->arena, end - start);
	memcpy(copy, json->input.data + start, json->at - start);
	to = copy + (json->at - start);
	while ((c = peek(json)) != '"')
	{
		if (c < 0x20)
			return promo_json_fail(json, "A control character in a string must be escaped.");
		json->at++;
		if (c != '\\')
			*to++ = (char) c;
		else if (!read_escape(json, &to))
			return false;
	}
	json->at++;
	text->data = copy;
	text->len = (uint32_t) (to - copy);
	return true;
}

/* enters an array or object */
static bool
enter(PromoJson *json, bool object)
{
	uint64_t	bit;

	if (json->depth == MAX_DEPTH)
		return promo_json_fail(json, "It is nested more than %d deep.", MAX_DEPTH);
	bit = UINT64_C(1) << json->depth++;
	json->in_object = object ? json->in_object | bit : json->in_object & ~bit;
	json->not_first &= ~bit;
	json->at++;
	return true;
}

bool
promo_json_value(PromoJson *json, PromoJsonKind *kind, PromoText *text)
{
	int			c;

	*text = (PromoText) {"", 0};
	if (json->failed)
		return false;
	skip_space(json);
	c = peek(json);
	switch (c)
	{
		case '{':
			*kind = PROMO_JSON_OBJECT;
			return enter(json, true);
		case '[':
			*kind = PROMO_JSON_ARRAY;
			return enter(json, false);
		case '"':
			*kind = PROMO_JSON_STRING;
			json->at++;
			return read_string(json, text);
		case 'n':
			*kind = PROMO_JSON_NULL;
			return read_word(json, "null");
		case 't':
			*kind = PROMO_JSON_TRUE;
			return read_word(json, "true");
		case 'f':
			*kind = PROMO_JSON_FALSE;
			return read_word(json, "false");
		default:
			if (c != '-' && (c < '0' || c > '9'))
				return fail_expected(json, "a JSON value");
			*kind = PROMO_JSON_NUMBER;
			return read_number(json, text);
	}
}

/* over the comma, or out of the array or object at its closing bracket */
static bool
advance(PromoJson *json, char closing, const char *expected)
{
	uint64_t	bit = UINT64_C(1) << (json->depth - 1);

	if (json->failed)
		return false;
	skip_space(json);
	if (peek(json) == closing)
	{
		json->at++;
		json->depth--;
		return false;
	}
	if (json->not_first & bit)
	{
		if (peek(json) != ',')
			return fail_expected(json, expected);
		json->at++;
	}
	json->not_first |= bit;
	return true;
}

bool
promo_json_item(PromoJson *json)
{
	return advance(json, ']', "\",\" or \"]\"");
}

bool
promo_json_member(PromoJson *json, PromoText *key)
{
	if (!advance(json, '}', "\",\" or \"}\""))
		return false;
	skip_space(json);
	if (peek(json) != '"')
		return fail_expected(json, "a string");
	json->at++;
	if (!read_string(json, key))
		return false;
	skip_space(json);
	if (peek(json) != ':')
		return fail_expected(json, "\":\"");
	json->at++;
	return true;
}

int
promo_json_key(PromoJson *json, PromoText key, const char *const *names, uint64_t *seen)
{
	PromoBuffer accepted;
	int			i;

	for (i = 0; names[i] != NULL; i++)
	{
		if (!promo_text_equal(key, promo_text(names[i])))
			continue;
		if (*seen & UINT64_C(1) << i)
		{
			promo_json_fail(json, "Key \"%s\" is given twice.", names[i]);
			return -1;
		}
		*seen |= UINT64_C(1) << i;
		return i;
	}
	promo_buffer_init(&accepted, json->arena);
	for (i = 0; names[i] != NULL; i++)
		promo_putf(&accepted, "%s%s", i > 0 ? ", " : "", names[i]);
	promo_json_fail(json, "Key \"%.*s\" is unknown; accepted are %s.",
					promo_shown(key), key.data, accepted.data);
	return -1;
}

bool
promo_json_expect(PromoJson *json, PromoJsonKind wanted, const char *what, PromoText *text)
{
	static const char *const kinds[] = {
		"null", "false", "true", "a number", "a string", "an array", "an object"
	};
	PromoJsonKind kind;

	if (!promo_json_value(json, &kind, text))
		return false;
	if (kind != wanted)
		return promo_json_fail(json, "%s must be %s.", what, kinds[wanted]);
	return true;
}

bool
promo_json_scalar(PromoJson *json, const char *key, PromoText *text)
{
	PromoJsonKind kind;

	if (!promo_json_value(json, &kind, text))
		return false;
	if (kind == PROMO_JSON_NULL)
		text->data = NULL;
	else if (kind != PROMO_JSON_NUMBER && kind != PROMO_JSON_STRING)
		return promo_json_fail(json, "Key \"%s\" must be a number or a string.", key);
	return true;
}

static bool
is_word(PromoText text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if ((text.data[i] | 0x20) != word[i])
			return false;
	return true;
}

bool
promo_json_figure(PromoText text, int digits, int64_t max, const char *what, int64_t *figure,
				  PromoError *err)
{
	PromoText	magnitude = text;

	if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+'))
		magnitude = (PromoText) {text.data + 1, text.len - 1};
	if (is_word(text, "nan"))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s is NaN", what);
	if (is_word(magnitude, "infinity") || is_word(magnitude, "inf"))
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s is infinite", what);
	if (!promo_parse_decimal(text, digits, max, true, what, figure, err))
		return false;
	if (*figure < 0)
		return promo_fail(err, PROMO_OUT_OF_RANGE, "%s is negative", what);
	return true;
}

bool
promo_json_skip(PromoJson *json)
{
	int			outside = json->depth;
	PromoJsonKind kind;
	PromoText	text;

	do
	{
		/* in what was entered: its next element, or out of it */
		if (json->depth > outside)
		{
			bool		object = json->in_object >> (json->depth - 1) & 1;

			if (!(object ? promo_json_member(json, &text) : promo_json_item(json)))
				continue;
		}
		if (!promo_json_value(json, &kind, &text))
			return false;
	} while (!json->failed && json->depth > outside);
	return !json->failed;
}

bool
promo_json_end(PromoJson *json)
{
	if (json->failed)
		return false;
	skip_space(json);
	if (json->at < json->input.len)
		return fail_expected(json, "the end of the text");
	return true;
}
