/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reloc.h: the relocations of an object, one after another, and what they compute.
 *
 * REL, RELA and RELR (ELF gABI, "Relocation"; RELR: gABI draft of 2022), of the PLT or not,
 * look the same to the reader of this interface. Deciding is apart from doing:
 * reloc_check() sees every record before anything is written, the loop that applies them
 * cannot fail (requirements M1, R2). Who a symbol is, is the caller's business.
 */
#ifndef RELOC_H
#define RELOC_H

#include "object.h"

/* A place to relocate. */
struct reloc {
	uint64_t va;             /* of reloc_bytes(), in the file's addresses, perhaps unaligned */
	uint64_t addend;
	uint64_t file_offset;    /* of the record */
	const struct reloc_type *type;   /* NULL: nobody knows this number */
	uint32_t number;
	uint32_t symbol;         /* index in the object's table, 0: none */
	bool implicit;           /* the addend is what stands at va */
	bool packed;             /* of DT_RELR */
};

/* Where reloc_next() is. Start with reloc_begin(). */
struct reloc_cursor {
	const struct object *object;
	const struct machine *machine;
	uint64_t rela_offset, rel_offset, relr_offset, jmprel_offset;
	uint64_t relr_va;        /* of the next bitmap's first word */
	uint64_t bitmap;         /* bits of the current one that are left */
	uint64_t bitmap_va;
};

/* What the records of an object need besides a bias. */
struct reloc_needs {
	bool symbols;            /* some are about symbols, 0 .. symbol_last */
	uint32_t symbol_last;
	bool narrow;             /* some results may not fit: reloc_fits() */
};

struct reloc_cursor reloc_begin(const struct object *object, const struct machine *machine);

/* The next record; false at the end. Skips R_*_NONE. Only for objects that reloc_check() accepted. */
bool reloc_next(struct reloc_cursor *cursor, struct reloc *reloc);

/*
 * Accepts an object whose records can be computed and whose targets all lie in file bytes of
 * one writable segment; with text_allowed of any, and segments that are not writable are marked
 * `patched` if one is theirs. ST_BAD_RELOCATION with the record's file
 * offset, its type by name or its target, otherwise.
 */
MUST_CHECK enum status reloc_check(struct object *object, const struct machine *machine,
                                   bool text_allowed, struct reloc_needs *needs,
                                   struct fault *fault);

/* Is it about a symbol, or one's TLS block? */
bool reloc_has_symbol(const struct reloc *reloc);
bool reloc_is_tls(const struct reloc *reloc);

/* Bytes at va that are written. */
unsigned reloc_bytes(const struct reloc *reloc);

/* The addend that stands in these bytes, reloc_bytes() of them. */
uint64_t reloc_implicit(const struct reloc *reloc, const uint8_t *bytes);

/* What a symbol turned out to be; all 0 for an undefined weak one. */
struct reloc_symbol {
	uint64_t address;        /* biased; of TLS: in its module's block */
	uint64_t bytes;
	uint64_t tls_module;
	uint64_t tls_offset;     /* of the module's block from the thread pointer, modulo 2^64 */
};

/* What is to be written, modulo 2^64; symbol only for reloc_has_symbol(). */
uint64_t reloc_value(const struct reloc *reloc, uint64_t addend, uint64_t bias,
                     const struct reloc_symbol *symbol);

/* Does the value fit into reloc_bytes()? *limit: the largest that does, as an unsigned number. */
bool reloc_fits(const struct reloc *reloc, uint64_t value, uint64_t *limit);

/* A fault about this record: its place, and what is wrong with it. Returns ST_BAD_RELOCATION. */
enum status reloc_fault(const struct reloc *reloc, const char *hint, struct fault *fault);

#endif
