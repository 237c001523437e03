/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_firmware.h: a UEFI firmware that a test can look into: memory by pages, handles with
 * protocols, a console, configuration tables. Its memory is ours, at its own addresses.
 *
 * Source: UEFI 2.10, chapters 4, 7, 8.3, 12.4.
 */
#ifndef FAKE_FIRMWARE_H
#define FAKE_FIRMWARE_H

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

/* --- handles and protocols --- */

static inline void fake_install(EFI_HANDLE handle, EFI_GUID guid, void *interface)
{
	assert_true(fw.protocol_count < FAKE_PROTOCOLS);
	fw.protocols[fw.protocol_count].handle = handle;
	fw.protocols[fw.protocol_count].guid = guid;
	fw.protocols[fw.protocol_count++].interface = interface;
}

static inline bool guid_equals(const EFI_GUID *a, const EFI_GUID *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* handle NULL: of any. */
static inline void *fake_find(EFI_HANDLE handle, const EFI_GUID *guid)
{
	for (unsigned i = 0; i < fw.protocol_count; i++)
		if ((handle == NULL || fw.protocols[i].handle == handle) && guid_equals(&fw.protocols[i].guid, guid))
			return fw.protocols[i].interface;
	return NULL;
}

static EFI_STATUS EFIAPI fake_handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **interface)
{
	trace('H');
	assert_non_null(handle);
	*interface = fake_find(handle, guid);
	return *interface != NULL ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI fake_locate_protocol(EFI_GUID *guid, void *registration, void **interface)
{
	(void)registration;
	trace('L');
	*interface = fake_find(NULL, guid);
	return *interface != NULL ? EFI_SUCCESS : EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI fake_locate_handle_buffer(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *guid, void *search,
                                                   UINTN *count, EFI_HANDLE **handles)
{
	(void)search;
	trace('B');
	assert_int_equal(how, ByProtocol);
	if (fake_find(NULL, guid) == NULL)
		return EFI_NOT_FOUND;
	*count = 0;
	for (unsigned i = 0; i < fw.protocol_count; i++)
		*count += guid_equals(&fw.protocols[i].guid, guid);
	*handles = fake_pool(*count * sizeof **handles);
	for (unsigned i = 0, at = 0; i < fw.protocol_count; i++)
		if (guid_equals(&fw.protocols[i].guid, guid))
			(*handles)[at++] = fw.protocols[i].handle;
	return EFI_SUCCESS;
}

static inline uint64_t path_bytes(const uint8_t *path)
{
	uint64_t at = 0;

	while (path[at] != 0x7f)
		at += path[at + 2] | path[at + 3] << 8;
	return at;
}

static EFI_STATUS EFIAPI fake_locate_device_path(EFI_GUID *guid, EFI_DEVICE_PATH **path, EFI_HANDLE *handle)
{
	static const EFI_GUID device_path =          /* UEFI 2.10, 10.2 */
		{ 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
	uint8_t *wanted = (uint8_t *)*path;

	trace('D');
	for (unsigned i = 0; i < fw.protocol_count; i++) {
		const uint8_t *have = fake_find(fw.protocols[i].handle, &device_path);

		if (!guid_equals(&fw.protocols[i].guid, guid) || have == NULL ||
		    path_bytes(have) > path_bytes(wanted) || memcmp(have, wanted, path_bytes(have)) != 0)
			continue;
		*path = (EFI_DEVICE_PATH *)(wanted + path_bytes(have));
		*handle = fw.protocols[i].handle;
		return EFI_SUCCESS;
	}
	return EFI_NOT_FOUND;
}

/* --- the rest --- */

static EFI_STATUS EFIAPI fake_output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *self, CHAR16 *text)
{
	unsigned count = 0;

	trace('O');
	assert_ptr_equal(self, &fw.out);
	for (; text[count] != 0; count++) {
		assert_in_range(text[count], 1, 0x7e);
		assert_true(fw.said_count < sizeof fw.said - 1);
		fw.said[fw.said_count++] = (char)text[count];
	}
	fw.said[fw.said_count] = '\0';
	fw.said_calls++;
	fw.said_longest = count > fw.said_longest ? count : fw.said_longest;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_set_watchdog(UINTN seconds, UINT64 code, UINTN bytes, CHAR16 *data)
{
	(void)code, (void)bytes, (void)data;
	trace('W');
	assert_int_equal(seconds, 0);            /* off */
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_get_time(EFI_TIME *time, EFI_TIME_CAPABILITIES *capabilities)
{
	(void)capabilities;
	*time = fw.time;
	return fw.time_status;
}

static EFI_STATUS EFIAPI fake_exit(EFI_HANDLE image, EFI_STATUS status, UINTN bytes, CHAR16 *data)
{
	(void)bytes, (void)data;
	trace('E');
	assert_ptr_equal(image, FAKE_IMAGE);
	fw.ended = status;
	fw.with_exit = true;
	longjmp(fw.back, 1);
}

static EFI_STATUS EFIAPI fake_reset_system(EFI_RESET_TYPE type, EFI_STATUS status, UINTN bytes, CHAR16 *data)
{
	(void)type, (void)bytes, (void)data;
	trace('R');
	fw.ended = status;
	fw.with_reset = true;
	longjmp(fw.back, 1);
}

/* A firmware with 32 MiB of free memory, a console and a time, and nothing else. */
static inline void fake_open(void)
{
	uint64_t bytes = FAKE_PAGES * (uint64_t)FAKE_PAGE, align = 4 << 20;
	uint8_t *all = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(all != MAP_FAILED);
	memset(&fw, 0, sizeof fw);
	fw.ram = all + (-(uintptr_t)all & (align - 1));
	munmap(all, (size_t)(fw.ram - all));
	munmap(fw.ram + bytes, (size_t)(all + align - fw.ram));
	memset(fw.types, EfiConventionalMemory, FAKE_PAGES);
	fw.key = 1000;
	fw.descriptor_bytes = 48;                /* as EDK2 has it */
	fw.time_status = EFI_DEVICE_ERROR;
	fw.out.OutputString = fake_output_string;
	fw.boot = (EFI_BOOT_SERVICES){
		.AllocatePages = fake_allocate_pages, .FreePages = fake_free_pages,
		.GetMemoryMap = fake_get_memory_map, .AllocatePool = fake_allocate_pool,
		.FreePool = fake_free_pool, .HandleProtocol = fake_handle_protocol,
		.LocateProtocol = fake_locate_protocol, .LocateHandleBuffer = fake_locate_handle_buffer,
		.LocateDevicePath = fake_locate_device_path, .SetWatchdogTimer = fake_set_watchdog,
		.Exit = fake_exit, .ExitBootServices = fake_exit_boot_services,
	};
	fw.runtime = (EFI_RUNTIME_SERVICES){ .GetTime = fake_get_time, .ResetSystem = fake_reset_system };
	fw.table = (EFI_SYSTEM_TABLE){
		.ConsoleOutHandle = FAKE_OUT, .ConOut = &fw.out, .BootServices = &fw.boot,
		.RuntimeServices = &fw.runtime, .ConfigurationTable = fw.tables,
	};
	fw.loaded.DeviceHandle = FAKE_DISK;
	fw.machine = machine_x86_64;
	fw.machine.loader_limit = fake_pa(FAKE_PAGES);
}

static inline void fake_close(void)
{
	munmap(fw.ram, FAKE_PAGES * (size_t)FAKE_PAGE);
	assert_true(fw.pool_count == 0 || fw.exited);    /* what is left goes with the firmware */
	while (fw.pool_count > 0)
		free(fw.pools[--fw.pool_count]);
}

/* What the loader has after its first steps; its arena is not of the firmware's memory. */
static inline void fake_start(struct uefi *uefi, struct arena arena)
{
	memset(uefi, 0, sizeof *uefi);
	uefi->image = FAKE_IMAGE;
	uefi->table = &fw.table;
	uefi->loaded = &fw.loaded;
	uefi->arena = arena;
	uefi->env.path = SMALT_PATH_UEFI;
	uefi->env.machine = &fw.machine;
}

#endif
