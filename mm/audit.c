/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit.c: reads finished page tables as the processor does, and compares every
 * entry with the plan.
 *
 * Invariant: it shares no fact with the builder. The literals below were worked
 * out from the manuals, not from arch/<machine>/machine.c: a wrong bit there is found here.
 */
#include "audit.h"

#include "align.h"
#include "fmt.h"

struct manual {
	uint32_t elf_machine;
	unsigned page_shift;     /* log2 of the bytes of a page, which is also a table of ... */
	unsigned entry_bits;     /* ... 2^entry_bits entries of 8 bytes */
	unsigned root_bits;      /* the first table has 2^root_bits; its level is ... */
	unsigned root_level;
	unsigned largest_level;  /* of a leaf */
	unsigned run_shift[3];   /* by level: log2 of the entries of a contiguous run */
	unsigned root_count;
	unsigned sign_bit;       /* of an address, where one root has both halves */
	uint64_t address;        /* bits of an entry */
	uint64_t table_mask;     /* above level 0: (entry & table_mask) == table_value ... */
	uint64_t table_value;    /* ... points to a table */
	uint64_t table;          /* all bits of such an entry but the address */
	uint64_t leaf[2];        /* bits of every leaf at level 0, above */
	uint64_t rights[16];     /* by SMALT_X = 1, W = 2, R = 4, U = 8; the rest is never mapped */
	uint64_t cache[2][3];    /* level 0, above: write-back, write-combining, device */
	uint64_t guarded;        /* of executable memory with SMALT_G = 16; 0: never */
	uint64_t contiguous;
	uint64_t large_from;     /* no large leaf maps a pa below */
};

/*
 * The same for every granule. Arm ARM DDI 0487, D8, VMSAv8-64 stage 1. Valid 1, table or page 2,
 * AttrIndx 4 (1) or 8 (2), AP[1] 40, AP[2] 80, SH inner 300, AF 400, nG 800, GP bit 50,
 * contiguous bit 52, PXN bit 53, UXN bit 54.
 */
#define AARCH64 \
	.elf_machine = 183, \
	.root_count = 2, \
	.table_mask = 0x3, \
	.table_value = 0x3, \
	.table = 0x3, \
	.leaf = { 0x403, 0x401 }, \
	.rights = { \
		[4] = 0x0060000000000080, [6] = 0x0060000000000000, \
		[5] = 0x0040000000000080, [7] = 0x0040000000000000, \
		[12] = 0x00600000000008c0, [14] = 0x0060000000000840, \
		[13] = 0x00200000000008c0, [15] = 0x0020000000000840, \
	}, \
	.cache = { { 0x300, 0x304, 0x008 }, { 0x300, 0x304, 0x008 } }, \
	.guarded = 0x0004000000000000, \
	.contiguous = 0x0010000000000000

/*
 * With 4 levels and with 5. Intel SDM Vol. 3A, Tables 4-14 to 4-20. P 1, R/W 2, U/S 4, PWT 8,
 * PCD 10, A 20, D 40, PS 80, G 100, PAT 80 (page) or 1000 (larger), XD bit 63. Not writable: D = 0.
 * Not user: G.
 */
#define X86_64 \
	.elf_machine = 62, \
	.page_shift = 12, .entry_bits = 9, .root_bits = 9, \
	.largest_level = 2, \
	.root_count = 1, \
	.address = 0x000ffffffffff000, \
	.table_mask = 0x81, \
	.table_value = 0x01, \
	.table = 0x27, \
	.leaf = { 0x21, 0xa1 }, \
	.rights = { \
		[4] = 0x8000000000000100, [6] = 0x8000000000000142, \
		[5] = 0x0000000000000100, [7] = 0x0000000000000142, \
		[12] = 0x8000000000000004, [14] = 0x8000000000000046, \
		[13] = 0x0000000000000004, [15] = 0x0000000000000046, \
	}, \
	.cache = { { 0, 0x88, 0x18 }, { 0, 0x1008, 0x18 } }, \
	.large_from = 0x100000

