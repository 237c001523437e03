/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c: the rows that follow from a request in a space, which is only looked at.
 */
#include <stddef.h>

#include "align.h"
#include "identity.h"
#include "library.h"
#include "mem.h"
#include "relro.h"

/* The addresses that were kept free for this request. */
static enum status list_reserves(const struct smalt_space *space, struct planned *p,
                                 struct arena *arena, struct fault *fault)
{
	uint32_t count = 0;

	if (!(p->request->flags & SMALT_MAP_RESERVATION))
		return ST_OK;
	p->reserves = arena_take(arena, space->reservation_count, sizeof *p->reserves, "reservations",
	                         fault);
	if (p->reserves == NULL)
		return fault->status;
	for (uint32_t i = 0; i < space->reservation_count; i++)
		if (space->reservations[i].tag == p->request->reservation)
			p->reserves[count++] = space->reservations[i].addresses;
	if (count == 0)
		return fault_value(fault, ST_NOT_FOUND, "reservation", p->request->reservation);
	p->place.reserves = p->reserves;
	p->place.reserve_count = count;
	return ST_OK;
}

static uint32_t place_flags(uint32_t flags)
{
	static const struct { uint32_t map, place; } pairs[] = {
		{ SMALT_MAP_INTERPRET, PLACE_INTERPRET }, { SMALT_MAP_PADDING, PLACE_PADDING },
		{ SMALT_MAP_ADDRESS, PLACE_ADDRESS }, { SMALT_MAP_RESERVATION, PLACE_RESERVED },
		{ SMALT_MAP_ALLOW_WX, PLACE_ALLOW_WX }, { SMALT_MAP_NOEXEC, PLACE_NOEXEC },
	};
	uint32_t set = 0;

	for (uint32_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (flags & pairs[i].map)
			set |= pairs[i].place;
	return set;
}

/* What was relocated can be mapped at one place only. */
static void fix_address(const struct smalt_prepared *prepared, struct place_request *place)
{
	const struct object *object = &prepared->link.object;

	if (!prepared->relocated || object->kind != OBJECT_MOVABLE || (place->flags & PLACE_ADDRESS))
		return;
	place->flags |= PLACE_ADDRESS;
	place->va = prepared_low(prepared) + prepared->bias;
}

static struct place_request place_of(const struct smalt_space *space, const struct planned *p)
{
	const struct smalt_request *request = p->request;

	return (struct place_request){
		.object = p->object, .object_index = space->object_count,
		.flags = place_flags(request->flags), .instance = request->instance,
		.entry_required = request->flags & SMALT_MAP_ENTRY,
		.may_stay = p->object->bytes_pa != OBJECT_NOWHERE,
		.from = request->from, .padding = request->padding, .va = request->va,
	};
}

static void choose_policy(const struct smalt_space *space, struct planned *p)
{
	static const enum place_policy policies[] = { PLACE_PACKED, PLACE_STABLE, PLACE_RANDOM };
	const struct smalt_request *request = p->request;

	if (request->policy == SMALT_VA_STABLE)
		p->draw = identity_stable(p->object, request->instance);
	if (request->policy == SMALT_VA_RANDOM)
		p->draw = identity_random(IDENTITY_VA, (struct span){ request->seed, request->seed_bytes },
		                          space->object_count);
	p->place.policy = policies[request->policy];
	p->place.draw = &p->draw;
}

static enum status check_aligned(const struct planned *p, uint64_t granule, struct fault *fault)
{
	const struct object *object = p->object;
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < object->segment_count; i++) {
		const struct segment *segment = &object->segments[i];

		status = request_check_pages(segment->va, segment->file_bytes, granule, fault);
		if (status != ST_OK)
			(void)fault_segment(fault, segment->index);
	}
	return status == ST_OK ? ST_OK : fault_in(fault, object->name);
}

/* An object that is relocated is checked whole before RELRO parts its segments. */
static enum status read_new(const struct smalt_space *space, struct planned *p, struct arena *arena,
                            struct fault *fault)
{
	struct linkage set = link_set(space, arena);
	struct boot_object *link = p->link;
	enum status status;

	p->object = &link->object;
	status = request_read(space, p->request, link, fault_sink(space, &p->ear), arena, fault);
	p->whole = link->object.segments;
	p->whole_count = link->object.segment_count;
	if (status != ST_OK || !link->relocate)
		return status;
	status = relocate_check(&set, fault);
	return status == ST_OK ? relro_part(&link->object, space->space.granule, arena, fault) : status;
}

static enum status read_object(const struct smalt_space *space, struct planned *p,
                               struct arena *arena, struct fault *fault)
{
	if (space->object_count == space->object_most) {
		(void)fault_set(fault, ST_NO_MEMORY, "objects", (uint64_t)space->object_count + 1,
		                space->object_most);
		return fault_in(fault, span_of(p->request->name));
	}
	p->link = &space->links[space->object_count];
	p->prepared = p->request->prepared;
	if (p->prepared == NULL)
		return read_new(space, p, arena, fault);
	p->object = &p->prepared->link.object;
	p->whole = p->prepared->whole;
	p->whole_count = p->prepared->whole_count;
	*p->link = p->prepared->link;
	return prepared_check(p->prepared, p->request, fault);
}

/* Where its thread-local block is: what was relocated counted on the place that it had then (R1). */
static enum status check_tls(const struct smalt_space *space, const struct planned *p,
                             struct fault *fault)
{
	struct linkage set = link_set(space, NULL);
	enum status status = tls_layout(&set, fault);

