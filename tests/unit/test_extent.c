/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_extent.c: the memory behind rows against a model that asks every page who
 * owns its bytes.
 */
#include "extent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scene.h"

#define BYTES_PA (128 * M)

static const struct smalt_memory RAM[] = {
	{ 16 * M, 112 * M, SMALT_MEM_USABLE, 0 }, { 128 * M, 64 * M, SMALT_MEM_RECLAIMABLE, 0 },
	{ 192 * M, 64 * M, SMALT_MEM_USABLE, 0 },
};
static const struct scene_limits PLENTY = { 40, 40 };
static const struct extent_source DONATED = { .bytes_pa = BYTES_PA, .donated = true,
                                              .copy_limit = EXTENT_COPY_LIMIT };

static enum status back(struct scene *s, const struct extent_source *source)
{
	return extent_object(&s->space, 0, s->space.row_count, source, &s->frames, &s->map,
	                     &s->fault);
}

static void open_scene(struct scene *s, const struct machine *machine)
{
	scene_open(s, machine, RAM, 3, PLENTY);
}

/* ---- the model: one page, byte by byte ---- */

struct page {
	uint32_t prot;               /* union */
	uint32_t rows;               /* with rights and a byte in it */
	uint32_t first;              /* of these rows, or of all if none has rights */
	uint64_t file_bytes, zero_bytes;   /* of the last such row */
	uint64_t any_file_bytes;     /* of all */
};

/* S11, word by word; P2 has no say in rows without a large leaf. */
static bool belongs_in_place(const struct page *p, const struct smalt_row *row,
                             const struct extent_source *source)
{
	if (p->rows != 1 || p->any_file_bytes == 0)
		return false;
	if (source->read)            /* wherever it goes, whoever owns it, it is read there */
		return p->file_bytes == 4096;
	if (source->bytes_pa == OBJECT_NOWHERE)
		return false;
	if ((source->bytes_pa + row->file_offset) % 4096 != row->va % 4096)
		return false;
	if ((row->prot & SMALT_W) && !source->donated)
		return false;
	return p->file_bytes == 4096 || (source->whole_pages && p->zero_bytes == 0);
}

static struct page look(const struct space *space, uint64_t page)
{
	struct page p = { .first = SMALT_NONE };

	for (uint32_t i = 0; i < space->row_count; i++) {
		const struct smalt_row *row = &space->rows[i];
		uint64_t file = 0, zero = 0;

		for (uint64_t va = page; va < page + 4096; va++)
			if (va >= row->va && va - row->va < row->mem_bytes) {
				file += va - row->va < row->file_bytes;
				zero += va - row->va >= row->file_bytes;
			}
		if (file + zero == 0 || row->prot == 0)
			continue;
		if (p.rows++ == 0)
			p.first = i;
		p.prot |= row->prot;
		p.file_bytes = file;
		p.zero_bytes = zero;
		p.any_file_bytes += file;
	}
	return p;
}

static void check_page(const struct scene *s, uint64_t va, const struct extent_source *source)
{
	struct page p = look(&s->space, va);
	const struct smalt_extent *e = scene_at(s, va);
	const struct smalt_row *row;

	if (p.rows == 0) {
		assert_null(e);
		return;
	}
	assert_non_null(e);
	row = &s->space.rows[p.first];
	assert_int_equal(e->row, p.first);
	assert_int_equal(e->prot, p.prot);
	assert_int_equal(e->memory, SMALT_CACHE_WRITE_BACK);
	assert_int_equal(scene_type_after(s, scene_pa(s, va)), SMALT_MEM_OBJECT);
	assert_int_equal(e->backing == SMALT_BACKING_IN_PLACE,
	                 belongs_in_place(&p, row, source));
	if (e->backing == SMALT_BACKING_IN_PLACE && !source->read) {
		assert_int_equal(scene_pa(s, va),
		                 source->bytes_pa + row->file_offset + (va - row->va));
		return;
	}
	assert_int_equal(memmap_type(&s->map, scene_pa(s, va)), SMALT_MEM_USABLE);
	if (e->backing == SMALT_BACKING_IN_PLACE)
		return;
	assert_int_equal(e->backing,
	                 p.any_file_bytes != 0 ? SMALT_BACKING_COPY : SMALT_BACKING_ZERO);
}

