/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fwcfg.c: reads files from QEMU's fw_cfg device by DMA; every number of the
 * device is big endian.
 *
 * Source: QEMU docs/specs/fw_cfg.rst.
 */
#include "fwcfg.h"

#include <stddef.h>

#include "align.h"
#include "arch.h"
#include "firmware.h"

enum {
	PAGE = 4096,
	KEY_DIRECTORY = 0x19,
	CONTROL_ERROR = 1, CONTROL_READ = 2, CONTROL_SELECT = 8, CONTROL_KEY_SHIFT = 16,
	NAME_CHARACTERS = 56,
	DIRECTORY_MOST = 1024,           /* files that are believed */
};

struct request {
	uint32_t control;
	uint32_t bytes;
	uint64_t pa;
};
_Static_assert(sizeof(struct request) == 16, "fw_cfg.rst: FWCfgDmaAccess");

struct entry {
	uint32_t bytes;
	uint16_t key;
	uint16_t reserved;
	char name[NAME_CHARACTERS];
};
_Static_assert(sizeof(struct entry) == 64, "fw_cfg.rst: FWCfgFile");

struct device {
	uint64_t registers_pa;
	uint64_t window;
	volatile struct request *request;
	struct fault *fault;
};

static uint64_t pa_of(const struct device *device, const volatile void *pointer)
{
	return (uint64_t)(uintptr_t)pointer - device->window;
}

/* Reads from the item that is selected; key 0 goes on where the last read ended. */
MUST_CHECK static enum status read_next(const struct device *device, uint16_t key, void *to,
                                        uint32_t bytes)
{
	uint32_t control = CONTROL_READ;

	if (key != 0)
		control |= CONTROL_SELECT | (uint32_t)key << CONTROL_KEY_SHIFT;
	device->request->control = __builtin_bswap32(control);
	device->request->bytes = __builtin_bswap32(bytes);
	device->request->pa = __builtin_bswap64(pa_of(device, to));
	if (!arch_fwcfg(device->registers_pa, pa_of(device, device->request)))
		return fault_value(device->fault, ST_NOT_FOUND, "fw_cfg", device->registers_pa);
	do {
		control = __builtin_bswap32(device->request->control);
	} while ((control & ~(uint32_t)CONTROL_ERROR) != 0);
	if (control != 0)
		return fault_value(device->fault, ST_BAD_FIRMWARE, "fw_cfg error at key", key);
	return ST_OK;
}

/* The directory; *count is 0, and nothing taken, without a device. */
MUST_CHECK static enum status read_directory(const struct device *device, struct arena *arena,
                                             struct entry **entries, uint32_t *count)
{
	uint32_t *number = arena_take(arena, 1, sizeof(*number), "fw_cfg directory", device->fault);

	*count = 0;
	if (number == NULL)
		return device->fault->status;
	switch (read_next(device, KEY_DIRECTORY, number, sizeof(*number))) {
	case ST_OK:
		break;
	case ST_NOT_FOUND:
		return ST_OK;
	default:
		return device->fault->status;
	}
	if (__builtin_bswap32(*number) > DIRECTORY_MOST)
		return fault_set(device->fault, ST_BAD_FIRMWARE, "files of fw_cfg",
		                 __builtin_bswap32(*number), DIRECTORY_MOST);
	*count = __builtin_bswap32(*number);
	*entries = arena_take(arena, *count, sizeof(**entries), "fw_cfg directory", device->fault);
	if (*entries == NULL)
		return device->fault->status;
	return read_next(device, 0, *entries, *count * (uint32_t)sizeof(**entries));
}

static bool is_ours(struct entry *entry)
{
	entry->name[NAME_CHARACTERS - 1] = '\0';
	return span_begins(span_of(entry->name), FWCFG_PREFIX);
}

/* An empty file is a file too: it gets a page as its place. */
static uint64_t page_bytes(const struct entry *entry)
{
	return align_up(max_u64(__builtin_bswap32(entry->bytes), 1), PAGE);
}

MUST_CHECK static enum status read_file(const struct device *device, struct entry *entry,
                                        uint64_t pa, struct env *env)
{
	uint32_t bytes = __builtin_bswap32(entry->bytes);

	if (env->file_count == ENV_FILES)
		return fault_set(device->fault, ST_BAD_FIRMWARE, "files", env->file_count + 1, ENV_FILES);
	env->files[env->file_count++] = (struct file){
		.name = span_of(entry->name),
		.pa = pa,
		.bytes = { env_pointer(env, pa), bytes },
		.donated = true,
	};
	return read_next(device, __builtin_bswap16(entry->key), env_pointer(env, pa), bytes);
}

enum status fwcfg_files(uint64_t registers_pa, struct env *env, struct arena *arena,
                        struct fault *fault)
{
	struct device device = { registers_pa, env->window, NULL, fault };
	struct entry *entries = NULL;
	uint64_t bytes = 0, pa;
	uint32_t count;

	device.request = arena_take(arena, 1, sizeof(struct request), "fw_cfg request", fault);
	if (device.request == NULL || read_directory(&device, arena, &entries, &count) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < count; i++)
		bytes += is_ours(&entries[i]) ? page_bytes(&entries[i]) : 0;
	if (bytes == 0)
		return ST_OK;
	if (firmware_room(env, bytes, arena, &pa, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < count; i++) {
		if (!is_ours(&entries[i]))
			continue;
		if (read_file(&device, &entries[i], pa, env) != ST_OK)
			return fault->status;
		pa += page_bytes(&entries[i]);
	}
	return ST_OK;
}
