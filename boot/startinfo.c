/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * startinfo.c: reads a PVH start info. Nothing that it points to is looked at
 * before the whole range is known to be readable.
 *
 * Source: Xen public/arch-x86/hvm/start_info.h.
 */
#include "startinfo.h"

#include "fmt.h"
#include "pvh.h"

enum { NAME_CHARACTERS = 16 };

#define PA_END (1ull << 52)              /* no x86_64 CPU has more: SDM Vol. 3A, 4.1.4 */

/* Firmware's numbers are those of ACPI; 0 here is what it does not define. */
static const uint8_t types[] = {
	[PVH_MEM_RAM] = SMALT_MEM_USABLE,
	[PVH_MEM_RESERVED] = SMALT_MEM_RESERVED,
	[PVH_MEM_ACPI] = SMALT_MEM_ACPI_RECLAIM,
	[PVH_MEM_NVS] = SMALT_MEM_ACPI_NVS,
	[PVH_MEM_UNUSABLE] = SMALT_MEM_BAD,
	[PVH_MEM_DISABLED] = SMALT_MEM_RESERVED,
	[PVH_MEM_PERSISTENT] = SMALT_MEM_PERSISTENT,
};

static struct pvh_module module_at(const struct startinfo *info, uint32_t index)
{
	uint64_t offset = index * sizeof(struct pvh_module);

	return (struct pvh_module){
		.pa = span_u64(info->modules, offset + offsetof(struct pvh_module, pa)),
		.bytes = span_u64(info->modules, offset + offsetof(struct pvh_module, bytes)),
	};
}

MUST_CHECK static enum status read_array(struct reach reach, const char *field, uint64_t pa,
                                         uint64_t bytes, struct span *array, struct fault *fault)
{
	*array = (struct span){ 0 };
	if (bytes != 0 && !reach_span(reach, pa, bytes, array))
		return fault_set(fault, ST_BAD_FIRMWARE, field, pa, reach.limit);
	return ST_OK;
}

MUST_CHECK static enum status read_modules(struct startinfo *info, struct reach reach,
                                           struct fault *fault)
{
	if (info->module_count > STARTINFO_MODULES)
		return fault_set(fault, ST_BAD_FIRMWARE, "nr_modules", info->module_count,
		                 STARTINFO_MODULES);
	if (read_array(reach, "modlist_paddr", info->modules_pa,
	               info->module_count * sizeof(struct pvh_module), &info->modules, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < info->module_count; i++) {
		struct pvh_module module = module_at(info, i);
		struct span bytes;

		if (!reach_span(reach, module.pa, module.bytes, &bytes))
			return fault_set(fault, ST_BAD_FIRMWARE, "module paddr", module.pa, reach.limit);
	}
	return ST_OK;
}

MUST_CHECK static enum status read_memory(struct startinfo *info, struct reach reach,
                                          struct fault *fault)
{
	if (info->memory_count == 0 || info->memory_count > STARTINFO_MEMORY)
		return fault_set(fault, ST_BAD_FIRMWARE, "memmap_entries", info->memory_count,
		                 STARTINFO_MEMORY);
	return read_array(reach, "memmap_paddr", info->memory_pa,
	                  info->memory_count * sizeof(struct pvh_memory), &info->memory, fault);
}

/* A NUL must come within what can be read and believed. */
MUST_CHECK static enum status read_cmdline(struct startinfo *info, struct reach reach,
                                           struct fault *fault)
{
	uint64_t bytes;

	info->cmdline = (struct span){ 0 };
	if (info->cmdline_pa == 0)
		return ST_OK;
	if (info->cmdline_pa >= reach.limit)
		return fault_set(fault, ST_BAD_FIRMWARE, "cmdline_paddr", info->cmdline_pa, reach.limit);
	bytes = min_u64(STARTINFO_CMDLINE, reach.limit - info->cmdline_pa);
	if (!reach_span(reach, info->cmdline_pa, bytes, &info->cmdline))
		return fault_set(fault, ST_BAD_FIRMWARE, "cmdline_paddr", info->cmdline_pa, reach.limit);
	for (uint64_t i = 0; i < bytes; i++) {
		if (info->cmdline.base[i] == '\0') {
			info->cmdline.bytes = i;
			return ST_OK;
		}
	}
	return fault_set(fault, ST_BAD_FIRMWARE, "bytes of the command line", bytes, bytes - 1);
}

enum status startinfo_read(struct startinfo *info, struct reach reach, uint64_t pa,
                           struct fault *fault)
{
	struct span s;