/* The flags that the pages of a row give it: its own, or of what it shares a page with. */
static uint32_t flags_of(const struct scene *s, const struct smalt_row *row)
{
	uint32_t flags = 0;

	for (uint64_t va = row->va / 4096 * 4096; va < row->va + row->mem_bytes; va += 4096) {
		const struct smalt_extent *e = scene_at(s, va);
		unsigned rows = 0;

		for (uint32_t i = 0; i < s->space.row_count; i++) {
			const struct smalt_row *other = &s->space.rows[i];

			rows += other->prot != 0 && other->va < va + 4096 &&
			        other->va + other->mem_bytes > va;
		}
		if (!e || row->prot == 0)
			continue;
		if (rows > 1)
			flags |= SMALT_ROW_SHARED_PAGE;
		if (e->backing == SMALT_BACKING_IN_PLACE)
			flags |= SMALT_ROW_IN_PLACE;
		if (e->backing == SMALT_BACKING_COPY)
			flags |= SMALT_ROW_COPIED;
		if ((e->prot & SMALT_W) && (e->prot & SMALT_X))
			flags |= SMALT_ROW_WX;
	}
	return flags;
}

/* All pages from one before the first row to one behind the last, and no frame twice. */
static void check_all(const struct scene *s, const struct extent_source *source)
{
	const struct space *space = &s->space;
	const struct smalt_row *last = &space->rows[space->row_count - 1];

	for (uint64_t va = space->rows[0].va / 4096 * 4096 - 4096;
	     va < last->va + last->mem_bytes + 4096; va += 4096)
		check_page(s, va, source);
	for (uint32_t i = 0; i < space->row_count; i++)
		assert_int_equal(space->rows[i].flags, flags_of(s, &space->rows[i]));
	for (uint32_t i = 0; i < space->extent_count; i++)
		assert_int_not_equal(space->extents[i].bytes, 0);
	for (uint32_t i = 0; i < space->extent_count; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct smalt_extent *a = &space->extents[i], *b = &space->extents[j];

			assert_true(a->pa + a->bytes <= b->pa || b->pa + b->bytes <= a->pa);
		}
}

/* ---- all kinds of small objects ---- */

/* A small number below limit, the same in every run (Knuth's MMIX generator). */
static uint64_t draw(uint64_t *seed, uint64_t limit)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (*seed >> 33) % limit;
}

/* One to four rows of up to three pages, edges often on pages, some pages shared, some rows without rights. */
static void draw_rows(struct scene *s, uint64_t *seed)
{
	static const uint32_t rights[] = { SMALT_R, RX, RW, RW, 0 };
	static const uint64_t odd[] = { 0, 0, 1, 0x800, 0xfff };
	uint64_t va = 0x400000 + odd[draw(seed, 5)];
	uint64_t rows = 1 + draw(seed, 4);

	for (uint64_t i = 0; i < rows; i++) {
		uint64_t mem = draw(seed, 3) * 4096 + odd[draw(seed, 5)];
		uint64_t file = draw(seed, 3) == 0 ? mem : draw(seed, mem + 1);
		uint64_t offset = va - 0x400000 + (draw(seed, 6) == 0 ? odd[draw(seed, 5)] : 0);
		uint64_t gap = draw(seed, 3) == 0 ? draw(seed, 8192) : odd[draw(seed, 5)];

		if (mem == 0)
			mem = 1;
		if (file > mem || draw(seed, 5) == 0)
			file = 0;
		scene_add(s, scene_row(va, mem, file, offset, rights[draw(seed, 5)]));
		va += mem + gap;
	}
}

static bool has_wx_page(const struct space *space)
{
	const struct smalt_row *last = &space->rows[space->row_count - 1];

	for (uint64_t va = 0x400000; va < last->va + last->mem_bytes; va += 4096)
		if ((look(space, va).prot & (SMALT_W | SMALT_X)) == (SMALT_W | SMALT_X))
			return true;
	return false;
}

