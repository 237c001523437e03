/* SPDX-License-Identifier: BSD-2-Clause */
/* aout.c: a kernel in an a.out file has text, data and zeros where its format says. */
#include "guest.h"

static uint64_t zeros[1024];
static uint64_t *volatile pointer_in_data = zeros;

void guest_main(void)
{
	const struct smalt_object *kernel = smalt_nth_object(guest.handoff, 0);
	const struct smalt_row *text = smalt_row_at(guest.handoff, va_of((const void *)guest_main));
	const struct smalt_row *data = smalt_row_at(guest.handoff, va_of(&pointer_in_data));

	expect_equal(kernel->bias, 0, "the bias");
	expect_equal(kernel->phdr_va, 0, "program headers");
	expect_equal((uint64_t)pointer_in_data, va_of(zeros), "a pointer in data");
	for (uint32_t i = 0; i < 1024; i++)
		if (zeros[i] != 0)
			expect_equal(zeros[i], 0, "a word of bss");
	if (!expect(text && data && text != data, "rows of text and data"))
		return;
	expect_equal(text->prot, SMALT_R | SMALT_X, "rights of text");
	expect_equal(data->prot, SMALT_R | SMALT_W, "rights of data");
	expect_equal(data->flags & SMALT_ROW_AOUT_HEADER, 0, "a header in data");
	expect(data->flags & SMALT_ROW_BSS, "the flag of bss");
	say_line("format", kernel->format);
	say_line("base", kernel->base);
	say_line("header", text->flags & SMALT_ROW_AOUT_HEADER);
	say_line("first bytes", text->flags & SMALT_ROW_AOUT_HEADER ? *(const uint32_t *)at(text->va) : 0);
}
