/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh.h: the start info of PVH, as the loader gets it and as it passes it on:
 * Xen public/arch-x86/hvm/start_info.h, docs/misc/pvh.pandoc.
 */
#ifndef PVH_H
#define PVH_H

#include <stddef.h>
#include <stdint.h>

#define PVH_MAGIC   0x336ec578           /* "xEn3", the E with bit 7 set */
#define PVH_VERSION 1                    /* the first with a memory map */

struct pvh_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules_pa;                 /* struct pvh_module */
	uint64_t cmdline_pa;                 /* NUL-terminated; 0: none */
	uint64_t rsdp_pa;                    /* 0: none */
	uint64_t memory_pa;                  /* struct pvh_memory */
	uint32_t memory_count;
	uint32_t reserved;
};
_Static_assert(offsetof(struct pvh_info, magic) == 0, "start_info.h");
_Static_assert(offsetof(struct pvh_info, version) == 4, "start_info.h");
_Static_assert(offsetof(struct pvh_info, flags) == 8, "start_info.h");
_Static_assert(offsetof(struct pvh_info, module_count) == 12, "start_info.h");
_Static_assert(offsetof(struct pvh_info, modules_pa) == 16, "start_info.h");
_Static_assert(offsetof(struct pvh_info, cmdline_pa) == 24, "start_info.h");
_Static_assert(offsetof(struct pvh_info, rsdp_pa) == 32, "start_info.h");
_Static_assert(offsetof(struct pvh_info, memory_pa) == 40, "start_info.h");
_Static_assert(offsetof(struct pvh_info, memory_count) == 48, "start_info.h");
_Static_assert(offsetof(struct pvh_info, reserved) == 52, "start_info.h");
_Static_assert(sizeof(struct pvh_info) == 56, "start_info.h");

struct pvh_module {
	uint64_t pa;
	uint64_t bytes;
	uint64_t cmdline_pa;                 /* NUL-terminated; 0: none */
	uint64_t reserved;
};
_Static_assert(offsetof(struct pvh_module, pa) == 0, "start_info.h");
_Static_assert(offsetof(struct pvh_module, bytes) == 8, "start_info.h");
_Static_assert(offsetof(struct pvh_module, cmdline_pa) == 16, "start_info.h");
_Static_assert(offsetof(struct pvh_module, reserved) == 24, "start_info.h");
_Static_assert(sizeof(struct pvh_module) == 32, "start_info.h");

struct pvh_memory {
	uint64_t pa;
	uint64_t bytes;
	uint32_t type;                       /* PVH_MEM_* */
	uint32_t reserved;
};
_Static_assert(offsetof(struct pvh_memory, pa) == 0, "start_info.h");
_Static_assert(offsetof(struct pvh_memory, bytes) == 8, "start_info.h");
_Static_assert(offsetof(struct pvh_memory, type) == 16, "start_info.h");
_Static_assert(offsetof(struct pvh_memory, reserved) == 20, "start_info.h");
_Static_assert(sizeof(struct pvh_memory) == 24, "start_info.h");

/* The numbers of ACPI's address range types (ACPI 6.4, table 15.3). */
enum {
	PVH_MEM_RAM = 1, PVH_MEM_RESERVED = 2, PVH_MEM_ACPI = 3, PVH_MEM_NVS = 4,
	PVH_MEM_UNUSABLE = 5, PVH_MEM_DISABLED = 6, PVH_MEM_PERSISTENT = 7,
};

#endif