/* Rules: S11, M11, M17, M18, S2 */
static void every_page_of_small_objects_is_backed_as_its_bytes_say(void **state)
{
	uint64_t seed = 1, refused = 0, backed = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		struct extent_source source = { .bytes_pa = BYTES_PA + draw(&seed, 3) * 4096,
		                                .donated = draw(&seed, 2),
		                                .copy_limit = EXTENT_COPY_LIMIT };
		struct scene s;

		if (draw(&seed, 3) == 0) {
			source.read = true;
			source.bytes_pa = OBJECT_NOWHERE;
			source.whole_pages = draw(&seed, 2);
		}
		open_scene(&s, round % 2 ? &machine_x86_64 : &machine_aarch64);
		draw_rows(&s, &seed);
		if (has_wx_page(&s.space)) {
			assert_int_equal(back(&s, &source), ST_WX);
			assert_int_equal(s.frames.taken.count, 0);
			refused++;
			continue;
		}
		assert_int_equal(back(&s, &source), ST_OK);
		check_all(&s, &source);
		backed++;
	}
	assert_true(refused > 100 && backed > 1000);
}

/* Rules: P2, S11 */
static void what_is_read_gets_the_frames_of_large_leaves_and_is_in_place_there(void **state)
{
	static const struct extent_source read = { .bytes_pa = OBJECT_NOWHERE, .read = true,
	                                           .copy_limit = EXTENT_COPY_LIMIT };
	struct scene s;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		open_scene(&s, m ? &machine_x86_64 : &machine_aarch64);
		scene_add(&s, scene_row(0x400000, 4 * M, 4 * M, 0x1234, RX));
		scene_add(&s, scene_row(0x900800, 2 * M, 0x1000, 0x401234, RW));
		assert_int_equal(back(&s, &read), ST_OK);
		assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_IN_PLACE);
		assert_int_equal(s.space.extents[0].bytes, 4 * M);
		assert_int_equal(s.space.extents[0].pa % (2 * M), 0);
		assert_int_equal(s.space.rows[0].flags, SMALT_ROW_IN_PLACE);
		/* the second row begins and ends within pages */
		assert_int_equal(s.space.rows[1].flags, SMALT_ROW_COPIED);
		assert_int_equal(s.frames.taken_bytes, 4 * M + 2 * M + 0x1000);
	}
}

/* ---- what is in place ---- */

/* Rules: S11, M4, P2 */
static void aligned_text_and_data_cost_nothing_but_their_edges(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x3000, 0x3000, 0x1000, RX));
	scene_add(&s, scene_row(0x404800, 0x4000, 0x2000, 0x4800, RW));
	assert_int_equal(back(&s, &DONATED), ST_OK);
	check_all(&s, &DONATED);
	assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_IN_PLACE);
	assert_int_equal(s.space.extents[0].pa, BYTES_PA + 0x1000);
	assert_int_equal(s.space.rows[0].flags, SMALT_ROW_IN_PLACE);
	assert_int_equal(s.space.rows[1].flags, SMALT_ROW_IN_PLACE | SMALT_ROW_COPIED);
	/* head, tail and two pages of zeros have frames: 4 pages */
	assert_int_equal(s.frames.taken_bytes, 0x4000);
	assert_int_equal(scene_at(&s, 0x405000)->pa, BYTES_PA + 0x5000);
}

/* Rules: S2 */
static void bytes_of_another_owner_are_copied_where_they_are_written(void **state)
{
	struct extent_source kept = DONATED;
	struct scene s;

	(void)state;
	kept.donated = false;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x1000, 0x1000, 0x1000, RX));
	scene_add(&s, scene_row(0x402000, 0x1000, 0x1000, 0x2000, RW));
	assert_int_equal(back(&s, &kept), ST_OK);
	check_all(&s, &kept);
	assert_int_equal(s.space.rows[0].flags, SMALT_ROW_IN_PLACE);
	assert_int_equal(s.space.rows[1].flags, SMALT_ROW_COPIED);
	assert_int_equal(s.frames.taken_bytes, 0x1000);
}

