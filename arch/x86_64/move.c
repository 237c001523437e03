/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c: takes the loader out of the way of kernels that want low addresses.
 *
 * Runs on the tables of entry.S. There only the image's own 2 MiB have pages of
 * their own, so the one or two 2 MiB ranges that hold the copy's code get such
 * tables too: the copy is written before they are in force and executed after.
 */
#include "self.h"

#include "align.h"
#include "arch.h"

enum { PAGE = 4096, LARGE = 2 << 20, ENTRIES = 512, RANGES = 2, FIRST_PD = 2 };

/* Intel SDM Vol. 3A, tables 4-19 and 4-20: P, W, A, D, NX. */
#define PAGE_TABLE 0x3ull
#define PAGE_READ  0x21ull
#define PAGE_WRITE 0x63ull
#define PAGE_NX    (1ull << 63)

/* entry.S */
extern uint64_t early_tables[][ENTRIES] __attribute__((visibility("hidden")));
extern uint64_t early_move_tables[RANGES][ENTRIES] __attribute__((visibility("hidden")));

_Noreturn void entry_continue(uint64_t argument, uint64_t stack_top, uint64_t next);

/* Pages of [start, end), which all lie below 4 GiB, get other permissions. */
static void protect(uint64_t base, uint64_t start, uint64_t end, uint64_t bits)
{
	for (uint64_t pa = start; pa < end; pa += PAGE)
		early_move_tables[(pa - base) / LARGE][pa / PAGE % ENTRIES] = pa | bits;
}

static void expose(uint64_t home, uint64_t delta)
{
	uint64_t base = align_down(home, LARGE);
	uint64_t end = (uint64_t)reporter_rodata_end + delta;

	protect(base, base, align_up(end, LARGE), PAGE_WRITE | PAGE_NX);
	protect(base, home, (uint64_t)text_end + delta, PAGE_READ);
	protect(base, (uint64_t)rodata_start + delta, (uint64_t)rodata_end + delta, PAGE_READ | PAGE_NX);
	protect(base, (uint64_t)jump_start + delta, (uint64_t)reporter_text_end + delta, PAGE_READ);
	protect(base, (uint64_t)reporter_rodata_start + delta, end, PAGE_READ | PAGE_NX);
	for (uint64_t pa = base; pa < end; pa += LARGE)
		early_tables[FIRST_PD][pa / LARGE] = (uint64_t)early_move_tables[(pa - base) / LARGE] | PAGE_TABLE;
	__asm__ volatile("mov %0, %%cr3" : : "r"(early_tables) : "memory");
}

void self_move(uint64_t home_pa, void (*next)(uint64_t), uint64_t argument)
{
	uint64_t delta = home_pa - (uint64_t)image_start;
	uint8_t *home = image_start + delta;

	arch_copy(home, image_start, (uint64_t)(data_end - image_start));
	arch_zero(bss_start + delta, (uint64_t)(bss_end - bss_start));
	self_relocate(home, delta);
	expose(home_pa, delta);
	entry_continue(argument, (uint64_t)stack_top + delta, (uint64_t)next + delta);
}
