/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * startinfo.h: what a PVH start info (pvh.h) says, checked once and completely.
 */
#ifndef STARTINFO_H
#define STARTINFO_H

#include "env.h"
#include "memmap.h"
#include "reach.h"

#define STARTINFO_MEMORY 128             /* ranges and modules that are believed */
#define STARTINFO_MODULES 16
#define STARTINFO_CMDLINE (64 << 10)     /* bytes, with the NUL */

/* Spans point into the firmware's memory. */
struct startinfo {
	uint64_t pa;
	uint64_t memory_pa;
	struct span memory;              /* struct pvh_memory */
	uint32_t memory_count;
	uint64_t modules_pa;
	struct span modules;             /* struct pvh_module */
	uint32_t module_count;
	struct span cmdline;             /* without the NUL; bytes 0: none */
	uint64_t cmdline_pa;
	uint64_t rsdp_pa;
};

/*
 * Reads and checks the start info at pa; every range that it names lies in reach.
 * ST_BAD_FIRMWARE with the field.
 */
MUST_CHECK enum status startinfo_read(struct startinfo *info, struct reach reach, uint64_t pa,
                                      struct fault *fault);

/* Adds the memory that it describes; empty ranges and ranges of a type that nothing defines are none. */
MUST_CHECK enum status startinfo_memory(const struct startinfo *info, struct memmap *map,
                                        struct fault *fault);

/* Adds the modules as RECLAIMABLE: what must stay until the kernel is entered. */
MUST_CHECK enum status startinfo_claim_modules(const struct startinfo *info, struct memmap *map,
                                               struct fault *fault);

/* Adds the start info itself, its arrays and the command line as RECLAIMABLE: until they are copied. */
MUST_CHECK enum status startinfo_claim_self(const struct startinfo *info, struct memmap *map,
                                            struct fault *fault);

/* Module i as file "initrd", "module1", "module2" ... of env; names come from arena. */
MUST_CHECK enum status startinfo_files(const struct startinfo *info, struct env *env,
                                       struct arena *arena, struct fault *fault);

#endif