/* Rules: M17 */
static void a_raw_module_maps_whole_pages(void **state)
{
	struct extent_source raw = DONATED;
	struct scene s;

	(void)state;
	raw.whole_pages = true;
	raw.bytes_pa = BYTES_PA + 0x74;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400074, 0x2345, 0x2345, 0, SMALT_R));
	assert_int_equal(back(&s, &raw), ST_OK);
	assert_int_equal(s.space.extent_count, 1);
	assert_int_equal(s.space.extents[0].pa, BYTES_PA);
	assert_int_equal(s.space.extents[0].bytes, 0x3000);
	assert_int_equal(s.space.rows[0].flags, SMALT_ROW_IN_PLACE);
	assert_int_equal(s.frames.taken_bytes, 0);
	check_all(&s, &raw);
}

/* Rules: P2 */
static void copy_and_zero_side_by_side_become_one_large_leaf(void **state)
{
	struct extent_source nowhere = { .bytes_pa = OBJECT_NOWHERE };
	struct scene s;
	uint64_t pa;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		open_scene(&s, machines[m]);
		/* the lowest free frame is not aligned by chance */
		assert_int_equal(frames_take(&s.frames, 4096, 4096, 0, SMALT_MEM_RESIDENT, &pa,
		                             &s.fault), ST_OK);
		scene_add(&s, scene_row(0xffffffff80200000, 4 * M, 0x12345, 0, RW));
		assert_int_equal(back(&s, &nowhere), ST_OK);
		assert_int_equal(s.space.extent_count, 2);
		assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_COPY);
		assert_int_equal(s.space.extents[0].bytes, 0x13000);
		assert_int_equal(s.space.extents[1].backing, SMALT_BACKING_ZERO);
		assert_int_equal(s.space.extents[0].pa % (2 * M), 0);
		assert_int_equal(s.space.extents[1].pa, s.space.extents[0].pa + 0x13000);
		assert_int_equal(s.frames.taken.count, 2);
	}
}

/* Each has its own 2 MiB boundary; taken as one, the second would miss it by the gap. */
/* Rules: P2 */
static void rows_with_a_gap_between_are_backed_apart(void **state)
{
	struct extent_source nowhere = { .bytes_pa = OBJECT_NOWHERE };
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 2 * M, 0, 0, RW));
	scene_add(&s, scene_row(0x601000, 4 * M, 0, 0, RW));
	assert_int_equal(back(&s, &nowhere), ST_OK);
	check_all(&s, &nowhere);
	assert_int_equal(scene_pa(&s, 0x400000) % (2 * M), 0);
	assert_int_equal(scene_pa(&s, 0x601000) % (2 * M), 0x1000);
}

/* Rows of other objects are not looked at, even if they seem to touch. */
/* Rules: M11 */
static void only_the_rows_of_the_object_are_backed(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x1800, 0, 0, RW));
	scene_add(&s, scene_row(0x401800, 0x1000, 0, 0, SMALT_R));
	scene_add(&s, scene_row(0x402800, 0x1000, 0, 0, RW));
	assert_int_equal(extent_object(&s.space, 1, 1, &DONATED, &s.frames, &s.map, &s.fault), ST_OK);
	assert_int_equal(s.space.extent_count, 1);
	assert_int_equal(s.space.extents[0].va, 0x401000);
	assert_int_equal(s.space.extents[0].bytes, 0x2000);
	assert_int_equal(s.space.extents[0].row, 1);
	assert_int_equal(s.space.extents[0].prot, SMALT_R);
	assert_int_equal(s.space.rows[0].flags | s.space.rows[1].flags | s.space.rows[2].flags, 0);
}

/* ---- pages of several rows ---- */

/* Rules: M11, M17 */
static void a_shared_page_is_not_in_place_even_where_whole_pages_are(void **state)
{
	struct extent_source raw = DONATED;
	struct scene s;

	(void)state;
	raw.whole_pages = true;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x1800, 0x1800, 0, SMALT_R));
	scene_add(&s, scene_row(0x401800, 0x1800, 0x1800, 0x1800, SMALT_R));
	assert_int_equal(back(&s, &raw), ST_OK);
	check_all(&s, &raw);
	assert_int_equal(scene_at(&s, 0x401000)->backing, SMALT_BACKING_COPY);
	assert_int_equal(scene_at(&s, 0x400000)->backing, SMALT_BACKING_IN_PLACE);
}

