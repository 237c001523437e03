/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_sink.c: a sink hears of every problem of a file once, the first of them is what a check
 * without a sink ends with, and nothing that was told about is ever read well or placed.
 */
#include "sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "blob_files.h"
#include "elf_file.h"
#include "place_maker.h"
#include "reloc.h"

enum { LINES = 4096, LINE = 300 };

/* Remembers what it heard, as people would read it. */
struct listener {
	struct sink sink;
	uint32_t most;               /* stops with the problem of this number; 0: never */
	uint32_t count;
	char lines[LINES][LINE];
};

static bool hear(struct sink *sink, const struct fault *fault)
{
	struct listener *listener = (struct listener *)sink;

	assert_true(listener->count < LINES);
	assert_true(listener->most == 0 || listener->count < listener->most);
	fault_text(fault, listener->lines[listener->count++], LINE);
	return listener->count != listener->most;
}

static struct listener *listen(uint32_t most)
{
	static struct listener listener;

	listener.sink = (struct sink){ .report = hear };
	listener.most = most;
	listener.count = 0;
	return &listener;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void assert_no_line_twice(const struct listener *listener)
{
	static char sorted[LINES][LINE];

	memcpy(sorted, listener->lines, listener->count * sizeof sorted[0]);
	qsort(sorted, listener->count, sizeof sorted[0], compare);
	for (uint32_t i = 1; i < listener->count; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			fail_msg("told twice: %s", sorted[i]);
}

static const struct machine *machine_of(const uint8_t *bytes, uint64_t count)
{
	return count > 19 && bytes[E_MACHINE] == 183 ? &machine_aarch64 : &machine_x86_64;
}

/* Reads it, and looks at the relocations of what was read well. */
static enum status read_with(struct listener *listener, const uint8_t *bytes, uint64_t count,
                             struct object *object, struct fault *fault)
{
	static uint8_t memory[1 << 16] __attribute__((aligned(16)));
	static struct content content;
	struct arena arena = { memory, sizeof memory, 0 };
	struct object_source source = { SPAN("file"), &content, machine_of(bytes, count),
	                                listener ? &listener->sink : NULL };
	struct reloc_needs needs;
	enum status status;

	content = content_of((struct span){ bytes, count }, OBJECT_NOWHERE);
	memset(object, 0xaa, sizeof *object);
	memset(fault, 0xaa, sizeof *fault);
	status = object_read_from(object, &source, &arena, fault);
	if (status == ST_OK && object->kind == OBJECT_MOVABLE)
		status = reloc_check(object, source.machine, false, &needs, fault);
	return status;
}

/* Both ways to read the same bytes, of exactly their length for the sanitizer; how many problems there are. */
static uint32_t compare_ways(const uint8_t *bytes, uint64_t count, const char *name)
{
	uint8_t *copy = malloc(count + !count);
	struct listener *listener = listen(0);
	struct object object;
	struct fault stop, first;
	char line[LINE];
	enum status status, status_of_all;

	memcpy(copy, bytes, count);
	status = read_with(NULL, copy, count, &object, &stop);
	status_of_all = read_with(listener, copy, count, &object, &first);
	if (status != status_of_all)
		fail_msg("%s: %s, with a sink %s", name, status_name(status), status_name(status_of_all));
	assert_int_equal(status == ST_OK, listener->count == 0);
	if (status != ST_OK) {
		fault_text(&stop, line, sizeof line);
		assert_string_equal(listener->lines[0], line);
		fault_text(&first, line, sizeof line);
		assert_string_equal(listener->lines[0], line);
	}
	assert_int_equal(listener->sink.count, listener->count);
	assert_no_line_twice(listener);
	free(copy);
	return listener->count;
}

static const char *const statuses[] = {
	"OK", "NO_MEMORY", "TRUNCATED", "BAD_HEADER", "BAD_SEGMENT", "OVERFLOW", "NO_ADDRESS", "MISALIGNED",
	"OVERLAP", "BAD_ENTRY", "WX", "ADDRESS_IN_USE", "NOT_MAPPABLE", "WRONG_CLASS", "WRONG_MACHINE",
	"MISSING_CAPABILITY", "BAD_RELOCATION", "BAD_NOTE",
};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

/* Rules: S10 */
static void the_first_problem_told_is_the_one_that_a_check_without_a_sink_ends_with(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STATUSES; i++)
		for (struct blob *b = blobs(statuses[i]); b; b = drop(b))
			compare_ways(b->bytes, b->count, b->name);
}

/* Every bit, and the extremes, of every byte of every file: good ones get one problem, bad ones more. */
/* Rules: S10 */
static void whatever_one_byte_says_problems_are_told_once_and_nothing_is_read_well(void **state)
{
	uint32_t most = 0;

	(void)state;
	for (unsigned i = 0; i < STATUSES; i++)
		for (struct blob *b = blobs(statuses[i]); b; b = drop(b))
			for (uint64_t at = 0; at < b->count && at < 0x400; at++)
				for (unsigned change = 0; change < 10; change++) {
					uint8_t old = b->bytes[at];
					uint32_t count;

					b->bytes[at] = change < 8 ? old ^ 1u << change : change == 8 ? 0 : 0xff;
					count = compare_ways(b->bytes, b->count, b->name);
					most = count > most ? count : most;
					b->bytes[at] = old;
				}
	assert_true(most >= 3);
}

/* Two bad segments, an overlap, a second PT_INTERP, a bad note, a bad section table. */
static struct elf_file bad_file(void)
{
	struct elf_file file = good_file();

