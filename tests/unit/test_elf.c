/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_elf.c: what a good ELF file says is reported exactly, and each number
 * that is wrong is named with its place, its value and its limit.
 */
#include "object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "elf_file.h"

/* Rules: M6, M16, M18 */
static void a_good_file_is_reported_as_readelf_would(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_null(promise_broken(&r.object));
	assert_int_equal(r.object.format, SMALT_FORMAT_ELF64);
	assert_int_equal(r.object.kind, OBJECT_FIXED);
	assert_int_equal(r.object.elf_machine, 62);
	assert_int_equal(r.object.header_bytes, 64);
	assert_int_equal(r.object.entry, 0x400200);
	assert_int_equal(r.object.phdr_offset, 64);
	assert_int_equal(r.object.phdr_count, 2);
	assert_int_equal(r.object.phdr_entry_bytes, 56);
	assert_int_equal(r.object.section_offset, 0);
	assert_int_equal(r.object.section_count, 0);
	assert_int_equal(r.object.segment_count, 2);
	assert_int_equal(r.object.align, 0x1000);
	assert_int_equal(r.object.segments[1].va, 0x401400);
	assert_int_equal(r.object.segments[1].pa, 0x1401400);
	assert_int_equal(r.object.segments[1].file_offset, 0x400);
	assert_int_equal(r.object.segments[1].file_bytes, 0x400);
	assert_int_equal(r.object.segments[1].mem_bytes, 0x500);
	assert_int_equal(r.object.segments[1].align, 0x1000);
	assert_int_equal(r.object.segments[1].prot, SMALT_R | SMALT_W);
	assert_int_equal(r.object.segments[1].index, 1);
	assert_int_equal(r.object.segments[0].prot, SMALT_R | SMALT_X);
	assert_span(r.object.name, "file");
	assert_true(r.object.bytes_pa == OBJECT_NOWHERE);
	reading_free(&r);
}

/* Rules: M16 */
static void what_a_file_does_not_have_is_zero(void **state)
{
	struct elf_file file = good_file();
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.object.flags, 0);
	assert_int_equal(r.object.tls.bytes + r.object.dynamic.bytes + r.object.relro.bytes, 0);
	assert_int_equal(r.object.init_array.bytes + r.object.fini_array.bytes, 0);
	assert_int_equal(r.object.interp.bytes + r.object.build_id.bytes + r.object.request.bytes, 0);
	assert_int_equal(r.object.rela.bytes + r.object.rel.bytes + r.object.relr.bytes, 0);
	assert_int_equal(r.object.note_count, 0);
	assert_false(r.object.has_pvh || r.object.has_pauth || r.object.text_relocations);
	assert_int_equal(r.object.x86_isa_needed, 0);
	reading_free(&r);
}

/* One number of the good file, and what changing it must give. */
struct change {
	uint64_t at;
	unsigned width;
	uint64_t value;
	enum status status;
	const char *field;
	uint32_t has;            /* FAULT_SEGMENT, FAULT_LIMIT or not */
	uint64_t limit;
};

#define IN_SEGMENT (FAULT_VALUE | FAULT_LIMIT | FAULT_OFFSET | FAULT_SEGMENT)
#define IN_HEADER  (FAULT_VALUE | FAULT_LIMIT | FAULT_OFFSET)
#define ALONE      (FAULT_VALUE | FAULT_OFFSET)
#define DATA(member) (HEADER_BYTES + PHDR_BYTES + (member))

