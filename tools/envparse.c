/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envparse.c: reads the environment that envtext.c printed, or that somebody wrote.
 *
 * Nothing is repaired: an unknown key, a fact that stands twice, a range that
 * ends before it begins, a word too many are ST_BAD_ENVIRONMENT with their place.
 */
#include "envtext.h"

#include <stddef.h>

#include "envfirmware.h"
#include "envwords.h"
#include "nearest.h"

#define SEED_BYTES 64
#define PAGE 4096ull

static enum status parse_path(struct envline *r)
{
	return envline_choice(r, "path", envwords_paths, &r->env->path);
}

static enum status parse_machine(struct envline *r)
{
	struct span word = envline_word(r);

	for (unsigned i = 0; machines[i]; i++)
		if (span_is(word, machines[i]->name))
			r->env->machine = machines[i];
	return r->env->machine ? ST_OK : envline_bad(r, "machine", word);
}

static enum status parse_cpu(struct envline *r)
{
	struct span word = envline_word(r);
	uint64_t equals = 0, value;
	struct span key, digits;

	while (equals < word.bytes && word.base[equals] != '=')
		equals++;
	key = (struct span){ word.base, equals };
	if (!span_sub(word, equals + 1, word.bytes - equals - 1, &digits) ||
	    !span_number(digits, &value))
		return envline_bad(r, "cpu", word);
	for (unsigned i = 0; i < ENVWORDS_CPU; i++) {
		uint8_t *member = (uint8_t *)&r->env->cpu + envwords_cpu[i].member;

		if (!span_is(key, envwords_cpu[i].key))
			continue;
		if ((r->seen_cpu >> i & 1) || (!envwords_cpu[i].wide && value > UINT32_MAX))
			return envline_bad(r, "cpu", word);
		r->seen_cpu |= 1u << i;
		if (envwords_cpu[i].wide)
			*(uint64_t *)(void *)member = value;
		else
			*(uint32_t *)(void *)member = (uint32_t)value;
		return ST_OK;
	}
	return envline_bad(r, "cpu", key);
}

/* A level of its own, from 1. */
static enum status parse_cache(struct envline *r)
{
	struct span word = envline_word(r);
	uint64_t level;
	struct cache *cache;

	if (!span_number(word, &level) || level == 0 || level > GEOMETRY_LEVELS)
		return envline_bad(r, "level", word);
	cache = &r->env->cpu.caches[level - 1];
	if (cache->source != SMALT_CACHE_FROM_NOBODY)
		return envline_bad(r, "level", word);
	if (envline_number(r, "sets", &cache->sets) != ST_OK ||
	    envline_small(r, "ways", &cache->ways) != ST_OK ||
	    envline_small(r, "line", &cache->line) != ST_OK ||
	    envline_choice(r, "source", envwords_caches, &cache->source) != ST_OK)
		return r->fault->status;
	return envline_flag(r, "cache", "complex", &cache->complex);
}

static const char *type_nearest(struct span word)
{
	struct nearest nearest = nearest_to(word);

	for (uint32_t type = 1; type < SMALT_MEM_TYPES; type++)
		nearest_offer(&nearest, memmap_type_name(type));
	return nearest.word;
}

static enum status parse_memory(struct envline *r)
{
	struct range range;
	struct span word;
	uint32_t type;
	enum status status = envline_range(r, &range);

	if (status != ST_OK)
		return status;
	word = envline_word(r);
	type = memmap_type_by_name(word);
	if (type == 0)
		return envline_bad_word(r, "type", word, type_nearest(word));
	return memmap_add(&r->env->memory, range.pa, range.bytes, type, r->fault);
}

/* START BYTES, or where the file is read from when it is asked for. */
static enum status parse_place(struct envline *r, struct file *file)
{
	struct envline start = *r;
	struct span word = envline_word(r);
	enum status status;

	file->pa = ENV_ON_VOLUME;
	if (span_is(word, "volume"))
		return envline_number(r, "bytes", &file->bytes.bytes);
	*r = start;
	status = envline_bytes(r, &file->pa, &file->bytes.bytes);
	return status == ST_OK && file->pa == ENV_ON_VOLUME ? envline_bad(r, "start", word) : status;
}

