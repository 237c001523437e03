/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_firmware.h: a UEFI firmware that a test can look into: memory by pages, handles with
 * protocols, a console, configuration tables.
 *
 * Source: UEFI 2.10, chapters 4, 7, 8.3, 12.4.
 */
#ifndef FAKE_FIRMWARE_H
#define FAKE_FIRMWARE_H

#include "fake_memory.h"

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
