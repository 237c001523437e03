/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devicetree.h: from a flattened devicetree to the environment (Devicetree
 * Specification v0.4; Linux Documentation/devicetree/bindings/chosen.txt).
 *
 * Not called fdt.h: that name belongs to libfdt.
 */
#ifndef DEVICETREE_H
#define DEVICETREE_H

#include "env.h"

#define DEVICETREE_BYTES_MAX (2u << 20)   /* Linux Documentation/arch/arm64/booting.rst, 2 */

/*
 * The bytes that the header at tree announces; 0 if no header is there or it
 * announces more than DEVICETREE_BYTES_MAX. Reads 8 aligned bytes, so that it
 * may run before caches are on.
 */
uint64_t devicetree_bytes(const void *tree);

/*
 * Fills memory (finished), files, cmdline, devicetree, serial, PSCI, entropy and fw_cfg of env, and what the
 * tree knows better of cpu: its caches and a hypervisor. tree is
 * all that devicetree_bytes() said, at window + its pa, and must stay where it is:
 * strings are not copied. env->memory must be empty with room, machine and window
 * must be set, cpu may be, the rest 0.
 * ST_BAD_DEVICETREE with the property, its value and its node, ST_TOO_SMALL.
 */
MUST_CHECK enum status devicetree_read(struct span tree, struct env *env, struct fault *fault);

/* Bytes of a copy without the free room in and behind its blocks, for a tree that was read. */
uint64_t devicetree_copy_bytes(struct span tree);

/* Makes that copy. */
void devicetree_copy(void *to, struct span tree);

/*
 * Replaces env->devicetree by a copy in pages that hold nothing else, and without the room that
 * firmware leaves behind it: the kernel gets them. ST_NO_MEMORY.
 */
MUST_CHECK enum status devicetree_keep(struct env *env, struct arena *arena, struct fault *fault);

#endif
