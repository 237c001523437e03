/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shape.c: a request and its object become the segments that place.c arranges.
 *
 * After shape_make() a flat file and a file of segments are the same thing.
 * Rules: requirements M5, M6, M8.
 */
#include "shape.h"

#include "align.h"

enum {
	ALL_FLAGS = PLACE_INTERPRET | PLACE_PADDING | PLACE_ADDRESS | PLACE_ALLOW_WX | PLACE_PHYSICAL |
	            PLACE_NOEXEC | PLACE_RESERVED,
};

static bool is_flat(const struct place_request *request)
{
	return !(request->flags & PLACE_INTERPRET) || request->object->kind == OBJECT_FLAT;
}

/* Flags that contradict each other, and arguments that contradict the flags. */
static enum status check_flags(const struct place_request *request, struct fault *fault)
{
	uint32_t flags = request->flags;
	bool fixed = !is_flat(request) && request->object->kind == OBJECT_FIXED;

	if (flags & ~(uint32_t)ALL_FLAGS)
		return fault_set(fault, ST_INVALID, "flags", flags, ALL_FLAGS);
	if (!(flags & PLACE_PADDING) && request->padding != 0)
		return fault_value(fault, ST_INVALID, "padding without its flag", request->padding);
	if (!(flags & PLACE_ADDRESS) != (request->va == 0))
		return fault_value(fault, ST_INVALID, "va and its flag", request->va);
	if ((flags & PLACE_ADDRESS) && fixed)
		return fault_value(fault, ST_INVALID, "va of an object that cannot move",
		                   request->va);
	if (!(flags & PLACE_RESERVED) != (request->reserve_count == 0))
		return fault_value(fault, ST_INVALID, "reservation and its flag", request->reserve_count);
	if ((flags & PLACE_PHYSICAL) && (flags & (PLACE_PADDING | PLACE_ADDRESS | PLACE_RESERVED)))
		return fault_value(fault, ST_INVALID, "flags with physical placement", flags);
	if ((flags & PLACE_PHYSICAL) && is_flat(request) &&
	    request->object->bytes_pa == OBJECT_NOWHERE)
		return fault_field(fault, ST_INVALID, "physical place of a flat file");
	return ST_OK;
}

/* The file as one read-only segment, at the place in its page where its bytes are if they may stay. */
static void make_whole(struct shape *shape, const struct place_request *request, uint64_t granule)
{
	const struct object *object = request->object;
	bool stays = request->may_stay && object->bytes_pa != OBJECT_NOWHERE &&
	             request->policy != PLACE_STABLE;

	shape->whole = (struct segment){
		.va = stays ? object->bytes_pa & (granule - 1) : 0, .pa = object->bytes_pa,
		.file_bytes = object->bytes.bytes, .mem_bytes = object->bytes.bytes,
		.align = 1, .prot = SMALT_R, .index = SMALT_NONE,
	};
	shape->segments = &shape->whole;
	shape->count = object->bytes.bytes != 0;
}

static enum status measure(struct shape *shape, uint64_t granule, struct fault *fault)
{
	const struct segment *top = &shape->segments[shape->count - 1];
	uint64_t last = top->va + (top->mem_bytes - 1);
	uint64_t most;

	shape->low = align_down(shape->segments[0].va, granule);
	shape->bytes = (last | (granule - 1)) - shape->low + 1;
	if (shape->bytes == 0)
		return fault_value(fault, ST_NO_ADDRESS, "last virtual address", last);
	most = (UINT64_MAX - shape->bytes) / 2;
	if (shape->padding > most)
		return fault_set(fault, ST_NO_MEMORY, "padding", shape->padding, most);
	return ST_OK;
}

enum status shape_make(struct shape *shape, const struct place_request *request, uint64_t granule,
                       struct fault *fault)
{
	const struct object *object = request->object;
	enum status status = check_flags(request, fault);

	if (status != ST_OK)
		return status;
	if (!align_fits(request->padding, granule))
		return fault_set(fault, ST_NO_MEMORY, "padding", request->padding,
		                 UINT64_MAX - granule + 1);
	*shape = (struct shape){
		.segments = object->segments, .count = object->segment_count,
		.flat = is_flat(request), .padding = align_up(request->padding, granule),
		.align = granule,
	};
	if (shape->flat)
		make_whole(shape, request, granule);
	else
		shape->align = max_u64(object->align, granule);
	shape->movable = shape->flat || object->kind == OBJECT_MOVABLE;
	if (shape->count == 0)
		return fault_field(fault, ST_NOT_MAPPABLE, "bytes");
	return measure(shape, granule, fault);
}

uint32_t shape_rows(const struct shape *shape)
{
	return shape->count + (shape->padding != 0 ? 2 : 0);
}

bool shape_block(const struct shape *shape, uint64_t granule, uint32_t *at, struct block *block)
{
	uint64_t last;
	uint32_t first = *at, i = first;

	if (i == shape->count)
		return false;
	block->va = align_down(shape->segments[i].va, granule);
	do {
		const struct segment *segment = &shape->segments[i++];

		last = (segment->va + (segment->mem_bytes - 1)) | (granule - 1);
	} while (i < shape->count && align_down(shape->segments[i].va, granule) <= last + 1 &&
	         last != UINT64_MAX);
	block->bytes = last - block->va + 1;
	if (first == 0) {
		block->va -= shape->padding;
		block->bytes += shape->padding;
	}
	if (i == shape->count)
		block->bytes += shape->padding;
	*at = i;
	return true;
}
