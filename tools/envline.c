/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envline.c: words, numbers and ranges of one line of an environment's text.
 *
 *     line   = [ key { blank word } ] [ "\r" ] | "#" anything
 *     word   = printable characters but blank and "\", or "\x" and two hexadecimal digits
 *     number = 0x hexadecimal | decimal, with K M G T behind it for powers of 1024
 */
#include "envline.h"

#include "align.h"

enum status envline_bad(struct envline *r, const char *field, struct span word)
{
	uint64_t column = word.base ? (uint64_t)(word.base - r->line.base) + 1 : 1;

	fault_field(r->fault, ST_BAD_ENVIRONMENT, field);
	fault_word(r->fault, word);
	return fault_place(r->fault, r->number, (uint32_t)column);
}

enum status envline_bad_word(struct envline *r, const char *field, struct span word,
                             const char *nearest)
{
	enum status status = envline_bad(r, field, word);

	r->fault->nearest = nearest;
	return status;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

struct span envline_word(struct envline *r)
{
	struct span word;

	while (r->rest.bytes && is_blank(*r->rest.base)) {
		r->rest.base++;
		r->rest.bytes--;
	}
	word = (struct span){ r->rest.base, 0 };
	while (word.bytes < r->rest.bytes && !is_blank(word.base[word.bytes]))
		word.bytes++;
	r->rest.base += word.bytes;
	r->rest.bytes -= word.bytes;
	return word;
}

enum status envline_number(struct envline *r, const char *field, uint64_t *number)
{
	struct span word = envline_word(r);

	return span_number(word, number) ? ST_OK : envline_bad(r, field, word);
}

enum status envline_small(struct envline *r, const char *field, uint32_t *number)
{
	struct span word = envline_word(r);
	uint64_t value;

	if (!span_number(word, &value) || value > UINT32_MAX)
		return envline_bad(r, field, word);
	*number = (uint32_t)value;
	return ST_OK;
}

enum status envline_flag(struct envline *r, const char *field, const char *flag, bool *present)
{
	struct span word = envline_word(r);

	*present = word.bytes != 0;
	return word.bytes == 0 || span_is(word, flag) ? ST_OK : envline_bad(r, field, word);
}

enum status envline_choose(struct envline *r, const char *field, const struct word *words,
                              struct span word, uint32_t *value)
{
	if (words_value(words, word, value))
		return ST_OK;
	return envline_bad_word(r, field, word, words_nearest(words, word));
}

enum status envline_choice(struct envline *r, const char *field, const struct word *words,
                             uint32_t *value)
{
	return envline_choose(r, field, words, envline_word(r), value);
}

enum status envline_range(struct envline *r, struct range *range)
{
	struct span word;
	uint64_t end;
	enum status status = envline_number(r, "start", &range->pa);

	if (status != ST_OK)
		return status;
	word = envline_word(r);
	if (!span_number(word, &end) || end <= range->pa)
		return envline_bad(r, "end", word);
	range->bytes = end - range->pa;
	return ST_OK;
}

enum status envline_bytes(struct envline *r, uint64_t *pa, uint64_t *bytes)
{
	struct span word;
	enum status status = envline_number(r, "start", pa);

	if (status != ST_OK)
		return status;
	word = envline_word(r);
	if (!span_number(word, bytes) || range_wraps(*pa, *bytes))
		return envline_bad(r, "bytes", word);
	return ST_OK;
}

static bool digit_value(uint8_t digit, uint8_t *value)
{
	if (digit >= '0' && digit <= '9')
		*value = digit - '0';
	else if (digit >= 'a' && digit <= 'f')
		*value = digit - 'a' + 10;
	else
		return false;
	return true;
}

bool envline_byte(const uint8_t *digits, uint8_t *byte)
{
	uint8_t high, low;

	if (!digit_value(digits[0], &high) || !digit_value(digits[1], &low))
		return false;
	*byte = (uint8_t)(high << 4 | low);
	return true;
}

static bool has_escape(struct span word)
{
	for (uint64_t i = 0; i < word.bytes; i++)
		if (word.base[i] == '\\')
			return true;
	return false;
}

enum status envline_string(struct envline *r, const char *field, struct span word,
                               struct span *string)
{
	uint8_t *copy;
	uint64_t bytes = 0;

	*string = word;
	if (!has_escape(word))
		return ST_OK;
	copy = arena_take(r->arena, word.bytes, 1, field, r->fault);
	if (!copy)
		return r->fault->status;
	for (uint64_t i = 0; i < word.bytes; i++, bytes++) {
		struct span escape;

		copy[bytes] = word.base[i];
		if (word.base[i] != '\\')
			continue;
		if (!span_sub(word, i, 4, &escape) || escape.base[1] != 'x' ||
		    !envline_byte(escape.base + 2, &copy[bytes]))
			return envline_bad(r, field, (struct span){ word.base + i, word.bytes - i });
		i += 3;
	}
	*string = (struct span){ copy, bytes };
	return ST_OK;
}

bool envline_take(struct envline *r, struct span *text)
{
	struct span line = { text->base, 0 };
	uint64_t taken;

	if (text->bytes == 0)
		return false;
	while (line.bytes < text->bytes && line.base[line.bytes] != '\n')
		line.bytes++;
	taken = min_u64(line.bytes + 1, text->bytes);
	text->base += taken;
	text->bytes -= taken;
	if (line.bytes && line.base[line.bytes - 1] == '\r')
		line.bytes--;
	r->line = r->rest = line;
	r->number++;
	return true;
}
