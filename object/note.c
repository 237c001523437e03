/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * note.c: every note of every PT_NOTE, and those that Smalt understands.
 *
 *     n_namesz n_descsz n_type | owner NUL | pad | descriptor | pad
 *
 * gABI, "Note Section"; a header with p_align 8 pads to 8, every other one to 4,
 * as binutils and Linux read it. The headers together have no more bytes than
 * the file: overlapping ones would make the work quadratic.
 */
#include <smalt/request.h>

#include "align.h"
#include "parts.h"

struct cursor {
	const struct object *object;
	struct span part;        /* bytes of the header */
	uint64_t file_offset;    /* of part */
	uint64_t va;             /* of part */
	uint64_t at;             /* of the next note in part */
	uint64_t align;
};

static enum status begin(const struct object *object, uint32_t index, struct cursor *cursor,
                         struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);

	*cursor = (struct cursor){
		.object = object, .file_offset = p.p_offset, .va = p.p_vaddr, .align = p.p_align == 8 ? 8 : 4,
	};
	return elf_phdr_bytes(object, index, &cursor->part, fault);
}

/* What is too short for a note is padding. */
static bool more(const struct cursor *cursor)
{
	return cursor->part.bytes - cursor->at >= sizeof(struct elf64_nhdr);
}

static struct span without_nul(struct span owner)
{
	uint64_t count = 0;

	while (count < owner.bytes && owner.base[count] != '\0')
		count++;
	return (struct span){ owner.base, count };
}

static uint64_t file_offset(const struct cursor *cursor, const uint8_t *byte)
{
	return cursor->file_offset + (uint64_t)(byte - cursor->part.base);
}

/* The address that the header claims, if a segment really has these bytes there. */
static uint64_t mapped_va(const struct cursor *cursor, struct span desc)
{
	uint64_t va = cursor->va + (uint64_t)(desc.base - cursor->part.base), found;

	if (!object_file_at(cursor->object, va, desc.bytes, &found) ||
	    found != file_offset(cursor, desc.base))
		return 0;
	return va;
}

/* Both lengths are 32 bits wide: sums cannot wrap. Padding may be missing at the end. */
static enum status take(struct cursor *cursor, struct note *note, struct fault *fault)
{
	uint64_t start = cursor->at, part_bytes = cursor->part.bytes;
	uint64_t owner_at = start + sizeof(struct elf64_nhdr);
	uint64_t owner_bytes = span_u32(cursor->part, start + offsetof(struct elf64_nhdr, n_namesz));
	uint64_t desc_bytes = span_u32(cursor->part, start + offsetof(struct elf64_nhdr, n_descsz));
	uint64_t desc_at = min_u64(align_up(owner_at + owner_bytes, cursor->align), part_bytes);

	if (!span_sub(cursor->part, owner_at, owner_bytes, &note->owner)) {
		(void)fault_set(fault, ST_BAD_HEADER, "n_namesz", owner_bytes, part_bytes - owner_at);
		return fault_at(fault, cursor->file_offset + start);
	}
	if (!span_sub(cursor->part, desc_at, desc_bytes, &note->desc)) {
		(void)fault_set(fault, ST_BAD_HEADER, "n_descsz", desc_bytes, part_bytes - desc_at);
		return fault_at(fault, cursor->file_offset + start + offsetof(struct elf64_nhdr, n_descsz));
	}
	note->owner = without_nul(note->owner);
	note->type = span_u32(cursor->part, start + offsetof(struct elf64_nhdr, n_type));
	note->file_offset = file_offset(cursor, note->desc.base);
	note->va = mapped_va(cursor, note->desc);
	cursor->at = min_u64(align_up(desc_at + desc_bytes, cursor->align), part_bytes);
	return ST_OK;
}

/* All notes of one header; writes them only if notes is not NULL. */
static enum status walk(const struct object *object, uint32_t index, struct note *notes,
                        uint64_t *count, struct fault *fault)
{
	struct cursor cursor;
	struct note note;

	if (begin(object, index, &cursor, fault) != ST_OK)
		return fault->status;
	while (more(&cursor)) {
		if (take(&cursor, &note, fault) != ST_OK)
			return fault_segment(fault, index);
		if (notes)
			notes[*count] = note;
		++*count;
	}
	return ST_OK;
}

/* The second walk meets what the first one told. */
static bool goes_on(const struct object *object, const struct note *notes, enum status status,
                    struct fault *fault)
{
	return (notes && object->sink) || object_goes_on(object, status, fault);
}

static enum status walk_all(const struct object *object, struct note *notes, uint64_t *count,
                            struct fault *fault)
{
	uint64_t left = object->bytes.bytes;

	*count = 0;
	for (uint32_t i = 0; i < object->phdr_count; i++) {
		struct elf64_phdr p = elf_phdr(object, i);

		if (p.p_type != PT_NOTE)
			continue;
		if (!goes_on(object, notes, walk(object, i, notes, count, fault), fault))
			return fault->status;
		if (p.p_filesz > left) {
			(void)fault_set(fault, ST_BAD_HEADER, "p_filesz of all PT_NOTE", p.p_filesz, left);
			return elf_phdr_fault(object, i, offsetof(struct elf64_phdr, p_filesz), fault);
		}
		left -= p.p_filesz;
	}
	return ST_OK;
}

