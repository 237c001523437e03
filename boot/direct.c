/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct.c: nobody is there to ask: the machine belongs to the loader from its first
 * instruction on, and on the host there is none.
 */
#include "firmware.h"

#include <stddef.h>

#include "check.h"

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
