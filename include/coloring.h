/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coloring.h: cache colors of one boot.
 */
#ifndef COLORING_H
#define COLORING_H

#include "boot.h"
#include "book.h"
#include "partition.h"

/*
 * boot->colors and the objects' masks from settings and geometry: policy OFF where no geometry is known or a
 * foreign protocol places. ST_BAD_CONFIG: a color that there is not, colors of no module;
 * ST_MISSING_CAPABILITY: partition,strict without colors.
 */
MUST_CHECK enum status coloring_choose(struct boot *boot, struct fault *fault);

/* More pieces of memory than usual that bytes of these colors may have. */
uint64_t coloring_pieces(const struct boot *boot, uint64_t mask, uint64_t bytes);

/* Before memory is known: pieces that the whole boot will take because of its colors, as far as that can be told. */
uint32_t coloring_takes(const struct boot *boot);

/* colors and coloring of the handoff; frames are counted in boot->after. */
void coloring_describe(const struct boot *boot, struct smalt_handoff *h, struct book *book);

#endif
