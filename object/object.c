/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c: which format a file has, and what is the same for all of them.
 *
 * A new format is a row of readers[] and a file (M24). Sources: elf.c; arm64
 * Image: Linux, Documentation/arm64/booting.rst, "Call the kernel image".
 */
#include "object.h"

#include "align.h"
#include "parts.h"

#define IMAGE_MAGIC        0x644d5241    /* "ARM\x64" */
#define IMAGE_MAGIC_OFFSET 56
#define IMAGE_HEADER_BYTES 64
#define IMAGE_TEXT_OFFSET  8
#define IMAGE_SIZE_OFFSET  16
#define IMAGE_OLD_TEXT_OFFSET 0x80000
#define IMAGE_ALIGN        (2ull << 20)

struct reader {
	bool (*probe)(struct span bytes);
	enum status (*read)(struct object *object, const struct machine *machine,
	                    struct arena *arena, struct fault *fault);
};

bool object_is_elf(struct span bytes)
{
	return span_begins(bytes, ELF_MAGIC);
}

static bool is_image(struct span bytes)
{
	return bytes.bytes >= IMAGE_HEADER_BYTES &&
	       span_u32(bytes, IMAGE_MAGIC_OFFSET) == IMAGE_MAGIC;
}

/*
 * An Image is one piece that lies text_offset above a 2 MiB boundary and owns image_size
 * bytes; both have defaults where image_size is 0 (before Linux 3.17). Its rights are its
 * own business: it is entered without page tables.
 */
static enum status read_image(struct object *object, const struct machine *machine,
                              struct arena *arena, struct fault *fault)
{
	uint64_t text_offset = span_u64(object->bytes, IMAGE_TEXT_OFFSET);
	uint64_t image_bytes = span_u64(object->bytes, IMAGE_SIZE_OFFSET);
	struct segment *segment;

	if (machine && machine->elf_machine != EM_AARCH64)
		return fault_set(fault, ST_WRONG_MACHINE, "arm64 Image", EM_AARCH64, machine->elf_machine);
	if (image_bytes == 0)
		text_offset = IMAGE_OLD_TEXT_OFFSET;
	if (text_offset >= IMAGE_ALIGN || text_offset % 4096 != 0) {
		(void)fault_set(fault, ST_BAD_HEADER, "text_offset", text_offset, IMAGE_ALIGN - 1);
		return fault_at(fault, IMAGE_TEXT_OFFSET);
	}
	if (image_bytes > UINT64_MAX - 2 * IMAGE_ALIGN) {
		(void)fault_set(fault, ST_OVERFLOW, "image_size", image_bytes, UINT64_MAX - 2 * IMAGE_ALIGN);
		return fault_at(fault, IMAGE_SIZE_OFFSET);
	}
	segment = arena_take(arena, 1, sizeof *segment, "segments", fault);
	if (!segment)
		return fault->status;
	*segment = (struct segment){
		.va = text_offset, .pa = text_offset, .file_bytes = object->bytes.bytes,
		.mem_bytes = max_u64(image_bytes, object->bytes.bytes), .align = IMAGE_ALIGN,
		.prot = SMALT_R | SMALT_W | SMALT_X, .index = SMALT_NONE,
	};
	object->format = SMALT_FORMAT_IMAGE;
	object->kind = OBJECT_MOVABLE;
	object->elf_machine = EM_AARCH64;
	object->segments = segment;
	object->segment_count = 1;
	object->align = IMAGE_ALIGN;
	object->entry = text_offset;
	return ST_OK;
}

static bool is_anything(struct span bytes)
{
	(void)bytes;
	return true;
}

static enum status read_flat(struct object *object, const struct machine *machine,
                             struct arena *arena, struct fault *fault)
{
	(void)object, (void)machine, (void)arena, (void)fault;
	return ST_OK;
}

/* The first whose probe says yes; the last one always does. */
static const struct reader readers[] = {
	{ object_is_elf, elf_read },
	{ is_image, read_image },
	{ is_anything, read_flat },
};

void object_flat(struct object *object, struct span name, struct span bytes, uint64_t bytes_pa)
{
	*object = (struct object){
		.name = name, .bytes = bytes, .bytes_pa = bytes_pa,
		.format = SMALT_FORMAT_FLAT, .kind = OBJECT_FLAT, .align = 1,
	};
}

enum status object_read(struct object *object, struct span name, struct span bytes,
                        uint64_t bytes_pa, const struct machine *machine, struct arena *arena,
                        struct fault *fault)
{
	const struct reader *reader = readers;

	object_flat(object, name, bytes, bytes_pa);
	while (!reader->probe(bytes))
		reader++;
	if (reader->read(object, machine, arena, fault) != ST_OK)
		return fault_in(fault, name);
	return ST_OK;
}

const struct note *object_note(const struct object *object, const char *owner, uint32_t type)
{
	for (uint32_t i = 0; i < object->note_count; i++) {
		const struct note *note = &object->notes[i];

		if (note->type == type && span_is(note->owner, owner))
			return note;
	}
	return 0;
}
