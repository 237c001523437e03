/* SPDX-License-Identifier: BSD-2-Clause */
/* pointers.c: everything that the handoff names is mapped, readable, and what it says. */
#include "guest.h"

#ifndef GRANULE
#define GRANULE 12               /* log2 of the bytes of a page */
#endif

static uint8_t sum(uint64_t va, uint64_t bytes)
{
	uint8_t total = 0;

	for (uint64_t i = 0; i < bytes; i++)
		total = (uint8_t)(total + *at(va + i));
	return total;
}

static uint32_t word(uint64_t va)
{
	return at(va)[0] | (uint32_t)at(va)[1] << 8 | (uint32_t)at(va)[2] << 16 | (uint32_t)at(va)[3] << 24;
}

/* The va of a table that a row or the direct map shows, or 0. */
static uint64_t table_va(uint64_t pa)
{
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(guest.handoff, i);

		if (pa - e->pa < e->bytes &&
		    smalt_nth_row(guest.handoff, e->row)->kind == SMALT_KIND_ACPI)
			return e->va + (pa - e->pa);
	}
	return (uint64_t)smalt_direct(guest.handoff, pa);
}

/* ACPI 6.4, 5.2.6 "System Description Table Header": length at 4, all bytes add up to 0. */
static void check_table(uint64_t pa)
{
	uint64_t va = table_va(pa);

	if (!expect(va != 0, "an ACPI table is mapped"))
		return;
	expect_equal(sum(va, word(va + 4)), 0, "the checksum of an ACPI table");
}

/* ACPI 6.4, 5.2.5.3: revision at 15, RSDT at 16, XSDT at 24. */
static void check_acpi(void)
{
	uint64_t rsdp = guest.handoff->acpi_rsdp_va, root, va;
	uint32_t count, entry_bytes = 4;

	if (rsdp == 0)
		return;
	expect_equal(sum(rsdp, 20), 0, "the checksum of the RSDP");
	root = word(rsdp + 16);
	if (*at(rsdp + 15) >= 2 && (word(rsdp + 24) | word(rsdp + 28))) {
		root = word(rsdp + 24) | (uint64_t)word(rsdp + 28) << 32;
		entry_bytes = 8;
	}
	check_table(root);
	va = table_va(root);
	count = (word(va + 4) - 36) / entry_bytes;
	for (uint32_t i = 0; i < count; i++)
		check_table(word(va + 36 + i * entry_bytes) |
		            (entry_bytes == 8 ? (uint64_t)word(va + 40 + i * 8) << 32 : 0));
	say_line("acpi tables", count);
}

/* Devicetree Specification 0.4, 5.2: magic and totalsize, big endian. */
static void check_devicetree(void)
{
	uint64_t va = guest.handoff->devicetree_va;

	if (va == 0)
		return;
	expect_equal(word(va), 0xedfe0dd0, "the magic of the devicetree");
	expect_equal(__builtin_bswap32(word(va + 4)) <= guest.handoff->devicetree_bytes, true, "its size");
	expect_row(va, SMALT_KIND_DEVICETREE, "the row of the devicetree");
	(void)sum(va, guest.handoff->devicetree_bytes);
	say_line("devicetree", guest.handoff->devicetree_bytes);
}

static void check_string(uint64_t va, const char *what)
{
	const struct smalt_row *row = smalt_row_at(guest.handoff, va);

	if (!expect(row && row->kind == SMALT_KIND_HANDOFF, what))
		return;
	while (*at(va) != 0)
		va++;
	expect(va < row->va + row->mem_bytes, what);
}

static void check_array(const struct smalt_array *array, uint64_t entry_bytes, const char *what)
{
	uint64_t start = (uint64_t)guest.handoff, end = start + guest.handoff->total_bytes;

	if (array->count == 0)
		return;
	expect_equal(array->entry_bytes, entry_bytes, what);
	expect(array->va >= start && array->va % 8 == 0 &&
	       array->va + (uint64_t)array->count * array->entry_bytes <= end, what);
}

