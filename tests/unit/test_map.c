/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map.c: the mapping call as firmware uses it: rows, memory and page tables, and what
 * is left after every failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_request.h"

/* Rights of a leaf. Intel SDM Vol. 3A Table 4-20: P, R/W 1, XD 63; Arm ARM D8.3.1: AP[2] 7, PXN 53. */
static uint32_t rights_of(uint64_t leaf)
{
	if (b.machine == 62)
		return 4 | (leaf & 2) | (leaf >> 63 ? 0 : 1);
	return 4 | (leaf >> 7 & 1 ? 0 : 2) | (leaf >> 53 & 1 ? 0 : 1);
}

/* Every page of the object at base, and none around it. */
static void check_tables(const uint64_t root[2], uint64_t base, uint64_t bias, bool relocated)
{
	for (uint64_t va = 0; va < 0xd000; va++) {
		uint64_t pa = 0, leaf = walk(root, base + va, &pa);
		uint32_t rights = va < 0x1000 ? 4 : va < 0x3000 ? 5 : 6;

		if (va >= 0x8000 && va < 0x9000) {
			assert_true(leaf == 0);
			continue;
		}
		assert_true(leaf != 0);
		assert_int_equal(rights_of(leaf), rights);
		assert_true((leaf & (b.machine == 62 ? 4 : 1 << 6)) == 0);       /* not the user's */
		assert_int_equal(*(uint8_t *)at_pa(pa), byte_relocated(va, words, relocated ? 3 : 0, bias));
	}
	for (unsigned i = 1; i < 4; i++) {
		uint64_t pa;

		assert_true(walk(root, base - i * PAGE, &pa) == 0);
		assert_true(walk(root, base + 0xd000 + (i - 1) * PAGE, &pa) == 0);
	}
}

/* Rules: M6, M12, M17, M18, P7, S2, R1 */
static void tables_map_the_objects_bytes_and_zeros_with_the_files_rights(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		uint32_t flags = (i & 4 ? SMALT_MAP_CONSUME : 0) | (i & 8 ? SMALT_MAP_RELOCATE : 0);
		struct smalt_request r;
		uint64_t root[2] = { 0, 0 }, base, pa;

		begin(both[i & 1], i & 2 ? 3 : 2);
		say(open_space());
		r = request(flags);
		say(map_it(&r));
		base = i & 2 ? r.from : 0x400000;
		assert_int_equal(b.count, OBJECT_PARTS);
		for (unsigned k = 0; k < OBJECT_PARTS; k++) {
			assert_true(b.rows[k].va == base + parts[k].va);
			assert_true(b.rows[k].mem_bytes == parts[k].mem_bytes);
			assert_true(b.rows[k].file_bytes == parts[k].file_bytes);
			assert_int_equal(b.rows[k].prot, parts[k].flags);
			assert_int_equal(b.rows[k].segment, k);
		}
		say(smalt_tables(b.space, root, &b.fault));
		assert_int_equal(root[1] != 0, b.machine == 183);
		check_tables(root, base, i & 2 ? base : 0, i & 8);
		assert_true(walk(root, base + 0x1000, &pa) != 0 && pa == RAM_PA + 0x1000);
		assert_true(walk(root, base + 0x4000, &pa) != 0);
		assert_int_equal(pa == RAM_PA + 0x4000, (i & 4) != 0);
		if (!(i & 4))
			assert_memory_equal(b.ram, object_file, OBJECT_BYTES);
	}
}

/* --- failures ------------------------------------------------------------------------ */

static struct smalt_prepared *prepared;

static uint32_t map_flags(uint32_t flags)
{
	struct smalt_request r = request(flags);

	r.padding = flags & SMALT_MAP_PADDING ? 0x1001 : 0;
	return map_it(&r);
}

static uint32_t map_given(void) { return map_flags(SMALT_MAP_CONSUME | SMALT_MAP_PADDING); }
static uint32_t map_relocated(void) { return map_flags(SMALT_MAP_RELOCATE); }

static uint32_t plan_only(void)
{
	struct smalt_request r = request(SMALT_MAP_RELOCATE);

	return smalt_plan(b.space, &r, b.rows, &b.count, &b.fault);
}

