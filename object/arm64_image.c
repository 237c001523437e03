/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arm64_image.c: the header of an arm64 Image (Linux, Documentation/arm64/
 * booting.rst, "Call the kernel image").
 *
 * An Image is one piece that lies text_offset above a 2 MiB boundary and owns
 * image_size bytes from there. Its rights are its own business: it is entered
 * without page tables.
 */
#include "align.h"
#include "parts.h"

#define IMAGE_MAGIC           0x644d5241         /* "ARM\x64" */
#define IMAGE_MAGIC_OFFSET    56
#define IMAGE_HEADER_BYTES    64
#define IMAGE_TEXT_OFFSET     8
#define IMAGE_SIZE_OFFSET     16
#define IMAGE_OLD_TEXT_OFFSET 0x80000            /* before Linux 3.17, which wrote image_size 0 */
#define IMAGE_ALIGN           (UINT64_C(2) << 20)

_Static_assert(IMAGE_HEADER_BYTES >= IMAGE_MAGIC_OFFSET + 4, "the magic is in the header");

bool image_probe(struct span head)
{
	return head.bytes >= IMAGE_HEADER_BYTES &&
	       span_u32(head, IMAGE_MAGIC_OFFSET) == IMAGE_MAGIC;
}

static enum status check(uint64_t text_offset, uint64_t image_bytes, struct fault *fault)
{
	if (text_offset >= IMAGE_ALIGN || text_offset % 4096 != 0) {
		(void)fault_set(fault, ST_BAD_HEADER, "text_offset", text_offset, IMAGE_ALIGN - 1);
		return fault_at(fault, IMAGE_TEXT_OFFSET);
	}
	if (image_bytes > UINT64_MAX - 2 * IMAGE_ALIGN) {
		(void)fault_set(fault, ST_OVERFLOW, "image_size", image_bytes, UINT64_MAX - 2 * IMAGE_ALIGN);
		return fault_at(fault, IMAGE_SIZE_OFFSET);
	}
	return ST_OK;
}

enum status image_read(struct object *object, struct span head, const struct machine *machine,
                       struct arena *arena, struct fault *fault)
{
	uint64_t image_bytes = span_u64(head, IMAGE_SIZE_OFFSET);
	uint64_t text_offset = image_bytes == 0 ? IMAGE_OLD_TEXT_OFFSET :
	                       span_u64(head, IMAGE_TEXT_OFFSET);

	if (machine && machine->elf_machine != EM_AARCH64)
		return fault_set(fault, ST_WRONG_MACHINE, "arm64 Image", EM_AARCH64, machine->elf_machine);
	if (check(text_offset, image_bytes, fault) != ST_OK)
		return fault->status;
	object->segments = arena_take(arena, 1, sizeof *object->segments, "segments", fault);
	if (!object->segments)
		return fault->status;
	object->segments[0] = (struct segment){
		.va = text_offset, .pa = text_offset, .file_bytes = object->bytes.bytes,
		.mem_bytes = max_u64(image_bytes, object->bytes.bytes), .align = IMAGE_ALIGN,
		.prot = SMALT_R | SMALT_W | SMALT_X, .index = SMALT_NONE,
	};
	object->segment_count = 1;
	object->format = SMALT_FORMAT_IMAGE;
	object->kind = OBJECT_MOVABLE;
	object->elf_machine = EM_AARCH64;
	object->align = IMAGE_ALIGN;
	object->entry = text_offset;
	return ST_OK;
}
