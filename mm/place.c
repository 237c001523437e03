/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.c: decides where an object goes. Pure and transactional: everything is
 * checked before the first row is written (requirements M1, M2, M9, M13, M14).
 */
#include "place.h"

#include "align.h"
#include "pad.h"
#include "physical.h"
#include "policy.h"
#include "reserve.h"
#include "row.h"
#include "shape.h"
#include "sort.h"
#include "spread.h"
#include "wish.h"

/* Reservations are kept for segments: one may end where the next begins. */
static enum status place_padding(const struct space *space, const struct place_request *request,
                                 const struct shape *shape, struct fault *fault)
{
	enum status status;

	if (shape->padding == 0)
		return ST_OK;
	status = reserve_free_at(space, request, shape->low - shape->padding, shape->padding, fault);
	return status == ST_OK ? reserve_free_at(space, request, shape->low + shape->bytes,
	                                         shape->padding, fault) : status;
}

/* Each segment by itself, so that the fault can name it; then the paddings around them. */
static enum status place_fixed(const struct space *space, const struct place_request *request,
                               const struct shape *shape, struct fault *fault)
{
	enum status status = ST_OK;
	struct block block;

	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];

		if (reserve_free_at(space, request, segment->va, segment->mem_bytes, fault) == ST_OK)
			continue;
		status = fault_segment(fault, segment->index);
		if (!object_goes_on(request->object, status, fault))
			return status;
	}
	if (request->flags & PLACE_RESERVED)
		return status == ST_OK ? place_padding(space, request, shape, fault) : status;
	for (uint32_t at = 0; status == ST_OK && shape_block(shape, space->granule, &at, &block); )
		status = reserve_free_at(space, request, block.va, block.bytes, fault);
	return status;
}

/* The wish if it comes true; else the object's alignment alone. */
static enum status find_bias(const struct space *space, const struct place_request *request,
                             const struct shape *shape, const struct wish *wish, uint64_t *bias,
                             struct fault *fault)
{
	uint64_t first = shape->low - shape->padding;
	uint64_t bytes = shape->bytes + 2 * shape->padding;
	enum status status;
	uint64_t va;

	status = reserve_find(space, request, bytes, wish->align, first + wish->phase, &va, fault);
	if (status != ST_OK)
		status = reserve_find(space, request, bytes, shape->align, first, &va, fault);
	if (status == ST_OK)
		*bias = va - first;
	return status;
}

static enum status place_address(const struct space *space, const struct place_request *request,
                                 const struct shape *shape, uint64_t *bias, struct fault *fault)
{
	if (request->va & (shape->align - 1))
		return fault_set(fault, ST_MISALIGNED, "va", request->va, shape->align);
	*bias = request->va - align_down(shape->segments[0].va, shape->align);
	return reserve_free_at(space, request, shape->low - shape->padding + *bias,
	                       shape->bytes + 2 * shape->padding, fault);
}

static enum status place_movable(const struct space *space, const struct place_request *request,
                                 const struct shape *shape, struct choice *choice,
                                 struct fault *fault)
{
	struct wish wish = wish_make(space, request, shape);
	enum status status = ST_OK;

	if (request->flags & PLACE_ADDRESS)
		status = place_address(space, request, shape, &choice->bias, fault);
	else if ((request->flags & PLACE_RESERVED) ||
	         !policy_choose(space, request, shape, &wish, choice))
		status = find_bias(space, request, shape, &wish, &choice->bias, fault);
	if (status == ST_OK)
		spread_object(space, request, shape, &wish, choice);
	return status;
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

/* Every check, and the choice. Nothing is written but that. */
static enum status decide(const struct space *space, const struct place_request *request,
                          const struct shape *shape, struct choice *choice, struct fault *fault)
{
	enum status status;

	*choice = (struct choice){ 0 };
	for (uint32_t i = 0; i < shape->count; i++) {
		status = row_check(space, request, &shape->segments[i], fault);
		if (!object_goes_on(request->object, status, fault))
			return status;
	}
	if (request->flags & PLACE_PHYSICAL)
		return physical_check(space, shape, fault);
	status = check_entry(request, shape, fault);
	if (!object_goes_on(request->object, status, fault))
		return status;
	if (shape->movable)
		return place_movable(space, request, shape, choice, fault);
	return place_fixed(space, request, shape, fault);
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
	struct choice choice;
	uint64_t pad = 0;

	if (status == ST_OK) {
		pad = pad_object(space, request, &shape);
		shape.bytes += pad;
		status = decide(space, request, &shape, &choice, fault);
	}
	status = object_end(request->object, status, fault);
	if (status != ST_OK)
		return status;
	*elements = count = shape_rows(&shape);
	if (capacity < count) {
		(void)fault_set(fault, ST_TOO_SMALL, "rows", count, capacity);
		return fault_in(fault, request->object->name);
	}
	write_rows(space, request, &shape, choice.bias, rows);
	for (uint32_t i = 0; choice.moved && i < count; i++)
		rows[i].flags |= SMALT_ROW_VA_MOVED;
	*placement = placement_of(space, &shape, choice.bias, rows, count);
	placement->end += pad;
	placement->va_bits = choice.va_bits;
	placement->turn = choice.turn;
	return ST_OK;
}
