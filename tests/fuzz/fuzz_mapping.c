/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_mapping.c: the whole call with hostile callers: any memory, claims, files, requests and capacities. What
 * is refused changes nothing; what is placed is backed, mapped, built and found again by the audit.
 */
#include "plan_maker.h"

#include "audit.h"
#include "directmap.h"
#include "pagetable.h"
#include "share.h"

enum { OBJECTS = 2, EXTENTS = 64, TAKES = 64, TABLES = 64, MAPS = 160 };

struct plan {
	struct arena arena;
	struct memmap map;
	struct frames frames;
	struct space space;
	struct object objects[OBJECTS];
	struct content contents[OBJECTS];
	struct fault fault;
};

static uint8_t files[OBJECTS][PLAN_FILE];
static uint64_t storage[TABLES][512] __attribute__((aligned(4096)));
static struct map maps[MAPS];

static bool plan_open(struct plan *p, struct input *in, const struct machine *machine)
{
	uint32_t leaf_mask = (uint32_t)take(in, 1), extents = (uint32_t)take(in, 1) % EXTENTS;
	uint32_t takes = (uint32_t)take(in, 1) % TAKES, rows = (uint32_t)take(in, 1) % PLAN_ROWS;

	p->arena = take_arena(in);
	return plan_memory(in, &p->map, &p->arena, &p->fault) &&
	       fine(frames_init(&p->frames, &p->map, 4096, machine->frame_floor, takes, &p->arena, &p->fault), &p->fault) &&
	       fine(space_init(&p->space, paging_of(machine, leaf_mask), rows, extents, &p->arena, &p->fault), &p->fault);
}

/* Nothing is written by a call that fails, and no more than capacity by one that does not (M1, M2). */
static bool place(const struct plan *p, const struct place_request *request, struct smalt_row *rows, uint32_t *count,
                  struct placement *placement)
{
	struct smalt_row before[PLAN_ROWS];
	struct placement old;
	uint32_t capacity = *count;
	struct fault fault;
	enum status status;

	memset(rows, 0xaa, sizeof before);
	memset(placement, 0xaa, sizeof *placement);
	memcpy(before, rows, sizeof before);
	old = *placement;
	status = place_object(&p->space, request, rows, count, placement, &fault);
	if (fine(status, &fault)) {
		PROMISE(*count <= capacity && memcmp(rows + *count, before, (PLAN_ROWS - *count) * sizeof *rows) == 0);
		return true;
	}
	PROMISE(memcmp(rows, before, sizeof before) == 0 && memcmp(placement, &old, sizeof old) == 0);
	PROMISE(status == ST_TOO_SMALL ? *count > capacity : *count == capacity);
	return false;
}

static void check_rows(const struct space *space, const struct smalt_row *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		PROMISE(rows[i].mem_bytes > 0 && rows[i].file_bytes <= rows[i].mem_bytes);
		PROMISE(rows[i].data_offset == rows[i].va % space->granule);
		if (i > 0)
			PROMISE(rows[i - 1].va + rows[i - 1].mem_bytes <= rows[i].va);
	}
}

/* Another instance of what was just backed: it shares what nobody writes (S3). */
static bool add_again(struct plan *p, struct place_request *request, const struct share *of)
{
	uint32_t row = p->space.row_count, count = PLAN_ROWS, first = p->space.extent_count;
	struct smalt_row rows[PLAN_ROWS];
	struct placement placement;

	request->instance = 1;
	request->flags &= ~(uint32_t)(PLACE_ADDRESS | PLACE_RESERVED);
	request->va = 0;
	if ((request->flags & PLACE_PHYSICAL) || !place(p, request, rows, &count, &placement) || count != of->row_count ||
	    !fine(place_enter(&p->space, request, rows, count, &placement, &p->fault), &p->fault) ||
	    !fine(share_object(&p->space, of, row, &p->frames, &p->fault), &p->fault))
		return false;
	for (; first < p->space.extent_count; first++)
		PROMISE(p->space.extents[first].backing != SMALT_BACKING_SHARED || !(p->space.extents[first].prot & SMALT_W));
	return true;
}

/* One object from its file to its extents; false: refused. */
static bool add_object(struct plan *p, struct input *in, uint32_t index)
{
	struct object *object = &p->objects[index];
	uint64_t bytes_pa = take(in, 1) & 1 ? plan_number(in) : OBJECT_NOWHERE, how;
	struct smalt_row rows[PLAN_ROWS];
	struct random draw = random_open(1);
	struct frame_draw drawn = { .random = random_open(2) };
	struct share again;
	uint32_t extents;
	struct place_request request;
	struct placement placement;
	struct extent_source source;
	uint32_t count = (uint32_t)take(in, 1) % PLAN_ROWS, first = p->space.row_count;

	p->contents[index] = content_of(plan_file(in, p->space.machine, files[index]), bytes_pa);
	if (!fine(object_read(object, span_of("a.elf"), &p->contents[index], p->space.machine, &p->arena, &p->fault), &p->fault))
		return false;
	request = plan_request(in, object, p->space.machine);
	random_add(&draw, take_span(in, 2));
	request.draw = &draw;
	for (uint32_t i = 0; i < request.reserve_count; i++)
		if (!fine(space_claim(&p->space, request.reserves[i].va, request.reserves[i].bytes, span_of("reserve"), SMALT_NONE,
		                      &p->fault), &p->fault))
			return false;
	request.object_index = index;
	if (!place(p, &request, rows, &count, &placement) &&
	    (count > PLAN_ROWS || !place(p, &request, rows, &count, &placement)))
		return false;
	check_rows(&p->space, rows, count);
	if (!fine(place_enter(&p->space, &request, rows, count, &placement, &p->fault), &p->fault))
		return false;
	how = take(in, 1);
	source = (struct extent_source){ .bytes_pa = bytes_pa, .donated = how & 1, .read = how & 2, .whole_pages = how & 4,
	                                 .physical = request.flags & PLACE_PHYSICAL, .copy_limit = plan_number(in) };
	extents = p->space.extent_count;
	if (!fine(extent_object(&p->space, first, count, &source, &p->frames, &p->map, &p->fault), &p->fault))
		return false;
	again = share_of(&p->space, first, count, extents);
	again.draw = how & 8 ? &drawn : NULL;
	return !(how & 16) || add_again(p, &request, &again);
}

