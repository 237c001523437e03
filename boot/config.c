/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.c: smalt.conf.
 *
 *     file     = { line newline }                   words as token.h says
 *     line     = [ key { word } ]
 *     key      = "entry" NAME                       opens an entry
 *              | "module" PATH { option }           a module of the entry
 *              | "cmdline" { word }                 joined by one blank
 *              | "colors.module." NAME COLORS       of one module
 *              | setting VALUE                      the table in setting.c
 *     option   = "role=" ("raw" | "map") | "name=" NAME | "args=" TEXT
 *              | "va=" (ADDRESS | POLICY) | "relocate=" ("yes" | "no")
 *              | "textrel=" ("refuse" | "allow")
 *              | "exec=" ("yes" | "no") | "instances=" NUMBER
 *
 * Keys before the first entry are defaults of all; modules there belong to all.
 */
#include "config.h"

#include <smalt/request.h>

#include <stddef.h>

#include "colorset.h"
#include "mem.h"
#include "nearest.h"
#include "setting.h"
#include "token.h"

struct parser {
	struct config *config;
	struct tokens words;
	struct arena *arena;
	struct fault *fault;
};

static const struct config_entry built_in = {
	.stack_bytes = SMALT_STACK_DEFAULT, .reporter = true, .relocate = true,
	.color = SMALT_COLOR_SPREAD,
	.colors = { COLOR_ALL, COLOR_ALL, COLOR_ALL, COLOR_ALL },
};

static struct config_entry *current(struct parser *parser)
{
	return &parser->config->entries[parser->config->entry_count - 1];
}

static enum status refuse(struct parser *parser, const struct token *word, const char *field)
{
	fault_field(parser->fault, ST_BAD_CONFIG, field);
	fault_place(parser->fault, word->line, word->column);
	return fault_word(parser->fault, word->text);
}

static enum status next(struct parser *parser, struct token *word, bool *found)
{
	return tokens_next(&parser->words, word, found, parser->fault);
}

/* The next word; there must be one. key says whose. */
static enum status need(struct parser *parser, const struct token *key, struct token *word)
{
	bool found;
	enum status status = next(parser, word, &found);

	if (status != ST_OK || found)
		return status;
	return refuse(parser, key, "value missing after");
}

static enum status need_end(struct parser *parser)
{
	struct token word;
	bool found;
	enum status status = next(parser, &word, &found);

	if (status == ST_OK && found)
		status = refuse(parser, &word, "surplus word");
	return status;
}

static enum status parse_entry(struct parser *parser, const struct token *key)
{
	struct config *config = parser->config;
	struct token name;
	enum status status = need(parser, key, &name);

	if (status != ST_OK)
		return status;
	if (name.text.bytes == 0)
		return refuse(parser, &name, "empty name of an entry");
	for (uint32_t i = 1; i < config->entry_count; i++)
		if (span_equals(config->entries[i].name, name.text))
			return refuse(parser, &name, "second entry of this name");
	config->entries[config->entry_count] = config->entries[0];
	config->entries[config->entry_count++].name = name.text;
	return need_end(parser);
}

/* Words joined by one blank, in memory of the arena. */
static enum status join(struct tokens *words, struct arena *arena, struct span *joined,
                        struct fault *fault)
{
	char *to = arena_pages(arena, words->text.bytes - words->at + 1, 1, "command line", fault);
	struct token word;
	bool found;

	if (!to)
		return fault->status;
	*joined = (struct span){ (const uint8_t *)to, 0 };
	for (;;) {
		enum status status = tokens_next(words, &word, &found, fault);

		if (status != ST_OK || !found)
			return status;
		if (joined->bytes)
			to[joined->bytes++] = ' ';
		memcpy(to + joined->bytes, word.text.base, word.text.bytes);
		joined->bytes += word.text.bytes;
	}
}

static enum status parse_cmdline(struct parser *parser, const struct token *key)
{
	(void)key;
	current(parser)->set |= SET_CMDLINE;
	return join(&parser->words, parser->arena, &current(parser)->cmdline, parser->fault);
}

static bool option_role(struct config_module *module, struct span value)
{
	module->map = span_is(value, "map");
	return module->map || span_is(value, "raw");
}

