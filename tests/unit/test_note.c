/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_note.c: notes are listed all, bounded, and those that Smalt knows are
 * understood. Bytes are spelled out as the gABI draws them.
 */
#include "object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "elf_file.h"

#define NOTES 0x300              /* file offset; at va 0x400300 by the first segment */

static struct elf_file with_notes(const void *notes, uint64_t bytes, uint64_t align)
{
	struct elf_file file = good_file();

	memcpy(file.bytes + NOTES, notes, bytes);
	add_phdr(&file, (struct phdr){ 4, 4, NOTES, 0x400000 + NOTES, bytes, bytes, align });
	return file;
}

#define WITH_NOTES(literal, align) with_notes(literal, sizeof(literal) - 1, align)

#define GNU_BUILD_ID "\4\0\0\0" "\3\0\0\0" "\3\0\0\0" "GNU\0" "\xab\xcd\xef\0"
#define FREEBSD_16   "\10\0\0\0" "\4\0\0\0" "\1\0\0\0" "FreeBSD\0" "\x10\0\0\0"

/* Rules: M16 */
static void every_note_is_listed_with_owner_type_and_place(void **state)
{
	struct elf_file file = WITH_NOTES(GNU_BUILD_ID FREEBSD_16, 4);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	assert_span(r.object.notes[0].owner, "GNU");
	assert_int_equal(r.object.notes[0].type, 3);
	assert_span(r.object.notes[0].desc, "\xab\xcd\xef");
	assert_int_equal(r.object.notes[0].file_offset, 0x310);
	assert_int_equal(r.object.notes[0].va, 0x400310);
	assert_span(r.object.notes[1].owner, "FreeBSD");
	assert_int_equal(r.object.notes[1].type, 1);
	assert_span(r.object.notes[1].desc, "\x10\0\0\0");
	assert_int_equal(r.object.notes[1].file_offset, 0x328);
	assert_span(r.object.build_id, "\xab\xcd\xef");
	assert_ptr_equal(object_note(&r.object, "FreeBSD", 1), &r.object.notes[1]);
	assert_null(object_note(&r.object, "FreeBSD", 3));
	assert_null(object_note(&r.object, "Free", 1));
	reading_free(&r);
}

