/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wish.h: which addresses would be worth having, for objects that can move.
 */
#ifndef WISH_H
#define WISH_H

#include "shape.h"

/* bias == phase modulo align; align is at least the object's own, and phase a multiple of that. */
struct wish {
	uint64_t align, phase;
	uint64_t leaf;           /* bytes of the largest leaf that it is about */
	bool stays;              /* it is about where the bytes lie */
};

/* Always fulfillable in an empty space: nobody depends on its coming true. */
struct wish wish_make(const struct space *space, const struct place_request *request,
                      const struct shape *shape);

#endif
