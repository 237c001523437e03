/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_status.c: faults, the line that people read, and the page about statuses.
 *
 *     test_status --write      writes docs/statuses.md anew
 */
#include "status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

static struct fault fault;
static char text[512];

static const char *line(void)
{
	memset(text, 0xaa, sizeof text);
	fault_text(&fault, text, sizeof text);
	return text;
}

static int poisoned(void **state)
{
	(void)state;
	memset(&fault, 0xaa, sizeof fault);
	return 0;
}

/* Rules: M20 */
static void every_status_has_a_name_a_text_and_a_remedy(void **state)
{
	(void)state;
	assert_int_equal(ST_OK, 0);
	assert_string_equal(status_name(ST_OK), "OK");
	assert_string_equal(status_name(ST_BAD_RELOCATION), "BAD_RELOCATION");
	for (enum status s = ST_OK + 1; s < STATUS_COUNT; s++) {
		const char *remedy = status_remedy(s);

		assert_true(strlen(status_name(s)) > 1);
		assert_true(strlen(status_text(s)) > 10);
		assert_true(strlen(remedy) > 20);
		assert_int_equal(remedy[strlen(remedy) - 1], '.');
		for (enum status t = ST_OK; t < s; t++)
			assert_string_not_equal(status_name(s), status_name(t));
	}
}

/* Rules: M19, M20 */
static void a_line_names_object_segment_field_place_numbers_and_remedy(void **state)
{
	(void)state;
	assert_int_equal(fault_set(&fault, ST_TRUNCATED, "p_offset", 0x9000, 0x8f00), ST_TRUNCATED);
	assert_int_equal(fault_segment(&fault, 2), ST_TRUNCATED);
	assert_int_equal(fault_at(&fault, 0x58), ST_TRUNCATED);
	assert_int_equal(fault_in(&fault, SPAN("kernel.elf")), ST_TRUNCATED);
	assert_string_equal(line(), "kernel.elf: segment 2: p_offset at 0x58: 0x9000 > 0x8f00: TRUNCATED, a range "
	                    "ends behind the end of the file (The file was cut off while it was copied or "
	                    "downloaded, or its headers are damaged: build it again.)");
}

/* Rules: M20 */
static void a_line_says_nothing_that_was_not_set(void **state)
{
	(void)state;
	(void)fault_field(&fault, ST_WX, "p_flags");
	assert_string_equal(line(), "p_flags: WX, memory would be writable and executable (Link with -z "
	                    "separate-code, or allow it with wx=allow.)");
	(void)fault_value(&fault, ST_MISALIGNED, "p_align", 3);
	(void)fault_hint(&fault, "say 4096");
	assert_string_equal(line(), "p_align: 0x3: MISALIGNED, an alignment is not a power of two, or an address "
	                    "breaks it (say 4096)");
	(void)fault_field(&fault, ST_AUDIT, NULL);
	(void)fault_hint(&fault, "");
	assert_string_equal(line(), "AUDIT, the page tables do not agree with the plan");
}

/* Rules: M20 */
static void the_relation_between_value_and_limit_is_true(void **state)
{
	(void)state;
	(void)fault_set(&fault, ST_BAD_HEADER, "e_phentsize", 32, 56);
	assert_non_null(strstr(line(), "e_phentsize: 0x20 < 0x38: "));
	(void)fault_set(&fault, ST_BAD_HEADER, "e_phentsize", 64, 56);
	assert_non_null(strstr(line(), "e_phentsize: 0x40 > 0x38: "));
	(void)fault_set(&fault, ST_BAD_ENTRY, "e_entry", 56, 56);
	assert_non_null(strstr(line(), "e_entry: 0x38 = 0x38: "));
	(void)fault_set(&fault, ST_WRONG_MACHINE, "e_machine", 62, 183);
	assert_non_null(strstr(line(), "e_machine: 0x3e, not 0xb7: "));
}

/* Rules: M20 */
static void a_fault_in_a_text_names_line_column_word_and_what_was_meant(void **state)
{
	(void)state;
	(void)fault_field(&fault, ST_BAD_CONFIG, "unknown key");
	(void)fault_place(&fault, 3, 7);
	(void)fault_word(&fault, SPAN("kernal"));
	(void)fault_in(&fault, SPAN("smalt.conf"));
	fault.nearest = "kernel";
	assert_string_equal(line(), "smalt.conf:3:7: unknown key: \"kernal\": BAD_CONFIG, smalt.conf is malformed, "
	                    "did you mean \"kernel\"? (Correct the line; docs/config.md has every key.)");
}

/* Rules: M20 */
static void a_new_fault_forgets_the_last_one(void **state)
{
	(void)state;
	(void)fault_set(&fault, ST_TRUNCATED, "p_offset", 1, 2);
	(void)fault_segment(&fault, UINT32_MAX);
	assert_int_equal(fault.has & FAULT_SEGMENT, 0);
	(void)fault_segment(&fault, 2);
	(void)fault_at(&fault, 3);
	(void)fault_place(&fault, 4, 5);
	(void)fault_word(&fault, SPAN("word"));
	(void)fault_hint(&fault, "hint");
	(void)fault_in(&fault, SPAN("object"));
	(void)fault_field(&fault, ST_NO_MEMORY, "rows");
	assert_int_equal(fault.has, 0);
	assert_int_equal(fault.object.bytes, 0);
	assert_string_equal(fault.word, "");
	assert_null(fault.hint);
	assert_null(fault.nearest);
}

