/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.c: rights and flags of a segment become those of its row.
 *
 * Rights equal the file's exactly, except where the machine's tables cannot
 * express them alone: those are widened by read (requirements M4, M12, M18).
 */
#include "row.h"

static uint32_t rights(const struct space *space, const struct place_request *request,
                       const struct segment *segment)
{
	uint32_t prot = segment->prot;

	/* A row without rights is reserved, not mapped; a foreign protocol makes its own tables */
	if (prot == 0 || (request->flags & PLACE_PHYSICAL) ||
	    space->format->prot[prot] != FORMAT_REFUSED)
		return prot;
	return prot | SMALT_R;
}

static bool writes_code(uint32_t prot)
{
	return (prot & (SMALT_W | SMALT_X)) == (SMALT_W | SMALT_X);
}

enum status row_check(const struct space *space, const struct place_request *request,
                      const struct segment *segment, struct fault *fault)
{
	uint32_t prot = rights(space, request, segment);
	bool allowed = request->flags & (PLACE_ALLOW_WX | PLACE_PHYSICAL);
	bool mapped = prot != 0 && !(request->flags & PLACE_PHYSICAL);

	if ((prot & SMALT_X) && (request->flags & PLACE_NOEXEC)) {
		(void)fault_value(fault, ST_NOT_AUTHORIZED, "p_flags", segment->prot);
		return fault_segment(fault, segment->index);
	}
	if ((!writes_code(prot) || allowed) &&
	    !(mapped && space->format->prot[prot] == FORMAT_REFUSED))
		return ST_OK;
	(void)fault_value(fault, ST_WX, "p_flags", segment->prot);
	return fault_segment(fault, segment->index);
}

static bool holds(const struct segment *segment, uint64_t file_offset, uint64_t bytes)
{
	return bytes != 0 && file_offset >= segment->file_offset &&
	       file_offset - segment->file_offset <= segment->file_bytes &&
	       bytes <= segment->file_bytes - (file_offset - segment->file_offset);
}

/* Which headers are really in this row: the rest of the file is not searched for them (M4). */
static uint32_t header_flags(const struct place_request *request, const struct segment *segment)
{
	const struct object *object = request->object;
	uint64_t table_bytes = (uint64_t)object->phdr_count * object->phdr_entry_bytes;
	uint32_t flags = 0;

	if (!(request->flags & PLACE_INTERPRET))
		return 0;
	if (holds(segment, 0, object->header_bytes))
		flags |= object->format == SMALT_FORMAT_ELF64 ? SMALT_ROW_ELF_HEADER : SMALT_ROW_AOUT_HEADER;
	if (holds(segment, object->phdr_offset, table_bytes))
		flags |= SMALT_ROW_PHDR_TABLE;
	return flags;
}

/* Text that was made for it, where the CPU looks at it (M15). */
static bool is_guarded(const struct space *space, const struct place_request *request, uint32_t prot)
{
	return space->guards && space->format->guarded != 0 && (prot & SMALT_X) &&
	       (request->object->feature_1_and & SMALT_FEATURE_BTI) &&
	       !(request->flags & PLACE_PHYSICAL);
}

struct smalt_row row_of_segment(const struct space *space, const struct place_request *request,
                                const struct segment *segment, uint64_t va)
{
	struct smalt_row row = {
		.va = va, .mem_bytes = segment->mem_bytes, .file_bytes = segment->file_bytes,
		.file_offset = segment->file_offset, .data_offset = va & (space->granule - 1),
		.prot = rights(space, request, segment),
		.flags = header_flags(request, segment),
		.kind = SMALT_KIND_OBJECT, .object = request->object_index,
		.segment = segment->index, .instance = request->instance, .color = SMALT_NONE,
	};

	if (row.mem_bytes > row.file_bytes)
		row.flags |= SMALT_ROW_BSS;
	if (segment->relro)
		row.flags |= SMALT_ROW_RELRO;
	if (segment->patched)
		row.flags |= SMALT_ROW_TEXTREL;
	if (row.prot != segment->prot)
		row.flags |= SMALT_ROW_WIDENED;
	if (is_guarded(space, request, row.prot))
		row.flags |= SMALT_ROW_GUARDED;
	if (writes_code(row.prot))
		row.flags |= SMALT_ROW_WX;
	return row;
}

bool row_is_written(const struct smalt_row *row)
{
	return (row->prot & SMALT_W) || (row->flags & (SMALT_ROW_RELRO | SMALT_ROW_TEXTREL));
}

struct smalt_row row_of_padding(const struct place_request *request, uint64_t va, uint64_t bytes)
{
	return (struct smalt_row){
		.va = va, .mem_bytes = bytes, .flags = SMALT_ROW_PADDING,
		.kind = SMALT_KIND_OBJECT, .object = request->object_index,
		.segment = SMALT_NONE, .instance = request->instance, .color = SMALT_NONE,
	};
}

struct smalt_row row_of_own(const struct space *space, uint32_t kind, uint64_t va, uint64_t bytes,
                            uint32_t prot)
{
	return (struct smalt_row){
		.va = va, .mem_bytes = bytes, .data_offset = va & (space->granule - 1),
		.prot = prot, .kind = kind, .object = SMALT_NONE, .segment = SMALT_NONE,
		.color = SMALT_NONE,
	};
}
