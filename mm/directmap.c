/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directmap.c: which physical memory the kernel sees at base + pa, and with
 * which rights (requirements P6, M12).
 *
 * Two ascending lists are walked at once: memory that may be seen, and frames
 * that some row maps without W; each piece lies wholly in or outside of both.
 */
#include "directmap.h"

#include "align.h"

uint64_t directmap_bytes(const struct memmap *map)
{
	for (uint32_t i = map->count; i-- > 0; )
		if (memmap_is_shown(map->ranges[i].type))
			return map->ranges[i].pa + map->ranges[i].bytes;
	return 0;
}

/* Shared frames are listed once. */
static bool is_read_only(const struct smalt_extent *extent)
{
	return !(extent->prot & SMALT_W) && extent->backing != SMALT_BACKING_SHARED;
}

/* Frames that some extent maps without W, as a map: sorted, disjoint, merged. */
static enum status list_read_only(const struct space *space, struct memmap *list,
                                  struct arena *arena, struct fault *fault)
{
	uint32_t count = 0;
	enum status status;

	for (uint32_t i = 0; i < space->extent_count; i++)
		count += is_read_only(&space->extents[i]);
	if (count > UINT32_MAX / 2)
		return fault_set(fault, ST_NO_MEMORY, "read-only extents", count, UINT32_MAX / 2);
	status = memmap_init(list, 2 * count, arena, fault);
	for (uint32_t i = 0; status == ST_OK && i < space->extent_count; i++) {
		const struct smalt_extent *extent = &space->extents[i];

		if (is_read_only(extent))
			status = memmap_add(list, extent->pa, extent->bytes, SMALT_MEM_OBJECT, fault);
	}
	return status == ST_OK ? memmap_finish(list, space->granule, fault) : status;
}

/* Only whole pieces are in maps: the last one may still grow. */
struct pieces {
	struct map *maps;
	uint32_t capacity, count;
	uint64_t base;
	struct map last;         /* bytes 0: none yet */
};

static void put_last(struct pieces *p)
{
	if (p->last.bytes == 0)
		return;
	if (p->count < p->capacity)
		p->maps[p->count] = p->last;
	p->count++;
}

static void add(struct pieces *p, uint64_t pa, uint64_t end, uint32_t prot)
{
	struct map *last = &p->last;

	if (pa >= end)
		return;
	if (last->bytes != 0 && last->pa + last->bytes == pa && last->prot == prot) {
		last->bytes += end - pa;
		return;
	}
	put_last(p);
	*last = (struct map){ p->base + pa, pa, end - pa, prot, SMALT_CACHE_WRITE_BACK };
}

/* [pa, end) in pieces; returns the first read-only range that may reach behind it. */
static uint32_t add_range(struct pieces *p, uint64_t pa, uint64_t end,
                          const struct memmap *read_only, uint32_t next)
{
	for (; next < read_only->count; next++) {
		uint64_t from = read_only->ranges[next].pa;
		uint64_t to = from + read_only->ranges[next].bytes;

		if (from >= end)
			break;
		add(p, pa, from, SMALT_R | SMALT_W);
		add(p, max_u64(pa, from), min_u64(to, end), SMALT_R);
		pa = max_u64(pa, to);
		if (to > end)
			break;
	}
	add(p, pa, end, SMALT_R | SMALT_W);
	return next;
}

enum status directmap_maps(const struct space *space, const struct memmap *map, uint64_t base,
                           struct map *maps, uint32_t *count, struct arena *arena,
                           struct fault *fault)
{
	struct pieces p = { .maps = maps, .capacity = *count, .base = base };
	uint64_t lowest = base == 0 ? space->granule : 0;    /* page 0 is never mapped */
	struct memmap read_only;
	uint32_t next = 0;
	enum status status = list_read_only(space, &read_only, arena, fault);

	if (status != ST_OK)
		return status;
	for (uint32_t i = 0; i < map->count; i++) {
		const struct smalt_memory *range = &map->ranges[i];

		if (memmap_is_shown(range->type))
			next = add_range(&p, max_u64(range->pa, lowest), range->pa + range->bytes,
			                 &read_only, next);
	}
	put_last(&p);
	*count = p.count;
	if (p.count > p.capacity)
		return fault_set(fault, ST_TOO_SMALL, "pieces of the direct map", p.count, p.capacity);
	return ST_OK;
}
