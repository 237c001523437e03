/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * firmware.h: what a firmware that is still there does for a boot, linked by
 * name: boot/uefi*.c, or boot/direct.c where nobody is there to ask (direct boot, the
 * host).
 *
 *     find ─▶ memory ─▶ claim ─▶ read ─▶ leave
 *       └───────┴─────────┴───────┴──▶ release, then the next entry, or refuse
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include "env.h"
#include "frames.h"

struct boot;

/*
 * Looks for a file of this path on the volume that the loader came from; *file is a new entry of
 * env->files, or NULL if there is none. whole: its bytes are put into memory, at an address with
 * the alignment of the leaves that they can have; else it stays ENV_ON_VOLUME. ST_TOO_SMALL
 * (ENV_FILES), ST_NO_MEMORY, ST_DEVICE.
 */
MUST_CHECK enum status firmware_find(struct env *env, struct span path, bool whole,
                                     const struct file **file, struct fault *fault);

/* Puts a file of the volume into memory as a whole after all: *file changes. */
MUST_CHECK enum status firmware_load(struct env *env, const struct file *file, struct fault *fault);

/* Bytes of a file that is ENV_ON_VOLUME. ST_DEVICE. */
MUST_CHECK enum status firmware_read(const struct env *env, const struct file *file,
                                     uint64_t file_offset, void *to, uint64_t bytes,
                                     struct fault *fault);

/* Pages for files that the firmware does not know of, all at once. ST_NO_MEMORY. */
MUST_CHECK enum status firmware_room(struct env *env, uint64_t bytes, struct arena *arena,
                                     uint64_t *pa, struct fault *fault);

/* Fills env->memory, after everything that the firmware allocates for us but the frames. */
MUST_CHECK enum status firmware_memory(struct env *env, struct fault *fault);

/* Makes everything that frames took of free memory ours. ST_MEMORY_CHANGED: somebody was faster. */
MUST_CHECK enum status firmware_claim(struct env *env, const struct frames *frames,
                                      struct fault *fault);

/* After a failure: gives back frames and files of this try. */
void firmware_release(struct env *env);

/*
 * The commit point: ends the firmware, fills env->memory with its last map and goes on in
 * next(boot) on the loader's own map and stack.
 */
_Noreturn void firmware_leave(struct boot *boot, void (*next)(struct boot *boot));

/* No entry boots: the end, or back to the firmware with a status of its own. */
_Noreturn void firmware_refuse(enum status status);

#endif
