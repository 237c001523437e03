/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.h: the loader's own vectors.
 */
#ifndef TRAP_H
#define TRAP_H

/* From now on a fault of the loader is a line of text, until arch_prepare() takes the tables. */
void trap_install(void);

#endif
