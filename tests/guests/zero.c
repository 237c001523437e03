/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zero.c: bss is zero, and so is every byte of a mapped page that belongs to no
 * segment. The memory was full of 0xAA before the machine started.
 */
#include "guest.h"

static volatile uint8_t bss[100001];
static volatile uint8_t data[4099] = { 1 };

/* [va, end) is zero; what names it. */
static void check_zero(uint64_t va, uint64_t end, const char *what)
{
	for (; va < end; va++)
		if (*(volatile uint8_t *)va != 0) {
			expect(false, what);
			say_line("    va", va);
			return;
		}
}

/* Everything on the pages of the kernel and of mapped modules that no row holds. */
static void check_slack(const struct smalt_extent *extent)
{
	uint64_t va = extent->va, end = extent->va + extent->bytes;

	while (va < end) {
		const struct smalt_row *row = smalt_row_at(guest.handoff, va);
		uint64_t next = va + 1;

		if (row) {
			next = row->va + row->mem_bytes;
		} else {
			while (next < end && !smalt_row_at(guest.handoff, next))
				next++;
			check_zero(va, next, "bytes of a page beside a segment");
		}
		va = next;
	}
}

void guest_main(void)
{
	uint64_t own = va_of(&guest);

	check_zero(va_of(bss), va_of(bss) + sizeof(bss), "bss");
	check_zero(va_of(data) + 1, va_of(data) + sizeof(data), "zeros in data");
	expect_equal(data[0], 1, "data");
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		/* The row with this guest's own variables is written by now, but only its data. */
		if (row->kind == SMALT_KIND_OBJECT && row->prot & SMALT_R)
			check_zero(row->va + row->file_bytes, row->va + row->mem_bytes, "behind the file's bytes");
	}
	expect(smalt_row_at(guest.handoff, own) != NULL, "the guest's data is in a row");
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(guest.handoff, i);
		const struct smalt_row *row = smalt_nth_row(guest.handoff, e->row);

		if (row->kind == SMALT_KIND_OBJECT && e->prot & SMALT_R &&
		    smalt_nth_object(guest.handoff, row->object)->role != SMALT_ROLE_RAW)
			check_slack(e);
	}
}
