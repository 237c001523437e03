/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c: which format a file has, and what is the same for all of them.
 *
 * A new format is a row of readers[] and a file (M24).
 */
#include "object.h"

#include "parts.h"

struct reader {
	bool (*probe)(struct span bytes);
	enum status (*read)(struct object *object, const struct machine *machine,
	                    struct arena *arena, struct fault *fault);
};

bool object_is_elf(struct span bytes)
{
	return span_begins(bytes, ELF_MAGIC);
}

static bool is_anything(struct span bytes)
{
	(void)bytes;
	return true;
}

static enum status read_flat(struct object *object, const struct machine *machine,
                             struct arena *arena, struct fault *fault)
{
	(void)object, (void)machine, (void)arena, (void)fault;
	return ST_OK;
}

/* The first whose probe says yes; the last one always does. */
static const struct reader readers[] = {
	{ object_is_elf, elf_read },
	{ image_probe, image_read },
	{ is_anything, read_flat },
};

void object_flat(struct object *object, struct span name, struct span bytes, uint64_t bytes_pa)
{
	*object = (struct object){
		.name = name, .bytes = bytes, .bytes_pa = bytes_pa,
		.format = SMALT_FORMAT_FLAT, .kind = OBJECT_FLAT, .align = 1,
	};
}

enum status object_read(struct object *object, struct span name, struct span bytes,
                        uint64_t bytes_pa, const struct machine *machine, struct arena *arena,
                        struct fault *fault)
{
	const struct reader *reader = readers;

	object_flat(object, name, bytes, bytes_pa);
	while (!reader->probe(bytes))
		reader++;
	if (reader->read(object, machine, arena, fault) != ST_OK)
		return fault_in(fault, name);
	return ST_OK;
}

const struct note *object_note(const struct object *object, const char *owner, uint32_t type)
{
	for (uint32_t i = 0; i < object->note_count; i++) {
		const struct note *note = &object->notes[i];

		if (note->type == type && span_is(note->owner, owner))
			return note;
	}
	return 0;
}
