/* SPDX-License-Identifier: BSD-2-Clause */
/* loaders.c: three places where a loader may lie, in this order. */
#include "loaders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* PVH is an ELF note, so QEMU wants the ELF file there; everything else boots the flat image. */
const char *loaders_direct(const struct machine *machine)
{
	return machine->path == SMALT_PATH_PVH ? "smalt.elf" : "smalt.img";
}

/* The directory of the command itself, not of a link to it. */
static bool own_directory(char path[LOADERS_PATH_BYTES])
{
	ssize_t bytes = readlink("/proc/self/exe", path, LOADERS_PATH_BYTES - 1);
	char *slash;

	if (bytes <= 0)
		return false;
	path[bytes] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static bool try(const char *directory, const char *below, const char *file,
                char path[LOADERS_PATH_BYTES])
{
	int bytes = snprintf(path, LOADERS_PATH_BYTES, "%s%s/%s", directory, below, file);

	return bytes < LOADERS_PATH_BYTES && access(path, R_OK) == 0;
}

bool loaders_find(const struct machine *machine, const char *file, char path[LOADERS_PATH_BYTES])
{
	const char *named = getenv("SMALT_LOADERS");
	char own[LOADERS_PATH_BYTES], below[LOADERS_PATH_BYTES];
	bool has_own = own_directory(own);

	snprintf(below, sizeof(below), "%s/%s", machine->name, file);
	if (named && *named && try(named, "", below, path))
		return true;
	if (has_own && (try(own, "", below, path) || try(own, "/../lib/smalt", below, path)))
		return true;
	say("no %s in $SMALT_LOADERS, beside the command or in ../lib/smalt: build it, or use --loader",
	    below);
	return false;
}