static uint32_t plan_and_commit(void)
{
	struct smalt_request r = request(SMALT_MAP_RELOCATE);
	struct smalt_row rows[16];
	uint32_t count = 16, status = smalt_plan(b.space, &r, rows, &count, &b.fault);

	return status != OK ? status : smalt_commit(b.space, &r, rows, count, &b.fault);
}

static uint32_t map_copy(void) { return map_prepared(prepared, SMALT_MAP_COPY); }
static uint32_t map_nocopy(void) { return map_prepared(prepared, SMALT_MAP_NOCOPY); }
static uint32_t align(void) { return smalt_align_segments(prepared, 1, &b.fault); }
static uint32_t make_mutable(void) { return smalt_make_mutable(prepared, 2, &b.fault); }
static uint32_t relocate(void) { return smalt_relocate(prepared, request(0).from, &b.fault); }
static uint32_t relro(void) { return smalt_relro(prepared, &b.fault); }

static uint32_t clone(void)
{
	struct smalt_prepared *made;

	return smalt_clone(prepared, &made, &b.fault);
}

static uint32_t prepare_other(void)
{
	struct smalt_request r = request(0);
	struct smalt_prepared *made;

	return smalt_prepare(b.space, &r, &made, &b.fault);
}

static uint32_t keep(void)
{
	return smalt_keep(b.space, 0x10000, 0xfee00000, PAGE, 6, SMALT_CACHE_DEVICE, &b.fault);
}

static const struct act { uint32_t (*run)(void); unsigned frames; } acts[] = {
	/* Of the object: 0x0000, 0x3000 .. 0x8000, 0x9000 .. 0xd000 */
	{ map_plain, 10 }, { map_given, 1 + 1 + 2 + 3 }, { map_relocated, 10 },
	{ plan_only, 0 }, { plan_and_commit, 10 },
	/* 0x3000 has an extent: copied, or not */
	{ map_copy, 10 }, { map_nocopy, 10 - 3 },
	{ align, 1 }, { make_mutable, 3 }, { relocate, 3 + 1 }, { clone, 3 + 1 }, { relro, 0 },
	{ prepare_other, 0 }, { keep, 0 },
};

enum { ACTS = sizeof acts / sizeof acts[0] };

/* A space with another object, and with one that is prepared, as the act likes it. */
static void open_for(const struct act *act)
{
	struct smalt_request r;

	bench_begin(both[(act - acts) % 2]);
	make_object(3, 0, words, 3, 0x1000);
	say(open_space());
	r = request(0);
	say(map_it(&r));
	say(smalt_prepare(b.space, &r, &prepared, &b.fault));
	if (act->run == map_copy || act->run == map_nocopy || act->run == clone)
		say(smalt_make_mutable(prepared, 2, &b.fault));
	if (act->run == clone)
		say(smalt_make_mutable(prepared, 0, &b.fault));
	memset(b.rows, 0x55, sizeof b.rows);
	b.count = 16;
}

static void check_failure(const struct act *act, const struct picture *before, uint32_t expected)
{
	struct smalt_row untouched[16];

	memset(untouched, 0x55, sizeof untouched);
	assert_int_equal(act->run(), expected);
	assert_int_equal(b.fault.status, expected);
	assert_memory_equal(b.rows, untouched, sizeof untouched);
	assert_int_equal(b.count, 16);
	assert_same(before, prepared);
}

/* Rules: M1, S12 */
static void without_storage_nothing_changes_and_then_all_is_as_if_it_had_not_failed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACTS; i++) {
		struct picture before, after;
		uint64_t needed, used;

		open_for(&acts[i]);
		say(acts[i].run());
		after = draw(prepared);
		open_for(&acts[i]);
		before = draw(prepared);
		used = b.space->arena.used;
		b.count = 16;
		for (needed = 0; ; needed += 16) {
			b.space->arena.bytes = used + needed;
			if (acts[i].run() == OK)
				break;
			memset(b.rows, 0x55, sizeof b.rows);
			b.count = 16;
			check_failure(&acts[i], &before, IS(NO_MEMORY));
		}
		assert_int_equal(needed == 0, acts[i].run == keep || acts[i].run == make_mutable);
		assert_same(&after, prepared);
	}
}

