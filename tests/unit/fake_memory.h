/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_memory.h: what a fake firmware knows, and its memory: pages with a type each, pools, the map, and
 * the end of it. The memory is ours, at its own addresses.
 *
 * Source: UEFI 2.10, 7.2, 7.4.6.
 */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#include "uefi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FAKE_PAGE = 4096, FAKE_PAGES = 8192, FAKE_PROTOCOLS = 16, FAKE_TABLES = 8, FAKE_POOLS = 16, FAKE_TRACE = 256 };

#define FAKE_IMAGE  ((EFI_HANDLE)1)      /* the loader's own handle */
#define FAKE_DISK   ((EFI_HANDLE)2)      /* that it was loaded from */
#define FAKE_OUT    ((EFI_HANDLE)3)      /* of the console */

static struct fake {
	uint8_t *ram;                    /* FAKE_PAGES, aligned to 4 MiB */
	uint8_t types[FAKE_PAGES];       /* EFI_MEMORY_TYPE */
	UINTN key;
	UINTN descriptor_bytes;
	bool descending;                 /* no order is promised */
	unsigned fail_allocation;        /* the n-th AllocatePages() from now on, 0: none */
	unsigned maps_good;              /* so many GetMemoryMap() before map_status counts */
	EFI_STATUS map_status;
	unsigned exits_spoiled;          /* so many ExitBootServices() find another map */
	bool exited;
	void *pools[FAKE_POOLS];         /* that are allocated */
	unsigned pool_count;

	struct { EFI_HANDLE handle; EFI_GUID guid; void *interface; } protocols[FAKE_PROTOCOLS];
	unsigned protocol_count;

	char said[4096];                 /* on the console */
	unsigned said_count, said_calls, said_longest;

	EFI_TIME time;
	EFI_STATUS time_status;

	char trace[FAKE_TRACE];          /* a letter for every call, see trace() */
	unsigned trace_count;
	jmp_buf back;                    /* from what does not return */
	EFI_STATUS ended;                /* what Exit() or ResetSystem() was told */
	bool with_exit, with_reset;

	EFI_LOADED_IMAGE loaded;
	EFI_CONFIGURATION_TABLE tables[FAKE_TABLES];
	SIMPLE_TEXT_OUTPUT_INTERFACE out;
	EFI_BOOT_SERVICES boot;
	EFI_RUNTIME_SERVICES runtime;
	EFI_SYSTEM_TABLE table;
	struct machine machine;          /* whose loader_limit is the end of ram */
} fw;

static inline void trace(char letter)
{
	if (fw.trace_count < FAKE_TRACE - 1)
		fw.trace[fw.trace_count++] = letter;
	fw.trace[fw.trace_count] = '\0';
}

static inline void trace_clear(void)
{
	fw.trace_count = 0;
	fw.trace[0] = '\0';
}

/* --- memory --- */

static inline uint64_t fake_pa(uint64_t page)
{
	return (uint64_t)(uintptr_t)fw.ram + page * FAKE_PAGE;
}

static inline uint64_t fake_count(uint8_t type)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < FAKE_PAGES; i++)
		count += fw.types[i] == type;
	return count;
}

static inline uint64_t fake_free(void)
{
	return fake_count(EfiConventionalMemory);
}

static inline void fake_set(uint64_t page, uint64_t count, uint8_t type)
{
	memset(fw.types + page, type, count);
	fw.key++;
}

static inline bool fake_all(uint64_t page, uint64_t count, uint8_t type)
{
	for (uint64_t i = 0; i < count; i++)
		if (page + i >= FAKE_PAGES || fw.types[page + i] != type)
			return false;
	return true;
}

/* From above, as EDK2 does; FAKE_PAGES: there is no such run below end. */
static inline uint64_t fake_highest(uint64_t end, uint64_t count)
{
	for (uint64_t page = end; page-- > 0; )
		if (page + count <= end && fake_all(page, count, EfiConventionalMemory))
			return page;
	return FAKE_PAGES;
}

