/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nearest.h: the known word that an unknown one was perhaps meant to be.
 */
#ifndef NEAREST_H
#define NEAREST_H

#include "span.h"

#define NEAREST_EDITS 2          /* farther words are no help */

struct nearest {
	struct span unknown;
	const char *word;        /* NULL: nothing is near */
	uint32_t edits;          /* inserted, deleted or changed characters */
};

struct nearest nearest_to(struct span unknown);

/* Keeps word, which must outlive nearest, if it is nearer than all before. */
void nearest_offer(struct nearest *nearest, const char *word);

#endif
