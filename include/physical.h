/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * physical.h: placement by physical address, for protocols that ask for it.
 */
#ifndef PHYSICAL_H
#define PHYSICAL_H

#include "shape.h"

/* ST_OVERFLOW, ST_NO_ADDRESS (no such physical address), ST_OVERLAP, with the segment. */
MUST_CHECK enum status physical_check(const struct space *space, const struct shape *shape,
                                      struct fault *fault);

#endif
