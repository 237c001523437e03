/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_aout.c: a.out files, classic and Plan 9's: where their parts lie, and what is refused.
 *
 * The numbers are worked out by hand from a.out(5), <sys/exec_aout.h>, a.out(6) and the
 * sources of 9front that object/plan9.c names.
 */
#include "object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "elf_file.h"

enum { RX = SMALT_R | SMALT_X, RW = SMALT_R | SMALT_W, RWX = RX | SMALT_W };
enum { OMAGIC = 0x107, NMAGIC = 0x108, ZMAGIC = 0x10b, QMAGIC = 0xcc };
enum { AMD64 = 157, ARM64 = 183, FLAG = 1 << 26 };

static void put_be(struct elf_file *file, uint64_t at, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		file->bytes[at + i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* a_midmag in network order, then text, data, bss, (syms,) entry. */
static struct elf_file classic(uint32_t midmag, uint32_t text, uint32_t data, uint32_t bss, uint32_t entry)
{
	struct elf_file file = { .count = 0x1000 };

	memset(file.bytes, 0xaa, sizeof file.bytes);
	put_be(&file, 0, 4, midmag);
	put32(&file, 4, text);
	put32(&file, 8, data);
	put32(&file, 12, bss);
	put32(&file, 16, 0x7777);    /* symbols: nobody looks */
	put32(&file, 20, entry);
	put32(&file, 24, 0);
	put32(&file, 28, 0);
	return file;
}

static struct elf_file plan9(uint32_t magic, uint32_t text, uint32_t data, uint32_t bss, uint64_t entry)
{
	struct elf_file file = { .count = 0x1000 };

	memset(file.bytes, 0xaa, sizeof file.bytes);
	put_be(&file, 0, 4, magic);
	put_be(&file, 4, 4, text);
	put_be(&file, 8, 4, data);
	put_be(&file, 12, 4, bss);
	put_be(&file, 32, 8, entry);
	return file;
}

struct part { uint64_t va, file_offset, file_bytes, mem_bytes; uint32_t prot; };

static void assert_part(const struct segment *s, struct part p)
{
	assert_int_equal(s->va, p.va);
	assert_int_equal(s->pa, p.va);
	assert_int_equal(s->file_offset, p.file_offset);
	assert_int_equal(s->file_bytes, p.file_bytes);
	assert_int_equal(s->mem_bytes, p.mem_bytes);
	assert_int_equal(s->prot, p.prot);
	assert_int_equal(s->align, 4096);
	assert_int_equal(s->index, SMALT_NONE);
}

struct expected { uint32_t format, kind, elf_machine; uint64_t header_bytes, entry; uint32_t count; struct part parts[2]; };

static void expect(const struct elf_file *file, struct expected e)
{
	struct reading r = read_file(file);

	assert_int_equal(r.status, ST_OK);
	assert_null(promise_broken(&r.object));
	assert_int_equal(r.object.format, e.format);
	assert_int_equal(r.object.kind, e.kind);
	assert_int_equal(r.object.elf_machine, e.elf_machine);
	assert_int_equal(r.object.header_bytes, e.header_bytes);
	assert_true(r.object.entry == e.entry);
	assert_int_equal(r.object.align, 4096);
	assert_int_equal(r.object.segment_count, e.count);
	for (uint32_t i = 0; i < e.count; i++)
		assert_part(&r.object.segments[i], e.parts[i]);
	reading_free(&r);
}

/* Rules: M7, M24 */
static void text_and_data_of_nmagic_are_apart_in_memory_and_together_in_the_file(void **state)
{
	struct elf_file file = classic(AMD64 << 16 | NMAGIC, 0x123, 0x45, 0x2000, 0x1010);

	(void)state;
	expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_FIXED, 62, 32, 0x1010, 2, {
		{ 0x1000, 32, 0x123, 0x123, RX }, { 0x2000, 0x143, 0x45, 0x2045, RW } } });
}

/* Rules: M7 */
static void the_header_of_zmagic_and_qmagic_is_text_and_data_begin_a_page_of_the_file(void **state)
{
	static const uint32_t magics[] = { ZMAGIC, QMAGIC };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct elf_file file = classic(FLAG | ARM64 << 16 | magics[i], 0x801, 0, 0x10, 0x1020);

		expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_FIXED, 183, 32, 0x1020, 2, {
			{ 0x1000, 0, 0x801, 0x801, RX }, { 0x2000, 0x1000, 0, 0x10, RW } } });
	}
}

