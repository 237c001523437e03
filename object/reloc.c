/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reloc.c: walks REL, RELA and RELR as one list of words to relocate.
 *
 * RELR (gABI draft of 2022): an even entry is the address of a word; an odd one
 * is a bitmap of the 63 words behind what came last. One reader serves checking
 * and applying, so what was checked is what is applied.
 */
#include "reloc.h"

#include "elf64.h"
#include "fmt.h"

enum { WORD = 8, BITMAP_WORDS = 63 };

/* A record as it stands in the file. */
struct record {
	const char *field;       /* of its target */
	uint64_t file_offset;
	uint32_t type;
	struct reloc reloc;
};

struct reloc_cursor reloc_begin(const struct object *object, const struct machine *machine)
{
	return (struct reloc_cursor){ .object = object, .machine = machine };
}

/* One entry of a table of REL or RELA, which stands at file_offset. */
static struct record entry_at(struct span table, uint64_t file_offset, uint64_t at, bool has_addend)
{
	uint64_t info = span_u64(table, at + offsetof(struct elf64_rela, r_info));

	return (struct record){
		.field = "r_offset",
		.file_offset = file_offset + at,
		.type = (uint32_t)info,
		.reloc = {
			.va = span_u64(table, at + offsetof(struct elf64_rela, r_offset)),
			.addend = has_addend ? span_u64(table, at + offsetof(struct elf64_rela, r_addend)) : 0,
			.implicit = !has_addend,
		},
	};
}

static struct record relr_record(const struct reloc_cursor *cursor, uint64_t va)
{
	const struct object *object = cursor->object;

	return (struct record){
		.field = "DT_RELR",
		.file_offset = object->table_offset.relr + cursor->relr_offset - WORD,
		.type = cursor->machine->rel_relative,
		.reloc = { .va = va, .implicit = true },
	};
}

/* Addresses may wrap here: a target that is not the object's is refused by who checks it. */
static bool next_relr(struct reloc_cursor *cursor, struct record *record)
{
	while (cursor->bitmap == 0) {
		uint64_t entry;

		if (cursor->relr_offset >= cursor->object->relr.bytes)
			return false;
		entry = span_u64(cursor->object->relr, cursor->relr_offset);
		cursor->relr_offset += WORD;
		if ((entry & 1) == 0) {
			cursor->relr_va = entry + WORD;
			*record = relr_record(cursor, entry);
			return true;
		}
		cursor->bitmap = entry >> 1;
		cursor->bitmap_va = cursor->relr_va;
		cursor->relr_va += BITMAP_WORDS * WORD;
	}
	*record = relr_record(cursor, cursor->bitmap_va + WORD * (uint64_t)__builtin_ctzll(cursor->bitmap));
	cursor->bitmap &= cursor->bitmap - 1;
	return true;
}

static bool next_record(struct reloc_cursor *cursor, struct record *record)
{
	const struct object *object = cursor->object;

	if (cursor->rela_offset < object->rela.bytes) {
		*record = entry_at(object->rela, object->table_offset.rela, cursor->rela_offset, true);
		cursor->rela_offset += sizeof(struct elf64_rela);
		return true;
	}
	if (cursor->rel_offset < object->rel.bytes) {
		*record = entry_at(object->rel, object->table_offset.rel, cursor->rel_offset, false);
		cursor->rel_offset += sizeof(struct elf64_rel);
		return true;
	}
	return next_relr(cursor, record);
}

bool reloc_next(struct reloc_cursor *cursor, struct reloc *reloc)
{
	struct record record;

	while (next_record(cursor, &record)) {
		if (record.type == cursor->machine->rel_none)
			continue;
		*reloc = record.reloc;
		return true;
	}
	return false;
}

static const char *type_name(const struct machine *machine, uint32_t type)
{
	for (const struct reloc_name *row = machine->rel_names; row->name; row++) {
		if (row->type == type)
			return row->name;
	}
	return 0;
}

