/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c: relocation of an object against itself and what the space has already, of
 * which the first one is the kernel (requirements R1 to R4); of what is prepared, before it is mapped (S7).
 */
#include <stddef.h>

#include "align.h"
#include "bind.h"
#include "frames_saved.h"
#include "mem.h"
#include "reloc.h"
#include "segments.h"

struct linkage link_set(const struct smalt_space *space, struct arena *arena)
{
	return (struct linkage){
		.objects = space->links, .object_count = space->object_count + 1,
		.first = space->object_count, .machine = space->space.machine, .arena = arena,
	};
}

/* As an object of the space, for as long as it is relocated. */
static void make_link(const struct smalt_prepared *prepared, struct boot_object *link, uint64_t bias)
{
	*link = prepared->link;
	link->relocate = true;
	link->placement.bias = bias;
	link->object.segments = prepared->whole;
	link->object.segment_count = prepared->whole_count;
}

static enum status check(struct smalt_prepared *prepared, uint64_t base, uint64_t *bias,
                         struct fault *fault)
{
	const struct object *object = &prepared->link.object;

	if (prepared->relocated || prepared->used)
		return fault_field(fault, ST_INVALID, "prepared object that is relocated or mapped");
	*bias = base - prepared_low(prepared);
	if (object->kind == OBJECT_FIXED && *bias != 0)
		return fault_set(fault, ST_INVALID, "base of an object that cannot move", base, base - *bias);
	if (base & (max_u64(object->align, prepared->space->space.granule) - 1))
		return fault_set(fault, ST_MISALIGNED, "base", base, object->align);
	return ST_OK;
}

/* The entry that holds a byte gets its extent when it is touched for the first time. */
static enum status touch(struct smalt_prepared *prepared, uint64_t va, struct fault *fault)
{
	struct smalt_segment *segment = segments_at(prepared, va);
	bool sealed = segment->flags & SMALT_SEGMENT_SEALED;

	if (!(segment->flags & (SMALT_SEGMENT_SEALED | SMALT_SEGMENT_MAPPED)))
		return segments_own(prepared, (uint32_t)(segment - prepared->segments),
		                    "extent to relocate", fault);
	(void)fault_value(fault, ST_NOT_AUTHORIZED, NULL, va);
	(void)fault_hint(fault, "relocate a clone");
	return segments_fault(prepared, segment, sealed ? "relocation of a sealed extent"
	                                                : "relocation of a mapped extent", fault);
}

static enum status touch_all(struct smalt_prepared *prepared, const struct linkage *set,
                             struct fault *fault)
{
	struct reloc_cursor cursor = reloc_begin(&set->objects[set->first].object, set->machine);
	enum status status = ST_OK;
	struct reloc reloc;

	while (status == ST_OK && reloc_next(&cursor, &reloc)) {
		status = touch(prepared, reloc.va, fault);
		if (status == ST_OK)
			status = touch(prepared, reloc.va + reloc_bytes(&reloc) - 1, fault);
	}
	return status;
}

/* The extents, as a space that has nothing else. */
static enum status view(const struct smalt_prepared *prepared, struct space *space,
                        struct arena *arena, struct fault *fault)
{
	*space = prepared->space->space;
	space->extents = arena_take(arena, prepared->count, sizeof *space->extents, "extents", fault);
	space->extent_count = 0;
	for (uint32_t i = 0; space->extents != NULL && i < prepared->count; i++) {
		const struct smalt_segment *segment = &prepared->segments[i];

		if (segment->flags & SMALT_SEGMENT_OWN)
			space->extents[space->extent_count++] = (struct smalt_extent){
				.va = align_down(segment->va, space->granule) + prepared->bias,
				.pa = segment->extent_pa, .bytes = segment->extent_bytes,
			};
	}
	return space->extents != NULL ? ST_OK : fault->status;
}

/* Extents for what is written; the scratch arena keeps what there was before. */
static enum status make_extents(struct smalt_prepared *prepared, const struct linkage *set,
                                struct space *space, struct fault *fault)
{
	struct frames *frames = &prepared->space->frames;
	uint64_t bytes = prepared->capacity * sizeof *prepared->segments;
	struct smalt_segment *before = arena_pages(set->arena, bytes, 16, "segments", fault);
	uint32_t count = prepared->count;
	struct frames_saved saved;
	enum status status;

	if (before == NULL || frames_save(frames, &saved, set->arena, fault) != ST_OK)
		return fault->status;
	memcpy(before, prepared->segments, bytes);
	status = touch_all(prepared, set, fault);
	if (status == ST_OK)
		status = view(prepared, space, set->arena, fault);
	if (status == ST_OK)
		return ST_OK;
	frames_restore(frames, &saved);
	memcpy(prepared->segments, before, bytes);
	prepared->count = count;
	return status;
}

static enum status relocate(struct smalt_prepared *prepared, uint64_t base, struct arena *scratch,
                            struct fault *fault)
{
	struct smalt_space *s = prepared->space;
	struct linkage set = link_set(s, scratch);
	struct space space;
	uint64_t bias;
	enum status status;

	if (s->object_count == s->object_most)
		return fault_value(fault, ST_NO_MEMORY, "objects", s->object_most);
	status = check(prepared, base, &bias, fault);
	if (status != ST_OK)
		return status;
	make_link(prepared, &s->links[set.first], bias);
	status = relocate_check(&set, fault);
	if (status == ST_OK)
		status = tls_layout(&set, fault);
	if (status == ST_OK)
		status = relocate_fit(&set, fault);
	if (status != ST_OK)
		return status;
	prepared->bias = bias;
	status = make_extents(prepared, &set, &space, fault);
	prepared->relocated = status == ST_OK;
	if (status != ST_OK) {
		prepared->bias = 0;
		return status;
	}
	relocate_execute(&set, &space, s->window);
	prepared->link.tls_module = s->links[set.first].tls_module;
	prepared->link.tls_offset = s->links[set.first].tls_offset;
	return ST_OK;
}

uint32_t smalt_relocate(struct smalt_prepared *prepared, uint64_t base, struct smalt_fault *fault)
{
	struct arena scratch = prepared->space->arena;
	struct fault inner;
	enum status status = relocate(prepared, base, &scratch, &inner);

	if (status != ST_OK)
		(void)fault_in(&inner, prepared->link.object.name);
	return fault_publish(status, &inner, fault);
}