/* Rules: M7 */
static void data_of_omagic_follow_text_and_all_of_it_may_be_written(void **state)
{
	struct elf_file file = classic(AMD64 << 16 | OMAGIC, 0x123, 0x45, 0x10, 0x1000);

	(void)state;
	expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_FIXED, 62, 32, 0x1000, 1, {
		{ 0x1000, 32, 0x168, 0x178, RWX } } });
}

/* Rules: M7 */
static void zmagic_with_an_entry_below_one_page_goes_anywhere(void **state)
{
	struct elf_file file = classic(AMD64 << 16 | ZMAGIC, 0x1000, 0, 1, 0xfff);

	(void)state;
	expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_MOVABLE, 62, 32, 0xfff, 2, {
		{ 0, 0, 0x1000, 0x1000, RX }, { 0x1000, 0x1000, 0, 1, RW } } });
	file = classic(AMD64 << 16 | ZMAGIC, 0x1000, 0, 0, 0x1000);
	expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_FIXED, 62, 32, 0x1000, 1, {
		{ 0x1000, 0, 0x1000, 0x1000, RX } } });
	file = classic(AMD64 << 16 | QMAGIC, 0x1000, 0, 0, 0xfff);
	expect(&file, (struct expected){ SMALT_FORMAT_AOUT, OBJECT_FIXED, 62, 32, 0xfff, 1, {
		{ 0x1000, 0, 0x1000, 0x1000, RX } } });
}

/* Rules: M7, M24 */
static void a_program_of_plan_9_has_its_header_in_text_at_utzero(void **state)
{
	struct elf_file file = plan9(0x8a97, 0x200, 0x30, 0x1000, 0x200028);

	(void)state;
	expect(&file, (struct expected){ SMALT_FORMAT_PLAN9, OBJECT_FIXED, 62, 40, 0x200028, 2, {
		{ 0x200000, 0, 0x228, 0x228, RX }, { 0x400000, 0x228, 0x30, 0x1030, RW } } });
	file = plan9(0x8c47, 0x200, 0x30, 0x1000, 0x10227);
	expect(&file, (struct expected){ SMALT_FORMAT_PLAN9, OBJECT_FIXED, 183, 40, 0x10227, 2, {
		{ 0x10000, 0, 0x228, 0x228, RX }, { 0x20000, 0x228, 0x30, 0x1030, RW } } });
}

/* Rules: M7 */
static void a_kernel_of_plan_9_begins_with_its_entry(void **state)
{
	struct elf_file file = plan9(0x8a97, 0x200, 0x30, 0x1000, 0xffffffff80110000);

	(void)state;
	expect(&file, (struct expected){ SMALT_FORMAT_PLAN9, OBJECT_FIXED, 62, 40, 0xffffffff80110000, 2, {
		{ 0xffffffff80110000, 40, 0x200, 0x200, RX },
		{ 0xffffffff80111000, 0x228, 0x30, 0x1030, RW } } });
	file = plan9(0x8c47, 0x200, 0x30, 0x1000, 0xffffffffc0080000);
	expect(&file, (struct expected){ SMALT_FORMAT_PLAN9, OBJECT_FIXED, 183, 40, 0xffffffffc0080000, 2, {
		{ 0xffffffffc0080000, 40, 0x200, 0x200, RX },
		{ 0xffffffffc0090000, 0x228, 0x30, 0x1030, RW } } });
	file = plan9(0x8a97, 0x200, 0, 0, 0x200228);      /* one byte behind a program's text */
	expect(&file, (struct expected){ SMALT_FORMAT_PLAN9, OBJECT_FIXED, 62, 40, 0x200228, 1, {
		{ 0x200228, 40, 0x200, 0x200, RX } } });
}

struct refusal { enum status status; const char *field; uint64_t value, limit, offset; };

static void refuse(const struct elf_file *file, const struct machine *machine, struct refusal e)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct reading r = read_bytes(file->bytes, file->count, machine, &arena);

	assert_int_equal(r.status, e.status);
	assert_string_equal(r.fault.field, e.field);
	assert_true(r.fault.value == e.value && r.fault.limit == e.limit && r.fault.offset == e.offset);
	assert_span(r.fault.object, "file");
	reading_free(&r);
}

