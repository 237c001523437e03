/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map_bench.h: a made-up firmware for tests of the mapping call: memory full of 0xAA, an
 * object at its beginning, free frames behind it, and a walk through the tables.
 */
#ifndef MAP_BENCH_H
#define MAP_BENCH_H

#include <smalt/map.h>

#include <stdbool.h>

#include <stdlib.h>
#include <string.h>

#include "elf_maker.h"

#define PAGE         4096ull
#define RAM_PA       0x40000000ull       /* aligned to 1G: every leaf of the machines but that fits */
#define RAM_BYTES    (24ull << 20)
#define FREE_PA      (RAM_PA + (4ull << 20))
#define STORAGE      (1u << 20)

struct bench {
	uint32_t machine;
	uint8_t *ram;
	uint8_t *storage;
	uint64_t storage_bytes;
	struct smalt_memory memory[4];
	struct smalt_claim claims[4];
	struct smalt_setup setup;
	struct smalt_space *space;
	struct smalt_fault fault;
	struct smalt_row rows[16];
	uint32_t count;
};

static struct bench b;

static void *at_pa(uint64_t pa)
{
	return b.ram + (pa - RAM_PA);
}

/* Memory anew; the space is opened by open_space(). */
static void bench_begin(uint32_t machine)
{
	if (b.ram == NULL) {
		b.ram = aligned_alloc(1 << 21, RAM_BYTES);
		b.storage = aligned_alloc(16, STORAGE);
	}
	memset(b.ram, 0xaa, RAM_BYTES);
	memset(b.storage, 0xaa, STORAGE);
	b.machine = machine;
	b.storage_bytes = STORAGE;
	b.memory[0] = (struct smalt_memory){ RAM_PA, FREE_PA - RAM_PA, SMALT_MEM_RESERVED, 0 };
	b.memory[1] = (struct smalt_memory){ FREE_PA, RAM_BYTES - (FREE_PA - RAM_PA), SMALT_MEM_USABLE, 0 };
	b.setup = (struct smalt_setup){
		.bytes = sizeof b.setup, .machine = machine, .leaf_mask = machine == 62 ? 7 : 31,
		.memory = b.memory, .memory_count = 2, .claims = b.claims,
		.window = (uint64_t)(uintptr_t)b.ram - RAM_PA,
		.object_most = 8, .row_most = 64, .extent_most = 256,
	};
}

static uint32_t open_space(void)
{
	return smalt_open(&b.setup, b.storage, b.storage_bytes, &b.space, &b.fault);
}

/* A request for an object that lies at RAM_PA. */
static struct smalt_request request_of(uint64_t bytes)
{
	return (struct smalt_request){
		.bytes = sizeof(struct smalt_request), .flags = SMALT_MAP_INTERPRET, .name = "it",
		.object = b.ram, .object_bytes = bytes, .object_pa = RAM_PA,
		.from = b.machine == 62 ? 0xffffffff80000000 : 0xffff800000000000,
	};
}

static inline uint32_t map_it(const struct smalt_request *request)
{
	b.count = 16;
	return smalt_map(b.space, request, b.rows, &b.count, &b.fault);
}

/* Intel SDM Vol. 3A 4.5, Arm ARM D8.3: 4 levels of 9 bits. Leaf entry, 0 if not mapped; *pa: of va. */
static inline uint64_t walk(const uint64_t root[2], uint64_t va, uint64_t *pa)
{
	uint64_t table_pa = root[b.machine == 183 && va >> 63];

	for (int level = 3; level >= 0; level--) {
		uint64_t entry = ((const uint64_t *)at_pa(table_pa))[va >> (12 + 9 * level) & 511];
		uint64_t mask = (1ull << (12 + 9 * level)) - 1;

		if (!(entry & 1))
			return 0;
		table_pa = entry & 0x0000fffffffff000;
		if (level == 0 || (b.machine == 183 ? !(entry & 2) : (entry & 0x80) != 0)) {
			*pa = (table_pa & ~mask) | (va & mask);
			return entry;
		}
	}
	return 0;
}

#endif
