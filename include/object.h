/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.h: what a file says about itself, independent of its format.
 *
 * object_read() looks at every header once and completely; after it, everything
 * in struct object is true and lies within the file. Addresses are the file's
 * own: the bias is not added yet.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "content.h"
#include "machine.h"
#include "sink.h"
#include "span.h"
#include "status.h"

#define OBJECT_NOWHERE CONTENT_NOWHERE   /* bytes_pa of bytes that are not in physical memory */

/*
 * What PT_DYNAMIC says of symbols, as it stands there: an absent number is 0. symbol.h looks at the
 * tables, and checks them, when somebody asks for a symbol.
 */
struct dynamic {
	struct span table;           /* its entries, which stand at: */
	uint64_t file_offset;
	uint64_t symbols, symbol_bytes, names, name_bytes, hash, gnu_hash;   /* va, of one entry, va, of all, va, va */
	uint64_t soname;             /* in names */
	bool symbolic;               /* DT_SYMBOLIC or DF_SYMBOLIC: its own definitions come first */
	uint32_t needed_count;       /* DT_NEEDED */
};

/* One PT_LOAD with p_memsz > 0. file_bytes <= mem_bytes, va + mem_bytes does not wrap. */
struct segment {
	uint64_t va;             /* p_vaddr */
	uint64_t pa;             /* p_paddr, unchecked; only physical protocols read it (M21) */
	uint64_t file_offset;    /* [file_offset, file_offset + file_bytes) lies in the file, also if it is empty */
	uint64_t file_bytes;
	uint64_t mem_bytes;
	uint64_t align;          /* p_align, 0 made 1: a power of two */
	uint32_t prot;           /* SMALT_R|W|X */
	bool relro;              /* written by relocation only, then read-only: mm/relro.c */
	bool patched;            /* not writable, and written by relocation all the same (textrel=allow) */
	uint32_t index;          /* of the program header, SMALT_NONE if the format has none */
};

struct area { uint64_t va, bytes; };         /* bytes == 0: the object has none; never wraps */

struct note {
	struct span owner;       /* without the NUL */
	uint32_t type;
	struct span desc;
	uint64_t file_offset;    /* of desc */
	uint64_t va;             /* of desc if a PT_LOAD holds it in its file bytes, else 0 */
};

enum object_kind {
	OBJECT_FLAT,             /* one read-only row of all bytes (raw, ET_REL, ET_CORE) */
	OBJECT_FIXED,            /* at the file's addresses (ET_EXEC) */
	OBJECT_MOVABLE,          /* anywhere, distances kept (ET_DYN, arm64 Image) */
};

struct object {
	struct span name;
	struct sink *sink;           /* hears of problems; NULL: the first one ends it */
	bool partial;                /* with a sink: segments are missing, what refers to them is not judged */
	struct content *content;
	struct span bytes;       /* content->bytes: base may be NULL */
	uint64_t bytes_pa;       /* OBJECT_NOWHERE, or where bytes[0] lies */
	uint32_t format;         /* SMALT_FORMAT_* */
	enum object_kind kind;
	uint16_t elf_machine;    /* 0: any */
	uint64_t header_bytes;   /* of ELF and a.out files, else 0 */

	struct segment *segments;    /* ascending by va, bytes disjoint */
	uint32_t segment_count;      /* 0 only if kind is OBJECT_FLAT */
	uint64_t align;              /* largest p_align of the segments, >= 1 */

	uint64_t entry;              /* e_entry */
	uint64_t phdr_offset;
	struct span phdr_table;
	uint32_t phdr_count;         /* PN_XNUM resolved */
	uint32_t phdr_entry_bytes;
	uint64_t section_offset;     /* 0: no table */
	uint32_t section_count;
	uint32_t section_entry_bytes;