static EFI_STATUS EFIAPI fake_allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN count,
                                             EFI_PHYSICAL_ADDRESS *pa)
{
	uint64_t page = FAKE_PAGES, end = FAKE_PAGES;

	trace('A');
	assert_true(count > 0);
	if (fw.fail_allocation > 0 && --fw.fail_allocation == 0)
		return EFI_OUT_OF_RESOURCES;
	if (how == AllocateMaxAddress && *pa < fake_pa(FAKE_PAGES))
		end = *pa < fake_pa(0) ? 0 : (*pa + 1 - fake_pa(0)) / FAKE_PAGE;
	if (how == AllocateAddress) {
		assert_int_equal(*pa % FAKE_PAGE, 0);
		page = (*pa - fake_pa(0)) / FAKE_PAGE;
		if (*pa < fake_pa(0) || !fake_all(page, count, EfiConventionalMemory))
			return EFI_NOT_FOUND;
	} else if (count <= FAKE_PAGES) {
		page = fake_highest(end, count);
	}
	if (page == FAKE_PAGES)
		return EFI_OUT_OF_RESOURCES;
	fake_set(page, count, (uint8_t)type);
	*pa = fake_pa(page);
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_free_pages(EFI_PHYSICAL_ADDRESS pa, UINTN count)
{
	uint64_t page = (pa - fake_pa(0)) / FAKE_PAGE;

	trace('F');
	assert_int_equal(pa % FAKE_PAGE, 0);
	assert_true(count > 0 && pa >= fake_pa(0));
	assert_true(fake_all(page, count, EfiLoaderData));
	fake_set(page, count, EfiConventionalMemory);
	return EFI_SUCCESS;
}

/* Descriptors that the map has. */
static inline uint64_t fake_runs(void)
{
	uint64_t count = 1;

	for (unsigned i = 1; i < FAKE_PAGES; i++)
		count += fw.types[i] != fw.types[i - 1];
	return count;
}

/* A member of EFI_MEMORY_DESCRIPTOR (UEFI 2.10, 7.2.3), by its offset. */
static inline void put_number(uint8_t *descriptor, unsigned at, uint64_t value, unsigned bytes)
{
	memcpy(descriptor + at, &value, bytes);
}

static EFI_STATUS EFIAPI fake_get_memory_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                             UINTN *descriptor_bytes, UINT32 *version)
{
	UINTN room = *size, needed = fake_runs() * fw.descriptor_bytes, at = 0;

	trace('M');
	if (fw.map_status != EFI_SUCCESS && fw.maps_good-- == 0)
		return fw.map_status;
	for (uint64_t page = 0, next; page < FAKE_PAGES && needed <= room; page = next) {
		uint8_t *to = (uint8_t *)map + at;

		if (fw.descending)
			to = (uint8_t *)map + needed - fw.descriptor_bytes - at;
		for (next = page + 1; next < FAKE_PAGES && fw.types[next] == fw.types[page]; )
			next++;
		memset(to, 0xaa, fw.descriptor_bytes);
		put_number(to, 0, fw.types[page], 4);
		put_number(to, 8, fake_pa(page), 8);
		put_number(to, 16, 0, 8);
		put_number(to, 24, next - page, 8);
		put_number(to, 32, 0xf, 8);        /* cacheable in every way */
		at += fw.descriptor_bytes;
	}
	*size = needed;
	*descriptor_bytes = fw.descriptor_bytes;
	*version = 1;
	if (needed > room)
		return EFI_BUFFER_TOO_SMALL;
	*key = fw.key;
	return EFI_SUCCESS;
}

static inline void *fake_pool(uint64_t bytes)
{
	assert_true(fw.pool_count < FAKE_POOLS);
	fw.key++;
	return fw.pools[fw.pool_count++] = malloc(bytes);
}

static EFI_STATUS EFIAPI fake_allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void **pool)
{
	(void)type;
	trace('P');
	*pool = fake_pool(bytes);
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_free_pool(void *pool)
{
	trace('Q');
	for (unsigned i = 0; i < fw.pool_count; i++) {
		if (fw.pools[i] != pool)
			continue;
		fw.pools[i] = fw.pools[--fw.pool_count];
		free(pool);
		fw.key++;
		return EFI_SUCCESS;
	}
	fail();
	return EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI fake_exit_boot_services(EFI_HANDLE image, UINTN key)
{
	trace('X');
	assert_ptr_equal(image, FAKE_IMAGE);
	if (fw.exits_spoiled > 0) {
		fw.exits_spoiled--;
		fw.key++;
	}
	if (key != fw.key)
		return EFI_INVALID_PARAMETER;
	fw.exited = true;
	return EFI_SUCCESS;
}

#endif
