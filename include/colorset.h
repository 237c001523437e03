/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * colorset.h: sets of cache colors in smalt.conf and on the command line.
 */
#ifndef COLORSET_H
#define COLORSET_H

#include "span.h"

/* The mask of a set; false: something else, or a color that no mask has a bit for. */
bool colorset_read(struct span text, uint64_t *mask);

/* The hint where that is false. */
extern const char colorset_expected[];

/* Is the key colors.module.NAME? Then its name. */
bool colorset_module(struct span key, struct span *name);

#endif
