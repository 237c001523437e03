/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c: one word for each small number, one character for each right. */
#include "words.h"

#include <smalt/handoff.h>

#include "nearest.h"

const char *words_text(const struct word *words, uint32_t value)
{
	while (words->text && words->value != value)
		words++;
	return words->text;
}

bool words_value(const struct word *words, struct span text, uint32_t *value)
{
	while (words->text && !span_is(text, words->text))
		words++;
	if (!words->text)
		return false;
	*value = words->value;
	return true;
}

const char *words_nearest(const struct word *words, struct span text)
{
	struct nearest nearest = nearest_to(text);

	for (; words->text; words++)
		nearest_offer(&nearest, words->text);
	return nearest.word;
}

static const struct { char letter; uint32_t right; } rights[] = {
	{ 'r', SMALT_R }, { 'w', SMALT_W }, { 'x', SMALT_X }, { 'u', SMALT_U },
};

void words_rights(uint32_t prot, char text[RIGHTS_BYTES])
{
	for (unsigned i = 0; i < 4; i++)
		text[i] = prot & rights[i].right ? rights[i].letter : '-';
	text[prot & SMALT_U ? 4 : 3] = '\0';
}

bool words_rights_value(struct span text, uint32_t *prot)
{
	uint32_t found = 0;

	if (text.bytes != 3 && text.bytes != 4)
		return false;
	for (unsigned i = 0; i < text.bytes; i++) {
		if (text.base[i] == rights[i].letter)
			found |= rights[i].right;
		else if (text.base[i] != '-' || i == 3)
			return false;
	}
	*prot = found;
	return true;
}
