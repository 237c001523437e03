/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reloc.c: walks REL, RELA, RELR and the PLT's table as one list of places to relocate.
 *
 * RELR (gABI draft of 2022): an even entry is the address of a word; an odd one
 * is a bitmap of the 63 words behind what came last. One reader serves checking
 * and applying, so what was checked is what is applied.
 */
#include "reloc.h"

#include "align.h"
#include "elf64.h"
#include "fmt.h"
#include "mem.h"

enum { WORD = 8, HALF = 4, BITMAP_WORDS = 63 };

struct reloc_cursor reloc_begin(const struct object *object, const struct machine *machine)
{
	return (struct reloc_cursor){ .object = object, .machine = machine };
}

/* Relative ones, which are by far the most, stand first. */
static const struct reloc_type *type_of(const struct machine *machine, uint32_t number)
{
	for (const struct reloc_type *type = machine->relocs; type->name; type++)
		if (type->number == number)
			return type;
	return 0;
}

/* One entry of a table of REL or RELA, which stands at file_offset. */
static struct reloc entry_at(const struct machine *machine, struct span table, uint64_t file_offset,
                             uint64_t at, bool has_addend)
{
	uint64_t info = span_u64(table, at + offsetof(struct elf64_rela, r_info));

	return (struct reloc){
		.va = span_u64(table, at + offsetof(struct elf64_rela, r_offset)),
		.addend = has_addend ? span_u64(table, at + offsetof(struct elf64_rela, r_addend)) : 0,
		.file_offset = file_offset + at,
		.type = type_of(machine, (uint32_t)info),
		.number = (uint32_t)info,
		.symbol = (uint32_t)(info >> 32),
		.implicit = !has_addend,
	};
}

static struct reloc relr_record(const struct reloc_cursor *cursor, uint64_t va)
{
	return (struct reloc){
		.va = va,
		.file_offset = cursor->object->table_offset.relr + cursor->relr_offset - WORD,
		.type = &cursor->machine->relocs[0],
		.number = cursor->machine->relocs[0].number,
		.implicit = true, .packed = true,
	};
}

/* Addresses may wrap here: a target that is not the object's is refused by who checks it. */
static bool next_relr(struct reloc_cursor *cursor, struct reloc *reloc)
{
	while (cursor->bitmap == 0) {
		uint64_t entry;

		if (cursor->relr_offset >= cursor->object->relr.bytes)
			return false;
		entry = span_u64(cursor->object->relr, cursor->relr_offset);
		cursor->relr_offset += WORD;
		if ((entry & 1) == 0) {
			cursor->relr_va = entry + WORD;
			*reloc = relr_record(cursor, entry);
			return true;
		}
		cursor->bitmap = entry >> 1;
		cursor->bitmap_va = cursor->relr_va;
		cursor->relr_va += BITMAP_WORDS * WORD;
	}
	*reloc = relr_record(cursor, cursor->bitmap_va + WORD * (uint64_t)__builtin_ctzll(cursor->bitmap));
	cursor->bitmap &= cursor->bitmap - 1;
	return true;
}

/* The entry of a table at *at, and *at behind it; false at its end. */
static bool next_entry(const struct reloc_cursor *cursor, struct span table, uint64_t file_offset,
                       bool has_addend, uint64_t *at, struct reloc *reloc)
{
	if (*at >= table.bytes)
		return false;
	*reloc = entry_at(cursor->machine, table, file_offset, *at, has_addend);
	*at += has_addend ? sizeof(struct elf64_rela) : sizeof(struct elf64_rel);
	return true;
}

static bool next_record(struct reloc_cursor *cursor, struct reloc *reloc)
{
	const struct object *o = cursor->object;

	return next_entry(cursor, o->rela, o->table_offset.rela, true, &cursor->rela_offset, reloc) ||
	       next_entry(cursor, o->rel, o->table_offset.rel, false, &cursor->rel_offset, reloc) ||
	       next_relr(cursor, reloc) ||
	       next_entry(cursor, o->jmprel, o->table_offset.jmprel, o->jmprel_is_rela,
	                  &cursor->jmprel_offset, reloc);
}

bool reloc_next(struct reloc_cursor *cursor, struct reloc *reloc)
{
	while (next_record(cursor, reloc))
		if (reloc->type->kind != RELOC_NONE)
			return true;
	return false;
}

bool reloc_has_symbol(const struct reloc *reloc)
{
	return reloc->type->kind > RELOC_RELATIVE;
}

bool reloc_is_tls(const struct reloc *reloc)
{
	return reloc->type->kind >= RELOC_TLS_MODULE;
}

unsigned reloc_bytes(const struct reloc *reloc)
{
	return reloc->type->range == RELOC_WHOLE ? WORD : HALF;
}

uint64_t reloc_implicit(const struct reloc *reloc, const uint8_t *bytes)
{
	struct span span = { bytes, reloc_bytes(reloc) };

	if (reloc->type->range == RELOC_WHOLE)
		return span_u64(span, 0);
	if (reloc->type->range == RELOC_UNSIGNED)
		return span_u32(span, 0);
	return (uint64_t)(int64_t)(int32_t)span_u32(span, 0);
}

