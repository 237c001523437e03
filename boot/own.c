/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own.c: the rows of Smalt's own in the kernel's space: what the kernel stands
 * on at entry (stack, CPU tables, jump page), the fault reporter, and what
 * handoff pointers name (console, framebuffer, tables of the firmware, devicetree;
 * requirements H1, H8).
 *
 * They go where the machine puts position-independent kernels, behind what is
 * already there: in the high half, and mostly in tables that exist anyway.
 */
#include <stddef.h>

#include "align.h"
#include "boot.h"
#include "extent.h"

enum { PAGE = 4096 };            /* in which a firmware tells what lies where */

static void note(struct boot *boot, uint32_t kind, const struct own *own)
{
	if (boot->own_va[kind] == 0)
		boot->own_va[kind] = own->va;
	boot->own[boot->own_count++] = *own;
}

/* One row with a guard on both sides, at the place in its pages that its memory has. own->va is found. */
static enum status place_one(struct boot *boot, uint32_t kind, uint64_t bytes, uint32_t prot,
                             struct own own, struct fault *fault)
{
	uint64_t granule = boot->space.granule;
	uint64_t phase = own.pa == OBJECT_NOWHERE ? 0 : own.pa & (granule - 1);
	enum status status = place_own(&boot->space, kind, bytes, prot, boot->env->machine->kernel_va,
	                               granule, phase, &own.va, fault);

	if (status == ST_OK)
		note(boot, kind, &own);
	return status;
}

static bool part_wanted(const struct boot *boot, const struct part *part)
{
	return part->kind != SMALT_KIND_REPORTER || boot->settings.reporter;
}

enum status own_add(struct boot *boot, uint32_t kind, uint64_t bytes, uint32_t prot,
                    struct own own, struct fault *fault)
{
	struct smalt_row row = {
		.va = own.va, .mem_bytes = bytes, .prot = prot, .kind = kind,
		.data_offset = own.va & (boot->space.granule - 1),
		.object = SMALT_NONE, .segment = SMALT_NONE, .color = SMALT_NONE,
	};

	if ((prot & SMALT_W) && (prot & SMALT_X))
		row.flags = SMALT_ROW_WX;
	note(boot, kind, &own);
	return space_add_rows(&boot->space, &row, 1, fault);
}

static enum status add_part(struct boot *boot, const struct part *part, uint64_t va,
                            struct fault *fault)
{
	struct own own = { va, part->pa, SMALT_MEM_RESIDENT, SMALT_CACHE_WRITE_BACK };

	if (part->kind == SMALT_KIND_JUMP)
		own.type = 0;        /* reclaimable, as the rest of the loader */
	return own_add(boot, part->kind, part->bytes, part->prot, own, fault);
}

/* The parts keep their distances: their code reaches the others relative to itself. */
static enum status place_parts(struct boot *boot, struct fault *fault)
{
	const struct part *first = boot->env->parts;
	const struct part *last = first + boot->env->part_count - 1;
	uint64_t va, bytes;
	enum status status;

	if (boot->env->part_count == 0)
		return ST_OK;
	if (parts_move(boot))
		return parts_place(boot, fault);
	bytes = last->pa + last->bytes - first->pa;
	status = space_find(&boot->space, boot->env->machine->kernel_va, bytes,
	                    boot->space.granule, 0, &va, fault);
	if (status == ST_OK)
		status = space_claim(&boot->space, va, bytes, span_of("smalt"), SMALT_NONE, fault);
	for (const struct part *part = first; status == ST_OK && part <= last; part++)
		if (part_wanted(boot, part))
			status = add_part(boot, part, va + (part->pa - first->pa), fault);
	return status;
}

static enum status place_stacks(struct boot *boot, struct fault *fault)
{
	struct own frames = { .pa = OBJECT_NOWHERE, .type = SMALT_MEM_RESIDENT };
	uint64_t bytes = align_up(boot->settings.stack_bytes, boot->space.granule);
	enum status status = place_one(boot, SMALT_KIND_STACK, bytes, SMALT_R | SMALT_W, frames, fault);