static enum status refuse_type(const struct machine *machine, const struct record *record,
                               struct fault *fault)
{
	const char *name = type_name(machine, record->type);
	char number[sizeof "type 4294967295"];
	struct text text = { number, sizeof number, 0 };

	(void)fault_value(fault, ST_BAD_RELOCATION, record->field, record->reloc.va);
	if (!name)
		fmt(&text, "type %u", record->type);
	(void)fault_word(fault, span_of(name ? name : number));
	(void)fault_hint(fault, "only relative relocations are applied: link with -static-pie, without "
	                        "undefined symbols and ifuncs");
	return fault_at(fault, record->file_offset);
}

/* R2: a whole word of file bytes in one segment that may be written; NULL, or what it is not. */
static const char *target_problem(const struct segment *segment, uint64_t va)
{
	if (!segment)
		return "no segment has this address";
	if (va - segment->va >= segment->file_bytes)
		return "the word lies in zero fill, where the file has no bytes";
	if (segment->file_bytes - (va - segment->va) < WORD)
		return "the word reaches across the end of the segment's file bytes";
	if (!(segment->prot & SMALT_W))
		return "the segment is not writable: link with -z text";
	return 0;
}

static enum status check_target(const struct object *object, const struct record *record,
                                struct fault *fault)
{
	const struct segment *segment = object_segment_at(object, record->reloc.va);
	const char *problem = target_problem(segment, record->reloc.va);

	if (!problem)
		return ST_OK;
	if (segment) {
		(void)fault_set(fault, ST_BAD_RELOCATION, record->field, record->reloc.va,
		                segment->va + segment->file_bytes);
		(void)fault_segment(fault, segment->index);
	} else {
		(void)fault_value(fault, ST_BAD_RELOCATION, record->field, record->reloc.va);
	}
	(void)fault_hint(fault, problem);
	return fault_at(fault, record->file_offset);
}

static enum status check_record(const struct reloc_cursor *cursor, const struct record *record,
                                struct fault *fault)
{
	if (record->type == cursor->machine->rel_none)
		return ST_OK;
	if (record->type != cursor->machine->rel_relative)
		return refuse_type(cursor->machine, record, fault);
	return check_target(cursor->object, record, fault);
}

/* Relocations of a PLT need symbols: all that a relative object may have there is nothing. */
static enum status check_plt(const struct object *object, const struct machine *machine,
                             struct fault *fault)
{
	uint64_t entry_bytes = object->jmprel_is_rela ? sizeof(struct elf64_rela) : sizeof(struct elf64_rel);

	for (uint64_t at = 0; at < object->jmprel.bytes; at += entry_bytes) {
		struct record record = entry_at(object->jmprel, object->table_offset.jmprel, at,
		                                object->jmprel_is_rela);

		if (record.type != machine->rel_none)
			return refuse_type(machine, &record, fault);
	}
	return ST_OK;
}

/* A bitmap says which words behind an address; the first entry must be one. */
static enum status check_first_relr(const struct object *object, struct fault *fault)
{
	if ((span_u64(object->relr, 0) & 1) == 0)    /* also if there is none */
		return ST_OK;
	(void)fault_value(fault, ST_BAD_RELOCATION, "DT_RELR", span_u64(object->relr, 0));
	(void)fault_hint(fault, "it begins with a bitmap instead of an address");
	return fault_at(fault, object->table_offset.relr);
}

static enum status check_all(const struct object *object, const struct machine *machine,
                             struct fault *fault)
{
	struct reloc_cursor cursor = reloc_begin(object, machine);
	struct record record;

	while (next_record(&cursor, &record)) {
		if (check_record(&cursor, &record, fault) != ST_OK)
			return fault->status;
	}
	return ST_OK;
}

enum status reloc_check(const struct object *object, const struct machine *machine,
                        struct fault *fault)
{
	if (check_first_relr(object, fault) != ST_OK ||
	    check_plt(object, machine, fault) != ST_OK ||
	    check_all(object, machine, fault) != ST_OK)
		return fault_in(fault, object->name);
	return ST_OK;
}
