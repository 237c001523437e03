/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relocate.c: relocation of all objects in three steps: is every record good, before anything
 * has a place; do narrow results fit, when everything has one; and the writing, which cannot fail.
 */
#include <stddef.h>

#include "align.h"
#include "bind.h"
#include "check.h"
#include "mem.h"
#include "reloc.h"

/* Before RELRO parts segments: what relocation writes is still one segment. */
enum status relocate_check(const struct linkage *set, struct fault *fault)
{
	uint32_t first = set->first;
	struct reloc_needs *needs = arena_take(set->arena, set->object_count - first, sizeof *needs,
	                                       "relocations", fault);

	if (!needs)
		return fault->status;
	for (uint32_t i = set->first; i < set->object_count; i++) {
		struct boot_object *o = &set->objects[i];

		if (bind_is_relocated(set, o) &&
		    reloc_check(&o->object, set->machine, o->textrel, &needs[i - first], fault) != ST_OK)
			return fault->status;
	}
	return bind_objects(set, needs, fault);
}

static uint64_t value_of(const struct linkage *set, const struct boot_object *o,
                         const struct reloc *reloc, uint64_t addend)
{
	struct reloc_symbol symbol = { .address = 0 };

	if (reloc_has_symbol(reloc))
		symbol = bind_symbol(set, o, reloc);
	return reloc_value(reloc, addend, o->placement.bias, &symbol);
}

/* The target's bytes lie together in the file, even where RELRO parts its segment. */
static enum status addend_of(const struct object *object, const struct reloc *reloc,
                             uint64_t *addend, struct fault *fault)
{
	uint64_t file_offset;
	struct span bytes;

	*addend = reloc->addend;
	if (!reloc->implicit)
		return ST_OK;
	CHECK(object_file_at(object, reloc->va, 1, &file_offset));
	if (content_get(object->content, file_offset, reloc_bytes(reloc), &bytes, fault) != ST_OK)
		return fault->status;
	*addend = reloc_implicit(reloc, bytes.base);
	return ST_OK;
}

static enum status fit(const struct linkage *set, const struct boot_object *o,
                       const struct reloc *reloc, struct fault *fault)
{
	uint64_t addend, value, limit;

	if (reloc_bytes(reloc) == 8)
		return ST_OK;
	if (addend_of(&o->object, reloc, &addend, fault) != ST_OK)
		return fault->status;
	value = value_of(set, o, reloc, addend);
	if (reloc_fits(reloc, value, &limit))
		return ST_OK;
	(void)fault_set(fault, ST_BAD_RELOCATION, reloc->type->name, value, limit);
	(void)fault_hint(fault, "the result does not fit into 4 bytes: compile with -fPIC, or place the "
	                        "objects nearer with va=");
	return fault_at(fault, reloc->file_offset);
}

enum status relocate_fit(const struct linkage *set, struct fault *fault)
{
	for (uint32_t i = set->first; i < set->object_count; i++) {
		const struct boot_object *o = &set->objects[i];
		struct reloc_cursor cursor = reloc_begin(&o->object, set->machine);
		struct reloc reloc;

		while (o->narrow && reloc_next(&cursor, &reloc))
			if (fit(set, o, &reloc, fault) != ST_OK)
				return fault_in(fault, o->object.name);
	}
	return ST_OK;
}

/* Where relocation writes: one extent is found once for all the words that it holds. */
struct target {
	const struct linkage *set;
	const struct space *space;
	uint64_t window;
	const struct smalt_extent *extent;
};

static uint8_t *byte_at(struct target *target, uint64_t va)
{
	const struct smalt_extent *extent = target->extent;

	if (!extent || va - extent->va >= extent->bytes) {
		extent = target->extent = space_extent_at(target->space, va);
		CHECK(extent);       /* reloc_check() saw the segment, extents cover it */
	}
	return (uint8_t *)(uintptr_t)(extent->pa + (va - extent->va) + target->window);
}

static void apply(struct target *target, const struct boot_object *o, const struct reloc *reloc,
                  uint8_t *bytes)
{
	uint64_t addend = reloc->implicit ? reloc_implicit(reloc, bytes) : reloc->addend;
	uint64_t value = value_of(target->set, o, reloc, addend);

	memcpy(bytes, &value, reloc_bytes(reloc));
}

/* Bytes that may lie in two extents. */
static void relocate_word(struct target *target, const struct boot_object *o,
                          const struct reloc *reloc)
{
	uint64_t va = reloc->va + o->placement.bias;
	unsigned count = reloc_bytes(reloc);
	uint8_t *first = byte_at(target, va), bytes[8];

	if (range_fits(va - target->extent->va, count, target->extent->bytes)) {
		apply(target, o, reloc, first);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		bytes[i] = *byte_at(target, va + i);
	apply(target, o, reloc, bytes);
	for (unsigned i = 0; i < count; i++)
		*byte_at(target, va + i) = bytes[i];
}

void relocate_execute(const struct linkage *set, const struct space *space, uint64_t window)
{
	for (uint32_t i = set->first; i < set->object_count; i++) {
		const struct boot_object *o = &set->objects[i];
		struct reloc_cursor cursor = reloc_begin(&o->object, set->machine);
		struct target target = { .set = set, .space = space, .window = window };
		struct reloc reloc;

		while (bind_is_relocated(set, o) && reloc_next(&cursor, &reloc))
			relocate_word(&target, o, &reloc);
	}
}
