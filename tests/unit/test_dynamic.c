/* SPDX-License-Identifier: BSD-2-Clause */
/* test_dynamic.c: tables that the dynamic section names are whole and in the file, or refused. */
#include "object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "elf_file.h"

/* The good file's data segment: file offset 0x400, va 0x401400, 0x400 file bytes. */
enum { DYNAMIC_AT = 0x400, DYNAMIC_VA = 0x401400, DATA_END = 0x401800 };

struct tag { uint64_t tag, value; };

/* Up to four tags, then DT_NULL. */
static struct elf_file with_tags(const struct tag *tags)
{
	struct elf_file file = good_file();

	for (unsigned i = 0; i < 4; i++) {
		put64(&file, DYNAMIC_AT + 16 * i, tags[i].tag);
		put64(&file, DYNAMIC_AT + 16 * i + 8, tags[i].value);
	}
	add_phdr(&file, (struct phdr){ 2, 6, DYNAMIC_AT, DYNAMIC_VA, 0x100, 0x100, 8 });
	return file;
}

/* Rules: M16, R1 */
static void every_table_is_found_by_its_address(void **state)
{
	static const struct { struct tag tags[4]; size_t member; } cases[] = {
		{ { { 7, 0x401600 }, { 8, 48 }, { 9, 24 } }, offsetof(struct object, rela) },
		{ { { 17, 0x401600 }, { 18, 48 }, { 19, 16 } }, offsetof(struct object, rel) },
		{ { { 36, 0x401600 }, { 35, 48 }, { 37, 8 } }, offsetof(struct object, relr) },
		{ { { 8, 48 }, { 7, 0x401600 } }, offsetof(struct object, rela) },
		{ { { 23, 0x401600 }, { 2, 48 }, { 20, 7 } }, offsetof(struct object, jmprel) },
		{ { { 23, 0x401600 }, { 2, 48 }, { 20, 17 } }, offsetof(struct object, jmprel) },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = with_tags(cases[i].tags);
		struct reading r = read_file(&file);
		struct span found;

		assert_int_equal(r.status, ST_OK);
		assert_null(promise_broken(&r.object));
		memcpy(&found, (const uint8_t *)&r.object + cases[i].member, sizeof found);
		assert_ptr_equal(found.base, r.copy + 0x600);
		assert_int_equal(found.bytes, 48);
		assert_int_equal(r.object.dynamic.va, DYNAMIC_VA);
		assert_int_equal(r.object.dynamic.bytes, 0x100);
		assert_int_equal(r.object.init_array.bytes + r.object.fini_array.bytes, 0);
		reading_free(&r);
	}
}

/* Rules: M16 */
static void init_and_fini_arrays_are_reported(void **state)
{
	static const struct tag tags[4] = { { 25, 0x401600 }, { 27, 16 }, { 26, 0x401700 }, { 28, 8 } };
	struct elf_file file = with_tags(tags);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.init_array.va, 0x401600);
	assert_int_equal(r.object.init_array.bytes, 16);
	assert_int_equal(r.object.fini_array.va, 0x401700);
	assert_int_equal(r.object.fini_array.bytes, 8);
	reading_free(&r);
}

/* Rules: R3 */
static void text_relocations_are_noted_by_either_tag(void **state)
{
	static const struct { struct tag tags[4]; bool text; } cases[] = {
		{ { { 22, 0 } }, true }, { { { 30, 4 } }, true }, { { { 30, 8 } }, false }, { { { 0, 0 } }, false },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct elf_file file = with_tags(cases[i].tags);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.text_relocations, cases[i].text);
		reading_free(&r);
	}
}

/* Rules: M16 */
static void nothing_behind_dt_null_counts(void **state)
{
	static const struct tag tags[4] = { { 1, 1 }, { 0, 0 }, { 7, 0x401600 }, { 8, 24 } };
	struct elf_file file = with_tags(tags);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.rela.bytes, 0);
	reading_free(&r);
}

/* Rules: M19 */
static void a_section_without_dt_null_ends_with_its_last_whole_entry(void **state)
{
	static const struct tag tags[4] = { { 1, 1 }, { 1, 1 }, { 7, 0x401600 }, { 8, 24 } };
	struct elf_file file = with_tags(tags);

	(void)state;
	for (uint64_t bytes = 0; bytes <= 72; bytes++) {
		struct reading r;

		put64(&file, phdr_at(2, P_FILESZ), bytes);
		r = read_file(&file);
		if (bytes < 48)
			assert_int_equal(r.object.rela.bytes, 0);
		assert_int_equal(r.status, bytes < 48 || bytes >= 64 ? ST_OK : ST_BAD_RELOCATION);
		reading_free(&r);
	}
}

struct refusal { struct tag tags[4]; enum status status; const char *field; };

