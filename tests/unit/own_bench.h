/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_bench.h: a made-up machine that was booted from UEFI, with a small kernel. Include after
 * cmocka.h.
 */
#ifndef OWN_BENCH_H
#define OWN_BENCH_H

#include "bench.h"
#include "elf_maker.h"

#define FILE_BYTES 0x2000
#define SCREEN_PA  0x180000000ull        /* outside of RAM */
#define RUNTIME_PA 0x90000000ull

static uint8_t kernel_file[FILE_BYTES];

static inline void open_bench(const struct machine *machine)
{
	set_machine(machine, 0x3000000);
	b.env.path = SMALT_PATH_UEFI;
}

/* Plans a kernel of one text segment at this address. */
static inline enum status plan_at(uint64_t va)
{
	struct maker m = {
		.file = kernel_file, .file_bytes = FILE_BYTES, .type = 2,
		.machine = b.env.machine->elf_machine, .entry = va, .segment_count = 1,
		.segments = { { 1, 5, 0x1000, va, 0, 0x1000, 0x1000, 0x1000 } },
	};

	memset(kernel_file, 0, sizeof kernel_file);
	maker_write(&m);
	give_file(kernel_file, FILE_BYTES);
	return plan();
}

static inline void planned(void)
{
	char text[512];

	if (plan_at(0x400000) == ST_OK)
		return;
	fault_text(&b.fault, text, sizeof text);
	fail_msg("%s", text);
}

static inline uint32_t count_rows(uint32_t kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		count += b.boot.space.rows[i].kind == kind;
	return count;
}

/* The n-th row of a kind. */
static inline const struct smalt_row *row_of(uint32_t kind, uint32_t n)
{
	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		if (b.boot.space.rows[i].kind == kind && n-- == 0)
			return &b.boot.space.rows[i];
	fail_msg("no row of kind %u", kind);
	return NULL;
}

static inline const struct smalt_extent *extent_of(const struct smalt_row *row)
{
	const struct smalt_extent *extent = space_extent_at(&b.boot.space, row->va);

	assert_non_null(extent);
	assert_true(extent->va == row->va && extent->bytes == row->mem_bytes);
	return extent;
}

static inline void set_cmdline(const char *text)
{
	b.env.cmdline = span_of(text);
}

static inline void give_screen(uint64_t pa, uint64_t bytes)
{
	b.env.framebuffer = (struct framebuffer){ pa, bytes, 800, 600, 3200, SMALT_FRAMEBUFFER_MASK,
	                                          { 0xf800, 0x7e0, 0x1f } };
}

/* Code, constants, data, flash, and a kernel that wants them. */
static inline void give_runtime(uint32_t code)
{
	static const char line[] = "smalt.efi_runtime=identity";

	add_memory(RUNTIME_PA, 0x3000, SMALT_MEM_EFI_RUNTIME_CODE);
	add_memory(RUNTIME_PA + 0x3000, 0x2000, SMALT_MEM_EFI_RUNTIME_DATA);
	b.env.efi = (struct efi){
		.system_table_pa = RUNTIME_PA + 0x4018, .descriptor_bytes = 48, .descriptor_version = 1,
		.descriptors_most = 100, .callable = true, .runtime_count = 4,
		.runtime = {
			{ 0x4000000, 0x1000, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE },
			{ RUNTIME_PA, 0x2000, code, SMALT_CACHE_WRITE_BACK },
			{ RUNTIME_PA + 0x2000, 0x1000, SMALT_R, SMALT_CACHE_WRITE_BACK },
			{ RUNTIME_PA + 0x3000, 0x2000, SMALT_R | SMALT_W, SMALT_CACHE_WRITE_BACK },
		},
	};
	b.env.cmdline = span_of(line);
}

#endif
