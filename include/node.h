/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h: the nodes of a flattened devicetree, one after another: their
 * properties, and their addresses as the CPU sees them.
 *
 * The tree is read once, from its first tag to its last, and checked on the way: libfdt's
 * functions that find a node or a property by name start from the first tag each time. A
 * fault names property, value and node.
 */
#ifndef NODE_H
#define NODE_H

#include <stdbool.h>

#include "status.h"

#define NODE_DEPTH 16            /* nodes that lie deeper are not looked at */

/* The properties that somebody asks for; their names are in node.c. */
enum node_key {
	NODE_COMPATIBLE, NODE_DEVICE_TYPE, NODE_STATUS, NODE_SECURE_STATUS, NODE_REG, NODE_RANGES,
	NODE_ADDRESS_CELLS, NODE_SIZE_CELLS, NODE_METHOD, NODE_BOOTARGS, NODE_INITRD_START,
	NODE_INITRD_END, NODE_RNG_SEED, NODE_STDOUT_PATH, NODE_OLD_STDOUT_PATH,
	NODE_CACHE_LEVEL, NODE_CACHE_UNIFIED, NODE_CACHE_SIZE, NODE_CACHE_SETS, NODE_CACHE_LINE,
	NODE_CACHE_BLOCK, NODE_KEYS,
};

/* A node on the way from the root to the current one. */
struct level {
	int offset;
	const char *name;
	struct span properties[NODE_KEYS];   /* base NULL: absent */
};

struct node {
	const void *tree;
	struct fault *fault;
	const struct level *levels;
	int depth;               /* of the node: levels[depth]; 0 is the root */
};

/* A walk over a tree. Start with node_walk(). */
#define NODE_NAMES 128           /* names of properties that are remembered; a power of two */
struct node_walk {
	const void *tree;
	struct fault *fault;
	int offset;              /* of the next tag */
	int depth;               /* of the node whose tags are read; -1 outside of the root */
	bool complete;           /* it was returned, or lies too deep */
	struct level levels[NODE_DEPTH];
	struct { int offset; uint32_t key; } names[NODE_NAMES];
};

/* ST_BAD_DEVICETREE unless the header is one that libfdt reads. */
MUST_CHECK enum status node_walk(struct node_walk *walk, struct span tree, struct fault *fault);

/*
 * The next node with all its properties, parents before children; *found false behind
 * the last. The node is good until the next call. ST_BAD_DEVICETREE where tags are no tree.
 */
MUST_CHECK enum status node_next(struct node_walk *walk, struct node *node, bool *found);

/* reg of a node: pairs of address and size, each of one or two cells of the parent's choice. */
struct node_reg {
	struct span pairs;
	int address_cells, size_cells;
	uint64_t count;
};

/* ST_BAD_DEVICETREE for this property. */
enum status node_bad(const struct node *node, enum node_key key, uint64_t value);

/* Is this the name, unit address included, of the node or of its parent at that depth? */
bool node_is_named(const struct node *node, int depth, const char *name);

/* The bytes of a property, base NULL if there is none. */
struct span node_property(const struct node *node, enum node_key key);

/* The characters of a string property; an absent one is empty. */
MUST_CHECK enum status node_string(const struct node *node, enum node_key key, struct span *text);

/* A number of 4 or 8 bytes, whichever was written; present says whether it was. */
MUST_CHECK enum status node_number(const struct node *node, enum node_key key, uint64_t *number,
                                   bool *present);

/* Is word one of the strings of a property? False without the property. */
bool node_lists(const struct node *node, enum node_key key, const char *word);

/* Devicetree Specification 2.3.4: a node without a status is okay. */
bool node_is_okay(const struct node *node);

/* The node has a parent. count 0 without reg. */
MUST_CHECK enum status node_reg(const struct node *node, struct node_reg *reg);
uint64_t node_reg_address(const struct node_reg *reg, uint64_t index);
uint64_t node_reg_bytes(const struct node_reg *reg, uint64_t index);

/* The CPU's address of the node's first registers, through the ranges of all buses; 0 if it sees none. */
MUST_CHECK enum status node_registers(const struct node *node, uint64_t *pa);

#endif
