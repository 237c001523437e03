/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_segments.c: what is done to segments before they are mapped: whose frames they have, how
 * many, and what is in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_object.h"

#define OK SMALT_STATUS_OK
#define INVALID SMALT_STATUS_INVALID
#define NOBODY SMALT_NOWHERE

static const uint32_t both[] = { 62, 183 };
static const struct word words[] = {
	{ 0x3000, 0x111 }, { 0x5df8, 0x222222222222 }, { 0x4ffc, 0x3333 },       /* the last crosses pages */
};
static struct smalt_prepared *prepared;

static struct smalt_request preparation(uint32_t flags)
{
	struct smalt_request request = request_of(OBJECT_BYTES);

	request.flags |= flags;
	return request;
}

static uint32_t prepare(uint32_t flags)
{
	struct smalt_request request = preparation(flags);

	return smalt_prepare(b.space, &request, &prepared, &b.fault);
}

/* Memory anew, the object, the space, the object prepared. */
static void begin_with(uint32_t machine, uint16_t type, const struct word *list, unsigned count,
                       uint64_t relro)
{
	bench_begin(machine);
	make_object(type, type == 2 ? 0x400000 : 0, list, count, relro);
	say(open_space());
	say(prepare(0));
}

static void begin(uint32_t machine)
{
	begin_with(machine, 3, words, 3, 0);
}

static struct smalt_segment segment(uint32_t index)
{
	uint32_t count;
	const struct smalt_segment *segments = smalt_segments(prepared, &count);

	assert_true(index < count);
	return segments[index];
}

static uint32_t segment_count(void)
{
	uint32_t count;

	(void)smalt_segments(prepared, &count);
	return count;
}

static void check_segment(uint32_t index, uint64_t va, uint64_t mem_bytes, uint64_t file_bytes,
                          uint32_t prot, uint32_t flags)
{
	struct smalt_segment s = segment(index);

	if (s.va != va || s.mem_bytes != mem_bytes || s.file_bytes != file_bytes || s.prot != prot ||
	    s.flags != flags)
		fail_msg("segment %u: va %llx, memory %llx, file %llx, rights %u, flags %u", index,
		         (unsigned long long)s.va, (unsigned long long)s.mem_bytes,
		         (unsigned long long)s.file_bytes, s.prot, s.flags);
	assert_int_equal(s.extent_pa == NOBODY, !(flags & SMALT_SEGMENT_OWN));
}

static struct smalt_request mapping(uint32_t flags)
{
	struct smalt_request request = request_of(0);

	request.object = NULL;
	request.object_pa = 0;
	request.prepared = prepared;
	request.flags |= flags;
	return request;
}

static uint32_t map_prepared(uint32_t flags)
{
	struct smalt_request request = mapping(flags);

	return map_it(&request);
}

/* All bytes that are mapped of the object at base, by extents. */
static void check_contents(uint64_t base, const struct word *list, unsigned count, uint64_t bias)
{
	for (unsigned i = 0; i < OBJECT_PARTS; i++) {
		uint64_t end = (parts[i].va + parts[i].mem_bytes + PAGE - 1) & -PAGE, pa;

		for (uint64_t va = parts[i].va & -PAGE; va < end; va++) {
			assert_non_null(extent_of(base + va, &pa));
			if (*(uint8_t *)at_pa(pa) != byte_relocated(va, list, count, bias))
				fail_msg("byte at %llx", (unsigned long long)va);
		}
	}
}

static uint64_t page_of(uint64_t va)
{
	uint64_t pa;

	assert_non_null(extent_of(va, &pa));
	return pa;
}

/* Rules: S1, S4, S8 */
static void segments_are_those_of_the_file_and_cost_nothing(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t before;

		bench_begin(both[m]);
		make_object(3, 0, words, 3, 0);
		say(open_space());
		before = free_pages();
		say(prepare(0));
		assert_int_equal(free_pages(), before);
		assert_int_equal(segment_count(), 5);
		for (unsigned i = 0; i < 5; i++) {
			check_segment(i, parts[i].va, parts[i].mem_bytes, parts[i].file_bytes, parts[i].flags, 0);
			assert_int_equal(segment(i).index, i);
			assert_int_equal(segment(i).file_offset, parts[i].offset);
		}
	}
}

