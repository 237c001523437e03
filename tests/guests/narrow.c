/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * narrow.c: after the jump a kernel can unmap a module and take the right to
 * write from a row with nothing but the table that it got (requirements M22).
 */
#include "guest.h"

static volatile uint8_t data[4096] __attribute__((aligned(4096))) = { 1 };

/* The entry that maps the page at va, which is no part of a larger leaf. */
static uint64_t *entry_of(uint64_t va)
{
	uint64_t pa[GUEST_ROOTS], start[GUEST_ROOTS];
	unsigned roots = guest_roots(pa, start);
	uint64_t table_pa = roots == 2 && va >= start[1] ? pa[1] : pa[0];

	for (unsigned level = guest.handoff->paging_levels; level-- > 0;) {
		uint64_t *table = smalt_direct(guest.handoff, table_pa);
		uint64_t *entry = &table[va >> (12 + 9 * level) & 511];
		struct guest_pte pte = guest_decode(*entry, level);

		if (level == 0)
			return pte.present && !pte.run ? entry : NULL;
		if (!pte.present || !pte.table)
			return NULL;
		table_pa = pte.pa;
	}
	return NULL;
}

void guest_main(void)
{
	const struct smalt_object *module = smalt_module(guest.handoff, "module");
	uint64_t *entry, before;

	if (!expect(module != NULL, "the module is there"))
		return;
	for (uint64_t va = module->image_start & -4096ull; va < module->image_end; va += 4096) {
		entry = entry_of(va);
		if (!expect(entry != NULL, "a page of the module"))
			return;
		*entry = 0;
		guest_flush(va);
	}
	before = smalt_memory_at(guest.handoff, smalt_extent_at(guest.handoff, module->image_start)->pa)->type;
	expect_equal(before, SMALT_MEM_OBJECT, "whose its frames were");
	entry = entry_of(va_of(data));
	if (!expect(entry != NULL, "the page of data"))
		return;
	*entry = guest_read_only_entry(*entry);
	guest_flush(va_of(data));
	expect_equal(data[0], 1, "data is still readable");
	say("narrowed\n");
	if (smalt_same((const char *)guest.handoff->cmdline_va, "module"))
		(void)*at(module->image_start);
	else
		*at(va_of(data)) = 2;
	expect(false, "what was narrowed is still there");
}
