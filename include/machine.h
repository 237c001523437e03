/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h: what Smalt knows about a machine. Facts only, compiled for the
 * host too; the code that acts on a CPU is behind arch.h.
 *
 * Levels count down to 0, the table of pages, on every machine: an entry of
 * level n maps 2^(granule_shift + index_bits * n) bytes. (Intel: PTE = 0, PDE =
 * 1, PDPTE = 2, PML4E = 3; Arm counts the other way: level 3 = 0.)
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <smalt/handoff.h>

#define MACHINE_LEAVES 7         /* as many as handoff.leaf_shift has */
#define MACHINE_ROOTS  2
#define MACHINE_RANGES 2
#define MACHINE_CACHES 3         /* SMALT_CACHE_* */

/* In prot[]: this combination must not be mapped. No entry has all bits set. */
#define FORMAT_REFUSED UINT64_MAX

/* One size of leaf: 2^run_shift neighbouring entries of a level. */
struct leaf {
	uint8_t shift;           /* log2 of its bytes */
	uint8_t level;
	uint8_t run_shift;       /* 0: one entry; else an aligned contiguous run */
};

/* Virtual addresses [first, last] belong to one root. */
struct va_range {
	uint64_t first, last;
	uint8_t root;
};

/* How entries are written for one granule and one number of levels, and what they can reach. */
struct format {
	uint8_t granule_shift;
	uint8_t index_bits;
	uint8_t levels;          /* the root table has level levels - 1 */
	uint8_t root_short;      /* so many index bits less has the root: its upper entries are not read */
	uint8_t leaf_count;
	struct leaf leaves[MACHINE_LEAVES];   /* ascending; [0] is the page */
	uint64_t pa_mask;        /* address bits of any entry */
	uint64_t small_below;    /* leaves larger than a page begin at this pa or above */
	uint64_t table;          /* all other bits of an entry that points to a table */
	uint64_t leaf[2];        /* fixed bits of a leaf at level 0, above level 0 */
	uint64_t run;            /* added to every entry of a contiguous run */
	uint64_t prot[16];       /* by SMALT_R|W|X|U */
	uint64_t guarded;        /* added for SMALT_G; 0: there are no guarded pages */
	uint64_t memory[2][MACHINE_CACHES];   /* at level 0, above */
	uint8_t range_count;
	struct va_range ranges[MACHINE_RANGES];   /* ascending; every other address does not exist */
	uint64_t direct_map_va;  /* H7 */
};

/* What a relocation computes, in the words of the psABIs: S, A, P, B, Z. */
enum reloc_kind {
	RELOC_REFUSED,
	RELOC_NONE,
	RELOC_RELATIVE,          /* B + A */
	/* The others are about a symbol: */
	RELOC_ABSOLUTE,          /* S + A */
	RELOC_SLOT,              /* the same for the linker's own words, where REL has no A */
	RELOC_PLACE,             /* S + A - P */
	RELOC_SIZE,              /* Z + A */
	RELOC_TLS_MODULE,        /* number of the symbol's module */
	RELOC_TLS_BLOCK,         /* S + A in its module's block */
	RELOC_TLS_THREAD,        /* the same from the thread pointer */
};

/* What must fit. */
enum reloc_range {
	RELOC_WHOLE,             /* 8 bytes: everything */
	RELOC_SIGNED,            /* 4 bytes: -2^31 ... 2^31 - 1 */
	RELOC_UNSIGNED,          /* 0 ... 2^32 - 1 */
	RELOC_EITHER,            /* -2^31 ... 2^32 - 1 */
};

struct reloc_type {
	const char *name;
	uint16_t number;
	uint8_t kind;            /* enum reloc_kind */
	uint8_t range;           /* enum reloc_range */
};

struct machine {
	const char *name;
	uint16_t elf_machine;            /* e_machine, ELF gABI */
	uint8_t root_count;
	const struct format *format;     /* what nobody chooses: 4 KiB granule, 4 levels */
	const struct format *const *others;      /* NULL at the end; NULL: there are none */
	const struct reloc_type *relocs; /* psABI: [0] is relative; ends with a NULL name */
	bool tls_below;                  /* blocks lie below the thread pointer (TLS variant II) */
	uint8_t tls_head;                /* variant I: bytes between it and the first block */
	uint64_t kernel_va;              /* where a position-independent kernel goes (H7) */
	uint64_t kernel_last;            /* with it, where policies put objects: inclusive (M13) */
	uint64_t frame_floor;            /* no frame below: 1 MiB on x86_64, one page elsewhere */
	uint64_t loader_limit;           /* Smalt's own frames end here where possible */
	uint64_t bridge_limit;           /* code that changes the number of levels ends here; 0: it may lie anywhere */
	uint32_t path;                   /* SMALT_PATH_* of its direct boot */
	uint32_t counter_kind;           /* SMALT_COUNTER_* */
	uint8_t trap_byte;               /* fills what must never be executed */
};

extern const struct machine machine_x86_64;
extern const struct machine machine_aarch64;

/* Of the loader's own map at EL2: machine_aarch64.format is for EL1. Knows no U. */
extern const struct format format_aarch64_el2;

/*
 * Every machine that is linked, NULL at the end; a loader knows its own only. Hidden: whoever links
 * the library needs no GOT.
 */
extern __attribute__((visibility("hidden"))) const struct machine *const machines[];

/* The format with such pages and levels, 0: whichever comes first; NULL if there is none. */
const struct format *machine_format(const struct machine *machine, uint32_t granule_shift,
                                    uint32_t levels);

/* By name or by ELF number; NULL if there is none. */
const struct machine *machine_by_name(const char *name);
const struct machine *machine_by_elf(uint16_t elf_machine);

#endif