/* Rules: S4, S5 */
static void the_page_where_bytes_and_zeros_meet_is_one_frame_and_nothing_else_is(void **state)
{
	(void)state;
	for (unsigned seal = 0; seal < 2; seal++) {
		uint32_t flags = SMALT_SEGMENT_OWN | (seal ? SMALT_SEGMENT_SEALED : 0);
		uint64_t before;
		uint8_t *page;
		void *memory;

		begin(both[seal]);
		before = free_pages();
		say(smalt_align_segments(prepared, seal, &b.fault));
		assert_int_equal(before - free_pages(), 1);
		assert_int_equal(segment_count(), 7);
		check_segment(2, 0x3000, 0x2000, 0x2000, 6, 0);
		check_segment(3, 0x5000, 0x1000, 0x1000, 6, flags);
		check_segment(4, 0x6000, 0x2000, 0, 6, 0);
		check_segment(5, 0x9000, 0x2123, 0, 6, 0);
		assert_int_equal(segment(3).extent_bytes, PAGE);
		page = at_pa(segment(3).extent_pa);
		for (uint64_t i = 0; i < PAGE; i++)
			assert_int_equal(page[i], byte_of_object(0x5000 + i));
		assert_int_equal(smalt_mutable_memory(prepared, 0x5000, 8, &memory, &b.fault),
		                 seal ? SMALT_STATUS_NOT_AUTHORIZED : OK);
		/* A second time there are extents */
		assert_int_equal(smalt_align_segments(prepared, 0, &b.fault), INVALID);
		assert_int_equal(before - free_pages(), 1);
	}
}

/* Rules: S4 */
static void where_bytes_end_with_a_page_aligning_does_nothing(void **state)
{
	struct maker m = { .file_bytes = 0x3000, .type = 3, .machine = 62, .segment_count = 1,
	                   .segments = { { 1, 6, 0x1000, 0x1000, 0, 0x1000, 0x3000, 0x1000 } } };
	struct picture before;

	(void)state;
	for (unsigned pages = 0; pages < 3; pages++) {
		bench_begin(62);
		m.file = b.ram;
		m.segments[0].file_bytes = pages * PAGE;
		maker_write(&m);
		memcpy(object_file, b.ram, OBJECT_BYTES);
		say(open_space());
		say(prepare(0));
		before = draw(prepared);
		say(smalt_align_segments(prepared, 1, &b.fault));
		assert_same(&before, prepared);
	}
}

/* Rules: S6, S7 */
static void a_segment_is_made_mutable_once_from_its_first_word_to_its_last(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct picture after;
		uint64_t before;
		void *first, *last, *none;

		begin(both[m]);
		before = free_pages();
		say(smalt_make_mutable(prepared, 2, &b.fault));
		assert_int_equal(before - free_pages(), 3);
		check_segment(2, 0x3000, 0x3000, 0x3000, 6, SMALT_SEGMENT_OWN);
		check_segment(3, 0x6000, 0x2000, 0, 6, 0);
		after = draw(prepared);
		say(smalt_make_mutable(prepared, 2, &b.fault));
		assert_same(&after, prepared);
		assert_int_equal(smalt_make_mutable(prepared, 3, &b.fault), INVALID);
		assert_int_equal(smalt_make_mutable(prepared, 6, &b.fault), INVALID);
		assert_int_equal(smalt_make_mutable(prepared, UINT32_MAX, &b.fault), INVALID);
		say(smalt_mutable_memory(prepared, 0x3000, 8, &first, &b.fault));
		say(smalt_mutable_memory(prepared, 0x5ff8, 8, &last, &b.fault));
		assert_ptr_equal(first, at_pa(segment(2).extent_pa));
		assert_ptr_equal(last, (uint8_t *)first + 0x2ff8);
		assert_memory_equal(first, object_file + 0x3000, 0x2e00);
		for (unsigned i = 0x2e00; i < 0x3000; i++)
			assert_int_equal(((uint8_t *)first)[i], 0);
		none = &none;
		assert_int_equal(smalt_mutable_memory(prepared, 0x5ff9, 8, &none, &b.fault), INVALID);
		assert_int_equal(smalt_mutable_memory(prepared, 0x2fff, 8, &none, &b.fault), INVALID);
		assert_int_equal(smalt_mutable_memory(prepared, 0x6000, 1, &none, &b.fault), INVALID);
		assert_int_equal(smalt_mutable_memory(prepared, 0x1000, 1, &none, &b.fault), INVALID);
		assert_int_equal(smalt_mutable_memory(prepared, 0x8000, 1, &none, &b.fault), INVALID);
		assert_int_equal(smalt_mutable_memory(prepared, 0x3008, UINT64_MAX, &none, &b.fault), INVALID);
		assert_ptr_equal(none, &none);
		assert_same(&after, prepared);
	}
}

