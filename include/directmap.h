/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directmap.h: the kernel's own view of physical memory, va = base + pa.
 *
 * Usable, reclaimable, Smalt's own and ACPI memory and nothing else; never
 * executable; read-only where a row maps the same frame without W (P6, M12).
 */
#ifndef DIRECTMAP_H
#define DIRECTMAP_H

#include "memmap.h"
#include "space.h"

/* Bytes from pa 0 to the end of the highest memory that the direct map holds. */
uint64_t directmap_bytes(const struct memmap *map);

/*
 * The pieces, ascending. map: finished; extents of space complete. identity
 * (base 0) leaves out page 0. *count in = capacity, out = number; ST_TOO_SMALL with the number that
 * is needed: at most map->count + 2 * extents. Scratch comes from arena.
 */
MUST_CHECK enum status directmap_maps(const struct space *space, const struct memmap *map,
                                      uint64_t base, struct map *maps, uint32_t *count,
                                      struct arena *arena, struct fault *fault);

#endif
