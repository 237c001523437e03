/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_volume.h: a volume of a fake firmware: files by path, in any case, as on FAT; what can go wrong
 * with each of them.
 *
 * Source: UEFI 2.10, 13.4, 13.5.
 */
#ifndef FAKE_VOLUME_H
#define FAKE_VOLUME_H

#include "fake_firmware.h"

enum { FAKE_FILES = 160, FAKE_ASKED = 600 };

struct fake_file {
	const CHAR16 *path;              /* from the root, without the first '\' */
	struct span bytes;
	uint64_t told_bytes;             /* by GetInfo(), 0: the truth */
	bool folder;
	EFI_STATUS open, info, seek, read;
	unsigned reads_good;             /* so many before read counts */
	uint64_t read_most;              /* of one Read(), 0: all */
	bool read_nothing, read_too_much;
};

struct fake_handle {
	EFI_FILE_PROTOCOL protocol;      /* first: the pointer to it is the handle */
	const struct fake_file *file;    /* NULL: the root */
	uint64_t position;
	unsigned reads;
	bool open;
};

static struct {
	struct fake_file files[FAKE_FILES];
	unsigned file_count;
	struct fake_handle handles[2 * FAKE_FILES];
	unsigned handle_count;
	unsigned open_count;             /* files, and the root */
	CHAR16 asked[FAKE_ASKED];        /* the path that was looked for last */
	unsigned asked_count;            /* how often */
	EFI_STATUS status;               /* of OpenVolume() */
	EFI_FILE_IO_INTERFACE system;
} vol;

static EFI_STATUS EFIAPI fake_file_open(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *handle, CHAR16 *path,
                                        UINT64 mode, UINT64 attributes);

static inline struct fake_handle *handle_of(EFI_FILE_HANDLE protocol)
{
	struct fake_handle *handle = (struct fake_handle *)protocol;

	assert_true(handle->open);
	return handle;
}

static EFI_STATUS EFIAPI fake_file_close(EFI_FILE_HANDLE protocol)
{
	handle_of(protocol)->open = false;
	vol.open_count--;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_file_seek(EFI_FILE_HANDLE protocol, UINT64 position)
{
	struct fake_handle *handle = handle_of(protocol);

	if (handle->file->seek != EFI_SUCCESS)
		return handle->file->seek;
	handle->position = position;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_file_read(EFI_FILE_HANDLE protocol, UINTN *bytes, void *to)
{
	struct fake_handle *handle = handle_of(protocol);
	const struct fake_file *file = handle->file;
	uint64_t left = file->bytes.bytes - handle->position;

	if (file->read != EFI_SUCCESS && handle->reads++ == file->reads_good)
		return file->read;
	if (handle->position > file->bytes.bytes)
		return EFI_DEVICE_ERROR;
	if (file->read_most != 0 && *bytes > file->read_most)
		*bytes = file->read_most;
	if (*bytes > left)
		*bytes = left;
	memcpy(to, file->bytes.base + handle->position, *bytes);
	handle->position += *bytes;
	if (file->read_nothing)
		*bytes = 0;
	if (file->read_too_much)
		*bytes += 1;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI fake_file_info(EFI_FILE_HANDLE protocol, EFI_GUID *kind, UINTN *bytes, void *to)
{
	static const EFI_GUID file_info =            /* UEFI 2.10, 13.5.16 */
		{ 0x09576e92, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
	const struct fake_file *file = handle_of(protocol)->file;
	EFI_FILE_INFO info = { .Size = 80 + 2 * 256 };

	assert_true(guid_equals(kind, &file_info));
	if (file != NULL && file->info != EFI_SUCCESS)
		return file->info;
	if (*bytes < info.Size)
		return EFI_BUFFER_TOO_SMALL;
	info.FileSize = file == NULL ? 0 : file->told_bytes != 0 ? file->told_bytes : file->bytes.bytes;
	info.Attribute = file == NULL || file->folder ? 0x10 : 0x20;
	memset(to, 0xaa, info.Size);
	memcpy(to, &info, 80);
	*bytes = info.Size;
	return EFI_SUCCESS;
}

static inline EFI_FILE_HANDLE fake_handle_new(const struct fake_file *file)
{
	struct fake_handle *handle = &vol.handles[vol.handle_count++];

	assert_true(vol.handle_count <= 2 * FAKE_FILES);
	*handle = (struct fake_handle){ .file = file, .open = true };
	handle->protocol.Open = fake_file_open;
	handle->protocol.Close = fake_file_close;
	handle->protocol.SetPosition = fake_file_seek;
	handle->protocol.Read = fake_file_read;
	handle->protocol.GetInfo = fake_file_info;
	vol.open_count++;
	return &handle->protocol;
}

static inline CHAR16 lower(CHAR16 c)
{
	return c >= 'A' && c <= 'Z' ? (CHAR16)(c + 32) : c;
}

static inline bool same_path(const CHAR16 *a, const CHAR16 *b)
{
	for (; *a != 0 && lower(*a) == lower(*b); b++)
		a++;
	return *a == 0 && *b == 0;
}

static EFI_STATUS EFIAPI fake_file_open(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *handle, CHAR16 *path,
                                        UINT64 mode, UINT64 attributes)
{
	unsigned count = 0;

	assert_null(handle_of(root)->file);
	assert_int_equal(mode, 1);               /* reading */
	assert_int_equal(attributes, 0);
	for (; path[count] != 0; count++) {
		assert_true(count < FAKE_ASKED - 1);
		vol.asked[count] = path[count];
	}
	vol.asked[count] = 0;
	vol.asked_count++;
	*handle = (EFI_FILE_HANDLE)0xdead;       /* nobody looks at it after a failure */
	if (*path == '\\')
		path++;
	if (*path == 0) {
		*handle = fake_handle_new(NULL);
		return EFI_SUCCESS;
	}
	for (unsigned i = 0; i < vol.file_count; i++) {
		if (!same_path(vol.files[i].path, path))
			continue;
		if (vol.files[i].open == EFI_SUCCESS)
			*handle = fake_handle_new(&vol.files[i]);
		return vol.files[i].open;
	}
	return EFI_NOT_FOUND;
}

static EFI_STATUS EFIAPI fake_open_volume(EFI_FILE_IO_INTERFACE *self, EFI_FILE_HANDLE *root)
{
	assert_ptr_equal(self, &vol.system);
	*root = (EFI_FILE_HANDLE)0xdead;
	if (vol.status == EFI_SUCCESS)
		*root = fake_handle_new(NULL);
	return vol.status;
}

/* Puts an empty volume into the disk that the loader came from. */
static inline void fake_volume(void)
{
	static const EFI_GUID file_system =          /* UEFI 2.10, 13.4.1 */
		{ 0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };

	memset(&vol, 0, sizeof vol);
	vol.system.OpenVolume = fake_open_volume;
	fake_install(FAKE_DISK, file_system, &vol.system);
}

static inline struct fake_file *fake_file(const CHAR16 *path, struct span bytes)
{
	struct fake_file *file = &vol.files[vol.file_count++];

	assert_true(vol.file_count <= FAKE_FILES);
	*file = (struct fake_file){ .path = path, .bytes = bytes };
	return file;
}

#endif