	uint32_t flags;              /* SMALT_OBJECT_GNU_STACK */
	uint32_t stack_prot;
	struct area tls;             /* .bytes is p_memsz; its tls_file_bytes lie in one segment's file bytes */
	uint64_t tls_file_bytes;
	uint64_t tls_align;
	struct area dynamic, relro, init_array, fini_array;
	struct span interp;          /* without the NUL */
	struct span build_id;
	struct note *notes;
	uint32_t note_count;

	struct span rela, rel, relr; /* whole entries */
	struct span jmprel;          /* DT_JMPREL */
	bool jmprel_is_rela;
	struct { uint64_t rela, rel, relr, jmprel; } table_offset;   /* where they stand in the file */
	bool text_relocations;       /* says DT_TEXTREL or DF_TEXTREL */
	struct dynamic symbols;

	struct span request;         /* descriptor of the SMALT note, bytes 0: none */
	uint64_t pvh_entry;          /* physical entry of the PVH note */
	bool has_pvh;

	/* GNU properties (M15): what it needs of the CPU, and what it can do with it. */
	uint32_t x86_isa_needed;     /* GNU_PROPERTY_X86_ISA_1_NEEDED: bit 0 baseline, 1 v2, 2 v3, 3 v4 */
	uint32_t feature_1_and;      /* x86: bit 0 IBT, 1 SHSTK; aarch64: bit 0 BTI, 1 PAC */
	bool has_pauth;              /* GNU_PROPERTY_AARCH64_FEATURE_PAUTH: */
	uint64_t pauth_platform, pauth_version;
};

/*
 * Reads an object of any format that is known: ELF64, arm64 Image, a.out (classic, Plan 9's); else flat.
 * content stays the caller's and must outlive the object; arrays come from arena.
 * machine: refuse other machines (ST_WRONG_MACHINE); NULL: any.
 * ST_TRUNCATED, ST_BAD_HEADER, ST_BAD_SEGMENT, ST_OVERFLOW, ST_MISALIGNED,
 * ST_OVERLAP, ST_NOT_MAPPABLE, ST_WRONG_CLASS, ST_WRONG_MACHINE, ST_BAD_NOTE,
 * ST_BAD_RELOCATION, ST_NO_MEMORY, what reading the content returns; the fault has name as
 * object. After an error the object means nothing.
 */
MUST_CHECK enum status object_read(struct object *object, struct span name, struct content *content,
                                   const struct machine *machine, struct arena *arena,
                                   struct fault *fault);

/* The same with a sink, which hears of every problem; NULL: none. */
struct object_source {
	struct span name;
	struct content *content;
	const struct machine *machine;
	struct sink *sink;
};

MUST_CHECK enum status object_read_from(struct object *object, const struct object_source *source,
                                        struct arena *arena, struct fault *fault);

/* Is it ST_OK, or has the object's sink heard of the fault and wants more? */
bool object_goes_on(const struct object *object, enum status status, struct fault *fault);

/* What a check of the object returns that ends with this: with a sink the first problem that was told. */
MUST_CHECK enum status object_end(const struct object *object, enum status status, struct fault *fault);

/* An object that is its bytes and nothing else (role raw). Cannot fail. */
void object_flat(struct object *object, struct span name, struct content *content);

/* Is this the beginning of an ELF file, of whatever class? */
bool object_is_elf(struct span bytes);

/* The segment whose memory (mem_bytes) holds va, or NULL. O(log n). */
const struct segment *object_segment_at(const struct object *object, uint64_t va);

/*
 * Where in the file the bytes [va, va + bytes) stand; false, and *file_offset unchanged, if they are not all file
 * bytes of one segment.
 */
bool object_file_at(const struct object *object, uint64_t va, uint64_t bytes,
                    uint64_t *file_offset);

/* How many file bytes the segment has from va on, and where they stand; 0, and *file_offset unchanged: none. */
uint64_t object_file_from(const struct object *object, uint64_t va, uint64_t *file_offset);

/* The first note with this owner and type, or NULL. */
const struct note *object_note(const struct object *object, const char *owner, uint32_t type);

#endif
