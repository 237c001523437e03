/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h: everything the plan depends on, and nothing else: what a firmware
 * told, in types of ours. The loader fills it from the firmware, the host from
 * a text (--env) or from a simulated machine; after it the code is the same.
 */
#ifndef ENV_H
#define ENV_H

#include "align.h"
#include "arena.h"
#include "geometry.h"
#include "machine.h"
#include "memmap.h"
#include "span.h"

#define ENV_FILES 128
#define ENV_PARTS 8
#define ENV_TABLES 64
#define ENV_SMBIOS 2
#define ENV_RUNTIME 256
#define ENV_DESCRIPTORS_MOST (16u << 20)    /* bytes of a list of the firmware's descriptors */

/* A file that the firmware put into memory, or one that it reads when it is asked (firmware.h). */
struct file {
	struct span name;        /* "initrd", "embedded", "opt/..."; of a volume: the path as it was asked for */
	uint64_t pa;             /* ENV_ON_VOLUME: not in memory */
	struct span bytes;       /* at window + pa; on a volume base may be NULL */
	bool donated;            /* its pages may be written: default */
};

#define ENV_ON_VOLUME UINT64_MAX

/* Pages of the loader image that stay mapped in the kernel's space, one after another. */
struct part {
	uint32_t kind;           /* SMALT_KIND_JUMP, CPU, REPORTER */
	uint32_t prot;           /* SMALT_*: the kernel's view */
	uint64_t pa, bytes;      /* whole pages, ascending without gaps */
};

struct range { uint64_t pa, bytes; };

/* The pages that hold these bytes, which do not end behind 2^64. */
static inline struct range range_pages(uint64_t pa, uint64_t bytes)
{
	uint64_t start = align_down(pa, 4096);

	return (struct range){ start, align_up(pa + bytes, 4096) - start };
}

/* A linear framebuffer. */
struct framebuffer {
	uint64_t pa, bytes;      /* bytes 0: none */
	uint32_t width, height;  /* pixels */
	uint32_t pitch;          /* bytes a line */
	uint32_t format;         /* SMALT_FRAMEBUFFER_* */
	uint32_t mask[3];        /* red, green, blue; set for every format */
};

/* Pages that runtime services need, as EFI_MEMORY_ATTRIBUTES_TABLE describes them. */
struct runtime {
	uint64_t pa, bytes;
	uint32_t prot;           /* SMALT_*; W and X together only where the firmware has no such table */
	uint32_t memory;         /* SMALT_CACHE_* */
};

/* What stays of the firmware, UEFI 2.10, chapters 4.3, 7.2. */
struct efi {
	uint64_t system_table_pa;    /* 0: not booted from UEFI */
	uint32_t descriptor_bytes;   /* of the final memory map */
	uint32_t descriptor_version;
	uint32_t descriptors_most;   /* room for so many of them is kept in the handoff */
	uint32_t descriptors;        /* that there are */
	uint32_t takes;              /* ranges that modules may take: each makes two more of them */
	void *map;                   /* the descriptors; NULL on the host */
	bool callable;               /* runtime services may be called: the exception level is still theirs */
	struct span attributes;      /* descriptors of EFI_MEMORY_ATTRIBUTES_TABLE, whole ones; base NULL on the host */
	uint32_t attribute_bytes;    /* of one of them */
	struct runtime runtime[ENV_RUNTIME];     /* ascending, disjoint */
	uint32_t runtime_count;
	uint32_t runtime_regions;    /* of the firmware; more than ENV_RUNTIME: runtime_count is 0 */
};

struct cpu {
	uint32_t leaf_mask;      /* bit i: machine->format->leaves[i] can be used; with another granule all can */
	uint32_t levels;         /* paging levels that are on now: 4, 5; 0: as the kernel gets them */
	uint32_t levels_most;    /* that it has; 0: those that are on */
	uint32_t el;             /* aarch64: exception level at entry; x86_64: 0 */
	uint32_t x86_isa;        /* bits of GNU_PROPERTY_X86_ISA_1_*: levels that it has */
	uint32_t pa_bits;        /* width of a physical address */
	uint64_t counter_hz;     /* 0: unknown */
	uint64_t id;             /* APIC ID or MPIDR_EL1 affinity */
	uint32_t bti;            /* aarch64: 1 with FEAT_BTI, which has guarded pages */
	uint32_t granules;       /* sizes of pages that it has, added up; 0: the machine's only */
	uint32_t hypervisor;     /* 1: the processor or the devicetree says that one runs below */
	struct cache caches[GEOMETRY_LEVELS];    /* by level, the first is [0] */
};

struct env {
	uint32_t path;                   /* SMALT_PATH_* */
	const struct machine *machine;
	uint64_t window;                 /* pointer = pa + window; 0 in a loader */
	struct memmap memory;            /* finished; loader, arena and files are RECLAIMABLE */
	struct file files[ENV_FILES];
	uint32_t file_count;
	struct span cmdline;             /* from the firmware, without the NUL */
	struct range loader;             /* the image; files in it are listed as files */
	struct part parts[ENV_PARTS];
	uint32_t part_count;
	struct cpu cpu;
	uint64_t rsdp_pa;                /* 0: none */
	struct range tables[ENV_TABLES]; /* ACPI tables reached from it, RSDP included; ascending pages, disjoint */
	uint32_t table_count;
	struct file devicetree;          /* bytes 0: none */
	uint64_t smbios_pa;              /* of the entry point; 0: none */
	uint32_t smbios_bytes;
	struct range smbios[ENV_SMBIOS]; /* pages of entry point and table, ascending, disjoint */
	uint32_t smbios_count;
	struct framebuffer framebuffer;
	struct efi efi;
	uint32_t serial_kind;            /* SMALT_SERIAL_* */
	uint64_t serial_address;         /* I/O port or pa of the registers */
	uint32_t psci_conduit;
	uint32_t entropy_source;
	struct span entropy;             /* at most 64 bytes */
	uint64_t wall_clock;
	uint64_t counter_start;          /* not replayed: a time */
	uint64_t fwcfg_pa;               /* not replayed, for the files that came from it are files: registers, 0: none */
	bool fwcfg_ports;                /* the same device at x86_64's I/O ports, as far as ACPI says it */
};

static inline void *env_pointer(const struct env *env, uint64_t pa)
{
	return (void *)(uintptr_t)(pa + env->window);
}

/* The file of this name, or NULL. */
const struct file *env_file(const struct env *env, const char *name);

#endif