static const struct change changes[] = {
	{ E_CLASS, 1, 1, ST_WRONG_CLASS, "EI_CLASS", IN_HEADER, 2 },
	{ E_CLASS, 1, 0, ST_WRONG_CLASS, "EI_CLASS", IN_HEADER, 2 },
	{ E_DATA, 1, 2, ST_WRONG_CLASS, "EI_DATA", IN_HEADER, 1 },
	{ E_IDENT_VERSION, 1, 0, ST_BAD_HEADER, "EI_VERSION", IN_HEADER, 1 },
	{ E_VERSION, 4, 0x10001, ST_BAD_HEADER, "e_version", ALONE, 0 },
	{ E_EHSIZE, 2, 52, ST_BAD_HEADER, "e_ehsize", IN_HEADER, 64 },
	{ E_PHENTSIZE, 2, 32, ST_BAD_HEADER, "e_phentsize", IN_HEADER, 56 },
	{ E_PHENTSIZE, 2, 57, ST_BAD_HEADER, "e_phentsize", IN_HEADER, 56 },
	{ E_TYPE, 2, 0, ST_NOT_MAPPABLE, "e_type", ALONE, 0 },
	{ E_TYPE, 2, 5, ST_NOT_MAPPABLE, "e_type", ALONE, 0 },
	{ DATA(P_FILESZ), 8, 0x501, ST_BAD_SEGMENT, "p_filesz", IN_SEGMENT, 0x500 },
	{ DATA(P_FILESZ), 8, 0x401, ST_TRUNCATED, "p_filesz", IN_SEGMENT, 0x400 },
	{ DATA(P_OFFSET), 8, 0x801, ST_TRUNCATED, "p_offset", IN_SEGMENT, 0x800 },
	{ DATA(P_OFFSET), 8, UINT64_MAX - 0x3ff, ST_TRUNCATED, "p_offset", IN_SEGMENT, 0x800 },
	{ DATA(P_ALIGN), 8, 0x1800, ST_MISALIGNED, "p_align", ALONE | FAULT_SEGMENT, 0 },
	{ DATA(P_MEMSZ), 8, UINT64_MAX, ST_OVERFLOW, "p_memsz", IN_SEGMENT, UINT64_MAX - 0x401400 },
	{ DATA(P_VADDR), 8, UINT64_MAX - 0x4ff, ST_OVERFLOW, "p_memsz", 0, 0x4ff },
	{ DATA(P_VADDR), 8, 0x4003ff, ST_OVERLAP, "p_vaddr", IN_SEGMENT, 0x400400 },
};

/* Rules: M6, M15, M19, M20 */
static void each_wrong_number_is_named_with_place_value_and_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const struct change *c = &changes[i];
		struct elf_file file = good_file();
		struct reading r;

		put(&file, c->at, c->width, c->value);
		r = read_file(&file);
		if (r.status != c->status)
			fail_msg("change %u: %s", i, status_name(r.fault.status));
		assert_int_equal(r.fault.status, c->status);
		assert_string_equal(r.fault.field, c->field);
		assert_true(r.fault.has & FAULT_OFFSET);
		if (c->has & FAULT_LIMIT)
			assert_true(r.fault.limit == c->limit);
		if (c->has != 0) {
			assert_int_equal(r.fault.has, c->has);
			assert_true(r.fault.value == c->value);
			assert_int_equal(r.fault.offset, c->at);
		}
		if (c->has & FAULT_SEGMENT)
			assert_int_equal(r.fault.segment, 1);
		reading_free(&r);
	}
}

/* Rules: M15, M19 */
static void another_machine_is_refused_only_if_one_is_wanted(void **state)
{
	struct elf_file file = good_file();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct reading r = read_bytes(file.bytes, file.count, &machine_aarch64, &arena);

	(void)state;
	assert_int_equal(r.status, ST_WRONG_MACHINE);
	assert_string_equal(r.fault.field, "e_machine");
	assert_int_equal(r.fault.value, 62);
	assert_int_equal(r.fault.limit, 183);
	reading_free(&r);
	put16(&file, E_MACHINE, 243);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.elf_machine, 243);
	reading_free(&r);
}

/* Rules: M6 */
static void relocatable_and_core_files_are_flat_with_a_header(void **state)
{
	static const uint16_t types[] = { 1, 4 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct elf_file file = good_file();
		struct reading r;

		put16(&file, E_TYPE, types[i]);
		put16(&file, E_PHENTSIZE, 0);
		r = read_file(&file);
		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.kind, OBJECT_FLAT);
		assert_int_equal(r.object.format, SMALT_FORMAT_ELF64);
		assert_int_equal(r.object.header_bytes, 64);
		assert_int_equal(r.object.segment_count, 0);
		assert_int_equal(r.object.entry, 0);
		reading_free(&r);
	}
}

