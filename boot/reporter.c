/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reporter.c: the text of a fault report, the same for every machine.
 *
 * Runs in the kernel's space after the loader is gone, on a machine that just
 * went wrong. So it calls nothing but what stands in this file and the two
 * functions of fault.c, holds no address (names are arrays of characters, never
 * pointers), bounds every loop, and reads no memory that a row does not show.
 * A fault in here is one line and the end.
 */
#include "reporter.h"

#include <smalt/exit.h>
#include <smalt/kernel.h>

/* Nobody waits for it, every kernel carries it: small, not fast. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

#define NAME_MAX_BYTES 64        /* of an object's name that is printed */
#define FRAMES_MAX     32        /* of the backtrace */

struct reporter_setup reporter_setup;

/* Set by the first report: a second one is a fault of the reporter itself. */
static volatile uint8_t reporting;

static const char kind_names[][16] = {
	[SMALT_KIND_OBJECT] = "object",
	[SMALT_KIND_STACK] = "boot stack",
	[SMALT_KIND_HANDOFF] = "handoff",
	[SMALT_KIND_JUMP] = "jump page",
	[SMALT_KIND_CPU] = "cpu tables",
	[SMALT_KIND_REPORTER] = "fault reporter",
	[SMALT_KIND_FAULT_STACK] = "fault stack",
	[SMALT_KIND_SERIAL] = "serial console",
	[SMALT_KIND_ACPI] = "acpi tables",
	[SMALT_KIND_DEVICETREE] = "devicetree",
	[SMALT_KIND_FRAMEBUFFER] = "framebuffer",
	[SMALT_KIND_SMBIOS] = "smbios",
	[SMALT_KIND_EFI_RUNTIME] = "efi runtime",
};

static const char type_names[SMALT_MEM_TYPES][20] = {
	"unknown", "usable", "reclaimable", "boot-services", "object", "smalt-tables",
	"smalt-resident", "acpi-reclaim", "acpi-nvs", "efi-runtime-code", "efi-runtime-data",
	"reserved", "mmio", "bad", "persistent", "specific-purpose", "unaccepted",
};

static const char access_names[][16] = {
	[SMALT_R] = "read of", [SMALT_W] = "write to", [SMALT_X] = "jump to",
};

static const char missing_names[][16] = {
	[SMALT_R] = "not readable", [SMALT_W] = "not writable", [SMALT_X] = "not executable",
};

/* --- characters ------------------------------------------------------------ */

static void put(const char *text)
{
	for (unsigned i = 0; i < 128 && text[i] != 0; i++)
		reporter_put(&reporter_setup, text[i]);
}

static void put_line(void)
{
	put("\r\n");
}

/* At least `digits` digits. */
static void put_hex(uint64_t value, unsigned digits)
{
	put("0x");
	for (unsigned i = 16; i-- > 0;)
		if (i < digits || (value >> 4 * i) != 0)
			reporter_put(&reporter_setup, "0123456789abcdef"[value >> 4 * i & 15]);
}

static void put_decimal(uint32_t value)
{
	uint32_t unit = 1000000000;

	while (unit > 1 && value < unit)
		unit /= 10;
	for (; unit != 0; unit /= 10)
		reporter_put(&reporter_setup, (char)('0' + value / unit % 10));
}

static void put_rights(uint32_t prot)
{
	reporter_put(&reporter_setup, prot & SMALT_R ? 'r' : '-');
	reporter_put(&reporter_setup, prot & SMALT_W ? 'w' : '-');
	reporter_put(&reporter_setup, prot & SMALT_X ? 'x' : '-');
}

/* --- places ---------------------------------------------------------------- */

/* The table, or 0 if the kernel already uses its memory for something else. */
static const struct smalt_handoff *handoff_now(void)
{
	const struct smalt_handoff *handoff =
		(const struct smalt_handoff *)(uintptr_t)reporter_setup.handoff_va;

	return handoff && handoff->magic == SMALT_MAGIC ? handoff : 0;
}

static void put_object_name(const struct smalt_handoff *handoff, uint32_t index)
{
	const struct smalt_object *object = smalt_nth_object(handoff, index);
	const char *name = object ? (const char *)(uintptr_t)object->name_va : 0;

	for (unsigned i = 0; name && i < NAME_MAX_BYTES && name[i] != 0; i++)
		reporter_put(&reporter_setup, name[i]);
}

