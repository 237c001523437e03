/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_smbios.c: entry points in a memory of our own, written by the offsets of
 * DSP0134 3.6, 5.2.1 and 5.2.2: what is whole is found, everything else is none.
 */
#include "smbios.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fake_ram.h"

enum { ENTRY = 0x3010, TABLE = 0x6020, TABLE_BYTES = 0x1234, END = 0x10000 };

/* Makes the bytes of [pa, pa + bytes) add up to 0 through the one at `sum`. */
static void fix_sum(struct fake_ram *ram, uint64_t pa, uint64_t bytes, uint64_t sum)
{
	uint8_t total = 0;

	ram_put(ram, pa + sum, 1, 0);
	for (uint64_t i = 0; i < bytes; i++)
		total = (uint8_t)(total + (pa + i < ram->limit ? ram->bytes[pa + i] : 0));
	ram_put(ram, pa + sum, 1, (uint8_t)-total);
}

static void put_wide(struct fake_ram *ram, uint64_t pa, unsigned length, uint64_t table, uint32_t bytes)
{
	ram_text(ram, pa, "_SM3_", 5);
	ram_put(ram, pa + 6, 1, length);
	ram_put(ram, pa + 12, 4, bytes);
	ram_put(ram, pa + 16, 8, table);
	fix_sum(ram, pa, length, 5);
}

static void put_narrow(struct fake_ram *ram, uint64_t pa, unsigned length, uint32_t table, uint16_t bytes)
{
	ram_text(ram, pa, "_SM_", 4);
	ram_put(ram, pa + 5, 1, length);
	ram_text(ram, pa + 16, "_DMI_", 5);
	ram_put(ram, pa + 22, 2, bytes);
	ram_put(ram, pa + 24, 4, table);
	fix_sum(ram, pa + 16, 15, 5);
	fix_sum(ram, pa, length, 4);
}

/* Reads into an environment in which an earlier one had been found. */
static struct env found(struct fake_ram *ram, uint64_t pa)
{
	static struct env env;

	env = (struct env){ .smbios_pa = 1, .smbios_bytes = 1, .smbios_count = 2 };
	smbios_read(ram_reach(ram), pa, &env);
	return env;
}

static void assert_none(const struct env *env)
{
	assert_int_equal(env->smbios_pa, 0);
	assert_int_equal(env->smbios_bytes, 0);
	assert_int_equal(env->smbios_count, 0);
}

