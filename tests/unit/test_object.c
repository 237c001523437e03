/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_object.c: every format, every file of tests/data, and what no file may
 * do: make the reader look outside the file, or promise what is not true.
 *
 * Files are read from $SMALT_DATA, build/data by default.
 */
#include "object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "blob_files.h"
#include "elf_file.h"
#include "reloc.h"

/* As a boot would: the machine is the file's own, or else x86_64; a good file's relocations are checked. */
static struct reloc_needs needs;

static enum status read_as_kernel(struct reading *r, const uint8_t *bytes, uint64_t count)
{
	static uint8_t memory[8192] __attribute__((aligned(16)));
	struct arena arena = { memory, sizeof memory, 0 };
	const struct machine *machine = &machine_x86_64;

	if (count > 19 && bytes[E_MACHINE] == 183)
		machine = &machine_aarch64;
	*r = read_bytes(bytes, count, machine, &arena);
	if (r->status != ST_OK)
		return r->status;
	assert_null(promise_broken(&r->object));
	return reloc_check(&r->object, machine, false, &needs, &r->fault);
}

struct expectation { const char *status; enum status read; };

static void expect_all(const struct expectation *e)
{
	unsigned count = 0;

	for (struct blob *b = blobs(e->status); b; b = drop(b), count++) {
		struct reading r;

		if (read_as_kernel(&r, b->bytes, b->count) != e->read)
			fail_msg("%s: %s instead of %s", b->name, status_name(r.fault.status), e->status);
		if (e->read != ST_OK) {
			assert_int_equal(r.fault.status, e->read);
			assert_span(r.fault.object, "file");
			assert_non_null(r.fault.field);
		}
		reading_free(&r);
	}
	if (count == 0)
		fail_msg("no files in %s", data_folder(e->status));
}

/* Rules: M6, M10, M11, M15, M19, R1, R2 */
static void every_malformed_file_gets_the_status_it_is_filed_under(void **state)
{
	static const struct expectation expectations[] = {
		{ "TRUNCATED", ST_TRUNCATED }, { "BAD_HEADER", ST_BAD_HEADER },
		{ "BAD_SEGMENT", ST_BAD_SEGMENT }, { "OVERFLOW", ST_OVERFLOW },
		{ "MISALIGNED", ST_MISALIGNED }, { "OVERLAP", ST_OVERLAP },
		{ "WRONG_CLASS", ST_WRONG_CLASS }, { "WRONG_MACHINE", ST_WRONG_MACHINE },
		{ "BAD_RELOCATION", ST_BAD_RELOCATION },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof expectations / sizeof expectations[0]; i++)
		expect_all(&expectations[i]);
}

