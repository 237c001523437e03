/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.c: properties are bytes of big-endian numbers and strings; nothing about
 * their length is believed. Devicetree Specification v0.4: 2.2.4 values, 2.3.4
 * status, 2.3.5 cells, 2.3.6 reg, 2.3.8 ranges.
 */
#include "node.h"

#include <libfdt.h>

#include "align.h"

static const char *const names[NODE_KEYS] = {
	[NODE_COMPATIBLE] = "compatible", [NODE_DEVICE_TYPE] = "device_type", [NODE_STATUS] = "status",
	[NODE_SECURE_STATUS] = "secure-status", [NODE_REG] = "reg", [NODE_RANGES] = "ranges",
	[NODE_ADDRESS_CELLS] = "#address-cells", [NODE_SIZE_CELLS] = "#size-cells",
	[NODE_METHOD] = "method", [NODE_BOOTARGS] = "bootargs",
	[NODE_INITRD_START] = "linux,initrd-start", [NODE_INITRD_END] = "linux,initrd-end",
	[NODE_RNG_SEED] = "rng-seed", [NODE_STDOUT_PATH] = "stdout-path",
	[NODE_OLD_STDOUT_PATH] = "linux,stdout-path",
	[NODE_CACHE_LEVEL] = "cache-level", [NODE_CACHE_UNIFIED] = "cache-unified",
	[NODE_CACHE_SIZE] = "cache-size", [NODE_CACHE_SETS] = "cache-sets",
	[NODE_CACHE_LINE] = "cache-line-size", [NODE_CACHE_BLOCK] = "cache-block-size",
};

static const struct level *self(const struct node *node)
{
	return &node->levels[node->depth];
}

enum status node_bad(const struct node *node, enum node_key key, uint64_t value)
{
	const char *name = self(node)->name;

	(void)fault_value(node->fault, ST_BAD_DEVICETREE, names[key], value);
	return fault_word(node->fault, span_of(*name == '\0' ? "/" : name));
}

/* --- the walk -------------------------------------------------------------------- */

static enum status broken(struct node_walk *walk, const char *field, uint64_t value, int error)
{
	(void)fault_value(walk->fault, ST_BAD_DEVICETREE, field, value);
	return fault_word(walk->fault, span_of(fdt_strerror(error)));
}

enum status node_walk(struct node_walk *walk, struct span tree, struct fault *fault)
{
	int error = tree.bytes < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED
	                                                   : fdt_check_header(tree.base);

	walk->tree = tree.base;
	walk->fault = fault;
	walk->offset = 0;
	walk->depth = -1;
	walk->complete = true;
	for (unsigned i = 0; i < NODE_NAMES; i++)
		walk->names[i].offset = -1;
	if (error == 0 && fdt_totalsize(tree.base) > tree.bytes)
		error = -FDT_ERR_TRUNCATED;
	if (error == 0 && fdt_version(tree.base) < 16)       /* values are aligned otherwise */
		error = -FDT_ERR_BADVERSION;
	if (error == 0 && fdt_off_dt_struct(tree.base) % FDT_TAGSIZE != 0)   /* words are read from there on */
		return broken(walk, "off_dt_struct", fdt_off_dt_struct(tree.base), -FDT_ERR_ALIGNMENT);
	return error == 0 ? ST_OK : broken(walk, "totalsize", tree.bytes, error);
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

static uint32_t key_of(const char *name)
{
	uint32_t key = 0;

	while (key < NODE_KEYS && !same(name, names[key]))
		key++;
	return key;
}

/* Knuth, The Art of Computer Programming, Vol. 3, 6.4: multiplicative hashing. */
static unsigned slot_of(int name_offset)
{
	return (uint32_t)name_offset * 2654435769u / (UINT32_MAX / NODE_NAMES + 1);
}

/* Few names stand for many properties: each is compared once, and found by its offset then. */
static bool find_key(struct node_walk *walk, int name_offset, uint32_t *key)
{
	unsigned slot = slot_of(name_offset);

	if (name_offset < 0)                 /* a slot that nothing is in has -1 */
		return false;
	if (walk->names[slot].offset != name_offset) {
		const char *name = fdt_string(walk->tree, name_offset);

		if (name == NULL)
			return false;
		walk->names[slot].offset = name_offset;
		walk->names[slot].key = key_of(name);
	}
	*key = walk->names[slot].key;
	return true;
}

/* fdt_next_tag() has seen where the value ends, but for one so long that it seems to end before it begins. The first of two of a name counts. */
static enum status take_property(struct node_walk *walk)
{
	const struct fdt_property *property =
		fdt_offset_ptr(walk->tree, walk->offset, sizeof *property);
	uint64_t at = (uint64_t)(property->data - (const char *)walk->tree);
	struct span *place;
	uint32_t key;