/* Rules: H8 */
static void entry_point_and_table_are_found(void **state)
{
	(void)state;
	for (unsigned narrow = 0; narrow < 2; narrow++) {
		struct fake_ram ram = ram_new(END);
		struct env env;

		if (narrow)
			put_narrow(&ram, ENTRY, 31, TABLE, TABLE_BYTES);
		else
			put_wide(&ram, ENTRY, 24, TABLE, TABLE_BYTES);
		env = found(&ram, ENTRY);
		assert_int_equal(env.smbios_pa, ENTRY);
		assert_int_equal(env.smbios_bytes, narrow ? 31 : 24);
		assert_int_equal(env.smbios_count, 2);
		assert_int_equal(env.smbios[0].pa, 0x3000);
		assert_int_equal(env.smbios[0].bytes, 0x1000);
		assert_int_equal(env.smbios[1].pa, 0x6000);
		assert_int_equal(env.smbios[1].bytes, 0x2000);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void pages_come_out_ascending_and_as_one_where_they_touch(void **state)
{
	static const struct { uint64_t entry, table; uint32_t bytes, count; uint64_t pa[2], sizes[2]; } cases[] = {
		{ 0x3010, 0x3100, 0x100, 1, { 0x3000 }, { 0x1000 } },
		{ 0x3010, 0x4000, 0x1001, 1, { 0x3000 }, { 0x3000 } },
		{ 0x3010, 0x5000, 0x1000, 2, { 0x3000, 0x5000 }, { 0x1000, 0x1000 } },
		{ 0x5010, 0x3000, 0x1fff, 1, { 0x3000 }, { 0x3000 } },
		{ 0x5010, 0x3000, 0x1000, 2, { 0x3000, 0x5000 }, { 0x1000, 0x1000 } },
		{ 0x5ff0, 0x2000, 0x8000, 1, { 0x2000 }, { 0x8000 } },
		{ 0x3ff0, 0x4800, 0x10, 1, { 0x3000 }, { 0x2000 } },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake_ram ram = ram_new(END);
		struct env env;

		put_wide(&ram, cases[i].entry, 24, cases[i].table, cases[i].bytes);
		env = found(&ram, cases[i].entry);
		assert_int_equal(env.smbios_pa, cases[i].entry);
		assert_int_equal(env.smbios_count, cases[i].count);
		for (uint32_t n = 0; n < env.smbios_count; n++) {
			assert_int_equal(env.smbios[n].pa, cases[i].pa[n]);
			assert_int_equal(env.smbios[n].bytes, cases[i].sizes[n]);
		}
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void the_entry_point_says_how_long_it_is(void **state)
{
	(void)state;
	for (unsigned length = 0; length < 256; length++) {
		struct fake_ram ram = ram_new(END);
		struct env env;

		put_wide(&ram, ENTRY, length, TABLE, TABLE_BYTES);
		env = found(&ram, ENTRY);
		assert_int_equal(env.smbios_bytes, length >= 24 ? length : 0);
		put_narrow(&ram, ENTRY, length, TABLE, TABLE_BYTES);
		env = found(&ram, ENTRY);
		assert_int_equal(env.smbios_bytes, length >= 30 ? length : 0);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void no_byte_may_be_another(void **state)
{
	(void)state;
	for (unsigned narrow = 0; narrow < 2; narrow++)
		for (unsigned at = 0; at < (narrow ? 31 : 24); at++) {
			struct fake_ram ram = ram_new(END);
			struct env env;

			if (narrow)
				put_narrow(&ram, ENTRY, 31, TABLE, TABLE_BYTES);
			else
				put_wide(&ram, ENTRY, 24, TABLE, TABLE_BYTES);
			ram.bytes[ENTRY + at] ^= 1;
			env = found(&ram, ENTRY);
			assert_none(&env);
			ram_free(&ram);
		}
}

/* Rules: H8 */
static void both_anchors_and_both_sums_of_the_old_one_count(void **state)
{
	static const struct { unsigned at, outer; } broken[] = {
		{ 16, 1 }, { 20, 1 }, { 21, 1 }, { 28, 1 }, { 0, 0 }, { 3, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct fake_ram ram = ram_new(END);
		struct env env;

		put_narrow(&ram, ENTRY, 31, TABLE, TABLE_BYTES);
		ram.bytes[ENTRY + broken[i].at] ^= 2;
		if (broken[i].at < 21 && broken[i].outer)
			fix_sum(&ram, ENTRY + 16, 15, 5);
		fix_sum(&ram, ENTRY, 31, 4);
		env = found(&ram, ENTRY);
		assert_none(&env);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void a_table_that_cannot_be_there_is_none(void **state)
{
	static const struct { uint64_t table; uint32_t bytes; bool good; } tables[] = {
		{ TABLE, 0, false }, { TABLE, 1, true }, { 0, 0x100, false }, { END - 0x100, 0x100, true },
		{ END - 0x100, 0x101, false }, { END, 1, false }, { UINT64_MAX - 0xf, 0x10, false },
		{ UINT64_MAX, UINT32_MAX, false }, { TABLE, UINT32_MAX, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		struct fake_ram ram = ram_new(END);
		struct env env;

		put_wide(&ram, ENTRY, 24, tables[i].table, tables[i].bytes);
		env = found(&ram, ENTRY);
		assert_int_equal(env.smbios_pa, tables[i].good ? ENTRY : 0);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void a_table_has_at_most_16_mib(void **state)
{
	(void)state;
	for (uint32_t over = 0; over < 2; over++) {
		struct fake_ram ram = ram_new(0x1100000);
		struct env env;

		put_wide(&ram, ENTRY, 24, 0x10000, (16 << 20) + over);
		env = found(&ram, ENTRY);
		assert_int_equal(env.smbios_pa, over ? 0 : ENTRY);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void nothing_behind_what_can_be_read_is_touched(void **state)
{
	(void)state;
	for (unsigned narrow = 0; narrow < 2; narrow++)
		for (uint64_t limit = 0; limit < 0x120; limit++) {
			struct fake_ram ram = ram_new(limit);
			struct env env;

			if (narrow)
				put_narrow(&ram, 0x100, 31, 0x10, 0x20);
			else
				put_wide(&ram, 0x100, 24, 0x10, 0x20);
			env = found(&ram, 0x100);
			assert_int_equal(env.smbios_pa, limit >= (narrow ? 0x11f : 0x118) ? 0x100 : 0);
			ram_free(&ram);
		}
}

static void no_address_is_no_entry_point(void **state)
{
	struct fake_ram ram = ram_new(END);
	struct env env;

	(void)state;
	put_wide(&ram, 0, 24, TABLE, TABLE_BYTES);
	env = found(&ram, 0);
	assert_none(&env);
	env = found(&ram, UINT64_MAX - 2);
	assert_none(&env);
	ram_free(&ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_point_and_table_are_found),
		cmocka_unit_test(pages_come_out_ascending_and_as_one_where_they_touch),
		cmocka_unit_test(the_entry_point_says_how_long_it_is),
		cmocka_unit_test(no_byte_may_be_another),
		cmocka_unit_test(both_anchors_and_both_sums_of_the_old_one_count),
		cmocka_unit_test(a_table_that_cannot_be_there_is_none),
		cmocka_unit_test(a_table_has_at_most_16_mib),
		cmocka_unit_test(nothing_behind_what_can_be_read_is_touched),
		cmocka_unit_test(no_address_is_no_entry_point),
	};

	return cmocka_run_group_tests_name("smbios", tests, NULL, NULL);
}
