/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * where.c: symbols come from the ELF file by libelf, rows from planning the same
 * files on the machine's model.
 */
#include "where.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>

#include "words.h"
#include "plan.h"

struct best {
	const char *name;
	uint64_t va;
};

/* The nearest symbol at or below va: assembler labels have no size, so the end is not asked. */
static void offer(struct best *best, const GElf_Sym *symbol, const char *name, uint64_t va)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	/* "$x" and "$d" mark code and data (AAELF64, 5.5.5): they name nothing. */
	if (symbol->st_shndx == SHN_UNDEF || !name || !*name || *name == '$' || symbol->st_value > va ||
	    (type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE))
		return;
	if (symbol->st_size != 0 && va - symbol->st_value >= symbol->st_size)
		return;
	if (!best->name || symbol->st_value >= best->va)
		*best = (struct best){ name, symbol->st_value };
}

static void search(Elf *elf, Elf_Scn *section, uint64_t va, struct best *best)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!data || !gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB ||
	    header.sh_entsize == 0)
		return;
	for (int i = 0; (uint64_t)i < header.sh_size / header.sh_entsize; i++)
		if (gelf_getsym(data, i, &symbol))
			offer(best, &symbol, elf_strptr(elf, header.sh_link, symbol.st_name), va);
}

void where_symbol(struct span elf_bytes, uint64_t va, char *text, uint32_t text_bytes)
{
	struct best best = { NULL, 0 };
	Elf *elf;

	*text = '\0';
	if (elf_version(EV_CURRENT) == EV_NONE)
		return;
	/* libelf takes char *, and only reads. */
	elf = elf_memory((char *)(uintptr_t)elf_bytes.base, elf_bytes.bytes);
	if (!elf)
		return;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;)
		search(elf, section, va, &best);
	if (best.name)
		snprintf(text, text_bytes, "%s+0x%" PRIx64, best.name, va - best.va);
	elf_end(elf);
}

static const struct smalt_row *row_at(const struct space *space, uint64_t va)
{
	for (uint32_t i = 0; i < space->row_count; i++)
		if (va - space->rows[i].va < space->rows[i].mem_bytes)
			return &space->rows[i];
	return NULL;
}

static void describe_row(const struct boot *boot, const struct smalt_row *row, uint64_t va,
                         char text[WHERE_BYTES])
{
	const struct boot_object *o;
	char rights[RIGHTS_BYTES], symbol[WHERE_BYTES / 2];

	words_rights(row->prot, rights);
	if (row->object == SMALT_NONE) {
		snprintf(text, WHERE_BYTES, "Smalt's %s %s", words_text(plan_kinds, row->kind), rights);
		return;
	}
	o = &boot->objects[row->object];
	where_symbol(o->object.bytes, va - o->placement.bias, symbol, sizeof(symbol));
	snprintf(text, WHERE_BYTES, "%s%s%.*s:%u %s", symbol, *symbol ? ", " : "",
	         (int)(o->object.name.bytes > 128 ? 128 : o->object.name.bytes),
	         (const char *)o->object.name.base, row->segment == SMALT_NONE ? 0 : row->segment, rights);
}

void where_describe(const struct session_request *request, uint64_t va, char text[WHERE_BYTES])
{
	struct session *session = calloc(1, sizeof(*session));
	const struct smalt_row *row;
	struct fault fault;

	*text = '\0';
	if (!session)
		return;
	if (session_open(session, request, &fault) == ST_OK) {
		const struct boot *boot = &session->boot;

		row = row_at(&boot->space, va);
		if (row)
			describe_row(boot, row, va, text);
		else if (boot->protocol)   /* it has made an address space of its own */
			where_symbol(boot->objects[0].object.bytes, va, text, WHERE_BYTES);
	}
	session_close(session);
	free(session);
}
