/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_volume.c: files of the volume that the loader came from (UEFI 2.10, 13.4, 13.5).
 *
 * Paths count from the folder of smalt.conf, which lies beside the loader or in the root; with
 * a '/' in front, from the root. Every file is opened once; its bytes come in few large
 * calls, since each one costs as much as some hundred kilobytes.
 */
#include "uefi.h"

#include <stddef.h>

#include "align.h"
#include "firmware.h"

enum { PAGE = 4096, LARGE = 2 << 20, INFO_BYTES = 1024 };

static const EFI_GUID file_system = SIMPLE_FILE_SYSTEM_PROTOCOL;
static const EFI_GUID file_info = EFI_FILE_INFO_ID;

/* --- paths --- */

/* A path of UEFI while it grows, in zeros; `characters` without the NUL. */
struct path {
	CHAR16 text[UEFI_PATH_CHARACTERS];
	uint32_t characters;
	bool good;
};

static void append(struct path *path, uint32_t c)
{
	if (c == '/')
		c = '\\';
	path->good = path->good && c != 0 && path->characters < UEFI_PATH_CHARACTERS - 1;
	if (path->good)
		path->text[path->characters++] = (CHAR16)c;
}

/*
 * One character of UTF-8, of those that UCS-2 has: at most three bytes; 0 for what is none. Longer forms than
 * needed do no harm: no name has them.
 */
static uint32_t take_character(struct span *rest)
{
	uint32_t first = *rest->base, more = first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	uint32_t c = more == 0 ? first : first & (0x3f >> more);

	if (rest->bytes <= more || first >= 0xf0 || (more == 0 && first >= 0x80))
		return rest->bytes = 0;
	for (uint32_t i = 1; i <= more; i++) {
		if ((rest->base[i] & 0xc0) != 0x80)
			return rest->bytes = 0;
		c = c << 6 | (rest->base[i] & 0x3f);
	}
	rest->base += more + 1;
	rest->bytes -= more + 1;
	return c;
}

static struct path path_of(const struct uefi *uefi, struct span name)
{
	struct path path = { .good = true };

	if (name.bytes == 0 || *name.base != '/')
		for (uint32_t i = 0; i < uefi->folder_characters; i++)
			append(&path, uefi->folder[i]);
	while (name.bytes > 0)
		append(&path, take_character(&name));
	return path;
}

/* Nothing, or up to a separator. */
static bool ends_folder(const struct path *path)
{
	return path->characters == 0 || path->text[path->characters - 1] == '\\';
}

/*
 * The folder of the loader, from its path on the volume, which may be in several nodes: one separator
 * between them (UEFI 2.10, 10.3.5.4), none in front, since all paths count from the root.
 */
static void set_own_folder(struct uefi *uefi)
{
	EFI_DEVICE_PATH *node = uefi->loaded->FilePath;
	struct path path = { .good = true };

	for (; uefi_is_node(node); node = NextDevicePathNode(node)) {
		const CHAR16 *name = (const CHAR16 *)(const void *)(node + 1);
		uint64_t count = (DevicePathNodeLength(node) - sizeof *node) / sizeof *name;

		if (DevicePathType(node) != MEDIA_DEVICE_PATH || DevicePathSubType(node) != MEDIA_FILEPATH_DP)
			continue;
		if (!ends_folder(&path))
			append(&path, '\\');
		for (uint64_t i = 0; i < count && name[i] != 0; i++)
			if (name[i] != '\\' || !ends_folder(&path))
				append(&path, name[i]);
	}
	while (!ends_folder(&path))
		path.characters--;
	if (!path.good)
		path.characters = 0;
	for (uint32_t i = 0; i < path.characters; i++)
		uefi->folder[i] = path.text[i];
	uefi->folder_characters = path.characters;
}

/* --- opening --- */

/* *handle is NULL if there is no such file. */
MUST_CHECK static enum status open_file(const struct uefi *uefi, struct span name,
                                        EFI_FILE_HANDLE *handle, struct fault *fault)
{
	struct path path = path_of(uefi, name);
	EFI_STATUS status;

	*handle = NULL;
	if (uefi->root == NULL || !path.good)
		return ST_OK;
	status = uefi->root->Open(uefi->root, handle, path.text, EFI_FILE_MODE_READ, 0);
	if (status == EFI_SUCCESS)
		return ST_OK;
	*handle = NULL;
	return status == EFI_NOT_FOUND ? ST_OK : uefi_fault(status, "Open()", fault);
}

/* A folder is no file: *bytes UINT64_MAX. */
MUST_CHECK static enum status get_bytes(EFI_FILE_HANDLE handle, uint64_t *bytes, struct fault *fault)
{
	uint64_t buffer[INFO_BYTES / sizeof(uint64_t)];
	const EFI_FILE_INFO *info = (const void *)buffer;
	UINTN size = sizeof buffer;
	EFI_STATUS status = handle->GetInfo(handle, (EFI_GUID *)(uintptr_t)&file_info, &size, buffer);

	if (status != EFI_SUCCESS)
		return uefi_fault(status, "GetInfo()", fault);
	*bytes = (info->Attribute & EFI_FILE_DIRECTORY) != 0 ? UINT64_MAX : info->FileSize;
	return ST_OK;
}

