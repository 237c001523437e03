/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open.c: a space in the caller's storage: its machine, its free memory, and the
 * addresses that others have.
 */
#include <stddef.h>

#include "align.h"
#include "library.h"
#include "sort.h"

static const struct machine *machine_of(uint32_t number)
{
	for (uint32_t i = 0; machines[i] != NULL; i++)
		if (machines[i]->elf_machine == number)
			return machines[i];
	return NULL;
}

static enum status check_setup(const struct smalt_setup *setup, const void *storage,
                               struct fault *fault)
{
	const struct machine *machine;

	if (setup->bytes != sizeof *setup)
		return fault_set(fault, ST_INVALID, "smalt_setup.bytes", setup->bytes, sizeof *setup);
	machine = machine_of(setup->machine);
	if (machine == NULL)
		return fault_value(fault, ST_WRONG_MACHINE, "smalt_setup.machine", setup->machine);
	if (!(setup->leaf_mask & 1) || setup->leaf_mask >> machine->format->leaf_count != 0)
		return fault_set(fault, ST_INVALID, "smalt_setup.leaf_mask", setup->leaf_mask,
		                 (1u << machine->format->leaf_count) - 1);
	if ((setup->memory_count != 0 && setup->memory == NULL) ||
	    (setup->claim_count != 0 && setup->claims == NULL))
		return fault_field(fault, ST_INVALID, "array of smalt_setup");
	if (setup->color_policy > SMALT_COLOR_PARTITION)
		return fault_set(fault, ST_INVALID, "smalt_setup.color_policy", setup->color_policy,
		                 SMALT_COLOR_PARTITION);
	if ((setup->color_policy == SMALT_COLOR_OFF) != (setup->color_way == 0))
		return fault_value(fault, ST_INVALID, "smalt_setup.color_way and its policy", setup->color_way);
	if (setup->color_way & (setup->color_way - 1))
		return fault_value(fault, ST_INVALID, "smalt_setup.color_way", setup->color_way);
	if (((uintptr_t)storage & 15) != 0)
		return fault_set(fault, ST_MISALIGNED, "storage", (uintptr_t)storage, 16);
	return ST_OK;
}

static enum status open_memory(struct smalt_space *made, const struct smalt_setup *setup,
                               const struct machine *machine, struct fault *fault)
{
	uint64_t capacity = 2 * (uint64_t)setup->memory_count, granule = made->space.granule;
	enum status status;

	if (capacity > UINT32_MAX)
		return fault_set(fault, ST_NO_MEMORY, "memory ranges", setup->memory_count, UINT32_MAX / 2);
	status = memmap_init(&made->memory, (uint32_t)capacity, &made->arena, fault);
	for (uint32_t i = 0; status == ST_OK && i < setup->memory_count; i++) {
		const struct smalt_memory *range = &setup->memory[i];

		status = memmap_add(&made->memory, range->pa, range->bytes, range->type, fault);
	}
	if (status == ST_OK)
		status = memmap_finish(&made->memory, granule, fault);
	if (status != ST_OK)
		return status;
	return frames_init(&made->frames, &made->memory, granule, machine->frame_floor,
	                   setup->extent_most, &made->arena, fault);
}

/* What of a claim can be mapped at all: false if nothing. */
static bool clip(const struct smalt_space *made, const struct va_range *range,
                 const struct smalt_claim *claim, struct reserve *part)
{
	uint64_t granule = made->space.granule;
	uint64_t first = max_u64(claim->va, max_u64(range->first, granule));
	uint64_t last = min_u64(claim->va + (claim->bytes - 1), range->last - granule);

	*part = (struct reserve){ first, last - first + 1 };
	return first <= last;
}

static void keep_reservation(struct smalt_space *made, struct reserve part, uint64_t tag)
{
	if (tag != SMALT_CLAIM_TAKEN)
		made->reservations[made->reservation_count++] = (struct reservation){ part, tag };
}

static enum status claim_one(struct smalt_space *made, const struct smalt_claim *claim,
                             struct fault *fault)
{
	const struct format *format = made->space.format;
	enum status status = ST_OK;