	if (fdt32_to_cpu(property->len) > fdt_totalsize(walk->tree) - at)
		return broken(walk, "length of a property", fdt32_to_cpu(property->len), -FDT_ERR_TRUNCATED);
	if (walk->depth < 0)
		return broken(walk, "property outside of a node, offset", (uint64_t)walk->offset,
		              -FDT_ERR_BADSTRUCTURE);
	if (!find_key(walk, (int)fdt32_to_cpu(property->nameoff), &key))
		return broken(walk, "name of a property, offset", fdt32_to_cpu(property->nameoff),
		              -FDT_ERR_BADOFFSET);
	if (key == NODE_KEYS || walk->complete)
		return ST_OK;
	place = &walk->levels[walk->depth].properties[key];
	if (place->base == NULL)
		*place = (struct span){ (const uint8_t *)property->data, fdt32_to_cpu(property->len) };
	return ST_OK;
}

static enum status begin_node(struct node_walk *walk)
{
	if (walk->depth < 0 && walk->offset != 0)
		return broken(walk, "second root, offset", (uint64_t)walk->offset, -FDT_ERR_BADSTRUCTURE);
	walk->depth++;
	walk->complete = walk->depth >= NODE_DEPTH;
	if (!walk->complete) {
		struct level *level = &walk->levels[walk->depth];

		*level = (struct level){ .offset = walk->offset };
		level->name = fdt_offset_ptr(walk->tree, walk->offset + FDT_TAGSIZE, 1);
	}
	return ST_OK;
}

/* A node ends where its first child begins, or itself: is it still to be returned? */
static bool ends_node(struct node_walk *walk, uint32_t tag)
{
	bool ends = !walk->complete && (tag == FDT_BEGIN_NODE || tag == FDT_END_NODE);

	walk->complete |= ends;
	return ends;
}

static enum status take_tag(struct node_walk *walk, uint32_t tag)
{
	if (tag == FDT_BEGIN_NODE)
		return begin_node(walk);
	if (tag == FDT_PROP)
		return take_property(walk);
	if (tag == FDT_END_NODE && walk->depth-- < 0)
		return broken(walk, "end of no node, offset", (uint64_t)walk->offset,
		              -FDT_ERR_BADSTRUCTURE);
	return ST_OK;
}

enum status node_next(struct node_walk *walk, struct node *node, bool *found)
{
	for (;;) {
		int next;
		uint32_t tag = fdt_next_tag(walk->tree, walk->offset, &next);
		enum status status;

		if (next < 0)
			return broken(walk, "tag at", (uint64_t)walk->offset, next);
		*found = ends_node(walk, tag);
		if (*found) {
			*node = (struct node){ walk->tree, walk->fault, walk->levels, walk->depth };
			return ST_OK;
		}
		if (tag == FDT_END && walk->depth >= 0)
			return broken(walk, "end inside of a node, offset", (uint64_t)walk->offset,
			              -FDT_ERR_BADSTRUCTURE);
		if (tag == FDT_END)
			return ST_OK;
		status = take_tag(walk, tag);
		if (status != ST_OK)
			return status;
		walk->offset = next;
	}
}

bool node_is_named(const struct node *node, int depth, const char *name)
{
	return node->depth >= depth && same(node->levels[depth].name, name);
}

/* --- properties ------------------------------------------------------------------ */

struct span node_property(const struct node *node, enum node_key key)
{
	return self(node)->properties[key];
}

/* One or two cells. */
static uint64_t number_at(struct span s, uint64_t offset, int cells)
{
	uint64_t number = 0;

	for (int i = 0; i < cells * 4; i++)
		number = number << 8 | s.base[offset + (uint64_t)i];
	return number;
}

enum status node_string(const struct node *node, enum node_key key, struct span *text)
{
	struct span value = node_property(node, key);
	uint64_t bytes = 0;

	*text = (struct span){ value.base, 0 };
	if (value.base == NULL)
		return ST_OK;
	while (bytes < value.bytes && value.base[bytes] != '\0')
		bytes++;
	if (bytes == value.bytes)
		return node_bad(node, key, value.bytes);
	text->bytes = bytes;
	return ST_OK;
}

enum status node_number(const struct node *node, enum node_key key, uint64_t *number, bool *present)
{
	struct span value = node_property(node, key);

