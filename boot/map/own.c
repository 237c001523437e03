/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own.c: an extent that belongs to one entry of what is prepared (requirements S1, S6, S7).
 * Frames are taken first, fields change last.
 */
#include <stddef.h>

#include "align.h"
#include "mem.h"
#include "segments.h"

static uint64_t first_page(const struct smalt_prepared *prepared,
                           const struct smalt_segment *segment)
{
	return align_down(segment->va, prepared->space->space.granule);
}

struct smalt_segment *segments_at(const struct smalt_prepared *prepared, uint64_t va)
{
	uint32_t low = 0, high = prepared->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct smalt_segment *segment = &prepared->segments[middle];

		if (va < segment->va)
			high = middle;
		else if (va - segment->va >= segment->mem_bytes)
			low = middle + 1;
		else
			return segment;
	}
	return NULL;
}

uint8_t *segments_memory(const struct smalt_prepared *prepared, const struct smalt_segment *segment)
{
	return library_pointer(prepared->space, segment->extent_pa);
}

uint64_t segments_pages(const struct smalt_prepared *prepared, const struct smalt_segment *segment)
{
	uint64_t end = segment->va + segment->file_bytes;

	return align_up(end, prepared->space->space.granule) - first_page(prepared, segment);
}

static enum status refuse(const struct smalt_prepared *prepared, enum status status,
                          const char *what, uint64_t value, struct fault *fault)
{
	(void)fault_value(fault, status, what, value);
	return fault_in(fault, prepared->link.object.name);
}

enum status segments_fault(const struct smalt_prepared *prepared,
                           const struct smalt_segment *segment, const char *what,
                           struct fault *fault)
{
	fault->field = what;
	(void)fault_at(fault, segment->file_offset);
	(void)fault_segment(fault, segment->index);
	return fault_in(fault, prepared->link.object.name);
}

/* Does another entry have bytes on these pages? Zeros behind the entry's own bytes are its own. */
static bool is_shared(const struct smalt_prepared *prepared, uint32_t at)
{
	const struct smalt_segment *segment = &prepared->segments[at];
	uint64_t first = first_page(prepared, segment);
	uint64_t end = first + segments_pages(prepared, segment);

	if (at > 0 && segment[-1].va + segment[-1].mem_bytes > first)
		return true;
	return at + 1 < prepared->count && segment[1].va < end;
}

enum status segments_take(struct smalt_prepared *prepared, const struct smalt_segment *segment,
                          uint64_t bytes, uint64_t *pa, struct fault *fault)
{
	struct smalt_space *space = prepared->space;
	const struct space *s = &space->space;
	uint64_t va = first_page(prepared, segment) + prepared->bias;
	uint64_t chunk = leaf_bytes(s->format, leaf_largest(s->format, s->leaf_mask, va, bytes));

	if (frames_try(&space->frames, bytes, chunk, va & (chunk - 1), SMALT_MEM_OBJECT, pa))
		return ST_OK;
	if (frames_take(&space->frames, bytes, s->granule, 0, SMALT_MEM_OBJECT, pa, fault) == ST_OK)
		return ST_OK;
	return fault_in(fault, prepared->link.object.name);
}

/* The object's bytes at their place in the pages, zeros around them (M17). */
static void fill(const struct smalt_prepared *prepared, const struct smalt_segment *segment,
                 uint64_t pages)
{
	uint64_t skip = segment->va - first_page(prepared, segment);
	uint64_t end = skip + segment->file_bytes;
	uint8_t *memory = segments_memory(prepared, segment);

	memset(memory, 0, skip);
	memcpy(memory + skip, prepared->link.object.bytes.base + segment->file_offset, segment->file_bytes);
	memset(memory + end, 0, pages - end);
}