uint64_t reloc_value(const struct reloc *reloc, uint64_t addend, uint64_t bias,
                     const struct reloc_symbol *symbol)
{
	switch ((enum reloc_kind)reloc->type->kind) {
	case RELOC_RELATIVE:
		return bias + addend;
	case RELOC_ABSOLUTE:
	case RELOC_TLS_BLOCK:
		return symbol->address + addend;
	case RELOC_SLOT:
		return symbol->address + (reloc->implicit ? 0 : addend);
	case RELOC_PLACE:
		return symbol->address + addend - (reloc->va + bias);
	case RELOC_SIZE:
		return symbol->bytes + addend;
	case RELOC_TLS_MODULE:
		return symbol->tls_module;
	case RELOC_TLS_THREAD:
		return symbol->address + addend + symbol->tls_offset;
	case RELOC_REFUSED:
	case RELOC_NONE:
		break;
	}
	return 0;
}

bool reloc_fits(const struct reloc *reloc, uint64_t value, uint64_t *limit)
{
	uint8_t range = reloc->type->range;

	*limit = range == RELOC_WHOLE ? UINT64_MAX : range == RELOC_SIGNED ? INT32_MAX : UINT32_MAX;
	if (value <= *limit)
		return true;
	return (range == RELOC_SIGNED || range == RELOC_EITHER) && value >= (uint64_t)INT32_MIN;
}

static const char *field_of(const struct reloc *reloc)
{
	return reloc->packed ? "DT_RELR" : "r_offset";
}

/* Its type by name, or by its number. */
enum status reloc_fault(const struct reloc *reloc, const char *hint, struct fault *fault)
{
	char number[sizeof "type 4294967295"];
	struct text text = { number, sizeof number, 0 };

	(void)fault_value(fault, ST_BAD_RELOCATION, field_of(reloc), reloc->va);
	if (!reloc->type)
		fmt(&text, "type %u", reloc->number);
	(void)fault_word(fault, span_of(reloc->type ? reloc->type->name : number));
	(void)fault_hint(fault, hint);
	return fault_at(fault, reloc->file_offset);
}

/* R2: file bytes of one segment; NULL, or what it is not. */
static const char *target_problem(const struct segment *segment, uint64_t va, unsigned bytes,
                                  bool text_allowed)
{
	if (!segment)
		return "no segment has this address";
	if (va - segment->va >= segment->file_bytes)
		return "the word lies in zero fill, where the file has no bytes";
	if (segment->file_bytes - (va - segment->va) < bytes)
		return "the word reaches across the end of the segment's file bytes";
	if (!(segment->prot & SMALT_W) && !text_allowed)
		return "the segment is not writable: link with -z text, or allow it with textrel=allow";
	return 0;
}

static enum status check_target(struct object *object, const struct reloc *reloc,
                                bool text_allowed, struct fault *fault)
{
	const struct segment *segment = object_segment_at(object, reloc->va);
	const char *problem = target_problem(segment, reloc->va, reloc_bytes(reloc), text_allowed);

	if (!problem) {
		object->segments[segment - object->segments].patched |= !(segment->prot & SMALT_W);
		return ST_OK;
	}
	if (segment) {
		(void)fault_set(fault, ST_BAD_RELOCATION, field_of(reloc), reloc->va,
		                segment->va + segment->file_bytes);
		(void)fault_segment(fault, segment->index);
	} else {
		(void)fault_value(fault, ST_BAD_RELOCATION, field_of(reloc), reloc->va);
	}
	(void)fault_hint(fault, problem);
	return fault_at(fault, reloc->file_offset);
}

static void note_needs(const struct reloc *reloc, struct reloc_needs *needs)
{
	if (!reloc_has_symbol(reloc))
		return;
	needs->symbols = true;
	needs->symbol_last = reloc->symbol > needs->symbol_last ? reloc->symbol : needs->symbol_last;
	needs->narrow |= reloc->type->range != RELOC_WHOLE;
}

static enum status check_record(struct object *object, const struct reloc *reloc,
                                bool text_allowed, struct fault *fault)
{
	if (!reloc->type || reloc->type->kind == RELOC_REFUSED)
		return reloc_fault(reloc, "it is not applied: link without copy relocations, ifuncs "
		                          "and TLS descriptors (-ftls-model=initial-exec)", fault);
	if (reloc->type->kind == RELOC_NONE)
		return ST_OK;
	return check_target(object, reloc, text_allowed, fault);
}

static enum status check_all(struct object *object, const struct machine *machine,
                             bool text_allowed, struct reloc_needs *needs, struct fault *fault)
{
	struct reloc_cursor cursor = reloc_begin(object, machine);
	struct reloc reloc;

	while (next_record(&cursor, &reloc)) {
		enum status status = check_record(object, &reloc, text_allowed, fault);

		if (status == ST_OK)
			note_needs(&reloc, needs);
		else if (!object_goes_on(object, status, fault))
			return status;
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

enum status reloc_check(struct object *object, const struct machine *machine, bool text_allowed,
                        struct reloc_needs *needs, struct fault *fault)
{
	enum status status = check_first_relr(object, fault);

	*needs = (struct reloc_needs){ .symbols = false };
	if (object_goes_on(object, status, fault)) {
		if (status != ST_OK)
			object->relr.bytes = 0;      /* with a sink: no address, nothing that follows from it */
		status = check_all(object, machine, text_allowed, needs, fault);
	}
	return object_end(object, status, fault);
}
