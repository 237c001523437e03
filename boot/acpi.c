/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.c: walks from the RSDP to every ACPI table, to learn their places; what stands
 * in them is acpi_facts.c's.
 *
 * Source: ACPI 6.4, 5.2.5 (RSDP), 5.2.6 (header), 5.2.7 and 5.2.8 (RSDT, XSDT),
 * 5.2.9 (FADT), 5.2.10 (FACS). Lengths and addresses are the firmware's: nothing
 * is read that is not in reach, and a table that cannot be there is refused.
 */
#include "acpi.h"

enum {
	RSDP_BYTES = 20, RSDP_REVISION = 15, RSDP_RSDT = 16, RSDP_LENGTH = 20, RSDP_XSDT = 24,
	RSDP_BYTES_2 = 36, RSDP_BYTES_MOST = 4096,      /* from revision 2 on */
	HEADER_BYTES = 36, HEADER_LENGTH = 4,
	FADT_FACS = 36, FADT_DSDT = 40, FADT_X_FACS = 132, FADT_X_DSDT = 140,
	TABLE_BYTES_MOST = 16 << 20,     /* no machine has one that is nearly as large */
};

struct walk {
	struct reach reach;
	struct range *tables;
	uint32_t count;
	struct acpi_found *found;
	struct fault *fault;
};

/* Inserts pages in order; ranges that touch become one. */
MUST_CHECK static enum status add_pages(struct walk *walk, uint64_t pa, uint64_t bytes)
{
	struct range added = range_pages(pa, bytes);
	uint32_t first = 0, behind;

	while (first < walk->count && walk->tables[first].pa + walk->tables[first].bytes < added.pa)
		first++;
	for (behind = first; behind < walk->count; behind++) {
		struct range old = walk->tables[behind];
		uint64_t end = max_u64(added.pa + added.bytes, old.pa + old.bytes);

		if (old.pa > added.pa + added.bytes)
			break;
		added.pa = min_u64(added.pa, old.pa);
		added.bytes = end - added.pa;
	}
	if (behind == first && walk->count == ENV_TABLES)
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "places of ACPI tables",
		                 (uint64_t)walk->count + 1, ENV_TABLES);
	if (behind == first) {
		for (uint32_t i = walk->count++; i > first; i--)
			walk->tables[i] = walk->tables[i - 1];
	} else {
		for (uint32_t i = behind; i < walk->count; i++)
			walk->tables[first + 1 + i - behind] = walk->tables[i];
		walk->count -= behind - first - 1;
	}
	walk->tables[first] = added;
	return ST_OK;
}

/* Records the table at pa; *table is all of it. */
MUST_CHECK static enum status add_table(struct walk *walk, uint64_t pa, struct span *table)
{
	struct span header;
	uint64_t bytes;

	if (!reach_span(walk->reach, pa, HEADER_BYTES, &header))
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "address of an ACPI table", pa,
		                 walk->reach.limit);
	bytes = span_u32(header, HEADER_LENGTH);
	if (bytes < HEADER_BYTES)
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "length of an ACPI table", bytes,
		                 HEADER_BYTES);
	if (bytes > TABLE_BYTES_MOST || !reach_span(walk->reach, pa, bytes, table))
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "length of an ACPI table", bytes,
		                 min_u64(TABLE_BYTES_MOST, walk->reach.limit - pa));
	return add_pages(walk, pa, bytes);
}

/* A table that the FADT names twice: the 64-bit field counts unless it is 0 (5.2.9). */
MUST_CHECK static enum status add_named(struct walk *walk, uint64_t narrow, uint64_t wide,
                                        struct span *table)
{
	struct span fadt = walk->found->fadt;
	uint64_t pa = span_u64(fadt, wide);

	if (pa == 0)
		pa = span_u32(fadt, narrow);
	return pa == 0 ? ST_OK : add_table(walk, pa, table);
}

MUST_CHECK static enum status add_fadt(struct walk *walk, uint64_t pa, struct span fadt)
{
	struct span facs;

	if (!span_sums_to_zero(fadt))
		return fault_value(walk->fault, ST_BAD_FIRMWARE, "checksum of the FADT at", pa);
	walk->found->fadt = fadt;
	if (add_named(walk, FADT_FACS, FADT_X_FACS, &facs) != ST_OK)
		return walk->fault->status;
	return add_named(walk, FADT_DSDT, FADT_X_DSDT, &walk->found->dsdt);
}