	put32(&file, E_VERSION, 2);
	add_phdr(&file, (struct phdr){ 1, 4, 0, 0x500000, 0x20, 0x10, 0x1000 });
	add_phdr(&file, (struct phdr){ 1, 4, 0, 0x600000, 0x20, 0x20, 0x1001 });
	add_phdr(&file, (struct phdr){ 1, 4, 0, 0x4003ff, 0x20, 0x20, 1 });
	add_phdr(&file, (struct phdr){ 3, 4, 0x300, 0, 0x20, 0x20, 1 });
	add_phdr(&file, (struct phdr){ 3, 4, 0x300, 0, 0x20, 0x20, 1 });
	add_phdr(&file, (struct phdr){ 7, 4, 0x900, 0x700000, 0x20, 0x20, 1 });
	add_phdr(&file, (struct phdr){ 4, 4, 0x400, 0, 0x20, 0x20, 4 });
	put32(&file, 0x400, 0x1000);
	put64(&file, E_SHOFF, 0x700);
	return file;
}

static const char *const bad_lines[] = {
	"file: e_version at 0x14: 0x2: BAD_HEADER, ",
	"file: segment 2: p_filesz at 0xd0: 0x20 > 0x10: BAD_SEGMENT, ",
	"file: segment 3: p_align at 0x118: 0x1001: MISALIGNED, ",
	"file: segment 4: p_vaddr at 0x130: 0x4003ff < 0x400400: OVERLAP, ",
	"file: segment 6: p_type at 0x190: \"PT_INTERP\": BAD_HEADER, ",
	"file: segment 7: p_offset at 0x1d0: 0x900 > 0x800: TRUNCATED, ",
	"file: segment 8: n_namesz at 0x400: 0x1000 > 0x14: BAD_HEADER, ",
	"file: e_shoff at 0x28: 0x700: BAD_HEADER, ",
};
enum { BAD = sizeof bad_lines / sizeof bad_lines[0] };

static void assert_bad_lines(const struct listener *listener, uint32_t count)
{
	assert_int_equal(listener->count, count);
	for (uint32_t i = 0; i < count; i++)
		if (strncmp(listener->lines[i], bad_lines[i], strlen(bad_lines[i])) != 0)
			fail_msg("%s instead of %s", listener->lines[i], bad_lines[i]);
}

/* Rules: S10, M19 */
static void independent_problems_are_all_told_in_the_order_of_the_checks(void **state)
{
	struct elf_file file = bad_file();
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_BAD_HEADER);
	assert_bad_lines(listener, BAD);
}

/* Rules: S10 */
static void a_sink_that_has_enough_hears_of_nothing_more(void **state)
{
	struct elf_file file = bad_file();

	(void)state;
	for (uint32_t most = 1; most <= BAD; most++) {
		struct listener *listener = listen(most);
		struct object object;
		struct fault fault;

		assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_BAD_HEADER);
		assert_bad_lines(listener, most);
	}
}

/* What lies in a segment that was refused is not called missing. */
/* Rules: S10 */
static void what_only_follows_from_a_refused_segment_is_not_told(void **state)
{
	struct elf_file file = good_file();
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	add_phdr(&file, (struct phdr){ 7, 4, 0x400, 0x401400, 0x20, 0x20, 1 });
	add_phdr(&file, (struct phdr){ 2, 4, 0x500, 0x401500, 0x20, 0x20, 8 });
	memset(file.bytes + 0x500, 0, 0x20);
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_OK);
	put64(&file, phdr_at(1, P_ALIGN), 3);
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_MISALIGNED);
	assert_int_equal(listener->count, 1);
}

/* A movable file with dynamic tags at 0x500 and room for relocations from 0x600 on, all at 0x401000 above. */
static struct elf_file movable_file(const uint64_t *tags, unsigned count)
{
	struct elf_file file = good_file();