	if (status != ST_OK || p->prepared == NULL || !p->prepared->relocated ||
	    p->link->tls_offset == p->prepared->link.tls_offset)
		return status;
	(void)fault_set(fault, ST_INVALID, "PT_TLS", p->link->tls_offset, p->prepared->link.tls_offset);
	(void)fault_hint(fault, "map it before other objects with thread-local data, and once");
	return fault_in(fault, p->object->name);
}

static enum status place_rows(const struct smalt_space *space, struct planned *p,
                              struct arena *arena, struct fault *fault)
{
	struct linkage set = link_set(space, arena);
	uint32_t count = 0;
	enum status status = place_object(&space->space, &p->place, NULL, &count, &p->placement, fault);

	if (status != ST_TOO_SMALL)
		return status;
	p->rows = arena_take(arena, count, sizeof *p->rows, "rows", fault);
	p->count = count;
	if (p->rows == NULL)
		return fault->status;
	status = place_object(&space->space, &p->place, p->rows, &p->count, &p->placement, fault);
	p->link->placement = p->placement;
	return status == ST_OK ? relocate_fit(&set, fault) : status;
}

/* A mask is for a partition, and names a color that there is. */
static enum status check_colors(const struct smalt_space *space, const struct smalt_request *request,
                                struct fault *fault)
{
	const struct colors *colors = space->space.colors;
	uint64_t mask = request->color_mask;

	if (mask == 0 || (colors != NULL && colors->policy == SMALT_COLOR_PARTITION &&
	                  colors_of_mask(colors, mask) == mask))
		return ST_OK;
	(void)fault_set(fault, ST_INVALID, "smalt_request.color_mask", mask,
	                colors != NULL ? colors_of_mask(colors, COLOR_ALL) : 0);
	return fault_in(fault, span_of(request->name));
}

enum status plan_make(const struct smalt_space *space, const struct smalt_request *request,
                      struct arena *arena, struct planned *p, struct fault *fault)
{
	enum status status = request_check(request, fault);

	*p = (struct planned){ .request = request };
	if (status == ST_OK)
		status = check_colors(space, request, fault);
	if (status == ST_OK)
		status = read_object(space, p, arena, fault);
	if (status == ST_OK)
		status = check_tls(space, p, fault);
	if (status == ST_OK && (request->flags & SMALT_MAP_ALIGNED) && p->prepared == NULL)
		status = check_aligned(p, space->space.granule, fault);
	if (status != ST_OK)
		return status;
	p->place = place_of(space, p);
	choose_policy(space, p);
	if (p->prepared != NULL)
		fix_address(p->prepared, &p->place);
	status = list_reserves(space, p, arena, fault);
	if (status == ST_OK)
		status = place_rows(space, p, arena, fault);
	status = object_end(p->object, status, fault);
	p->link->object.sink = NULL;         /* it was for this call */
	return status;
}

/* rows and *elements as M2 wants them. */
static enum status hand_out(const struct planned *p, struct smalt_row *rows, uint32_t *elements,
                            struct fault *fault)
{
	uint32_t capacity = *elements;

	*elements = p->count;
	if (capacity < p->count) {
		(void)fault_set(fault, ST_TOO_SMALL, "rows", p->count, capacity);
		return fault_in(fault, p->object->name);
	}
	memcpy(rows, p->rows, p->count * sizeof *rows);
	return ST_OK;
}

uint32_t smalt_plan(const struct smalt_space *space, const struct smalt_request *request,
                    struct smalt_row *rows, uint32_t *elements, struct smalt_fault *fault)
{
	struct arena scratch = space->arena;
	struct planned planned;
	struct fault inner;
	enum status status = plan_make(space, request, &scratch, &planned, &inner);

	if (status == ST_OK)
		status = hand_out(&planned, rows, elements, &inner);
	return fault_publish(status, &inner, fault);
}

/* The same plan once more: whoever keeps rows finds out that the space has changed. */
static enum status check_rows(const struct planned *p, const struct smalt_row *rows, uint32_t count,
                              struct fault *fault)
{
	if (count == p->count && memcmp(rows, p->rows, count * sizeof *rows) == 0)
		return ST_OK;
	(void)fault_set(fault, ST_INVALID, "rows of another plan", count, p->count);
	(void)fault_hint(fault, "plan again: the space or the request has changed since");
	return fault_in(fault, p->object->name);
}

/* What stays of storage is what the space has; a failure leaves nothing. */
static enum status finish(struct smalt_space *space, struct arena before, enum status status)
{
	if (status != ST_OK)
		space->arena = before;
	return status;
}

uint32_t smalt_commit(struct smalt_space *space, const struct smalt_request *request,
                      const struct smalt_row *rows, uint32_t elements, struct smalt_fault *fault)
{
	struct arena before = space->arena;
	struct planned planned;
	struct fault inner;
	enum status status = plan_make(space, request, &space->arena, &planned, &inner);

	if (status == ST_OK)
		status = check_rows(&planned, rows, elements, &inner);
	if (status == ST_OK)
		status = commit_make(space, &planned, &inner);
	return fault_publish(finish(space, before, status), &inner, fault);
}

uint32_t smalt_map(struct smalt_space *space, const struct smalt_request *request,
                   struct smalt_row *rows, uint32_t *elements, struct smalt_fault *fault)
{
	struct arena before = space->arena;
	uint32_t capacity = *elements;
	struct planned planned;
	struct fault inner;
	enum status status = plan_make(space, request, &space->arena, &planned, &inner);

	if (status == ST_OK && capacity < planned.count)
		status = hand_out(&planned, rows, elements, &inner);
	else if (status == ST_OK)
		status = commit_make(space, &planned, &inner);
	if (status == ST_OK)
		status = hand_out(&planned, rows, elements, &inner);
	return fault_publish(finish(space, before, status), &inner, fault);
}
