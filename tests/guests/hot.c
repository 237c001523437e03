/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hot.c: sweeps over what all modules keep hot, PAGES pages of the data of each; a
 * model of the cache counts (tests/plugin/cache.c).
 */
#include "guest.h"
#include "mark.h"

#define SWEEPS 100
#define LINE   64
#define MOST   256

static volatile uint64_t *pages[MOST];

/* Words of the pages, one in each line: the model has no longer ones. */
static void sweep(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t word = 0; word < 4096 / 8; word += LINE / 8)
			(void)pages[i][word];
}

/* The whole pages of a module's data, as its row says. */
static uint32_t collect_row(const struct smalt_row *row, uint32_t count)
{
	uint64_t va = (row->va + 4095) & ~4095ull;

	expect(row->va + row->mem_bytes - va >= PAGES * 4096ull, "the module has its data");
	for (uint32_t page = 0; page < PAGES && count < MOST; page++)
		pages[count++] = (volatile uint64_t *)(va + page * 4096ull);
	return count;
}

static uint32_t collect(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		if (row->object != SMALT_NONE && row->object != 0 && row->prot == (SMALT_R | SMALT_W))
			count = collect_row(row, count);
	}
	expect_equal(count, (guest.handoff->objects.count - 1) * PAGES, "pages");
	return count;
}

void guest_main(void)
{
	uint32_t count = collect();

	mark(1);
	for (uint32_t i = 0; i < SWEEPS; i++)
		sweep(count);
	mark(0);
	say_line("pages", count);
	say_cache();
}
