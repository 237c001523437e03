/* SPDX-License-Identifier: BSD-2-Clause */
/* test_reporter.c: the text of a fault report, on a made-up kernel. */
#include "../../boot/reporter.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fake_handoff.h"

static struct fake fake;
static uint64_t stack[256];      /* real memory: the backtrace reads it */
static char printed[8192];
static unsigned printed_bytes;
static uint32_t exit_status;
static jmp_buf after_exit;
static unsigned fault_after;     /* a second fault once so many characters are out; 0: none */

void reporter_put(const struct reporter_setup *setup, char c)
{
	static const struct report nested = { .what = "page fault" };

	assert_ptr_equal(setup, &reporter_setup);
	assert_true(printed_bytes < sizeof(printed) - 1);
	printed[printed_bytes++] = c;
	printed[printed_bytes] = 0;
	if (printed_bytes == fault_after)
		reporter_report(&nested);
}

void reporter_exit(uint32_t status)
{
	exit_status = status;
	longjmp(after_exit, 1);
}

static uint64_t stack_va(unsigned word)
{
	return (uintptr_t)&stack[word];
}

static int set_up(void **state)
{
	const struct smalt_object kernel = {
		.name_va = (uintptr_t)"kernel.elf", .role = SMALT_ROLE_KERNEL, .base = 0x200000,
	};

	(void)state;
	memset(stack, 0xaa, sizeof(stack));
	fake_begin(&fake);
	fake_object(&fake, &kernel);
	fake_row(&fake, 0x201000, 0x1800, SMALT_R | SMALT_X, SMALT_KIND_OBJECT, 1);
	fake_row(&fake, 0x204010, 0x200, SMALT_R, SMALT_KIND_OBJECT, 2);
	fake_row(&fake, 0x300000, 0x1000, SMALT_R, SMALT_KIND_HANDOFF, SMALT_NONE);
	fake_row(&fake, stack_va(0), sizeof(stack), SMALT_R | SMALT_W, SMALT_KIND_STACK, SMALT_NONE);
	fake_extent(&fake, 0x201000, 0x701000, 0x2000, SMALT_R | SMALT_X);
	fake_extent(&fake, 0x204000, 0x704000, 0x1000, SMALT_R);
	fake_extent(&fake, 0x300000, 0x705000, 0x1000, SMALT_R);
	fake.handoff.direct_map_va = 0xffff800000000000;
	fake.handoff.direct_map_bytes = 0x800000;
	fake_memory(&fake, 0x100000, 0x600000, SMALT_MEM_USABLE);
	fake_memory(&fake, 0x700000, 0x80000, SMALT_MEM_OBJECT);
	fake_memory(&fake, 0x780000, 0x80000, SMALT_MEM_RESERVED);
	reporter_setup.handoff_va = (uintptr_t)&fake.handoff;
	reporting = 0;
	fault_after = 0;
	return 0;
}

/* The report of an access, as printed. */
static const char *report_of(uint32_t access, uint64_t address)
{
	struct report report = {
		.what = "page fault", .access = access, .address = address, .pc = 0x201234,
		.code = 3, .fp = 0,
	};

	printed_bytes = 0;
	exit_status = 0;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	reporting = 0;
	return printed;
}

static unsigned lines_printed(void)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < printed_bytes; i++)
		lines += printed[i] == '\n';
	return lines;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("no \"%s\" in:\n%s", part, text);
	assert_non_null(strstr(text, part));
}

/* Rules: H1 */
static void a_report_is_what_where_and_from_where_and_ends_with_126(void **state)
{
	(void)state;
	assert_string_equal(report_of(SMALT_W, 0x201800),
		"smalt: page fault: write to 0x0000000000201800, code 0x3\r\n"
		"  address  kernel.elf segment 1 r-x +0x800, not writable\r\n"
		"  pc       0x0000000000201234 kernel.elf+0x1234, kernel.elf segment 1 r-x +0x234\r\n");
	assert_int_equal(exit_status, 126);
}

/* Rules: H1 */
static void the_missing_right_is_named_for_every_kind_of_access(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_X, 0x204020), "jump to 0x0000000000204020");
	assert_has(printed, "kernel.elf segment 2 r-- +0x10, not executable\r\n");
	assert_has(report_of(SMALT_W, 0x300008), "handoff r-- +0x8, not writable\r\n");
	assert_has(report_of(SMALT_X, stack_va(2)), "boot stack rw- +0x10, not executable\r\n");
	assert_has(report_of(SMALT_R, 0x201000), "read of 0x0000000000201000");
	assert_has(printed, "segment 1 r-x +0x0\r\n");   /* has the right: nothing is missing */
}

