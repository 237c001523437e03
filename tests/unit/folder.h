/* SPDX-License-Identifier: BSD-2-Clause */
/* folder.h: what a reader of a volume's folder finds. Include cmocka.h before it. */
#ifndef FOLDER_H
#define FOLDER_H

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_FILE_BYTES 4096

static inline bool folder_has(int folder_fd, const char *name)
{
	return faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The file's content is exactly text. */
static inline void assert_file(int folder_fd, const char *name, const char *text)
{
	char content[FOLDER_FILE_BYTES] = "";
	int fd = openat(folder_fd, name, O_RDONLY);
	ssize_t bytes;

	assert_true(fd >= 0);
	bytes = read(fd, content, sizeof(content) - 1);
	close(fd);
	assert_int_equal(bytes, strlen(text));
	assert_string_equal(content, text);
}

#endif
