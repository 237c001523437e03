/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seek.c: Knuth, Morris, Pratt, "Fast pattern matching in strings" (SIAM J.
 * Comput. 6, 1977): no byte of the input is kept.
 */
#include "seek.h"

/* The longest border of the first `matched` bytes that `byte` continues, plus that byte. */
static uint64_t advance(const struct seek *seek, uint64_t matched, uint8_t byte)
{
	while (matched > 0 && (matched == seek->text.bytes || seek->text.base[matched] != byte))
		matched = seek->fallback[matched - 1];
	return matched + (seek->text.base[matched] == byte);
}

bool seek_begin(struct seek *seek, struct span text)
{
	uint64_t matched = 0;

	*seek = (struct seek){ .text = text };
	if (text.bytes > SEEK_BYTES)
		return false;
	for (uint64_t i = 1; i < text.bytes; i++) {
		matched = advance(seek, matched, text.base[i]);
		seek->fallback[i] = (uint16_t)matched;
	}
	return true;
}

bool seek_feed(struct seek *seek, const void *bytes, uint64_t count)
{
	const uint8_t *input = bytes;

	if (seek->text.bytes == 0)
		return false;
	for (uint64_t i = 0; i < count && !seek->found; i++) {
		seek->matched = advance(seek, seek->matched, input[i]);
		seek->found = seek->matched == seek->text.bytes;
	}
	return seek->found;
}
