/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_fwcfg.c: QEMU's fw_cfg device says anything: DMA stays in memory that was taken for it. */
#include "fuzz.h"

#include "arch.h"
#include "fwcfg.h"

enum { RAM = 0x40000, FREE = 0x20000 };

static uint8_t ram[RAM] __attribute__((aligned(4096)));
static struct input device;

/* QEMU docs/specs/fw_cfg.rst: control, bytes, address, all big endian. */
bool arch_fwcfg(uint64_t registers_pa, uint64_t request_pa)
{
	uint8_t *request = ram + request_pa;
	uint64_t words[2];

	(void)registers_pa;
	if (device.left == 0)
		return false;
	PROMISE(request_pa <= RAM - 16);
	memcpy(words, request, sizeof words);
	words[0] = __builtin_bswap64(words[0]) & UINT32_MAX;
	words[1] = __builtin_bswap64(words[1]);
	PROMISE(words[0] <= RAM && words[1] <= RAM - words[0]);
	for (uint64_t i = 0; i < words[0]; i++)
		ram[words[1] + i] = (uint8_t)take(&device, 1);
	memset(request, 0, 4);
	request[3] = device.left > 0 && *device.at == 0xff ? 1 : 0;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct env env;
	struct input in = { data, bytes };
	uint64_t room = take(&in, 2) % FREE;
	struct arena arena = { ram, room, 0 };
	struct fault fault;

	env = (struct env){ .machine = &machine_x86_64, .window = (uint64_t)(uintptr_t)ram };
	device = in;
	if (!fine(memmap_init(&env.memory, 16, &arena, &fault), &fault) ||
	    !fine(memmap_add(&env.memory, FREE, RAM - FREE, SMALT_MEM_USABLE, &fault), &fault) ||
	    !fine(fwcfg_files(0x510, &env, &arena, &fault), &fault))
		return 0;
	for (uint32_t i = 0; i < env.file_count; i++) {
		PROMISE(env.files[i].pa >= FREE && env.files[i].pa + env.files[i].bytes.bytes <= RAM);
		PROMISE(memmap_type(&env.memory, env.files[i].pa) == SMALT_MEM_RECLAIMABLE);
		PROMISE(span_begins(env.files[i].name, FWCFG_PREFIX));
	}
	return 0;
}
