/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_share.c: another instance against a model that asks every page who writes to it.
 */
#include "share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "extent.h"
#include "scene.h"

#define BYTES_PA (128 * M)
#define FIRST    (512 * M)       /* va of the first instance */
#define DISTANCE (64 * M)

static const struct smalt_memory RAM[] = {
	{ 16 * M, 112 * M, SMALT_MEM_USABLE, 0 }, { 128 * M, 64 * M, SMALT_MEM_RECLAIMABLE, 0 },
};
/* One page here and one there: nothing in one piece. */
static const struct smalt_memory PIECES[] = {
	{ 16 * M, 4 * K, SMALT_MEM_USABLE, 0 }, { 17 * M, 8 * K, SMALT_MEM_USABLE, 0 },
	{ 18 * M, 4 * K, SMALT_MEM_USABLE, 0 }, { 19 * M, 12 * K, SMALT_MEM_USABLE, 0 },
	{ 20 * M, 4 * K, SMALT_MEM_USABLE, 0 }, { 21 * M, 8 * K, SMALT_MEM_USABLE, 0 },
	{ 22 * M, 16 * K, SMALT_MEM_USABLE, 0 }, { 23 * M, 24 * K, SMALT_MEM_USABLE, 0 },
	{ 24 * M, 20 * K, SMALT_MEM_USABLE, 0 }, { 25 * M, 28 * K, SMALT_MEM_USABLE, 0 },
	{ 128 * M, 64 * M, SMALT_MEM_RECLAIMABLE, 0 },
};
static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

/* Three rows behind each other, some on one page; at most 4 pages each. */
static uint32_t make_rows(struct smalt_row rows[3], uint32_t relocated)
{
	static const uint32_t rights[] = { SMALT_R, RX, RW, RW };
	uint64_t va = FIRST + (uint64_t)(rand() % 3) * 0x777, offset = va % 4096;
	uint32_t count = 1 + (uint32_t)rand() % 3;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t mem = 1 + (uint64_t)rand() % 0x3000, file = rand() % 3 == 0 ? mem / 2 : mem;

		rows[i] = scene_row(va, mem, file, offset, rights[rand() % 4]);
		if (!(rows[i].prot & SMALT_W))
			rows[i].flags = relocated;
		va += mem + (rand() % 2 ? 0 : (uint64_t)rand() % 0x2000);
		offset += va - rows[i].va;
	}
	return count;
}

static void add_rows(struct scene *s, const struct smalt_row *rows, uint32_t count, uint64_t distance)
{
	for (uint32_t i = 0; i < count; i++) {
		struct smalt_row row = rows[i];

		row.va += distance;
		scene_add(s, row);
	}
}

static bool is_on(const struct smalt_row *row, uint64_t page)
{
	return row->va < page + 4096 && page < row->va + row->mem_bytes;
}

/* One page of the first instance, and of the other: at `page` and `page` + DISTANCE. */
static void check_page(const struct scene *s, uint32_t count, uint64_t page)
{
	const struct smalt_extent *of = scene_at(s, page), *again = scene_at(s, page + DISTANCE);
	uint32_t rows = 0, written = 0, flag;

	for (uint32_t i = 0; i < count; i++) {
		const struct smalt_row *row = &s->space.rows[i];

		rows += is_on(row, page);
		written += is_on(row, page) &&
		           ((row->prot & SMALT_W) || (row->flags & SMALT_ROW_RELRO) ||
		            (row->flags & SMALT_ROW_TEXTREL));
	}
	assert_int_equal(again != NULL, rows != 0);
	if (rows == 0)
		return;
	assert_int_equal(again->prot, of->prot);
	assert_int_equal(again->row, of->row + count);
	if (written == 0) {
		assert_int_equal(again->backing, SMALT_BACKING_SHARED);
		assert_int_equal(scene_pa(s, page + DISTANCE), scene_pa(s, page));
		flag = SMALT_ROW_SHARED;
	} else {
		bool zero = of->backing == SMALT_BACKING_ZERO;

		assert_int_equal(again->backing, zero ? SMALT_BACKING_ZERO : SMALT_BACKING_COPY);
		assert_int_equal(scene_type_after(s, scene_pa(s, page + DISTANCE)), SMALT_MEM_OBJECT);
		flag = zero ? 0 : SMALT_ROW_COPIED;
	}
	for (uint32_t i = 0; i < count; i++)
		if (is_on(&s->space.rows[i], page))
			assert_int_equal(s->space.rows[count + i].flags & flag, flag);
}

/* No frame has two owners, and none is taken that no page is on. */
static void check_frames(const struct scene *s)
{
	uint64_t owned = 0, taken = 0;

	for (uint32_t i = 0; i < s->space.extent_count; i++) {
		const struct smalt_extent *a = &s->space.extents[i];

		if (a->backing == SMALT_BACKING_SHARED)
			continue;
		owned += a->bytes;
		for (uint32_t j = 0; j < i; j++) {
			const struct smalt_extent *c = &s->space.extents[j];

			assert_true(c->backing == SMALT_BACKING_SHARED || c->pa >= a->pa + a->bytes ||
			            a->pa >= c->pa + c->bytes);
		}
	}
	for (uint32_t i = 0; i < s->frames.taken.count; i++)
		taken += s->frames.taken.ranges[i].bytes;
	assert_int_equal(owned, taken);
}

