/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.h: one line of the result: rights and flags of a segment.
 */
#ifndef ROW_H
#define ROW_H

#include "place.h"
#include "shape.h"

/*
 * ST_NOT_AUTHORIZED: executable with PLACE_NOEXEC. ST_WX: writable and executable without
 * PLACE_ALLOW_WX, or nothing that the machine can map.
 */
MUST_CHECK enum status row_check(const struct space *space, const struct place_request *request,
                                 const struct segment *segment, struct fault *fault);

/* The row of a segment that row_check() accepted, at va. */
struct smalt_row row_of_segment(const struct space *space, const struct place_request *request,
                                const struct segment *segment, uint64_t va);

/* Are its bytes changed, by the kernel or by relocation before it? */
bool row_is_written(const struct smalt_row *row);

/* Addresses without access. */
struct smalt_row row_of_padding(const struct place_request *request, uint64_t va, uint64_t bytes);

/* A row of Smalt's own. */
struct smalt_row row_of_own(const struct space *space, uint32_t kind, uint64_t va, uint64_t bytes,
                            uint32_t prot);

#endif