/* Rules: S6, S12 */
static void a_sealed_extent_is_written_in_a_clone_only(void **state)
{
	struct smalt_prepared *original, *clone;
	uint64_t before;
	void *memory;

	(void)state;
	begin(62);
	say(smalt_align_segments(prepared, 1, &b.fault));
	say(smalt_make_mutable(prepared, 3, &b.fault));
	assert_int_equal(smalt_mutable_memory(prepared, 0x5000, 8, &memory, &b.fault),
	                 SMALT_STATUS_NOT_AUTHORIZED);
	before = free_pages();
	say(smalt_clone(prepared, &clone, &b.fault));
	assert_int_equal(before - free_pages(), 1);
	original = prepared;
	prepared = clone;
	check_segment(3, 0x5000, 0x1000, 0x1000, 6, SMALT_SEGMENT_OWN);
	say(smalt_mutable_memory(clone, 0x5000, 0x1000, &memory, &b.fault));
	memset(memory, 0x77, PAGE);
	prepared = original;
	check_segment(3, 0x5000, 0x1000, 0x1000, 6, SMALT_SEGMENT_OWN | SMALT_SEGMENT_SEALED);
	for (uint64_t i = 0; i < PAGE; i++)
		assert_int_equal(((uint8_t *)at_pa(segment(3).extent_pa))[i], byte_of_object(0x5000 + i));
	smalt_release(clone);
	assert_int_equal(free_pages(), before);
	smalt_release(original);
	assert_int_equal(free_pages(), before + 1);
}

/* Rules: S7, R2 */
static void relocation_gives_extents_to_what_it_writes_and_to_nothing_else(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t before, base;
		void *memory;

		begin(both[m]);
		base = preparation(0).from + 0x200000;
		before = free_pages();
		say(smalt_relocate(prepared, base, &b.fault));
		assert_int_equal(before - free_pages(), 3);
		assert_int_equal(segment_count(), 6);
		check_segment(1, 0x1000, 0x2000, 0x2000, 5, 0);
		check_segment(2, 0x3000, 0x3000, 0x3000, 6, SMALT_SEGMENT_OWN);
		check_segment(5, 0xc000, 0x1000, 0x1000, 6, 0);
		say(smalt_mutable_memory(prepared, 0x3000, 0x3000, &memory, &b.fault));
		for (uint64_t va = 0x3000; va < 0x6000; va++)
			assert_int_equal(((uint8_t *)memory)[va - 0x3000], byte_relocated(va, words, 3, base));
		assert_memory_equal(b.ram, object_file, OBJECT_BYTES);
		assert_int_equal(smalt_relocate(prepared, base, &b.fault), INVALID);
		/* Then it can be mapped there only */
		{
			struct smalt_request request = mapping(SMALT_MAP_NOCOPY | SMALT_MAP_ADDRESS);

			request.va = base + 0x1000;
			assert_int_equal(map_it(&request), INVALID);
		}
		say(map_prepared(SMALT_MAP_NOCOPY));
		assert_true(b.rows[0].va == base);
		check_contents(base, words, 3, base);
	}
}

