/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pagetable.c: one builder for every machine; the format of entries is const data.
 *
 * Invariant: maps ascend, so at most one table of each level is open at a time, and
 * everything before the position in it is written, everything behind it is not.
 *
 *     root        [ 0 0 T ........... ]      T: entry of the open table below
 *     level 2           [ 0 L L T ... ]      L: leaf   0: maps nothing
 *     level 1                 [ 0 L . ]      .: not yet written
 */
#include "pagetable.h"

#include "align.h"
#include "check.h"

#define LEVELS 5                 /* with LA57; each machine has at most that many */

static unsigned entry_shift(const struct format *format, unsigned level)
{
	return format->granule_shift + (unsigned)format->index_bits * level;
}

/* Addresses that share a table of this level have these bits in common. */
static unsigned table_shift(const struct format *format, unsigned level)
{
	return entry_shift(format, level + 1);
}

/* The leaves that are entries of tables above this level. */
static uint32_t leaves_above(const struct format *format, unsigned level)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < format->leaf_count; i++)
		mask |= (uint32_t)(format->leaves[i].level > level) << i;
	return mask;
}

static const struct va_range *range_of(const struct format *format, uint64_t va)
{
	for (unsigned i = 0; i < format->range_count; i++)
		if (format->ranges[i].first <= va && va <= format->ranges[i].last)
			return &format->ranges[i];
	return 0;
}

/* ---- counting ---- */

struct counter {
	const struct format *format;
	uint64_t last[LEVELS];   /* the last table of each level: its va >> table_shift */
	uint64_t tables;
};

/* Tables of one level that hold entries for [va, va + bytes). */
static void count_tables(struct counter *c, unsigned level, uint64_t va, uint64_t bytes)
{
	unsigned shift = table_shift(c->format, level);
	uint64_t first = va >> shift, last = (va + (bytes - 1)) >> shift;

	if (bytes == 0)
		return;
	c->tables += last - first + (first != c->last[level]);
	c->last[level] = last;
}

/* What leaves of higher tables map needs no table here; what is around it does. */
static void count_level(struct counter *c, uint32_t usable, const struct map *map, unsigned level)
{
	uint32_t above = usable & leaves_above(c->format, level);
	uint64_t head = 0, covered = 0;

	if (above != 0)
		covered = leaf_covered(c->format, above, map, 1, &head);
	if (covered == 0) {
		count_tables(c, level, map->va, map->bytes);
	} else {
		uint64_t behind = head + covered;

		count_tables(c, level, map->va, head);
		count_tables(c, level, map->va + behind, map->bytes - behind);
	}
}

static enum status check_address(const struct pagetable *pt, const struct map *map,
                                 struct fault *fault)
{
	const struct format *format = pt->format;
	const struct va_range *range = range_of(format, map->va);
	uint64_t granule = 1ull << format->granule_shift;
	uint64_t pa_end = (format->pa_mask | (granule - 1)) + 1;

	if (map->bytes == 0)
		return fault_value(fault, ST_INVALID, "bytes to map", 0);
	if (((map->va | map->pa | map->bytes) & (granule - 1)) != 0)
		return fault_set(fault, ST_MISALIGNED, "va, pa or bytes to map",
		                 map->va | map->pa | map->bytes, granule);
	if (range == 0)
		return fault_value(fault, ST_NO_ADDRESS, "va to map", map->va);
	if (map->bytes - 1 > range->last - map->va)
		return fault_set(fault, ST_NO_ADDRESS, "bytes to map", map->bytes,
		                 range->last - map->va);
	if (!range_fits(map->pa, map->bytes, pa_end))
		return fault_set(fault, ST_NO_ADDRESS, "pa to map", map->pa, pa_end);
	return ST_OK;
}

static enum status check_kind(const struct pagetable *pt, const struct map *map,
                              struct fault *fault)
{
	if (map->memory >= MACHINE_CACHES)
		return fault_set(fault, ST_INVALID, "memory type to map", map->memory,
		                 MACHINE_CACHES);
	if (map->prot > 31 || pt->format->prot[map->prot & 15] == FORMAT_REFUSED ||
	    ((map->prot & SMALT_G) && (!(map->prot & SMALT_X) || pt->format->guarded == 0)))
		return fault_value(fault, ST_WX, "rights to map", map->prot);
	return ST_OK;
}

