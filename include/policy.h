/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h: places that are not the lowest: stable or random (requirements M13).
 */
#ifndef POLICY_H
#define POLICY_H

#include "shape.h"

/* Where an object goes, and how that came about. */
struct choice {
	uint64_t bias;
	uint32_t va_bits;        /* as placement.va_bits */
	bool moved;              /* stable, and not where it always is */
};

/* By the request's policy; false: it is packed, or there is no free place (moved says whose fault). */
bool policy_choose(const struct space *space, const struct place_request *request,
                   const struct shape *shape, struct choice *choice);

#endif
