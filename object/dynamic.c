/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dynamic.c: the tags of PT_DYNAMIC that say where relocations and init arrays
 * are (gABI, "Dynamic Section"; RELR: gABI draft of 2022).
 *
 * Every table lies in file bytes of one segment and has whole entries. A table
 * of a kind that is not understood is refused: nobody would apply it.
 */
#include "align.h"
#include "parts.h"

#define TAG(tag) (UINT64_C(1) << (tag))

/* Tags that mean one number each: a second one would contradict the first. */
#define TAGS_USED ( \
	TAG(DT_RELA) | TAG(DT_RELASZ) | TAG(DT_RELAENT) | TAG(DT_REL) | TAG(DT_RELSZ) | \
	TAG(DT_RELENT) | TAG(DT_RELR) | TAG(DT_RELRSZ) | TAG(DT_RELRENT) | TAG(DT_JMPREL) | \
	TAG(DT_PLTRELSZ) | TAG(DT_PLTREL) | TAG(DT_INIT_ARRAY) | TAG(DT_INIT_ARRAYSZ) | \
	TAG(DT_FINI_ARRAY) | TAG(DT_FINI_ARRAYSZ) | TAG(DT_TEXTREL) | TAG(DT_FLAGS) | \
	TAG(DT_SYMTAB) | TAG(DT_SYMENT) | TAG(DT_STRTAB) | TAG(DT_STRSZ) | TAG(DT_HASH) | \
	TAG(DT_SONAME) | TAG(TAG_GNU_HASH))

/* DT_GNU_HASH is far away from the others, and takes the first number behind them. */
enum { TAG_GNU_HASH = DT_RELRENT + 1, TAG_LIMIT };

struct tags {
	uint64_t value[TAG_LIMIT];   /* 0 if not present */
	uint64_t present;            /* TAG() of what the section has */
	uint32_t needed_count;
};

struct refused { uint64_t tag; const char *name; };

static const struct refused refused[] = {
	{ DT_CREL, "DT_CREL" },
	{ DT_ANDROID_REL, "DT_ANDROID_REL" },
	{ DT_ANDROID_RELA, "DT_ANDROID_RELA" },
	{ DT_ANDROID_RELR, "DT_ANDROID_RELR" },
	{ DT_AARCH64_AUTH_RELR, "DT_AARCH64_AUTH_RELR" },
};

static const char *refused_name(uint64_t tag)
{
	for (uint32_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		if (refused[i].tag == tag)
			return refused[i].name;
	}
	return 0;
}

static enum status take_tag(struct tags *tags, uint64_t tag, uint64_t value, struct fault *fault)
{
	const char *name = refused_name(tag);

	if (name) {
		(void)fault_value(fault, ST_BAD_RELOCATION, "d_tag", tag);
		return fault_word(fault, span_of(name));
	}
	if (tag >= TAG_GNU_HASH && tag != DT_GNU_HASH)
		return ST_OK;
	if (tag == DT_GNU_HASH)
		tag = TAG_GNU_HASH;
	if (TAG(tag) & TAGS_USED & tags->present)
		return fault_value(fault, ST_BAD_HEADER, "d_tag, the second of its kind",
		                   tag == TAG_GNU_HASH ? DT_GNU_HASH : tag);
	tags->value[tag] = value;
	tags->present |= TAG(tag);
	tags->needed_count += tag == DT_NEEDED;
	return ST_OK;
}

/* Up to DT_NULL; a section without one ends with its last whole entry. */
static enum status collect(const struct object *object, struct span table, uint64_t file_offset,
                           struct tags *tags, struct fault *fault)
{
	struct span entry;

	for (uint64_t at = 0; span_sub(table, at, sizeof(struct elf64_dyn), &entry); at += entry.bytes) {
		uint64_t tag = span_u64(entry, offsetof(struct elf64_dyn, d_tag));
		uint64_t value = span_u64(entry, offsetof(struct elf64_dyn, d_val));

		if (tag == DT_NULL)
			break;
		if (take_tag(tags, tag, value, fault) == ST_OK)
			continue;
		if (!object_goes_on(object, fault_at(fault, file_offset + at), fault))
			return fault->status;
	}
	return ST_OK;
}

/* An array that two tags describe, with the size of an entry that a third one repeats. */
struct table {
	const char *name, *bytes_name, *entry_name;
	uint8_t va_tag, bytes_tag, entry_tag;    /* entry_tag DT_NULL: there is none */
	uint64_t entry_bytes;
	enum status status;
};

static const struct table rela_table = { "DT_RELA", "DT_RELASZ", "DT_RELAENT", DT_RELA, DT_RELASZ,
	DT_RELAENT, sizeof(struct elf64_rela), ST_BAD_RELOCATION };
static const struct table rel_table = { "DT_REL", "DT_RELSZ", "DT_RELENT", DT_REL, DT_RELSZ,
	DT_RELENT, sizeof(struct elf64_rel), ST_BAD_RELOCATION };
static const struct table relr_table = { "DT_RELR", "DT_RELRSZ", "DT_RELRENT", DT_RELR, DT_RELRSZ,
	DT_RELRENT, sizeof(uint64_t), ST_BAD_RELOCATION };
static const struct table plt_rela_table = { "DT_JMPREL", "DT_PLTRELSZ", "", DT_JMPREL, DT_PLTRELSZ,
	DT_NULL, sizeof(struct elf64_rela), ST_BAD_RELOCATION };
static const struct table plt_rel_table = { "DT_JMPREL", "DT_PLTRELSZ", "", DT_JMPREL, DT_PLTRELSZ,
	DT_NULL, sizeof(struct elf64_rel), ST_BAD_RELOCATION };
