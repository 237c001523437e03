/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.c: edit distance by rows, as Wagner and Fischer, "The String-to-String
 * Correction Problem" (JACM 21, 1974).
 *
 * Words of ours are short: a longer unknown word is near to none.
 */
#include "nearest.h"

#include "align.h"

#define WORD_BYTES 32

struct nearest nearest_to(struct span unknown)
{
	return (struct nearest){ unknown, 0, NEAREST_EDITS + 1 };
}

static uint32_t least(uint32_t a, uint32_t b, uint32_t c)
{
	return (uint32_t)min_u64(a, min_u64(b, c));
}

/* Both at most WORD_BYTES. row[j] is the distance of the first i bytes of a and the first j of b. */
static uint32_t distance(struct span a, struct span b)
{
	uint32_t row[WORD_BYTES + 1];

	for (uint32_t j = 0; j <= b.bytes; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= a.bytes; i++) {
		uint32_t diagonal = row[0];

		row[0] = i;
		for (uint32_t j = 1; j <= b.bytes; j++) {
			uint32_t changed = diagonal + (a.base[i - 1] != b.base[j - 1]);

			diagonal = row[j];
			row[j] = least(changed, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[b.bytes];
}

void nearest_offer(struct nearest *nearest, const char *word)
{
	struct span known = span_of(word);
	uint32_t edits;

	if (nearest->unknown.bytes > WORD_BYTES || known.bytes > WORD_BYTES)
		return;
	edits = distance(nearest->unknown, known);
	/* A word of which nothing is left was not meant. */
	if (edits < nearest->edits && edits < known.bytes) {
		nearest->word = word;
		nearest->edits = edits;
	}
}
