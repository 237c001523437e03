/* SPDX-License-Identifier: BSD-2-Clause */
/* option.c: one option after another, and one line about the first that is wrong. */
#include "option.h"

#include <string.h>

#include "nearest.h"
#include "say.h"
#include "span.h"

struct options options_begin(const struct option *table, int count, char **words)
{
	return (struct options){ .table = table, .words = words, .count = count };
}

static int find(const struct option *table, const char *name, size_t name_bytes)
{
	for (int i = 0; table[i].name; i++)
		if (strlen(table[i].name) == name_bytes && !memcmp(table[i].name, name, name_bytes))
			return i;
	return OPTION_WRONG;
}

static int say_unknown(const struct option *table, const char *name, size_t name_bytes)
{
	struct nearest nearest = nearest_to((struct span){ (const uint8_t *)name, name_bytes });

	for (; table->name; table++)
		nearest_offer(&nearest, table->name);
	if (nearest.word)
		say("unknown option %.*s: did you mean %s?", (int)name_bytes, name, nearest.word);
	else
		say("unknown option %.*s: smalt --help lists them", (int)name_bytes, name);
	return OPTION_WRONG;
}

static int take_value(struct options *options, int index, const char *attached)
{
	const struct option *option = &options->table[index];

	if (!option->value && attached) {
		say("%s takes no value", option->name);
		return OPTION_WRONG;
	}
	if (option->value && !attached && options->at == options->count) {
		say("%s needs %s", option->name, option->value);
		return OPTION_WRONG;
	}
	options->value = attached;
	if (option->value && !attached)
		options->value = options->words[options->at++];
	return index;
}

int options_next(struct options *options)
{
	const char *word, *equals;
	size_t name_bytes;
	int index;

	if (options->at == options->count)
		return OPTION_END;
	word = options->words[options->at++];
	if (!options->words_only && strcmp(word, "--") == 0) {
		options->words_only = true;
		return options_next(options);
	}
	if (options->words_only || word[0] != '-' || word[1] == '\0') {
		options->value = word;
		return OPTION_WORD;
	}
	equals = word[1] == '-' ? strchr(word, '=') : NULL;
	name_bytes = equals ? (size_t)(equals - word) : strlen(word);
	index = find(options->table, word, name_bytes);
	if (index < 0)
		return say_unknown(options->table, word, name_bytes);
	return take_value(options, index, equals ? equals + 1 : NULL);
}

bool option_machine(const char *value, const struct machine **machine)
{
	*machine = machine_by_name(value);
	if (!*machine)
		say("--machine %s: choose %s or %s", value, machines[0]->name, machines[1]->name);
	return *machine != NULL;
}

bool option_ram(const char *value, uint64_t *bytes)
{
	bool good = span_number(span_of(value), bytes);

	if (!good)
		say("--ram %s: write a size, as 512M or 0x20000000", value);
	return good;
}