/* Rules: M16 */
static void notes_of_several_headers_are_listed_in_order(void **state)
{
	struct elf_file file = WITH_NOTES(GNU_BUILD_ID FREEBSD_16, 4);
	struct reading r;

	(void)state;
	put64(&file, phdr_at(2, P_FILESZ), 20);
	add_phdr(&file, (struct phdr){ 4, 4, NOTES + 20, 0x400000 + NOTES + 20, 24, 24, 4 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	assert_span(r.object.notes[0].owner, "GNU");
	assert_span(r.object.notes[1].owner, "FreeBSD");
	reading_free(&r);
}

/* Rules: M16 */
static void a_note_that_no_segment_maps_has_no_address(void **state)
{
	struct elf_file file = WITH_NOTES(GNU_BUILD_ID, 4);
	struct reading r;

	(void)state;
	put64(&file, phdr_at(2, P_VADDR), 0);
	r = read_file(&file);
	assert_int_equal(r.object.notes[0].va, 0);
	assert_int_equal(r.object.notes[0].file_offset, 0x310);
	reading_free(&r);
	put64(&file, phdr_at(2, P_VADDR), 0x400304);
	r = read_file(&file);
	assert_int_equal(r.object.notes[0].va, 0);
	reading_free(&r);
}

/* "ab\0" takes 3 bytes: padded to 4, the descriptor is at 16, to 8 likewise; 5 more bytes: 24 or 24. */
/* Rules: M16 */
static void notes_are_padded_to_four_bytes_or_to_eight(void **state)
{
	static const char four[] = "\3\0\0\0" "\5\0\0\0" "\7\0\0\0" "ab\0\0" "12345\0\0\0"
	                           "\1\0\0\0" "\2\0\0\0" "\1\0\0\0" "\0\0\0\0" "xy\0\0";
	static const char eight[] = "\6\0\0\0" "\5\0\0\0" "\7\0\0\0" "abcde\0\0\0" "\0\0\0\0"
	                            "12345\0\0\0" "\1\0\0\0" "\2\0\0\0" "\1\0\0\0" "\0\0\0\0" "xy\0\0\0\0\0\0";
	struct elf_file file = WITH_NOTES(four, 4);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	assert_span(r.object.notes[0].desc, "12345");
	assert_span(r.object.notes[1].desc, "xy");
	assert_int_equal(r.object.notes[1].owner.bytes, 0);
	reading_free(&r);
	file = WITH_NOTES(eight, 8);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	assert_span(r.object.notes[0].owner, "abcde");
	assert_span(r.object.notes[0].desc, "12345");
	assert_int_equal(r.object.notes[0].file_offset, NOTES + 24);
	assert_span(r.object.notes[1].desc, "xy");
	reading_free(&r);
}

/* Rules: M16 */
static void every_other_alignment_pads_to_four(void **state)
{
	static const uint64_t aligns[] = { 0, 1, 2, 4, 16, 3, UINT64_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
		struct elf_file file = WITH_NOTES(GNU_BUILD_ID FREEBSD_16, aligns[i]);
		struct reading r = read_file(&file);

		assert_int_equal(r.object.note_count, 2);
		reading_free(&r);
	}
}

/* Rules: M16, M19 */
static void a_rest_that_is_too_short_for_a_note_is_padding(void **state)
{
	(void)state;
	for (uint64_t bytes = 20; bytes < 20 + 12; bytes++) {
		struct elf_file file = with_notes(GNU_BUILD_ID "\0\0\0\0\0\0\0\0\0\0\0", bytes, 4);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.note_count, 1);
		reading_free(&r);
	}
}

/* Rules: M16 */
static void an_owner_may_lack_its_nul_and_a_note_everything(void **state)
{
	struct elf_file file = WITH_NOTES("\4\0\0\0" "\0\0\0\0" "\7\0\0\0" "ABCD"
	                                  "\0\0\0\0" "\0\0\0\0" "\0\0\0\0", 4);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	assert_span(r.object.notes[0].owner, "ABCD");
	assert_span(r.object.notes[1].owner, "");
	assert_int_equal(r.object.notes[1].desc.bytes, 0);
	reading_free(&r);
}

/* Rules: M19 */
static void a_note_that_is_longer_than_its_header_is_refused(void **state)
{
	static const uint32_t lengths[] = { 5, 0x7fffffff, 0xfffffff0, 0xffffffff };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct elf_file file = WITH_NOTES(GNU_BUILD_ID, 4);
		struct reading r;

		put32(&file, NOTES + 4, lengths[i]);
		r = read_file(&file);
		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_string_equal(r.fault.field, "n_descsz");
		assert_int_equal(r.fault.offset, NOTES + 4);
		assert_int_equal(r.fault.value, lengths[i]);
		assert_int_equal(r.fault.limit, 4);
		assert_int_equal(r.fault.segment, 2);
		reading_free(&r);
		put32(&file, NOTES + 4, 0);
		put32(&file, NOTES, lengths[i] + 4 < 16 ? 9 : lengths[i]);
		r = read_file(&file);
		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_string_equal(r.fault.field, "n_namesz");
		assert_int_equal(r.fault.offset, NOTES);
		assert_int_equal(r.fault.limit, 8);
		reading_free(&r);
	}
}

/* Rules: M19, M20 */
static void the_place_of_a_bad_note_behind_a_good_one_is_its_own(void **state)
{
	struct elf_file file = WITH_NOTES(GNU_BUILD_ID FREEBSD_16, 4);
	struct reading r;

	(void)state;
	put32(&file, NOTES + 20 + 4, 5);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.offset, NOTES + 24);
	assert_int_equal(r.fault.limit, 4);
	reading_free(&r);
	put32(&file, NOTES + 20, 13);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.offset, NOTES + 20);
	assert_int_equal(r.fault.limit, 12);
	reading_free(&r);
}

/* The good file with this header before its segments instead of behind them. */
static struct elf_file header_first(struct phdr p)
{
	struct elf_file file = elf_headers(2);

	add_phdr(&file, p);
	add_phdr(&file, (struct phdr){ 1, 5, 0, 0x400000, 0x400, 0x400, 0x1000 });
	return file;
}

/* Rules: M16 */
static void a_note_header_may_stand_before_every_segment(void **state)
{
	struct elf_file file = header_first((struct phdr){ 4, 4, NOTES, 0x400300, 19, 19, 4 });
	struct reading r;

	(void)state;
	memcpy(file.bytes + NOTES, GNU_BUILD_ID, 19);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 1);
	assert_int_equal(r.object.notes[0].va, 0x400310);
	reading_free(&r);
}