/* Rules: M1, S12 */
static void without_frames_nothing_changes_and_then_all_is_as_if_it_had_not_failed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACTS; i++) {
		static uint8_t memory[1 << 16] __attribute__((aligned(16)));
		struct picture after;

		open_for(&acts[i]);
		say(acts[i].run());
		after = draw(prepared);
		open_for(&acts[i]);
		for (unsigned left = 0; left < acts[i].frames; left++) {
			struct arena arena = { memory, sizeof memory, 0 };
			struct frames *frames = &b.space->frames;
			struct frames_saved saved;
			struct picture before;
			struct fault fault;
			uint64_t pa;

			assert_int_equal(frames_save(frames, &saved, &arena, &fault), ST_OK);
			assert_int_equal(frames_take_high(frames, frames->free.bytes - left * PAGE, PAGE,
			                                  UINT64_MAX, 5, &pa, &fault), ST_OK);
			assert_int_equal(free_pages(), left);
			before = draw(prepared);
			check_failure(&acts[i], &before, IS(NO_MEMORY));
			frames_restore(frames, &saved);
		}
		say(acts[i].run());
		assert_same(&after, prepared);
	}
}

/* Rules: M1 */
static void without_room_for_rows_extents_or_objects_nothing_changes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACTS; i++) {
		struct picture before, after;

		open_for(&acts[i]);
		say(acts[i].run());
		after = draw(prepared);
		open_for(&acts[i]);
		before = draw(prepared);
		for (unsigned what = 0; what < 3; what++) {
			struct space *s = &b.space->space;
			uint32_t *rooms[] = { &s->row_capacity, &s->extent_capacity, &b.space->object_most };
			uint32_t used[] = { before.rows, before.extents, before.objects };
			/* A plan and relocation are of what will be an object */
			bool next = acts[i].run == relocate || acts[i].run == plan_only;
			uint32_t needed[] = { after.rows, after.extents, after.objects + next };

			for (*rooms[what] = used[what]; *rooms[what] < needed[what]; ++*rooms[what])
				check_failure(&acts[i], &before, IS(NO_MEMORY));
		}
		/* Now there is exactly enough of everything; what is not used of it costs no storage */
		say(acts[i].run());
		after.used = b.space->arena.used;
		assert_same(&after, prepared);
	}
}

/* Rules: M1, M2 */
static void a_space_is_opened_whole_or_not_at_all(void **state)
{
	uint64_t needed = 0;

	(void)state;
	begin(62, 3);
	for (b.storage_bytes = 0; ; b.storage_bytes += 16, needed++) {
		struct smalt_space *none = (void *)&needed;

		b.space = none;
		if (open_space() == OK)
			break;
		assert_int_equal(b.fault.status, IS(NO_MEMORY));
		assert_ptr_equal(b.space, none);
	}
	assert_true(needed > 100);
}

/* Rules: M2 */
static void elements_are_written_on_success_and_when_they_were_too_few(void **state)
{
	(void)state;
	for (unsigned padded = 0; padded < 2; padded++) {
		uint32_t needed = OBJECT_PARTS + 2 * padded;
		struct smalt_request r;
		struct picture before;

		begin(both[padded], 3);
		say(open_space());
		r = request(padded ? SMALT_MAP_PADDING : 0);
		r.padding = padded;
		before = draw(NULL);
		for (uint32_t capacity = 0; capacity < needed; capacity++)
			for (unsigned plan = 0; plan < 2; plan++) {
				struct smalt_row rows[8], untouched[8];
				uint32_t elements = capacity;

				memset(rows, 0x55, sizeof rows);
				memset(untouched, 0x55, sizeof rows);
				assert_int_equal((plan ? smalt_plan(b.space, &r, capacity ? rows : NULL, &elements, &b.fault)
				                       : smalt_map(b.space, &r, capacity ? rows : NULL, &elements, &b.fault)),
				                 IS(TOO_SMALL));
				assert_int_equal(elements, needed);
				assert_memory_equal(rows, untouched, sizeof rows);
				assert_same(&before, NULL);
			}
		b.count = needed;
		r.object_bytes = 10;
		r.flags |= SMALT_MAP_NOEXEC;
		r.padding = UINT64_MAX;
		assert_true(smalt_map(b.space, &r, b.rows, &b.count, &b.fault) != OK);
		assert_int_equal(b.count, needed);
		assert_same(&before, NULL);
		r = request(0);
		b.count = OBJECT_PARTS;
		say(smalt_map(b.space, &r, b.rows, &b.count, &b.fault));
		assert_int_equal(b.count, OBJECT_PARTS);
	}
}