/* Rules: M6 */
static void a_shared_object_is_movable_whatever_its_entry_and_lowest_address(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	put16(&file, E_TYPE, 3);
	put64(&file, E_ENTRY, 0);
	put64(&file, phdr_at(0, P_VADDR), 0);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.kind, OBJECT_MOVABLE);
	assert_int_equal(r.object.entry, 0);
	assert_int_equal(r.object.segments[0].va, 0);
	reading_free(&r);
}

/* Rules: M10 */
static void empty_segments_are_skipped_wherever_they_stand_and_whatever_they_say(void **state)
{
	(void)state;
	for (uint32_t place = 0; place < 3; place++) {
		struct elf_file file = elf_headers(2);
		struct reading r;

		for (uint32_t i = 0; i < 3; i++)
			add_phdr(&file, (struct phdr){ 1, 4, 0, 0x10000 * (i + 1), 16, 16, 1 });
		put64(&file, phdr_at(place, P_FILESZ), 0);
		put64(&file, phdr_at(place, P_MEMSZ), 0);
		put64(&file, phdr_at(place, P_OFFSET), UINT64_MAX);
		put64(&file, phdr_at(place, P_VADDR), UINT64_MAX);
		put64(&file, phdr_at(place, P_ALIGN), 12345);
		r = read_file(&file);
		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.segment_count, 2);
		assert_int_equal(r.object.segments[0].index, place == 0 ? 1 : 0);
		assert_int_equal(r.object.segments[1].index, place == 2 ? 1 : 2);
		assert_int_equal(r.object.align, 1);
		reading_free(&r);
	}
}

/* Rules: M10, M19 */
static void zero_fill_may_name_any_file_offset(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	put64(&file, DATA(P_FILESZ), 0);
	put64(&file, DATA(P_OFFSET), UINT64_MAX);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_null(promise_broken(&r.object));
	assert_int_equal(r.object.segments[1].file_bytes, 0);
	assert_int_equal(r.object.segments[1].mem_bytes, 0x500);
	reading_free(&r);
}

/* Rules: M10 */
static void a_file_without_a_segment_is_not_mappable(void **state)
{
	struct elf_file file = elf_headers(2);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_NOT_MAPPABLE);
	reading_free(&r);
	add_phdr(&file, (struct phdr){ .type = 0x6474e551, .flags = 6 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_NOT_MAPPABLE);
	reading_free(&r);
}

/* Every order of n segments that do not touch each other. */
static void permute(const uint64_t *order, uint32_t count)
{
	struct elf_file file = elf_headers(2);
	struct reading r;

	for (uint32_t i = 0; i < count; i++)
		add_phdr(&file, (struct phdr){ 1, 4, 0, 0x1000 * order[i], 0, 0x1000, 1 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.segment_count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(r.object.segments[i].va, 0x1000 * i);
		assert_int_equal(order[r.object.segments[i].index], i);
	}
	reading_free(&r);
}

/* The next order in the dictionary; false after the last. */
static bool next_order(uint64_t *order, uint32_t count)
{
	uint32_t i = count - 1, j = count - 1;

	while (i > 0 && order[i - 1] > order[i])
		i--;
	if (i == 0)
		return false;
	while (order[j] < order[i - 1])
		j--;
	for (uint64_t t = order[i - 1], once = 1; once; once = 0) {
		order[i - 1] = order[j];
		order[j] = t;
	}
	for (j = count - 1; i < j; i++, j--) {
		uint64_t t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	return true;
}

/* Rules: M11 */
static void segments_in_every_order_come_out_ascending(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= 6; count++) {
		uint64_t order[] = { 0, 1, 2, 3, 4, 5 };

		do
			permute(order, count);
		while (next_order(order, count));
	}
}

/* Do [a, a + n) and [b, b + m) share a byte? Byte by byte. */
static bool share_a_byte(uint64_t a, uint64_t n, uint64_t b, uint64_t m)
{
	for (uint64_t byte = a; byte < a + n; byte++) {
		if (byte >= b && byte < b + m)
			return true;
	}
	return false;
}

/* Rules: M11, M19 */
static void two_segments_overlap_exactly_if_they_share_a_byte(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 4; n++)
	for (uint64_t b = 0; b <= 10; b++)
	for (uint64_t m = 1; m <= 4; m++) {
		struct elf_file file = elf_headers(2);
		struct reading r;

		add_phdr(&file, (struct phdr){ 1, 4, 0, 5, 0, n, 1 });
		add_phdr(&file, (struct phdr){ 1, 4, 0, b, 0, m, 1 });
		r = read_file(&file);
		assert_int_equal(r.status, share_a_byte(5, n, b, m) ? ST_OVERLAP : ST_OK);
		reading_free(&r);
	}
}

