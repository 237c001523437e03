/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * where.h: an address of a guest in words: symbol and row of the plan.
 */
#ifndef WHERE_H
#define WHERE_H

#include "session.h"

#define WHERE_BYTES 512

/*
 * "main+0x1c, kernel.elf:2 r-x" for va in the plan that request makes; empty if
 * neither a row nor a symbol is there, or the plan is refused.
 */
void where_describe(const struct session_request *request, uint64_t va, char text[WHERE_BYTES]);

/* The symbol of an ELF file that holds va, with the distance; empty if there is none. */
void where_symbol(struct span elf_bytes, uint64_t va, char *text, uint32_t text_bytes);

#endif
