/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h: what an object's record says that follows from the object and its place.
 */
#ifndef RECORD_H
#define RECORD_H

#include "place.h"

/* Without texts, which lie where the record's reader can see them, and without its rows. */
struct smalt_object record_of(const struct object *object, const struct placement *placement,
                              uint32_t role, bool relocated);

/* Adds a row of the object, ascending; padding is none of its image: image_start, image_end, phdr_va (M16: where a row really holds them all). */
void record_row(struct smalt_object *record, const struct object *object,
                const struct smalt_row *row);

#endif