/* A file of n notes in n headers that all cover the same bytes would take n * n steps. */
/* Rules: M19 */
static void headers_that_cover_more_bytes_than_the_file_has_are_refused(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	memset(file.bytes + 0x300, 0, 0x500);
	for (int i = 0; i < 2; i++)
		add_phdr(&file, (struct phdr){ 4, 4, 0x300, 0, 0x400, 0x400, 4 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	reading_free(&r);
	add_phdr(&file, (struct phdr){ 4, 4, 0x300, 0, 1, 1, 4 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.segment, 4);
	reading_free(&r);
}

/* --- notes that Smalt knows ------------------------------------------------------------ */

/* Rules: H4 */
static void the_request_of_a_kernel_is_found_and_must_be_one(void **state)
{
	static const char request[] = "\6\0\0\0" "\4\0\0\0" "\1\0\0\0" "SMALT\0\0\0" "\4\0\0\0"
	                              "\6\0\0\0" "\4\0\0\0" "\1\0\0\0" "SMALT\0\0\0" "\4\0\0\0";
	struct elf_file file = with_notes(request, 24, 4);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_span(r.object.request, "\4\0\0\0");
	reading_free(&r);
	file = with_notes(request, 48, 4);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_NOTE);
	assert_int_equal(r.fault.offset, NOTES + 24 + 20);
	reading_free(&r);
	put32(&file, NOTES + 24 + 8, 2);         /* a type that Smalt does not know */
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 2);
	reading_free(&r);
	file = with_notes(request, 20, 4);
	put32(&file, NOTES + 4, 0);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_NOTE);
	reading_free(&r);
}

/* Rules: M21 */
static void the_pvh_entry_has_four_bytes_or_eight(void **state)
{
	static const char xen[] = "\4\0\0\0" "\4\0\0\0" "\22\0\0\0" "Xen\0" "\x78\x56\x34\x12\1\0\0\0";
	static const struct { uint8_t bytes; enum status status; uint64_t entry; } cases[] = {
		{ 4, ST_OK, 0x12345678 }, { 8, ST_OK, 0x112345678 }, { 0, ST_BAD_HEADER, 0 },
		{ 2, ST_BAD_HEADER, 0 }, { 5, ST_BAD_HEADER, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = WITH_NOTES(xen, 4);
		struct reading r;

		put32(&file, NOTES + 4, cases[i].bytes);
		r = read_file(&file);
		assert_int_equal(r.status, cases[i].status);
		if (r.status == ST_OK) {
			assert_true(r.object.has_pvh);
			assert_true(r.object.pvh_entry == cases[i].entry);
		}
		reading_free(&r);
	}
}

#define PROPERTIES(bytes) "\4\0\0\0" bytes "\0\0\0" "\5\0\0\0" "GNU\0"
#define ISA_NEEDED "\2\x80\0\xc0" "\4\0\0\0" "\7\0\0\0" "\0\0\0\0"
#define X86_FEATURES "\2\0\0\xc0" "\4\0\0\0" "\3\0\0\0" "\0\0\0\0"
#define ISA_USED "\2\0\1\xc0" "\4\0\0\0" "\xf\0\0\0" "\0\0\0\0"
#define PAUTH "\1\0\0\xc0" "\20\0\0\0" "\2\0\0\x10\0\0\0\0" "\x55\0\0\0\0\0\0\0"
#define ARM_FEATURES "\0\0\0\xc0" "\4\0\0\0" "\1\0\0\0" "\0\0\0\0"

/* Rules: M15 */
static void properties_of_x86_say_what_is_needed_and_what_is_possible(void **state)
{
	struct elf_file file = WITH_NOTES(PROPERTIES("\x30") X86_FEATURES ISA_NEEDED ISA_USED, 8);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.x86_isa_needed, 7);
	assert_int_equal(r.object.feature_1_and, 3);
	assert_false(r.object.has_pauth);
	reading_free(&r);
}

/* Rules: M15 */
static void properties_of_aarch64_are_not_those_of_x86(void **state)
{
	struct elf_file file = WITH_NOTES(PROPERTIES("\x28") ARM_FEATURES PAUTH, 8);
	struct reading r;

	(void)state;
	put16(&file, E_MACHINE, 183);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.feature_1_and, 1);
	assert_true(r.object.has_pauth);
	assert_int_equal(r.object.pauth_platform, 0x10000002);
	assert_int_equal(r.object.pauth_version, 0x55);
	assert_int_equal(r.object.x86_isa_needed, 0);
	reading_free(&r);
	put16(&file, E_MACHINE, 62);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_false(r.object.has_pauth);
	assert_int_equal(r.object.feature_1_and, 0);
	reading_free(&r);
}

