/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * firmware_image.h: the rest of an input as physical memory from 0 on, that firmware wrote tables to. Sums
 * are made right, since no mutation finds them; behind its end nothing may be touched.
 */
#ifndef FIRMWARE_IMAGE_H
#define FIRMWARE_IMAGE_H

#include "fuzz.h"
#include "reach.h"

static uint8_t *image;
static uint64_t image_bytes;

static inline struct reach image_open(struct input *in)
{
	struct span all = take_rest(in);

	free(image);
	image = malloc(all.bytes > 0 ? all.bytes : 1);
	image_bytes = all.bytes;
	if (all.bytes > 0)
		memcpy(image, all.base, all.bytes);
	return (struct reach){ (uint64_t)(uintptr_t)image, all.bytes };
}

/* Makes [pa, pa + bytes) add up to 0 by the byte at pa + sum, if it is all there. */
static inline void image_sum(uint64_t pa, uint64_t bytes, uint64_t sum)
{
	if (sum >= bytes || pa > image_bytes || bytes > image_bytes - pa)
		return;
	image[pa + sum] = 0;
	for (uint64_t i = 0; i < bytes; i++)
		image[pa + sum] = (uint8_t)(image[pa + sum] - (i == sum ? 0 : image[pa + i]));
}

/* Every table with this signature on a multiple of 16, its length behind it and its sum at 9 (ACPI 6.4, 5.2.6). */
static inline void image_tables(const char *signature)
{
	for (uint64_t pa = 16; pa + 36 <= image_bytes; pa += 16)
		if (memcmp(image + pa, signature, 4) == 0)
			image_sum(pa, span_u32((struct span){ image, image_bytes }, pa + 4), 9);
}

#endif
