/* SPDX-License-Identifier: 0BSD */
/*
 * firmware.c: an object becomes rows of a space: open; ask how many rows, plan, commit; print.
 */
#include "firmware.h"

#include <stddef.h>

void print(const char *text)
{
	while (*text != 0)
		print_char(*text++);
}

/* Right-aligned in width; base 10 or 16. */
void print_number(uint64_t value, unsigned base, int width)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	*--p = 0;
	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	for (width -= (int)(digits + sizeof(digits) - 1 - p); width > 0; width--)
		print_char(' ');
	print(p);
}

uint32_t print_fault(const struct smalt_fault *fault)
{
	char line[512];

	smalt_fault_text(fault, line, sizeof(line));
	print(line);
	print("\n");
	return fault->status;
}

/* The words of handoff.h for the bits of smalt_row.flags, from bit 0 on. */
static void print_flags(uint32_t flags)
{
	static const char *const words[] = {
		"elf-header", "phdr-table", "aout-header", "padding", "relro", "bss", "in-place",
		"copied", "shared", "shared-page", "widened", "wx", "va-moved", "textrel",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags >> i & 1) {
			print(" ");
			print(words[i]);
		}
}

static void print_row(const struct smalt_row *row)
{
	print_number(row->va, 16, 16);
	print_number(row->mem_bytes, 10, 12);
	print(row->prot & SMALT_R ? "  r" : "  -");
	print(row->prot & SMALT_W ? "w" : "-");
	print(row->prot & SMALT_X ? "x" : "-");
	print_number(row->file_bytes, 10, 12);
	print(" ");
	print_flags(row->flags);
	print("\n");
}

struct smalt_space *firmware_open(const struct smalt_setup *setup)
{
	static _Alignas(16) unsigned char storage[STORAGE_BYTES];
	struct smalt_fault fault;
	struct smalt_space *space;

	if (smalt_open(setup, storage, sizeof(storage), &space, &fault) == SMALT_STATUS_OK)
		return space;
	print_fault(&fault);
	return NULL;
}

uint32_t firmware_map(struct smalt_space *space, const struct smalt_request *request)
{
	struct smalt_row rows[OBJECT_ROW_MOST];
	struct smalt_fault fault;
	uint32_t count = 0;

	/* With no room for rows the answer is how many there would be; an object has at least one. */
	if (smalt_plan(space, request, NULL, &count, &fault) != SMALT_STATUS_TOO_SMALL ||
	    count > OBJECT_ROW_MOST)
		return print_fault(&fault);

	/* A plan changes nothing: here a firmware looks at it, and may refuse. */
	if (smalt_plan(space, request, rows, &count, &fault) != SMALT_STATUS_OK)
		return print_fault(&fault);

	/* What was planned is done, or nothing at all. smalt_map() is plan and commit in one. */
	if (smalt_commit(space, request, rows, count, &fault) != SMALT_STATUS_OK)
		return print_fault(&fault);
	return SMALT_STATUS_OK;
}

void print_rows(const struct smalt_space *space)
{
	uint32_t count;
	const struct smalt_row *row = smalt_rows(space, &count);

	print("              va       bytes  prot  file bytes  flags\n");
	for (; count-- > 0; row++)
		if (row->kind == SMALT_KIND_OBJECT)
			print_row(row);
}
