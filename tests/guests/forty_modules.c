/* SPDX-License-Identifier: BSD-2-Clause */
/* forty_modules.c: every module is there, whole and under its name. */
#include "guest.h"

/* Module i: i * 100 + 1 bytes, byte j is i + j; args "n=" and the last digit. */
static void check_module(uint32_t i)
{
	char name[] = { 'm', (char)('0' + i / 10), (char)('0' + i % 10), 0 };
	char args[] = { 'n', '=', (char)('0' + i % 10), 0 };
	const struct smalt_object *module = smalt_module(guest.handoff, name);
	const struct smalt_row *row;

	if (!expect(module != NULL, name))
		return;
	expect_equal(module->file_bytes, i * 100 + 1, "file_bytes");
	expect_equal(module->image_end - module->image_start, i * 100 + 1, "image");
	expect_equal(module->role, SMALT_ROLE_RAW, "role");
	expect_equal(module->format, SMALT_FORMAT_FLAT, "format");
	expect(smalt_same((const char *)module->args_va, args), "args");
	row = smalt_row_at(guest.handoff, module->image_start);
	if (!expect(row != NULL, "the module has a row"))
		return;
	expect_equal(row->va, module->image_start, "the row begins with the module");
	expect_equal(row->mem_bytes, module->file_bytes, "the row has the module's size");
	expect_equal(row->data_offset, row->va & 0xfff, "data_offset");
	expect_equal(row->prot, SMALT_R, "a raw module is read-only");
	for (uint64_t j = 0; j < module->file_bytes; j++)
		if (!expect_equal(*at(module->image_start + j), (uint8_t)(i + j), name))
			return;
}

void guest_main(void)
{
	expect_equal(guest.handoff->objects.count, 41, "objects");
	for (uint32_t i = 0; i < 40; i++)
		check_module(i);
}
