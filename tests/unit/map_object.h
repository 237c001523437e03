/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map_object.h: an object for tests of the mapping call, what its memory must be byte by byte,
 * and a picture of a space, to find out whether anything of it has changed.
 *
 *     0x0000 r--  headers, relocations at 0x400; part of a page
 *     0x1000 r-x  two pages
 *     0x3000 rw-  two pages and 0xe00 bytes, zero up to 0x8000; dynamic section at 0x3100
 *     0x9000 rw-  zero, 0x2123 bytes
 *     0xc000 rw-  one page
 */
#ifndef MAP_OBJECT_H
#define MAP_OBJECT_H

#include "../../boot/map/library.h"      /* before a bench that is called b */
#include "frames_saved.h"
#include "map_bench.h"

#define OBJECT_BYTES 0x7000ull
#define OBJECT_PARTS 5

static const struct maker_segment parts[OBJECT_PARTS] = {
	{ 1, 4, 0, 0, 0, 0x800, 0x800, 0x1000 },
	{ 1, 5, 0x1000, 0x1000, 0, 0x2000, 0x2000, 0x1000 },
	{ 1, 6, 0x3000, 0x3000, 0, 0x2e00, 0x5000, 0x1000 },
	{ 1, 6, 0, 0x9000, 0, 0, 0x2123, 0x1000 },
	{ 1, 6, 0x6000, 0xc000, 0, 0x1000, 0x1000, 0x1000 },
};

/* Words to relocate, each by the bias alone: address and addend. */
struct word { uint64_t va, addend; };

static uint8_t object_file[OBJECT_BYTES];        /* as it was made */

static inline void put_tag(uint64_t at, uint64_t tag, uint64_t value)
{
	put64(b.ram + at, tag);
	put64(b.ram + at + 8, value);
}

/* RELATIVE is 8 (x86-64 psABI) or 1027 (AArch64 ELF). relro: bytes of [0x3000, ...), 0: none. */
static inline void make_object(uint16_t type, uint64_t base, const struct word *words,
                               unsigned count, uint64_t relro)
{
	struct maker m = { .file = b.ram, .file_bytes = OBJECT_BYTES, .type = type,
	                   .machine = (uint16_t)b.machine, .entry = base + 0x1010,
	                   .segment_count = relro ? OBJECT_PARTS + 2 : OBJECT_PARTS + 1 };

	for (unsigned i = 0; i < OBJECT_BYTES; i++)
		b.ram[i] = (uint8_t)(1 + i * 7 + (i >> 8));
	for (unsigned i = 0; i < OBJECT_PARTS; i++) {
		m.segments[i] = parts[i];
		m.segments[i].va += base;
	}
	m.segments[OBJECT_PARTS] = (struct maker_segment){ 2, 6, 0x3100, base + 0x3100, 0, 0x40, 0x40, 8 };
	m.segments[OBJECT_PARTS + 1] = (struct maker_segment){ 0x6474e552, 4, 0x3000, base + 0x3000, 0, relro, relro, 1 };
	maker_write(&m);
	put_tag(0x3100, 7, base + 0x400);
	put_tag(0x3110, 8, 24 * (uint64_t)count);
	put_tag(0x3120, 9, 24);
	put_tag(0x3130, 0, 0);
	for (unsigned i = 0; i < count; i++) {
		put64(b.ram + 0x400 + 24 * i, base + words[i].va);
		put64(b.ram + 0x408 + 24 * i, b.machine == 62 ? 8 : 1027);
		put64(b.ram + 0x410 + 24 * i, words[i].addend);
	}
	memcpy(object_file, b.ram, OBJECT_BYTES);
}

/* What the byte at va, without base, is before relocation. */
static inline uint8_t byte_of_object(uint64_t va)
{
	for (unsigned i = 0; i < OBJECT_PARTS; i++)
		if (va - parts[i].va < parts[i].file_bytes)
			return object_file[parts[i].offset + (va - parts[i].va)];
	return 0;
}

/* The same after relocation by bias. */
static inline uint8_t byte_relocated(uint64_t va, const struct word *words, unsigned count, uint64_t bias)
{
	for (unsigned i = 0; i < count; i++)
		if (va - words[i].va < 8)
			return (uint8_t)((words[i].addend + bias) >> 8 * (va - words[i].va));
	return byte_of_object(va);
}

static inline uint64_t free_pages(void)
{
	return b.space->frames.free.bytes / PAGE;
}

/* Page and rights of an address, from the extents; NULL: not mapped. */
static inline const struct smalt_extent *extent_of(uint64_t va, uint64_t *pa)
{
	uint32_t count;
	const struct smalt_extent *extents = smalt_extents(b.space, &count);

	for (uint32_t i = 0; i < count; i++)
		if (va - extents[i].va < extents[i].bytes) {
			*pa = extents[i].pa + (va - extents[i].va);
			return &extents[i];
		}
	return NULL;
}

/* Everything of a space that a caller can see, and what is free. */
struct picture {
	uint32_t rows, extents, objects, taken, segments;
	uint64_t free_bytes, used;
	uint8_t bytes[1 << 16];
	uint32_t count;
};

static inline void draw_part(struct picture *to, const void *from, uint64_t bytes)
{
	assert_true(to->count + bytes <= sizeof to->bytes);
	memcpy(to->bytes + to->count, from, bytes);
	to->count += (uint32_t)bytes;
}

static inline struct picture draw(const struct smalt_prepared *prepared)
{
	static struct picture p;
	const struct ranges *free = &b.space->frames.free;

	memset(&p, 0, sizeof p);
	const struct smalt_row *rows = smalt_rows(b.space, &p.rows);
	const struct smalt_extent *extents = smalt_extents(b.space, &p.extents);
	const struct smalt_object *objects = smalt_objects(b.space, &p.objects);
	const struct smalt_memory *taken = smalt_taken(b.space, &p.taken);

	draw_part(&p, rows, p.rows * sizeof *rows);
	draw_part(&p, extents, p.extents * sizeof *extents);
	draw_part(&p, objects, p.objects * sizeof *objects);
	draw_part(&p, taken, p.taken * sizeof *taken);
	if (prepared != NULL) {
		const struct smalt_segment *segments = smalt_segments(prepared, &p.segments);

		draw_part(&p, segments, p.segments * sizeof *segments);
		for (uint32_t i = 0; i < p.segments; i++)
			if (segments[i].flags & SMALT_SEGMENT_OWN)
				draw_part(&p, at_pa(segments[i].extent_pa), segments[i].extent_bytes);
	}
	for (uint32_t at = 0; (at = ranges_behind(free, at == 0 ? 0 : free->nodes[at].end)) != 0; )
		draw_part(&p, &free->nodes[at].start, 16);
	p.free_bytes = free->bytes;
	p.used = b.space->arena.used;
	return p;
}

/* Storage that is used does not count for two that came to the same by other ways. */
static inline void assert_same(const struct picture *before, const struct smalt_prepared *prepared)
{
	struct picture now = draw(prepared);

	assert_memory_equal(&now, before, sizeof now);
	assert_memory_equal(b.ram, object_file, OBJECT_BYTES);
}

static inline void say(uint32_t status)
{
	char text[512];

	if (status == SMALT_STATUS_OK)
		return;
	smalt_fault_text(&b.fault, text, sizeof text);
	fail_msg("%s", text);
}

#endif