/* Rules: S7, R2 */
static void a_word_that_is_not_all_in_file_bytes_is_refused_and_nothing_changes(void **state)
{
	static const struct word bad[] = {
		{ 0x5df9, 1 }, { 0x5dff, 1 }, { 0x5e00, 1 }, { 0x6000, 1 }, { 0x7ff8, 1 }, { 0x9000, 1 },
		{ 0x8000, 1 }, { 0x1000, 1 }, { 0x7f8, 1 }, { UINT64_MAX - 3, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct word two[] = { { 0x3000, 5 }, bad[i] };
		struct picture before;

		begin_with(both[i % 2], 3, two, 2, 0);
		before = draw(prepared);
		assert_int_equal(smalt_relocate(prepared, preparation(0).from, &b.fault),
		                 SMALT_STATUS_BAD_RELOCATION);
		assert_true(b.fault.value == bad[i].va);
		assert_string_equal(b.fault.object, "it");
		assert_same(&before, prepared);
	}
}

/* Rules: S5, S7 */
static void relocation_of_a_sealed_extent_is_refused_and_of_its_clone_is_not(void **state)
{
	struct smalt_prepared *clone;
	struct picture before;

	(void)state;
	begin(62);
	say(smalt_align_segments(prepared, 1, &b.fault));
	before = draw(prepared);
	assert_int_equal(smalt_relocate(prepared, preparation(0).from, &b.fault),
	                 SMALT_STATUS_NOT_AUTHORIZED);
	assert_same(&before, prepared);
	say(smalt_clone(prepared, &clone, &b.fault));
	say(smalt_relocate(clone, preparation(0).from, &b.fault));
	prepared = clone;
	say(map_prepared(SMALT_MAP_NOCOPY));
	check_contents(preparation(0).from, words, 3, preparation(0).from);
}

/* Rules: S7, M6 */
static void an_object_is_relocated_for_its_own_base_only(void **state)
{
	struct picture before;

	(void)state;
	begin_with(62, 2, words, 3, 0);
	before = draw(prepared);
	assert_int_equal(smalt_relocate(prepared, 0x401000, &b.fault), INVALID);
	assert_int_equal(smalt_relocate(prepared, 0, &b.fault), INVALID);
	assert_same(&before, prepared);
	say(smalt_relocate(prepared, 0x400000, &b.fault));
	say(map_prepared(SMALT_MAP_COPY));
	assert_true(b.rows[0].va == 0x400000);

	begin(183);
	before = draw(prepared);
	assert_int_equal(smalt_relocate(prepared, 0x100800, &b.fault), SMALT_STATUS_MISALIGNED);
	assert_same(&before, prepared);
}

/* Rules: S7, M6 */
static void a_lowest_address_inside_a_page_moves_with_its_page(void **state)
{
	/* p_align 16, first byte at 0x123: the base is a page all the same */
	struct maker m = { .file_bytes = 0x2000, .type = 3, .machine = 62, .segment_count = 2,
	                   .segments = { { 1, 6, 0x123, 0x123, 0, 0x1000, 0x1000, 0x10 },
	                                 { 2, 6, 0x200, 0x200, 0, 0x40, 0x40, 8 } } };
	const uint64_t base = 0xffffffff80200000;

	(void)state;
	bench_begin(62);
	memset(b.ram, 0, 0x2000);
	m.file = b.ram;
	maker_write(&m);
	put_tag(0x200, 7, 0x300);
	put_tag(0x210, 8, 24);
	put_tag(0x220, 9, 24);
	put64(b.ram + 0x300, 0x400);
	put64(b.ram + 0x308, 8);
	put64(b.ram + 0x310, 0x444);
	say(open_space());
	say(prepare(0));
	say(smalt_relocate(prepared, base, &b.fault));
	say(map_prepared(SMALT_MAP_NOCOPY));
	assert_true(b.rows[0].va == base + 0x123);
	assert_true(*(uint64_t *)at_pa(page_of(base + 0x400)) == base + 0x444);
}

/* Rules: S9, S8 */
static void relro_comes_before_extents_and_is_a_row_that_nobody_writes(void **state)
{
	struct picture before;
	uint64_t base;

	(void)state;
	begin_with(62, 3, words, 3, 0x1000);
	say(smalt_relro(prepared, &b.fault));
	assert_int_equal(segment_count(), 6);
	check_segment(2, 0x3000, 0x1000, 0x1000, 4, SMALT_SEGMENT_RELRO);
	check_segment(3, 0x4000, 0x4000, 0x1e00, 6, 0);
	before = draw(prepared);
	say(smalt_relro(prepared, &b.fault));
	assert_int_equal(segment_count(), 6);
	base = preparation(0).from;
	say(smalt_relocate(prepared, base, &b.fault));
	assert_int_equal(segment(2).flags, SMALT_SEGMENT_RELRO | SMALT_SEGMENT_OWN);
	say(map_prepared(SMALT_MAP_COPY));
	assert_int_equal(b.count, 6);
	assert_int_equal(b.rows[2].prot, 4);
	assert_int_equal(b.rows[2].flags & SMALT_ROW_RELRO, SMALT_ROW_RELRO);
	check_contents(base, words, 3, base);
	/* A template: what relocation has written is copied too */
	assert_true(page_of(base + 0x3000) != segment(2).extent_pa);

	begin_with(62, 3, words, 3, 0x1000);
	say(smalt_make_mutable(prepared, 2, &b.fault));
	before = draw(prepared);
	assert_int_equal(smalt_relro(prepared, &b.fault), INVALID);
	assert_same(&before, prepared);
}

/* Rules: S2 */
static void nocopy_maps_the_extents_themselves_and_once(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t before, base = 0;
		struct smalt_prepared *clone;
		struct picture after;
		void *memory;

		begin(both[m]);
		base = preparation(0).from;
		for (unsigned i = 0; i < segment_count(); i++)
			if (segment(i).file_bytes != 0)
				say(smalt_make_mutable(prepared, i, &b.fault));
		before = free_pages();
		say(map_prepared(SMALT_MAP_NOCOPY));
		/* Zeros only: 0x6000 .. 0x8000, 0x9000 .. 0xc000 */
		assert_int_equal(before - free_pages(), 5);
		for (unsigned i = 0; i < segment_count(); i++)
			if (segment(i).file_bytes != 0) {
				assert_true(page_of(base + segment(i).va) == segment(i).extent_pa);
				assert_int_equal(segment(i).flags, SMALT_SEGMENT_OWN | SMALT_SEGMENT_MAPPED);
			}
		assert_int_equal(smalt_mutable_memory(prepared, 0x3000, 8, &memory, &b.fault),
		                 SMALT_STATUS_NOT_AUTHORIZED);
		check_contents(base, NULL, 0, 0);
		after = draw(prepared);
		assert_int_equal(map_prepared(SMALT_MAP_NOCOPY), INVALID);
		assert_int_equal(map_prepared(SMALT_MAP_COPY), INVALID);
		assert_int_equal(smalt_relocate(prepared, base, &b.fault), INVALID);
		assert_same(&after, prepared);
		/* A clone of what is used up is not, and has what is in memory now */
		say(smalt_clone(prepared, &clone, &b.fault));
		assert_int_equal(before - free_pages(), 5 + 1 + 2 + 3 + 1);
		smalt_release(prepared);
		/* What is memory of the space stays */
		assert_int_equal(before - free_pages(), 5 + 1 + 2 + 3 + 1);
		check_contents(base, NULL, 0, 0);
		prepared = clone;
		say(map_prepared(SMALT_MAP_NOCOPY));
		assert_int_equal(before - free_pages(), 5 + 7 + 5);
		check_contents(b.rows[0].va, NULL, 0, 0);
		assert_true(page_of(b.rows[0].va) == segment(0).extent_pa);
	}
}

