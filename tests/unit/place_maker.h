/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_maker.h: objects and spaces for tests of placement, without a file.
 */
#ifndef PLACE_MAKER_H
#define PLACE_MAKER_H

#include "place.h"
#include "scratch.h"

#define KERNEL_VA  0xffffffff80000000    /* x86_64: -2 GiB (requirements H7) */
#define MAKER_ROWS 16

/* A space of x86_64 with 4K, 2M and 1G leaves; the arena of the test is its. */
static inline struct space maker_space_of(const struct machine *machine, uint32_t leaf_mask,
                                          uint32_t rows)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space;
	struct fault fault;

	assert_int_equal(space_init(&space, paging_of(machine, leaf_mask), rows, 1, &arena, &fault), ST_OK);
	return space;
}

static inline struct space maker_space(void)
{
	return maker_space_of(&machine_x86_64, 7, MAKER_ROWS);
}

/* An object of these segments; its align is the largest of theirs, its entry the first X byte. */
static inline struct object maker_object(enum object_kind kind, struct segment *segments,
                                         uint32_t count)
{
	static const uint8_t file[1];
	struct object object = {
		.name = SPAN("a.elf"), .bytes = { file, 1 << 20 }, .bytes_pa = OBJECT_NOWHERE,
		.format = SMALT_FORMAT_ELF64, .kind = kind, .header_bytes = 64,
		.segments = segments, .segment_count = count, .align = 1,
		.phdr_offset = 64, .phdr_count = 3, .phdr_entry_bytes = 56,
	};

	for (uint32_t i = 0; i < count; i++) {
		segments[i].index = i + 5;
		if (segments[i].align == 0)
			segments[i].align = 0x1000;
		if (object.align < segments[i].align)
			object.align = segments[i].align;
		if (object.entry == 0 && (segments[i].prot & SMALT_X))
			object.entry = segments[i].va;
	}
	return object;
}

/* As much as placement wants to know of a flat file. */
static inline struct object maker_flat(uint64_t bytes, uint64_t bytes_pa)
{
	struct object object = maker_object(OBJECT_FLAT, NULL, 0);

	object.bytes.bytes = bytes;
	object.bytes_pa = bytes_pa;
	object.header_bytes = 0;
	object.phdr_count = 0;
	return object;
}

static inline struct place_request maker_request(const struct object *object)
{
	return (struct place_request){ .object = object, .flags = PLACE_INTERPRET,
	                               .object_index = 3, .from = KERNEL_VA };
}

/* The result of one placement; rows are full of 0xAA before. */
struct placed {
	struct smalt_row rows[MAKER_ROWS];
	struct placement placement;
	struct fault fault;
	uint32_t count;
	enum status status;
};

static inline bool maker_all_aa(const void *memory, uint64_t bytes)
{
	const uint8_t *byte = memory;

	while (bytes > 0 && byte[bytes - 1] == 0xaa)
		bytes--;
	return bytes == 0;
}

/* Places with room for capacity rows; checks that nothing but the promised was written (M1, M2). */
static inline struct placed maker_place_with(const struct space *space,
                                             const struct place_request *request,
                                             uint32_t capacity)
{
	struct space before = *space;
	struct placed p;

	memset(&p, 0xaa, sizeof p);
	p.count = capacity;
	p.status = place_object(space, request, p.rows, &p.count, &p.placement, &p.fault);
	assert_memory_equal(space, &before, sizeof before);
	if (p.status == ST_OK) {
		assert_true(p.count <= capacity);
		assert_true(maker_all_aa(p.rows + p.count, (MAKER_ROWS - p.count) * sizeof p.rows[0]));
		return p;
	}
	assert_true(maker_all_aa(p.rows, sizeof p.rows));
	assert_true(maker_all_aa(&p.placement, sizeof p.placement));
	assert_int_equal(p.fault.status, p.status);
	assert_memory_equal(p.fault.object.base, request->object->name.base,
	                    request->object->name.bytes);
	if (p.status != ST_TOO_SMALL)
		assert_int_equal(p.count, capacity);
	return p;
}

static inline struct placed maker_place(const struct space *space,
                                        const struct place_request *request)
{
	return maker_place_with(space, request, MAKER_ROWS);
}

static inline void maker_enter(struct space *space, const struct place_request *request,
                               const struct placed *p)
{
	struct fault fault;

	assert_int_equal(p->status, ST_OK);
	assert_int_equal(place_enter(space, request, p->rows, p->count, &p->placement, &fault), ST_OK);
}

#endif
