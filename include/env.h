/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h: everything the plan depends on, and nothing else: what a firmware
 * told, in types of ours. The loader fills it from the firmware, the host from
 * a text (--env) or from a simulated machine; after it the code is the same.
 */
#ifndef ENV_H
#define ENV_H

#include "arena.h"
#include "machine.h"
#include "memmap.h"
#include "span.h"

#define ENV_FILES 32
#define ENV_PARTS 8
#define ENV_TABLES 64

/* A file that the firmware put into memory. */
struct file {
	struct span name;        /* "initrd", "embedded", "opt/..." */
	uint64_t pa;
	struct span bytes;       /* at window + pa */
	bool donated;            /* its pages may be written: default */
};

/* Pages of the loader image that stay mapped in the kernel's space, one after another. */
struct part {
	uint32_t kind;           /* SMALT_KIND_JUMP, CPU, REPORTER */
	uint32_t prot;           /* SMALT_*: the kernel's view */
	uint64_t pa, bytes;      /* whole pages, ascending without gaps */
};

struct range { uint64_t pa, bytes; };

struct cpu {
	uint32_t leaf_mask;      /* bit i: machine->format->leaves[i] can be used */
	uint32_t levels;         /* paging levels that are on now: 4, 5 */
	uint32_t el;             /* aarch64: exception level at entry; x86_64: 0 */
	uint32_t x86_isa;        /* bits of GNU_PROPERTY_X86_ISA_1_*: levels that it has */
	uint32_t pa_bits;        /* width of a physical address */
	uint64_t counter_hz;     /* 0: unknown */
	uint64_t id;             /* APIC ID or MPIDR_EL1 affinity */
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
	uint64_t smbios_pa;
	uint32_t serial_kind;            /* SMALT_SERIAL_* */
	uint64_t serial_address;         /* I/O port or pa of the registers */
	uint32_t psci_conduit;
	uint32_t entropy_source;
	struct span entropy;             /* at most 64 bytes */
	uint64_t wall_clock;
	uint64_t counter_start;          /* not replayed: a time */
	uint64_t fwcfg_pa;               /* not replayed, for the files that came from it are files: registers, 0: none */
};

static inline void *env_pointer(const struct env *env, uint64_t pa)
{
	return (void *)(uintptr_t)(pa + env->window);
}

/* The file of this name, or NULL. */
const struct file *env_file(const struct env *env, const char *name);

#endif