/* Rules: S2 */
static void bytes_that_were_given_away_are_written_in_place_once(void **state)
{
	struct smalt_prepared *clone;
	uint64_t before, base;

	(void)state;
	bench_begin(62);
	make_object(3, 0, words, 3, 0);
	say(open_space());
	say(prepare(SMALT_MAP_CONSUME));
	say(smalt_clone(prepared, &clone, &b.fault));
	base = preparation(0).from;
	before = free_pages();
	say(map_prepared(SMALT_MAP_NOCOPY));
	/* The first page and that of 0x5000 are parts; 2 and 3 pages of zeros */
	assert_int_equal(before - free_pages(), 1 + 1 + 2 + 3);
	assert_true(page_of(base + 0x3000) == RAM_PA + 0x3000);
	assert_true(page_of(base + 0xc000) == RAM_PA + 0x6000);
	check_contents(base, NULL, 0, 0);
	/* A clone has the bytes, but not to write them */
	prepared = clone;
	say(map_prepared(SMALT_MAP_NOCOPY));
	base = b.rows[0].va;
	assert_true(page_of(base + 0x1000) == RAM_PA + 0x1000);
	assert_true(page_of(base + 0x3000) != RAM_PA + 0x3000);
	assert_true(page_of(base + 0xc000) != RAM_PA + 0x6000);
	check_contents(base, NULL, 0, 0);
	assert_memory_equal(b.ram, object_file, OBJECT_BYTES);
}

static void check_shared(const uint64_t bases[3], unsigned i, unsigned k)
{
	for (unsigned part = 0; part < OBJECT_PARTS; part++)
		for (uint64_t va = parts[part].va; va < parts[part].va + parts[part].mem_bytes; va += PAGE)
			assert_int_equal(page_of(bases[i] + va) == page_of(bases[k] + va),
			                 !(parts[part].flags & 2));
}

/* Rules: S3 */
static void instances_of_an_aligned_template_share_what_nobody_writes(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t bases[3];
		struct picture template;

		begin(both[m]);
		say(smalt_align_segments(prepared, 1, &b.fault));
		say(smalt_make_mutable(prepared, 0, &b.fault));
		for (unsigned i = 0; i < 3; i++) {
			uint64_t before = free_pages();

			say(map_prepared(SMALT_MAP_COPY));
			assert_int_equal(b.count, OBJECT_PARTS);
			bases[i] = b.rows[0].va;
			/* 0x3000 .. 0x8000, 0x9000 .. 0xc000, 0xc000 .. 0xd000 */
			assert_int_equal(before - free_pages(), 5 + 3 + 1);
			check_contents(bases[i], NULL, 0, 0);
			for (unsigned k = 0; k < i; k++)
				check_shared(bases, i, k);
			assert_true(page_of(bases[i]) == segment(0).extent_pa);
			/* The kernel writes its own; nobody else sees it */
			template = draw(prepared);
			memset(at_pa(page_of(bases[i] + 0x3000)), 0x99, PAGE);
			memset(at_pa(page_of(bases[i] + 0x5000)), 0x99, PAGE);
			assert_same(&template, prepared);
		}
	}
}

