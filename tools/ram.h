/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ram.h: the physical memory of a machine, as address space of the host: what is
 * never touched costs nothing, so that a machine may have terabytes.
 */
#ifndef RAM_H
#define RAM_H

#include "env.h"

#define RAM_LIMIT (16ull << 40)

struct ram {
	uint8_t *base;           /* of physical address 0 */
	uint64_t bytes;
};

/* Zeroed memory from 0 to the highest address that env names. ST_BAD_ENVIRONMENT above RAM_LIMIT. */
MUST_CHECK enum status ram_open(struct ram *ram, const struct env *env, struct fault *fault);

/*
 * Puts the whole file fd at pa: by mapping it where pa is a multiple of the page, so that no byte
 * is copied and writing changes no file; else by reading. [pa, pa + bytes) was named by env.
 */
MUST_CHECK enum status ram_place(const struct ram *ram, uint64_t pa, int fd, uint64_t bytes,
                                 struct fault *fault);

/* The bytes at pa, NULL if they are not all memory. */
uint8_t *ram_at(const struct ram *ram, uint64_t pa, uint64_t bytes);

void ram_close(struct ram *ram);

#endif
