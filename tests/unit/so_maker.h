/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_maker.h: shared objects and kernels for tests of binding, byte by byte after the gABI,
 * "Dynamic Section", "Symbol Table", "Hash Table": shares nothing with object/.
 *
 *     0x0000 r--  headers, symbols at 0x200, names at 0x400, hash at 0x600, relocations at 0x800
 *     0x1000 rw-  dynamic section, at 0x1200 words that relocations write, zero from 0x1e00 on
 *     0x2000 r-x  code: nothing but 0xcc
 */
#ifndef SO_MAKER_H
#define SO_MAKER_H

#include "elf_maker.h"

#define SO_BYTES 0x3000
#define SO_WORDS 0x1200
#define SO_SYMBOLS 8
#define SO_RECORDS 16

enum { SO_LOCAL = 0, SO_GLOBAL = 1 << 4, SO_WEAK = 2 << 4, SO_OBJECT = 1, SO_FUNC = 2, SO_TLS = 6, SO_IFUNC = 10 };

struct so_symbol { const char *name; uint8_t info, other; uint16_t section; uint64_t value, bytes; };
struct so_record { uint64_t va; uint32_t type, symbol; uint64_t addend; };

struct so {
	uint8_t file[SO_BYTES];
	uint16_t type, machine;      /* 2 EXEC, 3 DYN */
	uint64_t base;
	const char *soname, *needed[4];
	bool symbolic, rel;          /* rel: records without addends */
	struct so_symbol symbols[SO_SYMBOLS];    /* the first is symbol 1 */
	struct so_record records[SO_RECORDS];
	uint64_t tls_bytes, tls_align, tls_va;   /* tls_va 0: 0x1300 */
	uint64_t code_flags;         /* of the last segment, 0: r-x */
};

static inline uint32_t so_put_name(struct so *so, uint32_t *names, const char *name)
{
	uint32_t at = *names;

	memcpy(so->file + 0x400 + at, name, strlen(name) + 1);
	*names += (uint32_t)strlen(name) + 1;
	return at;
}

static inline void so_put_tag(struct so *so, uint32_t *tags, uint64_t tag, uint64_t value)
{
	put64(so->file + 0x1000 + *tags, tag);
	put64(so->file + 0x1000 + *tags + 8, value);
	*tags += 16;
}

/* One bucket, in which every symbol is. */
static inline uint32_t so_put_symbols(struct so *so, uint32_t *names)
{
	uint32_t count = 0;

	while (count < SO_SYMBOLS && so->symbols[count].name) {
		const struct so_symbol *s = &so->symbols[count++];
		uint8_t *to = so->file + 0x200 + 24 * count;

		put32(to, so_put_name(so, names, s->name));
		to[4] = s->info;
		to[5] = s->other;
		put16(to + 6, s->section);
		put64(to + 8, s->value + (s->section && s->section != 0xfff1 && (s->info & 15) != SO_TLS ? so->base : 0));
		put64(to + 16, s->bytes);
	}
	put32(so->file + 0x600, 1);
	put32(so->file + 0x604, count + 1);
	put32(so->file + 0x608, count);
	for (uint32_t i = 1; i <= count; i++)
		put32(so->file + 0x60c + 4 * i, i - 1);
	return count;
}

static inline uint32_t so_put_records(struct so *so)
{
	uint32_t count = 0, entry = so->rel ? 16 : 24;

	for (; count < SO_RECORDS && so->records[count].va; count++) {
		const struct so_record *r = &so->records[count];
		uint8_t *to = so->file + 0x800 + entry * count;

		put64(to, so->base + r->va);
		put64(to + 8, (uint64_t)r->symbol << 32 | r->type);
		if (so->rel)
			put64(so->file + r->va, r->addend);
		else
			put64(to + 16, r->addend);
	}
	return entry * count;
}

static inline void so_put_dynamic(struct so *so)
{
	uint32_t names = 1, tags = 0, bytes;

	if (so->soname)
		so_put_tag(so, &tags, 14, so_put_name(so, &names, so->soname));
	for (unsigned i = 0; i < 4 && so->needed[i]; i++)
		so_put_tag(so, &tags, 1, so_put_name(so, &names, so->needed[i]));
	if (so->symbolic)
		so_put_tag(so, &tags, 16, 0);
	so_put_symbols(so, &names);
	so_put_tag(so, &tags, 5, so->base + 0x400);
	so_put_tag(so, &tags, 10, names);
	so_put_tag(so, &tags, 6, so->base + 0x200);
	so_put_tag(so, &tags, 4, so->base + 0x600);
	bytes = so_put_records(so);
	if (bytes) {
		so_put_tag(so, &tags, so->rel ? 17 : 7, so->base + 0x800);
		so_put_tag(so, &tags, so->rel ? 18 : 8, bytes);
	}
	so_put_tag(so, &tags, 0, 0);
}

static inline void so_write(struct so *so)
{
	uint64_t base = so->base, tls = so->tls_va ? so->tls_va : 0x1300;
	uint32_t code = so->code_flags ? (uint32_t)so->code_flags : 5;
	struct maker m = {
		.file = so->file, .file_bytes = SO_BYTES, .type = so->type, .machine = so->machine,
		.entry = base + 0x2000, .segment_count = so->tls_bytes ? 5 : 4,
		.segments = {
			{ 1, 4, 0, base, base, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x1000, base + 0x1000, 0, 0xe00, 0x1000, 0x1000 },
			{ 1, code, 0x2000, base + 0x2000, 0, 0x1000, 0x1000, 0x1000 },
			{ 2, 6, 0x1000, base + 0x1000, 0, 0x200, 0x200, 8 },
			{ 7, 4, tls, base + tls, 0, so->tls_bytes, so->tls_bytes, so->tls_align },
		},
	};

	memset(so->file, 0, SO_BYTES);
	memset(so->file + 0x2000, 0xcc, 0x1000);
	so_put_dynamic(so);
	maker_write(&m);
}

#endif
