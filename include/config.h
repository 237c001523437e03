/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h: what a person asks for: smalt.conf and the command line.
 *
 * Order of the sources: the kernel's note < smalt.conf < the command line (H4).
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "arena.h"
#include "place.h"
#include "span.h"
#include "status.h"

/* Bounds of two settings, from whomever they come: the note, smalt.conf, the command line. */
#define CONFIG_STACK_MOST       (1ull << 30)    /* bytes */
#define CONFIG_DIRECT_MAP_ALIGN (1ull << 30)
#define CONFIG_EXIT_RETRIES_MOST 8
#define CONFIG_INSTANCES_MOST   1024
/* A cache: bounds of what it is made of. */
#define CONFIG_LLC_MOST         (1ull << 32)    /* bytes */
#define CONFIG_LLC_WAYS_MOST    1024
#define CONFIG_LLC_LINE_LEAST   16              /* bytes */
#define CONFIG_LLC_LINE_MOST    4096

/* config_entry.set: which of the settings somebody made. */
enum {
	SET_STACK = 1 << 0, SET_DIRECT_MAP = 1 << 1, SET_REPORTER = 1 << 2, SET_WX = 1 << 3,
	SET_RELOCATE = 1 << 4, SET_PROTOCOL = 1 << 5, SET_CMDLINE = 1 << 6, SET_KERNEL = 1 << 7,
	SET_FALLBACK = 1 << 8, SET_EFI_RUNTIME = 1 << 9, SET_VA = 1 << 10, SET_PA = 1 << 11,
	SET_TEXTREL = 1 << 12, SET_PAGES = 1 << 13, SET_PAGING_LEVELS = 1 << 14,
	SET_LLC_SIZE = 1 << 15, SET_LLC_WAYS = 1 << 16, SET_LLC_LINE = 1 << 17,
	SET_COLOR_LEVEL = 1 << 18, SET_LLC = SET_LLC_SIZE | SET_LLC_WAYS | SET_LLC_LINE,
	SET_TAIL_PADDING = 1 << 19, SET_COLOR = 1 << 25,
	SET_COLORS = 1 << 26,        /* and the bits above it: one for each of CONFIG_CLASSES */
};

/* Whose frames may have which colors: colors.CLASS; colors.module.NAME stands apart. */
enum config_class { CONFIG_KERNEL, CONFIG_MODULE, CONFIG_TABLES, CONFIG_FREE, CONFIG_CLASSES };

/* One entry, or the defaults before the first. Texts stay in the file or in the arena. */
struct config_entry {
	struct span name;
	uint32_t set;                /* SET_* */
	uint32_t direct_map;         /* SMALT_DIRECT_MAP_* */
	uint64_t direct_map_va;
	uint64_t stack_bytes;
	bool reporter;
	bool wx_allowed;
	bool relocate;
	bool textrel;                /* textrel allow: of the kernel */
	bool efi_identity;           /* efi_runtime identity */
	uint32_t granule_shift;      /* of the kernel's pages; 0: the machine's */
	uint64_t tail_padding;       /* bytes of the largest leaf that tails are filled up to; 0: off */
	uint32_t paging_levels;      /* 0: the machine's */
	enum place_policy va;
	bool pa_random;              /* pa random */
	uint64_t llc_bytes;          /* the cache that gives colors: all three or none (geometry.c) */
	uint32_t llc_ways, llc_line;
	uint32_t color_level;        /* 1, 2, 3; 0: auto */
	uint32_t color;              /* SMALT_COLOR_* */
	bool color_strict;           /* partition,strict */
	uint64_t colors[CONFIG_CLASSES];     /* masks; where SET_COLORS does not say so: all */
	struct span protocol;        /* "smalt", "pvh", "image" */
	struct span kernel;
	struct span cmdline;
	struct span fallback;        /* name of another entry */
	uint32_t line, column;       /* of its kernel, for messages */
};

struct config_module {
	uint32_t entry;              /* index; 0: of every entry */
	struct span path;
	struct span name;            /* path if name= is not given */
	struct span args;
	bool map;                    /* role=map */
	bool relocate;
	bool exec;                   /* exec=yes */
	bool noexec;                 /* exec=no */
	bool textrel;                /* textrel=allow */
	uint32_t instances;          /* instances=, 1 to CONFIG_INSTANCES_MOST */
	bool has_va;                 /* va=ADDRESS */
	uint64_t va;
	bool has_policy;             /* va=packed, stable, random */
	enum place_policy policy;
	uint32_t line, column;
};

/* colors.module.NAME */
struct config_colors {
	uint32_t entry;              /* index; 0: of every entry */
	struct span name;
	uint64_t mask;
	uint32_t line, column;
};

struct config {
	struct config_entry *entries;    /* [0]: the defaults */
	uint32_t entry_count;
	struct config_module *modules;
	uint32_t module_count;
	struct config_colors *colors;
	uint32_t color_count;
};

/* What the firmware's command line says. */
struct config_words {
	struct span entry;           /* smalt.entry=, bytes 0: none */
	bool print_env;              /* smalt.env=serial */
	bool refused_exit;           /* smalt.refused=exit: end QEMU instead of going back to the firmware */
	uint32_t exit_retries;       /* smalt.test_exit_retries=: so many ExitBootServices are made to fail */
	bool append;                 /* the rest began with += */
	struct span rest;            /* words that are not ours, joined by one blank */
	struct config_entry settings;    /* smalt.KEY=VALUE */
	struct config_colors *colors;    /* smalt.colors.module.NAME= */
	uint32_t color_count;
};

/*
 * Parses smalt.conf; texts without escapes stay in text. ST_BAD_CONFIG with line, column, word and
 * nearest key; ST_NO_MEMORY. The fault's object is name.
 */
MUST_CHECK enum status config_parse(struct config *config, struct span name, struct span text,
                                    struct arena *arena, struct fault *fault);

/* Parses the command line. Never reads smalt.conf's keys that make no sense there. */
MUST_CHECK enum status config_words(struct config_words *words, struct span cmdline,
                                    struct arena *arena, struct fault *fault);

/*
 * The entry to boot: by name, or the first, over the defaults. ST_NOT_FOUND. Index 0
 * alone (no `entry` line) is an entry of its own.
 */
MUST_CHECK enum status config_choose(const struct config *config, struct span name,
                                     uint32_t *index, struct fault *fault);

/* Settings of `over` replace those of entry where they are set. */
void config_override(struct config_entry *entry, const struct config_entry *over);

#endif
