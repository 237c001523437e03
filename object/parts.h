/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.h: the steps of reading an object, private to this room. Each trusts
 * what the steps before it checked, and nothing else.
 *
 *     elf ──▶ segment ──▶ extra ──▶ dynamic
 *                           └────▶ note ──▶ property
 */
#ifndef PARTS_H
#define PARTS_H

#include "elf64.h"
#include "object.h"

/* Reads an ELF file, which begins with head, into object, whose bytes are set. */
MUST_CHECK enum status elf_read(struct object *object, struct span head,
                                const struct machine *machine, struct arena *arena,
                                struct fault *fault);

/* Is it an arm64 Image; reads it likewise. */
bool image_probe(struct span head);
MUST_CHECK enum status image_read(struct object *object, struct span head,
                                  const struct machine *machine, struct arena *arena,
                                  struct fault *fault);

/* Is it a classic a.out file, is it Plan 9's; reads it likewise. */
bool aout_probe(struct span head);
MUST_CHECK enum status aout_read(struct object *object, struct span head,
                                 const struct machine *machine, struct arena *arena,
                                 struct fault *fault);
bool plan9_probe(struct span head);
MUST_CHECK enum status plan9_read(struct object *object, struct span head,
                                  const struct machine *machine, struct arena *arena,
                                  struct fault *fault);

/* Program header index < phdr_count, of phdr_table. */
struct elf64_phdr elf_phdr(const struct object *object, uint32_t index);

/* Adds to a fault which program header it is about and which member (offsetof); returns its status. */
enum status elf_phdr_fault(const struct object *object, uint32_t index, uint64_t member,
                           struct fault *fault);

/* Do the header's bytes lie in the file? ST_TRUNCATED. */
MUST_CHECK enum status elf_phdr_check(const struct object *object, uint32_t index,
                                      struct fault *fault);

/* The same, and brings them; p_offset of no bytes means nothing. */
MUST_CHECK enum status elf_phdr_bytes(const struct object *object, uint32_t index,
                                      struct span *part, struct fault *fault);

/* What every header that occupies memory must keep, PT_LOAD or PT_TLS. */
MUST_CHECK enum status segment_check(const struct object *object, uint32_t index,
                                     struct fault *fault);

/* Fills segments, sorted and disjoint, and align. ST_NOT_MAPPABLE if there is none. */
MUST_CHECK enum status segment_read(struct object *object, struct arena *arena,
                                    struct fault *fault);

/* Fills what the program headers say besides segments and notes. */
MUST_CHECK enum status extra_read(struct object *object, struct fault *fault);

/* Fills notes from every PT_NOTE, then what Smalt knows of them. */
MUST_CHECK enum status note_read(struct object *object, struct arena *arena, struct fault *fault);

/* One NT_GNU_PROPERTY_TYPE_0. ST_BAD_HEADER. */
MUST_CHECK enum status property_read(struct object *object, const struct note *note,
                                     struct fault *fault);

/* Fills relocation tables and arrays from the bytes of PT_DYNAMIC, which stand at file_offset. */
MUST_CHECK enum status dynamic_read(struct object *object, struct span table, uint64_t file_offset,
                                    struct fault *fault);

#endif