static enum status parse_file(struct envline *r)
{
	struct file *file = &r->env->files[r->env->file_count];
	struct span word = envline_word(r);
	enum status status;
	bool kept = false;

	if (word.bytes == 0 || r->env->file_count == ENV_FILES)
		return envline_bad(r, "file", word);
	status = envline_string(r, "file", word, &file->name);
	if (status != ST_OK)
		return status;
	status = parse_place(r, file);
	if (status == ST_OK)
		status = envline_flag(r, "file", "kept", &kept);
	file->donated = !kept;
	r->env->file_count += status == ST_OK;
	return status;
}

static enum status parse_loader(struct envline *r)
{
	return envline_range(r, &r->env->loader);
}

/* Parts are mapped as one block: whole pages, each where the one before ends. */
static enum status parse_part(struct envline *r)
{
	struct part *part = &r->env->parts[r->env->part_count];
	struct span all = r->rest, word;
	struct range range;
	enum status status = ST_OK;

	if (r->env->part_count == ENV_PARTS)
		return envline_bad(r, "part", all);
	status = envline_choice(r, "part", envwords_parts, &part->kind);
	if (status != ST_OK)
		return status;
	word = envline_word(r);
	if (!words_rights_value(word, &part->prot))
		return envline_bad(r, "rights", word);
	status = envline_range(r, &range);
	if (status != ST_OK)
		return status;
	if ((range.pa | range.bytes) % PAGE != 0 ||
	    (r->env->part_count > 0 && range.pa != part[-1].pa + part[-1].bytes))
		return envline_bad(r, "part", all);
	part->pa = range.pa;
	part->bytes = range.bytes;
	r->env->part_count++;
	return ST_OK;
}

/* The rest of the line, blanks within and behind included. */
static enum status parse_cmdline(struct envline *r)
{
	struct span text = r->rest;

	if (text.bytes > 0)
		text = (struct span){ text.base + 1, text.bytes - 1 };
	r->rest.bytes = 0;
	return envline_string(r, "cmdline", text, &r->env->cmdline);
}

static enum status parse_rsdp(struct envline *r)
{
	return envline_number(r, "rsdp", &r->env->rsdp_pa);
}

static enum status parse_wall(struct envline *r)
{
	return envline_number(r, "wall", &r->env->wall_clock);
}

static enum status parse_table(struct envline *r)
{
	struct range *table = &r->env->tables[r->env->table_count];
	struct span all = r->rest;
	enum status status;

	if (r->env->table_count == ENV_TABLES)
		return envline_bad(r, "table", all);
	status = envline_range(r, table);
	if (status != ST_OK)
		return status;
	if (r->env->table_count > 0 && table->pa < table[-1].pa + table[-1].bytes)
		return envline_bad(r, "table", all);
	r->env->table_count++;
	return ST_OK;
}

static enum status parse_devicetree(struct envline *r)
{
	r->env->devicetree.name = span_of("devicetree");
	return envline_bytes(r, &r->env->devicetree.pa, &r->env->devicetree.bytes.bytes);
}

static enum status parse_serial(struct envline *r)
{
	enum status status = envline_choice(r, "serial", envwords_serials, &r->env->serial_kind);

	return status == ST_OK ? envline_number(r, "serial", &r->env->serial_address) : status;
}

static enum status parse_psci(struct envline *r)
{
	return envline_choice(r, "psci", envwords_conduits, &r->env->psci_conduit);
}

static enum status parse_seed(struct envline *r)
{
	struct span digits = envline_word(r), source;
	uint8_t *seed;

	if (digits.bytes == 0 || digits.bytes % 2 != 0 || digits.bytes > 2 * SEED_BYTES)
		return envline_bad(r, "seed", digits);
	seed = arena_take(r->arena, digits.bytes / 2, 1, "seed", r->fault);
	if (!seed)
		return r->fault->status;
	for (uint64_t i = 0; i < digits.bytes / 2; i++)
		if (!envline_byte(digits.base + 2 * i, &seed[i]))
			return envline_bad(r, "seed", digits);
	r->env->entropy = (struct span){ seed, digits.bytes / 2 };
	source = envline_word(r);
	if (source.bytes == 0)
		return ST_OK;
	return envline_choose(r, "seed", envwords_seeds, source, &r->env->entropy_source);
}

