/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts.c: what stays of the loader where the kernel's pages are larger than the loader's: copies,
 * because around the originals such pages would show more of the loader, and let it run.
 *
 *     image     | jump | text | constants | data |        pages of 4 KiB, each with its own rights
 *     copies    | jump   0   |  | 0  text constants|data   0  |
 *
 * The reporter's parts keep their distances, since its code reaches the others relative to itself.
 * So one boundary of pages can be between them: the one in front of what is written. Constants
 * share their page with code (SMALT_ROW_SHARED_PAGE).
 */
#include <stddef.h>

#include "align.h"
#include "boot.h"
#include "extent.h"
#include "mem.h"

bool parts_move(const struct boot *boot)
{
	return !space_is_exact(&boot->space) && boot->env->part_count != 0;
}

/* The reporter's parts: those behind the jump page, where the machine has no CPU tables. */
static const struct part *reporter_parts(const struct boot *boot, uint32_t *count)
{
	*count = boot->settings.reporter ? boot->env->part_count - 1 : 0;
	return boot->env->parts + 1;
}

/* Bytes from the beginning of the reporter to the end of its last part with W, or without. */
static uint64_t reach(const struct boot *boot, bool written)
{
	uint64_t bytes = 0;
	uint32_t count;
	const struct part *parts = reporter_parts(boot, &count);

	for (uint32_t i = 0; i < count; i++)
		if (((parts[i].prot & SMALT_W) != 0) == written)
			bytes = parts[i].pa + parts[i].bytes - parts->pa;
	return bytes;
}

static enum status place_reporter(struct boot *boot, struct fault *fault)
{
	uint64_t granule = boot->space.granule, head = reach(boot, false), va;
	uint64_t pages = align_up(head, granule), bytes = pages + align_up(reach(boot, true) - head, granule);
	uint32_t count;
	const struct part *parts = reporter_parts(boot, &count);
	enum status status;

	if (count == 0)
		return ST_OK;
	status = space_find(&boot->space, boot->env->machine->kernel_va, bytes, granule, 0, &va, fault);
	if (status == ST_OK)
		status = space_claim(&boot->space, va, bytes, span_of("smalt"), SMALT_NONE, fault);
	for (uint32_t i = 0; status == ST_OK && i < count; i++) {
		struct own own = { .va = va + (pages - head) + (parts[i].pa - parts->pa), .pa = OBJECT_NOWHERE };

		status = own_add(boot, parts[i].kind, parts[i].bytes, parts[i].prot, own, fault);
	}
	return status;
}

enum status parts_place(struct boot *boot, struct fault *fault)
{
	const struct part *jump = boot->env->parts;
	struct own own = { .pa = OBJECT_NOWHERE };
	enum status status = space_find(&boot->space, boot->env->machine->kernel_va, jump->bytes,
	                                boot->space.granule, 0, &own.va, fault);

	if (status == ST_OK)
		status = space_claim(&boot->space, own.va, jump->bytes, span_of("smalt"), SMALT_NONE, fault);
	if (status == ST_OK)
		status = own_add(boot, jump->kind, jump->bytes, jump->prot, own, fault);
	return status == ST_OK ? place_reporter(boot, fault) : status;
}

/* One extent for the jump page, one for all that is in front of the boundary, one for what is behind it. */
enum status parts_back(struct boot *boot, uint32_t row, struct fault *fault)
{
	struct space *space = &boot->space;
	const struct smalt_row *r = &space->rows[row];
	bool jump = r->kind == SMALT_KIND_JUMP, head = !jump && (r->prot & SMALT_X);
	uint64_t end = r->va + (head ? reach(boot, false) : r->mem_bytes);
	struct smalt_extent extent = {
		.va = align_down(r->va, space->granule), .row = row, .backing = SMALT_BACKING_COPY,
		.prot = r->prot, .memory = SMALT_CACHE_WRITE_BACK, .color = SMALT_NONE,
	};
	enum status status;

	if (!(r->prot & (SMALT_X | SMALT_W)))
		return ST_OK;
	extent.bytes = align_up(end, space->granule) - extent.va;
	status = frames_take_high(&boot->frames, extent.bytes, space->granule, own_limit(boot),
	                          jump ? SMALT_MEM_RECLAIMABLE : SMALT_MEM_RESIDENT, &extent.pa, fault);
	if (status == ST_OK)
		status = space_add_extent(space, &extent, fault);
	if (status == ST_OK)
		extent_flags(space, space->row_count, &extent);
	return status;
}

/* Where a part of the image has its copy. */
static struct range copy_of(const struct boot *boot, const struct part *part)
{
	const struct part *jump = boot->env->parts;
	uint64_t va = part == jump ? boot->own_va[SMALT_KIND_JUMP]
	                           : boot->own_va[SMALT_KIND_REPORTER] + (part->pa - jump[1].pa);
	const struct smalt_extent *extent = space_extent_at(&boot->space, va);

	return (struct range){ extent->pa + (va - extent->va), part->bytes };
}

bool parts_copy(const struct boot *boot, uint32_t index, struct range *to)
{
	const struct part *part = &boot->env->parts[index];
	uint32_t count;

	(void)reporter_parts(boot, &count);
	if (!parts_move(boot) || index > count)
		return false;
	*to = copy_of(boot, part);
	memcpy(env_pointer(boot->env, to->pa), env_pointer(boot->env, part->pa), part->bytes);
	return true;
}