/* Rules: M10, M11, M19, M21 */
static void files_that_only_placing_can_refuse_read_well(void **state)
{
	static const char *const statuses[] = {
		"OK", "NO_ADDRESS", "BAD_ENTRY", "WX", "ADDRESS_IN_USE", "NO_MEMORY", "MISSING_CAPABILITY",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		expect_all(&(struct expectation){ statuses[i], ST_OK });
}

/* Rules: M1, M19 */
static void a_good_file_cut_anywhere_is_refused_or_reads_as_it_says(void **state)
{
	(void)state;
	for (struct blob *b = blobs("OK"); b; b = drop(b)) {
		for (uint64_t count = 0; count < b->count; count++) {
			struct reading r;

			(void)read_as_kernel(&r, b->bytes, count);
			if (r.status == ST_OK && count >= 4 && r.object.kind == OBJECT_FLAT)
				fail_msg("%s cut at %llu is flat", b->name, (unsigned long long)count);
			assert_true(r.bytes_hash == hash_of(r.copy, count));
			reading_free(&r);
		}
	}
}

/* Rules: M19 */
static void a_file_cut_inside_a_segment_is_truncated(void **state)
{
	struct elf_file file = good_file();

	(void)state;
	for (file.count = HEADER_BYTES + 2 * PHDR_BYTES; file.count < 0x800; file.count++) {
		struct reading r = read_file(&file);

		assert_int_equal(r.status, ST_TRUNCATED);
		reading_free(&r);
	}
	for (file.count = 4; file.count < HEADER_BYTES + 2 * PHDR_BYTES; file.count++) {
		struct reading r = read_file(&file);

		assert_int_equal(r.status, file.count < HEADER_BYTES ? ST_TRUNCATED : ST_BAD_HEADER);
		reading_free(&r);
	}
}

static const uint64_t extremes[] = {
	0, 1, 2, 3, 4, 7, 8, 0x1f, 0x20, 0x38, 0x40, 0xff, 0x100, 0x1ff, 0x200, 0x201, 0x240, 0x400, 0x401,
	0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff4, 0xffffffff, 0x100000000,
	0x3fffffffffffffff, 0x4000000000000000, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffffe00, 0xfffffffffffffff8, 0xffffffffffffffff,
};

static void spoil(const struct blob *b, uint64_t at, unsigned width)
{
	uint8_t bytes[4096];

	for (unsigned i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
		struct reading r;

		memcpy(bytes, b->bytes, b->count);
		for (unsigned n = 0; n < width; n++)
			bytes[at + n] = (uint8_t)(extremes[i] >> 8 * n);
		(void)read_as_kernel(&r, bytes, b->count);
		assert_true(r.bytes_hash == hash_of(r.copy, b->count));
		reading_free(&r);
	}
}

/*
 * Headers, notes, dynamic sections, relocation tables alike: whatever 2, 4 or 8
 * bytes say, the reader stays in the file (the sanitizer looks) and what it
 * accepts keeps the promises of object.h (read_as_kernel() looks).
 */
/* Rules: M1, M19, R2 */
static void no_number_in_a_good_file_makes_the_reader_leave_the_file(void **state)
{
	(void)state;
	for (struct blob *b = blobs("OK"); b; b = drop(b)) {
		for (unsigned width = 2; width <= 8; width *= 2) {
			for (uint64_t at = 0; at + width <= b->count; at += width)
				spoil(b, at, width);
		}
	}
}

/* Exactly so much memory as the arena has: a byte behind it is found by the sanitizer. */
/* Rules: M1, M19 */
static void every_arena_that_is_too_small_gives_no_memory(void **state)
{
	(void)state;
	for (struct blob *b = blobs("OK"); b; b = drop(b)) {
		enum status status = ST_NO_MEMORY;

		for (uint64_t bytes = 1; status == ST_NO_MEMORY; bytes++) {
			struct arena arena = { malloc(bytes), bytes, 0 };
			struct reading r = read_bytes(b->bytes, b->count, 0, &arena);

			status = r.status;
			assert_true(arena.used <= bytes);
			assert_true(bytes < 4096);
			reading_free(&r);
			free(arena.base);
		}
		assert_int_equal(status, ST_OK);
	}
}

/* Rules: M24 */
static void what_is_no_known_format_is_flat(void **state)
{
	static const char *const texts[] = { "", "x", "\177EL", "\177elf", "MZ and so on", "#!/bin/sh\n" };

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct arena arena = scratch(0);
		struct reading r = read_bytes((const uint8_t *)texts[i], strlen(texts[i]), &machine_x86_64, &arena);

		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.kind, OBJECT_FLAT);
		assert_int_equal(r.object.format, SMALT_FORMAT_FLAT);
		assert_int_equal(r.object.header_bytes, 0);
		assert_int_equal(r.object.segment_count, 0);
		assert_int_equal(r.object.align, 1);
		assert_int_equal(r.object.elf_machine, 0);
		assert_false(object_is_elf(r.object.bytes));
		reading_free(&r);
	}
}

/* The header of an Image: text_offset at byte 8, image_size at 16, the magic at 56. */
static struct elf_file image_file(uint64_t text_offset, uint64_t image_bytes)
{
	struct elf_file file = { .count = 0x1000 };