/* "kernel.elf segment 1", "boot stack" */
static void put_row_name(const struct smalt_handoff *handoff, const struct smalt_row *row)
{
	if (row->object != SMALT_NONE) {
		put_object_name(handoff, row->object);
		if (row->segment != SMALT_NONE) {
			put(" segment ");
			put_decimal(row->segment);
		}
	} else {
		put(row->kind < sizeof(kind_names) / sizeof(kind_names[0]) ?
		    kind_names[row->kind] : "row");
	}
}

/* "kernel.elf segment 1 r-x +0x234": where in the row. */
static void put_in_row(const struct smalt_handoff *handoff, const struct smalt_row *row, uint64_t va)
{
	put_row_name(handoff, row);
	put(" ");
	put_rights(row->prot);
	put(" +");
	put_hex(va - row->va, 1);
}

/* The row behind va, or 0: the first that starts above it. */
static const struct smalt_row *row_behind(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *found = 0;
	uint32_t low = 0, high = handoff->rows.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct smalt_row *row = smalt_nth_row(handoff, middle);

		if (row->va > va) {
			found = row;
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return found;
}

/* "0x10 bytes behind kernel.elf segment 3, 0xff0 before boot stack" */
static void put_between(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *before =
		(const struct smalt_row *)smalt_entry_below(&handoff->rows, va);
	const struct smalt_row *behind = row_behind(handoff, va);

	if (before) {
		put_hex(va - before->va - before->mem_bytes, 1);
		put(" bytes behind ");
		put_row_name(handoff, before);
	}
	put(before && behind ? ", " : "");
	if (behind) {
		put_hex(behind->va - va, 1);
		put(" before ");
		put_row_name(handoff, behind);
	}
}

/* --- deciding what an address means ---------------------------------------- */

enum place { PLACE_ROW, PLACE_PAGE_SLACK, PLACE_DIRECT, PLACE_PAGE_0, PLACE_BELOW_STACK, PLACE_NOWHERE };

/* The guard below the boot stack: what a few frames too many hit. */
static bool is_below_stack(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *behind = row_behind(handoff, va);

	return behind && behind->kind == SMALT_KIND_STACK &&
	       behind->va - va <= (uint64_t)1 << handoff->granule_shift;
}

static enum place place_of(const struct smalt_handoff *handoff, uint64_t va)
{
	if (smalt_row_at(handoff, va))
		return PLACE_ROW;
	if (smalt_extent_at(handoff, va))
		return PLACE_PAGE_SLACK;
	if (va >> handoff->granule_shift == 0)
		return PLACE_PAGE_0;
	if (is_below_stack(handoff, va))
		return PLACE_BELOW_STACK;
	if (va >= handoff->direct_map_va &&
	    va - handoff->direct_map_va < handoff->direct_map_bytes)
		return PLACE_DIRECT;
	return PLACE_NOWHERE;
}

/* The rights at va: 0 in unmapped memory. */
static uint32_t rights_at(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *row = smalt_row_at(handoff, va);
	const struct smalt_extent *extent = smalt_extent_at(handoff, va);

	return row ? row->prot : extent ? extent->prot : 0;
}

static void put_direct(const struct smalt_handoff *handoff, uint64_t va)
{
	uint64_t pa = va - handoff->direct_map_va;
	const struct smalt_memory *memory = smalt_memory_at(handoff, pa);

	put("direct map of pa ");
	put_hex(pa, 1);
	put(", ");
	put(type_names[memory && memory->type < SMALT_MEM_TYPES ? memory->type : 0]);
	put(smalt_direct(handoff, pa) ? " memory" : " memory, which it leaves out");
}

static void put_place(const struct smalt_handoff *handoff, uint64_t va)
{
	switch (place_of(handoff, va)) {
	case PLACE_ROW:
		put_in_row(handoff, smalt_row_at(handoff, va), va);
		break;
	case PLACE_PAGE_SLACK:
		put("unused part of a page, ");
		put_between(handoff, va);
		break;
	case PLACE_DIRECT:
		put_direct(handoff, va);
		break;
	case PLACE_PAGE_0:
		put("not mapped: page 0, a null pointer?");
		break;
	case PLACE_BELOW_STACK:
		put("not mapped: guard below ");
		put_row_name(handoff, row_behind(handoff, va));
		put(", stack overflow?");
		break;
	case PLACE_NOWHERE:
		put("not mapped: ");
		put_between(handoff, va);
		break;
	}
}

/* --- the parts of a report ------------------------------------------------- */

static void report_what(const struct report *report)
{
	put("smalt: ");
	for (unsigned i = 0; i < sizeof(report->what) && report->what[i] != 0; i++)
		reporter_put(&reporter_setup, report->what[i]);
	if (report->access == SMALT_R || report->access == SMALT_W || report->access == SMALT_X) {
		put(": ");
		put(access_names[report->access]);
		put(" ");
		put_hex(report->address, 16);
	}
	put(", code ");
	put_hex(report->code, 1);
	put_line();
}

/* Which row holds the address, or between which it lies, and which right was missing. */
static void report_address(const struct smalt_handoff *handoff, const struct report *report)
{
	uint32_t access = report->access;
	enum place place = place_of(handoff, report->address);

	if (access != SMALT_R && access != SMALT_W && access != SMALT_X)
		return;
	put("  address  ");
	put_place(handoff, report->address);
	if ((place == PLACE_ROW || place == PLACE_PAGE_SLACK) &&
	    !(rights_at(handoff, report->address) & access)) {
		put(", ");
		put(missing_names[access]);
	} else if (place == PLACE_DIRECT && access != SMALT_R) {
		put(access == SMALT_X ? ", not executable" : ", read-only where a row is");
	}
	put_line();
}

/* "0xffffffff80001234 kernel.elf+0x1234, kernel.elf segment 1 r-x +0x234" */
static void put_code(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *row = smalt_row_at(handoff, va);
	const struct smalt_object *object = row ? smalt_nth_object(handoff, row->object) : 0;

	put_hex(va, 16);
	put(" ");
	if (object) {
		put_object_name(handoff, row->object);
		put("+");
		put_hex(va - object->base, 1);
		put(", ");
	}
	put_place(handoff, va);
	put_line();
}

static void report_registers(const struct report *report)
{
	for (uint32_t i = 0; i < report->register_count && i < REPORT_REGISTERS; i++) {
		const struct report_register *r = &report->registers[i];
		unsigned width = 0;

		put("  ");
		for (; width < sizeof(r->name) && r->name[width] != 0; width++)
			reporter_put(&reporter_setup, r->name[width]);
		for (; width < sizeof(r->name); width++)
			reporter_put(&reporter_setup, ' ');
		put_hex(r->value, 16);
		if (i % 3 == 2 || i + 1 == report->register_count || i + 1 == REPORT_REGISTERS)
			put_line();
	}
}

/* May the two words at va be read? Both in one readable row. */
static bool frame_is_readable(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *row = smalt_row_at(handoff, va);

	return va % 8 == 0 && row && row->prot & SMALT_R &&
	       row->mem_bytes - (va - row->va) >= 16;
}

/* Frame records are alike in both psABIs: {caller's frame pointer, return address}, growing up. */
static void report_backtrace(const struct smalt_handoff *handoff, uint64_t fp)
{
	for (unsigned i = 0; i < FRAMES_MAX && frame_is_readable(handoff, fp); i++) {
		const uint64_t *frame = (const uint64_t *)(uintptr_t)fp;

		if (frame[1] == 0)
			return;
		put(i == 0 ? "  called from\r\n    " : "    ");
		put_code(handoff, frame[1]);
		if (frame[0] <= fp)
			return;
		fp = frame[0];
	}
}

void reporter_report(const struct report *report)
{
	const struct smalt_handoff *handoff;

	if (reporting) {
		put("\r\nsmalt: fault inside the fault reporter\r\n");
		reporter_exit(SMALT_EXIT_FAULT);
	}
	reporting = 1;
	report_what(report);
	handoff = handoff_now();
	if (handoff) {
		report_address(handoff, report);
		put("  pc       ");
		put_code(handoff, report->pc);
	}
	report_registers(report);
	if (handoff)
		report_backtrace(handoff, report->fp);
	reporter_exit(SMALT_EXIT_FAULT);
}

#pragma clang attribute pop
