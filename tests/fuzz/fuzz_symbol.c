/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_symbol.c: dynamic symbol tables and both hash tables: every walk ends, names lie in the table of names, and
 * what is found by a name is offered and has that name.
 */
#include "fuzz.h"

#include "symbol.h"

enum { LOOKED_AT = 64 };

/* As from a volume: a piece at a time, and none at all sometimes. */
static enum status read_piece(const struct content *content, uint64_t file_offset, void *to, uint64_t bytes,
                              struct fault *fault)
{
	const struct span *file = content->reader;

	PROMISE(file_offset <= file->bytes && bytes <= file->bytes - file_offset);
	if (file->base[file->bytes - 1] == 0xee)
		return fault_field(fault, ST_NOT_FOUND, "device");
	memcpy(to, file->base + file_offset, bytes);
	return ST_OK;
}

static struct content take_content(struct input *in, struct arena *arena)
{
	static struct span file;
	bool pieces = take(in, 1) & 1;

	file = take_rest(in);
	if (!pieces)
		return content_of(file, OBJECT_NOWHERE);
	return (struct content){ .bytes = { NULL, file.bytes }, .pa = OBJECT_NOWHERE, .read = read_piece, .reader = &file,
	                         .arena = arena };
}

static void find(const struct symbols *symbols, struct span text)
{
	struct symbol_name name = symbol_name(text);
	struct symbol symbol;
	struct fault fault;
	bool found;

	if (!fine(symbols_find(symbols, &name, &symbol, &found, &fault), &fault) || !found)
		return;
	PROMISE(symbol_is_offered(&symbol) && span_equals(symbols_text(symbols, &symbol), text));
}

static void look(const struct symbols *symbols)
{
	struct symbol symbol;
	struct fault fault;
	struct span name;
	uint64_t entry = 0, names = 0;

	for (uint32_t i = 0; i < LOOKED_AT && fine(symbols_get(symbols, i, &symbol, &fault), &fault); i++) {
		name = symbols_text(symbols, &symbol);
		PROMISE(name.bytes == 0 || (name.base >= symbols->names.base &&
		        name.base + name.bytes < symbols->names.base + symbols->names.bytes));
		find(symbols, name);
	}
	(void)symbols_soname(symbols);
	do {
		PROMISE(names++ <= symbols->object->bytes.bytes);
		if (!fine(symbols_needed(symbols, &entry, &name, &fault), &fault))
			return;
	} while (name.base != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct content content = take_content(&in, &arena);
	struct symbols symbols;
	struct object object;
	struct fault fault;

	if (!fine(object_read(&object, span_of("module"), &content, NULL, &arena, &fault), &fault) ||
	    !fine(symbols_open(&symbols, &object, &fault), &fault))
		return 0;
	look(&symbols);
	find(&symbols, span_of("offered"));
	return 0;
}
