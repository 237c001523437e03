/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c: facts of x86_64: every bit as the processor expects it, no code.
 *
 * Intel SDM Vol. 3A, chapter "Paging", 4-level paging, Tables 4-15 to 4-20.
 * Invariants: a leaf that cannot be written has D = 0, because R/W = 0 with D = 1
 * marks a shadow stack (same chapter, "Access Rights"); every leaf has A = 1 and
 * every writable one D = 1, so that the processor never writes to a table.
 */
#include "machine.h"

#include <stddef.h>

/* Tables 4-15 to 4-20: bits of PML4E, PDPTE, PDE and PTE. */
#define P         (1ull << 0)
#define RW        (1ull << 1)
#define US        (1ull << 2)
#define PWT       (1ull << 3)
#define PCD       (1ull << 4)
#define A         (1ull << 5)
#define D         (1ull << 6)
#define PS        (1ull << 7)    /* Tables 4-16, 4-18: of a leaf above level 0 */
#define PAT_PAGE  (1ull << 7)    /* Table 4-20: of a page */
#define G         (1ull << 8)    /* works once CR4.PGE is on */
#define PAT_LARGE (1ull << 12)   /* Tables 4-16, 4-18 */
#define NX        (1ull << 63)

/* Everything but what follows from the number of levels. */
#define ENTRIES \
	.granule_shift = 12, \
	.index_bits = 9, \
	.leaf_count = 3, \
	.leaves = { \
		{ .shift = 12, .level = 0 }, \
		{ .shift = 21, .level = 1 }, \
		{ .shift = 30, .level = 2 },     /* CPUID 80000001H:EDX.Page1GB[26] */ \
	}, \
	.pa_mask = 0x000ffffffffff000, \
	/* Fixed-range MTRRs give pieces of the first MiB types of their own, which a \
	 * large leaf must not span: Vol. 3A, "Large Page Size Considerations" */ \
	.small_below = 1 << 20, \
	/* The leaf alone decides about rights: a table allows everything */ \
	.table = P | RW | US | A, \
	.leaf = { P | A, P | A | PS }, \
	.prot = { \
		/* No table of this machine can express these: place widens them by R */ \
		[0]                               = FORMAT_REFUSED, \
		[SMALT_X]                         = FORMAT_REFUSED, \
		[SMALT_W]                         = FORMAT_REFUSED, \
		[SMALT_W | SMALT_X]               = FORMAT_REFUSED, \
		[SMALT_U]                         = FORMAT_REFUSED, \
		[SMALT_U | SMALT_X]               = FORMAT_REFUSED, \
		[SMALT_U | SMALT_W]               = FORMAT_REFUSED, \
		[SMALT_U | SMALT_W | SMALT_X]     = FORMAT_REFUSED, \
		[SMALT_R]                         = NX | G, \
		[SMALT_R | SMALT_W]               = NX | G | RW | D, \
		[SMALT_R | SMALT_X]               = G, \
		/* wx=allow is the policy of place and extent, not of the machine */ \
		[SMALT_R | SMALT_W | SMALT_X]     = G | RW | D, \
		/* Not global: an application's pages go with its space */ \
		[SMALT_U | SMALT_R]               = NX | US, \
		[SMALT_U | SMALT_R | SMALT_W]     = NX | US | RW | D, \
		[SMALT_U | SMALT_R | SMALT_X]     = US, \
		[SMALT_U | SMALT_R | SMALT_W | SMALT_X] = US | RW | D, \
	}, \
	/* Vol. 3A, "Page Attribute Table", "Selection of PAT Entries with PAT, PCD, and PWT \
	 * Flags": PA0 is WB and PA3 UC after reset, PA5 becomes WC (requirements H5) */ \
	.memory = { \
		{ 0, PAT_PAGE | PWT, PCD | PWT }, \
		{ 0, PAT_LARGE | PWT, PCD | PWT }, \
	}

static const struct format format_x86_64 = {
	ENTRIES,
	.levels = 4,
	.range_count = 2,
	/* Vol. 1, "Canonical Addressing": bits 63:47 are equal */
	.ranges = {
		{ 0, 0x00007fffffffffff, 0 },
		{ 0xffff800000000000, UINT64_MAX, 0 },
	},
	.direct_map_va = 0xffff800000000000,
};

/* 5-level paging, Tables 4-14 to 4-20: one more table above, of the same kind. */
static const struct format format_la57 = {
	ENTRIES,
	.levels = 5,
	.range_count = 2,
	/* Bits 63:56 are equal */
	.ranges = {
		{ 0, 0x00ffffffffffffff, 0 },
		{ 0xff00000000000000, UINT64_MAX, 0 },
	},
	.direct_map_va = 0xff00000000000000,
};

static const struct format *const others[] = { &format_la57, NULL };

/* System V psABI for x86-64, table "Relocation Types": what dynamic objects may hold. */
static const struct reloc_type relocs[] = {
	{ "R_X86_64_RELATIVE", 8, RELOC_RELATIVE, RELOC_WHOLE },
	{ "R_X86_64_NONE", 0, RELOC_NONE, RELOC_WHOLE },
	{ "R_X86_64_GLOB_DAT", 6, RELOC_SLOT, RELOC_WHOLE },
	{ "R_X86_64_JUMP_SLOT", 7, RELOC_SLOT, RELOC_WHOLE },
	{ "R_X86_64_64", 1, RELOC_ABSOLUTE, RELOC_WHOLE },
	{ "R_X86_64_PC32", 2, RELOC_PLACE, RELOC_SIGNED },
	{ "R_X86_64_PC64", 24, RELOC_PLACE, RELOC_WHOLE },
	{ "R_X86_64_32", 10, RELOC_ABSOLUTE, RELOC_UNSIGNED },
	{ "R_X86_64_32S", 11, RELOC_ABSOLUTE, RELOC_SIGNED },
	{ "R_X86_64_SIZE32", 32, RELOC_SIZE, RELOC_UNSIGNED },
	{ "R_X86_64_SIZE64", 33, RELOC_SIZE, RELOC_WHOLE },
	{ "R_X86_64_DTPMOD64", 16, RELOC_TLS_MODULE, RELOC_WHOLE },
	{ "R_X86_64_DTPOFF64", 17, RELOC_TLS_BLOCK, RELOC_WHOLE },
	{ "R_X86_64_TPOFF64", 18, RELOC_TLS_THREAD, RELOC_WHOLE },
	{ "R_X86_64_COPY", 5, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_X86_64_TLSDESC", 36, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_X86_64_IRELATIVE", 37, RELOC_REFUSED, RELOC_WHOLE },
	{ 0 },
};

const struct machine machine_x86_64 = {
	.name = "x86_64",
	.elf_machine = SMALT_MACHINE_X86_64,
	.root_count = 1,
	.format = &format_x86_64,
	.others = others,
	.relocs = relocs,
	.tls_below = true,
	.kernel_va = 0xffffffff80000000,     /* reach of the psABI's kernel code model */
	.kernel_last = 0xffffffffffffefff,   /* its end, but for the last page */
	.frame_floor = 1 << 20,              /* start-up code of other CPUs, BIOS data */
	.loader_limit = 1ull << 32,          /* CR3 and stacks stay loadable by 32-bit code */
	.bridge_limit = 1ull << 32,
	.path = SMALT_PATH_PVH,
	.counter_kind = SMALT_COUNTER_TSC,
	.trap_byte = 0xcc,                   /* INT3: Vol. 2, "INT n/INTO/INT3/INT1" */
};
