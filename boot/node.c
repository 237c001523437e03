/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.c: properties are bytes of big-endian numbers and strings; nothing about
 * their length is believed. Devicetree Specification v0.4: 2.2.4 values, 2.3.4
 * status, 2.3.5 cells, 2.3.6 reg, 2.3.8 ranges.
 */
#include "node.h"

#include <libfdt.h>

#include "align.h"

static int self(const struct node *node)
{
	return node->path[node->depth];
}

enum status node_bad(const struct node *node, const char *property, uint64_t value)
{
	const char *name = fdt_get_name(node->tree, self(node), NULL);

	(void)fault_value(node->fault, ST_BAD_DEVICETREE, property, value);
	return fault_word(node->fault, span_of(name == NULL || *name == '\0' ? "/" : name));
}

struct span node_property(const struct node *node, const char *name)
{
	int bytes = 0;
	const void *base = fdt_getprop(node->tree, self(node), name, &bytes);

	return base == NULL ? (struct span){ NULL, 0 } : (struct span){ base, (uint64_t)bytes };
}

/* One or two cells. */
static uint64_t number_at(struct span s, uint64_t offset, int cells)
{
	uint64_t number = 0;

	for (int i = 0; i < cells * 4; i++)
		number = number << 8 | s.base[offset + (uint64_t)i];
	return number;
}

enum status node_string(const struct node *node, const char *name, struct span *text)
{
	struct span value = node_property(node, name);
	uint64_t bytes = 0;

	*text = (struct span){ value.base, 0 };
	if (value.base == NULL)
		return ST_OK;
	while (bytes < value.bytes && value.base[bytes] != '\0')
		bytes++;
	if (bytes == value.bytes)
		return node_bad(node, name, value.bytes);
	text->bytes = bytes;
	return ST_OK;
}

enum status node_number(const struct node *node, const char *name, uint64_t *number, bool *present)
{
	struct span value = node_property(node, name);

	*present = value.base != NULL;
	*number = 0;
	if (!*present)
		return ST_OK;
	if (value.bytes != 4 && value.bytes != 8)
		return node_bad(node, name, value.bytes);
	*number = number_at(value, 0, (int)(value.bytes / 4));
	return ST_OK;
}

bool node_lists(const struct node *node, const char *name, const char *word)
{
	struct span list = node_property(node, name);

	return list.base != NULL &&
	       fdt_stringlist_contains((const char *)list.base, (int)list.bytes, word);
}

/* "ok" is what old firmware writes. */
bool node_is_okay(const struct node *node)
{
	return node_property(node, "status").base == NULL ||
	       node_lists(node, "status", "okay") || node_lists(node, "status", "ok");
}

/* --- addresses ------------------------------------------------------------------- */

struct cells { int address, bytes; };

/* How wide addresses and sizes are in the children of the node at this depth of the path. */
static enum status read_cells(const struct node *node, int depth, struct cells *cells)
{
	struct node bus = *node;

	bus.depth = depth;
	cells->address = fdt_address_cells(node->tree, self(&bus));
	cells->bytes = fdt_size_cells(node->tree, self(&bus));
	if (cells->address < 1 || cells->address > 2)
		return node_bad(&bus, "#address-cells", (uint64_t)(int64_t)cells->address);
	if (cells->bytes < 1 || cells->bytes > 2)
		return node_bad(&bus, "#size-cells", (uint64_t)(int64_t)cells->bytes);
	return ST_OK;
}

enum status node_reg(const struct node *node, struct node_reg *reg)
{
	struct span pairs = node_property(node, "reg");
	struct cells cells;
	enum status status = read_cells(node, node->depth - 1, &cells);
	uint64_t step;

	if (status != ST_OK)
		return status;
	step = 4 * (uint64_t)(cells.address + cells.bytes);
	if (pairs.bytes % step != 0)
		return node_bad(node, "reg", pairs.bytes);
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
		if (!translate(node_property(&bus, "ranges"), cells, parent.address, &address))
			return ST_OK;
		cells = parent;
	}
	*pa = address;
	return ST_OK;
}