static const struct manual manuals[] = {
	/* Vol. 1, 3.3.7.1: the bits above 47 repeat it, with 5 levels those above 56. */
	{ .root_level = 3, .sign_bit = 47, X86_64 },
	{ .root_level = 4, .sign_bit = 56, X86_64 },
	/*
	 * Arm ARM DDI 0487, D8, VMSAv8-64, addresses of 48 bits: lookup begins at level 0
	 * (bits 47:39 or 47) or 1 (47:42); blocks at levels 1 and 2, 2 and 2; contiguous: 16 entries
	 * with 4 KiB pages, 128 pages or 32 blocks with 16 KiB, 32 entries with 64 KiB.
	 */
	{ .page_shift = 12, .address = 0x0000fffffffff000, .entry_bits = 9, .root_bits = 9,
	  .root_level = 3, .largest_level = 2, .run_shift = { 4, 4, 4 }, AARCH64 },
	{ .page_shift = 14, .address = 0x0000ffffffffc000, .entry_bits = 11, .root_bits = 1,
	  .root_level = 3, .largest_level = 1, .run_shift = { 7, 5, 0 }, AARCH64 },
	{ .page_shift = 16, .address = 0x0000ffffffff0000, .entry_bits = 13, .root_bits = 6,
	  .root_level = 2, .largest_level = 1, .run_shift = { 5, 5, 0 }, AARCH64 },
};

/* Where the walk is, in the tables and in the plan. */
struct walk {
	const struct audit_tables *tables;
	const struct manual *manual;
	struct audit_leaves *leaves;
	struct fault *fault;
	const struct map *map, *end;   /* of the plan: what comes next */
	uint64_t done;                 /* bytes of map that were found */
	uint64_t last_table;           /* pa of the table that was met last */
};

/* Entries of one table from one index on. */
struct stretch {
	const uint64_t *entry;
	unsigned count;
	unsigned level;
	uint64_t va;
};

static enum status differ(struct fault *fault, uint64_t va, uint64_t found, uint64_t expected)
{
	char word[24];
	struct text text = { word, sizeof(word), 0 };

	fmt(&text, "va 0x%X", va);
	fault_set(fault, ST_AUDIT, "page-table entry", found, expected);
	return fault_word(fault, (struct span){ (const uint8_t *)word, text.length });
}

static unsigned level_shift(const struct manual *manual, unsigned level)
{
	return manual->page_shift + manual->entry_bits * level;
}

/* The index of the first entry from index on that is not empty; entries: none. A table is whole pages. */
static unsigned next_used(const uint64_t *table, unsigned index, unsigned entries)
{
	while (index < entries && index % 8 != 0 && table[index] == 0)
		index++;
	if (index % 8 != 0)
		return index;
	for (; index < entries; index += 8) {
		const uint64_t *e = table + index;

		if ((e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) != 0)
			break;
	}
	while (index < entries && table[index] == 0)
		index++;
	return index;
}

/* How many entries from the first on are value, value + step, ... */
static unsigned equal_entries(const uint64_t *entry, unsigned count, uint64_t value, uint64_t step)
{
	const uint64_t *e = entry, *end = entry + count;

	for (; end - e >= 4; e += 4, value += 4 * step)
		if (e[0] != value || e[1] != value + step || e[2] != value + 2 * step ||
		    e[3] != value + 3 * step)
			break;
	for (; e < end && *e == value; e++)
		value += step;
	return (unsigned)(e - entry);
}

