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

static struct reloc_needs needs;

static enum status check(struct reading *r, const struct machine *machine)
{
	memset(&needs, 0xaa, sizeof needs);
	return reloc_check(&r->object, machine, false, &needs, &r->fault);
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
	assert_int_equal(check(&r, &machine_x86_64), ST_OK);
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
	assert_int_equal(check(&r, &machine_x86_64), ST_OK);
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
	assert_int_equal(check(&r, &machine_x86_64), ST_OK);
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
		assert_int_equal(check(&r, &machine_x86_64), ST_OK);
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
		status = check(&r, &machine_x86_64);
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
	assert_int_equal(check(&r, machine), ST_BAD_RELOCATION);
	*fault = r.fault;
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
static void types_that_are_not_applied_are_refused_by_name(void **state)
{
	static const struct { const struct machine *machine; uint32_t type; const char *name; } cases[] = {
		{ &machine_x86_64, 5, "R_X86_64_COPY" }, { &machine_x86_64, 36, "R_X86_64_TLSDESC" },
		{ &machine_x86_64, 37, "R_X86_64_IRELATIVE" }, { &machine_x86_64, 4711, "type 4711" },
		{ &machine_x86_64, UINT32_MAX, "type 4294967295" }, { &machine_x86_64, 1027, "type 1027" },
		{ &machine_aarch64, 1024, "R_AARCH64_COPY" }, { &machine_aarch64, 1031, "R_AARCH64_TLSDESC" },
		{ &machine_aarch64, 259, "R_AARCH64_ABS16" }, { &machine_aarch64, 1032, "R_AARCH64_IRELATIVE" },
		{ &machine_aarch64, 8, "type 8" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t record[] = { 0x401600, 5ull << 32 | cases[i].type, 0 };
		struct elf_file file = with_rela(record, 1);
		struct fault fault;

		(void)refusal(&file, cases[i].machine, &fault);
		assert_string_equal(fault.word, cases[i].name);
		assert_true(fault.value == 0x401600);
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
	assert_int_equal(check(&r, &machine_aarch64), ST_OK);
	expect_next(&cursor, 0x401600, 0x77, false);
	expect_end(&cursor);
	reading_free(&r);
}

/* Rules: R1 */
static void the_records_of_a_plt_come_last(void **state)
{
	static const struct tag tags[] = {
		{ 23, TABLE_VA }, { 2, 48 }, { 20, 7 }, { 17, TABLE_VA + 48 }, { 18, 16 },
	};
	uint64_t words[] = { 0, 0, 0, 0x401600, 3ull << 32 | 7, 5, 0x401610, RELATIVE };
	struct elf_file file = with_table(tags, 5, words, 8);
	struct reading r = read_file(&file);
	struct reloc_cursor cursor;
	struct reloc reloc;

	(void)state;
	assert_int_equal(check(&r, &machine_x86_64), ST_OK);
	assert_true(needs.symbols && needs.symbol_last == 3 && !needs.narrow);
	cursor = reloc_begin(&r.object, &machine_x86_64);
	expect_next(&cursor, 0x401610, 0, true);
	assert_true(reloc_next(&cursor, &reloc));
	assert_int_equal(reloc.va, 0x401600);
	assert_int_equal(reloc.symbol, 3);
	assert_int_equal(reloc.addend, 5);
	assert_int_equal(reloc.file_offset, TABLE + 24);
	assert_string_equal(reloc.type->name, "R_X86_64_JUMP_SLOT");
	expect_end(&cursor);
	reading_free(&r);
}

/* Of REL: entries of 16 bytes, and IRELATIVE is refused there as well. */
/* Rules: R1 */
static void a_plt_of_rel_is_read_with_its_own_entries(void **state)
{
	static const struct tag tags[] = { { 23, TABLE_VA }, { 2, 32 }, { 20, 17 } };
	uint64_t words[] = { 0x401600, 1ull << 32 | 7, 0x401608, 2ull << 32 | 7 };
	struct elf_file file = with_table(tags, 3, words, 4);
	struct reading r = read_file(&file);
	struct reloc_cursor cursor = reloc_begin(&r.object, &machine_x86_64);
	struct fault fault;

	(void)state;
	assert_int_equal(check(&r, &machine_x86_64), ST_OK);
	expect_next(&cursor, 0x401600, 0, true);
	expect_next(&cursor, 0x401608, 0, true);
	expect_end(&cursor);
	reading_free(&r);
	put64(&file, TABLE + 24, 37);
	(void)refusal(&file, &machine_x86_64, &fault);
	assert_string_equal(fault.word, "R_X86_64_IRELATIVE");
	assert_int_equal(fault.offset, TABLE + 16);
}

/* S 0x1000, Z 0x20, module 3 at -0x40, P 0x401600 + bias 0x100000, A 5: psABI x86-64, AAELF64. */
/* Rules: R1 */
static void every_type_computes_what_its_psabi_says(void **state)
{
	static const struct { const struct machine *machine; uint32_t type, bytes; uint64_t value; } cases[] = {
		{ &machine_x86_64, 1, 8, 0x1005 }, { &machine_x86_64, 2, 4, 0x1005 - 0x501600ull },
		{ &machine_x86_64, 6, 8, 0x1005 }, { &machine_x86_64, 7, 8, 0x1005 },
		{ &machine_x86_64, 8, 8, 0x100005 }, { &machine_x86_64, 10, 4, 0x1005 },
		{ &machine_x86_64, 11, 4, 0x1005 }, { &machine_x86_64, 16, 8, 3 },
		{ &machine_x86_64, 17, 8, 0x1005 }, { &machine_x86_64, 18, 8, 0x1005 - 0x40 },
		{ &machine_x86_64, 24, 8, 0x1005 - 0x501600ull }, { &machine_x86_64, 32, 4, 0x25 },
		{ &machine_x86_64, 33, 8, 0x25 },
		{ &machine_aarch64, 257, 8, 0x1005 }, { &machine_aarch64, 258, 4, 0x1005 },
		{ &machine_aarch64, 260, 8, 0x1005 - 0x501600ull }, { &machine_aarch64, 261, 4, 0x1005 - 0x501600ull },
		{ &machine_aarch64, 1025, 8, 0x1005 }, { &machine_aarch64, 1026, 8, 0x1005 },
		{ &machine_aarch64, 1027, 8, 0x100005 }, { &machine_aarch64, 1028, 8, 3 },
		{ &machine_aarch64, 1029, 8, 0x1005 }, { &machine_aarch64, 1030, 8, 0x1005 - 0x40 },
	};
	static const struct reloc_symbol symbol = { 0x1000, 0x20, 3, (uint64_t)-0x40 };

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t record[] = { 0x401600, cases[i].type, 5 };
		struct elf_file file = with_rela(record, 1);
		struct reading r = read_file(&file);
		struct reloc_cursor cursor = reloc_begin(&r.object, cases[i].machine);
		struct reloc reloc;

		assert_int_equal(check(&r, cases[i].machine), ST_OK);
		assert_int_equal(needs.narrow, cases[i].bytes == 4);
		assert_true(reloc_next(&cursor, &reloc));
		assert_int_equal(reloc_bytes(&reloc), cases[i].bytes);
		assert_true(reloc_value(&reloc, 5, 0x100000, &symbol) == cases[i].value);
		reading_free(&r);
	}
}

/* Rules: R1 */
static void what_stands_in_a_slot_of_rel_is_no_addend(void **state)
{
	static const struct reloc_symbol symbol = { .address = 0x1000 };
	const struct reloc_type *type = machine_x86_64.relocs;
	struct reloc reloc = { .implicit = true };

	(void)state;
	for (; type->name; type++) {
		reloc.type = type;
		if (type->number == 6 || type->number == 7)
			assert_int_equal(reloc_value(&reloc, 0x77, 0, &symbol), 0x1000);
		if (type->number == 1)
			assert_int_equal(reloc_value(&reloc, 0x77, 0, &symbol), 0x1077);
	}
}

/* Rules: R1 */
static void a_narrow_result_fits_as_its_psabi_says(void **state)
{
	static const uint64_t edges[] = {
		0, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000, 0xffffffff7fffffff, UINT64_MAX,
	};
	static const struct { const struct machine *machine; uint32_t type; uint8_t fits; uint32_t limit; } cases[] = {
		{ &machine_x86_64, 2, 0xa3, 0x7fffffff },    /* signed: the first two, and from -2^31 on */
		{ &machine_x86_64, 11, 0xa3, 0x7fffffff },
		{ &machine_x86_64, 10, 0x0f, 0xffffffff },   /* unsigned */
		{ &machine_x86_64, 32, 0x0f, 0xffffffff },
		{ &machine_aarch64, 258, 0xaf, 0xffffffff }, /* either */
		{ &machine_aarch64, 261, 0xaf, 0xffffffff },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
	for (unsigned e = 0; e < 8; e++) {
		const struct reloc_type *type = cases[i].machine->relocs;
		struct reloc reloc;
		uint64_t limit = 0xaa;

		while (type->number != cases[i].type)
			type++;
		reloc = (struct reloc){ .type = type };
		assert_int_equal(reloc_fits(&reloc, edges[e], &limit), cases[i].fits >> e & 1);
		assert_int_equal(limit, cases[i].limit);
	}
}

/* Rules: R1 */
static void an_implicit_addend_has_the_sign_of_its_type(void **state)
{
	static const uint8_t bytes[] = { 0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0x80 };
	static const struct { uint32_t type; uint64_t addend; } cases[] = {
		{ 1, 0x80000001fffffffe }, { 2, (uint64_t)-2 }, { 10, 0xfffffffe }, { 11, (uint64_t)-2 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct reloc_type *type = machine_x86_64.relocs;
		struct reloc reloc;

		while (type->number != cases[i].type)
			type++;
		reloc = (struct reloc){ .type = type };
		assert_true(reloc_implicit(&reloc, bytes) == cases[i].addend);
	}
}

/* Rules: R2, S7 */
static void the_last_bytes_of_a_segment_hold_half_a_word(void **state)
{
	(void)state;
	for (uint64_t va = 0x4017f0; va < 0x401808; va++) {
		uint64_t record[] = { va, 10, 0 };
		struct elf_file file = with_rela(record, 1);
		struct reading r = read_file(&file);

		assert_int_equal(check(&r, &machine_x86_64), va <= 0x4017fc ? ST_OK : ST_BAD_RELOCATION);
		reading_free(&r);
	}
}

/* Rules: R3 */
static void text_relocations_mark_their_segment_and_no_other(void **state)
{
	static const struct { uint64_t va; enum status status; bool marked; } cases[] = {
		{ 0x400100, ST_OK, true }, { 0x401500, ST_OK, false }, { 0x400400, ST_BAD_RELOCATION, false },
		{ 0x4003f9, ST_BAD_RELOCATION, false },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t record[] = { cases[i].va, RELATIVE, 0 };
		struct elf_file file = with_rela(record, 1);
		struct reading r = read_file(&file);

		assert_int_equal(reloc_check(&r.object, &machine_x86_64, true, &needs, &r.fault), cases[i].status);
		assert_int_equal(r.object.segments[0].patched, cases[i].marked);
		assert_false(r.object.segments[1].patched);
		reading_free(&r);
	}
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
		cmocka_unit_test(types_that_are_not_applied_are_refused_by_name),
		cmocka_unit_test(each_machine_has_its_own_relative_type),
		cmocka_unit_test(the_records_of_a_plt_come_last),
		cmocka_unit_test(a_plt_of_rel_is_read_with_its_own_entries),
		cmocka_unit_test(every_type_computes_what_its_psabi_says),
		cmocka_unit_test(what_stands_in_a_slot_of_rel_is_no_addend),
		cmocka_unit_test(a_narrow_result_fits_as_its_psabi_says),
		cmocka_unit_test(an_implicit_addend_has_the_sign_of_its_type),
		cmocka_unit_test(the_last_bytes_of_a_segment_hold_half_a_word),
		cmocka_unit_test(text_relocations_mark_their_segment_and_no_other),
		cmocka_unit_test(relr_that_begins_with_a_bitmap_is_refused),
		cmocka_unit_test(a_bitmap_that_leaves_the_segment_is_refused_with_its_entry),
		cmocka_unit_test(a_bitmap_far_behind_the_last_address_is_checked_too),
	};

	return cmocka_run_group_tests_name("reloc", tests, NULL, NULL);
}
