/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity.c: what an object's place depends on, if it is not packed (requirements M13).
 *
 * stable: what the object is, and which instance of it; never what is beside it, nor what it
 * holds, so that a build-id is kept by what strips or signs it. random: a seed, and the object's number.
 */
#include "identity.h"

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

struct random identity_stable(const struct object *object, uint64_t instance)
{
	struct random draw = random_open(IDENTITY_STABLE);

	add_identity(&draw, object);
	add_numbers(&draw, &instance, sizeof instance);
	return draw;
}

struct random identity_random(enum identity_domain domain, struct span seed, uint64_t number)
{
	struct random draw = random_open(domain);

	random_add(&draw, seed);
	add_numbers(&draw, &number, sizeof number);
	return draw;
}
