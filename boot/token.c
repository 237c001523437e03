/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token.c: the tokenizer of smalt.conf and of command lines; grammar in token.h.
 *
 * Words are copied, since escapes make them shorter than their source; the
 * copies are never longer than the text, so that one buffer of its size is enough.
 */
#include "token.h"

#include <stddef.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool at_end_of_line(const struct tokens *tokens)
{
	return tokens->at == tokens->text.bytes || tokens->text.base[tokens->at] == '\n';
}

static uint32_t column(const struct tokens *tokens)
{
	return (uint32_t)(tokens->at - tokens->line_start + 1);
}

enum status tokens_begin(struct tokens *tokens, struct span text, bool comments, struct arena *arena,
                        struct fault *fault)
{
	*tokens = (struct tokens){ .text = text, .line = 1, .comments = comments };
	tokens->out = arena_pages(arena, text.bytes + 1, 1, "words", fault);
	return tokens->out ? ST_OK : fault->status;
}

static enum status refuse(struct tokens *tokens, const char *what, struct fault *fault)
{
	fault_field(fault, ST_BAD_CONFIG, what);
	return fault_place(fault, tokens->line, column(tokens));
}

/* One byte of a quoted part; a backslash stands before a quote or a backslash only. */
static enum status unquote(struct tokens *tokens, uint8_t *c, struct fault *fault)
{
	*c = tokens->text.base[tokens->at];
	if (*c == '\\') {
		tokens->at++;
		if (at_end_of_line(tokens))
			return refuse(tokens, "escape at the end of the line", fault);
		*c = tokens->text.base[tokens->at];
		if (*c != '"' && *c != '\\')
			return refuse(tokens, "escape that is neither \\\" nor \\\\", fault);
	}
	tokens->at++;
	return ST_OK;
}

static enum status take_quoted(struct tokens *tokens, uint64_t *bytes, struct fault *fault)
{
	uint64_t open = tokens->at++;

	while (!at_end_of_line(tokens) && tokens->text.base[tokens->at] != '"') {
		uint8_t c;
		enum status status = unquote(tokens, &c, fault);

		if (status != ST_OK)
			return status;
		tokens->out[(*bytes)++] = (char)c;
	}
	if (at_end_of_line(tokens)) {
		tokens->at = open;
		return refuse(tokens, "quote that is not closed", fault);
	}
	tokens->at++;
	return ST_OK;
}

enum status tokens_next(struct tokens *tokens, struct token *token, bool *found, struct fault *fault)
{
	uint64_t bytes = 0;

	while (!at_end_of_line(tokens) && is_blank(tokens->text.base[tokens->at]))
		tokens->at++;
	*found = !at_end_of_line(tokens) &&
	         !(tokens->comments && tokens->text.base[tokens->at] == '#');
	*token = (struct token){ .line = tokens->line, .column = column(tokens), .equals = UINT64_MAX };
	while (*found && !at_end_of_line(tokens) && !is_blank(tokens->text.base[tokens->at])) {
		uint8_t c = tokens->text.base[tokens->at];

		if (c == 0)
			return refuse(tokens, "NUL byte", fault);
		if (c == '"') {
			enum status status = take_quoted(tokens, &bytes, fault);

			if (status != ST_OK)
				return status;
			continue;
		}
		if (c == '=' && token->equals == UINT64_MAX)
			token->equals = bytes;
		tokens->out[bytes++] = (char)c;
		tokens->at++;
	}
	token->text = (struct span){ (const uint8_t *)tokens->out, bytes };
	if (token->equals == UINT64_MAX)
		token->equals = bytes;
	tokens->out += bytes;
	return ST_OK;
}

bool tokens_line(struct tokens *tokens)
{
	while (!at_end_of_line(tokens))
		tokens->at++;
	if (tokens->at == tokens->text.bytes)
		return false;
	tokens->line_start = ++tokens->at;
	tokens->line++;
	return true;
}

struct span token_name(const struct token *token)
{
	return (struct span){ token->text.base, token->equals };
}

struct span token_value(const struct token *token)
{
	uint64_t skip = token->equals < token->text.bytes ? token->equals + 1 : token->text.bytes;

	return (struct span){ token->text.base + skip, token->text.bytes - skip };
}
