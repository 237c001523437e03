/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token.h: lines cut into words with quotes, for smalt.conf and command lines:
 *
 *     line   = { blank } [ word { blank { blank } word } ] { blank } [ "#" any ]
 *     word   = part { part }             part = plain | quoted
 *     plain  = any byte but blank, newline, quote; a word does not begin with "#"
 *     quoted = '"' { any but '"' '\' newline | '\"' | '\\' } '"'
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "arena.h"
#include "span.h"
#include "status.h"

struct tokens {
	struct span text;
	uint64_t at;                 /* next byte of text */
	uint64_t line_start;
	uint32_t line;               /* from 1 */
	char *out;                   /* tokens without quotes go here, one after another */
	bool comments;               /* "#" begins a comment */
};

struct token {
	struct span text;            /* without quotes and escapes */
	uint64_t equals;             /* index of the first "=" outside quotes; == text.bytes: none */
	uint32_t line, column;       /* from 1 */
};

/* Tokens of text; room for them comes from arena. ST_NO_MEMORY. */
MUST_CHECK enum status tokens_begin(struct tokens *tokens, struct span text, bool comments,
                                    struct arena *arena, struct fault *fault);

/*
 * The next token of this line; *found false at its end. ST_BAD_CONFIG for a quote that is
 * not closed on its line, for an escape that is none, for a NUL.
 */
MUST_CHECK enum status tokens_next(struct tokens *tokens, struct token *token, bool *found,
                                   struct fault *fault);

/* To the next line; false at the end of the text. */
bool tokens_line(struct tokens *tokens);

/* name=value of a token that has an "=". */
struct span token_name(const struct token *token);
struct span token_value(const struct token *token);

#endif
