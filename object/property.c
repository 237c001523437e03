/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * property.c: the note NT_GNU_PROPERTY_TYPE_0: what the code needs of the CPU,
 * and what it can do with it.
 *
 *     pr_type pr_datasz | data | pad to 8
 *
 * Linux gABI extensions, "Program Property"; numbers: psABI x86-64, "Program
 * Property", and AAELF64, "Program Property". Numbers of processors overlap, so
 * e_machine chooses.
 */
#include "align.h"
#include "parts.h"

enum { PAD = 8, PAUTH_BYTES = 16 };

static void take_x86_isa(struct object *object, struct span data)
{
	object->x86_isa_needed |= span_u32(data, 0);
}

static void take_features(struct object *object, struct span data)
{
	object->feature_1_and = span_u32(data, 0);
}

static void take_pauth(struct object *object, struct span data)
{
	object->has_pauth = true;
	object->pauth_platform = span_u64(data, 0);
	object->pauth_version = span_u64(data, 8);
}

struct property {
	uint16_t elf_machine;
	uint32_t type;
	uint32_t data_bytes;
	void (*take)(struct object *object, struct span data);
};

static const struct property properties[] = {
	{ EM_X86_64, GNU_PROPERTY_X86_FEATURE_1_AND, 4, take_features },
	{ EM_X86_64, GNU_PROPERTY_X86_ISA_1_NEEDED, 4, take_x86_isa },
	{ EM_AARCH64, GNU_PROPERTY_AARCH64_FEATURE_1_AND, 4, take_features },
	{ EM_AARCH64, GNU_PROPERTY_AARCH64_FEATURE_PAUTH, PAUTH_BYTES, take_pauth },
};

/* Properties that Smalt does not know refuse nothing: they are for the kernel. */
static const struct property *find(const struct object *object, uint32_t type)
{
	for (uint32_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
		if (properties[i].elf_machine == object->elf_machine && properties[i].type == type)
			return &properties[i];
	}
	return 0;
}

static enum status bad_bytes(struct fault *fault, uint64_t value, uint64_t limit,
                             uint64_t file_offset)
{
	(void)fault_set(fault, ST_BAD_HEADER, "pr_datasz", value, limit);
	return fault_at(fault, file_offset + offsetof(struct elf64_property, pr_datasz));
}

enum status property_read(struct object *object, const struct note *note, struct fault *fault)
{
	struct span desc = note->desc;
	uint64_t data_at;

	for (uint64_t at = 0; range_fits(at, sizeof(struct elf64_property), desc.bytes);) {
		const struct property *known = find(object, span_u32(desc, at));
		uint64_t bytes = span_u32(desc, at + offsetof(struct elf64_property, pr_datasz));
		struct span data;

		data_at = at + sizeof(struct elf64_property);
		if (!span_sub(desc, data_at, bytes, &data))
			return bad_bytes(fault, bytes, desc.bytes - data_at, note->file_offset + at);
		if (known && bytes != known->data_bytes)
			return bad_bytes(fault, bytes, known->data_bytes, note->file_offset + at);
		if (known)
			known->take(object, data);
		at = align_up(data_at + bytes, PAD);
	}
	return ST_OK;
}
