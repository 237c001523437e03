/* SPDX-License-Identifier: BSD-2-Clause */
/* sum.c: prints how many bytes the module "data" has, and the sum of its words. */
#include "guest.h"

void guest_main(void)
{
	const struct smalt_object *data = smalt_module(guest.handoff, "data");
	uint64_t sum = 0;

	if (!expect(data != NULL, "the module is there"))
		return;
	for (uint64_t va = data->image_start; va + 4 <= data->image_end; va += 4)
		sum += *(const uint32_t *)va;
	say_line("bytes", data->image_end - data->image_start);
	say_line("sum", sum);
}
