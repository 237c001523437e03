/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reloc.c: REL, RELA and RELR are walked as one list, and every target is
 * a word of writable file bytes or refused. Numbers: psABI x86-64, AAELF64.
 */
#include "reloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "elf_file.h"

enum { RELATIVE = 8, RELATIVE_ARM = 1027, TABLE = 0x500, TABLE_VA = 0x401500 };

struct tag { uint64_t tag, value; };

/* The good file with up to six tags at 0x400, va 0x401400, and a table at 0x500. */
static struct elf_file with_table(const struct tag *tags, unsigned count, const uint64_t *words,
                                  unsigned word_count)
{
	struct elf_file file = good_file();

	for (unsigned i = 0; i < count; i++) {
		put64(&file, 0x400 + 16 * i, tags[i].tag);
		put64(&file, 0x400 + 16 * i + 8, tags[i].value);
	}
	for (unsigned i = 0; i < word_count; i++)
		put64(&file, TABLE + 8 * i, words[i]);
	add_phdr(&file, (struct phdr){ 2, 6, 0x400, 0x401400, 0x100, 0x100, 8 });
	return file;
}

static struct elf_file with_rela(const uint64_t *words, unsigned records)
{
	struct tag tags[] = { { 7, TABLE_VA }, { 8, 24 * records } };

	return with_table(tags, 2, words, 3 * records);
}

static struct elf_file with_relr(const uint64_t *words, unsigned count)
{
	struct tag tags[] = { { 36, TABLE_VA }, { 35, 8 * count } };

	return with_table(tags, 2, words, count);
}

static void expect_next(struct reloc_cursor *cursor, uint64_t va, uint64_t addend, bool implicit)
{
	struct reloc reloc;

	memset(&reloc, 0xaa, sizeof reloc);
	assert_true(reloc_next(cursor, &reloc));
	assert_int_equal(reloc.va, va);
	assert_int_equal(reloc.addend, addend);
	assert_int_equal(reloc.implicit, implicit);
}

static void expect_end(struct reloc_cursor *cursor)
{
	struct reloc reloc;

	assert_false(reloc_next(cursor, &reloc));
	assert_false(reloc_next(cursor, &reloc));
}

/* Rules: R1 */
static void records_of_all_three_kinds_come_one_after_another_without_none(void **state)
{
	static const struct tag tags[] = {
		{ 7, TABLE_VA }, { 8, 72 }, { 17, TABLE_VA + 72 }, { 18, 32 }, { 36, TABLE_VA + 104 }, { 35, 8 },
	};
	static const uint64_t words[] = {
		0x401600, RELATIVE, 0x1111, 0, 0, 0, 0x401609, RELATIVE, UINT64_MAX,
		0, 0, 0x401610, RELATIVE,
		0x401620,
	};
	struct elf_file file = with_table(tags, 6, words, 14);
	struct reading r = read_file(&file);
	struct reloc_cursor cursor;

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(reloc_check(&r.object, &machine_x86_64, &r.fault), ST_OK);
	cursor = reloc_begin(&r.object, &machine_x86_64);
	expect_next(&cursor, 0x401600, 0x1111, false);
	expect_next(&cursor, 0x401609, UINT64_MAX, false);
	expect_next(&cursor, 0x401610, 0, true);
	expect_next(&cursor, 0x401620, 0, true);
	expect_end(&cursor);
	reading_free(&r);
}

/* Rules: R1 */
static void an_object_without_relocations_has_none(void **state)
{
	struct elf_file file = good_file();
	struct reading r = read_file(&file);
	struct reloc_cursor cursor = reloc_begin(&r.object, &machine_x86_64);

	(void)state;
	assert_int_equal(reloc_check(&r.object, &machine_x86_64, &r.fault), ST_OK);
	expect_end(&cursor);
	reading_free(&r);
}

/*
 * The example of the gABI draft: an address, then bitmaps of 63 words each.
 * Bits are counted from 1: bit 0 says that it is a bitmap.
 */
/* Rules: R1 */
static void relr_bitmaps_name_the_words_behind_the_last_address(void **state)
{
	static const uint64_t words[] = {
		0x401500,                                /* the word itself; the next is 0x401508 */
		1 | 1ull << 1 | 1ull << 3 | 1ull << 63,  /* 0x401508, 0x401518, 0x401508 + 62 * 8 */
		1,                                       /* none of the next 63: 0x401700 is next */
		0x401700,
		1 | 1ull << 2,                           /* 0x401708 + 8 */
	};
	struct elf_file file = with_relr(words, 5);
	struct reading r = read_file(&file);
	struct reloc_cursor cursor;

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(reloc_check(&r.object, &machine_x86_64, &r.fault), ST_OK);
	cursor = reloc_begin(&r.object, &machine_x86_64);
	expect_next(&cursor, 0x401500, 0, true);
	expect_next(&cursor, 0x401508, 0, true);
	expect_next(&cursor, 0x401518, 0, true);
	expect_next(&cursor, 0x4016f8, 0, true);
	expect_next(&cursor, 0x401700, 0, true);
	expect_next(&cursor, 0x401710, 0, true);
	expect_end(&cursor);
	reading_free(&r);
}

