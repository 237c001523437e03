/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seek.h: looks for a text in bytes that come in pieces.
 */
#ifndef SEEK_H
#define SEEK_H

#include <stdbool.h>

#include "span.h"

#define SEEK_BYTES 1024

struct seek {
	struct span text;        /* at most SEEK_BYTES; bytes == 0: never found */
	uint64_t matched;        /* bytes of text that the input ends with */
	uint16_t fallback[SEEK_BYTES];
	bool found;
};

/* False if text is too long. */
bool seek_begin(struct seek *seek, struct span text);

/* Has text been seen by now? */
bool seek_feed(struct seek *seek, const void *bytes, uint64_t count);

#endif
