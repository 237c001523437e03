/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envwords.h: the words of the environment's text, for its printer and its parser.
 */
#ifndef ENVWORDS_H
#define ENVWORDS_H

#include "envtext.h"
#include "words.h"

extern const struct word envwords_paths[];
extern const struct word envwords_parts[];
extern const struct word envwords_serials[];
extern const struct word envwords_conduits[];
extern const struct word envwords_seeds[];
extern const struct word envwords_pixels[];
extern const struct word envwords_caches[];

/* Members of struct cpu; wide: 64 bits, else 32. */
struct envwords_cpu {
	const char *key;
	uint32_t member;
	bool wide;
};

#define ENVWORDS_CPU 11
extern const struct envwords_cpu envwords_cpu[ENVWORDS_CPU];

#endif
