/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aarch64.c: what test kernels know of the machine, with literals from the Arm
 * ARM (DDI 0487), D8.3 "Translation table descriptor formats" and MAIR_EL1;
 * nothing of Smalt's.
 */
#include "guest.h"

const char *const guest_register_names[32] = {
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
	"x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
	"x27", "x28", "x29", "x30",
};

void guest_undefined(void)
{
	__asm__ volatile("udf #7");
}

void guest_interrupts_on(void)
{
	__asm__ volatile("msr daifclr, #0xf" : : : "memory");
}

void guest_no_vectors(void)
{
	uint64_t vbar;

	__asm__ volatile("mrs %0, vbar_el1" : "=r"(vbar));
	expect_equal(vbar, 0, "VBAR_EL1");
}

static uint32_t memory_of(uint64_t entry)
{
	uint64_t mair;

	__asm__ volatile("mrs %0, mair_el1" : "=r"(mair));
	switch (mair >> 8 * (entry >> 2 & 7) & 0xff) {
	case 0xff:
		return SMALT_CACHE_WRITE_BACK;       /* Inner and Outer Write-Back, read and write allocate */
	case 0x44:
		return SMALT_CACHE_WRITE_COMBINE;    /* Inner and Outer Non-cacheable */
	case 0x04:
		return SMALT_CACHE_DEVICE;           /* Device-nGnRE */
	default:
		return SMALT_NONE;
	}
}

/* APTable (62:61), UXNTable (60), PXNTable (59). */
static uint32_t table_prot(uint64_t entry)
{
	return SMALT_R | (entry >> 62 & 1 ? 0 : SMALT_W) | (entry >> 61 & 1 ? 0 : SMALT_U) |
	       (entry >> 59 & 1 ? 0 : SMALT_X);
}

/* AP[2] (7), AP[1] (6), PXN (53); without AF (10) every access faults. */
static uint32_t leaf_prot(uint64_t entry)
{
	if (!(entry >> 10 & 1))
		return 0;
	return SMALT_R | (entry >> 7 & 1 ? 0 : SMALT_W) | (entry >> 6 & 1 ? SMALT_U : 0) |
	       (entry >> 53 & 1 ? 0 : SMALT_X);
}

struct guest_pte guest_decode(uint64_t entry, unsigned level)
{
	bool table = level > 0 && entry & 2;
	struct guest_pte pte = {
		.present = entry & 1 && (level > 0 || entry & 2),
		.table = table,
		.run = !table && (entry >> 52 & 1),
		.pa = entry & 0x0000fffffffff000,
		.prot = table ? table_prot(entry) : leaf_prot(entry),
		.memory = table ? 0 : memory_of(entry),
	};

	return pte;
}

unsigned guest_roots(uint64_t pa[GUEST_ROOTS], uint64_t va[GUEST_ROOTS])
{
	__asm__ volatile("mrs %0, ttbr0_el1" : "=r"(pa[0]));
	__asm__ volatile("mrs %0, ttbr1_el1" : "=r"(pa[1]));
	va[0] = 0;
	va[1] = 0xffff000000000000;
	return 2;
}

uint64_t guest_device_entry(uint64_t pa)
{
	/* UXN, PXN, AF, AttrIndx 2 (Device-nGnRE, H5), page */
	return pa | 1ull << 54 | 1ull << 53 | 1 << 10 | 2 << 2 | 3;
}

uint64_t guest_table_entry(uint64_t pa)
{
	return pa | 3;
}

/* Arm ARM, "TLB maintenance": make the store visible, invalidate, wait. */
void guest_flush(uint64_t va)
{
	__asm__ volatile("dsb ishst\n"
	                 "tlbi vaae1is, %0\n"
	                 "dsb ish\n"
	                 "isb" : : "r"(va >> 12 & 0xfffffffffff) : "memory");
}