static struct smalt_row *row_nr(uint32_t i)
{
	return (struct smalt_row *)(uintptr_t)smalt_nth_row(&fake.handoff, i);
}

/* Rules: H1 */
static void segments_are_numbered_in_decimal_and_a_flat_object_has_none(void **state)
{
	(void)state;
	row_nr(0)->segment = 0;
	assert_has(report_of(SMALT_W, 0x201000), "kernel.elf segment 0 r-x");
	row_nr(0)->segment = 10;
	assert_has(report_of(SMALT_W, 0x201000), "kernel.elf segment 10 r-x");
	row_nr(0)->segment = 98;
	assert_has(report_of(SMALT_W, 0x201000), "kernel.elf segment 98 r-x");
	row_nr(0)->segment = 4294967294;
	assert_has(report_of(SMALT_W, 0x201000), "kernel.elf segment 4294967294 r-x");
	row_nr(0)->segment = SMALT_NONE;
	assert_has(report_of(SMALT_W, 0x201000), "address  kernel.elf r-x");
}

/* Rules: H1 */
static void a_kind_of_row_that_a_later_smalt_added_is_a_row(void **state)
{
	(void)state;
	row_nr(2)->kind = SMALT_KIND_FRAMEBUFFER;
	assert_has(report_of(SMALT_W, 0x300000), "address  framebuffer r--");
	row_nr(2)->kind = SMALT_KIND_EFI_RUNTIME + 1;
	assert_has(report_of(SMALT_W, 0x300000), "address  row r--");
	row_nr(2)->kind = SMALT_NONE;
	row_nr(2)->prot = 0;
	assert_has(report_of(SMALT_R, 0x300000), "address  row --- +0x0, not readable");
}

/* Rules: H1, M14 */
static void unmapped_memory_is_told_by_its_neighbors(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_R, 0x203008),
	           "not mapped: 0x808 bytes behind kernel.elf segment 1, 0x1008 before kernel.elf segment 2\r\n");
	assert_has(report_of(SMALT_R, 0x200000), "not mapped: 0x1000 before kernel.elf segment 1\r\n");
	assert_has(report_of(SMALT_R, UINT64_MAX), " bytes behind boot stack\r\n");
}

/* Rules: H1, M17 */
static void the_rest_of_a_page_behind_a_row_has_the_rights_of_the_page(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_W, 0x202800), "unused part of a page, 0x0 bytes behind kernel.elf segment 1");
	assert_has(printed, "not writable\r\n");
	assert_has(report_of(SMALT_R, 0x202800), "before kernel.elf segment 2\r\n");
	assert_has(report_of(SMALT_X, 0x204008), "unused part of a page");
	assert_has(printed, "not executable\r\n");
}

/* Rules: M14 */
static void page_0_is_a_null_pointer(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_R, 0), "not mapped: page 0, a null pointer?\r\n");
	assert_has(report_of(SMALT_W, 0xfff), "not mapped: page 0, a null pointer?\r\n");
	assert_null(strstr(report_of(SMALT_W, 0x1000), "null pointer"));
}

/* Rules: M14 */
static void the_guard_below_a_stack_is_a_stack_overflow(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_W, stack_va(0) - 8), "not mapped: guard below boot stack, stack overflow?\r\n");
	assert_has(report_of(SMALT_W, stack_va(0) - 0x1000), "stack overflow?\r\n");
	assert_null(strstr(report_of(SMALT_W, stack_va(0) - 0x1001), "stack overflow"));
	assert_null(strstr(report_of(SMALT_W, 0x2fffff), "stack overflow"));     /* guard of the handoff */
	row_nr(3)->kind = SMALT_KIND_FAULT_STACK;
	assert_has(report_of(SMALT_W, stack_va(0) - 8), "before fault stack\r\n");
}

