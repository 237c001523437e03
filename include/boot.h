/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.h: one boot: from an environment to a plan, and from the plan to memory.
 *
 * boot_plan() runs in the loader and in the host command, with the same result
 * for the same environment. It writes only to frames that are free: page tables
 * and the handoff. After it nothing can fail.
 */
#ifndef BOOT_H
#define BOOT_H

#include <smalt/handoff.h>

#include "archive.h"
#include "audit.h"
#include "config.h"
#include "env.h"
#include "frames.h"
#include "geometry.h"
#include "object.h"
#include "pagetable.h"
#include "place.h"
#include "share.h"
#include "space.h"

#define OWN_KINDS 7              /* rows of Smalt's own besides those of lists */
#define BOOT_OWN (OWN_KINDS + ENV_PARTS + ENV_TABLES + ENV_SMBIOS + ENV_RUNTIME)
#define OWN_FAULT_STACK_BYTES (16 << 10)

/* The kernel or a module. */
struct boot_object {
	struct object object;
	struct content content;      /* what object reads */
	const struct file *file;     /* NULL: a part of a boot archive */
	struct span args;
	uint32_t role;               /* SMALT_ROLE_* */
	bool noexec;                 /* nothing of it may be executable (M23) */
	bool relocate;               /* apply its relocations */
	bool textrel;                /* also to segments that are not writable */
	bool donated;                /* its bytes may become its memory */
	bool has_va;                 /* va= */
	uint64_t va;
	bool has_policy;             /* va=packed, stable, random */
	enum place_policy policy;
	uint32_t pa_bits;            /* as smalt_object has it */
	uint64_t color_mask;         /* partition: COLOR_ALL if nobody said more */
	struct placement placement;
	struct binding *bindings;    /* by symbol, bind.h; NULL: its relocations are about none */
	bool narrow;                 /* some results have less than 8 bytes */
	uint32_t tls_module;         /* from 1; 0: no PT_TLS */
	uint64_t tls_offset;         /* of its block from the thread pointer, modulo 2^64 */
	uint32_t instance, instance_count;   /* 0 of 1, if it is mapped once */
	struct share share;          /* of instance 0 of several, once it has memory */
};

/* Objects that bind to each other: a closed set. */
struct linkage {
	struct boot_object *objects;     /* [0] is the kernel */
	uint32_t object_count;
	uint32_t first;                  /* those before it are linked already */
	const struct machine *machine;
	struct arena *arena;
	bool physical;                   /* a protocol's kernel: fixed objects relocate themselves */
};

/* What lies behind a row of Smalt's own. */
struct own {
	uint64_t va;                 /* of the row */
	uint64_t pa;                 /* OBJECT_NOWHERE: frames are taken */
	uint32_t type;               /* SMALT_MEM_* of the frames; 0: the memory keeps its type */
	uint32_t memory;             /* SMALT_CACHE_* */
};

/*
 * Between numbers of levels that a machine changes only without paging: a page of code with its own
 * address on both sides. far.table_count 0: there is none.
 */
struct bridge {
	uint64_t code_pa;
	struct pagetable near, far;  /* with the loader's view of the jump page, with the kernel's */
};

struct boot_cost {
	uint64_t copied_bytes, zeroed_bytes, in_place_bytes;
	uint64_t read_bytes;         /* straight into their frames */
	uint64_t frames;             /* pages taken */
};

struct boot {
	struct env *env;
	struct arena *arena;
	struct span wanted;          /* name of an entry: a fallback; bytes 0: as configured */

	struct archive archive;      /* file_count 0: a bare kernel */
	const struct file *main;     /* the file that holds everything, NULL: the volume's files */
	struct span source;          /* its name */
	struct config config;
	struct config_words words;
	struct config_entry settings;    /* of the chosen entry: note < smalt.conf < command line */
	uint32_t entry_index;
	struct span cmdline;             /* for the kernel */
	uint32_t request_flags;

	struct boot_object *objects;     /* [0] is the kernel; modules in smalt.conf's order */
	uint32_t object_count;
	bool instances;              /* some object is mapped more than once */
	const struct protocol *protocol;
	const struct format *format; /* of the page tables that the kernel gets */
	const struct memmap *memory; /* env's, in pages of the format */
	struct geometry geometry;    /* of colors */

	struct frames frames;
	struct space space;
	struct colors colors;        /* of space.colors; policy SMALT_COLOR_OFF: that is NULL */
	struct own own[BOOT_OWN];
	uint32_t own_count;
	uint64_t own_va[13];             /* of the first row of each SMALT_KIND_*, 0: none */

	uint64_t direct_map_va, direct_map_bytes;   /* bytes 0: none */
	struct map *maps;                /* rows and direct map, ascending */
	uint32_t map_count;
	struct pagetable pt;
	uint64_t tables_bytes;           /* from the first to behind the last */
	struct bridge bridge;
	struct audit_leaves leaves;
	struct memmap after;             /* memory as the kernel gets it */
	uint64_t handoff_va, handoff_pa, handoff_bytes;
	uint64_t stack_top;
	struct boot_cost cost;
	uint64_t counter_planned;        /* of the loader: at the commit point */
	struct range *sync;              /* executable memory to clean and invalidate (H6) */
	uint32_t sync_count;
	struct protocol_boot *foreign;   /* NULL: Smalt's own protocol */
};

