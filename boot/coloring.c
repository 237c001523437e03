/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coloring.c: cache colors of one boot: from settings and geometry to what placing needs, from
 * what was taken to the record by which the kernel's allocator continues (requirements C2 to C4).
 */
#include <stddef.h>

#include "align.h"
#include "boot.h"
#include "coloring.h"

static const char *const class_keys[CONFIG_CLASSES] = {
	[CONFIG_KERNEL] = "colors.kernel", [CONFIG_MODULE] = "colors.module",
	[CONFIG_TABLES] = "colors.tables", [CONFIG_FREE] = "colors.free",
};

/* The highest color of the mask must be one that there is. */
static enum status check_mask(const struct boot *boot, const char *key, uint64_t mask,
                              struct fault *fault)
{
	uint32_t highest = log2_floor(mask);

	if (mask == COLOR_ALL || highest < boot->geometry.colors)
		return ST_OK;
	fault_set(fault, ST_BAD_CONFIG, key, highest, boot->geometry.colors - 1);
	return fault_hint(fault, "the cache has fewer colors: lower the numbers");
}

/* Where colors are shared anyway nobody is kept apart. */
static enum status no_colors(const struct boot *boot, struct fault *fault)
{
	if (boot->settings.color != SMALT_COLOR_PARTITION || !boot->settings.color_strict)
		return ST_OK;
	fault_set(fault, ST_MISSING_CAPABILITY, "cache colors", boot->geometry.colors, 2);
	return fault_hint(fault, "no cache with a linear index is known: tell it by llc_size, llc_ways, llc_line");
}

/* Every module of this name, unless the entry is another's. */
static enum status set_module(struct boot *boot, const struct config_colors *colors, bool is_default,
                              struct fault *fault)
{
	enum status status;
	bool found = false;

	if (colors->entry != 0 && colors->entry != boot->entry_index)
		return ST_OK;
	for (uint32_t i = 1; i < boot->object_count; i++)
		if (span_equals(boot->objects[i].object.name, colors->name)) {
			boot->objects[i].color_mask = colors->mask;
			found = true;
		}
	status = check_mask(boot, "colors.module.NAME", colors->mask, fault);
	if (status == ST_OK && !found && !is_default)
		status = fault_field(fault, ST_BAD_CONFIG, "colors.module of no module");
	if (status == ST_OK)
		return ST_OK;
	fault_place(fault, colors->line, colors->column);
	return fault_word(fault, colors->name);
}

static enum status set_masks(struct boot *boot, struct fault *fault)
{
	const uint64_t *masks = boot->settings.colors;
	enum status status = ST_OK;

	for (unsigned i = 0; status == ST_OK && i < CONFIG_CLASSES; i++)
		status = check_mask(boot, class_keys[i], masks[i], fault);
	boot->objects[0].color_mask = masks[CONFIG_KERNEL];
	for (uint32_t i = 1; i < boot->object_count; i++)
		boot->objects[i].color_mask = masks[CONFIG_MODULE];
	for (uint32_t i = 0; status == ST_OK && i < boot->config.color_count; i++) {
		const struct config_colors *colors = &boot->config.colors[i];

		status = set_module(boot, colors, colors->entry == 0 && boot->config.entry_count > 1, fault);
		if (status != ST_OK)
			(void)fault_in(fault, span_of("smalt.conf"));
	}
	for (uint32_t i = 0; status == ST_OK && i < boot->words.color_count; i++) {
		status = set_module(boot, &boot->words.colors[i], false, fault);
		if (status != ST_OK)
			(void)fault_in(fault, span_of("command line"));
	}
	boot->colors.own_mask = masks[CONFIG_KERNEL];
	boot->colors.tables_mask = masks[CONFIG_TABLES];
	return status;
}

enum status coloring_choose(struct boot *boot, struct fault *fault)
{
	const struct config_entry *settings = &boot->settings;

	for (uint32_t i = 0; i < boot->object_count; i++)
		boot->objects[i].color_mask = COLOR_ALL;
	if (boot->protocol || settings->color == SMALT_COLOR_OFF)
		return ST_OK;
	if (boot->geometry.colors < 2)
		return no_colors(boot, fault);
	colors_init(&boot->colors, &boot->geometry, settings->color, settings->color_strict);
	return settings->color == SMALT_COLOR_PARTITION ? set_masks(boot, fault) : ST_OK;
}

