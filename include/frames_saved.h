/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames_saved.h: frames as they were, for who must not have taken any when it fails.
 */
#ifndef FRAMES_SAVED_H
#define FRAMES_SAVED_H

#include "frames.h"

struct frames_saved {
	struct frames frames;
	struct ranges_node *free, *later;    /* copies in an arena */
	struct smalt_memory *taken;
};

/* O(ranges). ST_NO_MEMORY. */
MUST_CHECK enum status frames_save(const struct frames *frames, struct frames_saved *saved,
                                   struct arena *arena, struct fault *fault);

/* Cannot fail; the copies must still be there. */
void frames_restore(struct frames *frames, const struct frames_saved *saved);

#endif
