/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envline.h: reads one line of an environment's text, word for word.
 *
 * Everything that fails does so with ST_BAD_ENVIRONMENT, field as what was
 * expected, the offending word and its place; ST_NO_MEMORY where a string is copied.
 */
#ifndef ENVLINE_H
#define ENVLINE_H

#include "env.h"
#include "words.h"

struct envline {
	struct env *env;
	struct arena *arena;
	struct fault *fault;
	struct span line;        /* without its end */
	struct span rest;        /* of the line, not read yet */
	uint32_t number;         /* of the line, from 1 */
	uint32_t seen;           /* bit i: the i-th key stood in a line */
	uint32_t seen_cpu;
};

/* Takes the next line off text; false at its end. */
bool envline_take(struct envline *r, struct span *text);

/* The next word; no bytes, at the line's end, if there is none. */
struct span envline_word(struct envline *r);

enum status envline_bad(struct envline *r, const char *field, struct span word);
enum status envline_bad_word(struct envline *r, const char *field, struct span word,
                             const char *nearest);

MUST_CHECK enum status envline_number(struct envline *r, const char *field, uint64_t *number);

/* The same for what has 32 bits. */
MUST_CHECK enum status envline_small(struct envline *r, const char *field, uint32_t *number);

/* The next word, or this word, as one of a list. */
MUST_CHECK enum status envline_choice(struct envline *r, const char *field,
                                      const struct word *words, uint32_t *value);
MUST_CHECK enum status envline_choose(struct envline *r, const char *field,
                                      const struct word *words, struct span word,
                                      uint32_t *value);

/* START END, the end exclusive: at least one byte. */
MUST_CHECK enum status envline_range(struct envline *r, struct range *range);

/* The next word, which may be there: *present; any other word is refused. */
MUST_CHECK enum status envline_flag(struct envline *r, const char *field, const char *flag,
                                    bool *present);

/* START BYTES. */
MUST_CHECK enum status envline_bytes(struct envline *r, uint64_t *pa, uint64_t *bytes);

/* Undoes \xNN of word into the arena; without any the string stays in the text. */
MUST_CHECK enum status envline_string(struct envline *r, const char *field, struct span word,
                                      struct span *string);

/* Two hexadecimal digits, lower case. */
bool envline_byte(const uint8_t *digits, uint8_t *byte);

#endif
