/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ram.c: pointer = pa + window needs one piece from physical address 0 on: a
 * private mapping without reserve (mmap(2), MAP_NORESERVE) is that for free.
 */
#include "ram.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "align.h"
#include "say.h"

#define HOST_PAGE 4096ull

static bool is_memory(uint32_t type)
{
	return type == SMALT_MEM_USABLE || type == SMALT_MEM_RECLAIMABLE;
}

static uint64_t highest(const struct env *env)
{
	uint64_t end = max_u64(env->loader.pa + env->loader.bytes,
	                       env->devicetree.pa + env->devicetree.bytes.bytes);

	for (uint32_t i = 0; i < env->memory.count; i++)
		if (is_memory(env->memory.ranges[i].type))
			end = max_u64(end, env->memory.ranges[i].pa + env->memory.ranges[i].bytes);
	for (uint32_t i = 0; i < env->file_count; i++)
		if (env->files[i].pa != ENV_ON_VOLUME)
			end = max_u64(end, env->files[i].pa + env->files[i].bytes.bytes);
	for (uint32_t i = 0; i < env->part_count; i++)
		end = max_u64(end, env->parts[i].pa + env->parts[i].bytes);
	return end;
}

enum status ram_open(struct ram *ram, const struct env *env, struct fault *fault)
{
	uint64_t end = highest(env);
	void *base;

	*ram = (struct ram){ 0 };
	if (end > RAM_LIMIT)
		return fault_set(fault, ST_BAD_ENVIRONMENT, "memory end", end, RAM_LIMIT);
	/* One page at least, and whole ones: a mapped file ends with its page. */
	end = align_up(max_u64(end, 1), HOST_PAGE);
	base = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return fault_set(fault, ST_NO_MEMORY, "address space of the host", end, RAM_LIMIT);
	*ram = (struct ram){ base, end };
	return ST_OK;
}

static enum status read_whole(uint8_t *to, int fd, uint64_t bytes, struct fault *fault)
{
	for (uint64_t done = 0; done < bytes;) {
		ssize_t got = pread(fd, to + done, bytes - done, (off_t)done);

		if (got <= 0)
			return fault_file(fault, "boot file", "read", got < 0 ? errno : EIO);
		done += (uint64_t)got;
	}
	return ST_OK;
}

enum status ram_place(const struct ram *ram, uint64_t pa, int fd, uint64_t bytes,
                      struct fault *fault)
{
	uint8_t *to = ram_at(ram, pa, bytes);

	if (!to)
		return fault_set(fault, ST_BAD_ENVIRONMENT, "file end", pa + bytes, ram->bytes);
	if (bytes == 0)
		return ST_OK;
	if (pa % HOST_PAGE != 0)
		return read_whole(to, fd, bytes, fault);
	if (mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
	         0) == MAP_FAILED)
		return fault_file(fault, "boot file", "map", errno);
	return ST_OK;
}

uint8_t *ram_at(const struct ram *ram, uint64_t pa, uint64_t bytes)
{
	return range_fits(pa, bytes, ram->bytes) ? ram->base + pa : NULL;
}

void ram_close(struct ram *ram)
{
	if (ram->base)
		munmap(ram->base, ram->bytes);
	*ram = (struct ram){ 0 };
}
