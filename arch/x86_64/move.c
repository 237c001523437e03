/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move.c: takes the loader out of the way of kernels that want low addresses.
 *
 * Runs on the tables of entry.S. There only the image's own 2 MiB range has pages
 * of its own, so the one or two ranges that hold the copy's code and constants
 * (linker.ld: less than 2 MiB) get such tables too: the copy is written before they
 * are in force and executed after.
 */
#include "self.h"

#include <stddef.h>

#include "align.h"
#include "arch.h"

enum { PAGE = 4096, LARGE = 2 << 20, ENTRIES = 512, RANGES = 2, FIRST_PD = 2 };

/* Intel SDM Vol. 3A, tables 4-19 and 4-20: P, W, A, D, NX. */
#define PAGE_TABLE 0x3ull
#define PAGE_READ  0x21ull
#define PAGE_WRITE 0x63ull
#define PAGE_NX    (1ull << 63)
#define PAGE_LARGE 0x80ull
#define PAGE_ADDRESS 0xfffff000ull       /* all tables lie below 4 GiB */

/* entry.S */
extern uint64_t early_tables[][ENTRIES] __attribute__((visibility("hidden")));
extern uint64_t early_move_tables[RANGES][ENTRIES] __attribute__((visibility("hidden")));

_Noreturn void entry_continue(uint64_t argument, uint64_t stack_top, uint64_t next);

/* The table of the 2 MiB range that holds pa: the range of the image itself has one. */
static uint64_t *table_of(uint64_t pa, unsigned *used)
{
	uint64_t *range = &early_tables[FIRST_PD][pa / LARGE];
	uint64_t *table = early_move_tables[*used];

	if ((*range & PAGE_LARGE) == 0)
		return (uint64_t *)(*range & PAGE_ADDRESS);
	for (uint64_t i = 0; i < ENTRIES; i++)
		table[i] = (align_down(pa, LARGE) + i * PAGE) | PAGE_WRITE | PAGE_NX;
	*range = (uint64_t)table | PAGE_TABLE;
	*used += 1;
	return table;
}

/* Pages of [start, end), which all lie below 4 GiB, get other permissions. */
static void protect(const uint8_t *start, const uint8_t *end, uint64_t bits, unsigned *used)
{
	uint64_t *table = NULL;

	for (uint64_t pa = (uint64_t)start; pa < (uint64_t)end; pa += PAGE) {
		if (table == NULL || pa % LARGE == 0)
			table = table_of(pa, used);
		table[pa / PAGE % ENTRIES] = pa | bits;
	}
}

static void expose(uint64_t delta)
{
	unsigned used = 0;

	protect(image_start + delta, text_end + delta, PAGE_READ, &used);
	protect(rodata_start + delta, rodata_end + delta, PAGE_READ | PAGE_NX, &used);
	protect(jump_start + delta, reporter_text_end + delta, PAGE_READ, &used);
	protect(reporter_rodata_start + delta, reporter_rodata_end + delta, PAGE_READ | PAGE_NX, &used);
	__asm__ volatile("mov %0, %%cr3" : : "r"(early_tables) : "memory");
}

void self_move(uint64_t home_pa, void (*next)(uint64_t), uint64_t argument)
{
	uint64_t delta = home_pa - (uint64_t)image_start;
	uint8_t *home = image_start + delta;

	/* An emulator leaves a segment alone that has no byte in the file. */
	arch_copy(home, image_start, (uint64_t)(cpu_start - image_start));
	arch_zero(cpu_start + delta, (uint64_t)(data_start - cpu_start));
	arch_copy(data_start + delta, data_start, (uint64_t)(data_end - data_start));
	arch_zero(bss_start + delta, (uint64_t)(bss_end - bss_start));
	self_relocate(home, delta);
	expose(delta);
	entry_continue(argument, (uint64_t)stack_top + delta, (uint64_t)next + delta);
}