/* Rules: M7, M15 */
static void a_file_for_another_machine_or_class_is_refused_by_its_number(void **state)
{
	static const uint32_t mids[] = { 0, 1, 3, 100, 134, 156, 158, 182, 184, 0x3ff };
	struct elf_file file = classic(AMD64 << 16 | NMAGIC, 1, 0, 0, 0x1000);

	(void)state;
	refuse(&file, &machine_aarch64, (struct refusal){ ST_WRONG_MACHINE, "machine of the exec header", 62, 183, 0 });
	file = classic(185 << 16 | NMAGIC, 1, 0, 0, 0x1000);
	refuse(&file, &machine_x86_64, (struct refusal){ ST_WRONG_MACHINE, "machine of the exec header", 243, 62, 0 });
	for (unsigned i = 0; i < sizeof mids / sizeof mids[0]; i++) {
		file = classic(mids[i] << 16 | QMAGIC, 1, 0, 0, 0x1000);
		refuse(&file, 0, (struct refusal){ ST_WRONG_CLASS, "machine in a_midmag", mids[i], 0, 0 });
	}
	put32(&file, 0, AMD64 << 16 | QMAGIC);   /* little endian: a 32-bit file of Linux */
	refuse(&file, 0, (struct refusal){ ST_WRONG_CLASS, "machine in a_midmag", AMD64, 0, 0 });
	file = plan9(0x8c47, 1, 0, 0, 0x10028);
	refuse(&file, &machine_x86_64, (struct refusal){ ST_WRONG_MACHINE, "machine of the exec header", 183, 62, 0 });
	file = plan9(0x8b6b, 1, 0, 0, 0x10028);  /* power64 */
	refuse(&file, 0, (struct refusal){ ST_WRONG_MACHINE, "magic of Plan 9", 0x8b6b, 0, 0 });
	file = plan9(0x1eb, 1, 0, 0, 0x10028);   /* 386 */
	refuse(&file, 0, (struct refusal){ ST_WRONG_CLASS, "magic of Plan 9", 0x1eb, 0, 0 });
	file = plan9(0xa97, 1, 0, 0, 0x10028);   /* amd64's number without the longer header */
	refuse(&file, 0, (struct refusal){ ST_WRONG_CLASS, "magic of Plan 9", 0xa97, 0, 0 });
}

/* Rules: M7, M19 */
static void parts_outside_the_file_or_the_address_space_are_refused(void **state)
{
	struct elf_file file = classic(AMD64 << 16 | ZMAGIC, 0x1001, 0, 0, 0x1000);

	(void)state;
	refuse(&file, 0, (struct refusal){ ST_TRUNCATED, "size of text", 0x1001, 0x1000, 4 });
	file = classic(AMD64 << 16 | ZMAGIC, 0x1000, 1, 0, 0x1000);
	refuse(&file, 0, (struct refusal){ ST_TRUNCATED, "size of data", 1, 0, 8 });
	file = classic(AMD64 << 16 | NMAGIC, 0xf00, 0xe1, 0, 0x1000);
	refuse(&file, 0, (struct refusal){ ST_TRUNCATED, "size of data", 0xe1, 0xe0, 8 });
	file = classic(AMD64 << 16 | OMAGIC, 0xf00, 0xe1, 0, 0x1000);
	refuse(&file, 0, (struct refusal){ ST_TRUNCATED, "size of text", 0xfe1, 0xfe0, 4 });
	file = classic(AMD64 << 16 | NMAGIC, 0, 0, 0, 0x1000);
	refuse(&file, 0, (struct refusal){ ST_NOT_MAPPABLE, "size of text and data", 0, 0, 0 });
	file = plan9(0x8a97, 0x200, 0, 0, UINT64_MAX - 0x100);
	refuse(&file, 0, (struct refusal){ ST_OVERFLOW, "size of text", 0x200, 0x100, 4 });
	file = plan9(0x8a97, 0x200, 0, 1, UINT64_MAX - 0x200);
	refuse(&file, 0, (struct refusal){ ST_OVERFLOW, "end of text", UINT64_MAX, 0xfffffffffffff000, 32 });
	file = plan9(0x8a97, 0x200, 0, 0xffffffff, 0xffffffff80110000);
	refuse(&file, 0, (struct refusal){ ST_OVERFLOW, "size of data", 0xffffffff, 0x7feeefff, 8 });
}

