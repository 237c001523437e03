/* SPDX-License-Identifier: BSD-2-Clause */
/* input.c: files are mapped, never read into buffers: a module may be larger than memory. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

enum status input_open(struct input *input, const char *path, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		*input = (struct input){ .fd = -1 };
		return fault_file(fault, path, "open", errno);
	}
	return input_map(input, fd, path, fault);
}

enum status input_map(struct input *input, int fd, const char *path, struct fault *fault)
{
	struct stat stat;
	void *base = NULL;
	int cause = 0;

	*input = (struct input){ .fd = -1 };
	if (fstat(fd, &stat) != 0)
		cause = errno;
	else if (S_ISDIR(stat.st_mode))
		cause = EISDIR;
	else if (stat.st_size > 0)
		base = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		cause = errno;
	if (cause != 0) {
		close(fd);
		return fault_file(fault, path, "read", cause);
	}
	*input = (struct input){ fd, { base, base ? (uint64_t)stat.st_size : 0 } };
	return ST_OK;
}

void input_close(struct input *input)
{
	if (input->bytes.base)
		munmap((void *)(uintptr_t)input->bytes.base, input->bytes.bytes);
	if (input->fd >= 0)
		close(input->fd);
	*input = (struct input){ .fd = -1 };
}
