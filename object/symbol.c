/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbol.c: DT_SYMTAB, DT_STRTAB and the two hash tables (gABI, "Symbol Table" and
 * "Hash Table"; DT_GNU_HASH as GNU ld and lld write it).
 *
 *     DT_HASH      | buckets' count | symbols' count | buckets ... | chain, one a symbol ... |
 *     DT_GNU_HASH  | buckets' count | first hashed | bloom words | shift |
 *                  | bloom, 64 bits each ... | buckets ... | hashes of the symbols from first on ... |
 *
 * No table but DT_HASH says how many symbols there are: each is looked for in the file bytes of
 * the segment. Chains end because every step of DT_HASH is counted, and every step of
 * DT_GNU_HASH goes forward in the file.
 */
#include "symbol.h"

#include "align.h"
#include "elf64.h"
#include "mem.h"

enum { SYSV_HEAD = 8, GNU_HEAD = 16, WORD = 4, BLOOM_WORD = 8, BLOOM_BITS = 64 };

struct symbol_name symbol_name(struct span text)
{
	struct symbol_name name = { .text = text, .gnu = 5381 };

	for (uint64_t i = 0; i < text.bytes; i++) {
		uint32_t top;

		name.gnu = name.gnu * 33 + text.base[i];
		name.sysv = (name.sysv << 4) + text.base[i];
		top = name.sysv & 0xf0000000;
		name.sysv = (name.sysv ^ top >> 24) & ~top;
	}
	return name;
}

static enum status part_fault(const struct symbol_part *part, uint64_t value, struct fault *fault)
{
	(void)fault_set(fault, ST_BAD_HEADER, part->name, value, part->bytes);
	return fault_at(fault, part->file_offset);
}

static enum status hash_fault(const struct symbols *symbols, uint64_t value, const char *hint,
                              struct fault *fault)
{
	(void)fault_value(fault, ST_BAD_HEADER, symbols->hash.name, value);
	(void)fault_hint(fault, hint);
	return fault_at(fault, symbols->hash.file_offset);
}

static enum status get(const struct symbols *symbols, const struct symbol_part *part, uint64_t at,
                       uint64_t bytes, struct span *got, struct fault *fault)
{
	if (!range_fits(at, bytes, part->bytes))
		return part_fault(part, at + bytes, fault);
	return content_get(symbols->object->content, part->file_offset + at, bytes, got, fault);
}

static enum status get_word(const struct symbols *symbols, uint64_t at, uint32_t *word,
                            struct fault *fault)
{
	struct span got;
	enum status status = get(symbols, &symbols->hash, at, WORD, &got, fault);

	if (status == ST_OK)
		*word = span_u32(got, 0);
	return status;
}

/* An absent table has no bytes. */
static enum status find_part(const struct object *object, const char *name, uint64_t va,
                             struct symbol_part *part, struct fault *fault)
{
	part->name = name;
	if (va == 0)
		return ST_OK;
	part->bytes = object_file_from(object, va, &part->file_offset);
	return part->bytes ? ST_OK : fault_value(fault, ST_BAD_HEADER, name, va);
}

static enum status open_names(struct symbols *symbols, struct fault *fault)
{
	const struct dynamic *dynamic = &symbols->object->symbols;
	struct symbol_part part = { .bytes = 0 };

	if (dynamic->name_bytes == 0)
		return ST_OK;
	if (find_part(symbols->object, "DT_STRTAB", dynamic->names, &part, fault) != ST_OK ||
	    get(symbols, &part, 0, dynamic->name_bytes, &symbols->names, fault) != ST_OK)
		return fault->status;
	if (symbols->names.base[symbols->names.bytes - 1] == 0)
		return ST_OK;
	(void)fault_value(fault, ST_BAD_HEADER, "DT_STRSZ", dynamic->name_bytes);
	return fault_hint(fault, "the string table does not end with a NUL");
}