/* Rules: M5 */
static void flags_and_arguments_that_do_not_fit_are_refused(void **state)
{
	struct smalt_request r;
	struct picture before;

	(void)state;
	begin(62, 3);
	say(open_space());
	r = request(0);
	say(smalt_prepare(b.space, &r, &prepared, &b.fault));
	before = draw(prepared);
#define REFUSED(change) do { \
		r = request(0); \
		change; \
		b.count = 16; \
		if (smalt_map(b.space, &r, b.rows, &b.count, &b.fault) != IS(INVALID)) \
			fail_msg("%s", #change); \
		assert_int_equal(b.count, 16); \
		assert_same(&before, prepared); \
	} while (0)
	for (unsigned bit = 12; bit < 32; bit++)
		REFUSED(r.flags |= 1u << bit);
	REFUSED(r.padding = 1);
	REFUSED(r.va = 0xffffffff90000000);
	REFUSED(r.reservation = 1);
	REFUSED(r.flags |= SMALT_MAP_ADDRESS);
	REFUSED(r.flags |= SMALT_MAP_RESERVATION);
	REFUSED(r.flags |= SMALT_MAP_NOCOPY);
	REFUSED(r.flags |= SMALT_MAP_COPY);
	REFUSED(r.flags |= SMALT_MAP_CONSUME; r.object_pa = SMALT_NOWHERE);
	REFUSED(r.flags = SMALT_MAP_RELOCATE);
	REFUSED(r.flags = SMALT_MAP_ENTRY);
	REFUSED(r.flags = SMALT_MAP_ALIGNED);
	REFUSED(r.object = NULL);
	REFUSED(r.prepared = prepared);
	REFUSED(r.prepared = prepared; r.object = NULL);
	REFUSED(r.prepared = prepared; r.flags |= SMALT_MAP_COPY);
	REFUSED(r.prepared = prepared; r.object = NULL; r.flags |= SMALT_MAP_COPY | SMALT_MAP_NOCOPY);
	REFUSED(r.prepared = prepared; r.object = NULL; r.flags |= SMALT_MAP_COPY | SMALT_MAP_RELOCATE);
	REFUSED(r.prepared = prepared; r.object = NULL; r.flags |= SMALT_MAP_COPY | SMALT_MAP_CONSUME);
	REFUSED(r.prepared = prepared; r.object = NULL; r.flags = SMALT_MAP_COPY);
	REFUSED(r.bytes--);
	REFUSED(r.bytes++);
	REFUSED(r.name = NULL);
	REFUSED(r.object_pa = -0x1000ull);
#undef REFUSED
}

/* Rules: M5, M8 */
static void without_interpret_the_file_is_one_read_only_row(void **state)
{
	(void)state;
	for (unsigned padded = 0; padded < 2; padded++)
		for (unsigned away = 0; away < 2; away++) {
			struct smalt_request r;
			const struct smalt_row *row = &b.rows[padded];
			uint64_t pa;

			begin(both[away], 3);
			say(open_space());
			r = request(0);
			r.flags = padded ? SMALT_MAP_PADDING | SMALT_MAP_NOEXEC : SMALT_MAP_NOEXEC;
			r.padding = padded * 0x1800;
			r.object_bytes = 0x2345;
			r.object_pa = away ? SMALT_NOWHERE : RAM_PA;
			say(map_it(&r));
			assert_int_equal(b.count, 1 + 2 * padded);
			assert_true(row->mem_bytes == 0x2345 && row->file_bytes == 0x2345 && row->file_offset == 0);
			assert_true(row->va == r.from + padded * 0x2000);
			assert_int_equal(row->prot, 4);
			assert_int_equal(row->flags & ~(uint32_t)(SMALT_ROW_IN_PLACE | SMALT_ROW_COPIED), 0);
			assert_int_equal(row->segment, SMALT_NONE);
			for (uint64_t i = 0; i < 0x3000; i++) {
				assert_non_null(extent_of(row->va + i, &pa));
				assert_int_equal(*(uint8_t *)at_pa(pa), i < 0x2345 ? object_file[i] : 0);
			}
			assert_null(extent_of(row->va - 1, &pa));
			assert_null(extent_of(row->va + 0x3000, &pa));
		}
}

