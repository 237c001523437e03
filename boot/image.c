/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.c: from the entry of an arm64 Image to the environment.
 *
 * Linux Documentation/arch/arm64/booting.rst. Until the devicetree is read, nothing
 * is known about memory, so the map grows in steps, and nothing is ever mapped
 * that was not found to be memory:
 *
 *     image, devicetree ─▶ read it ─▶ all memory, console ─▶ its copy, fw_cfg ─▶ boot_main()
 */
#include <stddef.h>

#include <smalt/exit.h>

#include "align.h"
#include "arch.h"
#include "devicetree.h"
#include "fwcfg.h"
#include "log.h"
#include "mem.h"
#include "self.h"

enum { PAGE = 4096, RANGES = 512, MEMORY_ALIGN = 1 << 30 };

/* Called by entry.S with the MMU off: x0 and the counter as they were at the entry. */
_Noreturn void image_main(uint64_t tree_pa, uint64_t counter_start);

/* Of entry.S: behind what the first map may use of .early. */
extern uint8_t early_cached[] __attribute__((visibility("hidden")));

/*
 * Without an address from the firmware: QEMU puts the devicetree at the start of
 * memory when it loads an ELF file. Memory begins at a multiple of 1 GiB there.
 */
static const void *find_tree(uint64_t tree_pa)
{
	if (tree_pa == 0)
		tree_pa = align_down((uint64_t)image_start, MEMORY_ALIGN);
	return (const void *)(uintptr_t)tree_pa;
}

static enum status check_tree(const void *at, struct span *tree, struct fault *fault)
{
	uint64_t pa = (uint64_t)(uintptr_t)at;
	bool over_us;

	*tree = (struct span){ at, pa % 8 == 0 ? devicetree_bytes(at) : 0 };
	over_us = pa < (uint64_t)early_end && pa + tree->bytes > (uint64_t)image_start;
	if (tree->bytes == 0 || over_us)
		return fault_value(fault, ST_BAD_DEVICETREE, "x0", pa);
	return ST_OK;
}

/* Maps image, devicetree, and, once they are known, arena and console; and nothing else. */
static enum status map_little(const struct env *env, const struct arena *arena, struct arena *early,
                              struct fault *fault)
{
	struct smalt_memory ranges[] = {
		{ (uint64_t)image_start, (uint64_t)(early_end - image_start), SMALT_MEM_RECLAIMABLE, 0 },
		{ (uint64_t)arena->base, arena->bytes, SMALT_MEM_RECLAIMABLE, 0 },
	};
	uint32_t count = arena->bytes == 0 ? 1 : 2;
	/* Large, and in use only here: not on the stack. */
	static struct env little;

	little = (struct env){
		.machine = env->machine,
		.cpu = env->cpu,
		.devicetree = env->devicetree,
		.serial_kind = env->serial_kind,
		.serial_address = env->serial_address,
		.memory = { ranges, count, count },
	};

	if (count == 2 && ranges[1].pa < ranges[0].pa) {
		struct smalt_memory image = ranges[0];

		ranges[0] = ranges[1];
		ranges[1] = image;
	}
	return self_map(&little, early, fault);
}

/*
 * Tables for memory in few pieces fit into .early. Others go to the arena, which
 * must be mapped to write them there.
 */
static enum status map_all(const struct env *env, struct arena *arena, struct arena *early,
                           struct fault *fault)
{
	uint64_t mark = early->used;
	enum status status = self_map(env, early, fault);

	if (status == ST_OK)
		return ST_OK;
	early->used = mark;
	status = map_little(env, arena, early, fault);
	return status == ST_OK ? self_map(env, arena, fault) : status;
}

/*
 * The planner's memory: as near behind the image as possible, before it, or
 * anywhere, so that what Smalt leaves behind is in one piece.
 */
static enum status choose_arena(struct env *env, struct arena *arena, struct fault *fault)
{
	uint64_t bytes = self_arena_bytes(memmap_bytes(&env->memory, SMALT_MEM_USABLE));
	uint64_t image = (uint64_t)image_start;
	uint64_t nearest = UINT64_MAX, chosen = 0;

