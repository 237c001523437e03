/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loaders.h: finds the loader of a machine on this host.
 */
#ifndef LOADERS_H
#define LOADERS_H

#include <stdbool.h>

#include "machine.h"

#define LOADERS_PATH_BYTES 4096

/* The loader's file for direct boot: smalt.img or smalt.elf. */
const char *loaders_direct(const struct machine *machine);

/*
 * The path of <machine>/<file> in $SMALT_LOADERS, beside the command, or in
 * ../lib/smalt seen from there. False: it said where it looked.
 */
bool loaders_find(const struct machine *machine, const char *file, char path[LOADERS_PATH_BYTES]);

#endif