uint64_t coloring_pieces(const struct boot *boot, uint64_t mask, uint64_t bytes)
{
	const struct colors *colors = &boot->colors;

	return colors->policy == SMALT_COLOR_PARTITION && colors_narrow(colors, mask)
		? partition_pieces(colors, mask, bytes >> colors->shift) : 0;
}

/* A table for each 2M that a class is strewn over, twice with the direct map, and some for the rest. */
static uint64_t tables_pieces(const struct boot *boot, uint64_t bytes)
{
	uint64_t tables = 64 + 2 * (bytes >> 21) * boot->colors.count;

	return coloring_pieces(boot, boot->colors.tables_mask, tables << boot->colors.shift);
}

uint32_t coloring_takes(const struct boot *boot)
{
	static const uint64_t bytes_most = 1ull << 40, takes_most = 1 << 20;     /* more is refused later */
	uint64_t all = 0, takes;

	takes = coloring_pieces(boot, boot->colors.own_mask, boot->settings.stack_bytes + OWN_FAULT_STACK_BYTES);
	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct object *object = &boot->objects[i].object;
		uint64_t bytes = object->kind == OBJECT_FLAT ? object->bytes.bytes : 0;

		for (uint32_t s = 0; s < object->segment_count; s++)
			bytes += min_u64(object->segments[s].mem_bytes, bytes_most);
		takes += coloring_pieces(boot, boot->objects[i].color_mask, bytes) + object->segment_count;
		all += bytes;
	}
	if (boot->colors.policy != SMALT_COLOR_PARTITION)
		return 0;
	return (uint32_t)min_u64(takes + tables_pieces(boot, all), takes_most);
}

/* Granules of each color that the kernel's memory map has in use, and free. */
static void count(const struct boot *boot, struct smalt_color *colors)
{
	uint64_t used[GEOMETRY_COLORS_MOST] = { 0 }, free[GEOMETRY_COLORS_MOST] = { 0 };
	uint32_t number = boot->colors.count, shift = boot->colors.shift;

	for (uint32_t i = 0; i < boot->after.count; i++) {
		const struct smalt_memory *range = &boot->after.ranges[i];
		bool taken = range->type == SMALT_MEM_OBJECT || range->type == SMALT_MEM_TABLES ||
		             range->type == SMALT_MEM_RESIDENT;

		if (taken || range->type == SMALT_MEM_USABLE)
			colors_count(number, shift, range->pa, range->bytes, taken ? used : free);
	}
	for (uint32_t i = 0; i < number; i++)
		colors[i] = (struct smalt_color){ used[i], free[i] };
}

/* Of those that the kernel's allocator has, the color with least in use: single frames go on with it. */
static uint32_t least_used(const struct smalt_color *colors, uint32_t count, uint64_t mask)
{
	uint32_t least = (uint32_t)__builtin_ctzll(mask);

	for (uint32_t i = least + 1; i < count; i++)
		if ((mask >> i & 1) && colors[i].used < colors[least].used)
			least = i;
	return least;
}

/* Other policies know no classes. */
static uint64_t class_mask(const struct boot *boot, enum config_class which)
{
	return boot->colors.policy == SMALT_COLOR_PARTITION ? boot->settings.colors[which] : COLOR_ALL;
}

void coloring_describe(const struct boot *boot, struct smalt_handoff *h, struct book *book)
{
	const struct colors *colors = &boot->colors;
	uint64_t free;
	struct smalt_color counts[GEOMETRY_COLORS_MOST];

	h->colors = (struct smalt_colors){ .policy = SMALT_COLOR_OFF, .count = 1 };
	h->coloring = (struct smalt_coloring){ .cache = boot->geometry.cache };
	if (colors->policy == SMALT_COLOR_OFF)
		return;
	h->colors = (struct smalt_colors){
		.policy = colors->policy, .count = colors->count, .shift = colors->shift,
		.bits = log2_floor(colors->count),
	};
	free = colors_of_mask(colors, class_mask(boot, CONFIG_FREE));
	count(boot, counts);
	h->coloring = (struct smalt_coloring){
		.cache = boot->geometry.cache,
		.frames = book_put_array(book, counts, colors->count, sizeof counts[0]),
		.next = least_used(counts, colors->count, free),
		.flags = colors->strict ? SMALT_COLORING_STRICT : 0,
		.kernel_mask = colors_of_mask(colors, boot->objects[0].color_mask),
		.module_mask = colors_of_mask(colors, class_mask(boot, CONFIG_MODULE)),
		.tables_mask = colors_of_mask(colors, colors->tables_mask),
		.free_mask = free,
		.missed_color = colors->missed_color, .missed_mask = colors->missed_mask,
	};
}
