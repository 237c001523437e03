/* SPDX-License-Identifier: BSD-2-Clause */
/* bti.c: a branch into guarded text that does not land on BTI traps; elsewhere nothing does. */
#include "guest.h"

static volatile uint32_t calls;

/* Begins with BTI. */
__attribute__((noinline, target("branch-protection=bti"))) static void landing(void)
{
	calls++;
}

__attribute__((noinline, target("branch-protection=none"))) static void elsewhere(void)
{
	calls += 2;
}

/* Rows and what is behind them say the same; returns whether the kernel's text is guarded. */
static bool check_rows(void)
{
	bool guarded = false;

	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *extent = smalt_nth_extent(guest.handoff, i);
		const struct smalt_row *row = smalt_nth_row(guest.handoff, extent->row);

		expect_equal((extent->prot & SMALT_G) != 0, (row->flags & SMALT_ROW_GUARDED) != 0, "G of an extent");
		if (!(row->flags & SMALT_ROW_GUARDED))
			continue;
		expect(row->prot & SMALT_X && row->object == 0, "only text of the kernel is guarded");
		guarded = true;
	}
	return guarded;
}

void guest_main(void)
{
	say_line("features", smalt_nth_object(guest.handoff, 0)->features);
	say_line("guarded", check_rows());
	call(va_of((void *)landing));
	expect_equal(calls, 1, "the function that begins with BTI was called");
	say_line("target", va_of((void *)elsewhere));
	call(va_of((void *)elsewhere));
	expect_equal(calls, 3, "the other function was called");
}
