/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.c: which format a file has, and what is the same for all of them.
 *
 * A new format is a row of readers[] and a file (M24).
 */
#include "object.h"

#include "align.h"
#include "parts.h"

enum { HEAD_BYTES = 64 };                /* enough for every probe and every header */

struct reader {
	bool (*probe)(struct span head);
	enum status (*read)(struct object *object, struct span head, const struct machine *machine,
	                    struct arena *arena, struct fault *fault);
};

bool object_is_elf(struct span bytes)
{
	return span_begins(bytes, ELF_MAGIC);
}

static bool is_anything(struct span head)
{
	(void)head;
	return true;
}

static enum status read_flat(struct object *object, struct span head,
                             const struct machine *machine, struct arena *arena,
                             struct fault *fault)
{
	(void)object, (void)head, (void)machine, (void)arena, (void)fault;
	return ST_OK;
}

/* The first whose probe says yes; the last one always does. */
static const struct reader readers[] = {
	{ object_is_elf, elf_read },
	{ image_probe, image_read },
	{ aout_probe, aout_read },
	{ plan9_probe, plan9_read },
	{ is_anything, read_flat },
};

void object_flat(struct object *object, struct span name, struct content *content)
{
	*object = (struct object){
		.name = name, .content = content, .bytes = content->bytes, .bytes_pa = content->pa,
		.format = SMALT_FORMAT_FLAT, .kind = OBJECT_FLAT, .align = 1,
	};
}

enum status object_read(struct object *object, struct span name, struct content *content,
                        const struct machine *machine, struct arena *arena, struct fault *fault)
{
	const struct reader *reader = readers;
	struct span head;

	object_flat(object, name, content);
	if (content_get(content, 0, min_u64(content->bytes.bytes, HEAD_BYTES), &head, fault) != ST_OK)
		return fault_in(fault, name);
	while (!reader->probe(head))
		reader++;
	if (reader->read(object, head, machine, arena, fault) != ST_OK)
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
