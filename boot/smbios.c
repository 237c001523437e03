/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smbios.c: reads an SMBIOS entry point, to learn the pages of its structure table.
 * The structures themselves are the kernel's.
 *
 * Source: DMTF DSP0134 3.6, 5.2.1 ("_SM_", 32 bits), 5.2.2 ("_SM3_", 64 bits).
 */
#include "smbios.h"

enum {
	WIDE_BYTES = 24, WIDE_LENGTH = 6, WIDE_TABLE_BYTES = 12, WIDE_TABLE = 16,
	/* 30, not 31: what version 2.1 said of its own length, and some firmware believed */
	NARROW_BYTES = 30, NARROW_LENGTH = 5, NARROW_DMI = 16, NARROW_DMI_BYTES = 15,
	NARROW_TABLE_BYTES = 22, NARROW_TABLE = 24,
	TABLE_BYTES_MOST = 16 << 20,     /* no machine has one that is nearly as large */
};

struct entry {
	uint64_t bytes;
	struct range table;      /* exact */
};

/* All of the entry point, which says itself how long it is. */
static bool whole(struct reach reach, uint64_t pa, uint64_t least, uint64_t length, struct span *all)
{
	return reach_span(reach, pa, least, all) && all->base[length] >= least &&
	       reach_span(reach, pa, all->base[length], all) && span_sums_to_zero(*all);
}

static bool read_wide(struct reach reach, uint64_t pa, struct entry *entry)
{
	struct span all;

	if (!whole(reach, pa, WIDE_BYTES, WIDE_LENGTH, &all))
		return false;
	*entry = (struct entry){ all.bytes, { span_u64(all, WIDE_TABLE), span_u32(all, WIDE_TABLE_BYTES) } };
	return true;
}

static bool read_narrow(struct reach reach, uint64_t pa, struct entry *entry)
{
	struct span all, dmi;

	if (!whole(reach, pa, NARROW_BYTES, NARROW_LENGTH, &all) ||
	    !reach_span(reach, pa + NARROW_DMI, NARROW_DMI_BYTES, &dmi) ||
	    !span_begins(dmi, "_DMI_") || !span_sums_to_zero(dmi))
		return false;
	*entry = (struct entry){ all.bytes,
		{ span_u32(all, NARROW_TABLE), span_u16(all, NARROW_TABLE_BYTES) } };
	return true;
}

static bool read_entry(struct reach reach, uint64_t pa, struct entry *entry)
{
	struct span anchor, table;

	if (!reach_span(reach, pa, 5, &anchor))
		return false;
	if (!(span_begins(anchor, "_SM3_") ? read_wide(reach, pa, entry)
	                                   : span_begins(anchor, "_SM_") && read_narrow(reach, pa, entry)))
		return false;
	return entry->table.bytes > 0 && entry->table.bytes <= TABLE_BYTES_MOST &&
	       reach_span(reach, entry->table.pa, entry->table.bytes, &table);
}

/* Two ranges ascending; one if they touch. */
static uint32_t join(struct range a, struct range b, struct range pages[ENV_SMBIOS])
{
	struct range low = a.pa < b.pa ? a : b, high = a.pa < b.pa ? b : a;

	pages[0] = low;
	pages[1] = high;
	if (low.pa + low.bytes < high.pa)
		return 2;
	pages[0].bytes = max_u64(low.pa + low.bytes, high.pa + high.bytes) - low.pa;
	return 1;
}

void smbios_read(struct reach reach, uint64_t pa, struct env *env)
{
	struct entry entry;

	env->smbios_pa = 0;
	env->smbios_bytes = 0;
	env->smbios_count = 0;
	if (!read_entry(reach, pa, &entry))
		return;
	env->smbios_pa = pa;
	env->smbios_bytes = (uint32_t)entry.bytes;
	env->smbios_count = join(range_pages(pa, entry.bytes),
	                         range_pages(entry.table.pa, entry.table.bytes), env->smbios);
}
