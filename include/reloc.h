/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reloc.h: the relative relocations of an object, one after another.
 *
 * REL, RELA and RELR (ELF gABI, "Relocation"; RELR: gABI draft of 2022) look the
 * same to the reader of this interface. Deciding is apart from doing: reloc_check()
 * sees every record before anything is written, the loop that applies them
 * cannot fail (requirements M1, R2).
 */
#ifndef RELOC_H
#define RELOC_H

#include "object.h"

/* A word to relocate: *va = (implicit ? *va : addend) + bias. */
struct reloc {
	uint64_t va;             /* of 8 bytes, in the file's addresses, perhaps unaligned */
	uint64_t addend;
	bool implicit;           /* the addend is what stands at va */
};

/* Where reloc_next() is. Start with reloc_begin(). */
struct reloc_cursor {
	const struct object *object;
	const struct machine *machine;
	uint64_t rela_offset, rel_offset, relr_offset;
	uint64_t relr_va;        /* of the next bitmap's first word */
	uint64_t bitmap;         /* bits of the current one that are left */
	uint64_t bitmap_va;
};

struct reloc_cursor reloc_begin(const struct object *object, const struct machine *machine);

/* The next record; false at the end. Skips R_*_NONE. Only for objects that reloc_check() accepted. */
bool reloc_next(struct reloc_cursor *cursor, struct reloc *reloc);

/*
 * Accepts an object whose records are all relative and whose targets all lie in
 * file bytes of one writable segment. ST_BAD_RELOCATION with the record's file
 * offset, its type by name or its target, otherwise.
 */
MUST_CHECK enum status reloc_check(const struct object *object, const struct machine *machine,
                                   struct fault *fault);

#endif
