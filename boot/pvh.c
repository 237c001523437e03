/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh.c: from the PVH entry to a filled environment: moves the loader out of
 * the way, then asks the firmware everything once.
 *
 * Until the environment's memory map stands, nothing is written but the loader's
 * own image, its new home and the arena beside it, all outside of what the start
 * info names.
 */
#include "self.h"

#include <stddef.h>

#include <smalt/exit.h>

#include "acpi.h"
#include "align.h"
#include "arch.h"
#include "frames.h"
#include "fwcfg.h"
#include "log.h"
#include "startinfo.h"

enum {
	PAGE = 4096,
	SCRATCH_BYTES = 24 << 10,        /* memory maps of the first half, on the stack */
	OWN_RANGES = 8,                  /* loader, arena, start info and the like */
};

#define REACH_LIMIT (1ull << 32)         /* entry.S maps so much */

static const struct reach low_memory = { .window = 0, .limit = REACH_LIMIT };

/* What the first half, in the image's first place, leaves at the start of the arena. */
struct start {
	uint64_t info_pa;
	uint64_t counter;
	uint64_t arena_bytes;
};

/* Called by entry.S: start info in memory, counter at the first instruction. */
_Noreturn void pvh_main(uint64_t info_pa, uint64_t counter);

_Noreturn static void refuse(const struct fault *fault)
{
	uint64_t address;
	uint32_t kind = arch_serial(&address);

	log_open(kind, address);
	log_fault(fault);
	arch_exit(SMALT_EXIT_REFUSED);
}

/* The memory that was reported, with room for so many ranges more; memmap_finish() doubles it. */
MUST_CHECK static enum status describe_memory(const struct startinfo *info, struct memmap *map,
                                              uint32_t more, struct arena *arena,
                                              struct fault *fault)
{
	uint32_t capacity = 2 * (info->memory_count + info->module_count + more);

	if (memmap_init(map, capacity, arena, fault) != ST_OK ||
	    startinfo_memory(info, map, fault) != ST_OK)
		return fault->status;
	return startinfo_claim_modules(info, map, fault);
}

/* The memory in which loader and arena may be put. */
MUST_CHECK static enum status find_free(const struct startinfo *info, struct memmap *map,
                                        struct arena *arena, struct fault *fault)
{
	if (describe_memory(info, map, OWN_RANGES, arena, fault) != ST_OK ||
	    startinfo_claim_self(info, map, fault) != ST_OK ||
	    memmap_add(map, (uint64_t)image_start, (uint64_t)(early_end - image_start),
	               SMALT_MEM_RECLAIMABLE, fault) != ST_OK)
		return fault->status;
	return memmap_finish(map, PAGE, fault);
}

/*
 * Loader and arena go as high as they fit below 4 GiB, which is below an initrd
 * that QEMU put at the top: kernels want low addresses. The arena comes first.
 */
MUST_CHECK static enum status find_home(const struct startinfo *info, uint64_t *home_pa,
                                        uint64_t *arena_bytes, struct arena *scratch,
                                        struct fault *fault)
{
	struct memmap map;
	struct frames frames;
	uint64_t bytes, pa;

	if (find_free(info, &map, scratch, fault) != ST_OK ||
	    frames_init(&frames, &map, PAGE, arch_machine()->frame_floor, 1, scratch, fault) != ST_OK)
		return fault->status;
	*arena_bytes = self_arena_bytes(memmap_bytes(&map, SMALT_MEM_USABLE));
	bytes = *arena_bytes + self_bytes();
	if (frames_take_high(&frames, bytes, PAGE, REACH_LIMIT, SMALT_MEM_RECLAIMABLE, &pa, fault) != ST_OK)
		return fault->status;
	if (pa >= REACH_LIMIT)
		return fault_set(fault, ST_NO_MEMORY, "place for the loader", pa, REACH_LIMIT);
	*home_pa = pa + *arena_bytes;
	return ST_OK;
}

