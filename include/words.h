/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.h: small numbers that have a word each, and rights as `r-x`.
 */
#ifndef WORDS_H
#define WORDS_H

#include "span.h"

/* A list ends with a NULL text. */
struct word {
	const char *text;
	uint32_t value;
};

/* The word of value, NULL if it has none. */
const char *words_text(const struct word *words, uint32_t value);

/* False, and *value unchanged, if text is no word of the list. */
bool words_value(const struct word *words, struct span text, uint32_t *value);

/* The word that text was perhaps meant to be, or NULL. */
const char *words_nearest(const struct word *words, struct span text);

/* SMALT_* rights as three characters, `-` for each one missing, and `u` behind them for SMALT_U. */
#define RIGHTS_BYTES 5           /* with the NUL */
void words_rights(uint32_t prot, char text[RIGHTS_BYTES]);

/* The reverse; false if text is no such thing. */
bool words_rights_value(struct span text, uint32_t *prot);

#endif