/* Rules: P6, M12 */
static void the_direct_map_is_told_by_its_memory(void **state)
{
	(void)state;
	assert_has(report_of(SMALT_W, 0xffff800000704010),
	           "direct map of pa 0x704010, object memory, read-only where a row is\r\n");
	assert_has(report_of(SMALT_X, 0xffff800000100000),
	           "direct map of pa 0x100000, usable memory, not executable\r\n");
	assert_has(report_of(SMALT_R, 0xffff800000780000),
	           "direct map of pa 0x780000, reserved memory, which it leaves out\r\n");
	assert_has(report_of(SMALT_R, 0xffff800000000000), "unknown memory, which it leaves out\r\n");
	assert_has(report_of(SMALT_R, 0xffff8000007fffff), "direct map of pa 0x7fffff");
	assert_null(strstr(report_of(SMALT_R, 0xffff800000800000), "direct map"));
	((struct smalt_memory *)(uintptr_t)smalt_nth_memory(&fake.handoff, 2))->type = SMALT_MEM_TYPES;
	assert_has(report_of(SMALT_R, 0xffff800000780000), "unknown memory");
}

/* Rules: H1 */
static void a_fault_that_is_not_about_memory_has_no_address(void **state)
{
	(void)state;
	assert_has(report_of(0, 0), "smalt: page fault, code 0x3\r\n  pc ");
}

/* Rules: H1 */
static void a_pc_outside_every_row_is_told_like_an_address(void **state)
{
	struct report report = { .what = "page fault", .access = SMALT_X, .pc = 0x10 };

	(void)state;
	printed_bytes = 0;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	assert_has(printed, "  pc       0x0000000000000010 not mapped: page 0, a null pointer?\r\n");
}

/* Rules: H1 */
static void registers_stand_three_in_a_line(void **state)
{
	struct report report = {
		.what = "undefined instruction", .pc = 0x201000, .register_count = 4,
		.registers = { { "rax", 1 }, { "longname", UINT64_MAX }, { "r8", 0x10 }, { "x30", 0 } },
	};

	(void)state;
	printed_bytes = 0;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	assert_has(printed,
		"  rax     0x0000000000000001  longname0xffffffffffffffff  r8      0x0000000000000010\r\n"
		"  x30     0x0000000000000000\r\n");
}

/* Rules: H1 */
static void more_registers_than_there_are_places_are_not_read(void **state)
{
	struct report report = { .what = "x", .pc = 0x201000, .register_count = UINT32_MAX };

	(void)state;
	printed_bytes = 0;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	assert_int_equal(lines_printed(), 2 + (REPORT_REGISTERS + 2) / 3);
	assert_int_equal(printed[printed_bytes - 1], '\n');
}

static const char *backtrace_from(uint64_t fp)
{
	struct report report = { .what = "x", .pc = 0x201000, .fp = fp };

	printed_bytes = 0;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	reporting = 0;
	return printed;
}

static void frame(unsigned word, uint64_t next, uint64_t caller)
{
	stack[word] = next;
	stack[word + 1] = caller;
}

/* Rules: H1 */
static void the_backtrace_follows_frames_up_the_stack(void **state)
{
	(void)state;
	frame(4, stack_va(10), 0x201100);
	frame(10, stack_va(254), 0x201200);
	frame(254, 0, 0x201300);
	assert_has(backtrace_from(stack_va(4)),
		"  called from\r\n"
		"    0x0000000000201100 kernel.elf+0x1100, kernel.elf segment 1 r-x +0x100\r\n"
		"    0x0000000000201200 kernel.elf+0x1200, kernel.elf segment 1 r-x +0x200\r\n"
		"    0x0000000000201300 kernel.elf+0x1300, kernel.elf segment 1 r-x +0x300\r\n");
}

/* Rules: H1 */
static void the_backtrace_ends_where_a_frame_is_not_in_a_readable_row(void **state)
{
	(void)state;
	assert_null(strstr(backtrace_from(stack_va(255)), "called from"));      /* half outside */
	assert_null(strstr(backtrace_from(stack_va(4) + 1), "called from"));   /* not aligned */
	assert_null(strstr(backtrace_from(0x8), "called from"));
	assert_null(strstr(backtrace_from(UINT64_MAX - 7), "called from"));
	frame(4, 0xffff800000100000, 0x201100);
	assert_has(backtrace_from(stack_va(4)), "kernel.elf+0x1100");
	row_nr(3)->prot = SMALT_W;
	assert_null(strstr(backtrace_from(stack_va(4)), "called from"));
}

/* Rules: H1 */
static void frames_that_form_a_circle_end_the_backtrace(void **state)
{
	(void)state;
	frame(4, stack_va(4), 0x201100);
	assert_has(backtrace_from(stack_va(4)), "kernel.elf+0x1100");
	assert_int_equal(lines_printed(), 4);
	frame(4, stack_va(8), 0x201100);
	frame(8, stack_va(4), 0x201200);
	backtrace_from(stack_va(4));
	assert_int_equal(lines_printed(), 5);
}