/* ACPI tables are not always in memory that the firmware says it needs. */
MUST_CHECK static enum status describe_acpi(struct env *env, struct fault *fault)
{
	bool found = false;

	if (env->rsdp_pa == 0)
		return ST_OK;
	if (acpi_tables(low_memory, env->rsdp_pa, env->tables, &env->table_count, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < env->table_count; i++) {
		const struct range *table = &env->tables[i];

		if (memmap_type(&env->memory, table->pa) != SMALT_MEM_USABLE &&
		    memmap_type(&env->memory, table->pa + table->bytes - 1) != SMALT_MEM_USABLE)
			continue;
		found = true;
		if (memmap_add(&env->memory, table->pa, table->bytes, SMALT_MEM_ACPI_RECLAIM, fault) != ST_OK)
			return fault->status;
	}
	return found ? memmap_finish(&env->memory, PAGE, fault) : ST_OK;
}

/* Copies, because the start info's memory is free from now on. */
MUST_CHECK static enum status keep_cmdline(const struct startinfo *info, struct env *env,
                                           struct arena *arena, struct fault *fault)
{
	uint8_t *copy;

	if (info->cmdline.bytes == 0)
		return ST_OK;
	copy = arena_take(arena, info->cmdline.bytes, 1, "command line", fault);
	if (copy == NULL)
		return fault->status;
	arch_copy(copy, info->cmdline.base, info->cmdline.bytes);
	env->cmdline = (struct span){ copy, info->cmdline.bytes };
	return ST_OK;
}

MUST_CHECK static enum status describe_all(const struct startinfo *info, struct env *env,
                                           struct arena *arena, struct fault *fault)
{
	/* Finished again with the ACPI tables, and with the files of fw_cfg. */
	uint32_t more = info->memory_count + info->module_count + 2 * OWN_RANGES + ENV_TABLES;

	if (describe_memory(info, &env->memory, more, arena, fault) != ST_OK ||
	    memmap_add(&env->memory, env->loader.pa, env->loader.bytes, SMALT_MEM_RECLAIMABLE, fault) != ST_OK ||
	    memmap_add(&env->memory, (uint64_t)arena->base, arena->bytes, SMALT_MEM_RECLAIMABLE, fault) != ST_OK ||
	    memmap_finish(&env->memory, PAGE, fault) != ST_OK ||
	    startinfo_files(info, env, arena, fault) != ST_OK ||
	    keep_cmdline(info, env, arena, fault) != ST_OK)
		return fault->status;
	env->rsdp_pa = info->rsdp_pa;
	if (describe_acpi(env, fault) != ST_OK)
		return fault->status;
	return fwcfg_files(0, env, arena, fault);
}

MUST_CHECK static enum status fill(struct env *env, const struct start *start, struct arena *arena,
                                   struct fault *fault)
{
	struct startinfo info;

	env->path = SMALT_PATH_PVH;
	env->machine = arch_machine();
	env->counter_start = start->counter;
	env->serial_kind = arch_serial(&env->serial_address);
	arch_cpu(&env->cpu);
	self_describe(env);
	if (startinfo_read(&info, low_memory, start->info_pa, fault) != ST_OK ||
	    describe_all(&info, env, arena, fault) != ST_OK)
		return fault->status;
	arch_quiet();
	return self_map(env, arena, fault);
}

/* The second half, in the copy of the image, on the copy's stack. */
_Noreturn static void begin(uint64_t start_pa)
{
	const struct start *start = (const struct start *)start_pa;
	struct arena arena = { (uint8_t *)start_pa, start->arena_bytes, sizeof(*start) };
	struct fault fault;
	struct env *env = arena_take(&arena, 1, sizeof(*env), "environment", &fault);

	if (env == NULL || fill(env, start, &arena, &fault) != ST_OK)
		refuse(&fault);
	log_open(env->serial_kind, env->serial_address);
	boot_main(env, &arena);
}

void pvh_main(uint64_t info_pa, uint64_t counter)
{
	uint8_t storage[SCRATCH_BYTES];
	struct arena scratch = { storage, sizeof storage, 0 };
	struct startinfo info;
	struct start *start;
	struct fault fault;
	uint64_t home_pa, arena_bytes;

	if (startinfo_read(&info, low_memory, info_pa, &fault) != ST_OK ||
	    find_home(&info, &home_pa, &arena_bytes, &scratch, &fault) != ST_OK)
		refuse(&fault);
	start = (struct start *)(home_pa - arena_bytes);
	*start = (struct start){ info_pa, counter, arena_bytes };
	self_move(home_pa, begin, (uint64_t)start);
}
