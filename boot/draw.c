/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draw.c: what an object's place depends on, if it is not packed (requirements M13).
 *
 * stable: what the object is, and which instance of it; never what is beside it, nor what it
 * holds, so that a build-id is kept by what strips or signs it. random: the seed, and the object's
 * number. The kernel gets the seed itself; numbers drawn here do not tell it.
 */
#include <stddef.h>

#include "turns.h"

/* Of random.h: numbers of one purpose tell nothing of those of another. */
enum { DOMAIN_STABLE = 1, DOMAIN_VA = 2, DOMAIN_PA = 3 };

static void add_numbers(struct random *draw, const uint64_t *numbers, uint64_t bytes)
{
	random_add(draw, (struct span){ (const uint8_t *)numbers, bytes });
}

/* Its build-id; without one what its headers say, its name and its size. */
static void add_identity(struct random *draw, const struct object *object)
{
	uint64_t header[] = { object->format, object->kind, object->elf_machine, object->entry,
	                      object->phdr_offset, object->section_offset, object->section_count,
	                      object->bytes.bytes };

	if (object->build_id.bytes) {
		random_add(draw, object->build_id);
		return;
	}
	add_numbers(draw, header, sizeof header);
	random_add(draw, object->phdr_table);
	random_add(draw, object->name);
}

const struct random *draw_make(const struct boot *boot, uint32_t index, enum place_policy policy,
                               struct random *draw)
{
	const struct boot_object *o = &boot->objects[index];
	uint64_t number = policy == PLACE_STABLE ? o->instance : index;

	if (policy == PLACE_PACKED || (policy == PLACE_RANDOM && boot->env->entropy.bytes == 0))
		return NULL;
	*draw = random_open(policy == PLACE_STABLE ? DOMAIN_STABLE : DOMAIN_VA);
	if (policy == PLACE_STABLE)
		add_identity(draw, &o->object);
	else
		random_add(draw, boot->env->entropy);
	add_numbers(draw, &number, sizeof number);
	return draw;
}

/* A flat file is mapped as it lies, with what is around it: nothing is gained by hiding it. */
bool draw_frames(const struct boot *boot, uint32_t index, struct random *draw)
{
	uint64_t number = index;

	if (!boot->settings.pa_random || boot->protocol || boot->env->entropy.bytes == 0 ||
	    boot->objects[index].object.kind == OBJECT_FLAT)
		return false;
	if (draw == NULL)
		return true;
	*draw = random_open(DOMAIN_PA);
	random_add(draw, boot->env->entropy);
	add_numbers(draw, &number, sizeof number);
	return true;
}