	*present = value.base != NULL;
	*number = 0;
	if (!*present)
		return ST_OK;
	if (value.bytes != 4 && value.bytes != 8)
		return node_bad(node, key, value.bytes);
	*number = number_at(value, 0, (int)(value.bytes / 4));
	return ST_OK;
}

bool node_lists(const struct node *node, enum node_key key, const char *word)
{
	struct span list = node_property(node, key);

	return list.base != NULL &&
	       fdt_stringlist_contains((const char *)list.base, (int)list.bytes, word);
}

/* "ok" is what old firmware writes. */
bool node_is_okay(const struct node *node)
{
	return node_property(node, NODE_STATUS).base == NULL ||
	       node_lists(node, NODE_STATUS, "okay") || node_lists(node, NODE_STATUS, "ok");
}

/* --- addresses ------------------------------------------------------------------- */

struct cells { int address, bytes; };

/* One cell with a number of cells that Smalt can add up. */
static enum status read_cell(const struct node *node, enum node_key key, int absent, int *cells)
{
	struct span value = node_property(node, key);
	uint64_t number = value.base == NULL ? (uint64_t)absent : 0;

	if (value.base != NULL && value.bytes == 4)
		number = number_at(value, 0, 1);
	if (number < 1 || number > 2)
		return node_bad(node, key, value.base != NULL && value.bytes != 4 ? value.bytes : number);
	*cells = (int)number;
	return ST_OK;
}

/* How wide addresses and sizes are in the children of the node at this depth (2.3.5: 2 and 1 by default). */
static enum status read_cells(const struct node *node, int depth, struct cells *cells)
{
	struct node bus = *node;
	enum status status;

	bus.depth = depth;
	status = read_cell(&bus, NODE_ADDRESS_CELLS, 2, &cells->address);
	return status == ST_OK ? read_cell(&bus, NODE_SIZE_CELLS, 1, &cells->bytes) : status;
}

enum status node_reg(const struct node *node, struct node_reg *reg)
{
	struct span pairs = node_property(node, NODE_REG);
	struct cells cells;
	enum status status = read_cells(node, node->depth - 1, &cells);
	uint64_t step;

	if (status != ST_OK)
		return status;
	step = 4 * (uint64_t)(cells.address + cells.bytes);
	if (pairs.bytes % step != 0)
		return node_bad(node, NODE_REG, pairs.bytes);
	*reg = (struct node_reg){ pairs, cells.address, cells.bytes, pairs.bytes / step };
	return ST_OK;
}

static uint64_t pair_offset(const struct node_reg *reg, uint64_t index)
{
	return index * 4 * (uint64_t)(reg->address_cells + reg->size_cells);
}

uint64_t node_reg_address(const struct node_reg *reg, uint64_t index)
{
	return number_at(reg->pairs, pair_offset(reg, index), reg->address_cells);
}

uint64_t node_reg_bytes(const struct node_reg *reg, uint64_t index)
{
	return number_at(reg->pairs, pair_offset(reg, index) + 4 * (uint64_t)reg->address_cells,
	                 reg->size_cells);
}

/* One step up through the ranges of a bus; false if its parent does not see the address. */
static bool translate(struct span ranges, struct cells child, int parent_cells, uint64_t *address)
{
	uint64_t step = 4 * (uint64_t)(child.address + parent_cells + child.bytes);

	if (ranges.base == NULL)
		return false;
	if (ranges.bytes == 0)
		return true;
	for (uint64_t at = 0; range_fits(at, step, ranges.bytes); at += step) {
		uint64_t from = number_at(ranges, at, child.address);
		uint64_t to = number_at(ranges, at + 4 * (uint64_t)child.address, parent_cells);
		uint64_t bytes = number_at(ranges, at + step - 4 * (uint64_t)child.bytes, child.bytes);

		if (*address >= from && *address - from < bytes) {
			*address = to + (*address - from);
			return true;
		}
	}
	return false;
}

enum status node_registers(const struct node *node, uint64_t *pa)
{
	struct node bus = *node;
	struct node_reg reg;
	struct cells cells, parent;
	enum status status = node_reg(node, &reg);
	uint64_t address;

	*pa = 0;
	if (status != ST_OK || reg.count == 0)
		return status;
	address = node_reg_address(&reg, 0);
	cells = (struct cells){ reg.address_cells, reg.size_cells };
	while (--bus.depth > 0) {
		status = read_cells(&bus, bus.depth - 1, &parent);
		if (status != ST_OK)
			return status;
		if (!translate(node_property(&bus, NODE_RANGES), cells, parent.address, &address))
			return ST_OK;
		cells = parent;
	}
	*pa = address;
	return ST_OK;
}
