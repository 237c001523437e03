/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmdline.c: the command line: words smalt.KEY=VALUE are Smalt's, the rest is the kernel's.
 */
#include "config.h"

#include <stddef.h>

#include "colorset.h"
#include "mem.h"
#include "nearest.h"
#include "setting.h"
#include "token.h"

static bool word_entry(struct config_words *words, struct span value)
{
	words->entry = value;
	return value.bytes > 0;
}

static bool word_env(struct config_words *words, struct span value)
{
	words->print_env = span_is(value, "serial");
	return words->print_env;
}

static bool word_refused(struct config_words *words, struct span value)
{
	words->refused_exit = span_is(value, "exit");
	return words->refused_exit || span_is(value, "return");
}

static bool word_exit_retries(struct config_words *words, struct span value)
{
	uint64_t number;
	bool good = span_number(value, &number) && number <= CONFIG_EXIT_RETRIES_MOST;

	words->exit_retries = good ? (uint32_t)number : 0;
	return good;
}

/* What only the command line can say; every other word is a setting. */
static const struct word_key {
	const char *name;
	bool (*set)(struct config_words *words, struct span value);
	const char *expected;
} word_keys[] = {
	{ "entry", word_entry, "write smalt.entry=NAME" },
	{ "env", word_env, "write smalt.env=serial" },
	{ "refused", word_refused, "write smalt.refused=exit or smalt.refused=return" },
	{ "test_exit_retries", word_exit_retries, "write a number up to 8" },
};

#define WORD_KEYS (sizeof word_keys / sizeof word_keys[0])

static enum status take_colors(struct config_words *words, const struct token *word, struct span name,
                               struct fault *fault)
{
	struct config_colors *colors = &words->colors[words->color_count++];

	*colors = (struct config_colors){ .name = name, .line = word->line, .column = word->column };
	if (colorset_read(token_value(word), &colors->mask))
		return ST_OK;
	fault_field(fault, ST_BAD_CONFIG, "colors.module");
	fault_word(fault, word->text);
	return fault_hint(fault, colorset_expected);
}

static enum status take_setting(struct config_words *words, const struct token *word,
                                struct span key, struct fault *fault)
{
	struct nearest nearest = nearest_to(key);
	enum status status = setting_make(&words->settings, key, token_value(word), fault);

	if (status == ST_OK || setting_known(key))
		return status;
	for (size_t i = 0; i < WORD_KEYS; i++)
		nearest_offer(&nearest, word_keys[i].name);
	setting_offer(&nearest);
	fault_word(fault, word->text);
	fault->nearest = nearest.word;
	return status;
}

static enum status take_word(struct config_words *words, const struct token *word,
                             struct fault *fault)
{
	static const uint64_t prefix = sizeof "smalt." - 1;
	struct span key = { word->text.base + prefix, word->equals - prefix }, name;

	for (size_t i = 0; i < WORD_KEYS; i++) {
		if (!span_is(key, word_keys[i].name))
			continue;
		if (word_keys[i].set(words, token_value(word)))
			return ST_OK;
		fault_field(fault, ST_BAD_CONFIG, word_keys[i].name);
		fault_word(fault, word->text);
		return fault_hint(fault, word_keys[i].expected);
	}
	if (colorset_module(key, &name))
		return take_colors(words, word, name, fault);
	return take_setting(words, word, key, fault);
}

enum status config_words(struct config_words *words, struct span cmdline, struct arena *arena,
                         struct fault *fault)
{
	struct span name = span_of("command line");
	struct tokens source;
	char *rest = arena_pages(arena, cmdline.bytes + 1, 1, "command line", fault);
	enum status status = ST_NO_MEMORY;

	*words = (struct config_words){ .rest = { (const uint8_t *)rest, 0 } };
	words->colors = arena_take(arena, cmdline.bytes / sizeof "smalt.colors.module.x=0" + 1,
	                           sizeof *words->colors, "command line", fault);
	if (rest && words->colors)
		status = tokens_begin(&source, cmdline, false, arena, fault);
	while (status == ST_OK) {
		struct token word;
		bool found;

		status = tokens_next(&source, &word, &found, fault);
		if (status != ST_OK || !found)
			break;
		if (span_begins(word.text, "smalt.") && word.equals >= sizeof "smalt." - 1) {
			status = take_word(words, &word, fault);
			if (status != ST_OK)
				fault_place(fault, word.line, word.column);
		} else if (words->rest.bytes == 0 && !words->append && span_is(word.text, "+=")) {
			words->append = true;
		} else {
			/* As it stands, quotes included: the kernel has its own rules for them. */
			uint64_t bytes = source.at - (source.line_start + word.column - 1);

			if (words->rest.bytes)
				rest[words->rest.bytes++] = ' ';
			memcpy(rest + words->rest.bytes, source.text.base + source.at - bytes, bytes);
			words->rest.bytes += bytes;
		}
	}
	if (status != ST_OK)
		fault_in(fault, name);
	return status;
}
