/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_startinfo.c: PVH start infos: everything that is believed lies within reach. */
#include "fuzz.h"

#include "firmware_image.h"
#include "startinfo.h"

#define INFO 0x10

static bool within(struct reach reach, struct span part)
{
	uint64_t at = (uint64_t)(uintptr_t)part.base - reach.window;

	return part.bytes == 0 || (at <= reach.limit && part.bytes <= reach.limit - at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct env env;
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	uint32_t capacity = (uint32_t)take(&in, 2) % 1024;
	struct reach reach = image_open(&in);
	struct startinfo info;
	struct memmap map;
	struct fault fault;

	env = (struct env){ .machine = &machine_x86_64, .window = reach.window };
	if (!fine(startinfo_read(&info, reach, INFO, &fault), &fault))
		return 0;
	PROMISE(within(reach, info.memory) && within(reach, info.modules) && within(reach, info.cmdline));
	if (!fine(startinfo_files(&info, &env, &arena, &fault), &fault) ||
	    !fine(memmap_init(&map, capacity, &arena, &fault), &fault) ||
	    !fine(startinfo_memory(&info, &map, &fault), &fault) ||
	    !fine(startinfo_claim_modules(&info, &map, &fault), &fault) ||
	    !fine(startinfo_claim_self(&info, &map, &fault), &fault) ||
	    !fine(memmap_finish(&map, 4096, &fault), &fault))
		return 0;
	for (uint32_t i = 0; i < env.file_count; i++)
		PROMISE(within(reach, env.files[i].bytes));
	PROMISE(memmap_type(&map, INFO) != SMALT_MEM_USABLE);
	return 0;
}
