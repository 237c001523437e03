/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.c: nobody is there to ask: the machine belongs to the loader from its first
 * instruction on, and on the host there is none.
 */
#include "firmware.h"

#include <stddef.h>

enum { PAGE = 4096 };

enum status firmware_find(struct env *env, struct span path, bool whole, const struct file **file,
                          struct fault *fault)
{
	(void)env, (void)path, (void)whole, (void)fault;
	*file = NULL;
	return ST_OK;
}

enum status firmware_load(struct env *env, const struct file *file, struct fault *fault)
{
	(void)env;
	return file->bytes.bytes == 0 ? ST_OK : fault_value(fault, ST_DEVICE, "volume", file->pa);
}

enum status firmware_read(const struct env *env, const struct file *file, uint64_t file_offset,
                          void *to, uint64_t bytes, struct fault *fault)
{
	(void)env, (void)file, (void)to, (void)bytes;
	return fault_value(fault, ST_DEVICE, "volume", file_offset);
}

enum status firmware_room(struct env *env, uint64_t bytes, struct arena *arena, uint64_t *pa,
                          struct fault *fault)
{
	struct frames frames;

	if (frames_init(&frames, &env->memory, PAGE, env->machine->frame_floor, 1, arena, fault) != ST_OK ||
	    frames_take_high(&frames, bytes, PAGE, env->machine->loader_limit,
	                     SMALT_MEM_RECLAIMABLE, pa, fault) != ST_OK ||
	    memmap_add(&env->memory, *pa, bytes, SMALT_MEM_RECLAIMABLE, fault) != ST_OK)
		return fault->status;
	return memmap_finish(&env->memory, PAGE, fault);
}

enum status firmware_memory(struct env *env, struct fault *fault)
{
	(void)env;
	return fault_field(fault, ST_NO_MEMORY, "memory map");
}

enum status firmware_claim(struct env *env, const struct frames *frames, struct fault *fault)
{
	(void)env, (void)frames, (void)fault;
	return ST_OK;
}

void firmware_release(struct env *env)
{
	(void)env;
}