enum status pagetable_count(const struct pagetable *pt, const struct map *maps,
                            uint32_t map_count, uint32_t *tables, struct fault *fault)
{
	struct counter c = { .format = pt->format, .tables = pt->machine->root_count };

	for (unsigned level = 0; level < LEVELS; level++)
		c.last[level] = UINT64_MAX;
	for (uint32_t i = 0; i < map_count; i++) {
		uint32_t usable = leaf_usable(pt->format, pt->leaf_mask, &maps[i]);
		enum status status = check_address(pt, &maps[i], fault);

		if (status == ST_OK)
			status = check_kind(pt, &maps[i], fault);
		if (status != ST_OK)
			return status;
		if (i > 0 && (maps[i].va < maps[i - 1].va ||
		              maps[i].va - maps[i - 1].va < maps[i - 1].bytes))
			return fault_set(fault, ST_OVERLAP, "va to map", maps[i].va,
			                 maps[i - 1].va + maps[i - 1].bytes);
		for (unsigned level = 0; level + 1 < pt->format->levels; level++)
			count_level(&c, usable, &maps[i], level);
	}
	if (c.tables > UINT32_MAX)
		return fault_set(fault, ST_NO_MEMORY, "page tables", c.tables, UINT32_MAX);
	*tables = (uint32_t)c.tables;
	return ST_OK;
}

/* ---- building ---- */

/* The position up to which one root is written. */
struct cursor {
	const struct pagetable *pt;
	const struct format *format;
	uint64_t *table[LEVELS];     /* the open table of each level from low upwards */
	uint64_t prefix[LEVELS];     /* which one: va >> table_shift */
	unsigned next[LEVELS];       /* its first entry that is not written */
	unsigned low;                /* the lowest level with an open table */
	uint32_t used;               /* tables taken, of all roots */
	uint64_t free_pa;            /* where the next one is, if it has a color of its own */
};

/* The frame of the next table. */
static uint64_t next_table(struct cursor *c)
{
	const struct pagetable *pt = c->pt;
	unsigned shift = pt->format->granule_shift;

	CHECK(c->used < pt->table_count);
	c->used++;
	while (pt->color_count != 0 &&
	       !(pt->color_mask >> (c->free_pa >> shift & (pt->color_count - 1)) & 1))
		c->free_pa += 1ull << shift;
	c->free_pa += 1ull << shift;
	return c->free_pa - (1ull << shift);
}

/* Sixteen stores a turn: empty entries are what tables mostly consist of. */
static void zero_entries(uint64_t *entry, unsigned count)
{
	for (; count >= 16; count -= 16, entry += 16) {
		entry[0] = entry[1] = entry[2] = entry[3] = 0;
		entry[4] = entry[5] = entry[6] = entry[7] = 0;
		entry[8] = entry[9] = entry[10] = entry[11] = 0;
		entry[12] = entry[13] = entry[14] = entry[15] = 0;
	}
	for (; count > 0; count--)
		*entry++ = 0;
}

static void leaf_entries(uint64_t *entry, uint64_t value, uint64_t step, unsigned count)
{
	for (; count >= 8; count -= 8, entry += 8, value += 8 * step) {
		entry[0] = value;
		entry[1] = value + step;
		entry[2] = value + 2 * step;
		entry[3] = value + 3 * step;
		entry[4] = value + 4 * step;
		entry[5] = value + 5 * step;
		entry[6] = value + 6 * step;
		entry[7] = value + 7 * step;
	}
	for (; count > 0; count--, value += step)
		*entry++ = value;
}

/* Writes what lies before va in its open table; returns where va's entry is. */
static uint64_t *entry_at(struct cursor *c, unsigned level, uint64_t va, unsigned count)
{
	unsigned unread = level + 1 == c->format->levels ? c->format->root_short : 0;
	unsigned entries = 1u << (c->format->index_bits - unread);
	unsigned index = (unsigned)(va >> entry_shift(c->format, level)) & (entries - 1);

	CHECK(index >= c->next[level] && count <= entries - index);
	zero_entries(c->table[level] + c->next[level], index - c->next[level]);
	c->next[level] = index + count;
	return c->table[level] + index;
}

