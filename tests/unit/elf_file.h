/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf_file.h: a small good ELF64 file, which tests spoil one number at a time,
 * and the promises of object.h, checked by another way than they are kept.
 *
 * Offsets are literals from the gABI, not those of elf64.h.
 */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "scratch.h"

enum {
	E_CLASS = 4, E_DATA = 5, E_IDENT_VERSION = 6, E_TYPE = 16, E_MACHINE = 18, E_VERSION = 20,
	E_ENTRY = 24, E_PHOFF = 32, E_SHOFF = 40, E_EHSIZE = 52, E_PHENTSIZE = 54, E_PHNUM = 56,
	E_SHENTSIZE = 58, E_SHNUM = 60,
	P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_VADDR = 16, P_PADDR = 24, P_FILESZ = 32,
	P_MEMSZ = 40, P_ALIGN = 48,
	HEADER_BYTES = 64, PHDR_BYTES = 56,
};

struct elf_file {
	uint8_t bytes[0x1000];
	uint64_t count;          /* of the file */
};

static inline void put(struct elf_file *file, uint64_t at, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		file->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static inline void put16(struct elf_file *file, uint64_t at, uint16_t value)
{
	put(file, at, 2, value);
}

static inline void put32(struct elf_file *file, uint64_t at, uint32_t value)
{
	put(file, at, 4, value);
}

static inline void put64(struct elf_file *file, uint64_t at, uint64_t value)
{
	put(file, at, 8, value);
}

/* Where a member of program header index stands. */
static inline uint64_t phdr_at(uint32_t index, uint64_t member)
{
	return HEADER_BYTES + PHDR_BYTES * (uint64_t)index + member;
}

struct phdr { uint32_t type, flags; uint64_t offset, va, file_bytes, mem_bytes, align; };

/* Appends a program header. */
static inline void add_phdr(struct elf_file *file, struct phdr p)
{
	uint32_t index = file->bytes[E_PHNUM]++;

	put32(file, phdr_at(index, P_TYPE), p.type);
	put32(file, phdr_at(index, P_FLAGS), p.flags);
	put64(file, phdr_at(index, P_OFFSET), p.offset);
	put64(file, phdr_at(index, P_VADDR), p.va);
	put64(file, phdr_at(index, P_PADDR), p.va + 0x1000000);
	put64(file, phdr_at(index, P_FILESZ), p.file_bytes);
	put64(file, phdr_at(index, P_MEMSZ), p.mem_bytes);
	put64(file, phdr_at(index, P_ALIGN), p.align);
}

/* Only headers: x86_64, version 1, no program headers, 0x800 bytes. */
static inline struct elf_file elf_headers(uint16_t type)
{
	struct elf_file file = { .count = 0x800 };

	memcpy(file.bytes, "\177ELF\2\1\1", 7);
	put16(&file, E_TYPE, type);
	put16(&file, E_MACHINE, 62);
	put32(&file, E_VERSION, 1);
	put64(&file, E_PHOFF, HEADER_BYTES);
	put16(&file, E_EHSIZE, HEADER_BYTES);
	put16(&file, E_PHENTSIZE, PHDR_BYTES);
	return file;
}

/* Text [0, 0x400) at 0x400000, data [0x400, 0x800) and 0x100 bytes of bss at 0x401400. */
static inline struct elf_file good_file(void)
{
	struct elf_file file = elf_headers(2);

	put64(&file, E_ENTRY, 0x400200);
	add_phdr(&file, (struct phdr){ 1, 5, 0, 0x400000, 0x400, 0x400, 0x1000 });
	add_phdr(&file, (struct phdr){ 1, 6, 0x400, 0x401400, 0x400, 0x500, 0x1000 });
	return file;
}

/* What came of reading: bytes are a copy of exactly the file's length, so that one byte more is a fault. */
struct reading {
	enum status status;
	struct content content;
	struct object object;
	struct fault fault;
	uint8_t *copy;
	uint64_t bytes_hash;
};

static inline uint64_t hash_of(const uint8_t *bytes, uint64_t count)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint64_t i = 0; i < count; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

/* A file that is read on demand, as from a volume: exactly what is asked for, never past the end. */
static inline enum status read_piece(const struct content *content, uint64_t file_offset, void *to,
                                     uint64_t bytes, struct fault *fault)
{
	const struct reading *r = content->reader;

	(void)fault;
	assert_true(file_offset <= content->bytes.bytes && bytes <= content->bytes.bytes - file_offset);
	memcpy(to, r->copy + file_offset, bytes);
	return ST_OK;
}

static inline bool same_span(struct span a, struct span b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.base, b.base, a.bytes) == 0);
}

/* Member by member: the bytes between them are anybody's. */
static inline void assert_same_segment(const struct segment *a, const struct segment *b)
{
	assert_true(a->va == b->va && a->pa == b->pa && a->file_offset == b->file_offset &&
	            a->file_bytes == b->file_bytes && a->mem_bytes == b->mem_bytes &&
	            a->align == b->align && a->prot == b->prot && a->relro == b->relro &&
	            a->patched == b->patched && a->index == b->index);
}

