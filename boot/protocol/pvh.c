/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh.c: enters kernels by the PVH protocol, as Debian's vmlinux and many
 * unikernels want it: rows at their physical addresses, a start info for them.
 *
 * Everything that the kernel is told lies below 4 GiB, in frames that are
 * taken, but not reported as such: to the kernel all of it is RAM that it reads
 * before it allocates, as with any PVH loader.
 *
 * Source: Xen docs/misc/pvh.pandoc, public/arch-x86/hvm/start_info.h.
 */
#include "protocol.h"

#include "align.h"
#include "arch_memory.h"
#include "pvh.h"

enum { PAGE = 4096 };

#define LIMIT (1ull << 32)               /* 32-bit kernels read it, paging off */

/* What the kernel finds in its memory map: numbers of pvh.h by SMALT_MEM_*. */
static const uint8_t types[SMALT_MEM_TYPES] = {
	[SMALT_MEM_USABLE] = PVH_MEM_RAM,
	[SMALT_MEM_RECLAIMABLE] = PVH_MEM_RAM,
	[SMALT_MEM_BOOT_SERVICES] = PVH_MEM_RAM,
	[SMALT_MEM_ACPI_RECLAIM] = PVH_MEM_ACPI,
	[SMALT_MEM_ACPI_NVS] = PVH_MEM_NVS,
	[SMALT_MEM_BAD] = PVH_MEM_UNUSABLE,
	[SMALT_MEM_PERSISTENT] = PVH_MEM_PERSISTENT,
};

static uint32_t type_of(const struct smalt_memory *range)
{
	uint32_t type = range->type < SMALT_MEM_TYPES ? types[range->type] : 0;

	return type == 0 ? PVH_MEM_RESERVED : type;
}

/* The pieces of the argument, one after another from the start info on. */
struct layout {
	uint64_t modules;                /* offsets */
	uint64_t memory;
	uint64_t cmdline;                /* the kernel's, then one for each module */
	uint64_t bytes;
};

static struct layout lay_out(const struct protocol_boot *boot)
{
	struct layout l = { .modules = sizeof(struct pvh_info) };

	l.memory = l.modules + boot->module_count * sizeof(struct pvh_module);
	l.cmdline = l.memory + boot->ranges_most * sizeof(struct pvh_memory);
	l.bytes = l.cmdline + boot->cmdline.bytes + 1;
	for (uint32_t i = 0; i < boot->module_count; i++)
		l.bytes += boot->modules[i].args.bytes + 1;
	return l;
}

MUST_CHECK static enum status take(struct protocol_boot *boot, const char *what, uint64_t bytes,
                                   uint64_t *pa, struct fault *fault)
{
	if (frames_take_high(boot->frames, bytes, PAGE, LIMIT, SMALT_MEM_RESIDENT, pa, fault) != ST_OK)
		return fault->status;
	if (*pa >= LIMIT)
		return fault_set(fault, ST_NO_MEMORY, what, *pa, LIMIT);
	return ST_OK;
}

/* Kernels free their modules by pages, and read them below 4 GiB: others are copied. */
MUST_CHECK static enum status place_module(struct protocol_boot *boot,
                                           struct protocol_module *module, struct fault *fault)
{
	module->placed_pa = module->pa;
	if (module->bytes == 0 ||
	    (module->pa % PAGE == 0 && range_fits(module->pa, module->bytes, LIMIT)))
		return ST_OK;
	return take(boot, "module below 4 GiB", module->bytes, &module->placed_pa, fault);
}

/* Appends a text and its NUL; returns where it went. */
static uint64_t put_text(const struct env *env, uint64_t *next_pa, struct span text)
{
	uint8_t *to = env_pointer(env, *next_pa);
	uint64_t pa = *next_pa;

	arch_copy(to, text.base, text.bytes);
	to[text.bytes] = '\0';
	*next_pa += text.bytes + 1;
	return pa;
}

