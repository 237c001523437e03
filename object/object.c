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

bool object_goes_on(const struct object *object, enum status status, struct fault *fault)
{
	if (status == ST_OK)
		return true;
	(void)fault_in(fault, object->name);
	return object->sink && sink_takes(object->sink, fault);
}

enum status object_end(const struct object *object, enum status status, struct fault *fault)
{
	(void)object_goes_on(object, status, fault);
	return object->sink ? sink_end(object->sink, fault) : status;
}

enum status object_read_from(struct object *object, const struct object_source *source,
                             struct arena *arena, struct fault *fault)
{
	struct content *content = source->content;
	const struct reader *reader = readers;
	struct span head;
	enum status status;

	object_flat(object, source->name, content);
	object->sink = source->sink;
	status = content_get(content, 0, min_u64(content->bytes.bytes, HEAD_BYTES), &head, fault);
	if (status == ST_OK) {
		while (!reader->probe(head))
			reader++;
		status = reader->read(object, head, source->machine, arena, fault);
	}
	return object_end(object, status, fault);
}

enum status object_read(struct object *object, struct span name, struct content *content,
                        const struct machine *machine, struct arena *arena, struct fault *fault)
{
	struct object_source source = { name, content, machine, NULL };

	return object_read_from(object, &source, arena, fault);
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