static inline void assert_same_object(const struct object *a, const struct object *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->segment_count, b->segment_count);
	for (uint32_t i = 0; i < a->segment_count; i++)
		assert_same_segment(&a->segments[i], &b->segments[i]);
	assert_true(a->entry == b->entry && a->section_count == b->section_count &&
	            a->phdr_count == b->phdr_count && a->note_count == b->note_count &&
	            a->has_pvh == b->has_pvh && a->x86_isa_needed == b->x86_isa_needed);
	assert_true(same_span(a->rela, b->rela) && same_span(a->rel, b->rel) &&
	            same_span(a->relr, b->relr) && same_span(a->jmprel, b->jmprel) &&
	            same_span(a->interp, b->interp) && same_span(a->build_id, b->build_id) &&
	            same_span(a->request, b->request));
	assert_memory_equal(&a->table_offset, &b->table_offset, sizeof a->table_offset);
	for (uint32_t i = 0; i < a->note_count; i++)
		assert_true(a->notes[i].file_offset == b->notes[i].file_offset && a->notes[i].va == b->notes[i].va &&
		            same_span(a->notes[i].desc, b->notes[i].desc));
}

/* Whatever was found in memory is found piece by piece, a fault with the same numbers included. */
static inline void check_pieces(const struct reading *r, uint64_t count, const struct machine *machine)
{
	static uint8_t memory[4 << 20] __attribute__((aligned(16)));
	struct arena arena = { memory, sizeof memory, 0 };
	struct content content = {
		.bytes = { NULL, count }, .pa = OBJECT_NOWHERE, .read = read_piece, .reader = r, .arena = &arena,
	};
	struct object object;
	struct fault fault;
	enum status status = object_read(&object, SPAN("file"), &content, machine, &arena, &fault);

	assert_int_equal(status, r->status);
	if (status == ST_OK) {
		assert_same_object(&object, &r->object);
		return;
	}
	assert_string_equal(fault.field, r->fault.field);
	assert_true(fault.value == r->fault.value && fault.limit == r->fault.limit &&
	            fault.offset == r->fault.offset && fault.segment == r->fault.segment);
}

static inline struct reading read_bytes(const uint8_t *bytes, uint64_t count,
                                        const struct machine *machine, struct arena *arena)
{
	struct reading r;

	memset(&r, 0xaa, sizeof r);
	r.copy = malloc(count > 0 ? count : 1);
	memcpy(r.copy, bytes, count);
	r.bytes_hash = hash_of(bytes, count);
	r.content = content_of((struct span){ r.copy, count }, OBJECT_NOWHERE);
	r.status = object_read(&r.object, SPAN("file"), &r.content, machine, arena, &r.fault);
	r.object.content = NULL;     /* the caller gets a copy of r: what is needed later is set there */
	if (r.status != ST_NO_MEMORY)
		check_pieces(&r, count, machine);
	return r;
}

static inline struct reading read_file(const struct elf_file *file)
{
	struct arena arena = scratch(SCRATCH_BYTES);

	return read_bytes(file->bytes, file->count, 0, &arena);
}

static inline void reading_free(struct reading *r)
{
	free(r->copy);
}

/* Is part all in whole? */
static inline bool inside(struct span whole, struct span part)
{
	return part.bytes == 0 || (part.base >= whole.base && part.bytes <= whole.bytes &&
	       part.base + part.bytes <= whole.base + whole.bytes);
}

static inline const char *segment_broken(const struct object *o, uint32_t i)
{
	const struct segment *s = &o->segments[i];

	if (s->mem_bytes == 0 || s->file_bytes > s->mem_bytes)
		return "sizes";
	if (s->va + s->mem_bytes < s->va)
		return "wrap";
	if (s->file_offset > o->bytes.bytes || s->file_bytes > o->bytes.bytes - s->file_offset)
		return "file range";
	if (s->align == 0 || (s->align & (s->align - 1)) || s->align > o->align)
		return "alignment";
	if (s->prot > 7)
		return "rights";
	if (i > 0 && s[-1].va + s[-1].mem_bytes > s->va)
		return "order";
	return 0;
}

static inline bool area_wraps(struct area a)
{
	return a.va + a.bytes < a.va;
}

/* Everything that object.h says is true after ST_OK: NULL, or what is not. */
static inline const char *promise_broken(const struct object *o)
{
	struct span all[] = { o->rela, o->rel, o->relr, o->jmprel, o->interp, o->build_id, o->request };

	if ((o->segment_count == 0) != (o->kind == OBJECT_FLAT) || o->align == 0)
		return "kind";
	for (uint32_t i = 0; i < o->segment_count; i++) {
		if (segment_broken(o, i))
			return segment_broken(o, i);
	}
	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (!inside(o->bytes, all[i]))
			return "a span outside the file";
	}
	for (uint32_t i = 0; i < o->note_count; i++) {
		const struct note *n = &o->notes[i];

		if (!inside(o->bytes, n->owner) || !inside(o->bytes, n->desc) ||
		    n->file_offset > o->bytes.bytes || o->bytes.base + n->file_offset != n->desc.base)
			return "note";
	}
	if (o->rela.bytes % 24 || o->rel.bytes % 16 || o->relr.bytes % 8)
		return "half an entry";
	if (area_wraps(o->tls) || area_wraps(o->dynamic) || area_wraps(o->relro) ||
	    area_wraps(o->init_array) || area_wraps(o->fini_array))
		return "an area wraps";
	if (o->phdr_count > 0 && (o->phdr_offset > o->bytes.bytes ||
	    o->phdr_count > (o->bytes.bytes - o->phdr_offset) / PHDR_BYTES))
		return "program headers";
	if (o->section_count > 0 && (o->section_offset > o->bytes.bytes ||
	    o->section_count > (o->bytes.bytes - o->section_offset) / 64))
		return "sections";
	return 0;
}

#endif
