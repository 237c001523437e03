/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread.h: objects that can move begin at different colors (requirements C2).
 */
#ifndef SPREAD_H
#define SPREAD_H

#include "policy.h"

/*
 * choice->bias is a place that the object may have. Goes on to one behind it whose start fits (packed,
 * no address asked for), else sets choice->turn: then pa is not va modulo a way. An object that can have leaves of
 * 2M, or whose bytes stay, is left where it is. Reads space->colors, which may be NULL.
 */
void spread_object(const struct space *space, const struct place_request *request,
                   const struct shape *shape, const struct wish *wish, struct choice *choice);

/* A row of Smalt's own of so many bytes at va: the lowest va from there on that fits, or va if there is none. */
uint64_t spread_own(const struct space *space, uint64_t va, uint64_t bytes);

/* Gives colors to what has its rows: [first, first + count) of the space, turned. */
void spread_give(struct space *space, uint32_t first, uint32_t count, uint32_t turn);

#endif