/* All of its words are in the file: so the count that ends a walk is no larger than the file. */
static enum status open_sysv(struct symbols *symbols, struct fault *fault)
{
	uint64_t bytes;

	if (get_word(symbols, 0, &symbols->bucket_count, fault) != ST_OK ||
	    get_word(symbols, WORD, &symbols->chain_count, fault) != ST_OK)
		return fault->status;
	bytes = SYSV_HEAD + WORD * ((uint64_t)symbols->bucket_count + symbols->chain_count);
	return bytes <= symbols->hash.bytes ? ST_OK : part_fault(&symbols->hash, bytes, fault);
}

static enum status open_gnu(struct symbols *symbols, struct fault *fault)
{
	struct span head;

	if (get(symbols, &symbols->hash, 0, GNU_HEAD, &head, fault) != ST_OK)
		return fault->status;
	symbols->is_gnu = true;
	symbols->bucket_count = span_u32(head, 0);
	symbols->first_hashed = span_u32(head, 4);
	symbols->bloom_words = span_u32(head, 8);
	symbols->bloom_shift = span_u32(head, 12);
	if (!is_power_of_two(symbols->bloom_words))
		return hash_fault(symbols, symbols->bloom_words, "its filter has no power of two words", fault);
	if (symbols->bloom_shift >= 32)
		return hash_fault(symbols, symbols->bloom_shift, "its filter shifts too far", fault);
	return ST_OK;
}

/* DT_GNU_HASH is the faster one. */
static enum status open_hash(struct symbols *symbols, struct fault *fault)
{
	const struct dynamic *dynamic = &symbols->object->symbols;
	bool gnu = dynamic->gnu_hash != 0;

	if (!gnu && dynamic->hash == 0)
		return ST_OK;
	if (find_part(symbols->object, gnu ? "DT_GNU_HASH" : "DT_HASH",
	              gnu ? dynamic->gnu_hash : dynamic->hash, &symbols->hash, fault) != ST_OK)
		return fault->status;
	return gnu ? open_gnu(symbols, fault) : open_sysv(symbols, fault);
}

static enum status check_entry(const struct dynamic *dynamic, struct fault *fault)
{
	if (dynamic->symbol_bytes == 0 || dynamic->symbol_bytes == sizeof(struct elf64_sym))
		return ST_OK;
	return fault_set(fault, ST_BAD_HEADER, "DT_SYMENT", dynamic->symbol_bytes,
	                 sizeof(struct elf64_sym));
}

static enum status check_name(const struct symbols *symbols, const char *field, uint64_t offset,
                              struct fault *fault)
{
	if (offset == 0 || offset < symbols->names.bytes)
		return ST_OK;
	return fault_set(fault, ST_BAD_HEADER, field, offset, symbols->names.bytes);
}

enum status symbols_open(struct symbols *symbols, const struct object *object, struct fault *fault)
{
	const struct dynamic *dynamic = &object->symbols;

	*symbols = (struct symbols){ .object = object };
	if (check_entry(dynamic, fault) != ST_OK ||
	    find_part(object, "DT_SYMTAB", dynamic->symbols, &symbols->table, fault) != ST_OK ||
	    open_names(symbols, fault) != ST_OK ||
	    open_hash(symbols, fault) != ST_OK ||
	    check_name(symbols, "DT_SONAME", dynamic->soname, fault) != ST_OK)
		return fault_in(fault, object->name);
	return ST_OK;
}

static struct symbol symbol_of(struct span s)
{
	uint8_t info = s.base[offsetof(struct elf64_sym, st_info)];

	return (struct symbol){
		.name_offset = span_u32(s, offsetof(struct elf64_sym, st_name)),
		.type = info & 15,
		.binding = info >> 4,
		.visibility = s.base[offsetof(struct elf64_sym, st_other)] & 3,
		.section = span_u16(s, offsetof(struct elf64_sym, st_shndx)),
		.value = span_u64(s, offsetof(struct elf64_sym, st_value)),
		.bytes = span_u64(s, offsetof(struct elf64_sym, st_size)),
	};
}

