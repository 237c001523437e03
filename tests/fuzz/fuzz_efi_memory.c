/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_efi_memory.c: memory maps of UEFI: only a strict reader refuses, and as many ranges as descriptors are enough. */
#include "fuzz.h"

#include "efi_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	bool strict = take(&in, 1) & 1;
	uint32_t stride = (uint32_t)take(&in, 1);
	struct span descriptors = take_rest(&in);
	struct fault fault;
	struct memmap map;
	enum status status;

	if (!fine(memmap_init(&map, 2 * (uint32_t)(descriptors.bytes / 40 + 1), &arena, &fault), &fault))
		return 0;
	status = efi_memory_add(&map, descriptors, stride, strict, &fault);
	PROMISE(status == ST_OK || strict);
	if (!fine(status, &fault) || !fine(memmap_finish(&map, 4096, &fault), &fault))
		return 0;
	for (uint32_t i = 0; i < map.count; i++) {
		PROMISE(map.ranges[i].bytes > 0 && map.ranges[i].pa % 4096 == 0);
		PROMISE(i == 0 || map.ranges[i - 1].pa + (map.ranges[i - 1].bytes - 1) < map.ranges[i].pa);
	}
	return 0;
}
