/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relro.h: parts segments so that what only relocation writes becomes read-only.
 */
#ifndef RELRO_H
#define RELRO_H

#include "object.h"

/*
 * Parts the writable segment in which PT_GNU_RELRO begins in up to three; the middle one is read-only, its
 * .relro set (S9). An object without one stays as it is. New segments come from arena: ST_NO_MEMORY.
 */
MUST_CHECK enum status relro_part(struct object *object, uint64_t granule, struct arena *arena,
                                  struct fault *fault);

#endif
