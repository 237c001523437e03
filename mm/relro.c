/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relro.c: parts the writable segment that holds PT_GNU_RELRO, so that what only
 * relocation writes is a read-only row of its own (requirements M3, S9).
 *
 *     segment   |......RELRO......|....data....|..bss..|       |..data..|...RELRO...|..data..|
 *     rows      |r--, whole pages |rw-                 |       |rw-     |r--        |rw-     |
 *
 * As in glibc the range is rounded down to pages at both ends (lld rounds its end up before, behind
 * the segment); its first page stays writable if something else that is writable has bytes on it. An object that
 * relocates itself (relocate no) protects itself, too.
 */
#include "relro.h"

#include <stddef.h>

#include "align.h"

/* The writable segment in which RELRO begins, or NULL: then there is nothing to protect. */
static const struct segment *holder(const struct object *object)
{
	const struct segment *segment = object->relro.bytes == 0
		? NULL : object_segment_at(object, object->relro.va);

	return segment && (segment->prot & SMALT_W) ? segment : NULL;
}

/* Is the first page of RELRO also one of the segment before it, and writable there? */
static bool shares_first_page(const struct object *object, const struct segment *segment,
                              uint64_t page)
{
	const struct segment *before = segment - 1;

	if (segment == object->segments)
		return false;
	return (before->prot & SMALT_W) && before->va + before->mem_bytes > page;
}

static struct segment piece(const struct segment *whole, uint64_t va, uint64_t end)
{
	struct segment part = *whole;
	uint64_t skip = va - whole->va, from = min_u64(skip, whole->file_bytes);

	part.va = va;
	part.pa = whole->pa + skip;
	part.mem_bytes = end - va;
	part.file_offset = whole->file_offset + from;
	part.file_bytes = min_u64(whole->file_bytes - from, part.mem_bytes);
	return part;
}

/* [*va, *end) is what becomes read-only; false if it has no whole page. */
static bool find_range(const struct object *object, const struct segment *segment,
                       uint64_t granule, uint64_t *va, uint64_t *end)
{
	uint64_t page = align_down(object->relro.va, granule);
	uint64_t last_page = align_down(object->relro.va + object->relro.bytes, granule);

	if (object->relro.va > max_u64(page, segment->va) || shares_first_page(object, segment, page))
		page += granule;
	*va = max_u64(page, segment->va);
	*end = min_u64(last_page, segment->va + segment->mem_bytes);
	return *va < *end;
}

enum status relro_part(struct object *object, uint64_t granule, struct arena *arena,
                       struct fault *fault)
{
	const struct segment *whole = holder(object);
	struct segment *parts, *to;
	uint64_t va, end, whole_end;

	if (!whole || !find_range(object, whole, granule, &va, &end))
		return ST_OK;
	to = parts = arena_take(arena, object->segment_count + 2u, sizeof *parts, "segments", fault);
	if (!parts)
		return fault->status;
	whole_end = whole->va + whole->mem_bytes;
	for (const struct segment *s = object->segments; s < whole; s++)
		*to++ = *s;
	if (whole->va < va)
		*to++ = piece(whole, whole->va, va);
	*to = piece(whole, va, end);
	to->prot &= ~(uint32_t)SMALT_W;
	to++->relro = true;
	if (end < whole_end)
		*to++ = piece(whole, end, whole_end);
	for (const struct segment *s = whole + 1; s < object->segments + object->segment_count; s++)
		*to++ = *s;
	object->segments = parts;
	object->segment_count = (uint32_t)(to - parts);
	return ST_OK;
}
