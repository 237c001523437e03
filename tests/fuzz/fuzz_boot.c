/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_boot.c: whole boots: any archive or kernel, command line, memory map and size of the arena. A boot that is
 * refused leaves its files as they were; one that is planned is finished and executed in a memory around which
 * nothing can be touched.
 */
#include "fuzz.h"

#include <sys/mman.h>

#include "boot.h"

#define RAM    (32ull << 20)
#define GUARD  (1ull << 30)      /* of no access, on both sides */
#define LOADER (RAM - 0x20000)   /* from the beginning of memory */

static struct smalt_memory ranges[64];
static struct boot boot;
static struct env env;

static uint8_t *memory(void)
{
	static uint8_t *all;

	if (all == NULL) {
		all = mmap(NULL, RAM + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		PROMISE(all != MAP_FAILED && mprotect(all + GUARD, RAM, PROT_READ | PROT_WRITE) == 0);
	}
	return all + GUARD;
}

static void add(uint64_t pa, uint64_t bytes, uint32_t type)
{
	struct fault fault;

	PROMISE(memmap_add(&env.memory, pa, bytes, type, &fault) == ST_OK);
}

/* What a firmware may have beside memory. */
static void describe_firmware(struct input *in, uint64_t ram_pa)
{
	uint64_t how = take(in, 1), at = ram_pa + (take(in, 1) << 16);

	if (how & 1)
		env.framebuffer = (struct framebuffer){ 0x180000000, 0x300000, 800, 600, 3200, SMALT_FRAMEBUFFER_MASK,
		                                        { 0xff0000, 0xff00, 0xff } };
	if (how & 2)
		env.tables[env.table_count++] = (struct range){ at, 0x1000 };
	if (how & 4)
		env.efi = (struct efi){ .system_table_pa = at, .descriptor_bytes = 48, .descriptor_version = 1,
		                        .descriptors_most = 20, .callable = how & 8, .runtime_count = 1,
		                        .runtime = { { at, 0x2000, how & 16 ? SMALT_R | SMALT_X : 7, SMALT_CACHE_WRITE_BACK } } };
	if (how & 32)
		env.cpu.leaf_mask = 1;
	if (how & 64)
		env.cmdline = span_of(how & 128 ? "smalt.pages=16K" : "smalt.pages=64K");
	env.rsdp_pa = env.table_count > 0 ? at : 0;
}

static void describe(struct input *in)
{
	static const uint8_t types[] = { SMALT_MEM_RESERVED, SMALT_MEM_BOOT_SERVICES, SMALT_MEM_ACPI_RECLAIM, SMALT_MEM_MMIO };
	uint64_t how = take(in, 1);
	const struct machine *machine = how & 1 ? &machine_aarch64 : &machine_x86_64;
	uint64_t ram_pa = how & 1 ? 0x40000000 : 0, loader = ram_pa + LOADER;

	env = (struct env){
		.path = how & 2 ? SMALT_PATH_UEFI : machine->path, .machine = machine,
		.window = (uint64_t)(uintptr_t)memory() - ram_pa, .memory = { ranges, 0, 64 },
		.loader = { loader, 0x20000 }, .part_count = 2,
		.parts = { { SMALT_KIND_JUMP, SMALT_R | SMALT_X, loader + 0x10000, 0x1000 },
		           { SMALT_KIND_REPORTER, SMALT_R | SMALT_W, loader + 0x11000, 0x1000 } },
		.cpu = { .leaf_mask = (1u << machine->format->leaf_count) - 1, .levels = 4, .pa_bits = 40, .x86_isa = 1,
		         .granules = 1 << 12 | 1 << 14 | 1 << 16 },
		.serial_kind = SMALT_SERIAL_PL011, .serial_address = 0xfe000000,
	};
	add(ram_pa, RAM, SMALT_MEM_USABLE);
	add(loader, 0x20000, SMALT_MEM_RECLAIMABLE);
	for (uint64_t holes = how >> 2 & 7; holes > 0; holes--) {
		uint64_t at = take(in, 1) << 12 << (how >> 5 & 3), bytes = take(in, 1) << 10;

		add(ram_pa + at, bytes < RAM - at ? bytes : 0, types[take(in, 1) & 3]);
	}
	if (how & 128)
		describe_firmware(in, ram_pa);
}

/* The rest of the input, in memory where the firmware put it. */
static struct span give_file(struct input *in, uint64_t at)
{
	uint64_t pa = (uint64_t)(uintptr_t)memory() + 0x400000 + at - env.window;
	struct span rest = take_rest(in), file = { env_pointer(&env, pa), rest.bytes };
	struct fault fault;

	memcpy(env_pointer(&env, pa), rest.base, rest.bytes);
	add(pa & -4096ull, (pa % 4096 + file.bytes + 4095) & -4096ull, SMALT_MEM_RECLAIMABLE);
	env.files[0] = (struct file){ span_of("initrd"), pa, file, at & 1 };
	env.file_count = 1;
	PROMISE(memmap_finish(&env.memory, 4096, &fault) == ST_OK);
	return rest;
}

/* What lies behind the file's bytes of a row is zero (M17), and the last map adds up. */
static void check_executed(void)
{
	for (uint32_t i = 0; i < boot.space.row_count; i++) {
		const struct smalt_row *row = &boot.space.rows[i];
		uint64_t last = row->va + (row->mem_bytes - 1);
		const struct smalt_extent *extent = space_extent_at(&boot.space, last);

		if (row->object != SMALT_NONE && row->prot != 0 && row->file_bytes < row->mem_bytes)
			PROMISE(extent != NULL && *(uint8_t *)env_pointer(&env, extent->pa + (last - extent->va)) == 0);
	}
	for (uint32_t i = 1; i < boot.after.count; i++)
		PROMISE(boot.after.ranges[i - 1].pa + boot.after.ranges[i - 1].bytes <= boot.after.ranges[i].pa);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena;
	struct span before;
	struct fault fault;
	uint64_t at;

	describe(&in);
	arena = take_arena(&in);
	if (env.cmdline.bytes == 0)
		env.cmdline = take_span(&in, take(&in, 1));
	at = take(&in, 2);
	in.left -= in.left > 0 && take(&in, 1) > 128 ? in.left / 2 : 0;
	before = give_file(&in, at);
	if (fine(boot_plan(&boot, &env, span_of(""), &arena, &fault), &fault)) {
		boot_finish(&boot);
		boot_execute(&boot);
		check_executed();
		if (env.files[0].donated)
			return 0;
	}
	PROMISE(memcmp(before.base, env.files[0].bytes.base, before.bytes) == 0);
	return 0;
}
