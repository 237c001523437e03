/* SPDX-License-Identifier: 0BSD */
/*
 * hello.c: a whole kernel for Smalt: prints the table that it received and its
 * module, then ends QEMU with status 0. Copy it and go on from here.
 */
#include <smalt/exit.h>
#include <smalt/kernel.h>
#include <smalt/request.h>

/* What this kernel wants from Smalt; without the line it gets the defaults. */
SMALT_REQUEST(.stack_bytes = 16 << 10);

/* Right-aligned in width; base 10 or 16. */
static void print_number(const struct smalt_handoff *h, uint64_t value, unsigned base, int width)
{
	char digits[32];
	char *p = digits + sizeof(digits);

	*--p = 0;
	do {
		*--p = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	for (width -= (int)(digits + sizeof(digits) - 1 - p); width > 0; width--)
		smalt_put(h, ' ');
	smalt_print(h, p);
}

/* What a row is: an object by its name, Smalt's own rows by their kind. */
static const char *row_name(const struct smalt_handoff *h, const struct smalt_row *row)
{
	static const char *const kinds[] = {
		"object", "stack", "this table", "jump page", "GDT, TSS, IDT", "fault reporter",
		"fault reporter's stack", "serial port", "ACPI tables", "devicetree", "framebuffer",
		"SMBIOS tables", "EFI runtime",
	};
	const struct smalt_object *object = smalt_nth_object(h, row->object);

	if (object)
		return (const char *)object->name_va;
	return row->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[row->kind] : "?";
}

static void print_row(const struct smalt_handoff *h, const struct smalt_row *row)
{
	unsigned unit = row->leaf_shift / 10;            /* 1: K, 2: M, 3: G */

	print_number(h, row->va, 16, 16);
	print_number(h, row->mem_bytes, 10, 12);
	smalt_print(h, row->prot & SMALT_R ? "  r" : "  -");
	smalt_print(h, row->prot & SMALT_W ? "w" : "-");
	smalt_print(h, row->prot & SMALT_X ? "x" : "-");
	print_number(h, (uint64_t)1 << row->leaf_shift % 10, 10, 7);
	smalt_put(h, " KMG"[unit & 3]);
	smalt_print(h, "  ");
	smalt_print(h, row_name(h, row));
	smalt_print(h, "\n");
}

static void hello(const struct smalt_handoff *h, uint64_t magic)
{
	const struct smalt_object *text;

	if (magic != SMALT_MAGIC)
		smalt_exit(1);                           /* somebody else started us */
	smalt_print(h, "Hello. This is where I am:\n\n");
	smalt_print(h, "              va       bytes  prot    leaf  what\n");
	for (uint32_t i = 0; i < h->rows.count; i++)
		print_row(h, smalt_nth_row(h, i));
	text = smalt_module(h, "hello.txt");
	for (uint64_t va = text ? text->image_start : 0; text && va < text->image_end; va++)
		smalt_put(h, *(const char *)va);
	smalt_exit(0);
}

SMALT_ENTRY(hello);
