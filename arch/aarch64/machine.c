/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c: facts of aarch64: every bit as the processor expects it, no code.
 *
 * Arm ARM DDI 0487, chapter D8 "The AArch64 Virtual Memory System Architecture",
 * "Translation table descriptor formats": VMSAv8-64, 48-bit addresses,
 * stage 1. Arm's level 3 is our level 0. MAIR_EL1 = 0: write-back,
 * 1: not cacheable, 2: Device-nGnRE (requirements H5).
 */
#include "machine.h"

#include <stddef.h>

/* "Table descriptor format", "Block and Page descriptor formats" */
#define VALID      (1ull << 0)
#define TABLE      (1ull << 1)   /* above level 0 a table; at level 0: a page */
/* "Block and Page descriptor attribute fields": lower attributes */
#define ATTR(n)    ((uint64_t)(n) << 2)
#define AP_EL0     (1ull << 6)   /* AP[1]: EL0 too; RES1 in a regime without EL0 */
#define AP_RO      (1ull << 7)   /* AP[2] */
#define SH_INNER   (3ull << 8)
#define AF         (1ull << 10)
#define NG         (1ull << 11)  /* not global */
/* upper attributes */
#define GP         (1ull << 50)  /* FEAT_BTI: a branch into it lands on BTI */
#define CONTIGUOUS (1ull << 52)
#define PXN        (1ull << 53)
#define UXN        (1ull << 54)
#define XN         (1ull << 54)  /* in a regime without EL0; PXN is RES0 there */

/* "The Contiguous bit": 16 entries, aligned to 16, with the 4 KiB granule. */
#define LEAVES { \
	{ .shift = 12, .level = 0 }, \
	{ .shift = 16, .level = 0, .run_shift = 4 }, \
	{ .shift = 21, .level = 1 }, \
	{ .shift = 25, .level = 1, .run_shift = 4 }, \
	{ .shift = 30, .level = 2 }, \
}

/* Shareability of Device memory is fixed, its field says nothing. */
#define MEMORY { SH_INNER | ATTR(0), SH_INNER | ATTR(1), ATTR(2) }

/* TCR_EL1.T0SZ = T1SZ = 16: "Address translation ... VA range"; TTBR0_EL1, TTBR1_EL1 */
#define RANGES { { 0, 0x0000ffffffffffff, 0 }, { 0xffff000000000000, UINT64_MAX, 1 } }

/* "Stage 1 data accesses using Direct permissions", "... instruction execution" */
#define PROT { \
	/* No table of this machine can express these: place widens them by R */ \
	[0]                               = FORMAT_REFUSED, \
	[SMALT_X]                         = FORMAT_REFUSED, \
	[SMALT_W]                         = FORMAT_REFUSED, \
	[SMALT_W | SMALT_X]               = FORMAT_REFUSED, \
	[SMALT_U]                         = FORMAT_REFUSED, \
	[SMALT_U | SMALT_X]               = FORMAT_REFUSED, \
	[SMALT_U | SMALT_W]               = FORMAT_REFUSED, \
	[SMALT_U | SMALT_W | SMALT_X]     = FORMAT_REFUSED, \
	[SMALT_R]                         = AP_RO | PXN | UXN, \
	[SMALT_R | SMALT_W]               = PXN | UXN, \
	[SMALT_R | SMALT_X]               = AP_RO | UXN, \
	/* wx=allow is the policy of place and extent, not of the machine */ \
	[SMALT_R | SMALT_W | SMALT_X]     = UXN, \
	[SMALT_U | SMALT_R]               = NG | AP_EL0 | AP_RO | PXN | UXN, \
	[SMALT_U | SMALT_R | SMALT_W]     = NG | AP_EL0 | PXN | UXN, \
	[SMALT_U | SMALT_R | SMALT_X]     = NG | AP_EL0 | AP_RO | PXN, \
	[SMALT_U | SMALT_R | SMALT_W | SMALT_X] = NG | AP_EL0 | PXN, \
}

/* What all granules have in common at EL1. */
#define EL1 \
	.table = VALID | TABLE, \
	.leaf = { VALID | TABLE | AF, VALID | AF }, \
	.run = CONTIGUOUS, \
	.guarded = GP, \
	.prot = PROT, \
	.memory = { MEMORY, MEMORY }, \
	.range_count = 2, \
	.ranges = RANGES, \
	.direct_map_va = 0xffff000000000000

static const struct format format_aarch64 = {
	.granule_shift = 12,
	.index_bits = 9,
	.levels = 4,
	.leaf_count = 5,
	.leaves = LEAVES,
	.pa_mask = 0x0000fffffffff000,
	EL1,
};

/* 48-bit addresses: bit 47 alone is the index into the first table (level 0). */
static const struct format format_aarch64_16k = {
	.granule_shift = 14,
	.index_bits = 11,
	.levels = 4,
	.root_short = 10,
	.leaf_count = 4,
	/* "The Contiguous bit": 128 pages, 32 blocks */
	.leaves = {
		{ .shift = 14, .level = 0 },
		{ .shift = 21, .level = 0, .run_shift = 7 },
		{ .shift = 25, .level = 1 },
		{ .shift = 30, .level = 1, .run_shift = 5 },
	},
	.pa_mask = 0x0000ffffffffc000,
	EL1,
};