void segments_insert(struct smalt_prepared *prepared, uint32_t at, struct smalt_segment entry)
{
	struct smalt_segment *to = &prepared->segments[at + 1];

	if (entry.mem_bytes == 0)
		return;
	memmove(to + 1, to, (prepared->count - (at + 1)) * sizeof *to);
	*to = entry;
	prepared->count++;
}

/* What of the entry's memory lies at `va` and behind, as an entry of zeros. */
static struct smalt_segment zeros_from(const struct smalt_segment *segment, uint64_t va)
{
	struct smalt_segment zeros = *segment;
	uint64_t end = segment->va + segment->mem_bytes;

	zeros.va = va;
	zeros.mem_bytes = end > va ? end - va : 0;
	zeros.file_bytes = 0;
	zeros.flags &= ~(uint32_t)SMALT_SEGMENT_OWN;
	return zeros;
}

void segments_give(struct smalt_prepared *prepared, uint32_t at, uint64_t pa)
{
	struct smalt_segment *segment = &prepared->segments[at];
	uint64_t pages = segments_pages(prepared, segment);
	uint64_t end = first_page(prepared, segment) + pages;
	struct smalt_segment zeros = zeros_from(segment, end);

	segment->extent_pa = pa;
	segment->extent_bytes = pages;
	segment->flags |= SMALT_SEGMENT_OWN;
	fill(prepared, segment, pages);
	segment->mem_bytes -= zeros.mem_bytes;
	segment->file_bytes = segment->mem_bytes;
	segments_insert(prepared, at, zeros);
}

enum status segments_own(struct smalt_prepared *prepared, uint32_t at, const char *what,
                         struct fault *fault)
{
	const struct smalt_segment *segment = &prepared->segments[at];
	enum status status;
	uint64_t pa;

	if (segment->flags & SMALT_SEGMENT_OWN)
		return ST_OK;
	if (segment->file_bytes == 0) {
		(void)fault_value(fault, ST_INVALID, what, segment->va);
		return segments_fault(prepared, segment, "zero fill to make mutable", fault);
	}
	if (is_shared(prepared, at)) {
		(void)fault_value(fault, ST_INVALID, what, segment->va);
		(void)fault_hint(fault, "link with -z separate-code, so that each page is of one segment");
		return segments_fault(prepared, segment, "pages that segments share", fault);
	}
	status = segments_take(prepared, segment, segments_pages(prepared, segment), &pa, fault);
	if (status != ST_OK)
		return segments_fault(prepared, segment, what, fault);
	segments_give(prepared, at, pa);
	return ST_OK;
}

uint32_t smalt_make_mutable(struct smalt_prepared *prepared, uint32_t segment,
                            struct smalt_fault *fault)
{
	struct fault inner;
	enum status status;

	if (segment >= prepared->count) {
		status = fault_set(&inner, ST_INVALID, "segment", segment, prepared->count);
		(void)fault_in(&inner, prepared->link.object.name);
	} else {
		status = segments_own(prepared, segment, "extent for a copy of file bytes", &inner);
	}
	return fault_publish(status, &inner, fault);
}

uint32_t smalt_mutable_memory(struct smalt_prepared *prepared, uint64_t va, uint64_t bytes,
                              void **memory, struct smalt_fault *fault)
{
	const struct smalt_segment *segment = segments_at(prepared, va);
	struct fault inner;
	enum status status = ST_OK;

	if (segment == NULL || !(segment->flags & SMALT_SEGMENT_OWN) ||
	    !range_fits(va - segment->va, bytes, segment->file_bytes))
		status = refuse(prepared, ST_INVALID, "memory of no extent", va, &inner);
	else if (segment->flags & (SMALT_SEGMENT_SEALED | SMALT_SEGMENT_MAPPED))
		status = refuse(prepared, ST_NOT_AUTHORIZED, "memory of a sealed or mapped extent", va, &inner);
	else
		*memory = segments_memory(prepared, segment) + (va - first_page(prepared, segment));
	return fault_publish(status, &inner, fault);
}
