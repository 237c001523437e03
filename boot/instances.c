/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instances.c: one file, mapped several times (S3): each instance is an object with an address
 * of its own, read-only memory is that of instance 0.
 */
#include "boot.h"
#include "turns.h"

/* The last object becomes instance 0 of `count`; the file is not read again. */
enum status instances_add(struct boot *boot, uint32_t count, struct fault *fault)
{
	struct boot_object *first = &boot->objects[boot->object_count - 1];

	first->instance_count = count;
	if (count == 1)
		return ST_OK;
	if (first->object.kind == OBJECT_FIXED) {
		fault_set(fault, ST_ADDRESS_IN_USE, "instances", count, 1);
		fault_hint(fault, "all would have the same addresses: link it with -pie");
		return fault_in(fault, first->object.name);
	}
	/* Its bytes are what each begins with: nobody writes to them. */
	first->donated = false;
	boot->instances = true;
	for (uint32_t i = 1; i < count; i++) {
		struct boot_object *o = &boot->objects[boot->object_count++];

		*o = *first;
		o->object.content = &o->content;
		o->instance = i;
		o->has_va = false;
		o->va = 0;
	}
	return ST_OK;
}

/* Other protocols know modules as files only. */
enum status instances_check(const struct boot *boot, struct fault *fault)
{
	uint32_t i = 0;

	if (!boot->protocol || !boot->instances)
		return ST_OK;
	while (boot->objects[i].instance_count == 1)
		i++;
	fault_value(fault, ST_BAD_CONFIG, "instances", boot->objects[i].instance_count);
	fault_hint(fault, "this kernel's protocol hands modules over as files, each once");
	return fault_in(fault, boot->objects[i].object.name);
}

static enum status back_instance(struct boot *boot, uint32_t row, uint32_t index, struct fault *fault)
{
	struct boot_object *o = &boot->objects[index];
	struct share of = boot->objects[index - o->instance].share;
	struct frame_draw draw = { .bits = UINT32_MAX };
	enum status status;

	of.turn = o->placement.turn;
	if (draw_frames(boot, index, &draw.random))
		of.draw = &draw;
	status = share_object(&boot->space, &of, row, &boot->frames, fault);
	o->pa_bits = draw.bits == UINT32_MAX ? 0 : draw.bits;
	return status == ST_OK ? ST_OK : fault_in(fault, o->object.name);
}

/* Behind all others: instance 0 has its memory, wherever it lies. */
enum status instances_back(struct boot *boot, struct fault *fault)
{
	const struct space *space = &boot->space;
	enum status status = ST_OK;

	for (uint32_t row = 0; boot->instances && status == ST_OK && row < space->row_count;) {
		uint32_t index = space->rows[row].object, instance = space->rows[row].instance;

		if (index == SMALT_NONE || instance == 0) {
			row++;
			continue;
		}
		status = back_instance(boot, row, index, fault);
		row += boot->objects[index - instance].share.row_count;
	}
	return status;
}
