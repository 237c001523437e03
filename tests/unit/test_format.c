/* SPDX-License-Identifier: BSD-2-Clause */
/* test_format.c: which page tables a kernel gets is what was asked for, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "protocol.h"

static const struct format four = { .granule_shift = 12, .levels = 4, .leaf_count = 3 };
static const struct format five = { .granule_shift = 12, .levels = 5, .leaf_count = 3 };
static const struct format wide = { .granule_shift = 16, .levels = 3, .leaf_count = 4 };
static const struct format *const others[] = { &five, &wide, NULL };
static const struct machine machine = { .name = "small", .format = &four, .others = others };

/* Rules: P3 */
static void the_first_format_that_has_both_numbers_is_it(void **state)
{
	static const struct { uint32_t shift, levels; const struct format *format; } cases[] = {
		{ 0, 0, &four }, { 12, 0, &four }, { 0, 4, &four }, { 12, 4, &four },
		{ 0, 5, &five }, { 12, 5, &five }, { 16, 0, &wide }, { 0, 3, &wide }, { 16, 3, &wide },
		{ 16, 4, NULL }, { 12, 3, NULL }, { 14, 0, NULL }, { 0, 6, NULL }, { 268, 0, NULL },
	};
	struct machine alone = machine;

	(void)state;
	alone.others = NULL;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct format *format = cases[i].format;

		assert_ptr_equal(machine_format(&machine, cases[i].shift, cases[i].levels), format);
		assert_ptr_equal(machine_format(&alone, cases[i].shift, cases[i].levels),
		                 format == &four ? format : NULL);
	}
}

/* Leaves of another granule are not those that leaf_mask is about. */
/* Rules: P3 */
static void leaf_mask_is_about_the_granule_of_the_machine(void **state)
{
	struct env env = { .machine = &machine, .cpu = { .leaf_mask = 3 } };
	struct boot boot = { .env = &env };

	(void)state;
	boot.format = &four;
	assert_int_equal(format_leaves(&boot), 3);
	boot.format = &five;
	assert_int_equal(format_leaves(&boot), 3);
	boot.format = &wide;
	assert_int_equal(format_leaves(&boot), 15);
}

static enum status ask(uint32_t shift, uint32_t levels)
{
	static struct env env = { .machine = &machine, .cpu = { .granules = 1u << 16 } };
	static struct boot_object kernel;

	b.boot = (struct boot){
		.env = &env, .objects = &kernel, .settings = { .granule_shift = shift, .paging_levels = levels },
	};
	return format_choose(&b.boot, &b.fault);
}

/* Rules: P3, M20 */
static void what_does_not_exist_is_named(void **state)
{
	(void)state;
	assert_int_equal(ask(16, 0), ST_OK);
	assert_ptr_equal(b.boot.format, &wide);
	assert_int_equal(ask(0, 7), ST_MISSING_CAPABILITY);
	assert_string_equal(b.fault.field, "paging_levels");
	assert_int_equal(b.fault.value, 7);
	assert_int_equal(ask(14, 0), ST_MISSING_CAPABILITY);
	assert_string_equal(b.fault.word, "small has no pages of 16K");
	assert_int_equal(b.fault.value, 14);
	assert_int_equal(ask(9, 0), ST_MISSING_CAPABILITY);
	assert_string_equal(b.fault.word, "small has no such pages");
	assert_int_equal(ask(99, 0), ST_MISSING_CAPABILITY);
	assert_string_equal(b.fault.word, "small has no such pages");
	assert_int_equal(ask(16, 4), ST_BAD_CONFIG);
	assert_string_equal(b.fault.field, "paging_levels of such pages");
}

/* Rules: P3, M20 */
static void what_the_cpu_lacks_is_named(void **state)
{
	static const uint32_t without[] = { 0, 1u << 12, 1u << 12 | 1u << 14, ~(1u << 16) };
	struct env env = { .machine = &machine };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct boot boot = { .env = &env, .settings = { .granule_shift = 16 } };

		env.cpu.granules = without[i];
		assert_int_equal(format_choose(&boot, &b.fault), ST_MISSING_CAPABILITY);
		assert_string_equal(b.fault.word, "this CPU has no pages of 64K");
		boot.settings.granule_shift = 12;
		assert_int_equal(format_choose(&boot, &b.fault), ST_OK);
	}
}

/* Rules: H4 */
static void a_foreign_kernel_gets_none_of_it(void **state)
{
	struct env env = { .machine = &machine };
	struct boot boot = { .env = &env, .settings = { .granule_shift = 14 }, .protocol = &protocol_pvh };

	(void)state;
	assert_int_equal(format_choose(&boot, &b.fault), ST_OK);
	assert_ptr_equal(boot.format, &four);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_format_that_has_both_numbers_is_it),
		cmocka_unit_test(leaf_mask_is_about_the_granule_of_the_machine),
		cmocka_unit_test(what_does_not_exist_is_named),
		cmocka_unit_test(what_the_cpu_lacks_is_named),
		cmocka_unit_test(a_foreign_kernel_gets_none_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
