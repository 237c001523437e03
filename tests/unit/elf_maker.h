/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_maker.h: ELF64 files for tests, byte by byte after the ELF gABI, "Object
 * Files" and "Program Header": shares nothing with object/.
 */
#ifndef ELF_MAKER_H
#define ELF_MAKER_H

#include <stdint.h>
#include <string.h>

#define MAKER_SEGMENTS 8

struct maker_segment {
	uint32_t type, flags;        /* p_type; PF_X 1, PF_W 2, PF_R 4 */
	uint64_t offset, va, pa, file_bytes, mem_bytes, align;
};

struct maker {
	uint8_t *file;               /* file_bytes of storage, filled by the caller where not headers */
	uint64_t file_bytes;
	uint16_t type, machine;      /* e_type: 2 EXEC, 3 DYN; e_machine: 62, 183 */
	uint64_t entry;
	struct maker_segment segments[MAKER_SEGMENTS];
	uint16_t segment_count;
};

static inline void put16(uint8_t *to, uint64_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *to, uint64_t value)
{
	put16(to, value);
	put16(to + 2, value >> 16);
}

static inline void put64(uint8_t *to, uint64_t value)
{
	put32(to, value);
	put32(to + 4, value >> 32);
}

/* Writes the headers: 64 bytes, then 56 for each segment. */
static inline void maker_write(const struct maker *m)
{
	uint8_t *e = m->file;

	memset(e, 0, 64);
	memcpy(e, "\177ELF\2\1\1", 7);
	put16(e + 16, m->type);
	put16(e + 18, m->machine);
	put32(e + 20, 1);
	put64(e + 24, m->entry);
	put64(e + 32, 64);
	put16(e + 52, 64);
	put16(e + 54, 56);
	put16(e + 56, m->segment_count);
	put16(e + 58, 64);
	for (unsigned i = 0; i < m->segment_count; i++) {
		const struct maker_segment *s = &m->segments[i];
		uint8_t *p = e + 64 + 56 * i;

		put32(p, s->type);
		put32(p + 4, s->flags);
		put64(p + 8, s->offset);
		put64(p + 16, s->va);
		put64(p + 24, s->pa);
		put64(p + 32, s->file_bytes);
		put64(p + 40, s->mem_bytes);
		put64(p + 48, s->align);
	}
}

#endif
