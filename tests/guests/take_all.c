/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * take_all.c: a kernel may take and overwrite every free and reclaimable page;
 * the handoff, the tables and the fault reporter still work afterwards.
 */
#include "guest.h"

static uint64_t take_pages(void)
{
	struct smalt_taker taker = { 0, 0, 0 };
	uint64_t pages = 0, pa = 0, bytes = 1ull << guest.handoff->granule_shift;

	for (;;) {
		uint64_t *page = smalt_take(&taker, guest.handoff, bytes, &pa);

		if (!page)
			return pages;
		for (unsigned i = 0; i < bytes / 8; i++)
			((volatile uint64_t *)page)[i] = 0xaaaaaaaaaaaaaaaa;
		pages++;
	}
}

void guest_main(void)
{
	const struct smalt_handoff *h = guest.handoff;
	uint64_t expected = 0, pages = take_pages(), bytes = 1ull << h->granule_shift;

	for (uint32_t i = 0; i < h->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(h, i);

		if (m->type == SMALT_MEM_USABLE || m->type == SMALT_MEM_RECLAIMABLE)
			expected += m->bytes / bytes - (m->pa == 0);
	}
	expected -= smalt_extent_at(h, row_of_kind(SMALT_KIND_JUMP)->va)->bytes / bytes;      /* it is still mapped */
	expect_equal(pages, expected, "pages taken");
	for (uint32_t i = 0; i < h->objects.count; i++) {
		const struct smalt_object *object = smalt_nth_object(h, i);

		say((const char *)object->name_va);
		say("\n");
	}
	if (guest.violations == 0)
		*at(8) = 1;              /* the reporter explains it, and that is this guest's success */
}
