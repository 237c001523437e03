/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c: decides where an object goes. Pure and transactional: everything is
 * checked before the first row is written (requirements M1, M2, M9, M13, M14).
 */
#include "place.h"

#include "align.h"
#include "row.h"
#include "shape.h"
#include "sort.h"

/* The wishes of P2 stop here: to align everything to 1G would spread objects over page tables. */
#define WISH_LEAF_MAX  (32ull << 20)
#define WISH_LEAF_MIN  (2ull << 20)      /* M13: the bits below 2M come from the bytes' pa */

/* A foreign protocol's rows: bounds hold, everything else is the protocol's (M19, M21). */
static enum status check_physical(const struct space *space, const struct segment *segment,
                                  struct fault *fault)
{
	uint64_t last = space->format->pa_mask | (space->granule - 1);

	if (range_wraps(segment->pa, segment->mem_bytes))
		(void)fault_set(fault, ST_OVERFLOW, "p_memsz", segment->mem_bytes,
		                UINT64_MAX - segment->pa);
	else if (segment->pa + (segment->mem_bytes - 1) > last)
		(void)fault_set(fault, ST_NO_ADDRESS, "p_paddr + p_memsz - 1",
		                segment->pa + (segment->mem_bytes - 1), last);
	else
		return ST_OK;
	return fault_segment(fault, segment->index);
}

static bool overlap(const struct segment *a, const struct segment *b)
{
	return a->pa < b->pa ? b->pa - a->pa < a->mem_bytes : a->pa - b->pa < b->mem_bytes;
}

/*
 * Does segment i overlap one before it? They are disjoint, and top is the highest of them:
 * above it only it can reach. Files list segments in ascending pa nearly always; what is
 * out of order is compared with all, since pure code has no room to sort.
 */
static bool overlaps_before(const struct shape *shape, uint32_t i, const struct segment *top)
{
	const struct segment *segment = &shape->segments[i];

	if (segment->pa > top->pa)
		return overlap(top, segment);
	for (uint32_t before = 0; before < i; before++)
		if (overlap(&shape->segments[before], segment))
			return true;
	return false;
}

static enum status check_overlap(const struct shape *shape, struct fault *fault)
{
	const struct segment *top = &shape->segments[0];

	for (uint32_t i = 1; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];

		if (overlaps_before(shape, i, top)) {
			(void)fault_value(fault, ST_OVERLAP, "p_paddr", segment->pa);
			return fault_segment(fault, segment->index);
		}
		if (segment->pa > top->pa)
			top = segment;
	}
	return ST_OK;
}

static enum status place_physical(const struct space *space, const struct shape *shape,
                                  struct fault *fault)
{
	for (uint32_t i = 0; i < shape->count; i++) {
		enum status status = check_physical(space, &shape->segments[i], fault);

		if (status != ST_OK)
			return status;
	}
	return check_overlap(shape, fault);
}

static enum status place_fixed(const struct space *space, const struct shape *shape,
                               struct fault *fault)
{
	struct block block;

	for (uint32_t at = 0; shape_block(shape, space->granule, 0, &at, &block); ) {
		enum status status = space_free_at(space, block.va, block.bytes, SMALT_NONE, fault);

		if (status != ST_OK)
			return fault_segment(fault, shape->segments[block.segment].index);
	}
	return ST_OK;
}

/* The largest leaf, within the limit of wishes, that has at most so many bytes. */
static uint64_t leaf_within(const struct space *space, uint64_t bytes)
{
	uint64_t found = space->granule;

	for (unsigned i = 0; i < space->format->leaf_count; i++) {
		uint64_t leaf = 1ull << space->format->leaves[i].shift;

		if ((space->leaf_mask >> i & 1) && leaf <= bytes && leaf <= WISH_LEAF_MAX)
			found = max_u64(found, leaf);
	}
	return found;
}

/* The segment with most bytes, of the file's or in memory. */
static const struct segment *largest(const struct shape *shape, bool of_file)
{
	const struct segment *best = &shape->segments[0];
	uint64_t most = 0;

	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];
		uint64_t bytes = of_file ? segment->file_bytes : segment->mem_bytes;

		if (bytes > most) {
			best = segment;
			most = bytes;
		}
	}
	return best;
}

/* A bias that is worth something: bias == phase modulo align. */
struct wish {
	uint64_t align, phase;
};

/*
 * Between the object's alignment and the leaf lie the bits that are free to choose:
 * from the bytes' pa if they can stay (va == pa modulo the leaf), else such that the
 * largest segment begins with a leaf.
 */
static struct wish make_wish(const struct space *space, const struct place_request *request,
                             const struct shape *shape)
{
	const struct object *object = request->object;
	const struct segment *data = largest(shape, true), *big = largest(shape, false);
	uint64_t distance = object->bytes_pa + data->file_offset - data->va;
	struct wish wish;

	if (request->may_stay && object->bytes_pa != OBJECT_NOWHERE && data->file_bytes != 0 &&
	    (distance & (space->granule - 1)) == 0) {
		uint64_t least = shape->flat ? 0 : WISH_LEAF_MIN;

		wish.align = leaf_within(space, max_u64(data->file_bytes, least));
		wish.phase = distance;
	} else {
		wish.align = leaf_within(space, big->mem_bytes);
		wish.phase = -align_down(big->va, space->granule);
	}
	wish.align = max_u64(wish.align, shape->align);
	wish.phase &= (wish.align - 1) & -shape->align;
	return wish;
}

