/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aout.c: the classic a.out header, and what it has in common with Plan 9's.
 *
 *     OMAGIC, NMAGIC    | header | text | data |            bss: zero fill behind data
 *     ZMAGIC, QMAGIC    | header, text | to a page | data | to a page |
 *
 * a.out(5) and <sys/exec_aout.h> of NetBSD, the one that numbers 64-bit machines: a_midmag in
 * network order, the rest in the machine's. Text begins one page above 0; a ZMAGIC file whose
 * entry is below that is a shared object, linked to 0, and goes anywhere (mmapobj(2)).
 *
 * Deliberately not looked at: symbols, and the flags beside the machine.
 */
#include "align.h"
#include "aout.h"

enum {
	A_MIDMAG = 0, A_TEXT = 4, A_DATA = 8, A_BSS = 12, A_ENTRY = 20, A_TRSIZE = 24, A_DRSIZE = 28,
	EXEC_BYTES = 32, PAGE = 4096,
};

struct magic {
	uint16_t number;
	bool paged;              /* the header is the beginning of text, and data begin a page */
	bool impure;             /* text may be written, and data follow at the next byte */
};

enum { ZMAGIC = 0413 };

static const struct magic magics[] = {
	{ 0407, false, true },       /* OMAGIC */
	{ 0410, false, false },      /* NMAGIC */
	{ ZMAGIC, true, false },
	{ 0314, true, false },       /* QMAGIC */
};

/* <sys/aout_mids.h>: machines that are 64-bit and little endian. */
static const struct { uint16_t mid, elf_machine; } mids[] = {
	{ 157, EM_X86_64 }, { 183, EM_AARCH64 },
	{ 138, 0x9026 /* Alpha */ }, { 159, 50 /* IA-64 */ }, { 185, 243 /* RISC-V */ },
};

static const struct magic *find(uint32_t midmag)
{
	for (uint32_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
		if (magics[i].number == (midmag & 0xffff))
			return &magics[i];
	}
	return 0;
}

/* In network order, or in the little endian one that only 32-bit machines have (Linux, 386BSD). */
static bool is_midmag(uint32_t word)
{
	return find(__builtin_bswap32(word)) || find(word);
}

bool aout_probe(struct span head)
{
	return head.bytes >= 4 && is_midmag(span_u32(head, A_MIDMAG));
}

static enum status take_machine(struct object *object, uint32_t word, const struct machine *machine,
                                struct fault *fault)
{
	uint32_t midmag = __builtin_bswap32(word);
	bool network = find(midmag);
	uint32_t mid = (network ? midmag : word) >> 16 & 0x3ff;

	for (uint32_t i = 0; network && i < sizeof mids / sizeof mids[0]; i++) {
		if (mids[i].mid == mid)
			object->elf_machine = mids[i].elf_machine;
	}
	if (object->elf_machine == 0) {
		(void)fault_value(fault, ST_WRONG_CLASS, "machine in a_midmag", mid);
		(void)fault_hint(fault, "64-bit a.out files have 157 (x86_64) or 183 (aarch64) there, in "
		                        "network byte order");
		return fault_at(fault, A_MIDMAG);
	}
	return aout_machine(object, machine, fault);
}

enum status aout_machine(const struct object *object, const struct machine *machine,
                         struct fault *fault)
{
	if (!machine || object->elf_machine == machine->elf_machine)
		return ST_OK;
	(void)fault_set(fault, ST_WRONG_MACHINE, "machine of the exec header", object->elf_machine,
	                machine->elf_machine);
	return fault_at(fault, 0);
}

static enum status check_segment(const struct object *object, const struct segment *segment,
                                 const char *field, uint64_t at, struct fault *fault)
{
	uint64_t limit = object->bytes.bytes;

	if (range_wraps(segment->va, segment->mem_bytes)) {
		(void)fault_set(fault, ST_OVERFLOW, field, segment->mem_bytes, UINT64_MAX - segment->va);
		return fault_at(fault, at);
	}
	if (segment->file_bytes == 0 || range_fits(segment->file_offset, segment->file_bytes, limit))
		return ST_OK;
	(void)fault_set(fault, ST_TRUNCATED, field, segment->file_bytes,
	                limit - min_u64(limit, segment->file_offset));
	return fault_at(fault, at);
}