enum status symbols_get(const struct symbols *symbols, uint32_t index, struct symbol *symbol,
                        struct fault *fault)
{
	struct span got;

	*symbol = (struct symbol){ .section = SHN_UNDEF };
	if (index == 0)
		return ST_OK;
	if (get(symbols, &symbols->table, index * (uint64_t)sizeof(struct elf64_sym),
	        sizeof(struct elf64_sym), &got, fault) != ST_OK)
		return fault->status;
	*symbol = symbol_of(got);
	return check_name(symbols, "st_name", symbol->name_offset, fault);
}

static struct span text_at(const struct symbols *symbols, uint64_t offset)
{
	struct span text = { 0 };

	if (symbols->names.bytes == 0)
		return span_of("");
	text.base = symbols->names.base + offset;
	while (text.base[text.bytes] != 0)       /* the table's last byte is 0 */
		text.bytes++;
	return text;
}

struct span symbols_text(const struct symbols *symbols, const struct symbol *symbol)
{
	return text_at(symbols, symbol->name_offset);
}

struct span symbols_soname(const struct symbols *symbols)
{
	return text_at(symbols, symbols->object->symbols.soname);
}

/* Bits: a type, or a binding, that others may bind to. */
#define OFFERED_TYPES (1u << STT_NOTYPE | 1u << STT_OBJECT | 1u << STT_FUNC | 1u << STT_COMMON | \
                       1u << STT_TLS | 1u << STT_GNU_IFUNC)
#define OFFERED_BINDINGS (1u << STB_GLOBAL | 1u << STB_WEAK | 1u << STB_GNU_UNIQUE)

bool symbol_is_offered(const struct symbol *symbol)
{
	return symbol->section != SHN_UNDEF && (OFFERED_TYPES >> symbol->type & 1) &&
	       (OFFERED_BINDINGS >> symbol->binding & 1) &&
	       (symbol->visibility == STV_DEFAULT || symbol->visibility == STV_PROTECTED);
}

/* Without looking where the name in the table ends: it may be another one's tail. */
static bool is_named(const struct symbols *symbols, const struct symbol *symbol, struct span text)
{
	struct span part;

	return span_sub(symbols->names, symbol->name_offset, text.bytes + 1, &part) &&
	       part.base[text.bytes] == 0 && memcmp(part.base, text.base, text.bytes) == 0;
}

static enum status try_symbol(const struct symbols *symbols, uint64_t index,
                              const struct symbol_name *name, struct symbol *symbol, bool *found,
                              struct fault *fault)
{
	if (symbols_get(symbols, (uint32_t)index, symbol, fault) != ST_OK)
		return fault->status;
	*found = index != 0 && symbol_is_offered(symbol) && is_named(symbols, symbol, name->text);
	return ST_OK;
}

static enum status find_sysv(const struct symbols *symbols, const struct symbol_name *name,
                             struct symbol *symbol, bool *found, struct fault *fault)
{
	uint64_t buckets = SYSV_HEAD, chain = buckets + WORD * (uint64_t)symbols->bucket_count;
	uint64_t at = buckets + WORD * (uint64_t)(name->sysv % symbols->bucket_count);
	uint32_t index;

	for (uint32_t steps = 0; get_word(symbols, at, &index, fault) == ST_OK; steps++) {
		if (index == 0)
			return ST_OK;
		if (index >= symbols->chain_count || steps == symbols->chain_count)
			return hash_fault(symbols, index, "a chain does not end", fault);
		if (try_symbol(symbols, index, name, symbol, found, fault) != ST_OK || *found)
			return *found ? ST_OK : fault->status;
		at = chain + WORD * (uint64_t)index;
	}
	return fault->status;
}

