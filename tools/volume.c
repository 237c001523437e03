/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume.c: links in a folder of its own, and a keeper that removes it.
 *
 * The keeper is a child that waits until nobody holds the other end of its pipe.
 * So there is one way out for success, failure, signals and even SIGKILL.
 */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

#define LINK_BYTES 64
#define NAME_BYTES 1024
#define PART_BYTES 255           /* of a long name in FAT */
#define WALK_FDS 8

/* --- the folder and its keeper --- */

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
	(void)stat, (void)type, (void)walk;
	remove(path);
	return 0;
}

/*
 * No signal ends it, and it holds nothing but the pipe: nobody who waits for the end of our
 * output waits for it.
 */
static _Noreturn void keep(const char *path, int pipe_fd)
{
	char byte;

	dup2(pipe_fd, STDIN_FILENO);
	closefrom(STDIN_FILENO + 1);
	while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
		;
	nftw(path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

static bool start_keeper(struct volume *volume)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	volume->keeper = fork();
	if (volume->keeper == 0)
		keep(volume->path, ends[0]);
	close(ends[0]);
	volume->keeper_fd = ends[1];
	if (volume->keeper > 0)
		return true;
	volume->keeper = 0;
	close(ends[1]);
	return false;
}

static enum status make_folder(struct volume *volume, struct fault *fault)
{
	const char *parent = getenv("TMPDIR");
	int bytes = snprintf(volume->path, VOLUME_PATH_BYTES, "%s/smalt-XXXXXX",
	                     parent && *parent ? parent : "/tmp");

	if (bytes >= VOLUME_PATH_BYTES)
		return fault_file(fault, "$TMPDIR", "create", ENAMETOOLONG);
	if (!mkdtemp(volume->path))
		return fault_file(fault, "volume", "create", errno);
	if (start_keeper(volume))
		return ST_OK;
	fault_file(fault, "volume", "create", errno);
	rmdir(volume->path);
	return fault->status;
}

enum status volume_open(struct volume *volume, struct fault *fault)
{
	sigset_t all, before;
	enum status status;

	*volume = (struct volume){ .folder_fd = -1 };
	/* A folder without a keeper, or a keeper that a signal can end, would be a leftover. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	status = make_folder(volume, fault);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (status != ST_OK)
		return status;
	/* Not close-on-exec: QEMU is to have it. */
	volume->folder_fd = open(volume->path, O_RDONLY | O_DIRECTORY);
	return volume->folder_fd < 0 ? fault_file(fault, "volume", "open", errno) : ST_OK;
}

void volume_close(struct volume *volume)
{
	if (volume->keeper == 0)
		return;
	for (uint32_t i = 0; i < volume->count; i++)
		close(volume->fds[i]);
	if (volume->folder_fd >= 0)
		close(volume->folder_fd);
	close(volume->keeper_fd);
	while (waitpid(volume->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	*volume = (struct volume){ .folder_fd = -1 };
}

/* --- files --- */

static enum status refuse(struct fault *fault, struct span name, const char *hint)
{
	fault_field(fault, ST_INVALID, "name on the volume");
	fault_word(fault, name);
	return fault_hint(fault, hint);
}

/* Archives come from anywhere: no name may lead out of the folder. */
static enum status check_name(struct span name, struct fault *fault)
{
	uint64_t start = 0;

	if (name.bytes >= NAME_BYTES)
		return refuse(fault, name, "it is too long");
	for (uint64_t i = 0; i <= name.bytes; i++) {
		struct span part = { name.base + start, i - start };

		if (i < name.bytes && name.base[i] != '/')
			continue;
		if (part.bytes == 0 || part.bytes > PART_BYTES || span_is(part, ".") || span_is(part, ".."))
			return refuse(fault, name, "its parts are names of 1 to 255 bytes, not . or ..");
		start = i + 1;
	}
	return ST_OK;
}

/* Also the folders above it. An errno, 0 for success. */
static int make_link(const struct volume *volume, char *name, const char *target)
{
	for (char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(volume->folder_fd, name, 0700) != 0 && errno != EEXIST)
			return errno;
		*slash = '/';
	}
	return symlinkat(target, volume->folder_fd, name) == 0 || errno == EEXIST ? 0 : errno;
}

static enum status check(const struct volume *volume, struct span name, uint64_t bytes,
                         struct fault *fault)
{
	if (volume->count == VOLUME_FILES) {
		fault_set(fault, ST_INVALID, "files of the volume", VOLUME_FILES + 1, VOLUME_FILES);
		return fault_hint(fault, "direct boot takes more");
	}
	if (bytes > VOLUME_BYTES - volume->bytes) {
		fault_set(fault, ST_INVALID, "bytes of the volume", volume->bytes + bytes, VOLUME_BYTES);
		return fault_hint(fault, "QEMU serves no larger folder: boot a disk image, or directly");
	}
	return check_name(name, fault);
}

static enum status add(struct volume *volume, struct span name, int fd, struct fault *fault)
{
	char path[NAME_BYTES], target[LINK_BYTES];
	struct stat stat;
	enum status status;
	int cause;

	if (fd < 0 || fstat(fd, &stat) != 0 || fcntl(fd, F_SETFD, 0) != 0)
		return fault_file(fault, "volume", "create", errno);
	status = check(volume, name, (uint64_t)stat.st_size, fault);
	if (status != ST_OK)
		return status;
	memcpy(path, name.base, name.bytes);
	path[name.bytes] = '\0';
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	cause = make_link(volume, path, target);
	if (cause != 0)
		return fault_file(fault, "volume", "create", cause);
	volume->bytes += (uint64_t)stat.st_size;
	volume->fds[volume->count++] = fd;
	return ST_OK;
}

enum status volume_add(struct volume *volume, struct span name, int fd, struct fault *fault)
{
	enum status status = add(volume, name, fd, fault);

	if (status == ST_OK)
		return ST_OK;
	fault->object = name;
	if (fd >= 0)
		close(fd);
	return status;
}

static bool write_all(int fd, struct span bytes)
{
	while (bytes.bytes > 0) {
		ssize_t put = write(fd, bytes.base, bytes.bytes);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0)
			bytes = (struct span){ bytes.base + put, bytes.bytes - (uint64_t)put };
	}
	return true;
}

int volume_memory(struct span bytes)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	int cause;

	if (fd < 0 || write_all(fd, bytes))
		return fd;
	cause = errno;
	close(fd);
	errno = cause;
	return -1;
}