/* Rules: S3 */
static void a_relocated_template_is_mapped_in_several_spaces(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		static uint8_t more[STORAGE] __attribute__((aligned(16)));
		struct smalt_space *spaces[2];
		struct picture template;
		uint64_t base, pages[2][3];

		begin(both[m]);
		base = preparation(0).from;
		spaces[0] = b.space;
		say(smalt_relocate(prepared, base, &b.fault));
		say(smalt_make_mutable(prepared, 0, &b.fault));
		/* The second space has memory of its own */
		b.memory[0].bytes = RAM_BYTES / 2;
		b.memory[1].pa = RAM_PA + RAM_BYTES / 2;
		b.memory[1].bytes = 1 << 20;
		say(smalt_open(&b.setup, more, sizeof more, &spaces[1], &b.fault));
		for (unsigned i = 0; i < 2; i++) {
			uint64_t before;

			b.space = spaces[i];
			before = free_pages();
			say(map_prepared(SMALT_MAP_COPY));
			assert_true(b.rows[0].va == base);
			assert_int_equal(before - free_pages(), 5 + 3 + 1);
			check_contents(base, words, 3, base);
			pages[i][0] = page_of(base);
			pages[i][1] = page_of(base + 0x1000);
			pages[i][2] = page_of(base + 0x3000);
			template = draw(prepared);
			memset(at_pa(pages[i][2]), 0x99, PAGE);
			assert_same(&template, prepared);
			assert_int_equal(map_prepared(SMALT_MAP_COPY), SMALT_STATUS_ADDRESS_IN_USE);
		}
		assert_true(pages[0][0] == pages[1][0] && pages[0][1] == pages[1][1]);
		assert_true(pages[0][2] != pages[1][2]);
	}
}

/* Rules: S4 */
static void aligned_refuses_what_needs_part_of_a_page(void **state)
{
	struct picture before;

	(void)state;
	begin(62);
	before = draw(prepared);
	assert_int_equal(map_prepared(SMALT_MAP_COPY | SMALT_MAP_ALIGNED), SMALT_STATUS_MISALIGNED);
	assert_true(b.fault.value == 0x800 && b.fault.limit == PAGE && b.fault.segment == 0);
	assert_same(&before, prepared);
	say(smalt_make_mutable(prepared, 0, &b.fault));
	assert_int_equal(map_prepared(SMALT_MAP_COPY | SMALT_MAP_ALIGNED), SMALT_STATUS_MISALIGNED);
	assert_true(b.fault.value == 0x5e00 && b.fault.segment == 2);
	say(smalt_make_mutable(prepared, 2, &b.fault));
	say(map_prepared(SMALT_MAP_COPY | SMALT_MAP_ALIGNED));
	check_contents(b.rows[0].va, NULL, 0, 0);
}

/* Rules: S12 */
static void what_is_released_can_be_taken_again_in_one_piece(void **state)
{
	(void)state;
	begin(62);
	smalt_release(prepared);
	for (unsigned round = 0; round < 1000; round++) {
		uint64_t before = free_pages(), largest = ranges_largest(&b.space->frames.free);
		struct arena arena = b.space->arena;
		struct smalt_prepared *clone;

		say(prepare(0));
		say(smalt_make_mutable(prepared, 2, &b.fault));
		say(smalt_clone(prepared, &clone, &b.fault));
		say(smalt_make_mutable(prepared, 1, &b.fault));
		assert_int_equal(before - free_pages(), 3 + 3 + 2);
		say(smalt_make_mutable(clone, 0, &b.fault));
		smalt_release(round % 2 ? prepared : clone);
		smalt_release(round % 2 ? clone : prepared);
		assert_int_equal(segment_count(), 0);
		assert_int_equal(free_pages(), before);
		assert_int_equal(ranges_largest(&b.space->frames.free), largest);
		assert_int_equal(b.space->frames.taken.count, 0);
		b.space->arena = arena;
	}
}

/* Rules: P2, S6, S7 */
static void extents_lie_as_their_addresses_do_modulo_the_largest_leaf(void **state)
{
	struct maker m = { .type = 3, .segment_count = 2, .file_bytes = 0x3fe000,
	                   .segments = { { 1, 6, 0x1000, 0x5000, 0, 0x3fd000, 0x3fd000, 0x1000 },
	                                 { 2, 6, 0x1000, 0x5000, 0, 0x40, 0x40, 8 } } };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct smalt_request request;
		uint64_t base = 0xffffffff80035000, pa;

		bench_begin(both[i % 2]);
		m.file = b.ram;
		m.machine = (uint16_t)b.machine;
		memset(b.ram, 0, 0x2000);
		maker_write(&m);
		put_tag(0x1000, 7, 0x5100);
		put_tag(0x1010, 8, 24);
		put_tag(0x1020, 9, 24);
		put64(b.ram + 0x1100, 0x5200);
		put64(b.ram + 0x1108, b.machine == 62 ? 8 : 1027);
		say(open_space());
		request = request_of(0x3fe000);
		say(smalt_prepare(b.space, &request, &prepared, &b.fault));
		if (i < 2)
			say(smalt_make_mutable(prepared, 0, &b.fault));
		else
			say(smalt_relocate(prepared, base, &b.fault));
		pa = segment(0).extent_pa;
		assert_int_equal(pa % 0x200000, (0x5000 + (i < 2 ? 0 : base - 0x5000)) % 0x200000);
		assert_int_equal(segment(0).extent_bytes, 0x3fd000);
	}
}

