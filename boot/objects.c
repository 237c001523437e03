/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objects.c: kernel and modules on their way through the space: each gets its addresses, then
 * its memory.
 */
#include <stddef.h>

#include "boot.h"
#include "extent.h"
#include "pad.h"
#include "turns.h"

static bool is_parted(const struct boot *boot, const struct boot_object *o)
{
	return boot->colors.policy == SMALT_COLOR_PARTITION && colors_narrow(&boot->colors, o->color_mask);
}

static struct place_request request_for(const struct boot *boot, uint32_t index, uint64_t from)
{
	const struct boot_object *o = &boot->objects[index];
	struct place_request request = {
		.object = &o->object, .object_index = index, .flags = PLACE_INTERPRET,
		.instance = o->instance,
		.entry_required = o->role == SMALT_ROLE_KERNEL,
		.may_stay = o->object.bytes_pa != OBJECT_NOWHERE && !draw_frames(boot, index, NULL) &&
		            !is_parted(boot, o),
		.from = from, .va = o->va,
		.policy = turns_policy(boot, index),
	};

	if (o->instance != 0)
		request.like = &boot->objects[index - o->instance].placement;
	if (o->has_va)
		request.flags |= PLACE_ADDRESS;
	if (boot->settings.wx_allowed)
		request.flags |= PLACE_ALLOW_WX;
	if (boot->protocol)
		request.flags |= PLACE_PHYSICAL;
	if (o->noexec)
		request.flags |= PLACE_NOEXEC;
	return request;
}

/* Only where nothing says where a module goes. */
static bool may_go_elsewhere(const struct place_request *request)
{
	return !request->entry_required && !(request->flags & PLACE_ADDRESS) &&
	       request->object->kind != OBJECT_FIXED;
}

/*
 * Packed: behind the object before. Where the machine's place for kernels has too little
 * room left (2 GiB on x86_64), a module goes to the beginning of the high half.
 */
static enum status place_one(struct boot *boot, uint32_t index, uint64_t from, struct fault *fault)
{
	const struct format *format = boot->format;
	struct boot_object *o = &boot->objects[index];
	struct place_request request = request_for(boot, index, from);
	uint32_t capacity = o->object.segment_count + 1, count = capacity;
	struct smalt_row *rows = arena_take(boot->arena, count, sizeof *rows, "rows", fault);
	struct random draw;
	enum status status;

	if (!rows)
		return fault->status;
	request.draw = draw_make(boot, index, request.policy, &draw);
	if (!request.draw)
		request.policy = PLACE_PACKED;       /* nothing to draw from */
	status = place_object(&boot->space, &request, rows, &count, &o->placement, fault);
	if (status == ST_NO_ADDRESS && may_go_elsewhere(&request)) {
		request.from = format->ranges[format->range_count - 1].first;
		count = capacity;
		status = place_object(&boot->space, &request, rows, &count, &o->placement, fault);
	}
	if (status == ST_OK)
		status = place_enter(&boot->space, &request, rows, count, &o->placement, fault);
	if (status != ST_OK)
		return fault_in(fault, o->object.name);
	return ST_OK;
}

enum status objects_place(struct boot *boot, struct fault *fault)
{
	uint64_t from = boot->env->machine->kernel_va;
	struct turn *turns;
	enum status status = turns_make(boot, &turns, fault);

	for (uint32_t i = 0; status == ST_OK && i < boot->object_count; i++) {
		status = place_one(boot, turns[i].index, from, fault);
		if (turns[i].followed)       /* the guard counts: a pad may be claimed later */
			from = boot->objects[turns[i].index].placement.end + boot->space.granule;
	}
	return status;
}

static uint32_t rows_of(const struct space *space, uint32_t first)
{
	uint32_t count = 1;

	while (first + count < space->row_count &&
	       space->rows[first + count].object == space->rows[first].object)
		count++;
	return count;
}

/* When every object has its place: a pad is in nobody's way. */
enum status objects_pad(struct boot *boot, struct fault *fault)
{
	struct space *space = &boot->space;

	(void)fault;
	for (uint32_t row = 0, count; space->tail_padding != 0 && row < space->row_count; row += count) {
		const struct boot_object *o = &boot->objects[space->rows[row].object];

		count = rows_of(space, row);
		pad_claim(space, row, count, o->object.name);
	}
	return ST_OK;
}

/* Other instances than the first wait until that has its memory. */
static enum status back_object(struct boot *boot, uint32_t first, uint32_t *count,
                               struct fault *fault)
{
	struct space *space = &boot->space;
	uint32_t index = space->rows[first].object;
	struct boot_object *o = &boot->objects[index];
	struct frame_draw draw = { .bits = UINT32_MAX };
	struct extent_source source = {
		.bytes_pa = o->object.bytes_pa, .donated = o->donated, .read = boot_is_read(o),
		.whole_pages = o->object.kind == OBJECT_FLAT,
		.physical = boot->protocol != NULL, .copy_limit = EXTENT_COPY_LIMIT,
		.turn = o->placement.turn, .color_mask = o->color_mask,
	};
	uint32_t extent = space->extent_count;
	enum status status;

	*count = rows_of(space, first);
	space->colored[index] = o->placement.turn != 0 || is_parted(boot, o);
	if (o->instance != 0)
		return ST_OK;
	if (draw_frames(boot, index, &draw.random))
		source.draw = &draw;
	status = extent_object(space, first, *count, &source, &boot->frames, boot->memory,
	                       fault);
	if (status != ST_OK)
		return fault_in(fault, o->object.name);
	o->pa_bits = draw.bits == UINT32_MAX ? 0 : draw.bits;
	if (o->instance_count > 1)
		o->share = share_of(space, first, *count, extent);
	o->share.color_mask = o->color_mask;
	return ST_OK;
}

enum status objects_back(struct boot *boot, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint32_t row = 0, count; status == ST_OK && row < boot->space.row_count; row += count) {
		count = 1;
		if (boot->space.rows[row].object == SMALT_NONE)
			status = own_back(boot, row, fault);
		else
			status = back_object(boot, row, &count, fault);
	}
	return status;
}