	put16(&file, E_TYPE, 3);
	add_phdr(&file, (struct phdr){ 2, 4, 0x500, 0x401500, 16 * count, 16 * count, 8 });
	for (unsigned i = 0; i < 2 * count; i++)
		put64(&file, 0x500 + 8 * i, tags[i]);
	return file;
}

static void put_rela(struct elf_file *file, unsigned index, uint64_t va, uint64_t type)
{
	put64(file, 0x600 + 24 * index, va);
	put64(file, 0x608 + 24 * index, type);
	put64(file, 0x610 + 24 * index, 0);
}

/* Rules: S10, R2 */
static void every_bad_record_is_told_and_good_ones_are_not(void **state)
{
	static const uint64_t tags[] = { 7, 0x401600, 8, 5 * 24, 9, 24, 0, 0 };
	struct elf_file file = movable_file(tags, 4);
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	put_rela(&file, 0, 0x401700, 8);
	put_rela(&file, 1, 0x400010, 8);         /* text */
	put_rela(&file, 2, 0x401708, 37);        /* IRELATIVE */
	put_rela(&file, 3, 0x401710, 0x9999);
	put_rela(&file, 4, 0x999999, 8);
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_BAD_RELOCATION);
	assert_int_equal(listener->count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		char place[40];

		snprintf(place, sizeof place, "r_offset at 0x%x:", 0x618 + 24 * i);
		assert_non_null(strstr(listener->lines[i], place));
	}
}

/* A list of relative words that begins with a bitmap has no addresses to judge; the other tables have. */
/* Rules: S10 */
static void a_list_without_its_first_address_is_told_once(void **state)
{
	static const uint64_t tags[] = { 7, 0x401600, 8, 24, 9, 24, 36, 0x401700, 35, 16, 0, 0 };
	struct elf_file file = movable_file(tags, 6);
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	put_rela(&file, 0, 0x401708, 0x9999);
	put64(&file, 0x700, UINT64_MAX);
	put64(&file, 0x708, UINT64_MAX);
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_BAD_RELOCATION);
	assert_int_equal(listener->count, 2);
	assert_non_null(strstr(listener->lines[0], "DT_RELR at 0x700"));
	assert_non_null(strstr(listener->lines[1], "type 39321"));
}

/* Rules: S10 */
static void every_bad_tag_and_every_bad_table_is_told(void **state)
{
	static const uint64_t tags[] = {
		7, 0x401600, 8, 24, 8, 48, 9, 23, 0x6000000f, 0, 36, 0x401600, 25, 0x999000, 27, 8, 0, 0,
	};
	static const char *const wanted[] = {
		"the second of its kind at 0x520", "DT_ANDROID_REL", "DT_RELAENT: 0x17", "DT_RELRSZ", "DT_INIT_ARRAY: 0x999000",
	};
	struct elf_file file = movable_file(tags, 9);
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_BAD_HEADER);
	assert_int_equal(listener->count, 5);
	for (uint32_t i = 0; i < 5; i++)
		if (!strstr(listener->lines[i], wanted[i]))
			fail_msg("%s instead of %s", listener->lines[i], wanted[i]);
	put64(&file, phdr_at(0, P_ALIGN), 3);    /* now a segment is missing, and with it perhaps the array */
	listener = listen(0);
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_MISALIGNED);
	assert_int_equal(listener->count, 5);
}

/* Rules: S10, M11 */
static void a_long_segment_overlaps_every_one_that_begins_in_it(void **state)
{
	struct elf_file file = good_file();
	struct listener *listener = listen(0);
	struct object object;
	struct fault fault;

	(void)state;
	for (unsigned i = 1; i <= 3; i++)        /* the last one just behind it: no overlap */
		add_phdr(&file, (struct phdr){ 1, 4, 0, 0x400000 + (i == 3 ? 0x400 : 0x100 * i), 8, 8, 1 });
	assert_int_equal(read_with(listener, file.bytes, file.count, &object, &fault), ST_OVERLAP);
	assert_int_equal(listener->count, 2);
	assert_non_null(strstr(listener->lines[0], "0x400100 < 0x400400"));
	assert_non_null(strstr(listener->lines[1], "0x400200 < 0x400400"));
}

/* Rules: S10 */
static void without_memory_one_problem_is_told(void **state)
{
	struct elf_file file = good_file();
	struct listener *listener = listen(0);
	struct content content = content_of((struct span){ file.bytes, file.count }, OBJECT_NOWHERE);
	struct object_source source = { SPAN("file"), &content, 0, &listener->sink };
	struct arena arena = scratch(8);
	struct object object;
	struct fault fault;

	(void)state;
	put16(&file, E_SHENTSIZE, 1);
	put64(&file, E_SHOFF, 1);
	assert_int_equal(object_read_from(&object, &source, &arena, &fault), ST_NO_MEMORY);
	assert_int_equal(listener->count, 1);
}

