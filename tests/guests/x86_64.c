/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86_64.c: what test kernels know of the machine, with literals from Intel SDM
 * volume 3A, chapter 4.5 (4-level paging) and 11.12 (PAT); nothing of Smalt's.
 */
#include "guest.h"

const char *const guest_register_names[32] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13",
	"r14", "r15",
};

void guest_undefined(void)
{
	__asm__ volatile("ud2");
}

void guest_interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

void guest_no_vectors(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	expect_equal(idtr.limit, 0, "the IDT's limit");
}

static uint64_t read_msr(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (uint64_t)high << 32 | low;
}

/* The memory type is what IA32_PAT (0x277) says for PAT, PCD and PWT. */
static uint32_t memory_of(uint64_t entry, unsigned level)
{
	unsigned pat_bit = level == 0 ? 7 : 12;
	unsigned index = (unsigned)((entry >> pat_bit & 1) << 2 | (entry >> 3 & 3));

	switch (read_msr(0x277) >> 8 * index & 7) {
	case 6:
		return SMALT_CACHE_WRITE_BACK;
	case 1:
		return SMALT_CACHE_WRITE_COMBINE;
	case 0:
		return SMALT_CACHE_DEVICE;
	default:
		return SMALT_NONE;
	}
}

struct guest_pte guest_decode(uint64_t entry, unsigned level)
{
	bool table = level > 0 && !(entry & 1 << 7);
	struct guest_pte pte = {
		.present = entry & 1,
		.table = table,
		.pa = entry & (table || level == 0 ? 0x000ffffffffff000 : 0x000fffffffffe000),
		.prot = SMALT_R | (entry & 2 ? SMALT_W : 0) | (entry & 4 ? SMALT_U : 0) |
		        (entry >> 63 ? 0 : SMALT_X),
		.memory = table ? 0 : memory_of(entry, level),
	};

	return pte;
}

unsigned guest_roots(uint64_t pa[GUEST_ROOTS], uint64_t va[GUEST_ROOTS])
{
	__asm__ volatile("mov %%cr3, %0" : "=r"(pa[0]));
	va[0] = 0;
	return 1;
}

uint64_t guest_device_entry(uint64_t pa)
{
	return pa | 1ull << 63 | 0x1b;       /* NX, PCD, PWT, W, P */
}

uint64_t guest_table_entry(uint64_t pa)
{
	return pa | 3;
}

void guest_flush(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}