/* The table itself: where it says it is, complete, within its row. */
static void check_handoff(const struct smalt_handoff *h)
{
	uint64_t pa = 0;
	const struct smalt_row *row = smalt_row_at(h, (uint64_t)h);

	expect_equal(h->magic, SMALT_MAGIC, "magic");
	expect_equal(h->version, SMALT_HANDOFF_VERSION, "version");
	expect_equal(h->bytes, sizeof(*h), "bytes");
	expect(smalt_translate(h, (uint64_t)h, &pa) && pa == h->pa, "pa");
	expect(row && row->kind == SMALT_KIND_HANDOFF && row->prot == SMALT_R, "the handoff's row");
	expect(row && (uint64_t)h + h->total_bytes <= row->va + row->mem_bytes, "total_bytes");
	check_array(&h->objects, sizeof(struct smalt_object), "objects");
	check_array(&h->rows, sizeof(struct smalt_row), "rows");
	check_array(&h->extents, sizeof(struct smalt_extent), "extents");
	check_array(&h->memory, sizeof(struct smalt_memory), "memory");
	check_array(&h->notes, sizeof(struct smalt_note), "notes");
	check_string(h->cmdline_va, "cmdline");
	for (uint32_t i = 0; i < h->objects.count; i++) {
		check_string(smalt_nth_object(h, i)->name_va, "an object's name");
		check_string(smalt_nth_object(h, i)->args_va, "an object's args");
	}
	for (uint32_t i = 0; i < h->notes.count; i++)
		check_string(smalt_nth_note(h, i)->owner_va, "a note's owner");
}

/* Rows ascend, are disjoint, and none is beside another object's: guards (M14). */
static void check_rows(const struct smalt_handoff *h)
{
	for (uint32_t i = 0; i < h->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(h, i);
		const struct smalt_row *before = i > 0 ? smalt_nth_row(h, i - 1) : NULL;

		expect_equal(row->data_offset, row->va & ((1ull << GRANULE) - 1), "data_offset");
		expect(row->mem_bytes > 0 && row->file_bytes <= row->mem_bytes, "file_bytes <= mem_bytes");
		expect(row->va >> GRANULE != 0, "page 0 is in no row");
		if (!before)
			continue;
		expect(before->va + before->mem_bytes <= row->va, "rows ascend and are disjoint");
		if (before->object != row->object || row->kind == SMALT_KIND_STACK ||
		    before->kind == SMALT_KIND_STACK || row->kind == SMALT_KIND_FAULT_STACK ||
		    before->kind == SMALT_KIND_FAULT_STACK)
			expect((row->va >> GRANULE) - ((before->va + before->mem_bytes - 1) >> GRANULE) >= 2,
			       "a guard page lies between rows of different owners");
	}
}

void guest_main(void)
{
	const struct smalt_handoff *h = guest.handoff;

	check_handoff(h);
	check_rows(h);
	check_acpi();
	check_devicetree();
	if (h->serial_kind == SMALT_SERIAL_PL011)
		expect_row(h->serial_va, SMALT_KIND_SERIAL, "the serial port's row");
	if (h->entropy_source != SMALT_ENTROPY_NONE) {
		expect(h->entropy_bytes >= 16 && h->entropy_bytes <= 64, "bytes of entropy");
		expect_row(h->entropy_va, SMALT_KIND_HANDOFF, "entropy is in the handoff");
	}
	expect_row(h->jump_va, SMALT_KIND_JUMP, "jump_va");
	expect_row(h->reporter_va, SMALT_KIND_REPORTER, "reporter_va");
	expect(h->profile.counter_start < h->profile.counter_planned &&
	       h->profile.counter_planned < h->profile.counter_entry, "the counters ascend");
	expect_equal(h->granule_shift, GRANULE, "granule_shift");
	expect_equal(h->leaf_shift[0], GRANULE, "the smallest leaf");
	say_line("entropy", h->entropy_source);
	say_line("boot cpu", h->boot_cpu);
	say_line("counter hz", h->counter_hz);
	say_line("psci", h->psci_conduit);
}