	for (uint32_t i = 0; i < env->memory.count; i++) {
		const struct smalt_memory *range = &env->memory.ranges[i];
		uint64_t pa = max_u64(range->pa, env->machine->frame_floor);
		uint64_t last = range->pa + range->bytes - bytes;
		uint64_t distance;

		if (range->type != SMALT_MEM_USABLE || range->bytes < bytes || last < pa)
			continue;
		pa = image < pa ? pa : last;
		distance = image < pa ? pa - image : image - pa;
		if (distance < nearest) {
			nearest = distance;
			chosen = pa;
		}
	}
	if (chosen == 0)
		return fault_value(fault, ST_NO_MEMORY, "bytes of the arena", bytes);
	*arena = (struct arena){ env_pointer(env, chosen), bytes, 0 };
	return memmap_add(&env->memory, chosen, bytes, SMALT_MEM_RECLAIMABLE, fault);
}

/* The image and its first tables, then the arena. */
static enum status take_own(struct env *env, struct arena *arena, struct fault *fault)
{
	struct memmap *map = &env->memory;
	uint64_t start = (uint64_t)image_start, end = (uint64_t)early_end;
	enum status status = memmap_add(map, start, end - start, SMALT_MEM_RECLAIMABLE, fault);

	if (status == ST_OK)
		status = memmap_finish(map, PAGE, fault);
	if (status != ST_OK)
		return status;
	if (memmap_type(map, start) != SMALT_MEM_RECLAIMABLE ||
	    memmap_type(map, end - 1) != SMALT_MEM_RECLAIMABLE)
		return fault_value(fault, ST_BAD_DEVICETREE, "reserved memory at the loader", start);
	status = choose_arena(env, arena, fault);
	return status == ST_OK ? memmap_finish(map, PAGE, fault) : status;
}

/* With the MMU off until map_little() is through. */
static enum status read_machine(struct env *env, const void *tree_at, struct arena *first,
                                struct arena *arena, struct fault *fault)
{
	struct smalt_memory *ranges = arena_pages(first, RANGES * sizeof *ranges, sizeof(uint64_t),
	                                          "memory map", fault);
	struct span tree;
	enum status status;

	if (ranges == NULL || check_tree(tree_at, &tree, fault) != ST_OK)
		return fault->status;
	env->memory = (struct memmap){ ranges, 0, RANGES };
	env->devicetree = (struct file){ .pa = (uint64_t)(uintptr_t)tree_at, .bytes = tree };
	status = map_little(env, arena, first, fault);
	if (status == ST_OK)
		status = devicetree_read(tree, env, fault);
	return status == ST_OK ? take_own(env, arena, fault) : status;
}

/* With all memory mapped. */
static enum status gather(struct env *env, struct arena *arena, struct fault *fault)
{
	enum status status = devicetree_keep(env, arena, fault);

	if (status == ST_OK)
		status = fwcfg_files(env->fwcfg_pa, env, arena, fault);
	self_describe(env);
	return status;
}

/* Large, and only one: not on the stack. */
static struct env env;

void image_main(uint64_t tree_pa, uint64_t counter_start)
{
	struct arena first = { early_start, (uint64_t)(early_cached - early_start), 0 };
	struct arena early = { early_cached, (uint64_t)(early_end - early_cached), 0 };
	struct arena arena = { NULL, 0, 0 };
	struct fault fault, second;
	enum status status;

	env.path = SMALT_PATH_IMAGE;
	env.machine = arch_machine();
	env.counter_start = counter_start;
	arch_cpu(&env.cpu);
	status = read_machine(&env, find_tree(tree_pa), &first, &arena, &fault);
	if (status == ST_OK)
		status = map_all(&env, &arena, &early, &fault);
	else if (map_little(&env, &arena, &early, &second) != ST_OK)
		arch_exit(SMALT_EXIT_REFUSED);     /* there is no console to say why */
	log_open(env.serial_kind, env.serial_address);
	if (status == ST_OK)
		status = gather(&env, &arena, &fault);
	if (status != ST_OK) {
		log_fault(&fault);
		arch_exit(SMALT_EXIT_REFUSED);
	}
	boot_main(&env, &arena);
}
