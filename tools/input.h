/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * input.h: a file of the host, mapped for reading.
 */
#ifndef INPUT_H
#define INPUT_H

#include "status.h"

struct input {
	int fd;                  /* -1: closed */
	struct span bytes;
};

/* ST_NOT_FOUND with the system's reason. An empty file has no bytes. */
MUST_CHECK enum status input_open(struct input *input, const char *path, struct fault *fault);

/* Takes fd, which stands for path in messages, and closes it on failure. */
MUST_CHECK enum status input_map(struct input *input, int fd, const char *path,
                                 struct fault *fault);

void input_close(struct input *input);

#endif