/* The wish if it comes true; else the object's alignment alone. */
static enum status find_bias(const struct space *space, const struct place_request *request,
                             const struct shape *shape, uint64_t *bias, struct fault *fault)
{
	uint64_t first = shape->low - shape->padding;
	uint64_t bytes = shape->bytes + 2 * shape->padding;
	struct wish wish = make_wish(space, request, shape);
	enum status status;
	uint64_t va;

	status = space_find(space, request->from, bytes, wish.align, first + wish.phase, &va, fault);
	if (status != ST_OK)
		status = space_find(space, request->from, bytes, shape->align, first, &va, fault);
	if (status == ST_OK)
		*bias = va - first;
	return status;
}

static enum status place_movable(const struct space *space, const struct place_request *request,
                                 const struct shape *shape, uint64_t *bias, struct fault *fault)
{
	if (!(request->flags & PLACE_ADDRESS))
		return find_bias(space, request, shape, bias, fault);
	if (request->va & (shape->align - 1))
		return fault_set(fault, ST_MISALIGNED, "va", request->va, shape->align);
	*bias = request->va - align_down(shape->segments[0].va, shape->align);
	return space_free_at(space, shape->low - shape->padding + *bias,
	                     shape->bytes + 2 * shape->padding, SMALT_NONE, fault);
}

/* The entry rule (M19): a kernel's entry always, a module's if it has one. */
static enum status check_entry(const struct place_request *request, const struct shape *shape,
                               struct fault *fault)
{
	uint64_t entry = request->object->entry;

	if (!request->entry_required && (shape->flat || entry == 0))
		return ST_OK;
	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];

		if ((segment->prot & SMALT_X) && entry - segment->va < segment->mem_bytes)
			return ST_OK;
	}
	return fault_value(fault, ST_BAD_ENTRY, "e_entry", entry);
}

/* Every check, and the bias. Nothing is written but that. */
static enum status decide(const struct space *space, const struct place_request *request,
                          const struct shape *shape, uint64_t *bias, struct fault *fault)
{
	enum status status;

	*bias = 0;
	for (uint32_t i = 0; i < shape->count; i++) {
		status = row_check(space, request, &shape->segments[i], fault);
		if (status != ST_OK)
			return status;
	}
	if (request->flags & PLACE_PHYSICAL)
		return place_physical(space, shape, fault);
	status = check_entry(request, shape, fault);
	if (status != ST_OK)
		return status;
	if (shape->movable)
		return place_movable(space, request, shape, bias, fault);
	return place_fixed(space, shape, fault);
}

static void write_rows(const struct space *space, const struct place_request *request,
                       const struct shape *shape, uint64_t bias, struct smalt_row *rows)
{
	bool physical = request->flags & PLACE_PHYSICAL;
	uint64_t low = shape->low + bias;

	if (shape->padding != 0)
		*rows++ = row_of_padding(request, low - shape->padding, shape->padding);
	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];
		uint64_t va = physical ? segment->pa : segment->va + bias;

		rows[i] = row_of_segment(space, request, segment, va);
	}
	if (physical)
		sort_entries(rows, shape->count, sizeof(*rows));
	if (shape->padding != 0)
		rows[shape->count] = row_of_padding(request, low + shape->bytes, shape->padding);
}

/* From the finished rows, which ascend: physical ones too. */
static struct placement placement_of(const struct space *space, const struct shape *shape,
                                     uint64_t bias, const struct smalt_row *rows, uint32_t count)
{
	const struct smalt_row *last = &rows[count - 1];
	uint64_t start = align_down(rows[0].va, space->granule);
	uint64_t base = start + shape->padding;

	if (shape->movable)
		base = align_down(shape->segments[0].va, shape->align) + bias;
	return (struct placement){
		.base = base, .bias = bias, .start = start,
		.end = align_up(last->va + last->mem_bytes, space->granule),
	};
}

enum status place_object(const struct space *space, const struct place_request *request,
                         struct smalt_row *rows, uint32_t *elements, struct placement *placement,
                         struct fault *fault)
{
	uint32_t capacity = *elements, count;
	struct shape shape;
	enum status status = shape_make(&shape, request, space->granule, fault);
	uint64_t bias;

	if (status == ST_OK)
		status = decide(space, request, &shape, &bias, fault);
	if (status != ST_OK)
		return fault_in(fault, request->object->name);
	*elements = count = shape_rows(&shape);
	if (capacity < count) {
		(void)fault_set(fault, ST_TOO_SMALL, "rows", count, capacity);
		return fault_in(fault, request->object->name);
	}
	write_rows(space, request, &shape, bias, rows);
	*placement = placement_of(space, &shape, bias, rows, count);
	return ST_OK;
}