/* Rules: H1 */
static void a_backtrace_has_at_most_32_lines(void **state)
{
	(void)state;
	for (unsigned word = 0; word < 200; word += 2)
		frame(word, stack_va(word + 2), 0x201100);
	backtrace_from(stack_va(0));
	assert_int_equal(lines_printed(), 2 + 1 + 32);
}

/* Rules: H1 */
static void a_return_address_of_zero_ends_the_backtrace(void **state)
{
	(void)state;
	frame(4, stack_va(8), 0);
	assert_null(strstr(backtrace_from(stack_va(4)), "called from"));
}

/* Rules: H1 */
static void a_fault_of_the_reporter_is_one_line_and_the_end(void **state)
{
	struct report report = { .what = "page fault", .pc = 0x201000 };

	(void)state;
	printed_bytes = 0;
	fault_after = 20;
	if (setjmp(after_exit) == 0)
		reporter_report(&report);
	assert_string_equal(printed + 20, "\r\nsmalt: fault inside the fault reporter\r\n");
	assert_int_equal(exit_status, 126);
}

/* Rules: H1 */
static void without_the_handoff_what_and_registers_are_still_told(void **state)
{
	(void)state;
	fake.handoff.magic = 0;
	assert_string_equal(report_of(SMALT_W, 0x10), "smalt: page fault: write to 0x0000000000000010, code 0x3\r\n");
	assert_int_equal(exit_status, 126);
	reporter_setup.handoff_va = 0;
	assert_string_equal(report_of(SMALT_W, 0x10), "smalt: page fault: write to 0x0000000000000010, code 0x3\r\n");
}

/* Rules: H1 */
static void a_name_without_an_end_is_cut(void **state)
{
	struct smalt_object *kernel = (struct smalt_object *)fake.objects.bytes;
	char name[200];

	(void)state;
	memset(name, 'k', sizeof(name));
	kernel->name_va = (uintptr_t)name;
	name[NAME_MAX_BYTES] = '!';
	assert_has(report_of(SMALT_W, 0x201000), "k segment 1");
	assert_null(strchr(printed, '!'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_report_is_what_where_and_from_where_and_ends_with_126, set_up),
		cmocka_unit_test_setup(the_missing_right_is_named_for_every_kind_of_access, set_up),
		cmocka_unit_test_setup(segments_are_numbered_in_decimal_and_a_flat_object_has_none, set_up),
		cmocka_unit_test_setup(a_kind_of_row_that_a_later_smalt_added_is_a_row, set_up),
		cmocka_unit_test_setup(unmapped_memory_is_told_by_its_neighbors, set_up),
		cmocka_unit_test_setup(the_rest_of_a_page_behind_a_row_has_the_rights_of_the_page, set_up),
		cmocka_unit_test_setup(page_0_is_a_null_pointer, set_up),
		cmocka_unit_test_setup(the_guard_below_a_stack_is_a_stack_overflow, set_up),
		cmocka_unit_test_setup(the_direct_map_is_told_by_its_memory, set_up),
		cmocka_unit_test_setup(a_fault_that_is_not_about_memory_has_no_address, set_up),
		cmocka_unit_test_setup(a_pc_outside_every_row_is_told_like_an_address, set_up),
		cmocka_unit_test_setup(registers_stand_three_in_a_line, set_up),
		cmocka_unit_test_setup(more_registers_than_there_are_places_are_not_read, set_up),
		cmocka_unit_test_setup(the_backtrace_follows_frames_up_the_stack, set_up),
		cmocka_unit_test_setup(the_backtrace_ends_where_a_frame_is_not_in_a_readable_row, set_up),
		cmocka_unit_test_setup(frames_that_form_a_circle_end_the_backtrace, set_up),
		cmocka_unit_test_setup(a_backtrace_has_at_most_32_lines, set_up),
		cmocka_unit_test_setup(a_return_address_of_zero_ends_the_backtrace, set_up),
		cmocka_unit_test_setup(a_fault_of_the_reporter_is_one_line_and_the_end, set_up),
		cmocka_unit_test_setup(without_the_handoff_what_and_registers_are_still_told, set_up),
		cmocka_unit_test_setup(a_name_without_an_end_is_cut, set_up),
	};

	return cmocka_run_group_tests_name("reporter", tests, NULL, NULL);
}