/* Rules: M19, R2 */
static void tables_that_contradict_themselves_or_the_file_are_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ { { 7, 0x401600 }, { 8, 25 } }, ST_BAD_RELOCATION, "DT_RELASZ" },
		{ { { 7, 0x401600 }, { 8, 48 }, { 9, 16 } }, ST_BAD_RELOCATION, "DT_RELAENT" },
		{ { { 7, 0x401600 }, { 8, 48 }, { 9, 0 } }, ST_BAD_RELOCATION, "DT_RELAENT" },
		{ { { 17, 0x401600 }, { 18, 24 } }, ST_BAD_RELOCATION, "DT_RELSZ" },
		{ { { 17, 0x401600 }, { 18, 48 }, { 19, 24 } }, ST_BAD_RELOCATION, "DT_RELENT" },
		{ { { 36, 0x401600 }, { 35, 12 } }, ST_BAD_RELOCATION, "DT_RELRSZ" },
		{ { { 36, 0x401600 }, { 35, 8 }, { 37, 4 } }, ST_BAD_RELOCATION, "DT_RELRENT" },
		{ { { 7, 0x401600 } }, ST_BAD_RELOCATION, "DT_RELASZ" },
		{ { { 8, 24 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 7, DATA_END - 23 }, { 8, 24 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 7, 0x401600 }, { 8, 0x210 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 7, 0x401600 }, { 8, UINT64_MAX - 15 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 7, UINT64_MAX - 7 }, { 8, 24 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 7, 0x600 }, { 8, 24 } }, ST_BAD_RELOCATION, "DT_RELA" },
		{ { { 36, 0x9000 }, { 35, 8 } }, ST_BAD_RELOCATION, "DT_RELR" },
		{ { { 23, 0x401600 }, { 2, 24 } }, ST_BAD_RELOCATION, "DT_PLTREL" },
		{ { { 23, 0x401600 }, { 2, 25 }, { 20, 7 } }, ST_BAD_RELOCATION, "DT_PLTRELSZ" },
		{ { { 23, 0x401600 }, { 2, 16 }, { 20, 7 } }, ST_BAD_RELOCATION, "DT_PLTRELSZ" },
		{ { { 23, 0x401600 }, { 2, 24 }, { 20, 17 } }, ST_BAD_RELOCATION, "DT_PLTRELSZ" },
		{ { { 23, 0x401600 }, { 20, 7 } }, ST_BAD_RELOCATION, "DT_PLTRELSZ" },
		{ { { 2, 24 }, { 20, 7 } }, ST_BAD_RELOCATION, "DT_JMPREL" },
		{ { { 25, 0x9000 }, { 27, 8 } }, ST_BAD_HEADER, "DT_INIT_ARRAY" },
		{ { { 25, 0x401600 }, { 27, 12 } }, ST_BAD_HEADER, "DT_INIT_ARRAYSZ" },
		{ { { 26, DATA_END }, { 28, 8 } }, ST_BAD_HEADER, "DT_FINI_ARRAY" },
		{ { { 7, 0x401600 }, { 8, 24 }, { 8, 48 } }, ST_BAD_HEADER, "d_tag, the second of its kind" },
		{ { { 0x40000026, 0x401600 } }, ST_BAD_RELOCATION, "d_tag" },
		{ { { 0x6000000f, 0x401600 } }, ST_BAD_RELOCATION, "d_tag" },
		{ { { 0x70000012, 0x401600 } }, ST_BAD_RELOCATION, "d_tag" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct elf_file file = with_tags(refusals[i].tags);
		struct reading r = read_file(&file);

		if (r.status != refusals[i].status)
			fail_msg("case %u: %s", i, status_name(r.fault.status));
		assert_string_equal(r.fault.field, refusals[i].field);
		reading_free(&r);
	}
}

/* Rules: R2 */
static void a_table_of_no_bytes_is_no_table_wherever_it_is(void **state)
{
	static const struct tag tags[4] = { { 7, 0xdead }, { 8, 0 }, { 23, 0xdead }, { 2, 0 } };
	struct elf_file file = with_tags(tags);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.rela.bytes, 0);
	assert_int_equal(r.object.jmprel.bytes, 0);
	reading_free(&r);
}

/* Rules: R1 */
static void the_entries_of_a_plt_are_of_the_kind_that_the_section_says(void **state)
{
	(void)state;
	for (uint64_t kind = 7; kind <= 17; kind += 10) {
		struct tag tags[4] = { { 23, 0x401600 }, { 2, kind == 7 ? 24 : 16 }, { 20, kind } };
		struct elf_file file = with_tags(tags);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.jmprel_is_rela, kind == 7);
		assert_int_equal(r.object.jmprel.bytes, kind == 7 ? 24 : 16);
		reading_free(&r);
	}
}

/* Rules: M19 */
static void every_tag_that_means_one_number_is_refused_twice(void **state)
{
	static const uint64_t once[] = {
		2, 7, 8, 9, 17, 18, 19, 20, 22, 23, 25, 26, 27, 28, 30, 35, 36, 37,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof once / sizeof once[0]; i++) {
		struct tag tags[4] = { { 1, 1 }, { once[i], 0x401600 }, { once[i], 0x401600 } };
		struct elf_file file = with_tags(tags);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_int_equal(r.fault.value, once[i]);
		assert_int_equal(r.fault.offset, DYNAMIC_AT + 32);
		reading_free(&r);
	}
}

/* Rules: M16 */
static void tags_that_may_repeat_or_mean_nothing_to_a_loader_are_skipped(void **state)
{
	static const struct tag tags[4] = { { 1, 5 }, { 1, 9 }, { UINT64_MAX, 3 }, { 38, 0x400000 } };
	struct elf_file file = with_tags(tags);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.rela.bytes + r.object.relr.bytes, 0);
	reading_free(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_found_by_its_address),
		cmocka_unit_test(init_and_fini_arrays_are_reported),
		cmocka_unit_test(text_relocations_are_noted_by_either_tag),
		cmocka_unit_test(nothing_behind_dt_null_counts),
		cmocka_unit_test(a_section_without_dt_null_ends_with_its_last_whole_entry),
		cmocka_unit_test(tables_that_contradict_themselves_or_the_file_are_refused),
		cmocka_unit_test(a_table_of_no_bytes_is_no_table_wherever_it_is),
		cmocka_unit_test(the_entries_of_a_plt_are_of_the_kind_that_the_section_says),
		cmocka_unit_test(every_tag_that_means_one_number_is_refused_twice),
		cmocka_unit_test(tags_that_may_repeat_or_mean_nothing_to_a_loader_are_skipped),
	};

	return cmocka_run_group_tests_name("dynamic", tests, NULL, NULL);
}