	boot->stack_top = boot->own_va[SMALT_KIND_STACK] + bytes;
	if (status == ST_OK && boot->settings.reporter)
		status = place_one(boot, SMALT_KIND_FAULT_STACK, OWN_FAULT_STACK_BYTES,
		                   SMALT_R | SMALT_W, frames, fault);
	return status;
}

static enum status place_serial(struct boot *boot, struct fault *fault)
{
	const struct env *env = boot->env;
	struct own own = { .type = SMALT_MEM_MMIO, .memory = SMALT_CACHE_DEVICE };

	if (env->serial_kind != SMALT_SERIAL_PL011)
		return ST_OK;
	own.pa = align_down(env->serial_address, boot->space.granule);
	return place_one(boot, SMALT_KIND_SERIAL, boot->space.granule, SMALT_R | SMALT_W, own, fault);
}

/* va == pa modulo its largest leaf: whoever draws goes through all of it. */
static enum status place_framebuffer(struct boot *boot, struct fault *fault)
{
	const struct framebuffer *f = &boot->env->framebuffer;
	struct space *space = &boot->space;
	struct own own = { .pa = align_down(f->pa, space->granule),
	                   .memory = SMALT_CACHE_WRITE_COMBINE };
	uint64_t bytes = align_up(f->pa + f->bytes, space->granule) - own.pa, align;
	enum status status;

	if (f->bytes == 0)
		return ST_OK;
	align = leaf_bytes(space->format, leaf_largest(space->format, space->leaf_mask, own.pa, bytes));
	status = place_own(space, SMALT_KIND_FRAMEBUFFER, bytes, SMALT_R | SMALT_W,
	                   boot->env->machine->kernel_va, align, own.pa & (align - 1), &own.va, fault);
	if (status == ST_OK)
		note(boot, SMALT_KIND_FRAMEBUFFER, &own);
	return status;
}

/* Tables of the firmware stay what their memory is. */
static enum status place_ranges(struct boot *boot, uint32_t kind, const struct range *ranges,
                                uint32_t count, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < count; i++)
		status = place_one(boot, kind, ranges[i].bytes, SMALT_R,
		                   (struct own){ .pa = ranges[i].pa }, fault);
	return status;
}

static enum status place_tables(struct boot *boot, struct fault *fault)
{
	const struct env *env = boot->env;
	enum status status = place_ranges(boot, SMALT_KIND_ACPI, env->tables, env->table_count, fault);

	return status == ST_OK ? place_ranges(boot, SMALT_KIND_SMBIOS, env->smbios, env->smbios_count,
	                                      fault)
	                       : status;
}

static enum status place_devicetree(struct boot *boot, struct fault *fault)
{
	const struct file *tree = &boot->env->devicetree;
	struct own own = { .pa = tree->pa, .type = SMALT_MEM_RESIDENT };

	if (tree->bytes.bytes == 0)
		return ST_OK;
	return place_one(boot, SMALT_KIND_DEVICETREE, align_up(tree->bytes.bytes, PAGE), SMALT_R, own, fault);
}

uint32_t own_rows_most(const struct boot *boot)
{
	const struct env *env = boot->env;

	return OWN_KINDS + env->part_count + env->table_count + env->smbios_count +
	       (boot->settings.efi_identity ? env->efi.runtime_count : 0);
}

enum status own_place(struct boot *boot, struct fault *fault)
{
	enum status status = place_parts(boot, fault);

	if (status == ST_OK)
		status = place_stacks(boot, fault);
	if (status == ST_OK)
		status = place_serial(boot, fault);
	if (status == ST_OK)
		status = place_framebuffer(boot, fault);
	if (status == ST_OK)
		status = place_tables(boot, fault);
	if (status == ST_OK)
		status = place_devicetree(boot, fault);
	if (status == ST_OK)
		status = own_runtime(boot, fault);
	return status;
}

