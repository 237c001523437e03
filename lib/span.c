/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span.c: looks at bytes that nobody vouches for. No function here reads a byte
 * that span_sub() has not granted.
 */
#include "span.h"

#include "align.h"

bool span_sub(struct span s, uint64_t offset, uint64_t bytes, struct span *part)
{
	if (!range_fits(offset, bytes, s.bytes))
		return false;
	*part = (struct span){ offset > 0 ? s.base + offset : s.base, bytes };   /* NULL + 0 is undefined in C */
	return true;
}

/* Byte by byte: nothing needs alignment, and the host's byte order does not matter. */
static uint64_t little_endian(struct span s, uint64_t offset, unsigned bytes)
{
	struct span part;
	uint64_t number = 0;

	if (!span_sub(s, offset, bytes, &part))
		return 0;
	for (unsigned i = bytes; i-- > 0;)
		number = number << 8 | part.base[i];
	return number;
}

uint16_t span_u16(struct span s, uint64_t offset)
{
	return (uint16_t)little_endian(s, offset, 2);
}

uint32_t span_u32(struct span s, uint64_t offset)
{
	return (uint32_t)little_endian(s, offset, 4);
}

uint64_t span_u64(struct span s, uint64_t offset)
{
	return little_endian(s, offset, 8);
}

struct span span_of(const char *text)
{
	struct span s = { (const uint8_t *)text, 0 };

	while (text[s.bytes] != '\0')
		s.bytes++;
	return s;
}

bool span_equals(struct span a, struct span b)
{
	if (a.bytes != b.bytes)
		return false;
	for (uint64_t i = 0; i < a.bytes; i++) {
		if (a.base[i] != b.base[i])
			return false;
	}
	return true;
}

/* Without counting text first: most comparisons end at the first byte. */
bool span_is(struct span s, const char *text)
{
	for (uint64_t i = 0; i < s.bytes; i++)
		if (text[i] == '\0' || s.base[i] != (uint8_t)text[i])
			return false;
	return text[s.bytes] == '\0';
}

bool span_begins(struct span s, const char *text)
{
	struct span prefix = span_of(text), head;

	return span_sub(s, 0, prefix.bytes, &head) && span_equals(head, prefix);
}

/* The value of a digit, 16 if it is none. */
static uint64_t digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (uint64_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint64_t)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (uint64_t)(c - 'A' + 10);
	return 16;
}

/* The power of two behind a number: K 10, M 20, G 30, T 40; 0 if c is none of them. */
static unsigned unit_shift(uint8_t c)
{
	static const char units[] = "KMGT";

	for (unsigned i = 0; units[i] != '\0'; i++) {
		if (c == (uint8_t)units[i])
			return 10 * (i + 1);
	}
	return 0;
}

bool span_number(struct span s, uint64_t *number)
{
	uint64_t base = span_begins(s, "0x") ? 16 : 10;
	uint64_t first = base == 16 ? 2 : 0;
	uint64_t end = s.bytes;
	unsigned shift = end > 0 ? unit_shift(s.base[end - 1]) : 0;
	uint64_t value = 0;

	end -= shift != 0;
	if (first >= end)
		return false;
	for (uint64_t i = first; i < end; i++) {
		uint64_t d = digit(s.base[i]);

		if (d >= base || value > (UINT64_MAX - d) / base)
			return false;
		value = value * base + d;
	}
	if (value > UINT64_MAX >> shift)
		return false;
	*number = value << shift;
	return true;
}

bool span_sums_to_zero(struct span s)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < s.bytes; i++)
		sum = (uint8_t)(sum + s.base[i]);
	return sum == 0;
}