/* Rules: M11, M4 */
static void three_rows_on_one_page_are_one_copy_with_all_rights(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x2100, 0x2100, 0x0000, SMALT_R));
	scene_add(&s, scene_row(0x402200, 0x100, 0x100, 0x2200, RX));
	scene_add(&s, scene_row(0x402400, 0x2000, 0x1000, 0x2400, SMALT_R));
	assert_int_equal(back(&s, &DONATED), ST_OK);
	check_all(&s, &DONATED);
	assert_int_equal(scene_at(&s, 0x402000)->bytes, 0x1000);
	assert_int_equal(scene_at(&s, 0x402000)->prot, RX);
	assert_int_equal(scene_at(&s, 0x402000)->row, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(s.space.rows[i].flags & SMALT_ROW_SHARED_PAGE);
}

/* Rules: M15, M11 */
static void a_page_is_guarded_if_all_text_on_it_is(void **state)
{
	/* by row: 0 constants, 1 text, 2 guarded text */
	static const uint32_t prots[] = { SMALT_R, RX, RX };

	(void)state;
	for (unsigned a = 0; a < 3; a++)
		for (unsigned b = 0; b < 3; b++) {
			uint32_t shared = a == 1 || b == 1 || (a == 0 && b == 0) ? 0 : SMALT_G;
			struct smalt_row rows[2] = {
				scene_row(0x400000, 0x2100, 0x2100, 0x0000, prots[a]),
				scene_row(0x402200, 0x2000, 0x2000, 0x2200, prots[b]),
			};
			struct scene s;

			rows[0].flags = a == 2 ? SMALT_ROW_GUARDED : 0;
			rows[1].flags = b == 2 ? SMALT_ROW_GUARDED : 0;
			open_scene(&s, &machine_aarch64);
			scene_add(&s, rows[0]);
			scene_add(&s, rows[1]);
			assert_int_equal(back(&s, &DONATED), ST_OK);
			assert_int_equal(scene_at(&s, 0x401000)->prot, prots[a] | (a == 2 ? SMALT_G : 0));
			assert_int_equal(scene_at(&s, 0x402000)->prot, prots[a] | prots[b] | shared);
			assert_int_equal(scene_at(&s, 0x403000)->prot, prots[b] | (b == 2 ? SMALT_G : 0));
		}
}

/* Rules: M11, M12 */
static void writable_and_executable_rows_do_not_share_a_page_unless_allowed(void **state)
{
	struct scene s;

	(void)state;
	for (unsigned allowed = 0; allowed < 3; allowed++) {
		struct smalt_row text = scene_row(0x400000, 0x1800, 0x1800, 0, RX);
		struct smalt_row data = scene_row(0x401800, 0x1000, 0x1000, 0x1800, RW);

		open_scene(&s, &machine_x86_64);
		text.flags = allowed == 1 ? SMALT_ROW_WX : 0;
		data.flags = allowed == 2 ? SMALT_ROW_WX : 0;
		scene_add(&s, text);
		scene_add(&s, data);
		if (allowed) {
			assert_int_equal(back(&s, &DONATED), ST_OK);
			assert_int_equal(scene_at(&s, 0x401000)->prot, RW | RX);
			assert_int_equal(scene_at(&s, 0x400000)->prot, RX);
			assert_int_equal(scene_at(&s, 0x402000)->prot, RW);
			assert_true(s.space.rows[0].flags & s.space.rows[1].flags & SMALT_ROW_WX);
			continue;
		}
		assert_int_equal(back(&s, &DONATED), ST_WX);
		assert_int_equal(s.fault.value, 0x401000);
		assert_int_equal(s.fault.segment, 0x401);
		assert_int_equal(s.space.rows[0].flags, 0);
		assert_int_equal(s.frames.taken.count, 0);
	}
}

/* Rules: M18 */
static void a_row_without_rights_has_no_memory(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0x400000, 0x10000, 0, 0, 0));
	scene_add(&s, scene_row(0x410000, 0x1000, 0x1000, 0, RX));
	assert_int_equal(back(&s, &DONATED), ST_OK);
	assert_null(scene_at(&s, 0x400000));
	assert_int_equal(s.space.extent_count, 1);
	assert_int_equal(s.space.rows[0].flags, 0);
}

/* ---- physical placement ---- */

