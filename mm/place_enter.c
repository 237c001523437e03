/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_enter.c: what was decided becomes part of the space: its claims first,
 * since only they can still be refused, then its rows.
 */
#include "align.h"
#include "check.h"
#include "row.h"
#include "shape.h"
#include "spread.h"

static enum status claim_blocks(struct space *space, const struct place_request *request,
                                const struct shape *shape, struct fault *fault)
{
	struct block block;

	for (uint32_t at = 0; shape_block(shape, space->granule, &at, &block); ) {
		enum status status = space_claim(space, block.va, block.bytes, request->object->name,
		                                 request->object_index, fault);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

static uint32_t count_blocks(const struct space *space, const struct shape *shape)
{
	struct block block;
	uint32_t count = 0;

	for (uint32_t at = 0; shape_block(shape, space->granule, &at, &block); )
		count++;
	return shape->movable ? 1 : count;
}

static enum status check_room(const struct space *space, uint32_t rows, uint32_t claims,
                              struct fault *fault)
{
	if (rows > space->row_capacity - space->row_count)
		return fault_set(fault, ST_NO_MEMORY, "rows", (uint64_t)space->row_count + rows,
		                 space->row_capacity);
	if (claims > space->claim_capacity - space->claim_count)
		return fault_set(fault, ST_NO_MEMORY, "claims",
		                 (uint64_t)space->claim_count + claims, space->claim_capacity);
	return ST_OK;
}

enum status place_enter(struct space *space, const struct place_request *request,
                        const struct smalt_row *rows, uint32_t count,
                        const struct placement *placement, struct fault *fault)
{
	/* Nobody owns physical addresses here, and a reserve has its owner */
	bool claims = !(request->flags & (PLACE_PHYSICAL | PLACE_RESERVED));
	struct shape shape;
	enum status status = shape_make(&shape, request, space->granule, fault);

	CHECK(status == ST_OK);      /* place_object() accepted the same request */
	status = check_room(space, count, claims ? count_blocks(space, &shape) : 0, fault);
	if (status == ST_OK && claims)
		status = shape.movable
			? space_claim(space, placement->start, placement->end - placement->start,
			              request->object->name, request->object_index, fault)
			: claim_blocks(space, request, &shape, fault);
	if (status == ST_OK)
		status = space_add_rows(space, rows, count, fault);
	if (status != ST_OK)
		return fault_in(fault, request->object->name);
	spread_give(space, space->row_count - count, count, placement->turn);
	return ST_OK;
}

/* As which Smalt's own rows appear in an ADDRESS_IN_USE. */
static const char *const owners[] = {
	[SMALT_KIND_STACK] = "boot stack",
	[SMALT_KIND_HANDOFF] = "handoff",
	[SMALT_KIND_JUMP] = "jump page",
	[SMALT_KIND_CPU] = "CPU tables",
	[SMALT_KIND_REPORTER] = "fault reporter",
	[SMALT_KIND_FAULT_STACK] = "fault stack",
	[SMALT_KIND_SERIAL] = "serial console",
	[SMALT_KIND_ACPI] = "ACPI tables",
	[SMALT_KIND_DEVICETREE] = "devicetree",
	[SMALT_KIND_FRAMEBUFFER] = "framebuffer",
	[SMALT_KIND_SMBIOS] = "SMBIOS tables",
};

/* Else there is memory behind it already. */
static bool has_frames(uint32_t kind)
{
	return kind == SMALT_KIND_STACK || kind == SMALT_KIND_FAULT_STACK || kind == SMALT_KIND_HANDOFF;
}

/* Where objects are strewn over the machine's place for kernels, what is long goes before it. */
static enum status find_own(const struct space *space, struct ranges_wish wish, uint64_t *va,
                            struct fault *fault)
{
	uint64_t high = space->format->ranges[space->format->range_count - 1].first;
	enum status status = space_find(space, wish.from, wish.bytes, wish.align, wish.phase, va, fault);

	if (status != ST_NO_ADDRESS || wish.from <= high)
		return status;
	return space_find(space, high, wish.bytes, wish.align, wish.phase, va, fault);
}

enum status place_own(struct space *space, uint32_t kind, uint64_t bytes, uint32_t prot,
                      uint64_t from, uint64_t align, uint64_t phase, uint64_t *va,
                      struct fault *fault)
{
	struct ranges_wish wish = { from, bytes, align, phase };
	struct smalt_row row;
	uint64_t found;
	enum status status;

	CHECK(kind >= SMALT_KIND_STACK && kind <= SMALT_KIND_SMBIOS);
	status = check_room(space, 1, 1, fault);
	if (status == ST_OK)
		status = find_own(space, wish, &found, fault);
	if (status == ST_OK && has_frames(kind))
		found = spread_own(space, found, bytes);
	if (status == ST_OK)
		status = space_claim(space, found, bytes, span_of(owners[kind]), SMALT_NONE, fault);
	if (status != ST_OK)
		return status;
	*va = found;
	row = row_of_own(space, kind, found, bytes, prot);
	status = space_add_rows(space, &row, 1, fault);
	if (status == ST_OK && has_frames(kind))
		spread_give(space, space->row_count - 1, 1, 0);
	return status;
}
