/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loaders.h: finds the loader of a machine on this host.
 */
#ifndef LOADERS_H
#define LOADERS_H

#include <stdbool.h>

#include "machine.h"

#define LOADERS_PATH_BYTES 4096

/*
 * The path of <machine>/smalt.img or smalt.elf in $SMALT_LOADERS, beside the
 * command, or in ../lib/smalt seen from there. False: it said where it looked.
 */
bool loaders_find(const struct machine *machine, char path[LOADERS_PATH_BYTES]);

#endif