	if (!reach_span(reach, pa, sizeof(struct pvh_info), &s))
		return fault_set(fault, ST_BAD_FIRMWARE, "start info", pa, reach.limit);
	if (span_u32(s, offsetof(struct pvh_info, magic)) != PVH_MAGIC)
		return fault_set(fault, ST_BAD_FIRMWARE, "start info magic", span_u32(s, 0), PVH_MAGIC);
	if (span_u32(s, offsetof(struct pvh_info, version)) < PVH_VERSION) {
		(void)fault_set(fault, ST_BAD_FIRMWARE, "start info version", span_u32(s, 4),
		                PVH_VERSION);
		return fault_hint(fault, "version 0 has no memory map: use a newer hypervisor");
	}
	*info = (struct startinfo){
		.pa = pa,
		.memory_pa = span_u64(s, offsetof(struct pvh_info, memory_pa)),
		.memory_count = span_u32(s, offsetof(struct pvh_info, memory_count)),
		.modules_pa = span_u64(s, offsetof(struct pvh_info, modules_pa)),
		.module_count = span_u32(s, offsetof(struct pvh_info, module_count)),
		.cmdline_pa = span_u64(s, offsetof(struct pvh_info, cmdline_pa)),
		.rsdp_pa = span_u64(s, offsetof(struct pvh_info, rsdp_pa)),
	};
	if (read_memory(info, reach, fault) != ST_OK || read_modules(info, reach, fault) != ST_OK)
		return fault->status;
	return read_cmdline(info, reach, fault);
}

enum status startinfo_memory(const struct startinfo *info, struct memmap *map, struct fault *fault)
{
	for (uint32_t i = 0; i < info->memory_count; i++) {
		uint64_t offset = i * sizeof(struct pvh_memory);
		uint64_t pa = span_u64(info->memory, offset + offsetof(struct pvh_memory, pa));
		uint64_t bytes = span_u64(info->memory, offset + offsetof(struct pvh_memory, bytes));
		uint32_t type = span_u32(info->memory, offset + offsetof(struct pvh_memory, type));

		/* Not defined: QEMU's microvm counts one entry too many, which is whatever lies there. */
		if (type >= sizeof types || types[type] == 0 || bytes == 0)
			continue;
		if (!range_fits(pa, bytes, PA_END))
			return fault_set(fault, ST_BAD_FIRMWARE, "memmap addr", pa, PA_END);
		if (memmap_add(map, pa, bytes, types[type], fault) != ST_OK)
			return fault->status;
	}
	return ST_OK;
}

enum status startinfo_claim_modules(const struct startinfo *info, struct memmap *map,
                                    struct fault *fault)
{
	for (uint32_t i = 0; i < info->module_count; i++) {
		struct pvh_module module = module_at(info, i);

		if (memmap_add(map, module.pa, module.bytes, SMALT_MEM_RECLAIMABLE, fault) != ST_OK)
			return fault->status;
	}
	return ST_OK;
}

enum status startinfo_claim_self(const struct startinfo *info, struct memmap *map,
                                 struct fault *fault)
{
	const struct range ranges[] = {
		{ info->pa, sizeof(struct pvh_info) },
		{ info->memory_pa, info->memory.bytes },
		{ info->modules_pa, info->modules.bytes },
		{ info->cmdline_pa, info->cmdline_pa == 0 ? 0 : info->cmdline.bytes + 1 },
	};

	for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		if (memmap_add(map, ranges[i].pa, ranges[i].bytes, SMALT_MEM_RECLAIMABLE, fault) != ST_OK)
			return fault->status;
	}
	return ST_OK;
}

enum status startinfo_files(const struct startinfo *info, struct env *env, struct arena *arena,
                            struct fault *fault)
{
	for (uint32_t i = 0; i < info->module_count; i++) {
		struct pvh_module module = module_at(info, i);
		struct text name = { .capacity = NAME_CHARACTERS };

		if (env->file_count == ENV_FILES)
			return fault_set(fault, ST_BAD_FIRMWARE, "files", env->file_count, ENV_FILES);
		name.base = arena_take(arena, 1, NAME_CHARACTERS, "names of files", fault);
		if (name.base == NULL)
			return fault->status;
		if (i == 0)
			fmt(&name, "initrd");
		else
			fmt(&name, "module%u", i);
		env->files[env->file_count++] = (struct file){
			.name = span_of(name.base),
			.pa = module.pa,
			.bytes = { env_pointer(env, module.pa), module.bytes },
			.donated = true,
		};
	}
	return ST_OK;
}