/* One entry of the root table; 0 is an empty one. */
MUST_CHECK static enum status add_entry(struct walk *walk, uint64_t pa)
{
	struct span table;

	if (pa == 0)
		return ST_OK;
	if (add_table(walk, pa, &table) != ST_OK)
		return walk->fault->status;
	if (span_begins(table, "SPCR"))
		walk->found->spcr = table;
	return span_begins(table, "FACP") ? add_fadt(walk, pa, table) : ST_OK;
}

MUST_CHECK static enum status add_root(struct walk *walk, uint64_t pa, unsigned entry_bytes)
{
	struct span root;

	if (add_table(walk, pa, &root) != ST_OK)
		return walk->fault->status;
	if (!span_begins(root, entry_bytes == 8 ? "XSDT" : "RSDT") || !span_sums_to_zero(root))
		return fault_value(walk->fault, ST_BAD_FIRMWARE, "checksum of the RSDT or XSDT at", pa);
	for (uint64_t at = HEADER_BYTES; range_fits(at, entry_bytes, root.bytes); at += entry_bytes) {
		uint64_t entry = entry_bytes == 8 ? span_u64(root, at) : span_u32(root, at);

		if (add_entry(walk, entry) != ST_OK)
			return walk->fault->status;
	}
	return ST_OK;
}

/* The RSDP, checked; revision 0 (ACPI 1.0) has neither length nor XSDT. */
MUST_CHECK static enum status read_rsdp(struct walk *walk, uint64_t pa, struct span *rsdp)
{
	if (!reach_span(walk->reach, pa, RSDP_BYTES, rsdp))
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "RSDP", pa, walk->reach.limit);
	if (!span_begins(*rsdp, "RSD PTR ") || !span_sums_to_zero(*rsdp))
		return fault_value(walk->fault, ST_BAD_FIRMWARE, "checksum of the RSDP at", pa);
	if (rsdp->base[RSDP_REVISION] < 2)
		return ST_OK;
	if (!reach_span(walk->reach, pa, RSDP_BYTES_2, rsdp))
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "RSDP", pa, walk->reach.limit);
	if (span_u32(*rsdp, RSDP_LENGTH) < RSDP_BYTES_2 || span_u32(*rsdp, RSDP_LENGTH) > RSDP_BYTES_MOST ||
	    !reach_span(walk->reach, pa, span_u32(*rsdp, RSDP_LENGTH), rsdp))
		return fault_set(walk->fault, ST_BAD_FIRMWARE, "length of the RSDP",
		                 span_u32(*rsdp, RSDP_LENGTH), RSDP_BYTES_2);
	if (!span_sums_to_zero(*rsdp))
		return fault_value(walk->fault, ST_BAD_FIRMWARE, "checksum of the RSDP at", pa);
	return ST_OK;
}

MUST_CHECK static enum status walk_from(struct walk *walk, uint64_t rsdp_pa)
{
	struct span rsdp;
	uint64_t xsdt_pa;

	if (read_rsdp(walk, rsdp_pa, &rsdp) != ST_OK || add_pages(walk, rsdp_pa, rsdp.bytes) != ST_OK)
		return walk->fault->status;
	xsdt_pa = span_u64(rsdp, RSDP_XSDT);     /* 0 in a short one */
	if (xsdt_pa != 0)
		return add_root(walk, xsdt_pa, 8);
	return add_root(walk, span_u32(rsdp, RSDP_RSDT), 4);
}

enum status acpi_find(struct reach reach, uint64_t rsdp_pa, struct range tables[ENV_TABLES],
                      uint32_t *count, struct acpi_found *found, struct fault *fault)
{
	struct walk walk = { .reach = reach, .tables = tables, .found = found, .fault = fault };
	enum status status;

	*found = (struct acpi_found){ 0 };
	status = walk_from(&walk, rsdp_pa);
	*count = status == ST_OK ? walk.count : 0;
	return status;
}

enum status acpi_tables(struct reach reach, uint64_t rsdp_pa, struct range tables[ENV_TABLES],
                        uint32_t *count, struct fault *fault)
{
	struct acpi_found found;

	return acpi_find(reach, rsdp_pa, tables, count, &found, fault);
}
