/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.h: a plan as people and programs read it.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdio.h>

#include "session.h"
#include "words.h"

/*
 * The plan as JSON, keys as docs/plan.md says: also when it was refused, with
 * fault set and arrays empty. False if out could not be written.
 */
bool plan_json(const struct session *session, const struct fault *fault, FILE *out);

/* The plan as a table. Only of a plan that succeeded. */
void plan_table(const struct session *session, FILE *out);

/* The plan as a picture, at path when it is whole: of a plan that succeeded. False: it said why. */
bool plan_svg(const struct session *session, const char *path);

/*
 * Executes the plan and writes the bytes of every row that is memory to
 * directory/NN-VA.bin, which must exist. False: it said why.
 */
bool plan_contents(const struct session *session, const char *directory);

/* Parts of JSON that other verbs share: a text of any bytes, and an array of faults. */
struct cJSON;
struct cJSON *plan_string(struct span s);
void plan_faults(struct cJSON *to, const char *key, const struct fault *faults, uint32_t count);

/* What both outputs tell. */
const char *plan_protocol(const struct boot *boot);
uint64_t plan_entry(const struct boot *boot);    /* 0: there is no kernel yet */

/* Leaves of the objects' rows, by index of the format's sizes (P1). */
void plan_leaves(const struct boot *boot, uint64_t count[MACHINE_LEAVES]);

/* Those of one row. */
void plan_row_leaves(const struct smalt_row *row, uint64_t count[MACHINE_LEAVES]);

/* "12 x 4K + 3 x 2M"; empty if there are none. */
#define PLAN_LEAVES_TEXT 192
void plan_leaves_text(const struct format *format, const uint64_t count[MACHINE_LEAVES],
                      char text[PLAN_LEAVES_TEXT]);

/* Cache colors as the kernel's handoff has them. */
struct plan_colors {
	uint32_t count, shift;
	const char *policy, *source;             /* who told the geometry */
	bool partition;                          /* classes have colors of their own */
	struct smalt_coloring record;
	const struct smalt_color *frames;        /* by color; NULL: nobody counts them */
};

/* False, and colors->count 1: memory is not colored. */
bool plan_colors(const struct boot *boot, struct plan_colors *colors);

/* Color of a frame. */
static inline uint32_t plan_color(const struct plan_colors *colors, uint64_t pa)
{
	return pa >> colors->shift & (colors->count - 1);
}

/* Frames in use of the colors with fewest and with most. */
void plan_colors_used(const struct plan_colors *colors, uint64_t *least, uint64_t *most);

extern const struct word plan_kinds[];           /* SMALT_KIND_* */
extern const struct word plan_backings[];
extern const struct word plan_memory[];          /* SMALT_CACHE_* */
extern const struct word plan_roles[];
extern const struct word plan_formats[];
extern const struct word plan_why[];
extern const struct word plan_policies[];
extern const struct word plan_cache_sources[];
extern const struct word plan_trust[];

/* A row's flags one after another: the word of the lowest bit, which is cleared; NULL at the end. */
const char *plan_flag(uint32_t *flags);

/* Likewise what an object's code was made for (M15); a bit without a name is left out. */
const char *plan_feature(uint16_t elf_machine, uint32_t *bits);

/* "4K", "2M": bytes in the largest unit that divides them; hexadecimal if even K does not. */
#define PLAN_BYTES_TEXT 24
void plan_bytes(uint64_t bytes, char text[PLAN_BYTES_TEXT]);

#endif