/* Rules: M21 */
static void physical_rows_lie_where_they_say(void **state)
{
	struct extent_source physical = DONATED;
	struct scene s;

	(void)state;
	physical.physical = true;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(17 * M, 0x3000, 0x1800, 0x1000, RX));
	scene_add(&s, scene_row(BYTES_PA + 0x8000, 0x2000, 0x2000, 0x8000, RX));
	assert_int_equal(back(&s, &physical), ST_OK);
	for (uint32_t i = 0; i < s.space.extent_count; i++)
		assert_int_equal(s.space.extents[i].pa, s.space.extents[i].va);
	assert_int_equal(s.space.rows[0].flags, SMALT_ROW_COPIED);
	assert_int_equal(s.space.rows[1].flags, SMALT_ROW_IN_PLACE);
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(128 * M, 0x3000, 0x1800, 0x1000, RX));
	assert_int_equal(back(&s, &physical), ST_ADDRESS_IN_USE);
	assert_int_equal(s.space.rows[0].flags, 0);
}

/* ---- running out ---- */

static void add_many(struct scene *s)
{
	scene_add(s, scene_row(0x400800, 0x3000, 0x2800, 0x800, RX));
	scene_add(s, scene_row(0x403c00, 0x6000, 0x3000, 0x3c00, SMALT_R));
	scene_add(s, scene_row(0x40b000, 0x3000, 0x1000, 0xc000, RW));
}

/* Rules: M1 */
static void takes_and_extents_may_run_out_at_every_step(void **state)
{
	uint32_t needed_extents, needed_takes;
	struct smalt_row rows[3];
	struct scene s;

	(void)state;
	open_scene(&s, &machine_aarch64);
	add_many(&s);
	assert_int_equal(back(&s, &DONATED), ST_OK);
	check_all(&s, &DONATED);
	needed_extents = s.space.extent_count;
	needed_takes = s.frames.taken.count;
	assert_true(needed_extents >= 6 && needed_takes >= 3);
	for (uint32_t n = 0; n < needed_extents + needed_takes; n++) {
		bool extents = n < needed_extents;

		scene_open(&s, &machine_aarch64, RAM, 3, (struct scene_limits){
			extents ? 40 : n - needed_extents, extents ? n : 40 });
		add_many(&s);
		memcpy(rows, s.space.rows, sizeof(rows));
		assert_int_equal(back(&s, &DONATED), ST_NO_MEMORY);
		assert_int_equal(s.fault.status, ST_NO_MEMORY);
		assert_memory_equal(rows, s.space.rows, sizeof(rows));
	}
}

/* ---- Smalt's own rows ---- */

/* Rules: P2, H1 */
static void own_rows_get_zeroed_frames_below_the_limit(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_aarch64);
	scene_add(&s, scene_row(0xffff900000010000, 64 * K, 0, 0, RW));
	scene_add(&s, scene_row(0xffff900000031000, 64 * K, 0, 0, RW));
	assert_int_equal(extent_own(&s.space, 0, SMALT_MEM_RESIDENT, 100 * M + 4 * K, &s.frames,
	                            &s.fault), ST_OK);
	assert_int_equal(s.space.extents[0].pa, 100 * M - 64 * K);
	assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_ZERO);
	assert_int_equal(s.space.extents[0].bytes, 64 * K);
	assert_int_equal(s.space.extents[0].prot, RW);
	assert_int_equal(scene_type_after(&s, 100 * M - 1), SMALT_MEM_RESIDENT);
	assert_int_equal(extent_own(&s.space, 1, SMALT_MEM_RESIDENT, UINT64_MAX, &s.frames, &s.fault),
	                 ST_OK);
	assert_int_equal(s.space.extents[1].pa, 256 * M - 64 * K);
	/* the address is not that of a 64K leaf: no frame is skipped for one */
	s.space.rows[1].mem_bytes = 128 * K;
	assert_int_equal(extent_own(&s.space, 1, SMALT_MEM_RESIDENT, 90 * M + 4 * K, &s.frames,
	                            &s.fault), ST_OK);
	assert_int_equal(s.space.extents[2].pa, 90 * M + 4 * K - 128 * K);
	s.space.rows[1].mem_bytes = 1 << 30;
	assert_int_equal(extent_own(&s.space, 1, SMALT_MEM_RESIDENT, UINT64_MAX, &s.frames, &s.fault),
	                 ST_NO_MEMORY);
	assert_int_equal(s.space.extent_count, 3);
}

