/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setting.c: the keys of smalt.conf that have one value. The same keys stand on
 * the command line as smalt.KEY=VALUE.
 */
#include "setting.h"

#include <smalt/request.h>

#include <stddef.h>

#include "align.h"
#include "colorset.h"
#include "nearest.h"

struct choice {
	const char *word;
	uint32_t value;
};

static bool choose(const struct choice *choices, struct span word, uint32_t *value)
{
	for (; choices->word; choices++)
		if (span_is(word, choices->word)) {
			*value = choices->value;
			return true;
		}
	return false;
}

static bool set_switch(bool *place, struct span value, const char *on, const char *off)
{
	*place = span_is(value, on);
	return *place || span_is(value, off);
}

static bool set_stack(struct config_entry *entry, struct span value)
{
	return span_number(value, &entry->stack_bytes) && entry->stack_bytes > 0 &&
	       entry->stack_bytes <= CONFIG_STACK_MOST;
}

static bool set_direct_map(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = {
		{ "default", SMALT_DIRECT_MAP_DEFAULT },
		{ "none", SMALT_DIRECT_MAP_NONE },
		{ "identity", SMALT_DIRECT_MAP_IDENTITY },
		{ NULL, 0 },
	};

	entry->direct_map_va = 0;
	if (choose(words, value, &entry->direct_map))
		return true;
	entry->direct_map = SMALT_DIRECT_MAP_AT;
	return span_number(value, &entry->direct_map_va) &&
	       entry->direct_map_va % CONFIG_DIRECT_MAP_ALIGN == 0;
}

static bool set_pages(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = { { "4K", 12 }, { "16K", 14 }, { "64K", 16 }, { NULL, 0 } };

	return choose(words, value, &entry->granule_shift);
}

static bool set_reporter(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->reporter, value, "on", "off");
}

static bool set_wx(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->wx_allowed, value, "allow", "refuse");
}

static bool set_paging_levels(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = { { "4", 4 }, { "5", 5 }, { NULL, 0 } };

	return choose(words, value, &entry->paging_levels);
}

static bool set_relocate(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->relocate, value, "yes", "no");
}

static bool set_textrel(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->textrel, value, "allow", "refuse");
}

static bool set_efi_runtime(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->efi_identity, value, "identity", "none");
}

bool setting_policy(struct span value, enum place_policy *policy)
{
	static const struct choice words[] = {
		{ "packed", PLACE_PACKED }, { "stable", PLACE_STABLE }, { "random", PLACE_RANDOM }, { NULL, 0 },
	};
	uint32_t chosen;
	bool known = choose(words, value, &chosen);

	if (known)
		*policy = (enum place_policy)chosen;
	return known;
}

static bool set_va(struct config_entry *entry, struct span value)
{
	return setting_policy(value, &entry->va);
}

static bool set_pa(struct config_entry *entry, struct span value)
{
	return set_switch(&entry->pa_random, value, "random", "lowest");
}

static bool set_small(uint32_t *place, struct span value, uint64_t most)
{
	uint64_t number = 0;
	bool good = span_number(value, &number) && number > 0 && number <= most;

	*place = good ? (uint32_t)number : 0;
	return good;
}

static bool set_llc_size(struct config_entry *entry, struct span value)
{
	return span_number(value, &entry->llc_bytes) && entry->llc_bytes > 0 &&
	       entry->llc_bytes <= CONFIG_LLC_MOST;
}

static bool set_llc_ways(struct config_entry *entry, struct span value)
{
	return set_small(&entry->llc_ways, value, CONFIG_LLC_WAYS_MOST);
}

static bool set_llc_line(struct config_entry *entry, struct span value)
{
	return set_small(&entry->llc_line, value, CONFIG_LLC_LINE_MOST) &&
	       entry->llc_line >= CONFIG_LLC_LINE_LEAST && is_power_of_two(entry->llc_line);
}

static bool set_color_level(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = {
		{ "auto", 0 }, { "l1", 1 }, { "l2", 2 }, { "l3", 3 }, { NULL, 0 },
	};

	return choose(words, value, &entry->color_level);
}

static bool set_color(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = {
		{ "off", SMALT_COLOR_OFF }, { "match", SMALT_COLOR_MATCH },
		{ "spread", SMALT_COLOR_SPREAD }, { "partition", SMALT_COLOR_PARTITION },
		{ "partition,strict", SMALT_COLOR_PARTITION }, { NULL, 0 },
	};

	entry->color_strict = span_is(value, "partition,strict");
	return choose(words, value, &entry->color);
}

static bool set_colors_kernel(struct config_entry *entry, struct span value)
{
	return colorset_read(value, &entry->colors[CONFIG_KERNEL]);
}

static bool set_colors_module(struct config_entry *entry, struct span value)
{
	return colorset_read(value, &entry->colors[CONFIG_MODULE]);
}

static bool set_colors_tables(struct config_entry *entry, struct span value)
{
	return colorset_read(value, &entry->colors[CONFIG_TABLES]);
}

static bool set_colors_free(struct config_entry *entry, struct span value)
{
	return colorset_read(value, &entry->colors[CONFIG_FREE]);
}

static bool set_tail_padding(struct config_entry *entry, struct span value)
{
	static const struct choice words[] = {
		{ "off", 0 }, { "64K", 64 << 10 }, { "2M", 2 << 20 }, { NULL, 0 },
	};
	uint32_t bytes = 0;
	bool known = choose(words, value, &bytes);

	entry->tail_padding = bytes;
	return known;
}

static bool set_protocol(struct config_entry *entry, struct span value)
{
	entry->protocol = value;
	return span_is(value, "smalt") || span_is(value, "pvh") || span_is(value, "image");
}

