/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pad.h: the tails of rows, filled up so that they end with a larger leaf (requirements P4).
 *
 *     |=========== row ===========|.. pad ..|
 *     |    2M     |      2M       |
 */
#ifndef PAD_H
#define PAD_H

#include "frames.h"
#include "shape.h"

/* A pad is worth its memory if the row fills half of the leaf, or if it takes no more than this part of what is free. */
#define PAD_MEMORY_PART 64

/*
 * What would make a row of `bytes` that ends at `end` end with a leaf all its own, of the next
 * size below *index and within space->tail_padding; 0: there is no such size, or it ends so
 * already. *index is the number of sizes at first.
 */
uint64_t pad_next(const struct space *space, uint64_t bytes, uint64_t end, unsigned *index);

/* Bytes to keep free behind an object for its last row's pad: place_object() asks. */
uint64_t pad_object(const struct space *space, const struct place_request *request,
                    const struct shape *shape);

/* Addresses for the pads of an object's rows, where nobody has them. A pad without an address is none. */
void pad_claim(struct space *space, uint32_t first, uint32_t count, struct span owner);

/* Are these bytes behind a row addresses of its object that no row has? */
bool pad_is_claimed(const struct space *space, uint32_t row, uint64_t va, uint64_t bytes);

/* Bytes to add to a row whose pages from start on get frames, when rows are sorted. */
uint64_t pad_bytes(const struct space *space, struct frames *frames, uint32_t row, uint64_t start);

#endif
