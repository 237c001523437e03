/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map.c: the mapping call as firmware uses it: rows, memory and page tables, and what
 * is left after every failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_bench.h"

#define FILE_BYTES 0x9000ull

static const uint32_t both[] = { 62, 183 };

static const struct maker_segment layout[] = {
	{ 1, 4, 0, 0, 0, 0x800, 0x800, 0x1000 },
	{ 1, 5, 0x1000, 0x1000, 0, 0x3123, 0x3123, 0x1000 },
	{ 1, 6, 0x5123, 0x6123, 0, 0x1e00, 0x5000, 0x1000 },
	{ 1, 6, 0, 0x20000, 0, 0, 0x30123, 0x1000 },
};

static void make_object(uint16_t type, uint64_t base)
{
	struct maker m = { .file = b.ram, .file_bytes = FILE_BYTES, .type = type,
	                   .machine = (uint16_t)b.machine, .entry = base + 0x1010, .segment_count = 4 };

	for (unsigned i = 0; i < FILE_BYTES; i++)
		b.ram[i] = (uint8_t)(i * 7 + (i >> 8));
	for (unsigned i = 0; i < 4; i++) {
		m.segments[i] = layout[i];
		m.segments[i].va += base;
	}
	maker_write(&m);
}

/* What the byte at va, without base, is: of the file, or zero. */
static int expected(const uint8_t *file, uint64_t va)
{
	for (unsigned i = 0; i < 4; i++)
		if (va - layout[i].va < layout[i].file_bytes)
			return file[layout[i].offset + (va - layout[i].va)];
	return 0;
}

static void check_contents(const uint64_t root[2], const uint8_t *file, uint64_t base)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t end = (layout[i].va + layout[i].mem_bytes + PAGE - 1) & -PAGE, pa = 0;

		for (uint64_t va = layout[i].va & -PAGE; va < end; va++) {
			assert_true(walk(root, base + va, &pa) != 0);
			assert_int_equal(*(uint8_t *)at_pa(pa), expected(file, va));
		}
	}
}

static void say(uint32_t status)
{
	char text[512];

	smalt_fault_text(&b.fault, text, sizeof text);
	if (status != SMALT_STATUS_OK)
		fail_msg("%s", text);
}

/* Rules: M6, M12, M17, M18, P7 */
static void every_mapped_byte_is_the_objects_or_zero(void **state)
{
	uint8_t file[FILE_BYTES];
	uint64_t root[2], pa;

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned type = 2; type <= 3; type++)
			for (unsigned consume = 0; consume < 2; consume++) {
				uint64_t base = type == 2 ? 0x400000 : 0;
				struct smalt_request request;

				bench_begin(both[m]);
				make_object((uint16_t)type, base);
				memcpy(file, b.ram, FILE_BYTES);
				say(open_space());
				request = request_of(FILE_BYTES);
				request.flags |= consume ? SMALT_MAP_CONSUME : 0;
				say(map_it(&request));
				assert_int_equal(b.count, 4);
				if (type == 3)
					base = request.from;
				for (unsigned i = 0; i < 4; i++)
					assert_true(b.rows[i].va == base + layout[i].va);
				say(smalt_tables(b.space, root, &b.fault));
				check_contents(root, file, base);
				assert_int_equal(walk(root, base + 0x40000000, &pa), 0);
				if (!consume)
					assert_memory_equal(b.ram, file, FILE_BYTES);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mapped_byte_is_the_objects_or_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