static void open_table(struct cursor *c, unsigned level, uint64_t pa)
{
	c->table[level] = (uint64_t *)(uintptr_t)(pa + c->pt->window);
	c->next[level] = 0;
	c->low = level;
}

static void close_table(struct cursor *c)
{
	unsigned entries = 1u << c->format->index_bits;

	zero_entries(c->table[c->low] + c->next[c->low], entries - c->next[c->low]);
	c->low++;
}

/* Closes what does not hold va, opens what does, down to a level. */
static void go(struct cursor *c, uint64_t va, unsigned level)
{
	unsigned root = c->format->levels - 1u;

	while (c->low < level ||
	       (c->low < root && c->prefix[c->low] != va >> table_shift(c->format, c->low)))
		close_table(c);
	while (c->low > level) {
		uint64_t *entry = entry_at(c, c->low, va, 1);
		uint64_t pa = next_table(c);

		*entry = pa | c->format->table;
		c->prefix[c->low - 1] = va >> table_shift(c->format, c->low - 1);
		open_table(c, c->low - 1, pa);
	}
}

static uint64_t leaf_value(const struct format *format, const struct leaf *leaf,
                           const struct map *map)
{
	unsigned large = leaf->level > 0;

	return map->pa | format->leaf[large] | format->prot[map->prot & 15] |
	       (map->prot & SMALT_G ? format->guarded : 0) |
	       format->memory[large][map->memory] | (leaf->run_shift != 0 ? format->run : 0);
}

/* The bytes from the beginning of rest that leaves of one size in one table map. */
static uint64_t equal_leaves(const struct format *format, uint32_t usable, const struct map *rest,
                             unsigned index)
{
	const struct leaf *leaf = &format->leaves[index];
	uint64_t table = 1ull << table_shift(format, leaf->level);
	uint64_t bytes = min_u64(rest->bytes, table - (rest->va & (table - 1)));
	uint32_t larger = usable >> (index + 1) << (index + 1);

	if (rest->pa < format->small_below)
		bytes = min_u64(bytes, format->small_below - rest->pa);
	/* Up to where a larger leaf could begin. Where it already could, but did not, it never fits */
	if (larger != 0) {
		uint64_t size = leaf_bytes(format, (unsigned)__builtin_ctz(larger));
		uint64_t distance = -rest->va & (size - 1);

		if (distance != 0)
			bytes = min_u64(bytes, distance);
	}
	return align_down(bytes, 1ull << leaf->shift);
}

static void build_map(struct cursor *c, const struct map *map)
{
	const struct format *format = c->format;
	uint32_t usable = leaf_usable(format, c->pt->leaf_mask, map);
	struct map rest = *map;

	while (rest.bytes > 0) {
		unsigned index = leaf_at(format, usable, rest.va, rest.pa, rest.bytes);
		const struct leaf *leaf = &format->leaves[index];
		unsigned shift = entry_shift(format, leaf->level);
		uint64_t bytes = equal_leaves(format, usable, &rest, index);
		unsigned count = (unsigned)(bytes >> shift);

		go(c, rest.va, leaf->level);
		leaf_entries(entry_at(c, leaf->level, rest.va, count),
		             leaf_value(format, leaf, &rest), 1ull << shift, count);
		rest.va += bytes;
		rest.pa += bytes;
		rest.bytes -= bytes;
	}
}

void pagetable_build(struct pagetable *pt, const struct map *maps, uint32_t map_count)
{
	const struct machine *machine = pt->machine;
	struct cursor c = { .pt = pt, .format = pt->format, .free_pa = pt->tables_pa };
	uint32_t i = 0;

	CHECK(pt->format->levels <= LEVELS && machine->root_count <= MACHINE_ROOTS);
	for (unsigned root = 0; root < MACHINE_ROOTS; root++)
		pt->root_pa[root] = root < machine->root_count ? next_table(&c) : 0;
	for (unsigned root = 0; root < machine->root_count; root++) {
		open_table(&c, pt->format->levels - 1u, pt->root_pa[root]);
		for (; i < map_count && range_of(pt->format, maps[i].va)->root == root; i++)
			build_map(&c, &maps[i]);
		while (c.low < pt->format->levels)
			close_table(&c);
	}
	CHECK(i == map_count && c.used == pt->table_count);
}