static bool option_name(struct config_module *module, struct span value)
{
	module->name = value;
	return value.bytes > 0;
}

static bool option_args(struct config_module *module, struct span value)
{
	module->args = value;
	return true;
}

static bool option_va(struct config_module *module, struct span value)
{
	module->has_policy = setting_policy(value, &module->policy);
	module->has_va = !module->has_policy;
	return module->has_policy || span_number(value, &module->va);
}

static bool option_relocate(struct config_module *module, struct span value)
{
	module->relocate = span_is(value, "yes");
	return module->relocate || span_is(value, "no");
}

static bool option_exec(struct config_module *module, struct span value)
{
	module->exec = span_is(value, "yes");
	module->noexec = span_is(value, "no");
	return module->exec || module->noexec;
}

static bool option_textrel(struct config_module *module, struct span value)
{
	module->textrel = span_is(value, "allow");
	return module->textrel || span_is(value, "refuse");
}

static bool option_instances(struct config_module *module, struct span value)
{
	uint64_t count = 0;

	if (!span_number(value, &count) || count == 0 || count > CONFIG_INSTANCES_MOST)
		return false;
	module->instances = (uint32_t)count;
	return true;
}

static const struct option {
	const char *name;
	bool (*set)(struct config_module *module, struct span value);
	const char *expected;
} options[] = {
	{ "role", option_role, "write role=raw or role=map" },
	{ "name", option_name, "write name=NAME" },
	{ "args", option_args, "write args=\"...\"" },
	{ "va", option_va, "write va=0xADDRESS, va=packed, va=stable or va=random" },
	{ "relocate", option_relocate, "write relocate=yes or relocate=no" },
	{ "exec", option_exec, "write exec=yes or exec=no" },
	{ "textrel", option_textrel, "write textrel=refuse or textrel=allow" },
	{ "instances", option_instances, "write a number from 1 to 1024: instances=4" },
};

static enum status parse_option(struct parser *parser, struct config_module *module,
                                const struct token *word)
{
	struct nearest nearest = nearest_to(token_name(word));

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		nearest_offer(&nearest, options[i].name);
		if (word->equals == word->text.bytes || !span_is(token_name(word), options[i].name))
			continue;
		if (options[i].set(module, token_value(word)))
			return ST_OK;
		refuse(parser, word, options[i].name);
		return fault_hint(parser->fault, options[i].expected);
	}
	refuse(parser, word, word->equals == word->text.bytes ? "option of module without ="
	                                                     : "unknown option of module");
	parser->fault->nearest = nearest.word;
	return ST_BAD_CONFIG;
}

/* What options say together, in whatever order they came. */
static enum status check_module(struct parser *parser, const struct config_module *module,
                                const struct token *path)
{
	if (module->map || (!module->exec && module->instances == 1))
		return ST_OK;
	if (module->exec) {
		refuse(parser, path, "exec=yes of a raw module");
		return fault_hint(parser->fault, "raw bytes are data: write role=map");
	}
	refuse(parser, path, "instances of a raw module");
	return fault_hint(parser->fault, "nothing is written into raw bytes, so one is enough");
}

static enum status parse_module(struct parser *parser, const struct token *key)
{
	struct config *config = parser->config;
	struct config_module *module = &config->modules[config->module_count];
	struct token path, word;
	bool found;
	enum status status = need(parser, key, &path);

	if (status == ST_OK && path.text.bytes == 0)
		status = refuse(parser, &path, "empty path of a module");
	if (status != ST_OK)
		return status;
	*module = (struct config_module){
		.entry = config->entry_count - 1, .path = path.text, .name = path.text,
		.relocate = true, .instances = 1, .line = path.line, .column = path.column,
	};
	config->module_count++;
	for (;;) {
		status = next(parser, &word, &found);
		if (status == ST_OK && found)
			status = parse_option(parser, module, &word);
		if (status != ST_OK)
			return status;
		if (!found)
			return check_module(parser, module, &path);
	}
}

static const struct line_key {
	const char *name;
	enum status (*parse)(struct parser *parser, const struct token *key);
} line_keys[] = {
	{ "entry", parse_entry }, { "module", parse_module }, { "cmdline", parse_cmdline },
};

