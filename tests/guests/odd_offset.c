/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * odd_offset.c: a raw module that begins inside a page of the archive is whole,
 * and only its rights and its bytes count.
 */
#include "guest.h"

void guest_main(void)
{
	const struct smalt_object *module = smalt_module(guest.handoff, "odd");
	const struct smalt_row *row;

	if (!expect(module != NULL, "the module is there"))
		return;
	row = smalt_row_at(guest.handoff, module->image_start);
	expect_equal(module->image_end - module->image_start, 10001, "the module's size");
	expect_equal(row->data_offset, row->va & 0xfff, "data_offset");
	expect_equal(row->prot, SMALT_R, "rights");
	for (uint64_t i = 0; i < 10001; i++)
		if (!expect_equal(*at(module->image_start + i), (uint8_t)(i * 7), "a byte of the module"))
			return;
	say_line("data_offset", row->data_offset);
	say_line("in place", row->flags & SMALT_ROW_IN_PLACE);
}