	put64(&file, 8, text_offset);
	put64(&file, 16, image_bytes);
	memcpy(file.bytes + 56, "ARM\x64", 4);
	return file;
}

/* Rules: M21, M24 */
static void an_arm64_image_owns_image_size_bytes_from_text_offset_on(void **state)
{
	struct elf_file file = image_file(0x10000, 0x300000);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_null(promise_broken(&r.object));
	assert_int_equal(r.object.format, SMALT_FORMAT_IMAGE);
	assert_int_equal(r.object.kind, OBJECT_MOVABLE);
	assert_int_equal(r.object.elf_machine, 183);
	assert_int_equal(r.object.align, 0x200000);
	assert_int_equal(r.object.entry, 0x10000);
	assert_int_equal(r.object.segment_count, 1);
	assert_int_equal(r.object.segments[0].va, 0x10000);
	assert_int_equal(r.object.segments[0].pa, 0x10000);
	assert_int_equal(r.object.segments[0].file_offset, 0);
	assert_int_equal(r.object.segments[0].file_bytes, 0x1000);
	assert_int_equal(r.object.segments[0].mem_bytes, 0x300000);
	assert_int_equal(r.object.segments[0].prot, 7);
	reading_free(&r);
}

/* Rules: M21 */
static void an_arm64_image_without_image_size_is_an_old_one(void **state)
{
	struct elf_file file = image_file(0x1234567, 0);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.segments[0].va, 0x80000);
	assert_int_equal(r.object.segments[0].mem_bytes, 0x1000);
	reading_free(&r);
}

/* Rules: M19, M21 */
static void an_arm64_image_that_cannot_lie_anywhere_is_refused(void **state)
{
	static const struct { uint64_t text_offset, image_bytes; enum status status; } cases[] = {
		{ 0x200000, 0x1000, ST_BAD_HEADER }, { 0x1001, 0x1000, ST_BAD_HEADER },
		{ UINT64_MAX, 0x1000, ST_BAD_HEADER }, { 0, UINT64_MAX, ST_OVERFLOW },
		{ 0x1ff000, 0xffffffffffc00000, ST_OVERFLOW }, { 0x1ff000, 0xffffffffffbfffff, ST_OK },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = image_file(cases[i].text_offset, cases[i].image_bytes);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, cases[i].status);
		if (r.status == ST_OK)
			assert_null(promise_broken(&r.object));
		else
			assert_span(r.fault.object, "file");
		reading_free(&r);
	}
}

/* Rules: M15, M24 */
static void an_arm64_image_is_for_one_machine_and_has_a_whole_header(void **state)
{
	struct elf_file file = image_file(0, 0x1000);
	struct arena arena = scratch(SCRATCH_BYTES);
	struct reading r = read_bytes(file.bytes, file.count, &machine_x86_64, &arena);

	(void)state;
	assert_int_equal(r.status, ST_WRONG_MACHINE);
	assert_int_equal(r.fault.value, 183);
	assert_int_equal(r.fault.limit, 62);
	reading_free(&r);
	r = read_bytes(file.bytes, 64, &machine_aarch64, &arena);
	assert_int_equal(r.object.format, SMALT_FORMAT_IMAGE);
	reading_free(&r);
	r = read_bytes(file.bytes, 63, &machine_aarch64, &arena);
	assert_int_equal(r.object.format, SMALT_FORMAT_FLAT);
	reading_free(&r);
	arena = scratch(10);
	r = read_bytes(file.bytes, 64, &machine_aarch64, &arena);
	assert_int_equal(r.status, ST_NO_MEMORY);
	reading_free(&r);
}