/*
 * Where the machine has no limit for Smalt's own frames they end where the loader does:
 * beside its parts the direct map has small leaves anyway, at the top of memory it need not.
 */
uint64_t own_limit(const struct boot *boot)
{
	const struct range *loader = &boot->env->loader;
	uint64_t limit = boot->env->machine->loader_limit;

	return limit == UINT64_MAX ? loader->pa + loader->bytes : limit;
}

static const struct own *own_at(const struct boot *boot, uint64_t va)
{
	for (uint32_t i = 0; i < boot->own_count; i++)
		if (boot->own[i].va == va)
			return &boot->own[i];
	return NULL;
}

/* Registers that no memory map lists are registers nevertheless: every page has a type (H3). */
static enum status claim_unlisted(struct boot *boot, uint64_t pa, uint64_t bytes, struct fault *fault)
{
	const struct memmap *map = boot->memory;
	uint64_t end = pa + bytes;
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < map->count && pa < end; i++) {
		const struct smalt_memory *range = &map->ranges[i];

		if (pa < range->pa)
			status = frames_claim(&boot->frames, pa, min_u64(range->pa, end) - pa,
			                      SMALT_MEM_MMIO, fault);
		pa = max_u64(pa, range->pa + range->bytes);
	}
	return status == ST_OK && pa < end
		? frames_claim(&boot->frames, pa, end - pa, SMALT_MEM_MMIO, fault) : status;
}

/* What of a firmware's may be seen beside its tables: plain memory, but none that may be nobody's to read (P6). */
static bool is_harmless(uint32_t type)
{
	return memmap_is_shown(type) || type == SMALT_MEM_EFI_RUNTIME_CODE || type == SMALT_MEM_EFI_RUNTIME_DATA;
}

/* Pages larger than a firmware's show what lies around a table, too. */
static enum status check_around(const struct boot *boot, uint64_t pa, uint64_t bytes, struct fault *fault)
{
	const struct memmap *map = &boot->env->memory;
	uint64_t granule = boot->space.granule, from = align_down(pa, granule), end = align_up(pa + bytes, granule);

	for (uint32_t i = 0; i < map->count && map->ranges[i].pa < end; i++) {
		const struct smalt_memory *range = &map->ranges[i];
		uint64_t last = range->pa + (range->bytes - 1);

		if (last < from || is_harmless(range->type) || (range->pa < pa + bytes && last >= pa))
			continue;
		fault_set(fault, ST_MISALIGNED, "physical address of a table", pa, granule);
		fault_word(fault, span_of(memmap_type_name(range->type)));
		return fault_hint(fault, "such memory beside it must not be seen: use smaller pages");
	}
	return ST_OK;
}

enum status own_back(struct boot *boot, uint32_t row, struct fault *fault)
{
	const struct own *own = own_at(boot, boot->space.rows[row].va);
	uint64_t bytes = boot->space.rows[row].mem_bytes;
	uint32_t kind = boot->space.rows[row].kind;
	enum status status = ST_OK;

	if (parts_move(boot) && (kind == SMALT_KIND_JUMP || kind == SMALT_KIND_REPORTER))
		return parts_back(boot, row, fault);
	if (own->pa == OBJECT_NOWHERE)
		return extent_own(&boot->space, row, own->type, own_limit(boot),
		                  &boot->frames, fault);
	if (!space_is_exact(&boot->space) && own->memory == SMALT_CACHE_WRITE_BACK)
		status = check_around(boot, own->pa, bytes, fault);
	if (status == ST_OK)
		status = extent_fixed(&boot->space, row, own->pa, own->memory, fault);
	if (status == ST_OK && own->type)
		status = frames_claim(&boot->frames, own->pa, bytes, own->type, fault);
	if (status == ST_OK && kind == SMALT_KIND_FRAMEBUFFER)
		status = claim_unlisted(boot, own->pa, bytes, fault);
	return status;
}
