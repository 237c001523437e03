/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pe_maker.h: an image as a firmware lays it out, with a table of sections, in storage of exactly its
 * size: reading past its end is found.
 *
 * Source: Microsoft PE Format, "MS-DOS Stub", "COFF File Header", "Section Table".
 */
#ifndef PE_MAKER_H
#define PE_MAKER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PE_AT = 0x80, PE_OPTIONAL = 240, PE_TABLE = PE_AT + 24 + PE_OPTIONAL };

struct pe_maker {
	uint8_t *bytes;
	uint64_t count;
	unsigned sections;
};

static inline void pe_put(struct pe_maker *pe, uint64_t at, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		if (at + i < pe->count)
			pe->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static inline struct pe_maker pe_new(uint64_t bytes, uint16_t sections)
{
	struct pe_maker pe = { malloc(bytes > 0 ? bytes : 1), bytes, 0 };

	memset(pe.bytes, 0xaa, bytes);
	pe_put(&pe, 0, 2, 'M' | 'Z' << 8);
	pe_put(&pe, 0x3c, 4, PE_AT);
	pe_put(&pe, PE_AT, 4, 'P' | 'E' << 8);
	pe_put(&pe, PE_AT + 4, 2, 0x8664);
	pe_put(&pe, PE_AT + 6, 2, sections);
	pe_put(&pe, PE_AT + 20, 2, PE_OPTIONAL);
	return pe;
}

/* The next of its sections: name, VirtualAddress, VirtualSize, SizeOfRawData. */
static inline void pe_section(struct pe_maker *pe, const char *name, uint32_t at, uint32_t mem_bytes,
                              uint32_t file_bytes)
{
	uint64_t header = PE_TABLE + 40 * pe->sections++;

	for (unsigned i = 0; i < 8; i++)
		pe_put(pe, header + i, 1, i < strlen(name) ? (uint8_t)name[i] : 0);
	pe_put(pe, header + 8, 4, mem_bytes);
	pe_put(pe, header + 12, 4, at);
	pe_put(pe, header + 16, 4, file_bytes);
}

static inline void pe_free(struct pe_maker *pe)
{
	free(pe->bytes);
	*pe = (struct pe_maker){ 0 };
}

#endif