/* Rules: S10, M1, M12, M19 */
static void every_segment_that_cannot_be_placed_is_told_and_no_row_is_written(void **state)
{
	struct segment segments[] = {
		{ .va = 0x1000, .mem_bytes = 1, .prot = 7 }, { .va = 0x3000, .mem_bytes = 1, .prot = 4 },
		{ .va = 0x5000, .mem_bytes = 1, .prot = 7 }, { .va = UINT64_C(1) << 50, .mem_bytes = 1, .prot = 4 },
	};
	struct object object = maker_object(OBJECT_FIXED, segments, 4);
	struct place_request request = maker_request(&object);
	struct listener *listener = listen(0);
	struct space space = maker_space();
	struct smalt_row rows[4], old[4];
	struct placement placement;
	struct fault fault;
	uint32_t count = 4;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		segments[i].index = i;
	memset(rows, 0xaa, sizeof rows);
	memcpy(old, rows, sizeof rows);
	object.sink = &listener->sink;
	object.entry = 0x99000;
	request.entry_required = true;
	assert_int_equal(place_object(&space, &request, rows, &count, &placement, &fault), ST_WX);
	assert_int_equal(count, 4);
	assert_memory_equal(rows, old, sizeof rows);
	assert_int_equal(listener->count, 4);
	assert_non_null(strstr(listener->lines[0], "segment 0: p_flags"));
	assert_non_null(strstr(listener->lines[1], "segment 2: p_flags"));
	assert_non_null(strstr(listener->lines[2], "e_entry: 0x99000"));
	assert_non_null(strstr(listener->lines[3], "segment 3: "));
	assert_no_line_twice(listener);
}

/* Rules: S10 */
static void an_object_with_problems_is_placed_nowhere_even_where_it_fits(void **state)
{
	struct segment segment = { .va = 0x3000, .mem_bytes = 1, .prot = 5 };
	struct object object = maker_object(OBJECT_FIXED, &segment, 1);
	struct place_request request = maker_request(&object);
	struct listener *listener = listen(0);
	struct space space = maker_space();
	struct fault fault = { .status = ST_BAD_NOTE };
	struct placement placement;
	struct smalt_row row;
	uint32_t count = 1;

	(void)state;
	object.sink = &listener->sink;
	assert_true(sink_takes(&listener->sink, &fault));
	assert_int_equal(place_object(&space, &request, &row, &count, &placement, &fault), ST_BAD_NOTE);
}

/* Rules: S10 */
static void a_fault_that_was_told_is_not_told_again_but_a_new_one_is(void **state)
{
	struct listener *listener = listen(0);
	struct fault fault;

	(void)state;
	(void)fault_value(&fault, ST_BAD_NOTE, "first", 1);
	assert_true(sink_takes(&listener->sink, &fault));
	(void)fault_segment(&fault, 3);
	assert_true(sink_takes(&listener->sink, &fault));
	(void)fault_value(&fault, ST_BAD_NOTE, "second", 1);
	assert_true(sink_takes(&listener->sink, &fault));
	assert_int_equal(listener->count, 2);
	assert_int_equal(sink_end(&listener->sink, &fault), ST_BAD_NOTE);
	assert_string_equal(fault.field, "first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_problem_told_is_the_one_that_a_check_without_a_sink_ends_with),
		cmocka_unit_test(whatever_one_byte_says_problems_are_told_once_and_nothing_is_read_well),
		cmocka_unit_test(independent_problems_are_all_told_in_the_order_of_the_checks),
		cmocka_unit_test(a_sink_that_has_enough_hears_of_nothing_more),
		cmocka_unit_test(what_only_follows_from_a_refused_segment_is_not_told),
		cmocka_unit_test(every_bad_record_is_told_and_good_ones_are_not),
		cmocka_unit_test(a_list_without_its_first_address_is_told_once),
		cmocka_unit_test(every_bad_tag_and_every_bad_table_is_told),
		cmocka_unit_test(a_long_segment_overlaps_every_one_that_begins_in_it),
		cmocka_unit_test(without_memory_one_problem_is_told),
		cmocka_unit_test(every_segment_that_cannot_be_placed_is_told_and_no_row_is_written),
		cmocka_unit_test(an_object_with_problems_is_placed_nowhere_even_where_it_fits),
		cmocka_unit_test(a_fault_that_was_told_is_not_told_again_but_a_new_one_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
