/* SPDX-License-Identifier: 0BSD */
/*
 * firmware.h: what the made-up firmware does with the library, wherever it runs.
 *
 * firmware.c needs print_char() of whoever uses it, and memcpy, memmove, memset and memcmp.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <smalt/map.h>

#define OBJECT_MOST     4
#define OBJECT_ROW_MOST 32
#define ROW_MOST        128              /* of all objects, and of what is kept */
#define EXTENT_MOST     (4 * ROW_MOST)

/* Room for a space of this size: smalt_open() says NO_MEMORY if it is too small. */
#define STORAGE_BYTES (512 << 10)

void print_char(char c);

void print(const char *text);
void print_number(uint64_t value, unsigned base, int width);

/* The one line that says why not. Returns its status, so that a caller can end with it. */
uint32_t print_fault(const struct smalt_fault *fault);

/* A space, in storage that is here: only one at a time. NULL after the fault was printed. */
struct smalt_space *firmware_open(const struct smalt_setup *setup);

/* Maps an object. 0, or the status that was printed. */
uint32_t firmware_map(struct smalt_space *space, const struct smalt_request *request);

/* Rows of objects, as they are mapped. */
void print_rows(const struct smalt_space *space);

#endif