/* Rules: M8, M9 */
static void padding_is_reserved_below_and_above(void **state)
{
	(void)state;
	for (uint64_t padding = 0; padding < 3 * PAGE; padding += 0x7ff) {
		uint64_t rounded = (padding + PAGE - 1) / PAGE * PAGE;
		uint32_t first = padding ? 1 : 0;
		uint64_t base;
		struct smalt_request r;

		begin(62, 3);
		say(open_space());
		r = request(SMALT_MAP_PADDING);
		r.padding = padding;
		say(map_it(&r));
		assert_int_equal(b.count, OBJECT_PARTS + (padding ? 2 : 0));
		/* Its bytes lie at a multiple of 2M */
		base = r.from + (padding ? 0x200000 : 0);
		assert_true(b.rows[first].va == base);
		if (!padding)
			continue;
		assert_true(b.rows[0].va == base - rounded && b.rows[0].mem_bytes == rounded);
		assert_true(b.rows[6].va == base + 0xd000 && b.rows[6].mem_bytes == rounded);
		for (unsigned i = 0; i < 7; i += 6) {
			assert_int_equal(b.rows[i].prot, 0);
			assert_int_equal(b.rows[i].flags, SMALT_ROW_PADDING);
			assert_true(b.rows[i].file_bytes == 0);
			assert_int_equal(smalt_keep(b.space, b.rows[i].va, 0xfee00000, PAGE, 6, 2, &b.fault),
			                 IS(ADDRESS_IN_USE));
			assert_string_equal(b.fault.word, "it");
		}
	}
}

/* Rules: M8, M9 */
static void padding_of_a_fixed_object_must_be_free_too(void **state)
{
	struct smalt_request r;

	(void)state;
	for (unsigned above = 0; above < 2; above++) {
		begin(62, 2);
		b.claims[0] = (struct smalt_claim){ above ? 0x40f000 : 0x3fd000, PAGE, "firmware", 0 };
		b.setup.claim_count = 1;
		say(open_space());
		r = request(SMALT_MAP_PADDING);
		r.padding = 0x2000;
		assert_int_equal(map_it(&r), IS(ADDRESS_IN_USE));
		assert_string_equal(b.fault.word, "firmware");
		r.padding = 0x1000;
		say(map_it(&r));
		assert_true(b.rows[0].va == 0x3ff000 && b.rows[6].va == 0x40d000);
		r.padding = UINT64_MAX;
		assert_int_equal(map_it(&r), IS(NO_MEMORY));
		r.padding = 1ull << 63;
		assert_int_equal(map_it(&r), IS(NO_MEMORY));
	}
}

/* Rules: M9, M13 */
static void an_address_that_is_asked_for_is_had_or_refused(void **state)
{
	uint64_t va = 0xffffffff90000000;
	struct smalt_request r;

	(void)state;
	open_with_claims(3, 0);
	r = request(SMALT_MAP_ADDRESS);
	r.va = va + 0x800;
	assert_int_equal(map_it(&r), IS(MISALIGNED));
	r.va = 0x0000900000000000;
	assert_int_equal(map_it(&r), IS(NO_ADDRESS));
	r.va = va;
	say(map_it(&r));
	assert_true(b.rows[0].va == va);
	r.va = va + 0xd000;
	assert_int_equal(map_it(&r), IS(ADDRESS_IN_USE));
	r.va = va + 0xe000;
	say(map_it(&r));

	open_with_claims(2, 0);
	r = request(SMALT_MAP_ADDRESS);
	r.va = 0x400000;
	assert_int_equal(map_it(&r), IS(INVALID));
}

