/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segments.h: the entries of what is prepared, private to this folder.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "library.h"

/* From the object's segments, merged; without extents. */
void segments_list(struct smalt_prepared *prepared);

/* ST_INVALID if an entry has an extent. */
MUST_CHECK enum status segments_check_plain(const struct smalt_prepared *prepared,
                                            struct fault *fault);

/* The entry whose memory holds va, or NULL. */
struct smalt_segment *segments_at(const struct smalt_prepared *prepared, uint64_t va);

/* The extent of an entry, from its first page on. */
uint8_t *segments_memory(const struct smalt_prepared *prepared,
                         const struct smalt_segment *segment);

/* Pages of the entry's file bytes. */
uint64_t segments_pages(const struct smalt_prepared *prepared,
                        const struct smalt_segment *segment);

/* Frames for an entry: pa == va modulo the largest leaf, as far as the place of the object is known. */
MUST_CHECK enum status segments_take(struct smalt_prepared *prepared,
                                     const struct smalt_segment *segment, uint64_t bytes,
                                     uint64_t *pa, struct fault *fault);

/* The frames are the entry's extent: its bytes and the zeros on their last page; other zeros go behind it. */
void segments_give(struct smalt_prepared *prepared, uint32_t at, uint64_t pa);

/* An entry behind `at`, if it has memory. There is room: PIECES of prepare.c. */
void segments_insert(struct smalt_prepared *prepared, uint32_t at, struct smalt_segment entry);

/*
 * Gives entry `at` an extent, named `what` in faults: done if it has one. ST_INVALID for zero fill, and where another entry has
 * bytes on its pages; ST_NO_MEMORY.
 */
MUST_CHECK enum status segments_own(struct smalt_prepared *prepared, uint32_t at, const char *what,
                                    struct fault *fault);

/*
 * A fault of preparing this entry: what could not be done, and where its bytes stand in the file (S10).
 * Returns its status.
 */
enum status segments_fault(const struct smalt_prepared *prepared,
                           const struct smalt_segment *segment, const char *what,
                           struct fault *fault);

#endif