static void check_flags(const struct scene *s, uint32_t count)
{
	static const uint32_t same = SMALT_ROW_SHARED_PAGE | SMALT_ROW_WX | SMALT_ROW_SHARED |
	                             SMALT_ROW_RELRO;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t of = s->space.rows[i].flags, again = s->space.rows[count + i].flags;

		assert_int_equal(of & same, again & same);
		assert_int_equal(again & SMALT_ROW_IN_PLACE, 0);
	}
}

static enum status share(struct scene *s, const struct extent_source *source, uint32_t count)
{
	enum status status = extent_object(&s->space, 0, count, source, &s->frames, &s->map, &s->fault);
	struct share of;

	if (status != ST_OK)
		return status;
	of = share_of(&s->space, 0, count, 0);
	return share_object(&s->space, &of, count, &s->frames, &s->fault);
}

static struct extent_source any_source(void)
{
	return (struct extent_source){
		.bytes_pa = rand() % 4 == 0 ? OBJECT_NOWHERE : BYTES_PA, .donated = rand() % 2,
		.read = rand() % 4 == 0, .copy_limit = EXTENT_COPY_LIMIT,
	};
}

static void check_one(const struct smalt_memory *ranges, uint32_t range_count, unsigned m)
{
	static const uint32_t relocated[] = { 0, SMALT_ROW_RELRO, SMALT_ROW_TEXTREL };
	struct extent_source source = any_source();
	struct smalt_row rows[3];
	uint32_t count = make_rows(rows, relocated[rand() % 3]);
	struct scene s;
	enum status status;

	scene_open(&s, both[m], ranges, range_count, (struct scene_limits){ 40, 40 });
	add_rows(&s, rows, count, 0);
	add_rows(&s, rows, count, DISTANCE);
	status = share(&s, &source, count);
	if (status == ST_WX)         /* rows of other rights on one page */
		return;
	assert_int_equal(status, ST_OK);
	for (uint64_t page = FIRST; page < FIRST + 64 * K; page += 4096)
		check_page(&s, count, page);
	check_frames(&s);
	check_flags(&s, count);
}

/* Rules: S3, S11 */
static void pages_that_nobody_writes_are_shared_and_no_others(void **state)
{
	(void)state;
	srand(3);
	for (unsigned i = 0; i < 4000; i++)
		check_one(RAM, 2, i % 2);
}

/* Rules: S3 */
static void memory_in_pieces_is_shared_as_well(void **state)
{
	(void)state;
	srand(4);
	for (unsigned i = 0; i < 4000; i++)
		check_one(PIECES, sizeof PIECES / sizeof PIECES[0], i % 2);
}

/* Rules: S3, P2 */
static void what_lies_alike_keeps_its_large_leaves(void **state)
{
	static const struct extent_source in_memory = { .bytes_pa = BYTES_PA,
	                                                .copy_limit = EXTENT_COPY_LIMIT };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct smalt_row rows[] = { scene_row(FIRST, 4 * M, 4 * M, 0, RX),
		                            scene_row(FIRST + 4 * M, 2 * M, 2 * M, 4 * M, RW) };
		struct scene s;

		scene_open(&s, both[m], RAM, 2, (struct scene_limits){ 8, 8 });
		add_rows(&s, rows, 2, 0);
		add_rows(&s, rows, 2, DISTANCE);
		assert_int_equal(share(&s, &in_memory, 2), ST_OK);
		space_sort_extents(&s.space);
		space_leaves(&s.space);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(s.space.rows[i].leaf_shift, 21);
		assert_int_equal(s.space.extents[2].pa, BYTES_PA);
		assert_int_equal(s.frames.taken_bytes, 2 * 2 * M);
	}
}

/* Rules: M1 */
static void too_little_of_anything_is_refused(void **state)
{
	static const struct extent_source nowhere = { .bytes_pa = OBJECT_NOWHERE };

	(void)state;
	for (uint32_t takes = 0; takes <= 4; takes++)
		for (uint32_t extents = 0; extents <= 4; extents++) {
			struct smalt_row rows[] = { scene_row(FIRST, 4 * K, 4 * K, 0, SMALT_R),
			                            scene_row(FIRST + 8 * K, 4 * K, 4 * K, 0, RW) };
			struct smalt_memory ram[] = { { 16 * M, 16 * M, SMALT_MEM_USABLE, 0 } };
			bool enough = takes >= 2 && extents == 4;   /* the third frame meets another */
			struct scene s;

			scene_open(&s, &machine_x86_64, ram, 1, (struct scene_limits){ takes, extents });
			add_rows(&s, rows, 2, 0);
			add_rows(&s, rows, 2, DISTANCE);
			assert_int_equal(share(&s, &nowhere, 2), enough ? ST_OK : ST_NO_MEMORY);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_nobody_writes_are_shared_and_no_others),
		cmocka_unit_test(memory_in_pieces_is_shared_as_well),
		cmocka_unit_test(what_lies_alike_keeps_its_large_leaves),
		cmocka_unit_test(too_little_of_anything_is_refused),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