/* Rules: M20 */
static void the_first_object_that_is_named_stays(void **state)
{
	(void)state;
	(void)fault_field(&fault, ST_NO_MEMORY, "rows");
	(void)fault_in(&fault, SPAN("module"));
	(void)fault_in(&fault, SPAN("archive"));
	assert_span(fault.object, "module");
}

/* Rules: M20 */
static void a_word_is_cut_to_fit_and_its_unprintables_replaced(void **state)
{
	(void)state;
	(void)fault_field(&fault, ST_BAD_CONFIG, "unknown key");
	(void)fault_word(&fault, SPAN("a\nb\033[2J\377\177~ \0c"));
	assert_string_equal(fault.word, "a?b?[2J??~ ?c");
	(void)fault_word(&fault, SPAN("0123456789012345678901234567890123456789012345678901234567890"));
	assert_string_equal(fault.word, "01234567890123456789012345678901234567890123456");
	(void)fault_word(&fault, SPAN("x"));
	assert_string_equal(fault.word, "x");
	(void)fault_in(&fault, SPAN("k"));
	assert_non_null(strstr(line(), "k: unknown key: \"x\": BAD_CONFIG"));
}

/* Rules: M20 */
static void a_line_is_cut_at_every_capacity(void **state)
{
	char whole[512];

	(void)state;
	(void)fault_set(&fault, ST_TRUNCATED, "p_offset", 0x9000, 0x8f00);
	fault_text(&fault, whole, sizeof whole);
	for (uint32_t capacity = 1; capacity < strlen(whole) + 3; capacity++) {
		char *small = malloc(capacity);

		fault_text(&fault, small, capacity);
		assert_int_equal(strlen(small), strnlen(whole, capacity - 1));
		assert_memory_equal(small, whole, strlen(small));
		free(small);
	}
}

/* --- docs/statuses.md ----------------------------------------------------------- */

/* The names of mmapfd's errors, as they map to ours (M20). */
static const char tail[] =
	"\n## For readers of mmapobj(2)\n\n"
	"| mmapobj | Smalt |\n|---|---|\n"
	"| E2BIG | TOO_SMALL |\n"
	"| EBADF, EFAULT, EINVAL | INVALID |\n"
	"| ENOMEM | NO_MEMORY |\n"
	"| EADDRINUSE | ADDRESS_IN_USE |\n"
	"| ENOTSUP | NOT_MAPPABLE, WRONG_CLASS |\n";

static char page[32768];

static const char *statuses_page(void)
{
	int used = snprintf(page, sizeof page,
		"# Statuses\n\n"
		"What Smalt says when it refuses something: a name, what it means, and what to do. The one line\n"
		"that is printed also names the file, the segment, the field and its place in the file, the number\n"
		"that was found and the one that it was compared to:\n\n"
		"    kernel.elf: segment 2: p_offset at 0x58: 0x9000 > 0x8f00: TRUNCATED, a range ends behind ...\n\n"
		"Generated from include/smalt/status.h by tests/unit/test_status.c: `build/check/test_status --write`.\n");

	for (enum status s = ST_OK + 1; s < STATUS_COUNT; s++)
		used += snprintf(page + used, sizeof page - (size_t)used, "\n## %s\n\n%c%s. %s\n", status_name(s),
		                 status_text(s)[0] & ~0x20, status_text(s) + 1, status_remedy(s));
	snprintf(page + used, sizeof page - (size_t)used, "%s", tail);
	return page;
}

static FILE *open_page(const char *mode)
{
	const char *source = getenv("SMALT_SOURCE");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/docs/statuses.md", source ? source : ".");
	file = fopen(path, mode);
	if (!file)
		perror(path);
	return file;
}

/* Rules: M20 */
static void the_manual_is_what_the_list_says(void **state)
{
	static char committed[sizeof page];
	FILE *file = open_page("r");

	(void)state;
	assert_non_null(file);
	committed[fread(committed, 1, sizeof committed - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(committed, statuses_page());
}

static int write_page(void)
{
	FILE *file = open_page("w");

	if (!file)
		return 1;
	fputs(statuses_page(), file);
	return fclose(file) != 0;
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_a_name_a_text_and_a_remedy),
		cmocka_unit_test_setup(a_line_names_object_segment_field_place_numbers_and_remedy, poisoned),
		cmocka_unit_test_setup(a_line_says_nothing_that_was_not_set, poisoned),
		cmocka_unit_test_setup(the_relation_between_value_and_limit_is_true, poisoned),
		cmocka_unit_test_setup(a_fault_in_a_text_names_line_column_word_and_what_was_meant, poisoned),
		cmocka_unit_test_setup(a_new_fault_forgets_the_last_one, poisoned),
		cmocka_unit_test_setup(the_first_object_that_is_named_stays, poisoned),
		cmocka_unit_test_setup(a_word_is_cut_to_fit_and_its_unprintables_replaced, poisoned),
		cmocka_unit_test_setup(a_line_is_cut_at_every_capacity, poisoned),
		cmocka_unit_test(the_manual_is_what_the_list_says),
	};

	if (argc == 2 && strcmp(argv[1], "--write") == 0)
		return write_page();
	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