/* Two bits of the hash select two bits of one word of the filter. */
static enum status ask_bloom(const struct symbols *symbols, uint32_t hash, bool *maybe,
                             struct fault *fault)
{
	uint64_t word = hash / BLOOM_BITS & (symbols->bloom_words - 1u), bits;
	struct span got;

	if (get(symbols, &symbols->hash, GNU_HEAD + BLOOM_WORD * word, BLOOM_WORD, &got, fault) != ST_OK)
		return fault->status;
	bits = span_u64(got, 0);
	*maybe = (bits >> hash % BLOOM_BITS) & (bits >> (hash >> symbols->bloom_shift) % BLOOM_BITS) & 1;
	return ST_OK;
}

/* From the first symbol of a bucket on: hashes with their lowest bit telling the last. */
static enum status walk_gnu(const struct symbols *symbols, uint64_t index,
                            const struct symbol_name *name, struct symbol *symbol, bool *found,
                            struct fault *fault)
{
	uint64_t hashes = GNU_HEAD + BLOOM_WORD * (uint64_t)symbols->bloom_words +
	                  WORD * (uint64_t)symbols->bucket_count;
	uint32_t hash;

	for (;; index++) {
		if (get_word(symbols, hashes + WORD * (index - symbols->first_hashed), &hash, fault) != ST_OK)
			return fault->status;
		if ((hash | 1) == (name->gnu | 1) &&
		    try_symbol(symbols, index, name, symbol, found, fault) != ST_OK)
			return fault->status;
		if (*found || (hash & 1))
			return ST_OK;
	}
}

static enum status find_gnu(const struct symbols *symbols, const struct symbol_name *name,
                            struct symbol *symbol, bool *found, struct fault *fault)
{
	uint64_t buckets = GNU_HEAD + BLOOM_WORD * (uint64_t)symbols->bloom_words;
	uint32_t first;
	bool maybe;

	if (ask_bloom(symbols, name->gnu, &maybe, fault) != ST_OK)
		return fault->status;
	if (!maybe)
		return ST_OK;
	if (get_word(symbols, buckets + WORD * (uint64_t)(name->gnu % symbols->bucket_count), &first,
	             fault) != ST_OK)
		return fault->status;
	if (first < symbols->first_hashed)       /* 0: the bucket is empty */
		return ST_OK;
	return walk_gnu(symbols, first, name, symbol, found, fault);
}

enum status symbols_find(const struct symbols *symbols, const struct symbol_name *name,
                         struct symbol *symbol, bool *found, struct fault *fault)
{
	enum status status = ST_OK;

	*found = false;
	if (symbols->bucket_count != 0)
		status = symbols->is_gnu ? find_gnu(symbols, name, symbol, found, fault)
		                         : find_sysv(symbols, name, symbol, found, fault);
	return status == ST_OK ? ST_OK : fault_in(fault, symbols->object->name);
}

enum status symbols_needed(const struct symbols *symbols, uint64_t *entry, struct span *name,
                           struct fault *fault)
{
	const struct dynamic *dynamic = &symbols->object->symbols;
	struct span got;

	*name = (struct span){ 0 };
	while (span_sub(dynamic->table, *entry, sizeof(struct elf64_dyn), &got)) {
		uint64_t tag = span_u64(got, offsetof(struct elf64_dyn, d_tag));
		uint64_t value = span_u64(got, offsetof(struct elf64_dyn, d_val));

		if (tag == DT_NULL)
			break;
		*entry += sizeof(struct elf64_dyn);
		if (tag != DT_NEEDED)
			continue;
		if (check_name(symbols, "DT_NEEDED", value, fault) != ST_OK) {
			(void)fault_at(fault, dynamic->file_offset + *entry - sizeof(struct elf64_dyn));
			return fault_in(fault, symbols->object->name);
		}
		*name = text_at(symbols, value);
		break;
	}
	return ST_OK;
}