static void append(struct object *object, const struct segment *segment)
{
	struct segment *to = &object->segments[object->segment_count];

	if (segment->mem_bytes == 0)
		return;
	*to = *segment;
	to->file_offset = min_u64(segment->file_offset, object->bytes.bytes);
	to->pa = segment->va;
	to->align = object->align;
	to->index = SMALT_NONE;
	object->segment_count++;
}

enum status aout_segments(struct object *object, const struct segment *text,
                          const struct segment *data, struct arena *arena, struct fault *fault)
{
	if (check_segment(object, text, "size of text", A_TEXT, fault) != ST_OK ||
	    check_segment(object, data, "size of data", A_DATA, fault) != ST_OK)
		return fault->status;
	if (text->mem_bytes == 0 && data->mem_bytes == 0)
		return fault_field(fault, ST_NOT_MAPPABLE, "size of text and data");
	object->segments = arena_take(arena, 2, sizeof *object->segments, "segments", fault);
	if (!object->segments)
		return fault->status;
	object->align = PAGE;
	append(object, text);
	append(object, data);
	return ST_OK;
}

/* An object file is for a linker. */
static enum status check_linked(struct span head, struct fault *fault)
{
	uint32_t at = span_u32(head, A_TRSIZE) != 0 ? A_TRSIZE : A_DRSIZE;

	if (span_u32(head, at) == 0)
		return ST_OK;
	(void)fault_value(fault, ST_BAD_RELOCATION, at == A_TRSIZE ? "a_trsize" : "a_drsize",
	                  span_u32(head, at));
	(void)fault_hint(fault, "it is not linked: a.out relocations are not applied");
	return fault_at(fault, at);
}

/* Numbers of 32 bits: no sum of them wraps. */
static enum status place_parts(struct object *object, const struct magic *magic, struct span head,
                               struct arena *arena, struct fault *fault)
{
	uint64_t text_bytes = span_u32(head, A_TEXT), data_bytes = span_u32(head, A_DATA);
	struct segment text = {
		.va = object->kind == OBJECT_MOVABLE ? 0 : PAGE, .file_offset = magic->paged ? 0 : EXEC_BYTES,
		.file_bytes = text_bytes, .mem_bytes = text_bytes, .prot = SMALT_R | SMALT_X,
	};
	uint64_t end = text.va + text_bytes, file_end = text.file_offset + text_bytes;
	struct segment data = {
		.va = align_up(end, PAGE), .file_offset = magic->paged ? align_up(file_end, PAGE) : file_end,
		.file_bytes = data_bytes, .mem_bytes = data_bytes + span_u32(head, A_BSS),
		.prot = SMALT_R | SMALT_W,
	};

	if (magic->impure) {
		text.file_bytes += data.file_bytes;
		text.mem_bytes += data.mem_bytes;
		text.prot |= SMALT_W;
		data.file_bytes = data.mem_bytes = 0;
	}
	return aout_segments(object, &text, &data, arena, fault);
}

enum status aout_read(struct object *object, struct span head, const struct machine *machine,
                      struct arena *arena, struct fault *fault)
{
	uint32_t word = span_u32(head, A_MIDMAG);
	const struct magic *magic = find(__builtin_bswap32(word));

	if (take_machine(object, word, machine, fault) != ST_OK)
		return fault->status;
	if (head.bytes < EXEC_BYTES)
		return fault_set(fault, ST_TRUNCATED, "exec header", EXEC_BYTES, head.bytes);
	if (check_linked(head, fault) != ST_OK)
		return fault->status;
	object->format = SMALT_FORMAT_AOUT;
	object->header_bytes = EXEC_BYTES;
	object->entry = span_u32(head, A_ENTRY);
	object->kind = magic->number == ZMAGIC && object->entry < PAGE ? OBJECT_MOVABLE : OBJECT_FIXED;
	return place_parts(object, magic, head, arena, fault);
}
