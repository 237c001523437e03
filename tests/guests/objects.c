/* SPDX-License-Identifier: BSD-2-Clause */
/* objects.c: prints every object, row and note as they stand in the handoff, for readelf to agree with. */
#include "guest.h"

#define SHOW(object, member) say_line("  " #member, (object)->member)

static void show_object(const struct smalt_object *object)
{
	say("object ");
	say((const char *)object->name_va);
	say("\n");
	SHOW(object, role);
	SHOW(object, format);
	SHOW(object, flags);
	SHOW(object, stack_prot);
	SHOW(object, file_bytes);
	SHOW(object, base);
	SHOW(object, bias);
	SHOW(object, image_start);
	SHOW(object, image_end);
	SHOW(object, entry);
	SHOW(object, phdr_va);
	SHOW(object, phdr_count);
	SHOW(object, phdr_entry_bytes);
	SHOW(object, section_offset);
	SHOW(object, section_count);
	SHOW(object, section_entry_bytes);
	SHOW(object, tls_va);
	SHOW(object, tls_file_bytes);
	SHOW(object, tls_mem_bytes);
	SHOW(object, tls_align);
	SHOW(object, dynamic_va);
	SHOW(object, dynamic_bytes);
	SHOW(object, relro_va);
	SHOW(object, relro_bytes);
	SHOW(object, init_array_va);
	SHOW(object, init_array_bytes);
	SHOW(object, fini_array_va);
	SHOW(object, fini_array_bytes);
	if (object->interp_va != 0) {
		say("  interp ");
		say((const char *)object->interp_va);
		say("\n");
	}
	for (uint64_t i = 0; i < object->build_id_bytes; i++)
		say_line("  build_id", *at(object->build_id_va + i));
}

static void show_row(const struct smalt_row *row)
{
	say_line("row", row->va);
	SHOW(row, mem_bytes);
	SHOW(row, file_bytes);
	SHOW(row, file_offset);
	SHOW(row, data_offset);
	SHOW(row, prot);
	SHOW(row, flags);
	SHOW(row, kind);
	SHOW(row, object);
	SHOW(row, segment);
	SHOW(row, leaf_shift);
}

static void show_note(const struct smalt_note *note)
{
	say("note ");
	say((const char *)note->owner_va);
	say("\n");
	SHOW(note, va);
	SHOW(note, file_offset);
	SHOW(note, desc_bytes);
	SHOW(note, type);
	SHOW(note, object);
	SHOW(note, owner_bytes);
}

/* What a real kernel has: TLS, constructors, a note, writable and constant data. */
static __thread volatile uint64_t thread_variable = 5;
static __thread volatile uint8_t thread_zeros[40];
__attribute__((constructor)) static void constructor(void) { (void)hidden(thread_variable); }
__attribute__((destructor)) static void destructor(void) { (void)hidden(thread_zeros[3]); }

SMALT_REQUEST(.stack_bytes = 64 << 10);

void guest_main(void)
{
	for (uint32_t i = 0; i < guest.handoff->objects.count; i++)
		show_object(smalt_nth_object(guest.handoff, i));
	for (uint32_t i = 0; i < guest.handoff->notes.count; i++)
		show_note(smalt_nth_note(guest.handoff, i));
	say_line("machine", guest.handoff->machine);
	say_line("path", guest.handoff->path);
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++)
		show_row(smalt_nth_row(guest.handoff, i));
}