/* --- any object ----------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Segments close to each other, often touching, on one page, adjacent in the file or nearly so. */
static struct maker draw_object(uint32_t *seed)
{
	static const uint32_t rights[] = { 4, 4, 6, 6, 6, 5 };
	struct maker m = { .file = b.ram, .file_bytes = 0x10000, .type = 3, .machine = (uint16_t)b.machine };
	uint64_t va = 0x1000 + next_random(seed) % 4 * 0x400, offset = va + next_random(seed) % 2 * 0x400;

	m.segment_count = (uint16_t)(2 + next_random(seed) % 3);
	for (unsigned i = 0; i < m.segment_count; i++) {
		struct maker_segment *s = &m.segments[i];
		uint64_t gap = next_random(seed) % 3 ? 0 : next_random(seed) % 8 * 0x400;

		va += gap;
		offset += next_random(seed) % 6 ? gap : gap + 0x400;
		*s = (struct maker_segment){ .type = 1, .va = va, .offset = offset, .align = 1 };
		s->flags = i > 0 && next_random(seed) % 2 ? m.segments[i - 1].flags : rights[next_random(seed) % 6];
		s->mem_bytes = (1 + next_random(seed) % 12) * 0x400;
		s->file_bytes = next_random(seed) % 4 == 0 ? 0 : next_random(seed) % 3 ? s->mem_bytes
		                : next_random(seed) % s->mem_bytes;
		va += s->mem_bytes;
		offset += s->file_bytes;
	}
	for (unsigned i = 0; i < 0x10000; i++)
		b.ram[i] = (uint8_t)(1 + i * 7 % 251 + (i >> 8) % 3);
	maker_write(&m);
	return m;
}

/* Is the byte of the file, or zero? */
static bool is_of_file(const struct maker_segment *s, uint64_t va)
{
	return va - s->va < s->file_bytes;
}

static bool belong_together(const struct maker_segment *low, const struct maker_segment *high)
{
	bool file = is_of_file(low, high->va - 1);

	if (low->flags != high->flags || low->va + low->mem_bytes != high->va)
		return false;
	if (file != is_of_file(high, high->va))
		return false;
	return !file || low->offset + (high->va - low->va) == high->offset;
}

/* Rules: S8 */
static void neighbors_merge_where_rights_addresses_and_backing_go_on(void **state)
{
	uint32_t seed = 21;
	unsigned merged = 0, apart = 0;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct maker m;
		uint32_t at = 0;

		if (round % 100 == 0)
			bench_begin(62);
		m = draw_object(&seed);
		say(open_space());
		{
			struct smalt_request request = request_of(0x10000);

			say(smalt_prepare(b.space, &request, &prepared, &b.fault));
		}
		for (unsigned i = 0, next; i < m.segment_count; i = next, at++) {
			uint64_t file_bytes = m.segments[i].file_bytes, end;

			for (next = i + 1; next < m.segment_count &&
			                   belong_together(&m.segments[next - 1], &m.segments[next]); next++)
				file_bytes += m.segments[next].file_bytes;
			end = m.segments[next - 1].va + m.segments[next - 1].mem_bytes;
			check_segment(at, m.segments[i].va, end - m.segments[i].va, file_bytes, m.segments[i].flags, 0);
			assert_true(segment(at).file_offset == m.segments[i].offset);
			assert_int_equal(segment(at).index, i);
			merged += next - i - 1;
			apart += next < m.segment_count;
		}
		assert_int_equal(segment_count(), at);
	}
	assert_true(merged > 500 && apart > 500);
}

/* Has it file bytes, and are their pages nobody else's? */
static bool can_be_mutable(uint32_t index)
{
	struct smalt_segment s = segment(index);
	uint64_t first = s.va & -PAGE, end = (s.va + s.file_bytes + PAGE - 1) & -PAGE;

	for (uint32_t i = 0; i < segment_count(); i++)
		if (i != index && segment(i).va < end && segment(i).va + segment(i).mem_bytes > first)
			return false;
	return s.file_bytes != 0;
}

/* Segments with file bytes and zeros of their own on one page, which has nobody else's. */
static uint64_t count_mixed(void)
{
	uint64_t mixed = 0;

	for (uint32_t i = 0; i < segment_count(); i++) {
		struct smalt_segment s = segment(i);
		uint64_t end = s.va + s.file_bytes, page = end & -PAGE;
		bool alone = true;

		for (uint32_t k = 0; k < segment_count(); k++)
			alone = alone && (k == i || segment(k).va >= page + PAGE ||
			                  segment(k).va + segment(k).mem_bytes <= page);
		mixed += alone && s.file_bytes != 0 && s.file_bytes != s.mem_bytes && end != page;
	}
	return mixed;
}

