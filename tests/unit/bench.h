/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h: a made-up machine with memory, one file and a plan: for tests of
 * whole boots. Include after cmocka.h.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdlib.h>
#include <sys/mman.h>

#include "boot.h"
#include "mem.h"
#include "scratch.h"

#define RAM_BYTES   (1ull << 30)
#define PAGE        4096ull
#define ARENA_BYTES (8 << 20)         /* as under UEFI */
#define SERIAL_PA   0xfe000000ull    /* outside of RAM */

/* Memory of one machine: everything is 0xAA that nobody wrote. */
struct bench {
	struct env env;
	uint8_t *ram;
	uint64_t ram_pa;
	struct smalt_memory ranges[16];
	struct arena arena;
	struct boot boot;
	struct fault fault;
	uint64_t file_pa;
};

static struct bench b;

static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

/* Only the part of RAM that a test touches is filled: the lowest and highest 16 MiB. */
static inline void fill_ram(void)
{
	memset(b.ram, 0xaa, 16 << 20);
	memset(b.ram + RAM_BYTES - (16 << 20), 0xaa, 16 << 20);
}

static inline void add_memory(uint64_t pa, uint64_t bytes, uint32_t type)
{
	assert_int_equal(memmap_add(&b.env.memory, pa, bytes, type, &b.fault), ST_OK);
}

/* RAM from ram_pa; the file at its own place; three parts of the loader; the arena is outside. */
static inline void set_machine(const struct machine *machine, uint64_t file_pa)
{
	uint64_t loader = (machine->elf_machine == SMALT_MACHINE_X86_64 ? 0 : 0x40000000) + RAM_BYTES - 0x100000;
	static uint8_t *arena;

	if (!b.ram)
		b.ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
		             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!arena)
		arena = malloc(ARENA_BYTES);
	b.arena = (struct arena){ arena, ARENA_BYTES, 0 };
	b.ram_pa = machine->elf_machine == SMALT_MACHINE_X86_64 ? 0 : 0x40000000;
	b.file_pa = b.ram_pa + file_pa;
	b.env = (struct env){
		.path = machine->path, .machine = machine,
		.window = (uint64_t)(uintptr_t)b.ram - b.ram_pa,
		.memory = { b.ranges, 0, 16 },
		.loader = { loader, 0x20000 },
		.parts = {
			{ SMALT_KIND_JUMP, SMALT_R | SMALT_X, loader + 0x10000, 0x1000 },
			{ SMALT_KIND_REPORTER, SMALT_R | SMALT_X, loader + 0x11000, 0x2000 },
			{ SMALT_KIND_REPORTER, SMALT_R | SMALT_W, loader + 0x13000, 0x1000 },
		},
		.part_count = 3,
		.cpu = { .leaf_mask = (1u << machine->format->leaf_count) - 1, .levels = 4, .pa_bits = 40,
		         .x86_isa = 1 },
		.serial_kind = SMALT_SERIAL_PL011, .serial_address = SERIAL_PA,
	};
	fill_ram();
	add_memory(b.ram_pa, RAM_BYTES, SMALT_MEM_USABLE);
	add_memory(loader, 0x20000, SMALT_MEM_RECLAIMABLE);
}

static inline void give_file(const uint8_t *bytes, uint64_t count)
{
	uint8_t *at = env_pointer(&b.env, b.file_pa);

	memcpy(at, bytes, count);
	b.env.files[0] = (struct file){ span_of("initrd"), b.file_pa, { at, count }, true };
	b.env.file_count = 1;
	add_memory(b.file_pa & -PAGE, ((b.file_pa + count + PAGE - 1) & -PAGE) - (b.file_pa & -PAGE),
	           SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
}

static inline enum status plan(void)
{
	if (boot_plan(&b.boot, &b.env, span_of(""), &b.arena, &b.fault) == ST_OK)
		boot_finish(&b.boot);
	else
		return b.fault.status;
	return ST_OK;
}

#endif
