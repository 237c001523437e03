/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind.c: finds for every symbol that relocations are about the object that defines it (bind.h).
 *
 * Nothing here depends on where objects go: a plan may still be made in another way. Each
 * symbol of a table is looked for once, however many records are about it.
 */
#include "bind.h"

#include <stddef.h>

#include "elf64.h"
#include "symbol.h"

/* The closed set. Tables are opened when somebody looks into them. */
struct linker {
	const struct linkage *set;
	struct symbols *symbols;     /* by object; .object NULL: not opened */
	uint32_t **needed;           /* by object: needed_count indices; NULL: not known yet */
	uint32_t *scope;             /* objects in the order in which one of them looks for symbols */
	uint32_t scope_count;
	struct fault *fault;
};

bool bind_is_relocated(const struct linkage *linkage, const struct boot_object *o)
{
	return o->relocate && (o->object.kind == OBJECT_MOVABLE ||
	                       (o->object.kind == OBJECT_FIXED && !linkage->physical));
}

static enum status open_tables(struct linker *linker, uint32_t index)
{
	struct symbols *symbols = &linker->symbols[index];

	if (symbols->object)
		return ST_OK;
	return symbols_open(symbols, &linker->set->objects[index].object, linker->fault);
}

/* --- who is meant by a name ---------------------------------------------------------- */

static struct span last_part(struct span path)
{
	for (uint64_t i = path.bytes; i > 0; i--)
		if (path.base[i - 1] == '/')
			return (struct span){ path.base + i, path.bytes - i };
	return path;
}

/* Names that an object has, the surest first. */
enum known_as { BY_NAME, BY_SONAME, BY_LAST_PART, WAYS };

static enum status is_called(struct linker *linker, uint32_t index, struct span name,
                             enum known_as way, bool *is)
{
	const struct object *object = &linker->set->objects[index].object;
	struct span own = way == BY_LAST_PART ? last_part(object->name) : object->name;

	*is = false;
	if (object->kind == OBJECT_FLAT || (way == BY_SONAME && object->symbols.soname == 0))
		return ST_OK;
	if (way == BY_SONAME && open_tables(linker, index) != ST_OK)
		return linker->fault->status;
	*is = span_equals(way == BY_SONAME ? symbols_soname(&linker->symbols[index]) : own, name);
	return ST_OK;
}

/* SMALT_NONE: nobody. */
static enum status find_object(struct linker *linker, struct span name, uint32_t *index)
{
	for (enum known_as way = BY_NAME; way < WAYS; way++)
		for (*index = 0; *index < linker->set->object_count; ++*index) {
			bool is;

			if (is_called(linker, *index, name, way, &is) != ST_OK)
				return linker->fault->status;
			if (is)
				return ST_OK;
		}
	*index = SMALT_NONE;
	return ST_OK;
}

static enum status refuse_needed(const struct linker *linker, uint32_t index, struct span name)
{
	(void)fault_field(linker->fault, ST_NOT_FOUND, "DT_NEEDED");
	(void)fault_word(linker->fault, name);
	(void)fault_hint(linker->fault, "give it as a module with role=map, or say relocate=no");
	return fault_in(linker->fault, linker->set->objects[index].object.name);
}

/* Instance n goes with instance n of what it needs; where there is none, with the first. */
static uint32_t same_instance(const struct boot_object *o, const struct boot_object *first)
{
	return o->instance < first->instance_count ? o->instance : 0;
}

/* An object that relocates itself may know better where to look. */
static enum status know_needed(struct linker *linker, uint32_t index)
{
	const struct boot_object *o = &linker->set->objects[index];
	uint32_t count = o->object.symbols.needed_count;
	uint64_t entry = 0;
	struct span name;

	if (linker->needed[index] || count == 0)
		return ST_OK;
	linker->needed[index] = arena_take(linker->set->arena, count, sizeof **linker->needed,
	                                   "needed modules", linker->fault);
	if (!linker->needed[index] || open_tables(linker, index) != ST_OK)
		return linker->fault->status;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *found = &linker->needed[index][i];

		if (symbols_needed(&linker->symbols[index], &entry, &name, linker->fault) != ST_OK ||
		    find_object(linker, name, found) != ST_OK)
			return linker->fault->status;
		if (*found == SMALT_NONE && bind_is_relocated(linker->set, o))
			return refuse_needed(linker, index, name);
		if (*found != SMALT_NONE)
			*found += same_instance(o, &linker->set->objects[*found]);
	}
	return ST_OK;
}

/* --- where one object looks ---------------------------------------------------------- */

static void add_to_scope(struct linker *linker, uint32_t index)
{
	for (uint32_t i = 0; i < linker->scope_count; i++)
		if (linker->scope[i] == index)
			return;
	if (index != SMALT_NONE)
		linker->scope[linker->scope_count++] = index;
}

