/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_ram.h: physical memory of a test that firmware tables are written to,
 * full of 0xAA; nothing behind its limit may be touched (the sanitizer watches).
 */
#ifndef FAKE_RAM_H
#define FAKE_RAM_H

#include <stdlib.h>
#include <string.h>

#include "reach.h"

struct fake_ram {
	uint8_t *bytes;
	uint64_t limit;
};

static inline struct fake_ram ram_new(uint64_t limit)
{
	struct fake_ram ram = { malloc(limit > 0 ? limit : 1), limit };

	memset(ram.bytes, 0xaa, limit);
	return ram;
}

static inline void ram_free(struct fake_ram *ram)
{
	free(ram->bytes);
}

static inline struct reach ram_reach(const struct fake_ram *ram)
{
	return (struct reach){ (uint64_t)(uintptr_t)ram->bytes, ram->limit };
}

/* Little endian; what lies behind the limit is not there to be written. */
static inline void ram_put(struct fake_ram *ram, uint64_t pa, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		if (pa + i < ram->limit)
			ram->bytes[pa + i] = (uint8_t)(value >> 8 * i);
}

static inline void ram_text(struct fake_ram *ram, uint64_t pa, const char *text, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++)
		ram_put(ram, pa + i, 1, (uint8_t)text[i]);
}

#endif
