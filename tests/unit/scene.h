/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.h: physical memory, frames and a space for tests of mm/, from a few lines.
 */
#ifndef SCENE_H
#define SCENE_H

#include <string.h>

#include "align.h"
#include "frames.h"
#include "object.h"
#include "space.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)

enum { RW = SMALT_R | SMALT_W, RX = SMALT_R | SMALT_X };

struct scene {
	struct memmap map;
	struct frames frames;
	struct space space;
	struct arena arena;
	struct fault fault;
};

/* Limits that a test may lower to make allocations fail. */
struct scene_limits {
	uint32_t takes, extents;
};

/* Fresh memory (0xAA), a finished map of these ranges, all leaves of the machine. */
static inline void scene_open(struct scene *s, const struct machine *machine,
                              const struct smalt_memory *ranges, uint32_t count,
                              struct scene_limits limits)
{
	static uint8_t memory[96 << 10] __attribute__((aligned(16)));

	memset(memory, 0xaa, sizeof(memory));
	memset(s, 0xaa, sizeof(*s));
	s->arena = (struct arena){ memory, sizeof(memory), 0 };
	assert_int_equal(memmap_init(&s->map, 2 * count, &s->arena, &s->fault), ST_OK);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(memmap_add(&s->map, ranges[i].pa, ranges[i].bytes,
		                            ranges[i].type, &s->fault), ST_OK);
	assert_int_equal(memmap_finish(&s->map, 4096, &s->fault), ST_OK);
	assert_int_equal(frames_init(&s->frames, &s->map, 4096, machine->frame_floor,
	                             limits.takes, &s->arena, &s->fault), ST_OK);
	assert_int_equal(space_init(&s->space, paging_of(machine, (1u << machine->format->leaf_count) - 1),
	                            8, limits.extents, &s->arena, &s->fault), ST_OK);
}

static inline struct smalt_row scene_row(uint64_t va, uint64_t mem_bytes, uint64_t file_bytes,
                                         uint64_t file_offset, uint32_t prot)
{
	return (struct smalt_row){ .va = va, .mem_bytes = mem_bytes, .file_bytes = file_bytes,
	                           .file_offset = file_offset, .data_offset = va % 4096,
	                           .prot = prot, .segment = (uint32_t)(va / 4096) };
}

static inline void scene_add(struct scene *s, struct smalt_row row)
{
	assert_int_equal(space_add_rows(&s->space, &row, 1, &s->fault), ST_OK);
}

/* The extent that maps this page, found one by one: sorted or not. */
static inline const struct smalt_extent *scene_at(const struct scene *s, uint64_t va)
{
	const struct smalt_extent *found = NULL;

	for (uint32_t i = 0; i < s->space.extent_count; i++) {
		const struct smalt_extent *e = &s->space.extents[i];

		if (va >= e->va && va - e->va < e->bytes) {
			assert_null(found);
			found = e;
		}
	}
	return found;
}

static inline uint64_t scene_pa(const struct scene *s, uint64_t va)
{
	const struct smalt_extent *e = scene_at(s, va);

	assert_non_null(e);
	return e->pa + (va - e->va);
}

/* The types of all pages, after what was taken: one byte each, from pa 0. */
static inline uint32_t scene_type_after(const struct scene *s, uint64_t pa)
{
	for (uint32_t i = 0; i < s->frames.taken.count; i++) {
		const struct smalt_memory *t = &s->frames.taken.ranges[i];

		if (pa >= t->pa && pa - t->pa < t->bytes)
			return t->type;
	}
	return memmap_type(&s->map, pa);
}

#endif