/* Rules: S4, S8, S6, M3, M4, M11, M17 */
static void what_is_prepared_and_mapped_is_what_mapping_alone_makes(void **state)
{
	enum { SOURCE = SMALT_ROW_IN_PLACE | SMALT_ROW_COPIED };
	static uint8_t file[0x10000], bytes[0x20 * PAGE];
	uint32_t seed = 22;
	unsigned good = 0, bad = 0;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		static uint32_t rights[0x20];
		struct smalt_request request;
		struct smalt_row rows[16];
		uint32_t count, status;
		uint64_t base, pa;

		if (round % 100 == 0)
			bench_begin(both[round / 100 % 2]);
		(void)draw_object(&seed);
		memcpy(file, b.ram, sizeof file);
		say(open_space());
		request = request_of(0x10000);
		status = map_it(&request);
		base = b.rows[0].va & -PAGE;
		count = b.count;
		for (unsigned page = 0; status == OK && page < 0x20; page++) {
			const struct smalt_extent *extent = extent_of(base + page * PAGE, &pa);

			rights[page] = extent ? extent->prot : 0;
			if (extent)
				memcpy(bytes + page * PAGE, at_pa(pa), PAGE);
		}
		memcpy(rows, b.rows, sizeof rows);
		say(open_space());
		say(smalt_prepare(b.space, &request, &prepared, &b.fault));
		if (round % 3 == 1) {
			uint64_t before = free_pages(), expected = count_mixed();

			say(smalt_align_segments(prepared, round % 2, &b.fault));
			assert_int_equal(before - free_pages(), expected);
		}
		for (uint32_t i = 0; round % 3 == 2 && i < segment_count(); i++)
			assert_int_equal(smalt_make_mutable(prepared, i, &b.fault), can_be_mutable(i) ? OK : INVALID);
		for (uint32_t i = 0; i < segment_count(); i++)
			assert_true(segment(i).mem_bytes != 0 && segment(i).file_bytes <= segment(i).mem_bytes);
		assert_int_equal(map_prepared(round % 2 ? SMALT_MAP_COPY : SMALT_MAP_NOCOPY), status);
		good += status == OK;
		bad += status != OK;
		if (status != OK)
			continue;
		assert_int_equal(b.count, count);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t differ = b.rows[i].flags ^ rows[i].flags;

			if (differ & ~(uint32_t)SOURCE)
				fail_msg("round %u: row %u has flags %x, not %x", round, i, b.rows[i].flags, rows[i].flags);
			rows[i].flags = b.rows[i].flags;
		}
		assert_memory_equal(b.rows, rows, count * sizeof *rows);
		for (unsigned page = 0; page < 0x20; page++) {
			const struct smalt_extent *extent = extent_of(base + page * PAGE, &pa);

			assert_int_equal(extent ? extent->prot : 0, rights[page]);
			if (extent)
				assert_memory_equal(at_pa(pa), bytes + page * PAGE, PAGE);
		}
		assert_memory_equal(b.ram, file, sizeof file);
	}
	assert_true(good > 1000 && bad > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_those_of_the_file_and_cost_nothing),
		cmocka_unit_test(the_page_where_bytes_and_zeros_meet_is_one_frame_and_nothing_else_is),
		cmocka_unit_test(where_bytes_end_with_a_page_aligning_does_nothing),
		cmocka_unit_test(a_segment_is_made_mutable_once_from_its_first_word_to_its_last),
		cmocka_unit_test(a_sealed_extent_is_written_in_a_clone_only),
		cmocka_unit_test(relocation_gives_extents_to_what_it_writes_and_to_nothing_else),
		cmocka_unit_test(a_word_that_is_not_all_in_file_bytes_is_refused_and_nothing_changes),
		cmocka_unit_test(relocation_of_a_sealed_extent_is_refused_and_of_its_clone_is_not),
		cmocka_unit_test(an_object_is_relocated_for_its_own_base_only),
		cmocka_unit_test(a_lowest_address_inside_a_page_moves_with_its_page),
		cmocka_unit_test(relro_comes_before_extents_and_is_a_row_that_nobody_writes),
		cmocka_unit_test(nocopy_maps_the_extents_themselves_and_once),
		cmocka_unit_test(bytes_that_were_given_away_are_written_in_place_once),
		cmocka_unit_test(instances_of_an_aligned_template_share_what_nobody_writes),
		cmocka_unit_test(a_relocated_template_is_mapped_in_several_spaces),
		cmocka_unit_test(aligned_refuses_what_needs_part_of_a_page),
		cmocka_unit_test(what_is_released_can_be_taken_again_in_one_piece),
		cmocka_unit_test(extents_lie_as_their_addresses_do_modulo_the_largest_leaf),
		cmocka_unit_test(neighbors_merge_where_rights_addresses_and_backing_go_on),
		cmocka_unit_test(what_is_prepared_and_mapped_is_what_mapping_alone_makes),
	};

	return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