/* One segment's memory at a time is empty; then all are. */
static void make_with_empty(unsigned empty)
{
	struct maker m = { .file = b.ram, .file_bytes = OBJECT_BYTES, .type = 3,
	                   .machine = 62, .segment_count = OBJECT_PARTS };

	for (unsigned i = 0; i < OBJECT_PARTS; i++) {
		m.segments[i] = parts[i];
		if (i == empty || empty == OBJECT_PARTS)
			m.segments[i].mem_bytes = m.segments[i].file_bytes = 0;
	}
	maker_write(&m);
	memcpy(object_file, b.ram, OBJECT_BYTES);
}

/* Rules: M10 */
static void empty_segments_are_no_rows_and_nothing_else_is_not_mappable(void **state)
{
	(void)state;
	for (unsigned empty = 0; empty <= OBJECT_PARTS; empty++) {
		struct picture before;
		uint32_t at = 0;

		begin(62, 3);
		make_with_empty(empty);
		say(open_space());
		before = draw(NULL);
		if (empty == OBJECT_PARTS) {
			assert_int_equal(map_plain(), IS(NOT_MAPPABLE));
			assert_same(&before, NULL);
			continue;
		}
		say(map_plain());
		assert_int_equal(b.count, OBJECT_PARTS - 1);
		for (unsigned i = 0; i < OBJECT_PARTS; i++)
			if (i != empty)
				assert_int_equal(b.rows[at++].segment, i);
	}
}

/* Rules: M12, M18, M23 */
static void writable_code_is_refused_unless_allowed_and_code_if_there_may_be_none(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct picture before;
		uint64_t root[2], pa;

		begin(both[m], 3);
		put32(b.ram + 64 + 56 * 4 + 4, 7);
		memcpy(object_file, b.ram, OBJECT_BYTES);
		say(open_space());
		before = draw(NULL);
		assert_int_equal(map_plain(), IS(WX));
		assert_int_equal(b.fault.segment, 4);
		assert_int_equal(map_flags(SMALT_MAP_NOEXEC), IS(NOT_AUTHORIZED));
		assert_int_equal(b.fault.segment, 1);
		assert_int_equal(map_flags(SMALT_MAP_NOEXEC | SMALT_MAP_ALLOW_WX), IS(NOT_AUTHORIZED));
		assert_same(&before, NULL);
		say(map_flags(SMALT_MAP_ALLOW_WX));
		assert_int_equal(b.rows[4].flags & SMALT_ROW_WX, SMALT_ROW_WX);
		assert_int_equal(b.rows[2].flags & SMALT_ROW_WX, 0);
		say(smalt_tables(b.space, root, &b.fault));
		assert_int_equal(rights_of(walk(root, b.rows[4].va, &pa)), 7);
	}
}

/* Rules: M1 */
static void a_plan_that_is_committed_is_a_mapping(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		uint32_t flags = (i & 2 ? SMALT_MAP_CONSUME : 0) | (i & 4 ? SMALT_MAP_RELOCATE : 0);
		uint32_t planned = 16;
		struct smalt_row rows[16];
		struct smalt_request r;
		struct picture mapped, before;
		static uint8_t memory[RAM_BYTES / 4];

		begin(both[i & 1], 3);
		say(open_space());
		say(map_flags(flags));
		mapped = draw(NULL);
		memcpy(memory, b.ram, sizeof memory);
		begin(both[i & 1], 3);
		say(open_space());
		before = draw(NULL);
		r = request(flags);
		say(smalt_plan(b.space, &r, rows, &planned, &b.fault));
		assert_same(&before, NULL);
		/* Rows of another plan */
		rows[1].prot ^= 2;
		assert_int_equal(smalt_commit(b.space, &r, rows, planned, &b.fault), IS(INVALID));
		rows[1].prot ^= 2;
		assert_int_equal(smalt_commit(b.space, &r, rows, planned - 1, &b.fault), IS(INVALID));
		assert_same(&before, NULL);
		say(smalt_commit(b.space, &r, rows, planned, &b.fault));
		memcpy(object_file, b.ram, OBJECT_BYTES);
		assert_same(&mapped, NULL);
		assert_memory_equal(memory, b.ram, sizeof memory);
		/* The space is another now */
		mapped = draw(NULL);
		assert_int_equal(smalt_commit(b.space, &r, rows, planned, &b.fault), IS(INVALID));
		assert_same(&mapped, NULL);
	}
}

