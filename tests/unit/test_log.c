/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log.c: what reaches the console, character by character. */
#define arch_put fake_put
#include "../../lib/log.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

static char seen[2048];
static unsigned seen_count;
static uint64_t last_address;

void fake_put(uint32_t kind, uint64_t address, char c)
{
	assert_int_equal(kind, SMALT_SERIAL_PL011);
	last_address = address;
	seen[seen_count++] = c;
	seen[seen_count] = '\0';
}

static int closed(void **state)
{
	(void)state;
	log_open(SMALT_SERIAL_NONE, 0);
	seen_count = 0;
	seen[0] = '\0';
	return 0;
}

/* Rules: M20 */
static void nothing_is_printed_before_the_console_is_known(void **state)
{
	(void)state;
	log_print("%u\n", 1u);
	log_text("x");
	assert_string_equal(seen, "");
}

/* Rules: M20 */
static void a_line_ends_with_carriage_return_and_line_feed(void **state)
{
	(void)state;
	log_open(SMALT_SERIAL_PL011, 0x9000000);
	log_print("a %s\nb\n", "b");
	assert_string_equal(seen, "a b\r\nb\r\n");
	assert_int_equal(last_address, 0x9000000);
}

/* Rules: M20 */
static void a_fault_is_one_line_that_names_the_program(void **state)
{
	struct fault fault;

	(void)state;
	log_open(SMALT_SERIAL_PL011, 0x9000000);
	(void)fault_set(&fault, ST_OVERLAP, "p_vaddr", 0x1000, 0x1800);
	log_fault(&fault);
	assert_string_equal(seen, "smalt: p_vaddr: 0x1000 < 0x1800: OVERLAP, two segments claim the same bytes "
	                    "(Separate the segments in the linker script.)\r\n");
}

/* Rules: M20 */
static void a_text_of_any_length_is_printed_whole_and_a_format_is_cut(void **state)
{
	char longer[701];

	(void)state;
	memset(longer, 'x', 700);
	longer[700] = '\0';
	log_open(SMALT_SERIAL_PL011, 0x9000000);
	log_text(longer);
	assert_int_equal(seen_count, 700);
	log_print("%s", longer);
	assert_int_equal(seen_count, 700 + 511);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_printed_before_the_console_is_known, closed),
		cmocka_unit_test_setup(a_line_ends_with_carriage_return_and_line_feed, closed),
		cmocka_unit_test_setup(a_fault_is_one_line_that_names_the_program, closed),
		cmocka_unit_test_setup(a_text_of_any_length_is_printed_whole_and_a_format_is_cut, closed),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
