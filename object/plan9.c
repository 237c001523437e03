/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan9.c: Plan 9's executables for 64-bit machines (a.out(6), 9front's a.out.h and sysproc.c,
 * libmach's executable.c). Every number is big endian.
 *
 *     magic text data bss syms entry spsz pcsz | 64-bit entry | text | data
 *
 * A program's header is the beginning of its text, which is linked to UTZERO; data begin at the
 * machine's next boundary. In a kernel, linked elsewhere, text begins with the entry.
 */
#include "align.h"
#include "aout.h"

enum {
	MAGIC = 0, TEXT = 4, DATA = 8, BSS = 12, ENTRY = 32, HEADER_BYTES = 40,
	HDR_MAGIC = 0x8000,      /* a longer header: of a machine with 64 bits */
	FIRST = 8, FIRST_64 = 26, END = 32,  /* numbers of machines */
};

struct kind {
	uint32_t number;
	uint16_t elf_machine;
	uint32_t utzero, program_align, kernel_align;
};

static const struct kind kinds[] = {
	{ 26, EM_X86_64, 0x200000, 0x200000, 0x1000 },       /* S_MAGIC */
	{ 28, EM_AARCH64, 0x10000, 0x10000, 0x10000 },       /* R_MAGIC */
};

static uint32_t be32(struct span head, uint64_t at)
{
	return __builtin_bswap32(span_u32(head, at));
}

static uint32_t magic_of(uint32_t number)
{
	return 4 * number * number + 7;
}

/* The number of the machine; END if it is no such magic. */
static uint32_t machine_number(uint32_t magic)
{
	uint32_t number = FIRST;

	while (number < END && magic_of(number) != (magic & ~(uint32_t)HDR_MAGIC))
		number++;
	return number;
}

bool plan9_probe(struct span head)
{
	return head.bytes >= 4 && machine_number(be32(head, MAGIC)) < END;
}

static enum status find_kind(const struct kind **kind, uint32_t magic, struct fault *fault)
{
	uint32_t number = machine_number(magic);
	enum status status = magic & HDR_MAGIC ? ST_WRONG_MACHINE : ST_WRONG_CLASS;

	for (*kind = kinds; *kind < kinds + sizeof kinds / sizeof kinds[0]; ++*kind) {
		if ((magic & HDR_MAGIC) && (*kind)->number == number)
			return ST_OK;
	}
	(void)fault_value(fault, status, "magic of Plan 9", magic);
	(void)fault_hint(fault, "0x8A97 is amd64, 0x8C47 is arm64");
	return fault_at(fault, MAGIC);
}

static enum status place_parts(struct object *object, const struct kind *kind, struct span head,
                               struct arena *arena, struct fault *fault)
{
	uint64_t text_bytes = be32(head, TEXT), data_bytes = be32(head, DATA);
	uint64_t first = (uint64_t)kind->utzero + HEADER_BYTES;
	bool program = object->entry >= first && object->entry - first < text_bytes;
	uint64_t align = program ? kind->program_align : kind->kernel_align;
	struct segment text = {
		.va = program ? kind->utzero : object->entry, .file_offset = program ? 0 : HEADER_BYTES,
		.file_bytes = text_bytes + (program ? HEADER_BYTES : 0), .prot = SMALT_R | SMALT_X,
	};
	struct segment data = {
		.va = align_up(text.va + text.file_bytes, align), .file_offset = HEADER_BYTES + text_bytes,
		.file_bytes = data_bytes, .mem_bytes = data_bytes + be32(head, BSS),
		.prot = SMALT_R | SMALT_W,
	};

	text.mem_bytes = text.file_bytes;
	if (data.mem_bytes != 0 && data.va < text.va && !range_wraps(text.va, text.mem_bytes)) {
		(void)fault_set(fault, ST_OVERFLOW, "end of text", text.va + text.mem_bytes, -align);
		return fault_at(fault, ENTRY);
	}
	return aout_segments(object, &text, &data, arena, fault);
}

enum status plan9_read(struct object *object, struct span head, const struct machine *machine,
                       struct arena *arena, struct fault *fault)
{
	const struct kind *kind;

	if (find_kind(&kind, be32(head, MAGIC), fault) != ST_OK)
		return fault->status;
	object->elf_machine = kind->elf_machine;
	if (aout_machine(object, machine, fault) != ST_OK)
		return fault->status;
	if (head.bytes < HEADER_BYTES)
		return fault_set(fault, ST_TRUNCATED, "exec header", HEADER_BYTES, head.bytes);
	object->format = SMALT_FORMAT_PLAN9;
	object->header_bytes = HEADER_BYTES;
	object->kind = OBJECT_FIXED;
	object->entry = __builtin_bswap64(span_u64(head, ENTRY));
	return place_parts(object, kind, head, arena, fault);
}
