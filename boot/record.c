/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c: one object's record (requirements M16): what the file says, moved by its bias.
 */
#include "record.h"

static void describe_headers(struct smalt_object *record, const struct object *object)
{
	record->phdr_count = object->phdr_count;
	record->phdr_entry_bytes = object->phdr_entry_bytes;
	record->section_offset = object->section_offset;
	record->section_count = object->section_count;
	record->section_entry_bytes = object->section_entry_bytes;
	record->stack_prot = object->stack_prot;
	record->format = object->format;
	record->flags = object->flags;
	record->file_bytes = object->bytes.bytes;
	record->features = object->feature_1_and;
	record->bytes_pa = object->bytes_pa == OBJECT_NOWHERE ? 0 : object->bytes_pa;
	record->build_id_bytes = object->build_id.bytes;
}

static void put_area(uint64_t *va, uint64_t *bytes, struct area area, uint64_t bias)
{
	*va = area.bytes ? area.va + bias : 0;
	*bytes = area.bytes;
}

static void describe_areas(struct smalt_object *record, const struct object *object, uint64_t bias)
{
	put_area(&record->tls_va, &record->tls_mem_bytes, object->tls, bias);
	record->tls_file_bytes = object->tls_file_bytes;
	record->tls_align = object->tls_align;
	put_area(&record->dynamic_va, &record->dynamic_bytes, object->dynamic, bias);
	put_area(&record->relro_va, &record->relro_bytes, object->relro, bias);
	put_area(&record->init_array_va, &record->init_array_bytes, object->init_array, bias);
	put_area(&record->fini_array_va, &record->fini_array_bytes, object->fini_array, bias);
}

static bool has_relocations(const struct object *object)
{
	return object->rela.bytes || object->rel.bytes || object->relr.bytes || object->jmprel.bytes;
}

struct smalt_object record_of(const struct object *object, const struct placement *placement,
                              uint32_t role, bool relocated)
{
	struct smalt_object record = {
		.role = role, .base = placement->base, .bias = placement->bias,
		.va_bits = placement->va_bits,
	};

	describe_headers(&record, object);
	describe_areas(&record, object, placement->bias);
	if (role == SMALT_ROLE_KERNEL || object->entry != 0)
		record.entry = object->entry + placement->bias;
	if (object->kind == OBJECT_MOVABLE)
		record.flags |= SMALT_OBJECT_POSITION_INDEPENDENT;
	if (relocated && (object->kind == OBJECT_MOVABLE || has_relocations(object)))
		record.flags |= SMALT_OBJECT_RELOCATED;
	return record;
}

void record_row(struct smalt_object *record, const struct object *object,
                const struct smalt_row *row)
{
	if (row->flags & SMALT_ROW_PADDING)
		return;
	if (record->image_end == 0)
		record->image_start = row->va;
	record->image_end = row->va + row->mem_bytes;
	if (record->phdr_va == 0 && (row->flags & SMALT_ROW_PHDR_TABLE) && (row->prot & SMALT_R))
		record->phdr_va = row->va + (object->phdr_offset - row->file_offset);
}
