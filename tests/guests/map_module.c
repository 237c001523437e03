/* SPDX-License-Identifier: BSD-2-Clause */
/* map_module.c: a module of role map lies at its own addresses, with its own rights, and runs. */
#include "guest.h"

void guest_main(void)
{
	const struct smalt_object *module = smalt_module(guest.handoff, "module.elf");
	uint32_t rows = 0, rights = 0;

	if (!expect(module != NULL, "the module is there"))
		return;
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		if (row->object != 1)
			continue;
		rows++;
		rights |= 1u << row->prot;
	}
	expect(rows >= 3, "the module has a row for each segment");
	expect_equal(rights, 1 << SMALT_R | 1 << (SMALT_R | SMALT_X) | 1 << (SMALT_R | SMALT_W), "its rights");
	expect_equal(module->role, SMALT_ROLE_MAP, "role");
	expect_equal(((int (*)(int))module->entry)(0), 42, "what its code returns");
	expect_equal(((int (*)(int))module->entry)(5), 47, "what its data keeps");
	say_line("base", module->base);
	say_line("bias", module->bias);
	say_line("entry", module->entry);
}