static bool set_kernel(struct config_entry *entry, struct span value)
{
	entry->kernel = value;
	return value.bytes > 0;
}

static bool set_fallback(struct config_entry *entry, struct span value)
{
	entry->fallback = value;
	return value.bytes > 0;
}

static const struct setting {
	const char *key;
	uint32_t bit;
	bool (*set)(struct config_entry *entry, struct span value);
	const char *expected;
} settings[] = {
	{ "kernel", SET_KERNEL, set_kernel, "write: kernel PATH" },
	{ "stack", SET_STACK, set_stack, "write a size from 1 to 1G: stack 256K" },
	{ "direct_map", SET_DIRECT_MAP, set_direct_map,
	  "write default, none, identity or an address that is a multiple of 1 GiB" },
	{ "reporter", SET_REPORTER, set_reporter, "write on or off" },
	{ "wx", SET_WX, set_wx, "write refuse or allow" },
	{ "pages", SET_PAGES, set_pages, "write 4K, 16K or 64K" },
	{ "paging_levels", SET_PAGING_LEVELS, set_paging_levels, "write 4 or 5" },
	{ "relocate", SET_RELOCATE, set_relocate, "write yes or no" },
	{ "textrel", SET_TEXTREL, set_textrel, "write refuse or allow" },
	{ "efi_runtime", SET_EFI_RUNTIME, set_efi_runtime, "write none or identity" },
	{ "va", SET_VA, set_va, "write packed, stable or random" },
	{ "pa", SET_PA, set_pa, "write lowest or random" },
	{ "llc_size", SET_LLC_SIZE, set_llc_size, "write a size from 1 to 4G: llc_size 1M" },
	{ "llc_ways", SET_LLC_WAYS, set_llc_ways, "write a number from 1 to 1024: llc_ways 16" },
	{ "llc_line", SET_LLC_LINE, set_llc_line,
	  "write a power of two from 16 to 4K: llc_line 64" },
	{ "color_level", SET_COLOR_LEVEL, set_color_level, "write auto, l1, l2 or l3" },
	{ "color", SET_COLOR, set_color, "write off, match, spread, partition or partition,strict" },
	{ "colors.kernel", SET_COLORS << CONFIG_KERNEL, set_colors_kernel, colorset_expected },
	{ "colors.module", SET_COLORS << CONFIG_MODULE, set_colors_module, colorset_expected },
	{ "colors.tables", SET_COLORS << CONFIG_TABLES, set_colors_tables, colorset_expected },
	{ "colors.free", SET_COLORS << CONFIG_FREE, set_colors_free, colorset_expected },
	{ "tail_padding", SET_TAIL_PADDING, set_tail_padding, "write off, 64K or 2M" },
	{ "protocol", SET_PROTOCOL, set_protocol, "write smalt, pvh or image" },
	{ "fallback", SET_FALLBACK, set_fallback, "write: fallback ENTRY" },
};

#define SETTING_COUNT (sizeof settings / sizeof settings[0])

bool setting_known(struct span key)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (span_is(key, settings[i].key))
			return true;
	return false;
}

void setting_offer(struct nearest *nearest)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		nearest_offer(nearest, settings[i].key);
}

enum status setting_make(struct config_entry *entry, struct span key, struct span value,
                         struct fault *fault)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (!span_is(key, settings[i].key))
			continue;
		entry->set |= settings[i].bit;
		if (settings[i].set(entry, value))
			return ST_OK;
		fault_field(fault, ST_BAD_CONFIG, settings[i].key);
		fault_word(fault, value);
		return fault_hint(fault, settings[i].expected);
	}
	return fault_field(fault, ST_BAD_CONFIG, "unknown key");
}

void config_override(struct config_entry *entry, const struct config_entry *over)
{
	uint32_t set = over->set;

	if (set & SET_KERNEL)
		entry->kernel = over->kernel;
	if (set & SET_CMDLINE)
		entry->cmdline = over->cmdline;
	if (set & SET_STACK)
		entry->stack_bytes = over->stack_bytes;
	if (set & SET_DIRECT_MAP) {
		entry->direct_map = over->direct_map;
		entry->direct_map_va = over->direct_map_va;
	}
	if (set & SET_REPORTER)
		entry->reporter = over->reporter;
	if (set & SET_WX)
		entry->wx_allowed = over->wx_allowed;
	if (set & SET_RELOCATE)
		entry->relocate = over->relocate;
	if (set & SET_TEXTREL)
		entry->textrel = over->textrel;
	if (set & SET_EFI_RUNTIME)
		entry->efi_identity = over->efi_identity;
	if (set & SET_PAGES)
		entry->granule_shift = over->granule_shift;
	if (set & SET_PAGING_LEVELS)
		entry->paging_levels = over->paging_levels;
	if (set & SET_TAIL_PADDING)
		entry->tail_padding = over->tail_padding;
	if (set & SET_VA)
		entry->va = over->va;
	if (set & SET_PA)
		entry->pa_random = over->pa_random;
	if (set & SET_LLC_SIZE)
		entry->llc_bytes = over->llc_bytes;
	if (set & SET_LLC_WAYS)
		entry->llc_ways = over->llc_ways;
	if (set & SET_LLC_LINE)
		entry->llc_line = over->llc_line;
	if (set & SET_COLOR_LEVEL)
		entry->color_level = over->color_level;
	if (set & SET_COLOR) {
		entry->color = over->color;
		entry->color_strict = over->color_strict;
	}
	for (unsigned i = 0; i < CONFIG_CLASSES; i++)
		if (set & (uint32_t)SET_COLORS << i)
			entry->colors[i] = over->colors[i];
	if (set & SET_PROTOCOL)
		entry->protocol = over->protocol;
	if (set & SET_FALLBACK)
		entry->fallback = over->fallback;
	entry->set |= set;
}