	if (claim->bytes == 0 || range_wraps(claim->va, claim->bytes - 1))
		return fault_set(fault, ST_INVALID, "smalt_claim.bytes", claim->bytes, -claim->va);
	if (claim->owner == NULL)
		return fault_value(fault, ST_INVALID, "smalt_claim without an owner", claim->va);
	for (unsigned i = 0; status == ST_OK && i < format->range_count; i++) {
		struct reserve part;

		if (!clip(made, &format->ranges[i], claim, &part))
			continue;
		status = space_claim(&made->space, part.va, part.bytes, span_of(claim->owner), LIBRARY_CALLER, fault);
		if (status == ST_OK)
			keep_reservation(made, part, claim->tag);
	}
	return status;
}

static enum status open_claims(struct smalt_space *made, const struct smalt_setup *setup,
                               struct fault *fault)
{
	enum status status = ST_OK;

	made->reservations = arena_take(&made->arena, 2 * (uint64_t)setup->claim_count,
	                                sizeof *made->reservations, "reservations", fault);
	if (made->reservations == NULL)
		return fault->status;
	for (uint32_t i = 0; status == ST_OK && i < setup->claim_count; i++)
		status = claim_one(made, &setup->claims[i], fault);
	return status;
}

static enum status open_space(struct smalt_space *made, const struct smalt_setup *setup,
                              struct fault *fault)
{
	const struct machine *machine = machine_of(setup->machine);
	uint64_t rows = (uint64_t)setup->row_most + 2 * (uint64_t)setup->claim_count;
	enum status status;

	if (rows > UINT32_MAX)
		return fault_set(fault, ST_NO_MEMORY, "rows and claims", rows, UINT32_MAX);
	status = space_init(&made->space, paging_of(machine, setup->leaf_mask), (uint32_t)rows,
	                    setup->extent_most, &made->arena, fault);
	if (status == ST_OK)
		status = open_memory(made, setup, machine, fault);
	if (status == ST_OK)
		status = open_claims(made, setup, fault);
	if (status != ST_OK)
		return status;
	made->objects = arena_take(&made->arena, setup->object_most, sizeof *made->objects,
	                           "objects", fault);
	made->links = arena_take(&made->arena, setup->object_most, sizeof *made->links, "objects",
	                         fault);
	return made->objects != NULL && made->links != NULL ? ST_OK : fault->status;
}

/* A way that one page fills has no colors. */
static void open_colors(struct smalt_space *made, const struct smalt_setup *setup)
{
	struct geometry geometry = {
		.cache.ways = setup->color_ways, .shift = made->space.format->granule_shift,
	};
	uint64_t colors = min_u64(setup->color_way >> geometry.shift, GEOMETRY_COLORS_MOST);

	if (colors < 2)
		return;
	geometry.colors = (uint32_t)colors;
	colors_init(&made->colors, &geometry, setup->color_policy, false);
	made->space.colors = &made->colors;
}

static enum status open_in(const struct smalt_setup *setup, struct arena *storage,
                           struct smalt_space **space, struct fault *fault)
{
	struct smalt_space *made = arena_take(storage, 1, sizeof *made, "storage", fault);
	enum status status;

	if (made == NULL)
		return fault->status;
	made->arena = *storage;
	made->window = setup->window;
	made->object_most = setup->object_most;
	made->report = setup->report;
	made->context = setup->context;
	status = open_space(made, setup, fault);
	if (status != ST_OK)
		return status;
	open_colors(made, setup);
	*space = made;
	return ST_OK;
}

uint32_t smalt_open(const struct smalt_setup *setup, void *storage, uint64_t storage_bytes,
                    struct smalt_space **space, struct smalt_fault *fault)
{
	struct arena arena = { storage, storage_bytes, 0 };
	struct fault inner;
	enum status status = check_setup(setup, storage, &inner);

	if (status == ST_OK)
		status = open_in(setup, &arena, space, &inner);
	return fault_publish(status, &inner, fault);
}
