/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prepare.c: an object's segments before they are mapped (requirements S1 to S8, S12).
 *
 * Each entry of prepared->segments has one kind of backing: the object's bytes, an extent of its
 * own, or zeros. Invariant: an entry with an extent has no zero fill behind it, and no other
 * entry has bytes on the extent's pages.
 */
#include <stddef.h>

#include "align.h"
#include "library.h"
#include "relro.h"
#include "segments.h"

enum { PIECES = 3 };             /* of a segment: file, the page where zeros begin, zeros */

static struct smalt_segment entry_of(const struct segment *segment)
{
	return (struct smalt_segment){
		.va = segment->va, .mem_bytes = segment->mem_bytes,
		.file_offset = segment->file_offset, .file_bytes = segment->file_bytes,
		.extent_pa = SMALT_NOWHERE, .prot = segment->prot, .index = segment->index,
		.flags = segment->relro ? SMALT_SEGMENT_RELRO : 0,
	};
}

/* Do they become one: the same rights, adjacent in va, and in the file where both have bytes (S8)? */
static bool belong_together(const struct smalt_segment *below, const struct smalt_segment *segment)
{
	uint32_t own = (below->flags | segment->flags) & SMALT_SEGMENT_OWN;

	if (own || below->prot != segment->prot || below->flags != segment->flags ||
	    segment->va - below->va != below->mem_bytes)
		return false;
	if (segment->file_bytes == 0)
		return below->file_bytes == 0 || below->file_bytes != below->mem_bytes;
	return below->file_bytes != 0 && below->file_bytes == below->mem_bytes &&
	       segment->file_offset - below->file_offset == below->file_bytes;
}

void segments_list(struct smalt_prepared *prepared)
{
	prepared->count = 0;
	for (uint32_t i = 0; i < prepared->link.object.segment_count; i++) {
		struct smalt_segment entry = entry_of(&prepared->link.object.segments[i]);
		struct smalt_segment *below = prepared->segments + prepared->count - 1;

		if (prepared->count != 0 && belong_together(below, &entry)) {
			below->mem_bytes += entry.mem_bytes;
			below->file_bytes += entry.file_bytes;
		} else {
			prepared->segments[prepared->count++] = entry;
		}
	}
}

static enum status check_request(const struct smalt_request *request, struct fault *fault)
{
	uint32_t known = SMALT_MAP_INTERPRET | SMALT_MAP_CONSUME;

	if (request_check(request, fault) != ST_OK)
		return fault->status;
	if ((request->flags & ~known) || !(request->flags & SMALT_MAP_INTERPRET))
		return fault_set(fault, ST_INVALID, "flags", request->flags, known);
	return ST_OK;
}

/* RELRO parts one segment in three: two more, each of three pieces. */
static enum status take_entries(struct smalt_prepared *prepared, struct arena *arena,
                                struct fault *fault)
{
	uint64_t capacity = PIECES * ((uint64_t)prepared->link.object.segment_count + 2);

	if (prepared->link.object.segment_count == 0)
		return fault_field(fault, ST_NOT_MAPPABLE, "segments");
	if (capacity > UINT32_MAX)
		return fault_set(fault, ST_NO_MEMORY, "segments", capacity, UINT32_MAX);
	prepared->segments = arena_take(arena, capacity, sizeof *prepared->segments, "segments", fault);
	prepared->capacity = (uint32_t)capacity;
	return prepared->segments != NULL ? ST_OK : fault->status;
}

static enum status prepare(struct smalt_space *space, const struct smalt_request *request,
                           struct smalt_prepared **prepared, struct fault *fault)
{
	struct smalt_prepared *made = arena_take(&space->arena, 1, sizeof *made, "prepared", fault);
	enum status status = check_request(request, fault);
	struct ear ear;

	if (made == NULL)
		status = fault_value(fault, ST_NO_MEMORY, "prepared", sizeof *made);
	if (status != ST_OK)
		return status;
	*made = (struct smalt_prepared){ .space = space, .request = *request };
	status = request_read(space, request, &made->link, fault_sink(space, &ear), &space->arena, fault);
	made->link.object.sink = NULL;
	if (status == ST_OK)
		status = take_entries(made, &space->arena, fault);
	if (status != ST_OK)
		return fault_in(fault, span_of(request->name));
	made->whole = made->link.object.segments;
	made->whole_count = made->link.object.segment_count;
	segments_list(made);
	*prepared = made;
	return ST_OK;
}