/* Breadth first: scope is also the queue. Only the object's own branch is followed, not the kernel's. */
static enum status make_scope(struct linker *linker, uint32_t index)
{
	const struct boot_object *objects = linker->set->objects;
	bool symbolic = objects[index].object.symbols.symbolic;

	linker->scope_count = 0;
	if (symbolic)
		add_to_scope(linker, index);
	add_to_scope(linker, 0);
	add_to_scope(linker, index);
	for (uint32_t i = 0; i < linker->scope_count; i++) {
		uint32_t at = linker->scope[i];

		if (at == 0 && index != 0)
			continue;
		if (know_needed(linker, at) != ST_OK)
			return linker->fault->status;
		for (uint32_t n = 0; n < objects[at].object.symbols.needed_count; n++)
			add_to_scope(linker, linker->needed[at][n]);
	}
	return ST_OK;
}

/* --- who a symbol is ----------------------------------------------------------------- */

static enum status refuse_symbol(const struct linker *linker, enum status status, struct span name,
                                 const char *hint)
{
	(void)fault_field(linker->fault, status, "symbol");
	(void)fault_word(linker->fault, name);
	return hint ? fault_hint(linker->fault, hint) : status;
}

static enum status take_definition(const struct linker *linker, uint32_t definer,
                                   const struct symbol *symbol, struct span name,
                                   struct binding *binding)
{
	const struct object *object = &linker->set->objects[definer].object;

	if (symbol->type == STT_GNU_IFUNC)
		return refuse_symbol(linker, ST_BAD_RELOCATION, name,
		                     "it is a function that is chosen at run time (ifunc)");
	if (symbol->section >= SHN_LORESERVE && symbol->section != SHN_ABS &&
	    symbol->section != SHN_XINDEX)
		return refuse_symbol(linker, ST_BAD_RELOCATION, name,
		                     "it is common (no section is its own): link the definer again");
	if (symbol->type == STT_TLS && object->tls.bytes == 0)
		return refuse_symbol(linker, ST_BAD_RELOCATION, name, "its definer has no PT_TLS");
	*binding = (struct binding){
		.value = symbol->value, .bytes = symbol->bytes, .object = definer,
		.state = symbol->type == STT_TLS ? BIND_TLS : BIND_ADDRESS,
		.absolute = symbol->section == SHN_ABS,
	};
	return ST_OK;
}

/* The first definition in the scope. */
static enum status search(struct linker *linker, const struct symbol *wanted, struct span text,
                          struct binding *binding)
{
	struct symbol_name name = symbol_name(text);
	struct symbol symbol;
	bool found;

	for (uint32_t i = 0; i < linker->scope_count; i++) {
		uint32_t at = linker->scope[i];

		if (open_tables(linker, at) != ST_OK ||
		    symbols_find(&linker->symbols[at], &name, &symbol, &found, linker->fault) != ST_OK)
			return linker->fault->status;
		if (found)
			return take_definition(linker, at, &symbol, text, binding);
	}
	*binding = (struct binding){ .object = SMALT_NONE, .state = BIND_NOTHING };
	return wanted->binding == STB_WEAK ? ST_OK
	     : refuse_symbol(linker, ST_UNDEFINED_SYMBOL, text, NULL);
}

/* Nobody else can define what is local, hidden or protected. */
static bool is_own(const struct symbol *symbol)
{
	return symbol->binding == STB_LOCAL ||
	       (symbol->section != SHN_UNDEF && symbol->visibility != STV_DEFAULT);
}

static enum status resolve(struct linker *linker, uint32_t index, uint32_t number,
                           struct binding *binding)
{
	const struct symbols *symbols = &linker->symbols[index];
	struct symbol symbol;
	struct span name;

	if (number == 0) {       /* STN_UNDEF: the value 0; for TLS the object's own block */
		*binding = (struct binding){ .object = index, .state = BIND_UNKNOWN };
		return ST_OK;
	}
	if (symbols_get(symbols, number, &symbol, linker->fault) != ST_OK)
		return linker->fault->status;
	name = symbols_text(symbols, &symbol);
	if (!is_own(&symbol))
		return search(linker, &symbol, name, binding);
	if (symbol.section == SHN_UNDEF)
		return refuse_symbol(linker, ST_UNDEFINED_SYMBOL, name, NULL);
	return take_definition(linker, index, &symbol, name, binding);
}

