/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efi_maker.h: descriptors of UEFI, written by the offsets of UEFI 2.10, 7.2.3, in
 * storage of exactly their size: reading past its end is found.
 */
#ifndef EFI_MAKER_H
#define EFI_MAKER_H

#include <stdlib.h>
#include <string.h>

#include "span.h"

enum { STRIDE = 48 };            /* as EDK2 has it: 8 bytes that no version has a name for */

#define WB      0x8ull
#define XP      0x4000ull
#define RO      0x20000ull
#define SP      0x40000ull
#define RUNTIME 0x8000000000000000ull

struct efi_maker {
	uint8_t *bytes;
	uint64_t used;
};

static inline void maker_number(uint8_t *at, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline void maker_descriptor(struct efi_maker *m, uint32_t type, uint64_t pa, uint64_t pages,
                                    uint64_t attributes)
{
	uint8_t *at;

	m->bytes = realloc(m->bytes, m->used + STRIDE);
	at = m->bytes + m->used;
	memset(at, 0xaa, STRIDE);
	maker_number(at, 4, type);
	maker_number(at + 8, 8, pa);
	maker_number(at + 24, 8, pages);
	maker_number(at + 32, 8, attributes);
	m->used += STRIDE;
}

static inline struct span maker_span(const struct efi_maker *m)
{
	return (struct span){ m->bytes, m->used };
}

static inline void maker_free(struct efi_maker *m)
{
	free(m->bytes);
	*m = (struct efi_maker){ 0 };
}

#endif