/* Two bitmaps in a row: the second begins 63 words behind where the first did. */
/* Rules: R1 */
static void every_bit_of_two_bitmaps_is_its_word(void **state)
{
	(void)state;
	for (unsigned bit = 1; bit < 64; bit++)
	for (unsigned second = 0; second < 2; second++) {
		uint64_t words[] = { 0x401400, second ? 1 : 1 | 1ull << bit, second ? 1 | 1ull << bit : 1 };
		struct elf_file file = with_relr(words, 3);
		struct reading r;
		struct reloc_cursor cursor;

		r = read_file(&file);
		cursor = reloc_begin(&r.object, &machine_x86_64);
		assert_int_equal(reloc_check(&r.object, &machine_x86_64, &r.fault), ST_OK);
		expect_next(&cursor, 0x401400, 0, true);
		expect_next(&cursor, 0x401400 + 8 * (bit + 63 * second), 0, true);
		expect_end(&cursor);
		reading_free(&r);
	}
}

/* What R2 says, byte by byte, for the good file: 8 bytes of [0x401400, 0x401800). */
static bool may_be_target(uint64_t va)
{
	bool all = true;

	for (unsigned i = 0; i < 8; i++)
		all &= va + i >= 0x401400 && va + i < 0x401800;
	return all;
}

/* Rules: R2, S7 */
static void a_target_is_a_whole_word_of_writable_file_bytes(void **state)
{
	static const uint64_t edges[] = {
		0, 0x400000, 0x400400, 0x401400, 0x401800, 0x401900, UINT64_MAX - 10, 1ull << 63,
	};

	(void)state;
	for (unsigned e = 0; e < sizeof edges / sizeof edges[0]; e++)
	for (uint64_t i = 0; i < 24; i++) {
		uint64_t record[] = { edges[e] + i - 12, RELATIVE, 0 };
		struct elf_file file = with_rela(record, 1);
		struct reading r = read_file(&file);
		enum status status;

		assert_int_equal(r.status, ST_OK);
		status = reloc_check(&r.object, &machine_x86_64, &r.fault);
		assert_int_equal(status, may_be_target(record[0]) ? ST_OK : ST_BAD_RELOCATION);
		if (status != ST_OK) {
			assert_true(r.fault.value == record[0]);
			assert_true(r.fault.has & FAULT_OFFSET);
			assert_int_equal(r.fault.offset, TABLE);
			assert_span(r.fault.object, "file");
		}
		reading_free(&r);
	}
}

static const char *refusal(const struct elf_file *file, const struct machine *machine, struct fault *fault)
{
	struct reading r = read_file(file);

	assert_int_equal(r.status, ST_OK);
	assert_int_equal(reloc_check(&r.object, machine, fault), ST_BAD_RELOCATION);
	reading_free(&r);
	return fault->hint;
}

/* Rules: M20, R2, R3 */
static void each_kind_of_bad_target_is_told_apart(void **state)
{
	static const struct { uint64_t va; const char *says; uint32_t segment; } cases[] = {
		{ 0x401800, "zero fill", 1 }, { 0x4018f8, "zero fill", 1 }, { 0x4017f9, "across the end", 1 },
		{ 0x400100, "not writable", 0 }, { 0x500000, "no segment", 99 },
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		uint64_t records[] = { 0x401600, RELATIVE, 0, cases[i].va, RELATIVE, 0 };
		struct elf_file file = with_rela(records, 2);
		struct fault fault;

		assert_non_null(strstr(refusal(&file, &machine_x86_64, &fault), cases[i].says));
		assert_int_equal(fault.value, cases[i].va);
		assert_int_equal(fault.offset, TABLE + 24);
		assert_int_equal(fault.has & FAULT_SEGMENT ? fault.segment : 99, cases[i].segment);
		if (cases[i].segment == 1)
			assert_int_equal(fault.limit, 0x401800);
	}
}

