/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * turns.h: by which policy each object is placed, and in which order (requirements M13).
 */
#ifndef TURNS_H
#define TURNS_H

#include "boot.h"

struct turn {
	uint64_t key;            /* turns ascend by it */
	uint32_t index;          /* of the object */
	bool followed;           /* packed objects of later turns go behind it */
};

/* The policy that holds for an object: PLACE_PACKED for what cannot move or has an address. */
enum place_policy turns_policy(const struct boot *boot, uint32_t index);

/*
 * One turn for each object, in memory of the arena: those with fixed addresses, stable ones in the
 * order of what they are, packed ones as they are configured, random ones. Nobody takes what
 * another cannot do without. All packed: as they are configured. ST_NO_MEMORY.
 */
MUST_CHECK enum status turns_make(const struct boot *boot, struct turn **turns, struct fault *fault);

/*
 * What decides where the object goes: what it is (PLACE_STABLE) or the seed (PLACE_RANDOM); NULL:
 * nothing does, or there is no seed.
 */
const struct random *draw_make(const struct boot *boot, uint32_t index, enum place_policy policy,
                               struct random *draw);                               /* draw.c */

/* Likewise the object's frames, with pa random; false: the lowest are taken, its own pages stay. NULL only asks. */
bool draw_frames(const struct boot *boot, uint32_t index, struct random *draw);

#endif