/* Rules: M19 */
static void an_alignment_of_zero_means_one_and_the_largest_counts(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	put64(&file, phdr_at(0, P_ALIGN), 0);
	put64(&file, phdr_at(1, P_ALIGN), 1ull << 63);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.segments[0].align, 1);
	assert_true(r.object.align == 1ull << 63);
	reading_free(&r);
}

/* Rules: M18 */
static void rights_are_the_three_bits_and_nothing_else(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags < 8; flags++) {
		struct elf_file file = good_file();
		struct reading r;

		put32(&file, DATA(P_FLAGS), flags | 0xfff00ff8);
		r = read_file(&file);
		assert_int_equal(r.status, ST_OK);
		assert_int_equal(r.object.segments[1].prot, flags);
		reading_free(&r);
	}
}

/* Debian's vmlinux: a segment at 0, one writable and executable, a physical entry, reversed addresses. */
/* Rules: M11, M21 */
static void a_kernel_with_a_physical_protocol_reads_well(void **state)
{
	struct elf_file file = elf_headers(2);
	struct reading r;

	(void)state;
	put64(&file, E_ENTRY, 0x1000000);
	add_phdr(&file, (struct phdr){ 1, 5, 0, 0xffffffff81000000, 0x200, 0x200, 0x200000 });
	add_phdr(&file, (struct phdr){ 1, 6, 0x200, 0, 0x100, 0x100, 0x200000 });
	add_phdr(&file, (struct phdr){ 1, 7, 0x300, 0xffffffff82000000, 0x100, 0x100000, 0x200000 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.segments[0].va, 0);
	assert_int_equal(r.object.segments[0].pa, 0x1000000);
	assert_int_equal(r.object.segments[2].prot, 7);
	assert_int_equal(r.object.entry, 0x1000000);
	reading_free(&r);
}

/* --- tables --------------------------------------------------------------------- */

/* Rules: M19 */
static void the_program_headers_may_end_at_the_end_of_the_file_and_no_later(void **state)
{
	struct elf_file good = good_file();
	struct elf_file file = good;
	struct reading r;

	(void)state;
	memcpy(file.bytes + 0x800, good.bytes + 64, 2 * PHDR_BYTES);
	put64(&file, E_PHOFF, 0x800);
	for (file.count = 0x800; file.count <= 0x800 + 2 * PHDR_BYTES; file.count++) {
		r = read_file(&file);
		assert_int_equal(r.status, file.count < 0x800 + 2 * PHDR_BYTES ? ST_BAD_HEADER : ST_OK);
		reading_free(&r);
	}
}

/* Section 0 at 0x700: sh_size at 32, sh_info at 44. */
static struct elf_file with_section_zero(uint16_t phnum, uint32_t info, uint16_t shnum, uint64_t bytes)
{
	struct elf_file file = good_file();

	put16(&file, E_PHNUM, phnum);
	put64(&file, E_SHOFF, 0x700);
	put16(&file, E_SHENTSIZE, 64);
	put16(&file, E_SHNUM, shnum);
	put64(&file, 0x700 + 32, bytes);
	put32(&file, 0x700 + 44, info);
	return file;
}

/* Rules: M19 */
static void pn_xnum_takes_the_number_from_section_zero(void **state)
{
	struct elf_file file = with_section_zero(0xffff, 2, 1, 0);
	struct reading r = read_file(&file);

	(void)state;
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.phdr_count, 2);
	assert_int_equal(r.object.segment_count, 2);
	reading_free(&r);
	file = with_section_zero(0xffff, 0, 1, 0);
	r = read_file(&file);
	assert_int_equal(r.status, ST_NOT_MAPPABLE);
	reading_free(&r);
	file = with_section_zero(0xffff, UINT32_MAX, 1, 0);
	r = read_file(&file);
	assert_int_equal(r.status, ST_BAD_HEADER);
	assert_true(r.fault.value == UINT32_MAX);
	assert_int_equal(r.fault.limit, (0x800 - 64) / 56);
	reading_free(&r);
}

