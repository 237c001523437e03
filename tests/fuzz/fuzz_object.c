/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_object.c: files of every format: the promises of object.h hold, read in one piece or in many, and every
 * relocation that was accepted lies in file bytes of one writable segment. A sink hears first of
 * what ends a reading without one, and of nothing if nothing does.
 */
#include "fuzz.h"

#include "../unit/elf_file.h"
#include "reloc.h"
#include "relro.h"

static bool hear(struct sink *sink, const struct fault *fault)
{
	PROMISE(!sink->stopped);
	fine(fault->status, fault);
	return true;
}

static void check_sink(const struct reading *r, struct content *content, const struct machine *machine)
{
	static uint8_t memory[FUZZ_ARENA] __attribute__((aligned(16)));
	struct arena arena = { memory, sizeof memory, 0 };
	struct sink sink = { .report = hear };
	struct object_source source = { SPAN("file"), content, machine, &sink };
	struct reloc_needs needs;
	struct object object;
	struct fault fault;
	enum status status = object_read_from(&object, &source, &arena, &fault);

	PROMISE(status == (r->status == ST_NO_MEMORY ? status : r->status));
	PROMISE((sink.count == 0) == (status == ST_OK));
	if (!fine(status, &fault) && r->status != ST_NO_MEMORY)
		PROMISE(fault.field == r->fault.field && fault.value == r->fault.value && fault.offset == r->fault.offset);
	if (status == ST_OK)
		fine(reloc_check(&object, &machine_x86_64, false, &needs, &fault), &fault);
}

static void check_relro(struct object *object, struct arena *arena)
{
	struct fault fault;

	if (!fine(relro_part(object, 4096, arena, &fault), &fault))
		return;
	PROMISE(promise_broken(object) == NULL);
	for (uint32_t i = 0; i < object->segment_count; i++)
		PROMISE(!object->segments[i].relro || !(object->segments[i].prot & SMALT_W));
}

/* What fits is what the bytes hold again: narrow ones are signed or not. */
static void check_value(const struct reloc *reloc)
{
	static const struct reloc_symbol symbol = { 0xffffffff81000010, 8, 1, -16ull };
	uint8_t bytes[8] = { 0x80, 0xff, 0x80, 0xff, 0x80, 0xff, 0x80, 0xff };
	uint64_t addend = reloc->implicit ? reloc_implicit(reloc, bytes) : reloc->addend, limit = 0;
	uint64_t value = reloc_value(reloc, addend, 0xffffffff80000000, &symbol);
	struct fault fault;

	PROMISE(reloc_fits(reloc, value, &limit) || reloc_bytes(reloc) < 8);
	fine(reloc_fault(reloc, "hint", &fault), &fault);
}

static void check_relocations(struct object *object, const struct machine *machine, bool text)
{
	struct reloc_cursor cursor = reloc_begin(object, machine);
	struct reloc_needs needs;
	struct reloc reloc;
	struct fault fault;

	if (!fine(reloc_check(object, machine, text, &needs, &fault), &fault))
		return;
	while (reloc_next(&cursor, &reloc)) {
		const struct segment *segment = object_segment_at(object, reloc.va);
		unsigned width = reloc_bytes(&reloc);

		PROMISE(segment != NULL && (text || (segment->prot & SMALT_W)) && width <= segment->file_bytes);
		PROMISE(reloc.va - segment->va <= segment->file_bytes - width);
		check_value(&reloc);
		PROMISE(!reloc_has_symbol(&reloc) || (needs.symbols && reloc.symbol <= needs.symbol_last));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct machine *const wanted[] = { NULL, &machine_x86_64, &machine_aarch64, NULL };
	struct input in = { data, bytes };
	const struct machine *machine = wanted[take(&in, 1) & 3];
	struct arena arena = take_arena(&in);
	struct reading r = read_bytes(in.at, in.left, machine, &arena);

	if (fine(r.status, &r.fault)) {
		PROMISE(promise_broken(&r.object) == NULL);
		r.object.content = &r.content;
		check_relocations(&r.object, &machine_x86_64, false);
		check_relocations(&r.object, &machine_aarch64, true);
		(void)object_note(&r.object, "GNU", 3);
		(void)object_is_elf(r.object.bytes);
		check_relro(&r.object, &arena);
	}
	check_sink(&r, &r.content, machine);
	PROMISE(hash_of(r.copy, in.left) == r.bytes_hash);
	reading_free(&r);
	return 0;
}