/* All bits of the first leaf of a stretch, contiguous bit excepted; 0: no leaf may stand here. */
static uint64_t expected_leaf(const struct walk *w, unsigned level, uint64_t pa)
{
	const struct manual *m = w->manual;
	unsigned large = level > 0;
	uint64_t bytes = 1ull << level_shift(m, level);
	uint32_t prot = w->map->prot;

	if (level > m->largest_level || (pa & (bytes - 1)) != 0 ||
	    (large && pa < m->large_from) || prot > 31 ||
	    m->rights[prot & 15] == 0 || w->map->memory > 2)
		return 0;
	if (prot > 15 && ((prot & 1) == 0 || m->guarded == 0))
		return 0;
	return pa | m->leaf[large] | m->rights[prot & 15] | (prot > 15 ? m->guarded : 0) |
	       m->cache[large][w->map->memory];
}

static void count_leaves(struct walk *w, uint64_t va, unsigned shift, uint64_t count)
{
	bool direct = va - w->leaves->direct_va < w->leaves->direct_bytes;

	(direct ? w->leaves->direct : w->leaves->rows)[shift] += count;
}

/* A leaf was found at va: does the plan go on there? */
static enum status meet(const struct walk *w, uint64_t va, uint64_t entry)
{
	uint64_t next;

	if (w->map == w->end)
		return differ(w->fault, va, entry, 0);
	next = w->map->va + w->done;
	if (next > va)
		return differ(w->fault, va, entry, 0);
	if (next < va)
		return differ(w->fault, next, 0, expected_leaf(w, 0, w->map->pa + w->done));
	return ST_OK;
}

/* The run that the last of `matched` entries belongs to is not whole: the next entry, or the plan, ends it. */
static enum status torn(const struct walk *w, const struct stretch *s, unsigned matched,
                        uint64_t left)
{
	bool plan_ends = matched == left;
	unsigned at = plan_ends ? matched - 1 : matched;
	uint64_t ahead = (uint64_t)at << level_shift(w->manual, s->level);
	uint64_t expected = s->entry[0] + ahead;

	if (plan_ends)
		expected &= ~w->manual->contiguous;
	return differ(w->fault, s->va + ahead, s->entry[at], expected);
}

static void advance(struct walk *w, uint64_t bytes)
{
	w->done += bytes;
	if (w->done == w->map->bytes) {
		w->map++;
		w->done = 0;
	}
}

/* Compares leaves as far as they belong to one piece of the plan; *matched of them agree. */
static enum status match_leaves(struct walk *w, const struct stretch *s, unsigned *matched)
{
	unsigned shift = level_shift(w->manual, s->level), run;
	uint64_t entry = s->entry[0], pa, expected, left;
	enum status status = meet(w, s->va, entry);

	if (status != ST_OK)
		return status;
	pa = w->map->pa + w->done;
	left = (w->map->bytes - w->done) >> shift;
	expected = expected_leaf(w, s->level, pa);
	if (expected == 0 || left == 0)      /* a leaf of this size must not be here */
		return differ(w->fault, s->va, entry, expected_leaf(w, 0, pa));
	run = (entry & w->manual->contiguous) != 0 ? w->manual->run_shift[s->level] : 0;
	*matched = equal_entries(s->entry, (unsigned)min_u64(left, s->count),
	                         expected | (entry & w->manual->contiguous), 1ull << shift);
	if (*matched == 0 || ((s->va | pa) & ((1ull << (shift + run)) - 1)) != 0)
		return differ(w->fault, s->va, entry, expected);
	if ((*matched & ((1u << run) - 1)) != 0)
		return torn(w, s, *matched, left);
	count_leaves(w, s->va, shift + run, *matched >> run);
	advance(w, (uint64_t)*matched << shift);
	return ST_OK;
}

static enum status enter_table(struct walk *w, uint64_t pa, uint64_t va)
{
	const struct audit_tables *t = w->tables;
	uint64_t page = 1ull << w->manual->page_shift;

	if (pa % page != 0 || pa < t->tables_pa || pa <= w->last_table ||
	    !range_fits(pa - t->tables_pa, page, t->tables_bytes))
		return differ(w->fault, va, pa, max_u64(t->tables_pa, w->last_table + page));
	w->last_table = pa;
	w->leaves->tables++;
	return ST_OK;
}