static const struct {
	const char *key;
	bool once;
	enum status (*parse)(struct envline *r);
} keys[] = {
	{ "path", true, parse_path },
	{ "machine", true, parse_machine },
	{ "cpu", false, parse_cpu },
	{ "cache", false, parse_cache },
	{ "memory", false, parse_memory },
	{ "loader", true, parse_loader },
	{ "part", false, parse_part },
	{ "file", false, parse_file },
	{ "cmdline", true, parse_cmdline },
	{ "rsdp", true, parse_rsdp },
	{ "table", false, parse_table },
	{ "devicetree", true, parse_devicetree },
	{ "smbios", true, envfirmware_smbios },
	{ "smbios-table", false, envfirmware_smbios_table },
	{ "framebuffer", true, envfirmware_framebuffer },
	{ "efi", true, envfirmware_efi },
	{ "efi-attributes", true, envfirmware_attributes },
	{ "runtime", false, envfirmware_runtime },
	{ "serial", true, parse_serial },
	{ "psci", true, parse_psci },
	{ "wall", true, parse_wall },
	{ "seed", true, parse_seed },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const char *key_nearest(struct span word)
{
	struct nearest nearest = nearest_to(word);

	for (unsigned i = 0; i < KEYS; i++)
		nearest_offer(&nearest, keys[i].key);
	return nearest.word;
}

static enum status parse_line(struct envline *r)
{
	struct span key = envline_word(r), extra;
	enum status status;
	unsigned i = 0;

	if (key.bytes == 0 || *key.base == '#')
		return ST_OK;
	while (i < KEYS && !span_is(key, keys[i].key))
		i++;
	if (i == KEYS)
		return envline_bad_word(r, "key", key, key_nearest(key));
	if (keys[i].once && (r->seen >> i & 1)) {
		envline_bad(r, "key", key);
		return fault_hint(r->fault, "this fact stands in two lines: remove one");
	}
	r->seen |= 1u << i;
	status = keys[i].parse(r);
	if (status != ST_OK)
		return status == ST_BAD_ENVIRONMENT || status == ST_NO_MEMORY ? status
		                                                              : envline_bad(r, keys[i].key, key);
	extra = envline_word(r);
	return extra.bytes == 0 ? ST_OK : envline_bad(r, keys[i].key, extra);
}

/* A firmware may leave its own characters before the mark on the line. */
static bool ends_with(struct span line, const char *mark)
{
	struct span end = span_of(mark);

	return line.bytes >= end.bytes &&
	       span_equals((struct span){ line.base + line.bytes - end.bytes, end.bytes }, end);
}

/* To behind the first `env begin`; false, and nothing skipped, if there is none. */
static bool skip_to_begin(struct envline *r, struct span *text)
{
	struct envline start = *r;
	struct span all = *text;

	while (envline_take(r, text))
		if (ends_with(r->line, "env begin"))
			return true;
	*r = start;
	*text = all;
	return false;
}

/* An upper bound: what stands behind `env end` counts too. */
static uint32_t memory_lines(struct envline counter, struct span text)
{
	uint32_t count = 0;

	while (envline_take(&counter, &text))
		count += span_is(envline_word(&counter), "memory");
	return count;
}

static enum status parse_lines(struct envline *r, struct span text)
{
	bool marked = skip_to_begin(r, &text);
	/* memmap_finish() cuts a range in two at most once for each range. */
	enum status status = memmap_init(&r->env->memory, 2 * memory_lines(*r, text) + 2, r->arena,
	                                 r->fault);

	while (status == ST_OK && envline_take(r, &text)) {
		if (marked && span_is(r->line, "env end"))
			return ST_OK;
		status = parse_line(r);
	}
	if (status == ST_OK && marked)
		return envline_bad(r, "env end", r->rest);
	return status;
}

enum status envtext_parse(struct span text, struct env *env, struct arena *arena,
                          struct fault *fault)
{
	struct envline r = { .env = env, .arena = arena, .fault = fault };
	enum status status;

	*env = (struct env){ 0 };
	status = parse_lines(&r, text);
	if (status != ST_OK)
		return status;
	if (!env->machine)
		return envline_bad(&r, "machine", r.rest);
	if (env->path == 0)
		return envline_bad(&r, "path", r.rest);
	return memmap_finish(&env->memory, 1ull << env->machine->format->granule_shift, fault);
}
