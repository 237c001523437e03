/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity.h: numbers that depend on what an object is, or on a seed and the object's number.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "object.h"
#include "random.h"

/* Of random.h: numbers of one purpose tell nothing of those of another. */
enum identity_domain { IDENTITY_STABLE = 1, IDENTITY_VA = 2, IDENTITY_PA = 3 };

/* The same for the same object wherever and beside whatever it is placed. */
struct random identity_stable(const struct object *object, uint64_t instance);

/* The same for the same seed and number. */
struct random identity_random(enum identity_domain domain, struct span seed, uint64_t number);

#endif
