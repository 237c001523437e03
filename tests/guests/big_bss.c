/* SPDX-License-Identifier: BSD-2-Clause */
/* big_bss.c: 1 GiB of bss is zero and mapped with large leaves. */
#include "guest.h"

#define BYTES (1ull << 30)

static volatile uint8_t bss[BYTES];

void guest_main(void)
{
	const struct smalt_row *row = smalt_row_at(guest.handoff, va_of(&bss[BYTES / 2]));

	expect(row != NULL && row->mem_bytes >= BYTES, "bss is in one row");
	expect(row->leaf_shift >= 21, "bss has leaves of 2 MiB or more");
	expect(row->flags & SMALT_ROW_BSS, "the row has the flag BSS");
	for (uint64_t i = 0; i < BYTES; i += 4096 - 8)
		if (!expect_equal(bss[i], 0, "a byte of bss"))
			return;
	expect_equal(bss[BYTES - 1], 0, "the last byte of bss");
	for (uint64_t i = 0; i < BYTES; i += 2 << 20)
		bss[i] = (uint8_t)(i >> 21);
	for (uint64_t i = 0; i < BYTES; i += 2 << 20)
		if (!expect_equal(bss[i], (uint8_t)(i >> 21), "bss has frames of its own"))
			return;
}
