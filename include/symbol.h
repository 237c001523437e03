/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbol.h: the dynamic symbol table of an object: what it asks for, what it offers.
 *
 * Opened only when somebody asks; then only the parts that are looked at are read. Every number
 * of the file is checked before it is used, and every walk ends, whatever the file says.
 * Versions of symbols (DT_VERSYM) are not looked at: of two definitions the first that the
 * hash table yields counts.
 */
#ifndef SYMBOL_H
#define SYMBOL_H

#include "object.h"

struct symbol {
	uint32_t name_offset;    /* in names */
	uint8_t type;            /* STT_* */
	uint8_t binding;         /* STB_* */
	uint8_t visibility;      /* STV_* */
	uint16_t section;        /* st_shndx */
	uint64_t value;          /* st_value, without bias; of STT_TLS: in the block */
	uint64_t bytes;          /* st_size */
};

/* File bytes from a table's address to the end of its segment's: it has no longer end of its own. */
struct symbol_part {
	const char *name;        /* of its tag */
	uint64_t file_offset, bytes;
};

struct symbols {
	const struct object *object;
	struct span names;       /* ends with a NUL, or is empty */
	struct symbol_part table, hash;
	bool is_gnu;             /* hash is DT_GNU_HASH's */
	uint32_t bucket_count;   /* 0: offers nothing */
	uint32_t chain_count;    /* DT_HASH */
	uint32_t first_hashed;   /* DT_GNU_HASH: */
	uint32_t bloom_words, bloom_shift;
};

/* A name to look for in many tables. */
struct symbol_name {
	struct span text;
	uint32_t sysv, gnu;      /* its hashes: gABI "Hash Table"; of DT_GNU_HASH */
};

struct symbol_name symbol_name(struct span text);

/*
 * Opens the tables of an object; one without a symbol table has only symbol 0. The object must
 * stay as it is, and its segments whole. ST_BAD_HEADER, what reading the content returns; the fault has its name.
 */
MUST_CHECK enum status symbols_open(struct symbols *symbols, const struct object *object,
                                    struct fault *fault);

/* The symbol with this index. ST_BAD_HEADER, what reading the content returns. */
MUST_CHECK enum status symbols_get(const struct symbols *symbols, uint32_t index,
                                   struct symbol *symbol, struct fault *fault);

/* Its name, without the NUL. */
struct span symbols_text(const struct symbols *symbols, const struct symbol *symbol);

/*
 * The first symbol of this name that symbol_is_offered(); *found false if there is none. About
 * one comparison. Statuses as symbols_get().
 */
MUST_CHECK enum status symbols_find(const struct symbols *symbols, const struct symbol_name *name,
                                    struct symbol *symbol, bool *found, struct fault *fault);

/* May others bind to it: defined, and visible from outside? */
bool symbol_is_offered(const struct symbol *symbol);

/* DT_SONAME; no bytes: it has none. */
struct span symbols_soname(const struct symbols *symbols);

/*
 * The names of DT_NEEDED, one after another; *entry is 0 at the start. name->base NULL at the end.
 * ST_BAD_HEADER.
 */
MUST_CHECK enum status symbols_needed(const struct symbols *symbols, uint64_t *entry,
                                      struct span *name, struct fault *fault);

#endif