/* A large leaf is a wish: 2 MiB that are not aligned anywhere are still 2 MiB. */
/* Rules: P2 */
static void own_rows_are_content_with_small_leaves(void **state)
{
	static const struct smalt_memory torn = { 16 * M + 4 * K, 3 * M, SMALT_MEM_USABLE, 0 };
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &torn, 1, PLENTY);
	scene_add(&s, scene_row(0xffff900000200000, 2 * M, 0, 0, RW));
	assert_int_equal(extent_own(&s.space, 0, SMALT_MEM_RESIDENT, UINT64_MAX, &s.frames, &s.fault),
	                 ST_OK);
	assert_int_equal(s.space.extents[0].pa, 17 * M + 4 * K);
}

/* Rules: H1, H8 */
static void memory_that_is_there_is_mapped_where_it_is(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, &machine_aarch64);
	scene_add(&s, scene_row(0xffff900000010000, 4 * K, 0, 0, RW));
	scene_add(&s, scene_row(0xffff900000020024, 0x2000, 0, 0, SMALT_R));
	s.space.rows[0].kind = SMALT_KIND_SERIAL;
	s.space.rows[1].kind = SMALT_KIND_REPORTER;
	assert_int_equal(extent_fixed(&s.space, 0, 0x9000000, SMALT_CACHE_DEVICE, &s.fault), ST_OK);
	assert_int_equal(s.space.extents[0].pa, 0x9000000);
	assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_DEVICE);
	assert_int_equal(s.space.extents[0].memory, SMALT_CACHE_DEVICE);
	assert_int_equal(extent_fixed(&s.space, 1, 129 * M + 0x24, SMALT_CACHE_WRITE_BACK, &s.fault),
	                 ST_OK);
	assert_int_equal(s.space.extents[1].va, 0xffff900000020000);
	assert_int_equal(s.space.extents[1].pa, 129 * M);
	assert_int_equal(s.space.extents[1].bytes, 0x3000);
	assert_int_equal(s.space.extents[1].backing, SMALT_BACKING_IN_PLACE);
	for (uint64_t odd = 1; odd < 4096; odd *= 2)
		assert_int_equal(extent_fixed(&s.space, 0, 0x9000000 + odd, SMALT_CACHE_DEVICE,
		                              &s.fault), ST_MISALIGNED);
	assert_int_equal(s.space.extent_count, 2);
}

/* Frames of Smalt's image are memory like any other; the rest is not ours. */
/* Rules: H1, H3 */
static void only_parts_of_the_image_are_frames_of_ours(void **state)
{
	static const uint32_t parts[] = { SMALT_KIND_JUMP, SMALT_KIND_CPU, SMALT_KIND_REPORTER };
	static const uint32_t others[] = { SMALT_KIND_SERIAL, SMALT_KIND_ACPI,
	                                   SMALT_KIND_FRAMEBUFFER };
	struct scene s;

	(void)state;
	open_scene(&s, &machine_x86_64);
	scene_add(&s, scene_row(0xffff900000010000, 4 * K, 0, 0, SMALT_R));
	for (unsigned i = 0; i < 3; i++) {
		s.space.rows[0].kind = parts[i];
		assert_int_equal(extent_fixed(&s.space, 0, 0x9000000, 0, &s.fault), ST_OK);
		assert_int_equal(s.space.extents[2 * i].backing, SMALT_BACKING_IN_PLACE);
		s.space.rows[0].kind = others[i];
		assert_int_equal(extent_fixed(&s.space, 0, 0x9000000, 0, &s.fault), ST_OK);
		assert_int_equal(s.space.extents[2 * i + 1].backing, SMALT_BACKING_DEVICE);
	}
}

