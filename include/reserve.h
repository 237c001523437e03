/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reserve.h: where a request may go: what is free in the space, or what was kept
 * free for it (requirements M9).
 */
#ifndef RESERVE_H
#define RESERVE_H

#include "place.h"

/*
 * As space_free_at(); with PLACE_RESERVED: does [va, va + bytes) lie wholly in one reserve? Else
 * ST_ADDRESS_IN_USE if something else is there, ST_NO_ADDRESS if nothing is.
 */
MUST_CHECK enum status reserve_free_at(const struct space *space,
                                       const struct place_request *request, uint64_t va,
                                       uint64_t bytes, struct fault *fault);

/* As space_find() from request->from on; with PLACE_RESERVED: the lowest place in a reserve. */
MUST_CHECK enum status reserve_find(const struct space *space, const struct place_request *request,
                                    uint64_t bytes, uint64_t align, uint64_t phase, uint64_t *va,
                                    struct fault *fault);

#endif