static enum status parse_setting(struct parser *parser, const struct token *key)
{
	struct nearest nearest = nearest_to(key->text);
	struct token value;
	enum status status;

	if (!setting_known(key->text)) {
		for (size_t i = 0; i < sizeof line_keys / sizeof line_keys[0]; i++)
			nearest_offer(&nearest, line_keys[i].name);
		setting_offer(&nearest);
		refuse(parser, key, "unknown key");
		parser->fault->nearest = nearest.word;
		return ST_BAD_CONFIG;
	}
	status = need(parser, key, &value);
	if (status != ST_OK)
		return status;
	status = setting_make(current(parser), key->text, value.text, parser->fault);
	if (status != ST_OK)
		return fault_place(parser->fault, value.line, value.column);
	if (span_is(key->text, "kernel")) {
		current(parser)->line = value.line;
		current(parser)->column = value.column;
	}
	return need_end(parser);
}

static enum status parse_colors(struct parser *parser, const struct token *key, struct span name)
{
	struct config *config = parser->config;
	struct config_colors *colors = &config->colors[config->color_count];
	struct token value;
	enum status status = need(parser, key, &value);

	if (status != ST_OK)
		return status;
	*colors = (struct config_colors){ .entry = config->entry_count - 1, .name = name,
	                                  .line = key->line, .column = key->column };
	config->color_count++;
	if (colorset_read(value.text, &colors->mask))
		return need_end(parser);
	refuse(parser, &value, "colors.module");
	return fault_hint(parser->fault, colorset_expected);
}

static enum status parse_line(struct parser *parser)
{
	struct token key;
	struct span name;
	bool found;
	enum status status = next(parser, &key, &found);

	if (status != ST_OK || !found)
		return status;
	for (size_t i = 0; i < sizeof line_keys / sizeof line_keys[0]; i++)
		if (span_is(key.text, line_keys[i].name))
			return line_keys[i].parse(parser, &key);
	if (colorset_module(key.text, &name))
		return parse_colors(parser, &key, name);
	return parse_setting(parser, &key);
}

/* Room for as many entries and modules as there are lines. */
static enum status take_room(struct parser *parser, struct span text)
{
	struct config *config = parser->config;
	uint64_t lines = 1;

	for (uint64_t i = 0; i < text.bytes; i++)
		lines += text.base[i] == '\n';
	config->entries = arena_take(parser->arena, lines + 1, sizeof *config->entries,
	                             "entries of smalt.conf", parser->fault);
	config->modules = arena_take(parser->arena, lines, sizeof *config->modules,
	                             "modules of smalt.conf", parser->fault);
	config->colors = arena_take(parser->arena, lines, sizeof *config->colors,
	                            "colors of smalt.conf", parser->fault);
	return config->entries && config->modules && config->colors ? ST_OK : ST_NO_MEMORY;
}

enum status config_parse(struct config *config, struct span name, struct span text,
                         struct arena *arena, struct fault *fault)
{
	struct parser parser = { .config = config, .arena = arena, .fault = fault };
	enum status status;

	*config = (struct config){ .entry_count = 1 };
	status = take_room(&parser, text);
	if (status == ST_OK)
		status = tokens_begin(&parser.words, text, true, arena, fault);
	if (status != ST_OK)
		return status;
	config->entries[0] = built_in;
	do
		status = parse_line(&parser);
	while (status == ST_OK && tokens_line(&parser.words));
	if (status != ST_OK)
		fault_in(fault, name);
	return status;
}

enum status config_choose(const struct config *config, struct span name, uint32_t *index,
                          struct fault *fault)
{
	if (name.bytes == 0) {
		*index = config->entry_count > 1 ? 1 : 0;
		return ST_OK;
	}
	for (uint32_t i = 1; i < config->entry_count; i++)
		if (span_equals(config->entries[i].name, name)) {
			*index = i;
			return ST_OK;
		}
	fault_field(fault, ST_NOT_FOUND, "entry");
	fault_word(fault, name);
	return fault_hint(fault, "name an entry of smalt.conf in smalt.entry= or fallback");
}
