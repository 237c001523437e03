/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * partition.h: frames of some colors only (requirements C3).
 */
#ifndef PARTITION_H
#define PARTITION_H

#include "stretch.h"

/*
 * As stretch_take(), of stretch->color_mask, which is narrow: neighboring colors of it in turn, in the largest leaves
 * that fit into them. Where no color of it has a frame: any, counted in space->colors; strict: ST_NO_MEMORY.
 */
MUST_CHECK enum status partition_take(struct stretch *stretch, struct fault *fault);

/* Granules from one of color `first` on until so many of them are of the mask. */
uint64_t partition_span(const struct colors *colors, uint64_t mask, uint64_t granules,
                        uint32_t first);

/* How many pieces hold so many granules at most: for who keeps room for them. */
uint64_t partition_pieces(const struct colors *colors, uint64_t mask, uint64_t granules);

/*
 * The highest piece of free memory that ends at or below limit (above it only if there is none), begins with a color of tables_mask and has so many granules of
 * these colors: they are taken as SMALT_MEM_TABLES, what lies between stays free. *bytes: to the end of the last.
 * False: there is none.
 */
bool partition_tables(const struct colors *colors, struct frames *frames, uint64_t granules,
                      uint64_t limit, uint64_t *pa, uint64_t *bytes);

/* strict: there are not so many bytes. */
enum status partition_refuse(uint64_t bytes, struct fault *fault);

#endif