/* Rules: M19 */
static void pn_xnum_without_a_usable_section_zero_is_refused(void **state)
{
	static const struct { uint64_t at; unsigned width; uint64_t value; } cases[] = {
		{ E_SHOFF, 8, 0 }, { E_SHOFF, 8, 0x7c1 }, { E_SHOFF, 8, UINT64_MAX },
		{ E_SHENTSIZE, 2, 40 }, { E_SHENTSIZE, 2, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = with_section_zero(0xffff, 2, 1, 0);
		struct reading r;

		put(&file, cases[i].at, cases[i].width, cases[i].value);
		r = read_file(&file);
		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_int_equal(r.fault.offset, E_PHNUM);
		reading_free(&r);
	}
}

/* Rules: M16, M19 */
static void the_section_table_is_reported_or_refused(void **state)
{
	static const struct { uint16_t count; uint64_t extended; enum status status; uint32_t reported; } cases[] = {
		{ 1, 0, ST_OK, 1 }, { 4, 0, ST_OK, 4 }, { 5, 0, ST_BAD_HEADER, 0 },
		{ 0, 0, ST_OK, 0 }, { 0, 4, ST_OK, 4 }, { 0, 5, ST_BAD_HEADER, 0 },
		{ 0, UINT64_MAX, ST_BAD_HEADER, 0 }, { 0, 1ull << 58, ST_BAD_HEADER, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = with_section_zero(2, 0, cases[i].count, cases[i].extended);
		struct reading r = read_file(&file);

		assert_int_equal(r.status, cases[i].status);
		if (r.status == ST_OK) {
			assert_int_equal(r.object.section_count, cases[i].reported);
			assert_int_equal(r.object.section_offset, cases[i].reported ? 0x700 : 0);
			assert_int_equal(r.object.section_entry_bytes, cases[i].reported ? 64 : 0);
		}
		reading_free(&r);
	}
}

/* --- headers besides segments ------------------------------------------------------- */

/* Rules: M19 */
static void what_may_exist_once_is_refused_twice_by_name(void **state)
{
	static const struct { uint32_t type; const char *name; } once[] = {
		{ 2, "PT_DYNAMIC" }, { 3, "PT_INTERP" }, { 6, "PT_PHDR" }, { 7, "PT_TLS" },
		{ 0x6474e551, "PT_GNU_STACK" }, { 0x6474e552, "PT_GNU_RELRO" }, { 0x6474e553, "PT_GNU_PROPERTY" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof once / sizeof once[0]; i++) {
		struct elf_file file = good_file();
		struct reading r;

		add_phdr(&file, (struct phdr){ once[i].type, 4, 0x300, 0x400300, 16, 16, 8 });
		r = read_file(&file);
		assert_int_equal(r.status, ST_OK);
		reading_free(&r);
		add_phdr(&file, (struct phdr){ 0x70000001, 4, 0, 0, 0, 0, 0 });
		add_phdr(&file, (struct phdr){ once[i].type, 4, 0x300, 0x400300, 16, 16, 8 });
		r = read_file(&file);
		assert_int_equal(r.status, ST_BAD_HEADER);
		assert_string_equal(r.fault.word, once[i].name);
		assert_int_equal(r.fault.segment, 4);
		assert_int_equal(r.fault.offset, phdr_at(4, P_TYPE));
		reading_free(&r);
	}
}

/* Rules: M16 */
static void interp_stack_relro_and_tls_are_reported(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	memcpy(file.bytes + 0x300, "/lib/ld.so\0junk", 16);
	add_phdr(&file, (struct phdr){ 3, 4, 0x300, 0x400300, 16, 16, 1 });
	add_phdr(&file, (struct phdr){ 0x6474e551, 0xfff00ff6, 0, 0, 0, 0x20000, 16 });
	add_phdr(&file, (struct phdr){ 0x6474e552, 4, 0x400, 0x401400, 0x100, 0xc00, 1 });
	add_phdr(&file, (struct phdr){ 7, 4, 0x420, 0x401420, 0x20, 0x60, 32 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_null(promise_broken(&r.object));
	assert_span(r.object.interp, "/lib/ld.so");
	assert_int_equal(r.object.flags, SMALT_OBJECT_GNU_STACK);
	assert_int_equal(r.object.stack_prot, 6);
	assert_int_equal(r.object.relro.va, 0x401400);
	assert_int_equal(r.object.relro.bytes, 0xc00);
	assert_int_equal(r.object.tls.va, 0x401420);
	assert_int_equal(r.object.tls.bytes, 0x60);
	assert_int_equal(r.object.tls_file_bytes, 0x20);
	assert_int_equal(r.object.tls_align, 32);
	reading_free(&r);
	put64(&file, phdr_at(5, P_ALIGN), 0);
	r = read_file(&file);
	assert_int_equal(r.object.tls_align, 1);
	reading_free(&r);
}

/* Rules: M16 */
static void an_interp_without_nul_ends_with_its_bytes(void **state)
{
	struct elf_file file = good_file();
	struct reading r;

	(void)state;
	memcpy(file.bytes + 0x300, "/lib/x", 6);
	add_phdr(&file, (struct phdr){ 3, 4, 0x300, 0, 4, 4, 1 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_span(r.object.interp, "/lib");
	reading_free(&r);
	file.bytes[0x300] = '\0';
	r = read_file(&file);
	assert_int_equal(r.object.interp.bytes, 0);
	reading_free(&r);
}

struct extra_case { struct phdr p; enum status status; const char *field; };

/* Rules: M16, M19 */
static void headers_that_nothing_backs_are_refused(void **state)
{
	static const struct extra_case cases[] = {
		{ { 7, 4, 0x420, 0x401420, 0x20, 0x1f, 8 }, ST_BAD_SEGMENT, "p_filesz" },
		{ { 7, 4, 0x420, 0x401420, 0x20, 0x20, 24 }, ST_MISALIGNED, "p_align" },
		{ { 7, 4, 0x7f0, 0x4017f0, 0x20, 0x20, 8 }, ST_TRUNCATED, "p_filesz" },
		{ { 7, 4, 0x420, 0x501420, 0x20, 0x20, 8 }, ST_BAD_HEADER, "p_vaddr" },
		{ { 7, 4, 0x428, 0x401420, 0x20, 0x20, 8 }, ST_BAD_HEADER, "p_offset" },
		{ { 7, 4, 0, 0x401420, 0, UINT64_MAX, 8 }, ST_OVERFLOW, "p_memsz" },
		{ { 7, 4, UINT64_MAX, 0x900000, 0, 0x20, 8 }, ST_OK, "" },
		{ { 2, 4, 0x420, 0x501420, 0x20, 0x20, 8 }, ST_BAD_HEADER, "p_vaddr" },
		{ { 2, 4, 0x430, 0x401420, 0x20, 0x20, 8 }, ST_BAD_HEADER, "p_offset" },
		{ { 2, 4, 0x800, 0x401420, 0x20, 0x20, 8 }, ST_TRUNCATED, "p_filesz" },
		{ { 2, 4, 0x420, 0x401420, 0x20, UINT64_MAX, 8 }, ST_OVERFLOW, "p_memsz" },
		{ { 2, 4, UINT64_MAX, 0x401420, 0, 0, 8 }, ST_OK, "" },
		{ { 3, 4, 0x801, 0, 1, 1, 1 }, ST_TRUNCATED, "p_offset" },
		{ { 3, 4, 0x900, 0, 0, 0, 1 }, ST_OK, "" },
		{ { 4, 4, 0x7ff, 0, 2, 2, 4 }, ST_TRUNCATED, "p_filesz" },
		{ { 0x6474e552, 4, 0, 0x401400, 0, UINT64_MAX, 1 }, ST_OVERFLOW, "p_memsz" },
		{ { 0x6474e553, 4, 0x900, 0, 16, 16, 8 }, ST_TRUNCATED, "p_offset" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_file file = good_file();
		struct reading r;

		add_phdr(&file, cases[i].p);
		r = read_file(&file);
		if (r.status != cases[i].status)
			fail_msg("case %u: %s", i, status_name(r.fault.status));
		if (r.status != ST_OK) {
			assert_string_equal(r.fault.field, cases[i].field);
			assert_int_equal(r.fault.segment, 2);
		}
		reading_free(&r);
	}
}

/* Rules: M19, M20 */
static void a_relro_that_wraps_is_named_with_its_limit_also_as_the_first_header(void **state)
{
	struct elf_file file = elf_headers(2);
	struct reading r;

	(void)state;
	add_phdr(&file, (struct phdr){ 0x6474e552, 4, 0, 0x400000, 0, UINT64_MAX - 0x3fffff, 1 });
	add_phdr(&file, (struct phdr){ 1, 5, 0, 0x400000, 0x400, 0x400, 0x1000 });
	r = read_file(&file);
	assert_int_equal(r.status, ST_OVERFLOW);
	assert_int_equal(r.fault.segment, 0);
	assert_true(r.fault.limit == UINT64_MAX - 0x400000);
	reading_free(&r);
	put64(&file, phdr_at(0, P_MEMSZ), UINT64_MAX - 0x400000);
	r = read_file(&file);
	assert_int_equal(r.status, ST_OK);
	assert_int_equal(r.object.relro.va, 0x400000);
	reading_free(&r);
}

/* Rules: M19 */
static void a_segment_of_2_to_the_62_bytes_costs_nothing_to_read(void **state)
{
	struct elf_file file = good_file();
	struct arena arena = scratch(256);
	struct reading r;

	(void)state;
	put64(&file, DATA(P_MEMSZ), 1ull << 62);
	r = read_bytes(file.bytes, file.count, 0, &arena);
	assert_int_equal(r.status, ST_OK);
	assert_true(r.object.segments[1].mem_bytes == 1ull << 62);
	reading_free(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_reported_as_readelf_would),
		cmocka_unit_test(what_a_file_does_not_have_is_zero),
		cmocka_unit_test(each_wrong_number_is_named_with_place_value_and_limit),
		cmocka_unit_test(another_machine_is_refused_only_if_one_is_wanted),
		cmocka_unit_test(relocatable_and_core_files_are_flat_with_a_header),
		cmocka_unit_test(a_shared_object_is_movable_whatever_its_entry_and_lowest_address),
		cmocka_unit_test(empty_segments_are_skipped_wherever_they_stand_and_whatever_they_say),
		cmocka_unit_test(zero_fill_may_name_any_file_offset),
		cmocka_unit_test(a_file_without_a_segment_is_not_mappable),
		cmocka_unit_test(segments_in_every_order_come_out_ascending),
		cmocka_unit_test(two_segments_overlap_exactly_if_they_share_a_byte),
		cmocka_unit_test(an_alignment_of_zero_means_one_and_the_largest_counts),
		cmocka_unit_test(rights_are_the_three_bits_and_nothing_else),
		cmocka_unit_test(a_kernel_with_a_physical_protocol_reads_well),
		cmocka_unit_test(the_program_headers_may_end_at_the_end_of_the_file_and_no_later),
		cmocka_unit_test(pn_xnum_takes_the_number_from_section_zero),
		cmocka_unit_test(pn_xnum_without_a_usable_section_zero_is_refused),
		cmocka_unit_test(the_section_table_is_reported_or_refused),
		cmocka_unit_test(what_may_exist_once_is_refused_twice_by_name),
		cmocka_unit_test(interp_stack_relro_and_tls_are_reported),
		cmocka_unit_test(an_interp_without_nul_ends_with_its_bytes),
		cmocka_unit_test(headers_that_nothing_backs_are_refused),
		cmocka_unit_test(a_relro_that_wraps_is_named_with_its_limit_also_as_the_first_header),
		cmocka_unit_test(a_segment_of_2_to_the_62_bytes_costs_nothing_to_read),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