/* Rules: H8, M9, M18 */
static void memory_of_the_caller_is_kept_as_it_says(void **state)
{
	uint64_t root[2], pa;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_row *rows;
		struct picture before;
		uint32_t count;

		begin(both[m], 2);
		b.claims[0] = (struct smalt_claim){ 0x10000, 0x4000, "firmware", 0 };
		b.setup.claim_count = 1;
		say(open_space());
		say(map_plain());
		say(smalt_keep(b.space, 0x12000, 0xfee00000, 0x1000, 6, SMALT_CACHE_DEVICE, &b.fault));
		say(smalt_keep(b.space, 0x10000, 0xfed00000, 0x2000, 5, SMALT_CACHE_WRITE_BACK, &b.fault));
		say(smalt_keep(b.space, 0x20000, 0xfec00000, 0x1000, 4, SMALT_CACHE_WRITE_BACK, &b.fault));
		before = draw(NULL);
#define REFUSED(va, pa, bytes, prot, memory, status) do { \
			assert_int_equal(smalt_keep(b.space, va, pa, bytes, prot, memory, &b.fault), IS(status)); \
			assert_same(&before, NULL); \
		} while (0)
		REFUSED(0x12000, 0, 0x1000, 6, 0, ADDRESS_IN_USE);
		assert_string_equal(b.fault.word, "kept");
		REFUSED(0x11000, 0, 0x1000, 6, 0, ADDRESS_IN_USE);
		REFUSED(0x13000, 0, 0x2000, 6, 0, ADDRESS_IN_USE);
		REFUSED(0x400000, 0, 0x1000, 6, 0, ADDRESS_IN_USE);
		assert_string_equal(b.fault.word, "it");
		REFUSED(0x40d000, 0, 0x1000, 6, 0, ADDRESS_IN_USE);
		REFUSED(0x30000, 0, 0x1000, 7, 0, WX);
		REFUSED(0x30000, 0, 0x1000, 0, 0, WX);
		REFUSED(0x30000, 0, 0x1000, 2, 0, WX);
		REFUSED(0x30000, 0, 0x1000, 8, 0, WX);
		REFUSED(0x30000, 0, 0x1000, 6, 3, INVALID);
		REFUSED(0x30800, 0, 0x1000, 6, 0, MISALIGNED);
		REFUSED(0x30000, 0x800, 0x1000, 6, 0, MISALIGNED);
		REFUSED(0x30000, 0, 0x800, 6, 0, MISALIGNED);
		REFUSED(0x30000, 0, 0, 6, 0, MISALIGNED);
		REFUSED(0x30000, -0x1000ull, 0x2000, 6, 0, NO_ADDRESS);
		/* Intel SDM Vol. 3A 4.1.4: at most 52 bits; Arm ARM D8.3: 48 with granules of 4K */
		REFUSED(0x30000, (m == 0 ? 1ull << 52 : 1ull << 48) - 0x1000, 0x2000, 6, 0, NO_ADDRESS);
		REFUSED(0x30000, m == 0 ? 1ull << 52 : 1ull << 48, 0x1000, 6, 0, NO_ADDRESS);
		REFUSED(0, 0, 0x1000, 6, 0, NO_ADDRESS);
		REFUSED(-0x1000ull, 0, 0x1000, 6, 0, NO_ADDRESS);
#undef REFUSED
		rows = smalt_rows(b.space, &count);
		assert_int_equal(count, OBJECT_PARTS + 3);
		for (uint32_t i = 1; i < count; i++)
			assert_true(rows[i - 1].va < rows[i].va);
		assert_int_equal(rows[0].kind, SMALT_KIND_CALLER);
		say(smalt_tables(b.space, root, &b.fault));
		assert_int_equal(rights_of(walk(root, 0x11000, &pa)), 5);
		assert_true(pa == 0xfed01000);
		assert_int_equal(rights_of(walk(root, 0x12000, &pa)), 6);
		assert_true(pa == 0xfee00000);
		/* Not cached. x86_64: PCD 4 and PWT 3, PA3 is UC; aarch64: AttrIndx 2 is Device-nGnRE */
		assert_true((walk(root, 0x12000, &pa) & 0x1c) == (m == 0 ? 0x18 : 0x08));
		assert_true((walk(root, 0x11000, &pa) & 0x18) == 0 || m == 1);
		assert_int_equal(rights_of(walk(root, 0x20000, &pa)), 4);
		assert_true(walk(root, 0x13000, &pa) == 0);
		check_tables(root, 0x400000, 0, false);
	}
}