/* Bits 47:42 are the index into the first table (level 1). No LPA: bits 15:12 of an entry are 0. */
static const struct format format_aarch64_64k = {
	.granule_shift = 16,
	.index_bits = 13,
	.levels = 3,
	.root_short = 7,
	.leaf_count = 4,
	/* 32 pages, 32 blocks */
	.leaves = {
		{ .shift = 16, .level = 0 },
		{ .shift = 21, .level = 0, .run_shift = 5 },
		{ .shift = 29, .level = 1 },
		{ .shift = 34, .level = 1, .run_shift = 5 },
	},
	.pa_mask = 0x0000ffffffff0000,
	EL1,
};

static const struct format *const others[] = { &format_aarch64_16k, &format_aarch64_64k, NULL };

/* HCR_EL2.E2H = 0: one range of addresses, one privilege level. */
const struct format format_aarch64_el2 = {
	.granule_shift = 12,
	.index_bits = 9,
	.levels = 4,
	.leaf_count = 5,
	.leaves = LEAVES,
	.pa_mask = 0x0000fffffffff000,
	.table = VALID | TABLE,
	.leaf = { VALID | TABLE | AF, VALID | AF },
	.run = CONTIGUOUS,
	.prot = {
		[0]                               = FORMAT_REFUSED,
		[SMALT_X]                         = FORMAT_REFUSED,
		[SMALT_W]                         = FORMAT_REFUSED,
		[SMALT_W | SMALT_X]               = FORMAT_REFUSED,
		[SMALT_R]                         = AP_EL0 | AP_RO | XN,
		[SMALT_R | SMALT_W]               = AP_EL0 | XN,
		[SMALT_R | SMALT_X]               = AP_EL0 | AP_RO,
		[SMALT_R | SMALT_W | SMALT_X]     = AP_EL0,
		[SMALT_U]                         = FORMAT_REFUSED,
		[SMALT_U | SMALT_X]               = FORMAT_REFUSED,
		[SMALT_U | SMALT_W]               = FORMAT_REFUSED,
		[SMALT_U | SMALT_W | SMALT_X]     = FORMAT_REFUSED,
		[SMALT_U | SMALT_R]               = FORMAT_REFUSED,
		[SMALT_U | SMALT_R | SMALT_W]     = FORMAT_REFUSED,
		[SMALT_U | SMALT_R | SMALT_X]     = FORMAT_REFUSED,
		[SMALT_U | SMALT_R | SMALT_W | SMALT_X] = FORMAT_REFUSED,
	},
	.memory = { MEMORY, MEMORY },
	.range_count = 1,
	.ranges = RANGES,
};

/* ELF for the Arm 64-bit Architecture, "Static Data relocations", "Dynamic relocations". */
static const struct reloc_type relocs[] = {
	{ "R_AARCH64_RELATIVE", 1027, RELOC_RELATIVE, RELOC_WHOLE },
	{ "R_AARCH64_NONE", 0, RELOC_NONE, RELOC_WHOLE },
	{ "R_AARCH64_GLOB_DAT", 1025, RELOC_SLOT, RELOC_WHOLE },
	{ "R_AARCH64_JUMP_SLOT", 1026, RELOC_SLOT, RELOC_WHOLE },
	{ "R_AARCH64_ABS64", 257, RELOC_ABSOLUTE, RELOC_WHOLE },
	{ "R_AARCH64_ABS32", 258, RELOC_ABSOLUTE, RELOC_EITHER },
	{ "R_AARCH64_PREL64", 260, RELOC_PLACE, RELOC_WHOLE },
	{ "R_AARCH64_PREL32", 261, RELOC_PLACE, RELOC_EITHER },
	{ "R_AARCH64_TLS_DTPMOD", 1028, RELOC_TLS_MODULE, RELOC_WHOLE },
	{ "R_AARCH64_TLS_DTPREL", 1029, RELOC_TLS_BLOCK, RELOC_WHOLE },
	{ "R_AARCH64_TLS_TPREL", 1030, RELOC_TLS_THREAD, RELOC_WHOLE },
	{ "R_AARCH64_ABS16", 259, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_AARCH64_PREL16", 262, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_AARCH64_COPY", 1024, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_AARCH64_TLSDESC", 1031, RELOC_REFUSED, RELOC_WHOLE },
	{ "R_AARCH64_IRELATIVE", 1032, RELOC_REFUSED, RELOC_WHOLE },
	{ 0 },
};

const struct machine machine_aarch64 = {
	.name = "aarch64",
	.elf_machine = SMALT_MACHINE_AARCH64,
	.root_count = 2,
	.format = &format_aarch64,
	.others = others,
	.relocs = relocs,
	.tls_head = 16,                      /* the psABI's two words of the thread control block */
	.kernel_va = 0xffff800000000000,
	.kernel_last = 0xffff807fffffffff,   /* 512 GiB, one entry of the root: no table more on the way */
	.frame_floor = 1 << 12,              /* a frame at 0 would look like none */
	.loader_limit = UINT64_MAX,
	.path = SMALT_PATH_IMAGE,
	.counter_kind = SMALT_COUNTER_CNTVCT,
	.trap_byte = 0x00,                   /* UDF #0: chapter C6, "UDF" */
};