/* Rules: M15 */
static void a_property_header_counts_without_a_note_header(void **state)
{
	struct elf_file file = WITH_NOTES(PROPERTIES("\x10") ISA_NEEDED, 8);
	struct reading r;

	(void)state;
	put32(&file, phdr_at(2, P_TYPE), 0x6474e553);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.note_count, 0);
	assert_int_equal(r.object.x86_isa_needed, 7);
	reading_free(&r);
	put32(&file, NOTES + 4, 0x11);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.segment, 2);
	reading_free(&r);
}

/* Rules: M15, M19 */
static void a_property_of_the_wrong_size_is_refused(void **state)
{
	static const uint32_t sizes[] = { 0, 3, 5, 8, 9, 0x7fffffff, 0xfffffff8, 0xffffffff };

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct elf_file file = WITH_NOTES(PROPERTIES("\x10") ISA_NEEDED, 8);
		struct reading r;

		put32(&file, NOTES + 16 + 4, sizes[i]);
		r = read_file(&file);
		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_string_equal(r.fault.field, "pr_datasz");
		assert_int_equal(r.fault.offset, NOTES + 16 + 4);
		assert_int_equal(r.fault.value, sizes[i]);
		reading_free(&r);
	}
}

/* Rules: M15, M20 */
static void the_place_of_a_bad_property_behind_a_good_one_is_its_own(void **state)
{
	struct elf_file file = header_first((struct phdr){ 0x6474e553, 4, NOTES, 0x400300, 48, 48, 8 });
	struct reading r;

	(void)state;
	memcpy(file.bytes + NOTES, PROPERTIES("\x20") X86_FEATURES ISA_NEEDED, 48);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.x86_isa_needed, 7);
	reading_free(&r);
	put32(&file, NOTES + 32 + 4, 9);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.offset, NOTES + 32 + 4);
	assert_int_equal(r.fault.limit, 8);
	reading_free(&r);
	put32(&file, NOTES + 32 + 4, 8);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_int_equal(r.fault.offset, NOTES + 32 + 4);
	assert_int_equal(r.fault.limit, 4);
	reading_free(&r);
}

/* Rules: M16 */
static void the_first_build_id_counts(void **state)
{
	struct elf_file file = WITH_NOTES(GNU_BUILD_ID GNU_BUILD_ID, 4);
	struct reading r = read_file(&file);

	(void)state;
	assert_ptr_equal(r.object.build_id.base, r.object.notes[0].desc.base);
	reading_free(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_note_is_listed_with_owner_type_and_place),
		cmocka_unit_test(notes_of_several_headers_are_listed_in_order),
		cmocka_unit_test(a_note_that_no_segment_maps_has_no_address),
		cmocka_unit_test(notes_are_padded_to_four_bytes_or_to_eight),
		cmocka_unit_test(every_other_alignment_pads_to_four),
		cmocka_unit_test(a_rest_that_is_too_short_for_a_note_is_padding),
		cmocka_unit_test(an_owner_may_lack_its_nul_and_a_note_everything),
		cmocka_unit_test(a_note_that_is_longer_than_its_header_is_refused),
		cmocka_unit_test(the_place_of_a_bad_note_behind_a_good_one_is_its_own),
		cmocka_unit_test(a_note_header_may_stand_before_every_segment),
		cmocka_unit_test(headers_that_cover_more_bytes_than_the_file_has_are_refused),
		cmocka_unit_test(the_request_of_a_kernel_is_found_and_must_be_one),
		cmocka_unit_test(the_pvh_entry_has_four_bytes_or_eight),
		cmocka_unit_test(properties_of_x86_say_what_is_needed_and_what_is_possible),
		cmocka_unit_test(properties_of_aarch64_are_not_those_of_x86),
		cmocka_unit_test(a_property_header_counts_without_a_note_header),
		cmocka_unit_test(a_property_of_the_wrong_size_is_refused),
		cmocka_unit_test(the_place_of_a_bad_property_behind_a_good_one_is_its_own),
		cmocka_unit_test(the_first_build_id_counts),
	};

	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
