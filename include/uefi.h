/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi.h: what boot/uefi*.c share: the firmware's handles and what was asked of it.
 * Nobody else includes the firmware's headers.
 *
 * Sources: UEFI Specification 2.10; types and protocols: gnu-efi's headers, but for those
 * that they lack.
 */
#ifndef UEFI_H
#define UEFI_H

#include <efi.h>

#include "arena.h"
#include "env.h"
#include "status.h"

#define UEFI_PATH_CHARACTERS 512         /* of a file on the volume, with folder and NUL */
#define UEFI_EXIT_TRIES 4
#define UEFI_IMAGE_PIECES 5

/* Pages that were allocated for files and frames, to be given back; the last ones first. */
struct uefi_pages {
	struct uefi_pages *next;
	struct range range;
};

struct uefi {
	struct env env;              /* first: what firmware.h's functions get is this */
	struct arena arena;
	EFI_HANDLE image;
	EFI_SYSTEM_TABLE *table;
	EFI_LOADED_IMAGE *loaded;

	EFI_FILE_HANDLE root;        /* of the loader's volume, NULL: none */
	EFI_FILE_HANDLE opened[ENV_FILES];   /* by index in env.files, NULL: not of the volume */
	CHAR16 folder[UEFI_PATH_CHARACTERS]; /* of smalt.conf, from the root, with the last '\'; empty: the root */
	uint32_t folder_characters;
	uint32_t lasting_files;      /* in env.files: not of one try */

	struct uefi_pages *pages, *lasting_pages;    /* the latter: not of one try */
	uint64_t image_attributes[UEFI_IMAGE_PIECES]; /* before uefi_protect(), of those of image_changed */
	uint32_t image_changed;      /* a bit for each piece */
	bool exit_when_refused;      /* smalt.refused=exit */
	uint32_t spoil_exits;        /* smalt.test_exit_retries=: this many tries fail */
};

static inline struct uefi *uefi_of(const struct env *env)
{
	return (struct uefi *)(uintptr_t)env;
}

/* uefi_protocol.c: a protocol of a handle; NULL: it has none. */
void *uefi_protocol(const struct uefi *uefi, EFI_HANDLE handle, const EFI_GUID *guid);
/* The first one that any handle has; NULL: none. */
void *uefi_locate(const struct uefi *uefi, const EFI_GUID *guid);

/* Is it a node of a device path, not its end? What is shorter than its own head ends it too. */
bool uefi_is_node(const EFI_DEVICE_PATH *node);

/* The fault of a call that failed: ST_DEVICE with the EFI_STATUS; returns ST_DEVICE. */
enum status uefi_fault(EFI_STATUS status, const char *what, struct fault *fault);

/* uefi_status.c: what the firmware is told when nothing boots. */
EFI_STATUS uefi_status(enum status status);

/* uefi_text.c: the firmware's console, until it is left. */
void uefi_text_open(const struct uefi *uefi);
void uefi_text_close(void);

/* uefi_options.c: the command line, from whoever started the loader. ST_NO_MEMORY. */
MUST_CHECK enum status uefi_options(struct uefi *uefi, struct fault *fault);

/* UCS-2 to UTF-8, in memory of the arena. */
MUST_CHECK enum status uefi_utf8(const CHAR16 *text, uint64_t characters, struct arena *arena,
                                 struct span *utf8, struct fault *fault);

/* uefi_facts.c: tables, devices, time, entropy. ST_BAD_FIRMWARE, ST_NO_MEMORY. */
MUST_CHECK enum status uefi_facts(struct uefi *uefi, struct fault *fault);

/* uefi_initrd.c: an archive that came with the loader: a section of its image, or LoadFile2. */
MUST_CHECK enum status uefi_initrd(struct uefi *uefi, struct fault *fault);
/* A section that was appended to the image, in memory; false: none of this name. */
bool uefi_section(const struct uefi *uefi, const char *name, struct span *section);

/* uefi_volume.c: the volume that the loader came from, if it came from one. */
MUST_CHECK enum status uefi_volume_open(struct uefi *uefi, struct fault *fault);
/* A text that stands beside smalt.conf, all of it; *text is empty if there is none. */
MUST_CHECK enum status uefi_volume_text(struct uefi *uefi, const char *name, struct span *text,
                                        struct fault *fault);

/* uefi_memory.c: pages; align is a power of two >= 4096. ST_NO_MEMORY. */
MUST_CHECK enum status uefi_arena(struct uefi *uefi, struct fault *fault);
MUST_CHECK enum status uefi_take_pages(struct uefi *uefi, uint64_t bytes, uint64_t align,
                                       uint64_t *pa, struct fault *fault);

/* Everything that the firmware gave, before the loader goes back to it. */
void uefi_give_back(struct uefi *uefi);

/* uefi_protect.c: W^X for the loader's own image, where the firmware lets it say so; and as it was before. */
void uefi_protect(struct uefi *uefi);
void uefi_unprotect(struct uefi *uefi);

#endif