/* Enters an open file into env->files; NULL: it is a folder, and closed. */
MUST_CHECK static enum status enter(struct uefi *uefi, struct span name, EFI_FILE_HANDLE handle,
                                    const struct file **file, struct fault *fault)
{
	struct env *env = &uefi->env;
	uint64_t bytes = 0;

	if (get_bytes(handle, &bytes, fault) != ST_OK || bytes == UINT64_MAX) {
		handle->Close(handle);
		return bytes == UINT64_MAX ? ST_OK : fault->status;
	}
	if (env->file_count == ENV_FILES) {
		handle->Close(handle);
		return fault_set(fault, ST_TOO_SMALL, "files", ENV_FILES + 1, ENV_FILES);
	}
	uefi->opened[env->file_count] = handle;
	env->files[env->file_count] = (struct file){
		.name = name, .pa = ENV_ON_VOLUME, .bytes = { NULL, bytes }, .donated = true,
	};
	*file = &env->files[env->file_count++];
	return ST_OK;
}

/* --- reading --- */

static EFI_FILE_HANDLE handle_of(const struct uefi *uefi, const struct file *file)
{
	return uefi->opened[file - uefi->env.files];
}

enum status firmware_read(const struct env *env, const struct file *file, uint64_t file_offset,
                          void *to, uint64_t bytes, struct fault *fault)
{
	EFI_FILE_HANDLE handle = handle_of(uefi_of(env), file);
	EFI_STATUS status = handle->SetPosition(handle, file_offset);

	for (uint64_t done = 0; status == EFI_SUCCESS && done < bytes;) {
		UINTN size = bytes - done;

		status = handle->Read(handle, &size, (uint8_t *)to + done);
		if (status == EFI_SUCCESS && (size == 0 || size > bytes - done))
			return fault_set(fault, ST_DEVICE, "bytes from Read()", size, bytes - done);
		done += size;
	}
	return status == EFI_SUCCESS ? ST_OK : uefi_fault(status, "Read()", fault);
}

enum status firmware_load(struct env *env, const struct file *file, struct fault *fault)
{
	struct uefi *uefi = uefi_of(env);
	struct file *entry = &env->files[file - env->files];
	uint64_t bytes = file->bytes.bytes, pa;

	if (bytes == 0 || file->bytes.base != NULL)
		return ST_OK;
	if (uefi_take_pages(uefi, bytes, bytes < LARGE ? PAGE : LARGE, &pa, fault) != ST_OK ||
	    firmware_read(env, file, 0, (void *)(uintptr_t)pa, bytes, fault) != ST_OK)
		return fault->status;
	entry->pa = pa;
	entry->bytes.base = (const uint8_t *)(uintptr_t)pa;
	return ST_OK;
}

enum status firmware_find(struct env *env, struct span path, bool whole, const struct file **file,
                          struct fault *fault)
{
	struct uefi *uefi = uefi_of(env);
	EFI_FILE_HANDLE handle;

	*file = NULL;
	if (open_file(uefi, path, &handle, fault) != ST_OK)
		return fault_in(fault, path);
	if (handle == NULL)
		return ST_OK;
	if (enter(uefi, path, handle, file, fault) != ST_OK)
		return fault_in(fault, path);
	if (*file != NULL && whole && firmware_load(env, *file, fault) != ST_OK)
		return fault_in(fault, path);
	return ST_OK;
}

/* --- smalt.conf and what stands beside it: they outlast a try --- */

enum status uefi_volume_text(struct uefi *uefi, const char *name, struct span *text,
                             struct fault *fault)
{
	const struct file *file;
	EFI_FILE_HANDLE handle;
	uint8_t *to;

	*text = (struct span){ NULL, 0 };
	if (firmware_find(&uefi->env, span_of(name), false, &file, fault) != ST_OK)
		return fault->status;
	if (file == NULL)
		return ST_OK;
	to = arena_pages(&uefi->arena, file->bytes.bytes, PAGE, name, fault);
	if (to == NULL || firmware_read(&uefi->env, file, 0, to, file->bytes.bytes, fault) != ST_OK)
		return fault_in(fault, span_of(name));
	*text = (struct span){ to, file->bytes.bytes };
	/* Nobody asks for it again. */
	handle = uefi->opened[--uefi->env.file_count];
	uefi->opened[uefi->env.file_count] = NULL;
	handle->Close(handle);
	return ST_OK;
}

enum status uefi_volume_open(struct uefi *uefi, struct fault *fault)
{
	static const char name[] = "smalt.conf";
	EFI_FILE_IO_INTERFACE *system = uefi_protocol(uefi, uefi->loaded->DeviceHandle, &file_system);
	EFI_FILE_HANDLE root;
	struct span text;

	if (system == NULL || system->OpenVolume(system, &root) != EFI_SUCCESS)
		return ST_OK;
	uefi->root = root;
	set_own_folder(uefi);
	if (uefi_volume_text(uefi, name, &text, fault) != ST_OK)
		return fault->status;
	if (text.base == NULL && uefi->folder_characters > 0) {
		uefi->folder_characters = 0;     /* the root */
		if (uefi_volume_text(uefi, name, &text, fault) != ST_OK)
			return fault->status;
	}
	/* An initrd is booted as somebody made it, or signed it: nothing else configures it. */
	if (text.base == NULL || env_file(&uefi->env, "initrd") != NULL)
		return ST_OK;
	uefi->env.files[uefi->env.file_count++] = (struct file){
		.name = span_of(name), .pa = (uint64_t)(uintptr_t)text.base, .bytes = text, .donated = true,
	};
	return ST_OK;
}
