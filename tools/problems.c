/* SPDX-License-Identifier: BSD-2-Clause */
/* problems.c: a file is read, relocated and placed in an empty space; what is wrong is listed. */
#include "problems.h"

#include <stdlib.h>

#include "align.h"
#include "check.h"
#include "place.h"
#include "reloc.h"

#define ARENA_BYTES (16u << 20)

void problems_add(struct problems *problems, const struct fault *fault)
{
	if (problems->count == problems->capacity) {
		uint32_t capacity = problems->capacity ? 2 * problems->capacity : 16;
		struct fault *faults = realloc(problems->faults, capacity * sizeof(*faults));

		CHECK(faults);       /* the host has memory for its own lines */
		problems->faults = faults;
		problems->capacity = capacity;
	}
	problems->faults[problems->count++] = *fault;
}

static bool report(struct sink *sink, const struct fault *fault)
{
	problems_add((struct problems *)sink, fault);
	return true;
}

/* A file of ours says for which machine it is; without one there are no addresses to judge. */
static enum status find_machine(const struct object *object, struct problems_object *found,
                                struct fault *fault)
{
	if (!found->machine)
		found->machine = machine_by_elf(object->elf_machine);
	if (found->machine || object->format == SMALT_FORMAT_FLAT || object->elf_machine == 0)
		return ST_OK;
	return fault_value(fault, ST_WRONG_MACHINE, "e_machine", object->elf_machine);
}

static bool is_kernel(const struct object *object)
{
	const struct segment *segment = object_segment_at(object, object->entry);

	return segment && (segment->prot & SMALT_X);
}

/* An Image goes where its protocol says, with the rights that it gives itself. */
static bool is_placed(const struct object *object)
{
	return object->kind != OBJECT_FLAT && object->format != SMALT_FORMAT_IMAGE &&
	       object->segment_count > 0 && !object->partial;
}

static void place(const struct object *object, const struct machine *machine, struct arena *arena,
                  struct fault *fault)
{
	struct place_request request = {
		.object = object, .flags = PLACE_INTERPRET, .from = machine->kernel_va,
	};
	uint32_t count = object->segment_count + 1;
	struct smalt_row *rows = arena_take(arena, count, sizeof *rows, "rows", fault);
	struct placement placement;
	struct space space;

	if (!rows || space_init(&space, paging_of(machine, 1), count, count, arena, fault) != ST_OK)
		(void)object_goes_on(object, fault->status, fault);
	else if (place_object(&space, &request, rows, &count, &placement, fault) != ST_OK)
		return;              /* it told its sink */
}

static void find_all(struct problems *problems, const struct object_source *source,
                     struct arena *arena, struct problems_object *found)
{
	struct reloc_needs needs;
	struct object object;
	struct fault fault;
	enum status status = object_read_from(&object, source, arena, &fault);

	found->format = object.format;
	found->kind = object.kind;
	if (!object_goes_on(&object, find_machine(&object, found, &fault), &fault) || !found->machine)
		return;
	if (status == ST_OK && object.kind == OBJECT_MOVABLE)
		(void)object_goes_on(&object, reloc_check(&object, found->machine, false, &needs, &fault),
		                     &fault);
	if (is_placed(&object))
		place(&object, found->machine, arena, &fault);
	if (problems->count == 0)
		found->is_kernel = is_kernel(&object);
}

void problems_find(struct problems *problems, struct span name, struct span bytes,
                   const struct machine *machine, struct problems_object *found)
{
	struct content content = content_of(bytes, CONTENT_NOWHERE);
	struct object_source source = { name, &content, machine, &problems->sink };
	struct arena arena = { NULL, ARENA_BYTES + 4 * min_u64(bytes.bytes, 1u << 30), 0 };
	struct fault fault;

	problems->sink = (struct sink){ .report = report };
	*found = (struct problems_object){ .machine = machine };
	arena.base = malloc(arena.bytes);
	if (!arena.base) {
		(void)fault_value(&fault, ST_NO_MEMORY, "memory of the host", arena.bytes);
		problems_add(problems, &fault);
		return;
	}
	find_all(problems, &source, &arena, found);
	free(arena.base);
}

void problems_free(struct problems *problems)
{
	free(problems->faults);
	*problems = (struct problems){ 0 };
}