static const struct table init_table = { "DT_INIT_ARRAY", "DT_INIT_ARRAYSZ", "", DT_INIT_ARRAY,
	DT_INIT_ARRAYSZ, DT_NULL, sizeof(uint64_t), ST_BAD_HEADER };
static const struct table fini_table = { "DT_FINI_ARRAY", "DT_FINI_ARRAYSZ", "", DT_FINI_ARRAY,
	DT_FINI_ARRAYSZ, DT_NULL, sizeof(uint64_t), ST_BAD_HEADER };

static bool has(const struct tags *tags, uint8_t tag)
{
	return (tags->present & TAG(tag)) != 0;
}

/* Where the table stands in the file; *found_bytes is 0 if the object has no such table. */
static enum status find_table(const struct object *object, const struct tags *tags,
                              const struct table *table, uint64_t *file_offset,
                              uint64_t *found_bytes, struct fault *fault)
{
	uint64_t va = tags->value[table->va_tag], bytes = tags->value[table->bytes_tag];

	*found_bytes = 0;
	if (has(tags, table->va_tag) != has(tags, table->bytes_tag))
		return fault_field(fault, table->status,
		                   has(tags, table->va_tag) ? table->bytes_name : table->name);
	if (bytes == 0)
		return ST_OK;
	if (table->entry_tag != DT_NULL && has(tags, table->entry_tag) &&
	    tags->value[table->entry_tag] != table->entry_bytes)
		return fault_set(fault, table->status, table->entry_name,
		                 tags->value[table->entry_tag], table->entry_bytes);
	if (bytes % table->entry_bytes != 0)
		return fault_value(fault, table->status, table->bytes_name, bytes);
	if (object_file_at(object, va, bytes, file_offset))
		*found_bytes = bytes;
	else if (!object->partial)
		return fault_value(fault, table->status, table->name, va);
	return ST_OK;
}

/* *part stays empty if the object has no such table. */
static enum status take_table(const struct object *object, const struct tags *tags,
                              const struct table *table, struct span *part, uint64_t *file_offset,
                              struct fault *fault)
{
	uint64_t bytes;

	if (find_table(object, tags, table, file_offset, &bytes, fault) != ST_OK)
		return fault->status;
	return bytes == 0 ? ST_OK : content_get(object->content, *file_offset, bytes, part, fault);
}

static enum status take_plt(struct object *object, const struct tags *tags, struct fault *fault)
{
	uint64_t kind = tags->value[DT_PLTREL];

	if (tags->value[DT_PLTRELSZ] != 0 && kind != DT_RELA && kind != DT_REL)
		return fault_value(fault, ST_BAD_RELOCATION, "DT_PLTREL", kind);
	object->jmprel_is_rela = kind == DT_RELA;
	return take_table(object, tags, kind == DT_RELA ? &plt_rela_table : &plt_rel_table,
	                  &object->jmprel, &object->table_offset.jmprel, fault);
}

static enum status take_array(const struct object *object, const struct tags *tags,
                              const struct table *table, struct area *area, struct fault *fault)
{
	uint64_t file_offset, bytes;

	if (find_table(object, tags, table, &file_offset, &bytes, fault) != ST_OK)
		return fault->status;
	if (bytes > 0)
		*area = (struct area){ tags->value[table->va_tag], bytes };
	return ST_OK;
}

static struct dynamic describe_symbols(const struct tags *tags, struct span table,
                                       uint64_t file_offset)
{
	return (struct dynamic){
		.table = table, .file_offset = file_offset,
		.symbols = tags->value[DT_SYMTAB], .symbol_bytes = tags->value[DT_SYMENT],
		.names = tags->value[DT_STRTAB], .name_bytes = tags->value[DT_STRSZ],
		.hash = tags->value[DT_HASH], .gnu_hash = tags->value[TAG_GNU_HASH],
		.soname = tags->value[DT_SONAME],
		.symbolic = has(tags, DT_SYMBOLIC) || (tags->value[DT_FLAGS] & DF_SYMBOLIC),
		.needed_count = tags->needed_count,
	};
}

static enum status take_rela(struct object *object, const struct tags *tags, struct fault *fault)
{
	return take_table(object, tags, &rela_table, &object->rela, &object->table_offset.rela, fault);
}

static enum status take_rel(struct object *object, const struct tags *tags, struct fault *fault)
{
	return take_table(object, tags, &rel_table, &object->rel, &object->table_offset.rel, fault);
}

static enum status take_relr(struct object *object, const struct tags *tags, struct fault *fault)
{
	return take_table(object, tags, &relr_table, &object->relr, &object->table_offset.relr, fault);
}

static enum status take_init(struct object *object, const struct tags *tags, struct fault *fault)
{
	return take_array(object, tags, &init_table, &object->init_array, fault);
}

static enum status take_fini(struct object *object, const struct tags *tags, struct fault *fault)
{
	return take_array(object, tags, &fini_table, &object->fini_array, fault);
}

static enum status (*const parts[])(struct object *, const struct tags *, struct fault *) = {
	take_rela, take_rel, take_relr, take_plt, take_init, take_fini,
};

enum status dynamic_read(struct object *object, struct span table, uint64_t file_offset,
                         struct fault *fault)
{
	struct tags tags = { .present = 0 };

	if (collect(object, table, file_offset, &tags, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (!object_goes_on(object, parts[i](object, &tags, fault), fault))
			return fault->status;
	}
	object->symbols = describe_symbols(&tags, table, file_offset);
	object->text_relocations = has(&tags, DT_TEXTREL) || (tags.value[DT_FLAGS] & DF_TEXTREL);
	return ST_OK;
}
