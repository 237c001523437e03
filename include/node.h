/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h: one node of a flattened devicetree: its properties, and its addresses
 * as the CPU sees them.
 *
 * For trees that fdt_check_full() accepted. A fault names property, value and node.
 */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>

#include "status.h"

#define NODE_DEPTH 16            /* nodes that lie deeper are not looked at */

struct node {
	const void *tree;
	struct fault *fault;
	int path[NODE_DEPTH];    /* offsets from the root to the node itself */
	int depth;               /* of the node: path[depth] */
};

/* reg of a node: pairs of address and size, each of one or two cells of the parent's choice. */
struct node_reg {
	struct span pairs;
	int address_cells, size_cells;
	uint64_t count;
};

/* ST_BAD_DEVICETREE for this property. */
enum status node_bad(const struct node *node, const char *property, uint64_t value);

/* The bytes of a property, base NULL if there is none. */
struct span node_property(const struct node *node, const char *name);

/* The characters of a string property; an absent one is empty. */
MUST_CHECK enum status node_string(const struct node *node, const char *name, struct span *text);

/* A number of 4 or 8 bytes, whichever was written; present says whether it was. */
MUST_CHECK enum status node_number(const struct node *node, const char *name, uint64_t *number,
                                   bool *present);

/* Is word one of the strings of a property? False without the property. */
bool node_lists(const struct node *node, const char *name, const char *word);

/* Devicetree Specification 2.3.4: a node without a status is okay. */
bool node_is_okay(const struct node *node);

/* The node has a parent. count 0 without reg. */
MUST_CHECK enum status node_reg(const struct node *node, struct node_reg *reg);
uint64_t node_reg_address(const struct node_reg *reg, uint64_t index);
uint64_t node_reg_bytes(const struct node_reg *reg, uint64_t index);

/* The CPU's address of the node's first registers, through the ranges of all buses; 0 if it sees none. */
MUST_CHECK enum status node_registers(const struct node *node, uint64_t *pa);

#endif
