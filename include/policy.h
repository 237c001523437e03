/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h: places that are not the lowest: stable or random (requirements M13).
 */
#ifndef POLICY_H
#define POLICY_H

#include "wish.h"

/* Where an object goes, and how that came about. */
struct choice {
	uint64_t bias;
	uint32_t va_bits;        /* as placement.va_bits */
	uint32_t turn;           /* as placement.turn */
	bool moved;              /* stable, and not where it always is */
};

/* By the request's policy; false: it is packed, or there is no free place (moved says whose fault). */
bool policy_choose(const struct space *space, const struct place_request *request,
                   const struct shape *shape, const struct wish *wish, struct choice *choice);

#endif
