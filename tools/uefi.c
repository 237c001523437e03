/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi.c: the volume as UEFI and Smalt's loader expect it: everything lies in the
 * loader's folder, where the loader looks first. (The root of a FAT16 volume has
 * few entries, other folders as many as they need.)
 */
#include "uefi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "archive.h"
#include "say.h"

#define FOLDER "EFI/BOOT/"
#define PATH_BYTES 1024
#define ARENA_BYTES (1u << 20)   /* names of VOLUME_FILES, and room to count some more */

/* A refusal ends QEMU, as it does in direct boot; alone, the loader would return to the firmware. */
#define REFUSED_WORD "smalt.refused=exit"

static const struct platform {
	uint16_t elf_machine;
	const char *loader, *firmware, *package;
} platforms[] = {
	{ SMALT_MACHINE_X86_64, "BOOTX64.EFI", "/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf" },
	{ SMALT_MACHINE_AARCH64, "BOOTAA64.EFI", "/usr/share/AAVMF/AAVMF_CODE.fd", "qemu-efi-aarch64" },
};

static const struct platform *platform_of(const struct machine *machine)
{
	const struct platform *platform = platforms;

	while (platform->elf_machine != machine->elf_machine)
		platform++;
	return platform;
}

const char *uefi_loader(const struct machine *machine)
{
	return platform_of(machine)->loader;
}

int uefi_firmware(const struct machine *machine, const char *path)
{
	const struct platform *platform = platform_of(machine);
	int fd = open(path ? path : platform->firmware, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && path)
		say("--firmware %s: %s", path, strerror(errno));
	else if (fd < 0)
		say("no UEFI firmware for %s at %s: install Debian's package %s, or use --firmware",
		    machine->name, platform->firmware, platform->package);
	return fd;
}

/* --- the volume --- */

static const char cmdline_name[] = "smalt.cmdline";

/* FAT ignores case. */
static bool is_name(struct span name, const char *taken)
{
	return name.bytes == strlen(taken) && strncasecmp((const char *)name.base, taken, name.bytes) == 0;
}

struct filler {
	struct volume *volume;
	const struct machine *machine;
	struct fault *fault;
};

/* The file behind fd, -1 and errno if there is none, in the loader's folder; takes fd. */
static enum status put(const struct filler *filler, struct span name, int fd)
{
	char path[PATH_BYTES];
	int bytes = snprintf(path, sizeof(path), FOLDER "%.*s", (int)name.bytes, (const char *)name.base);
	enum status status;

	/* A longer name is too long for the volume, cut or not. */
	bytes = bytes < PATH_BYTES ? bytes : PATH_BYTES - 1;
	status = volume_add(filler->volume, (struct span){ (const uint8_t *)path, (uint64_t)bytes }, fd, filler->fault);
	filler->fault->object = name;
	return status;
}

/* A file of the bundle or of the archive. */
static enum status put_file(const struct filler *filler, struct span name, int fd)
{
	const char *hint = is_name(name, uefi_loader(filler->machine)) ? "the loader has this name"
		: is_name(name, cmdline_name) ? "it holds the command line: give it by --append" : NULL;

	if (!hint)
		return put(filler, name, fd);
	close(fd);
	fault_field(filler->fault, ST_INVALID, "name on the volume");
	fault_word(filler->fault, name);
	return fault_hint(filler->fault, hint);
}

static enum status put_loader(const struct filler *filler, const char *loader)
{
	int fd = open(loader, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fault_file(filler->fault, loader, "open", errno);
	return put(filler, span_of(uefi_loader(filler->machine)), fd);
}

/* UEFI gives a loader of a volume no command line: it is a file beside smalt.conf. */
static enum status put_cmdline(const struct filler *filler, const char *append)
{
	char *line = NULL;
	int bytes = asprintf(&line, REFUSED_WORD "%s%s", append ? " " : "", append ? append : "");
	enum status status;

	if (bytes < 0)
		return fault_field(filler->fault, ST_NO_MEMORY, cmdline_name);
	status = put(filler, span_of(cmdline_name),
	             volume_memory((struct span){ (const uint8_t *)line, (uint64_t)bytes }));
	free(line);
	return status;
}

static enum status put_bundle(const struct filler *filler, const struct bundle *bundle)
{
	struct span conf;
	char *text;
	enum status status = bundle_conf(bundle, &text, &conf, filler->fault);

	if (status == ST_OK)
		status = put(filler, span_of("smalt.conf"), volume_memory(conf));
	free(text);
	for (uint32_t i = 0; status == ST_OK && i < bundle->count; i++)
		status = put_file(filler, bundle->files[i].name, dup(bundle->files[i].input.fd));
	return status;
}

static enum status put_archive(const struct filler *filler, struct span bytes)
{
	struct arena arena = { malloc(ARENA_BYTES), ARENA_BYTES, 0 };
	struct archive archive = { 0 };
	enum status status;

	if (!arena.base)
		return fault_field(filler->fault, ST_NO_MEMORY, "files of the archive");
	status = archive_read(&archive, span_of("boot archive"), bytes, &arena, filler->fault);
	for (uint32_t i = 0; status == ST_OK && i < archive.file_count; i++)
		status = put_file(filler, archive.files[i].name, volume_memory(archive.files[i].bytes));
	free(arena.base);
	return status;
}

enum status uefi_fill(struct volume *volume, const struct uefi_request *request,
                      struct fault *fault)
{
	struct filler filler = { volume, request->machine, fault };
	enum status status = put_loader(&filler, request->loader);

	if (status == ST_OK)
		status = put_cmdline(&filler, request->append);
	if (status == ST_OK && request->archive.bytes > 0)
		return put_archive(&filler, request->archive);
	return status == ST_OK ? put_bundle(&filler, request->bundle) : status;
}