/* A table maps nothing: something is missing in it, or it is superfluous. */
static enum status empty(const struct walk *w, const struct stretch *s)
{
	uint64_t next;

	if (w->map == w->end)
		return differ(w->fault, s->va, s->entry[0], 0);
	next = w->map->va + w->done;
	if (next - s->va >= 1ull << level_shift(w->manual, s->level))
		return differ(w->fault, s->va, s->entry[0], 0);
	return differ(w->fault, next, 0, expected_leaf(w, 0, w->map->pa + w->done));
}

static enum status walk_table(struct walk *w, uint64_t pa, unsigned level, uint64_t table_va);

static enum status follow(struct walk *w, const struct stretch *s)
{
	uint64_t entry = s->entry[0], pa = entry & w->manual->address;
	const struct map *map = w->map;
	uint64_t done = w->done;
	enum status status;

	if ((entry ^ pa) != w->manual->table)
		return differ(w->fault, s->va, entry, pa | w->manual->table);
	status = enter_table(w, pa, s->va);
	if (status == ST_OK)
		status = walk_table(w, pa, s->level - 1, s->va);
	if (status == ST_OK && map == w->map && done == w->done)
		return empty(w, s);
	return status;
}

static enum status walk_table(struct walk *w, uint64_t pa, unsigned level, uint64_t table_va)
{
	const struct manual *m = w->manual;
	const uint64_t *table = (const uint64_t *)(uintptr_t)(pa + w->tables->window);
	unsigned entries = 1u << (level == m->root_level ? m->root_bits : m->entry_bits);
	unsigned shift = level_shift(m, level), matched = 1;

	for (unsigned i = next_used(table, 0, entries); i < entries;
	     i = next_used(table, i + matched, entries)) {
		uint64_t va = table_va + ((uint64_t)i << shift);
		struct stretch s = { table + i, entries - i, level, va };
		enum status status;

		if (level == m->root_level && m->root_count == 1)
			s.va |= -(va >> m->sign_bit & 1) << m->sign_bit;
		if (level > 0 && (table[i] & m->table_mask) == m->table_value) {
			matched = 1;
			status = follow(w, &s);
		} else {
			status = match_leaves(w, &s, &matched);
		}
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

/* Roots are tables too, the first ones; an upper half of its own begins at table_va. */
static enum status walk_roots(struct walk *w)
{
	static const uint64_t table_va[2] = { 0, 0xffff000000000000 };
	enum status status;

	for (unsigned root = 0; root < w->manual->root_count; root++) {
		status = enter_table(w, w->tables->root_pa[root], table_va[root]);
		if (status != ST_OK)
			return status;
	}
	for (unsigned root = 0; root < w->manual->root_count; root++) {
		status = walk_table(w, w->tables->root_pa[root], w->manual->root_level, table_va[root]);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

enum status audit_tables(const struct audit_tables *tables, const struct map *maps,
                         uint32_t map_count, struct audit_leaves *leaves, struct fault *fault)
{
	struct walk w = { .tables = tables, .leaves = leaves, .fault = fault,
	                  .map = maps, .end = map_count ? maps + map_count : maps };
	enum status status;

	for (unsigned i = 0; i < 40; i++)
		leaves->rows[i] = leaves->direct[i] = 0;
	leaves->tables = 0;
	for (unsigned i = 0; i < sizeof(manuals) / sizeof(manuals[0]); i++)
		if (manuals[i].elf_machine == tables->elf_machine &&
		    manuals[i].page_shift == tables->granule_shift &&
		    manuals[i].root_level + 1 == tables->levels)
			w.manual = &manuals[i];
	if (w.manual == 0)
		return fault_value(fault, ST_AUDIT, "machine, granule and levels", tables->elf_machine);
	status = walk_roots(&w);
	if (status == ST_OK && w.map != w.end)
		return differ(fault, w.map->va + w.done, 0,
		              expected_leaf(&w, 0, w.map->pa + w.done));
	return status;
}
