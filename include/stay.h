/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stay.h: may the file's own pages be a row's memory, and is that right? Pure.
 */
#ifndef STAY_H
#define STAY_H

#include "cut.h"
#include "extent.h"

/*
 * Whether the pages of a row's file bytes stay where they lie (S2, S11, P2). cut: of the
 * row, bytes_pa filled in. They are copied in spite of S11 if they are not congruent to va modulo the
 * largest leaf that fits, and the copy has fewer leaves, at most copy_limit bytes
 * and a free piece of memory. With source->draw nothing stays.
 */
bool stay_in_place(const struct space *space, const struct extent_source *source,
                   struct frames *frames, const struct smalt_row *row,
                   const struct cut *cut);

#endif