static enum status bad(struct fault *fault, enum status status, const char *field,
                       const struct note *note)
{
	(void)fault_value(fault, status, field, note->desc.bytes);
	return fault_at(fault, note->file_offset);
}

/* What it asks for is checked by who grants it; here it must exist once. */
static enum status read_request(struct object *object, const struct note *note,
                                struct fault *fault)
{
	if (note->desc.bytes == 0)
		return bad(fault, ST_BAD_NOTE, "n_descsz of the SMALT note", note);
	if (object->request.bytes != 0)
		return bad(fault, ST_BAD_NOTE, "a second SMALT note", note);
	object->request = note->desc;
	return ST_OK;
}

static enum status read_build_id(struct object *object, const struct note *note,
                                 struct fault *fault)
{
	(void)fault;
	if (object->build_id.bytes == 0)
		object->build_id = note->desc;
	return ST_OK;
}

/* Xen writes 4 bytes, Linux 8 (public/elfnote.h says "numeric: 4 or 8"). */
static enum status read_pvh(struct object *object, const struct note *note, struct fault *fault)
{
	if (note->desc.bytes != 4 && note->desc.bytes != 8)
		return bad(fault, ST_BAD_HEADER, "n_descsz of PHYS32_ENTRY", note);
	object->has_pvh = true;
	object->pvh_entry = note->desc.bytes == 4 ? span_u32(note->desc, 0) : span_u64(note->desc, 0);
	return ST_OK;
}

struct known {
	const char *owner;
	uint32_t type;
	enum status (*read)(struct object *object, const struct note *note, struct fault *fault);
};

static const struct known knowns[] = {
	{ SMALT_NOTE_OWNER, SMALT_NOTE_REQUEST, read_request },
	{ "GNU", NT_GNU_BUILD_ID, read_build_id },
	{ "GNU", NT_GNU_PROPERTY_TYPE_0, property_read },
	{ "Xen", XEN_ELFNOTE_PHYS32_ENTRY, read_pvh },
};

static enum status understand(struct object *object, const struct note *note, struct fault *fault)
{
	for (uint32_t i = 0; i < sizeof knowns / sizeof knowns[0]; i++) {
		if (note->type == knowns[i].type && span_is(note->owner, knowns[i].owner))
			return knowns[i].read(object, note, fault);
	}
	return ST_OK;
}

/* The same bytes that a PT_NOTE has, as linkers write it; alone it still counts. */
static enum status read_property_header(struct object *object, uint32_t index,
                                        struct fault *fault)
{
	struct cursor cursor;
	struct note note;

	if (begin(object, index, &cursor, fault) != ST_OK)
		return fault->status;
	while (more(&cursor)) {
		if (take(&cursor, &note, fault) != ST_OK)
			return fault_segment(fault, index);
		if (note.type == NT_GNU_PROPERTY_TYPE_0 && span_is(note.owner, "GNU") &&
		    property_read(object, &note, fault) != ST_OK)
			return fault_segment(fault, index);
	}
	return ST_OK;
}

/* Did a sink hear of these bytes, because they are a PT_NOTE as well? */
static bool is_told(const struct object *object, uint32_t index)
{
	struct elf64_phdr p = elf_phdr(object, index);

	for (uint32_t i = 0; object->sink && i < object->phdr_count; i++) {
		struct elf64_phdr note = elf_phdr(object, i);

		if (note.p_type == PT_NOTE && note.p_offset == p.p_offset && note.p_filesz == p.p_filesz)
			return true;
	}
	return false;
}

/* Twice the same walk: the first one says how much memory the second one needs. */
static enum status list(struct object *object, struct arena *arena, struct fault *fault)
{
	uint64_t count;

	if (!object_goes_on(object, walk_all(object, 0, &count, fault), fault))
		return fault->status;
	if (count == 0)
		return ST_OK;
	object->notes = arena_take(arena, count, sizeof *object->notes, "notes", fault);
	if (!object->notes)
		return fault->status;
	object->note_count = (uint32_t)count;    /* 2^32 notes are in no arena */
	return goes_on(object, object->notes, walk_all(object, object->notes, &count, fault), fault)
		? ST_OK : fault->status;
}

enum status note_read(struct object *object, struct arena *arena, struct fault *fault)
{
	if (list(object, arena, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < object->note_count; i++) {
		if (!object_goes_on(object, understand(object, &object->notes[i], fault), fault))
			return fault->status;
	}
	for (uint32_t i = 0; i < object->phdr_count; i++) {
		if (elf_phdr(object, i).p_type == PT_GNU_PROPERTY)     /* the only one */
			return is_told(object, i) ? ST_OK : read_property_header(object, i, fault);
	}
	return ST_OK;
}
