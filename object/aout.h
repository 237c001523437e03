/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aout.h: what classic a.out and Plan 9's have in common, private to this room.
 */
#ifndef AOUT_H
#define AOUT_H

#include "parts.h"

/* Is object->elf_machine the machine, if there is one? ST_WRONG_MACHINE. */
MUST_CHECK enum status aout_machine(const struct object *object, const struct machine *machine,
                                    struct fault *fault);

/*
 * Takes text and data, which ascend, as the object's segments: bss is the zero fill of data, one of
 * no bytes is none. Addresses, offsets, sizes and rights are set, the rest is not.
 * ST_OVERFLOW, ST_TRUNCATED, ST_NOT_MAPPABLE, ST_NO_MEMORY.
 */
MUST_CHECK enum status aout_segments(struct object *object, const struct segment *text,
                                     const struct segment *data, struct arena *arena,
                                     struct fault *fault);

#endif