/* Rules: S1, S2, S3 */
static void pages_of_a_rows_own_come_before_the_objects(void **state)
{
	/* Rows of the file's bytes: own pages, and who writes them */
	static const struct { uint32_t prot, flags; bool has, writable; uint32_t backing; } kinds[] = {
		{ SMALT_R, 0, true, false, SMALT_BACKING_IN_PLACE }, { RW, 0, true, false, SMALT_BACKING_COPY },
		{ RW, 0, true, true, SMALT_BACKING_IN_PLACE }, { RX, 0, true, true, SMALT_BACKING_IN_PLACE },
		{ SMALT_R, SMALT_ROW_RELRO, true, false, SMALT_BACKING_COPY },
		{ SMALT_R, SMALT_ROW_RELRO, true, true, SMALT_BACKING_IN_PLACE },
		{ SMALT_R, 0, false, false, SMALT_BACKING_IN_PLACE }, { RW, 0, false, true, SMALT_BACKING_COPY },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (unsigned part = 0; part < 3; part++) {
			struct extent_source source = DONATED;
			struct extent_own_pages own[2] = { { OBJECT_NOWHERE, true }, { 64 * M, kinds[i].writable } };
			uint64_t skip = part == 1 ? 0x123 : 0, bytes = part == 2 ? 0x1801 : 0x2000 - skip;
			bool own_or_whole = kinds[i].has || part == 0;
			struct scene s;

			source.donated = false;
			source.own = own;
			if (!kinds[i].has)
				own[1].pa = OBJECT_NOWHERE;
			open_scene(&s, &machine_x86_64);
			scene_add(&s, scene_row(0x400000, 0x1000, 0, 0, RW));
			scene_add(&s, scene_row(0x402000 + skip, bytes, bytes, 0x2000 + skip, kinds[i].prot));
			s.space.rows[1].flags = kinds[i].flags;
			assert_int_equal(back(&s, &source), ST_OK);
			assert_int_equal(scene_at(&s, 0x400000)->backing, SMALT_BACKING_ZERO);
			/* Of the object itself a part of a page is never mapped */
			for (uint64_t page = 0; page < 2; page++) {
				const struct smalt_extent *e = scene_at(&s, 0x402000 + page * 0x1000);
				bool partial = part == 1 + page;
				uint32_t backing = own_or_whole || !partial ? kinds[i].backing : SMALT_BACKING_COPY;

				assert_int_equal(e->backing, backing);
				if (backing == SMALT_BACKING_IN_PLACE)
					assert_int_equal(scene_pa(&s, 0x402000 + page * 0x1000),
					                 (kinds[i].has ? 64 * M : BYTES_PA + 0x2000) + page * 0x1000);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_gets_the_frames_of_large_leaves_and_is_in_place_there),
		cmocka_unit_test(every_page_of_small_objects_is_backed_as_its_bytes_say),
		cmocka_unit_test(aligned_text_and_data_cost_nothing_but_their_edges),
		cmocka_unit_test(bytes_of_another_owner_are_copied_where_they_are_written),
		cmocka_unit_test(a_raw_module_maps_whole_pages),
		cmocka_unit_test(copy_and_zero_side_by_side_become_one_large_leaf),
		cmocka_unit_test(rows_with_a_gap_between_are_backed_apart),
		cmocka_unit_test(only_the_rows_of_the_object_are_backed),
		cmocka_unit_test(a_shared_page_is_not_in_place_even_where_whole_pages_are),
		cmocka_unit_test(three_rows_on_one_page_are_one_copy_with_all_rights),
		cmocka_unit_test(a_page_is_guarded_if_all_text_on_it_is),
		cmocka_unit_test(writable_and_executable_rows_do_not_share_a_page_unless_allowed),
		cmocka_unit_test(a_row_without_rights_has_no_memory),
		cmocka_unit_test(physical_rows_lie_where_they_say),
		cmocka_unit_test(takes_and_extents_may_run_out_at_every_step),
		cmocka_unit_test(own_rows_get_zeroed_frames_below_the_limit),
		cmocka_unit_test(own_rows_are_content_with_small_leaves),
		cmocka_unit_test(memory_that_is_there_is_mapped_where_it_is),
		cmocka_unit_test(only_parts_of_the_image_are_frames_of_ours),
		cmocka_unit_test(pages_of_a_rows_own_come_before_the_objects),
	};

	return cmocka_run_group_tests_name("extent", tests, NULL, NULL);
}
