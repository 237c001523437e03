/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_smbios.c: SMBIOS entry points: what is believed lies within reach, in pages that ascend. */
#include "fuzz.h"

#include "firmware_image.h"
#include "smbios.h"

#define ENTRY 0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct reach reach = image_open(&in);
	struct env env = { .window = reach.window };

	if (image_bytes > ENTRY + 32) {
		bool wide = image[ENTRY + 3] == '3';

		image_sum(ENTRY + 16, wide ? 0 : 15, 5);
		image_sum(ENTRY, image[ENTRY + (wide ? 6 : 5)], wide ? 5 : 4);
	}
	smbios_read(reach, ENTRY, &env);
	PROMISE(env.smbios_count <= ENV_SMBIOS && (env.smbios_pa == 0) == (env.smbios_count == 0));
	for (uint32_t i = 0; i < env.smbios_count; i++)
		PROMISE(env.smbios[i].pa % 4096 == 0 && env.smbios[i].pa < reach.limit && env.smbios[i].bytes > 0);
	if (env.smbios_count == 2)
		PROMISE(env.smbios[0].pa + env.smbios[0].bytes < env.smbios[1].pa);
	return 0;
}