/* Rules: M5 */
static void a_flat_object_is_its_bytes_even_if_they_are_an_elf_file(void **state)
{
	struct elf_file file = good_file();
	struct span bytes = { file.bytes, file.count };
	struct content content = content_of(bytes, 0x7000);
	struct object object;

	(void)state;
	memset(&object, 0xaa, sizeof object);
	object_flat(&object, SPAN("raw"), &content);
	assert_true(object_is_elf(bytes));
	assert_span(object.name, "raw");
	assert_int_equal(object.kind, OBJECT_FLAT);
	assert_int_equal(object.format, SMALT_FORMAT_FLAT);
	assert_int_equal(object.bytes_pa, 0x7000);
	assert_int_equal(object.header_bytes, 0);
	assert_int_equal(object.align, 1);
	assert_null(object.segments);
	assert_int_equal(object.note_count, 0);
}

/* Rules: M16 */
static void a_segment_is_found_by_every_address_of_its_memory_and_no_other(void **state)
{
	struct elf_file file = elf_headers(2);
	struct reading r;

	(void)state;
	add_phdr(&file, (struct phdr){ 1, 4, 0x300, 0x40, 8, 16, 1 });
	add_phdr(&file, (struct phdr){ 1, 4, 0x200, 0x10, 8, 8, 1 });
	add_phdr(&file, (struct phdr){ 1, 4, 0x400, 0x50, 4, 4, 1 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	for (uint64_t va = 0; va < 0x70; va++) {
		const struct segment *s = object_segment_at(&r.object, va);
		uint32_t wanted = va >= 0x10 && va < 0x18 ? 1 : va >= 0x40 && va < 0x50 ? 0 :
		                  va >= 0x50 && va < 0x54 ? 2 : 99;

		assert_int_equal(s ? s->index : 99, wanted);
	}
	assert_null(object_segment_at(&r.object, UINT64_MAX));
	reading_free(&r);
}

/* Rules: M16, R2 */
static void file_bytes_are_found_only_if_one_segment_has_them_all(void **state)
{
	struct elf_file file = elf_headers(2);
	struct reading r;
	uint64_t at = 0;

	(void)state;
	add_phdr(&file, (struct phdr){ 1, 4, 0x300, 0x40, 8, 16, 1 });
	add_phdr(&file, (struct phdr){ 1, 4, 0x308, 0x50, 8, 8, 1 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	for (uint64_t va = 0x30; va < 0x60; va++)
	for (uint64_t bytes = 1; bytes < 12; bytes++) {
		bool first = va >= 0x40 && va + bytes <= 0x48, second = va >= 0x50 && va + bytes <= 0x58;

		assert_int_equal(object_file_at(&r.object, va, bytes, &at), first || second);
		if (first || second)
			assert_int_equal(at, first ? 0x300 + va - 0x40 : 0x308 + va - 0x50);
	}
	assert_false(object_file_at(&r.object, 0x40, UINT64_MAX, &at));
	assert_false(object_file_at(&r.object, UINT64_MAX, 2, &at));
	reading_free(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_malformed_file_gets_the_status_it_is_filed_under),
		cmocka_unit_test(files_that_only_placing_can_refuse_read_well),
		cmocka_unit_test(a_good_file_cut_anywhere_is_refused_or_reads_as_it_says),
		cmocka_unit_test(a_file_cut_inside_a_segment_is_truncated),
		cmocka_unit_test(no_number_in_a_good_file_makes_the_reader_leave_the_file),
		cmocka_unit_test(every_arena_that_is_too_small_gives_no_memory),
		cmocka_unit_test(what_is_no_known_format_is_flat),
		cmocka_unit_test(an_arm64_image_owns_image_size_bytes_from_text_offset_on),
		cmocka_unit_test(an_arm64_image_without_image_size_is_an_old_one),
		cmocka_unit_test(an_arm64_image_that_cannot_lie_anywhere_is_refused),
		cmocka_unit_test(an_arm64_image_is_for_one_machine_and_has_a_whole_header),
		cmocka_unit_test(a_flat_object_is_its_bytes_even_if_they_are_an_elf_file),
		cmocka_unit_test(a_segment_is_found_by_every_address_of_its_memory_and_no_other),
		cmocka_unit_test(file_bytes_are_found_only_if_one_segment_has_them_all),
	};

	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