/* Rules: M1, P7 */
static void tables_are_built_once_and_end_the_space(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t root[2] = { 1, 2 }, other[2] = { 1, 2 };
		struct picture before;

		open_for(&acts[m]);
		before = draw(prepared);
		for (unsigned left = 0; left < 3; left++) {
			static uint8_t memory[1 << 16] __attribute__((aligned(16)));
			struct arena arena = { memory, sizeof memory, 0 };
			struct frames_saved saved;
			struct picture few;
			struct fault fault;
			uint64_t pa;

			assert_int_equal(frames_save(&b.space->frames, &saved, &arena, &fault), ST_OK);
			assert_int_equal(frames_take_high(&b.space->frames, b.space->frames.free.bytes - left * PAGE,
			                                  PAGE, UINT64_MAX, 5, &pa, &fault), ST_OK);
			few = draw(prepared);
			assert_int_equal(smalt_tables(b.space, root, &b.fault), IS(NO_MEMORY));
			assert_true(root[0] == 1 && root[1] == 2);
			assert_same(&few, prepared);
			frames_restore(&b.space->frames, &saved);
		}
		assert_same(&before, prepared);
		for (b.space->arena.bytes = before.used; smalt_tables(b.space, root, &b.fault) != OK; ) {
			assert_int_equal(b.fault.status, IS(NO_MEMORY));
			assert_true(root[0] == 1 && root[1] == 2);
			assert_same(&before, prepared);
			b.space->arena.bytes += 16;
		}
		assert_true(b.space->arena.bytes > before.used);
		b.space->arena.bytes += 4096;
		before = draw(prepared);
		assert_int_equal(smalt_tables(b.space, other, &b.fault), IS(INVALID));
		assert_true(other[0] == 1 && other[1] == 2);
		memset(b.rows, 0x55, sizeof b.rows);
		b.count = 16;
		for (unsigned i = 0; i < 5; i++) {
			struct act act = acts[i];

			if (act.run == map_copy || act.run == map_nocopy || act.run == map_plain)
				check_failure(&act, &before, IS(INVALID));
		}
		assert_int_equal(keep(), IS(INVALID));
		assert_same(&before, prepared);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_map_the_objects_bytes_and_zeros_with_the_files_rights),
		cmocka_unit_test(without_storage_nothing_changes_and_then_all_is_as_if_it_had_not_failed),
		cmocka_unit_test(without_frames_nothing_changes_and_then_all_is_as_if_it_had_not_failed),
		cmocka_unit_test(without_room_for_rows_extents_or_objects_nothing_changes),
		cmocka_unit_test(a_space_is_opened_whole_or_not_at_all),
		cmocka_unit_test(elements_are_written_on_success_and_when_they_were_too_few),
		cmocka_unit_test(flags_and_arguments_that_do_not_fit_are_refused),
		cmocka_unit_test(without_interpret_the_file_is_one_read_only_row),
		cmocka_unit_test(padding_is_reserved_below_and_above),
		cmocka_unit_test(padding_of_a_fixed_object_must_be_free_too),
		cmocka_unit_test(an_address_that_is_asked_for_is_had_or_refused),
		cmocka_unit_test(empty_segments_are_no_rows_and_nothing_else_is_not_mappable),
		cmocka_unit_test(writable_code_is_refused_unless_allowed_and_code_if_there_may_be_none),
		cmocka_unit_test(a_plan_that_is_committed_is_a_mapping),
		cmocka_unit_test(memory_of_the_caller_is_kept_as_it_says),
		cmocka_unit_test(tables_are_built_once_and_end_the_space),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
