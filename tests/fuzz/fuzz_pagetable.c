/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_pagetable.c: any pieces: refused, or built into exactly the counted tables, in which the audit finds the
 * plan again and the processor's way (walker.h) finds every piece; one flipped bit, or a wild entry, is found.
 */
#include "fuzz.h"

#include "../unit/walker.h"
#include "audit.h"
#include "pagetable.h"

enum { MAPS = 24, TABLES = 64, TABLES_PA = 0x1000000, PAGE_MOST = 0x10000 };

static uint64_t storage[TABLES * PAGE_MOST / 8] __attribute__((aligned(PAGE_MOST)));
static struct map maps[MAPS];

/* Mostly behind the one before it, by little. */
static uint32_t take_maps(struct input *in, unsigned shift)
{
	uint32_t count = (uint32_t)take(in, 1) % (MAPS + 1);
	uint64_t va = take_wild(in), pa = take_wild(in);

	for (uint32_t i = 0; i < count; i++) {
		uint64_t how = take(in, 1), kind = take(in, 1);

		if (how & 1)
			va = take_wild(in);
		if (how & 2)
			pa = take_wild(in);
		maps[i] = (struct map){ va, pa, (how >> 4 & 7) << shift, (uint32_t)kind & 31, kind >> 5 & 3 };
		if (how & 4)
			maps[i].bytes = take_wild(in);
		va += maps[i].bytes + ((how >> 3 & 1) << shift);
		pa += maps[i].bytes;
	}
	return count;
}

static enum status audit(const struct pagetable *pt, uint32_t count)
{
	struct audit_tables tables = {
		.elf_machine = pt->machine->elf_machine, .granule_shift = pt->format->granule_shift, .levels = pt->format->levels,
		.root_pa = { pt->root_pa[0], pt->root_pa[1] }, .window = pt->window, .tables_pa = pt->tables_pa,
		.tables_bytes = (uint64_t)pt->table_count << pt->format->granule_shift,
	};
	struct audit_leaves leaves = { .direct_va = 0xffff800000000000, .direct_bytes = 1ull << 46 };
	struct fault fault;
	enum status status = audit_tables(&tables, maps, count, &leaves, &fault);

	fine(status, &fault);
	return status;
}

static void check_walks(const struct pagetable *pt, uint32_t count)
{
	for (uint32_t i = 0; i < 2 * count; i++) {
		const struct map *m = &maps[i / 2];
		uint64_t ahead = i & 1 ? m->bytes - 1 : 0;
		struct walked w = pt->machine == &machine_x86_64
			? walk_x86_64(pt->root_pa[0], pt->window, m->va + ahead)
			: walk_granule(pt->format->granule_shift, pt->root_pa, pt->window, m->va + ahead);

		PROMISE(w.mapped && w.pa == m->pa + ahead && w.memory == m->memory);
		PROMISE((w.prot & (SMALT_W | SMALT_X)) == (m->prot & (SMALT_W | SMALT_X)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	uint64_t how = take(&in, 1), at, bits, root_words;
	const struct machine *machine = how & 1 ? &machine_aarch64 : &machine_x86_64;
	const struct format *other = machine_format(machine, 12 + 2 * (uint32_t)(take(&in, 1) % 3), 0);
	const struct format *format = other ? other : machine->format;
	uint32_t leaves = (uint32_t)(how >> 1 | 1) & ((1u << format->leaf_count) - 1), count;
	struct pagetable pt = {
		.machine = machine, .format = format, .leaf_mask = leaves,
		.window = (uint64_t)(uintptr_t)storage - TABLES_PA, .tables_pa = TABLES_PA,
	};
	struct fault fault;

	count = take_maps(&in, format->granule_shift);
	if (!fine(pagetable_count(&pt, maps, count, &pt.table_count, &fault), &fault) || pt.table_count > TABLES)
		return 0;
	memset(storage, 0xaa, (size_t)pt.table_count << format->granule_shift);
	pagetable_build(&pt, maps, count);
	PROMISE(audit(&pt, count) == ST_OK);
	check_walks(&pt, count);
	at = take(&in, 3) % ((uint64_t)pt.table_count << format->granule_shift >> 3);
	bits = how & 128 ? take(&in, 8) : 1ull << (take(&in, 1) & 63);
	/* What a short first table has no entry for is read by nobody */
	root_words = 1ull << (format->index_bits - format->root_short);
	if (at >> format->index_bits < machine->root_count && at % (1ull << format->index_bits) >= root_words)
		return 0;
	storage[at] ^= bits;
	PROMISE(bits == 0 || audit(&pt, count) == ST_AUDIT);
	return 0;
}