static void put_modules(const struct protocol_boot *boot, uint64_t modules_pa, uint64_t *text_pa)
{
	struct pvh_module *to = env_pointer(boot->env, modules_pa);

	for (uint32_t i = 0; i < boot->module_count; i++) {
		const struct protocol_module *module = &boot->modules[i];

		if (module->placed_pa != module->pa)
			arch_copy(env_pointer(boot->env, module->placed_pa),
			          env_pointer(boot->env, module->pa), module->bytes);
		to[i] = (struct pvh_module){
			.pa = module->placed_pa,
			.bytes = module->bytes,
			.cmdline_pa = put_text(boot->env, text_pa, module->args),
		};
	}
}

/* Neighbours that are the same to the kernel become one; returns their number. */
static uint32_t put_memory(const struct env *env, uint64_t memory_pa)
{
	struct pvh_memory *to = env_pointer(env, memory_pa);
	uint32_t count = 0;

	for (uint32_t i = 0; i < env->memory.count; i++) {
		const struct smalt_memory *range = &env->memory.ranges[i];
		struct pvh_memory *last = to + count - 1;
		uint32_t type = type_of(range);

		if (count != 0 && last->type == type && last->pa + last->bytes == range->pa)
			last->bytes += range->bytes;
		else
			to[count++] = (struct pvh_memory){ range->pa, range->bytes, type, 0 };
	}
	return count;
}

static bool has_note(const struct object *kernel)
{
	return kernel->has_pvh;
}

static bool is_executable(const struct object *kernel, uint64_t pa)
{
	for (uint32_t i = 0; i < kernel->segment_count; i++) {
		const struct segment *segment = &kernel->segments[i];

		if ((segment->prot & SMALT_X) != 0 && pa >= segment->pa && pa - segment->pa < segment->file_bytes)
			return true;
	}
	return false;
}

/* M21: the protocol's own entry rule. The note's address is physical, whatever e_entry says. */
MUST_CHECK static enum status check_entry(const struct object *kernel, struct fault *fault)
{
	uint64_t entry = kernel->pvh_entry;

	if (entry >= LIMIT)
		return fault_set(fault, ST_BAD_ENTRY, "XEN_ELFNOTE_PHYS32_ENTRY", entry, LIMIT);
	if (!is_executable(kernel, entry))
		return fault_value(fault, ST_BAD_ENTRY, "XEN_ELFNOTE_PHYS32_ENTRY", entry);
	return ST_OK;
}

static enum status reserve(struct protocol_boot *boot, struct fault *fault)
{
	struct layout l = lay_out(boot);
	uint64_t loader_end = boot->env->loader.pa + boot->env->loader.bytes;

	/* It turns paging off before it jumps. */
	if (loader_end > LIMIT)
		return fault_set(fault, ST_NO_MEMORY, "end of the loader, where the firmware put it", loader_end, LIMIT);
	if (check_entry(boot->kernel, fault) != ST_OK ||
	    take(boot, "start info below 4 GiB", l.bytes, &boot->argument_pa, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < boot->module_count; i++)
		if (place_module(boot, &boot->modules[i], fault) != ST_OK)
			return fault->status;
	boot->entry_pa = boot->kernel->pvh_entry;
	boot->argument_bytes = l.bytes;
	return ST_OK;
}

static void finish(const struct protocol_boot *boot)
{
	struct layout l = lay_out(boot);
	uint64_t pa = boot->argument_pa, text_pa = pa + l.cmdline;
	struct pvh_info *info = env_pointer(boot->env, pa);

	*info = (struct pvh_info){
		.magic = PVH_MAGIC,
		.version = PVH_VERSION,
		.module_count = boot->module_count,
		.modules_pa = boot->module_count == 0 ? 0 : pa + l.modules,
		.cmdline_pa = put_text(boot->env, &text_pa, boot->cmdline),
		.rsdp_pa = boot->env->rsdp_pa,
		.memory_pa = pa + l.memory,
		.memory_count = put_memory(boot->env, pa + l.memory),
	};
	put_modules(boot, pa + l.modules, &text_pa);
}

const struct protocol protocol_pvh = {
	.name = "pvh",
	.elf_machine = SMALT_MACHINE_X86_64,
	.matches = has_note,
	.reserve = reserve,
	.finish = finish,
};