/* Rules: M7 */
static void a_file_that_is_not_linked_is_refused(void **state)
{
	struct elf_file file = classic(AMD64 << 16 | OMAGIC, 0x10, 0x10, 0, 0);

	(void)state;
	put32(&file, 28, 8);
	refuse(&file, 0, (struct refusal){ ST_BAD_RELOCATION, "a_drsize", 8, 0, 28 });
	put32(&file, 24, 16);
	refuse(&file, 0, (struct refusal){ ST_BAD_RELOCATION, "a_trsize", 16, 0, 24 });
}

static struct elf_file sample(unsigned i)
{
	return i < 4 ? classic(AMD64 << 16 | (uint32_t[]){ OMAGIC, NMAGIC, ZMAGIC, QMAGIC }[i], 0x100, 0, 0x80, 0x1000)
	     : i < 5 ? plan9(0x8a97, 0x100, 0x80, 0x80, 0x200030) : plan9(0x8a97, 0x100, 0x80, 0x80, 0xffffffff80110000);
}
enum { SAMPLES = 6 };

/* Rules: M7, M19 */
static void a_file_cut_anywhere_is_refused_until_all_that_it_names_is_there(void **state)
{
	static const uint64_t needed[SAMPLES] = { 0x120, 0x120, 0x100, 0x100, 0x1a8, 0x1a8 };

	(void)state;
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct elf_file file = sample(i);

		for (file.count = 0; file.count < 0x200; file.count++) {
			struct reading r = read_file(&file);

			assert_int_equal(r.status, file.count < 4 || file.count >= needed[i] ? ST_OK : ST_TRUNCATED);
			assert_true(file.count >= 4 || r.object.format == SMALT_FORMAT_FLAT);
			reading_free(&r);
		}
	}
}

static void spoil(const struct elf_file *good, uint64_t at, unsigned width, uint64_t value)
{
	struct elf_file file = *good;
	struct reading r;

	put(&file, at, width, value);
	r = read_file(&file);
	if (r.status == ST_OK)
		assert_null(promise_broken(&r.object));
	assert_true(r.bytes_hash == hash_of(r.copy, file.count));
	reading_free(&r);
}

/* Rules: M1, M7 */
static void no_number_in_a_header_makes_the_reader_leave_the_file(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct elf_file file = sample(i);

		for (uint64_t at = 0; at < 40; at++)
			for (unsigned value = 0; value < 256; value++)
				spoil(&file, at, 1, value);
		for (uint64_t at = 0; at < 40; at += 4)
			for (unsigned bit = 0; bit < 32; bit++) {
				spoil(&file, at, 4, UINT64_C(1) << bit);
				spoil(&file, at, 4, ~(UINT64_C(1) << bit));
			}
	}
}

/* Rules: M1, M7 */
static void every_arena_that_is_too_small_gives_no_memory(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SAMPLES; i++) {
		struct elf_file file = sample(i);
		enum status status = ST_NO_MEMORY;
		uint64_t bytes = 0;

		while (status == ST_NO_MEMORY) {
			struct arena arena = scratch(bytes++);
			struct reading r = read_bytes(file.bytes, file.count, 0, &arena);

			status = r.status;
			reading_free(&r);
		}
		assert_int_equal(status, ST_OK);
		assert_true(bytes > 2 * sizeof(struct segment));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_data_of_nmagic_are_apart_in_memory_and_together_in_the_file),
		cmocka_unit_test(the_header_of_zmagic_and_qmagic_is_text_and_data_begin_a_page_of_the_file),
		cmocka_unit_test(data_of_omagic_follow_text_and_all_of_it_may_be_written),
		cmocka_unit_test(zmagic_with_an_entry_below_one_page_goes_anywhere),
		cmocka_unit_test(a_program_of_plan_9_has_its_header_in_text_at_utzero),
		cmocka_unit_test(a_kernel_of_plan_9_begins_with_its_entry),
		cmocka_unit_test(a_file_for_another_machine_or_class_is_refused_by_its_number),
		cmocka_unit_test(parts_outside_the_file_or_the_address_space_are_refused),
		cmocka_unit_test(a_file_that_is_not_linked_is_refused),
		cmocka_unit_test(a_file_cut_anywhere_is_refused_until_all_that_it_names_is_there),
		cmocka_unit_test(no_number_in_a_header_makes_the_reader_leave_the_file),
		cmocka_unit_test(every_arena_that_is_too_small_gives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