uint32_t smalt_prepare(struct smalt_space *space, const struct smalt_request *request,
                       struct smalt_prepared **prepared, struct smalt_fault *fault)
{
	struct arena before = space->arena;
	struct fault inner;
	enum status status = prepare(space, request, prepared, &inner);

	if (status != ST_OK)
		space->arena = before;
	return fault_publish(status, &inner, fault);
}

const struct smalt_segment *smalt_segments(const struct smalt_prepared *prepared, uint32_t *count)
{
	*count = prepared->count;
	return prepared->segments;
}

/* The first entry with an extent: operations on what is whole come before. */
enum status segments_check_plain(const struct smalt_prepared *prepared, struct fault *fault)
{
	for (uint32_t i = 0; i < prepared->count; i++) {
		if (!(prepared->segments[i].flags & SMALT_SEGMENT_OWN))
			continue;
		(void)fault_value(fault, ST_INVALID, "segment that has an extent",
		                  prepared->segments[i].va);
		(void)fault_segment(fault, prepared->segments[i].index);
		return fault_in(fault, prepared->link.object.name);
	}
	return ST_OK;
}

uint32_t smalt_relro(struct smalt_prepared *prepared, struct smalt_fault *fault)
{
	struct fault inner;
	enum status status = segments_check_plain(prepared, &inner);

	if (status == ST_OK)
		status = relro_part(&prepared->link.object, prepared->space->space.granule,
		                    &prepared->space->arena, &inner);
	if (status == ST_OK)
		segments_list(prepared);
	return fault_publish(status, &inner, fault);
}

static enum status refuse(const struct smalt_prepared *prepared, enum status status,
                          const char *what, const struct smalt_segment *segment,
                          struct fault *fault)
{
	(void)fault_value(fault, status, what, segment->va);
	(void)fault_segment(fault, segment->index);
	return fault_in(fault, prepared->link.object.name);
}

static enum status check_segment(const struct smalt_prepared *prepared,
                                 const struct smalt_segment *segment, uint32_t flags,
                                 struct fault *fault)
{
	if ((flags & SMALT_MAP_NOCOPY) && (segment->flags & SMALT_SEGMENT_SEALED) &&
	    (segment->prot & SMALT_W))
		return refuse(prepared, ST_NOT_AUTHORIZED, "sealed extent", segment, fault);
	if (!(flags & SMALT_MAP_ALIGNED) || (segment->flags & SMALT_SEGMENT_OWN) ||
	    request_check_pages(segment->va, segment->file_bytes, prepared->space->space.granule,
	                        fault) == ST_OK)
		return ST_OK;
	(void)fault_segment(fault, segment->index);
	return fault_in(fault, prepared->link.object.name);
}

uint64_t prepared_low(const struct smalt_prepared *prepared)
{
	const struct object *object = &prepared->link.object;

	return align_down(object->segments[0].va, max_u64(object->align, prepared->space->space.granule));
}

enum status prepared_check(const struct smalt_prepared *prepared,
                           const struct smalt_request *request, struct fault *fault)
{
	uint64_t base = prepared_low(prepared) + prepared->bias;

	if (prepared->used)
		return refuse(prepared, ST_INVALID, "prepared object that NOCOPY used up", prepared->segments, fault);
	for (uint32_t i = 0; i < prepared->count; i++)
		if (check_segment(prepared, &prepared->segments[i], request->flags, fault) != ST_OK)
			return fault->status;
	if (prepared->relocated && (request->flags & SMALT_MAP_ADDRESS) && request->va != base) {
		(void)fault_set(fault, ST_INVALID, "va of what is relocated", request->va, base);
		return fault_in(fault, prepared->link.object.name);
	}
	return ST_OK;
}

void prepared_used(struct smalt_prepared *prepared, uint32_t flags)
{
	prepared->used = flags & SMALT_MAP_NOCOPY;
	for (uint32_t i = 0; i < prepared->count; i++) {
		struct smalt_segment *segment = &prepared->segments[i];
		bool written = (segment->prot & SMALT_W) || (segment->flags & SMALT_SEGMENT_RELRO);

		if ((segment->flags & SMALT_SEGMENT_OWN) && (prepared->used || !written))
			segment->flags |= SMALT_SEGMENT_MAPPED;
	}
}
