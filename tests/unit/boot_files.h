/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot_files.h: files for boots of every kind: a kernel and modules that need each other's symbols, a kernel that
 * moves and relocates, one of a foreign protocol, and bytes.
 */
#ifndef BOOT_FILES_H
#define BOOT_FILES_H

#include <smalt/request.h>

#include "so_maker.h"

enum { MOVING_BYTES = 0x5000, FOREIGN_BYTES = 0x3000 };

static struct so kernel, a, z;
static uint8_t moving[MOVING_BYTES], foreign[FOREIGN_BYTES];

/* A kernel with symbols, and two modules of which each needs the next one's. */
static inline void make_shared(uint16_t machine)
{
	uint32_t absolute = machine == 62 ? 1 : 257;   /* R_X86_64_64, R_AARCH64_ABS64 */
	struct so *all[] = { &kernel, &a, &z };

	for (unsigned i = 0; i < 3; i++) {
		*all[i] = (struct so){
			.type = 3, .machine = machine, .needed = { i == 2 ? NULL : i == 1 ? "z.so" : "a.so" },
			.soname = (const char *[]){ NULL, "a.so", "z.so" }[i],
			.symbols = { { "x", SO_GLOBAL | SO_FUNC, 0, i == 2, i == 2 ? 0x100 : 0, 0 },
			             { "own", SO_GLOBAL | SO_OBJECT, 2, 1, 0x1200, 8 } },
			.records = { { SO_WORDS, absolute, 1, 5 }, { SO_WORDS + 8, absolute, 2, 0 } },
		};
		so_write(all[i]);
	}
}

static inline void put_note(uint8_t *to, const char *name, uint32_t type, const void *desc, uint32_t bytes)
{
	put32(to, (uint32_t)strlen(name) + 1);
	put32(to + 4, bytes);
	put32(to + 8, type);
	memcpy(to + 12, name, strlen(name) + 1);
	memcpy(to + 12 + ((strlen(name) + 4) & ~3ull), desc, bytes);
}

/* Moves, relocates two words by RELA and one by RELR, has RELRO, zeros and a note of its wishes. */
static inline void make_moving(uint16_t machine)
{
	static const struct smalt_request_desc wish = { .bytes = sizeof wish, .version = 1, .stack_bytes = 0x8000 };
	static const uint64_t dynamic[] = { 7, 0x400, 8, 48, 9, 24, 36, 0x500, 35, 8, 37, 8, 0, 0 };
	struct maker m = {
		.file = moving, .file_bytes = MOVING_BYTES, .type = 3, .machine = machine, .entry = 0x1010,
		.segment_count = 6,
		.segments = {
			{ 1, 4, 0, 0, 0, 0x900, 0x900, 0x1000 },
			{ 1, 5, 0x1000, 0x1000, 0, 0x1345, 0x1345, 0x1000 },
			{ 1, 6, 0x3000, 0x3000, 0, 0x1800, 0x5000, 0x1000 },
			{ 2, 6, 0x3100, 0x3100, 0, 0x70, 0x70, 8 },
			{ 4, 4, 0x600, 0x600, 0, 20 + sizeof wish, 20 + sizeof wish, 4 },
			{ 0x6474e552, 4, 0x3000, 0x3000, 0, 0x1000, 0x1000, 1 },
		},
	};

	memset(moving, 0x11, sizeof moving);
	maker_write(&m);
	for (unsigned i = 0; i < 2; i++) {
		put64(moving + 0x400 + 24 * i, 0x3200 + 0x1000 * i);
		put64(moving + 0x408 + 24 * i, machine == 62 ? 8 : 1027);    /* RELATIVE */
		put64(moving + 0x410 + 24 * i, 0x1010);
	}
	put64(moving + 0x500, 0x4100);
	put_note(moving + 0x600, "SMALT", 1, &wish, sizeof wish);
	for (unsigned i = 0; i < sizeof dynamic / sizeof dynamic[0]; i++)
		put64(moving + 0x3100 + 8 * i, dynamic[i]);
}

/* For PVH, or an arm64 Image (Linux Documentation/arch/arm64/booting.rst). */
static inline void make_foreign(uint16_t machine)
{
	static const uint32_t entry = 0x1000010;
	struct maker m = {
		.file = foreign, .file_bytes = FOREIGN_BYTES, .type = 2, .machine = 62, .entry = 0xffffffff81000010,
		.segment_count = 3,
		.segments = {
			{ 1, 5, 0x1000, 0xffffffff81000000, 0x1000000, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x2000, 0xffffffff81001000, 0x1001000, 0x800, 0x3000, 0x1000 },
			{ 4, 4, 0x600, 0, 0, 20, 20, 4 },
		},
	};

	memset(foreign, 0x22, sizeof foreign);
	if (machine == 62) {
		maker_write(&m);
		put_note(foreign + 0x600, "Xen", 18, &entry, 4);         /* XEN_ELFNOTE_PHYS32_ENTRY */
		return;
	}
	put64(foreign + 8, 0x80000);
	put64(foreign + 16, 0x10000);
	put64(foreign + 24, 0);
	memcpy(foreign + 56, "ARM\x64", 4);
}

static inline void make_files(uint16_t machine)
{
	make_shared(machine);
	make_moving(machine);
	make_foreign(machine);
}

static const struct { const char *name; const void *bytes; uint64_t count; } files[] = {
	{ "kernel", kernel.file, SO_BYTES }, { "a.so", a.file, SO_BYTES }, { "z.so", z.file, SO_BYTES },
	{ "moving", moving, MOVING_BYTES }, { "foreign", foreign, FOREIGN_BYTES }, { "raw", "some bytes", 10 },
};

enum { FILES = sizeof files / sizeof files[0] };

#endif
