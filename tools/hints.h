/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hints.h: what the author of a kernel can do so that more of it stays in place, in larger pages
 * and better protected: read off a plan, never off the file a second time.
 */
#ifndef HINTS_H
#define HINTS_H

#include "boot.h"

#define HINT_BYTES 320
#define HINTS_MOST 16            /* one more than hints_find() has */

struct hint {
	const char *name;        /* a word for programs, as docs/check.md says */
	char text[HINT_BYTES];   /* one line for people */
};

/* Where the pages of an object are. */
struct hint_pages {
	uint64_t bytes[5];       /* by SMALT_BACKING_* */
	uint64_t leaves, ideal;  /* ideal: of all objects of the plan */
};

struct hint_pages hints_pages(const struct boot *boot, uint32_t object);

/* Fills hints, HINTS_MOST at most, and returns how many there are. */
uint32_t hints_find(const struct boot *boot, uint32_t object, struct hint hints[HINTS_MOST]);

#endif