/* Does what a relocation wants agree with what the symbol is? Nothing and symbol 0 agree with all. */
static enum status check_kind(const struct linker *linker, const struct object *own,
                              const struct reloc *reloc, const struct binding *binding)
{
	if (reloc_is_tls(reloc) && reloc->symbol == 0 && own->tls.bytes == 0)
		return reloc_fault(reloc, "its object has no PT_TLS", linker->fault);
	if (reloc_is_tls(reloc) && binding->state == BIND_ADDRESS)
		return reloc_fault(reloc, "its symbol is not thread-local", linker->fault);
	if (!reloc_is_tls(reloc) && binding->state == BIND_TLS && reloc->type->kind != RELOC_SIZE)
		return reloc_fault(reloc, "its symbol is thread-local", linker->fault);
	return ST_OK;
}

static enum status bind_record(struct linker *linker, uint32_t index, const struct reloc *reloc)
{
	const struct boot_object *o = &linker->set->objects[index];
	struct binding *binding = &o->bindings[reloc->symbol];

	if (binding->state != BIND_UNKNOWN || resolve(linker, index, reloc->symbol, binding) == ST_OK)
		return check_kind(linker, &o->object, reloc, binding);
	/* What is wrong with a table has a place of its own. */
	return (linker->fault->has & FAULT_OFFSET) ? linker->fault->status
	                                           : fault_at(linker->fault, reloc->file_offset);
}

/* --- all of them --------------------------------------------------------------------- */

/* One entry for each symbol up to the last: its place in the file is checked before it costs memory. */
static enum status take_bindings(struct linker *linker, uint32_t index, uint32_t last)
{
	struct boot_object *o = &linker->set->objects[index];
	struct symbol symbol;

	if (open_tables(linker, index) != ST_OK ||
	    symbols_get(&linker->symbols[index], last, &symbol, linker->fault) != ST_OK)
		return linker->fault->status;
	o->bindings = arena_take(linker->set->arena, last + 1ull, sizeof *o->bindings, "symbols",
	                         linker->fault);
	return o->bindings ? ST_OK : linker->fault->status;
}

static enum status bind_object(struct linker *linker, uint32_t index,
                               const struct reloc_needs *needs)
{
	struct boot_object *o = &linker->set->objects[index];
	struct reloc_cursor cursor = reloc_begin(&o->object, linker->set->machine);
	struct reloc reloc;

	if (make_scope(linker, index) != ST_OK)
		return linker->fault->status;
	if (!needs->symbols)
		return ST_OK;
	o->narrow = needs->narrow;
	if (take_bindings(linker, index, needs->symbol_last) != ST_OK)
		return linker->fault->status;
	while (reloc_next(&cursor, &reloc))
		if (reloc_has_symbol(&reloc) && bind_record(linker, index, &reloc) != ST_OK)
			return linker->fault->status;
	return ST_OK;
}

static bool has_symbols(const struct linkage *set, uint32_t index, const struct reloc_needs *needs)
{
	const struct boot_object *o = &set->objects[index];

	return bind_is_relocated(set, o) && (needs[index - set->first].symbols || o->object.symbols.needed_count);
}

static enum status open_linker(struct linker *linker)
{
	struct arena *arena = linker->set->arena;
	uint32_t count = linker->set->object_count;

	linker->symbols = arena_take(arena, count, sizeof *linker->symbols, "symbol tables",
	                             linker->fault);
	linker->needed = arena_take(arena, count, sizeof *linker->needed, "needed modules", linker->fault);
	linker->scope = arena_take(arena, count, sizeof *linker->scope, "needed modules", linker->fault);
	return linker->symbols && linker->needed && linker->scope ? ST_OK : linker->fault->status;
}

enum status bind_objects(const struct linkage *set, const struct reloc_needs *needs,
                         struct fault *fault)
{
	struct linker linker = { .set = set, .fault = fault };

	for (uint32_t i = set->first; i < set->object_count; i++) {
		if (!has_symbols(set, i, needs))
			continue;
		if ((!linker.scope && open_linker(&linker) != ST_OK) ||
		    bind_object(&linker, i, &needs[i - set->first]) != ST_OK)
			return fault_in(fault, set->objects[i].object.name);
	}
	return ST_OK;
}

struct reloc_symbol bind_symbol(const struct linkage *set, const struct boot_object *o,
                                const struct reloc *reloc)
{
	const struct binding *binding = &o->bindings[reloc->symbol];
	const struct boot_object *definer;
	struct reloc_symbol symbol = { .address = binding->value, .bytes = binding->bytes };

	if (binding->object == SMALT_NONE)
		return symbol;
	definer = &set->objects[binding->object];
	if (binding->state == BIND_ADDRESS && !binding->absolute)
		symbol.address += definer->placement.bias;
	symbol.tls_module = definer->tls_module;
	symbol.tls_offset = definer->tls_offset;
	return symbol;
}
