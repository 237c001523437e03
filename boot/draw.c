/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draw.c: what an object's place depends on, if it is not packed (requirements M13).
 * The kernel gets the seed itself; numbers drawn here do not tell it.
 */
#include <stddef.h>

#include "identity.h"
#include "turns.h"

const struct random *draw_make(const struct boot *boot, uint32_t index, enum place_policy policy,
                               struct random *draw)
{
	const struct boot_object *o = &boot->objects[index];

	if (policy == PLACE_PACKED || (policy == PLACE_RANDOM && boot->env->entropy.bytes == 0))
		return NULL;
	*draw = policy == PLACE_STABLE
		? identity_stable(&o->object, o->instance)
		: identity_random(IDENTITY_VA, boot->env->entropy, index);
	return draw;
}

/* A flat file is mapped as it lies, with what is around it: nothing is gained by hiding it. */
bool draw_frames(const struct boot *boot, uint32_t index, struct random *draw)
{
	if (!boot->settings.pa_random || boot->protocol || boot->env->entropy.bytes == 0 ||
	    boot->objects[index].object.kind == OBJECT_FLAT)
		return false;
	if (draw != NULL)
		*draw = identity_random(IDENTITY_PA, boot->env->entropy, index);
	return true;
}