/* Rules: R1 */
static void types_that_are_not_relative_are_refused_by_name(void **state)
{
	static const struct { const struct machine *machine; uint32_t type; const char *name; } cases[] = {
		{ &machine_x86_64, 1, "R_X86_64_64" }, { &machine_x86_64, 5, "R_X86_64_COPY" },
		{ &machine_x86_64, 6, "R_X86_64_GLOB_DAT" }, { &machine_x86_64, 7, "R_X86_64_JUMP_SLOT" },
		{ &machine_x86_64, 37, "R_X86_64_IRELATIVE" }, { &machine_x86_64, 4711, "type 4711" },
		{ &machine_x86_64, UINT32_MAX, "type 4294967295" }, { &machine_x86_64, 1027, "type 1027" },
		{ &machine_aarch64, 257, "R_AARCH64_ABS64" }, { &machine_aarch64, 1024, "R_AARCH64_COPY" },
		{ &machine_aarch64, 1025, "R_AARCH64_GLOB_DAT" }, { &machine_aarch64, 1032, "R_AARCH64_IRELATIVE" },
		{ &machine_aarch64, 8, "type 8" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t record[] = { 0x401600, 5ull << 32 | cases[i].type, 0 };
		struct elf_file file = with_rela(record, 1);
		struct fault fault;

		(void)refusal(&file, cases[i].machine, &fault);
		assert_string_equal(fault.word, cases[i].name);
		assert_int_equal(fault.value, 0x401600);
		assert_int_equal(fault.offset, TABLE);
	}
}

/* Rules: R1 */
static void each_machine_has_its_own_relative_type(void **state)
{
	uint64_t record[] = { 0x401600, RELATIVE_ARM, 0x77 };
	struct elf_file file = with_rela(record, 1);
	struct reading r = read_file(&file);
	struct reloc_cursor cursor = reloc_begin(&r.object, &machine_aarch64);

	(void)state;
	assert_int_equal(reloc_check(&r.object, &machine_aarch64, &r.fault), ST_OK);
	expect_next(&cursor, 0x401600, 0x77, false);
	expect_end(&cursor);
	reading_free(&r);
}

/* Rules: R1 */
static void a_plt_may_only_have_relocations_that_do_nothing(void **state)
{
	static const struct tag tags[] = { { 23, TABLE_VA }, { 2, 48 }, { 20, 7 } };
	uint64_t words[] = { 0, 0, 0, 0x401600, 0, 0 };
	struct elf_file file = with_table(tags, 3, words, 6);
	struct reading r = read_file(&file);
	struct fault fault;

	(void)state;
	assert_int_equal(reloc_check(&r.object, &machine_x86_64, &r.fault), ST_OK);
	reading_free(&r);
	put64(&file, TABLE + 32, 37);
	(void)refusal(&file, &machine_x86_64, &fault);
	assert_string_equal(fault.word, "R_X86_64_IRELATIVE");
	assert_int_equal(fault.offset, TABLE + 24);
}

/* Rules: R1, R2 */
static void relr_that_begins_with_a_bitmap_is_refused(void **state)
{
	static const uint64_t words[] = { 5 };
	struct elf_file file = with_relr(words, 1);
	struct fault fault;

	(void)state;
	assert_non_null(strstr(refusal(&file, &machine_x86_64, &fault), "bitmap"));
	assert_int_equal(fault.offset, TABLE);
	assert_int_equal(fault.value, 5);
}

/* Rules: R2 */
static void a_bitmap_that_leaves_the_segment_is_refused_with_its_entry(void **state)
{
	static const uint64_t words[] = { 0x4017f0, 1 | 1ull << 1 | 1ull << 2 };
	struct elf_file file = with_relr(words, 2);
	struct fault fault;

	(void)state;
	assert_non_null(strstr(refusal(&file, &machine_x86_64, &fault), "zero fill"));
	assert_int_equal(fault.value, 0x401800);
	assert_int_equal(fault.offset, TABLE + 8);
	assert_string_equal(fault.field, "DT_RELR");
}

/* Rules: R2 */
static void a_bitmap_far_behind_the_last_address_is_checked_too(void **state)
{
	uint64_t words[64] = { 0x4017f0 };
	struct elf_file file;
	struct fault fault;

	(void)state;
	for (unsigned i = 1; i < 64; i++)
		words[i] = 1;
	words[63] |= 1ull << 63;
	file = with_relr(words, 64);
	(void)refusal(&file, &machine_x86_64, &fault);
	assert_int_equal(fault.value, 0x4017f8 + 8 * (62 * 63 + 62));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_all_three_kinds_come_one_after_another_without_none),
		cmocka_unit_test(an_object_without_relocations_has_none),
		cmocka_unit_test(relr_bitmaps_name_the_words_behind_the_last_address),
		cmocka_unit_test(every_bit_of_two_bitmaps_is_its_word),
		cmocka_unit_test(a_target_is_a_whole_word_of_writable_file_bytes),
		cmocka_unit_test(each_kind_of_bad_target_is_told_apart),
		cmocka_unit_test(types_that_are_not_relative_are_refused_by_name),
		cmocka_unit_test(each_machine_has_its_own_relative_type),
		cmocka_unit_test(a_plt_may_only_have_relocations_that_do_nothing),
		cmocka_unit_test(relr_that_begins_with_a_bitmap_is_refused),
		cmocka_unit_test(a_bitmap_that_leaves_the_segment_is_refused_with_its_entry),
		cmocka_unit_test(a_bitmap_far_behind_the_last_address_is_checked_too),
	};

	return cmocka_run_group_tests_name("reloc", tests, NULL, NULL);
}