/*
 * Plans one boot, makes its frames ours, builds the tables in them, reads what is read into them. entry: name
 * of the entry, bytes 0: what the command line or smalt.conf says. After it nothing can
 * fail. After a failure boot holds what was reached, for diagnostics; files are untouched.
 */
MUST_CHECK enum status boot_plan(struct boot *boot, struct env *env, struct span entry,
                                 struct arena *arena, struct fault *fault);

/* Tells the kernel, from env->memory as it is when nobody changes it any more. Cannot fail. */
void boot_finish(struct boot *boot);

/* Copies, zeroes, relocates as planned. Once. Cannot fail. */
void boot_execute(const struct boot *boot);

/* Is the object read from a volume, straight into its frames? */
bool boot_is_read(const struct boot_object *o);

/* Ranges that env->memory can have when the firmware is left. */
uint32_t boot_ranges_most(const struct boot *boot);

/* All objects of a boot, linked at once. */
struct linkage boot_linkage(const struct boot *boot);

/* The handoff of a plan, through the window; NULL with a foreign protocol. */
struct smalt_handoff *boot_handoff(const struct boot *boot);

/* --- the steps of boot_plan, each in a file of its own --- */

MUST_CHECK enum status source_open(struct boot *boot, struct fault *fault);        /* source.c */
MUST_CHECK enum status source_objects(struct boot *boot, struct fault *fault);
MUST_CHECK enum status source_stage(struct boot *boot, struct fault *fault);
MUST_CHECK enum status request_settings(struct boot *boot, struct fault *fault);   /* request.c */
MUST_CHECK enum status geometry_choose(struct boot *boot, struct fault *fault);    /* geometry.c */
MUST_CHECK enum status capability_check(struct boot *boot, struct fault *fault); /* capability.c */
MUST_CHECK enum status objects_place(struct boot *boot, struct fault *fault);      /* objects.c */
MUST_CHECK enum status objects_pad(struct boot *boot, struct fault *fault);
MUST_CHECK enum status objects_back(struct boot *boot, struct fault *fault);
MUST_CHECK enum status instances_add(struct boot *boot, uint32_t count,            /* instances.c */
                                     struct fault *fault);
MUST_CHECK enum status instances_check(const struct boot *boot, struct fault *fault);
MUST_CHECK enum status instances_back(struct boot *boot, struct fault *fault);
MUST_CHECK enum status format_choose(struct boot *boot, struct fault *fault);      /* format.c */
MUST_CHECK enum status format_memory(struct boot *boot, struct fault *fault);
uint32_t format_leaves(const struct boot *boot);     /* which of its leaves the CPU has */
bool parts_move(const struct boot *boot);            /* parts.c: do the loader's parts have copies? */
MUST_CHECK enum status parts_place(struct boot *boot, struct fault *fault);
MUST_CHECK enum status parts_back(struct boot *boot, uint32_t row, struct fault *fault);
bool parts_copy(const struct boot *boot, uint32_t index, struct range *to);    /* false: there is none of this index */
uint64_t own_limit(const struct boot *boot);                                       /* own.c */
uint32_t own_rows_most(const struct boot *boot);     /* of Smalt's own; settings are known */
MUST_CHECK enum status own_place(struct boot *boot, struct fault *fault);          /* own.c */
MUST_CHECK enum status own_back(struct boot *boot, uint32_t row, struct fault *fault);
MUST_CHECK enum status tables_reserve(struct boot *boot, struct fault *fault);     /* tables.c */
MUST_CHECK enum status tables_build(struct boot *boot, struct fault *fault);
MUST_CHECK enum status bridge_reserve(struct boot *boot, struct fault *fault);     /* bridge.c */
MUST_CHECK enum status bridge_build(struct boot *boot, struct fault *fault);
/* A row of Smalt's own at an address that is claimed already. */
MUST_CHECK enum status own_add(struct boot *boot, uint32_t kind, uint64_t bytes, uint32_t prot,
                               struct own own, struct fault *fault);
MUST_CHECK enum status own_runtime(struct boot *boot, struct fault *fault);        /* own_runtime.c */
MUST_CHECK enum status handoff_reserve(struct boot *boot, struct fault *fault);    /* handoff.c */
void handoff_clear(const struct boot *boot);
void handoff_write(const struct boot *boot);
/* Of a linkage: records and symbols, before places; then results; then memory, through the window. */
MUST_CHECK enum status relocate_check(const struct linkage *linkage, struct fault *fault); /* relocate.c */
MUST_CHECK enum status relocate_fit(const struct linkage *linkage, struct fault *fault);
void relocate_execute(const struct linkage *linkage, const struct space *space, uint64_t window);
MUST_CHECK enum status tls_layout(const struct linkage *linkage, struct fault *fault);    /* tls.c */
MUST_CHECK enum status load_plan(struct boot *boot, struct fault *fault);          /* load.c */
MUST_CHECK enum status load_read(const struct boot *boot, struct fault *fault);
void load_execute(const struct boot *boot);

#endif