/* Rows of Smalt's own: a stack, and something that is there already. */
static bool add_own(struct plan *p, struct input *in)
{
	uint64_t how = take(in, 1), va, bytes = plan_number(in), align = 1ull << (12 + (how >> 2 & 15));
	uint32_t row = p->space.row_count;

	if (!(how & 1))
		return true;
	if (!fine(place_own(&p->space, SMALT_KIND_STACK, bytes, SMALT_R | SMALT_W, p->space.machine->kernel_va, align,
	                    take(in, 2) & (align - 1), &va, &p->fault), &p->fault))
		return false;
	PROMISE(p->space.rows[row].va == va);
	if (how & 2)
		return fine(extent_fixed(&p->space, row, plan_number(in) & -4096ull, SMALT_CACHE_DEVICE, &p->fault), &p->fault);
	return fine(extent_own(&p->space, row, SMALT_MEM_RESIDENT, plan_number(in), &p->frames, &p->fault), &p->fault);
}

static void build(struct plan *p, uint32_t count)
{
	struct pagetable pt = {
		.machine = p->space.machine, .format = p->space.format, .leaf_mask = p->space.leaf_mask,
		.window = (uint64_t)(uintptr_t)storage - 0x1000000, .tables_pa = 0x1000000,
	};
	struct audit_leaves leaves = { 0 };
	struct audit_tables tables;

	if (!fine(pagetable_count(&pt, maps, count, &pt.table_count, &p->fault), &p->fault) || pt.table_count > TABLES)
		return;
	pagetable_build(&pt, maps, count);
	tables = (struct audit_tables){
		.elf_machine = pt.machine->elf_machine, .granule_shift = pt.format->granule_shift,
		.levels = pt.format->levels,
		.root_pa = { pt.root_pa[0], pt.root_pa[1] }, .window = pt.window, .tables_pa = pt.tables_pa,
		.tables_bytes = (uint64_t)pt.table_count << pt.format->granule_shift,
	};
	PROMISE(audit_tables(&tables, maps, count, &leaves, &p->fault) == ST_OK);
}

/* Every row with rights has extents that cover it, in order; leaves are as few as they can be (P1). */
static void check_space(struct plan *p)
{
	uint64_t sum[MACHINE_LEAVES] = { 0 }, leaves = 0;
	bool counted = true;

	for (uint32_t i = 1; i < p->space.extent_count; i++)
		PROMISE(p->space.extents[i - 1].va + p->space.extents[i - 1].bytes <= p->space.extents[i].va);
	for (uint32_t i = 0; i < p->space.row_count; i++)
		PROMISE(p->space.rows[i].prot == 0 || space_extent_at(&p->space, p->space.rows[i].va) != NULL);
	space_leaves(&p->space);
	space_leaf_sum(&p->space, sum);
	for (unsigned i = 0; i < MACHINE_LEAVES; i++) {
		leaves += sum[i];
		for (uint32_t row = 0; row < p->space.row_count; row++)
			counted = counted && p->space.rows[row].leaf_count[i] != UINT32_MAX;   /* or more */
	}
	PROMISE(!counted || leaves == space_lower_bound(&p->space));
	PROMISE(space_ideal(&p->space) <= space_lower_bound(&p->space));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	const struct machine *machine = take(&in, 1) & 1 ? &machine_aarch64 : &machine_x86_64;
	bool done = true, physical = false;
	uint32_t count, more;
	struct memmap after;
	struct plan p;

	if (!plan_open(&p, &in, machine))
		return 0;
	for (uint32_t i = 0; done && i < 1 + (take(&in, 1) & 1); i++)
		done = add_object(&p, &in, i);
	if (!done || !add_own(&p, &in))
		return 0;
	space_sort_rows(&p.space);
	space_sort_extents(&p.space);
	for (uint32_t i = 0; i < p.space.extent_count; i++)
		physical = physical || p.space.extents[i].va == p.space.extents[i].pa;
	if (!physical)
		check_space(&p);
	count = space_maps(&p.space, NULL);
	PROMISE(count <= EXTENTS && space_maps(&p.space, maps) == count);
	build(&p, count);
	if (!fine(memmap_init(&after, 256, &p.arena, &p.fault), &p.fault) ||
	    !fine(frames_map(&p.frames, &p.map, &after, &p.fault), &p.fault))
		return 0;
	more = (uint32_t)take(&in, 1) % (MAPS - EXTENTS);
	if (fine(directmap_maps(&p.space, &after, take(&in, 1) & 1 ? machine->format->direct_map_va : 0, maps, &more, &p.arena, &p.fault), &p.fault))
		build(&p, more);
	return 0;
}
