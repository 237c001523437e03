/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.c: stdout-path of /chosen is a path, or an alias, with settings behind a colon
 * (Devicetree Specification v0.4, 3.6). An absolute path is compared with the nodes
 * that the walk has seen; only an alias costs another walk.
 */
#include "console.h"

#include <libfdt.h>

enum status console_candidate(struct consoles *consoles, const struct node *node)
{
	struct console_candidate *candidate = &consoles->list[consoles->count];
	enum status status;

	if (consoles->count == CONSOLES)
		return ST_OK;
	candidate->depth = node->depth;
	candidate->offset = node->levels[node->depth].offset;
	for (int i = 0; i <= node->depth && i < CONSOLE_DEPTH; i++)
		candidate->names[i] = node->levels[i].name;
	status = node_registers(node, &candidate->pa);
	consoles->count += status == ST_OK && candidate->pa != 0;
	return status;
}

/* Devicetree Specification 2.2.3: the unit address may be left out of a path. */
static bool names_node(struct span part, const char *name)
{
	for (uint64_t i = 0; i < part.bytes; i++)
		if (name[i] == '\0' || (uint8_t)name[i] != part.base[i])
			return false;
	return name[part.bytes] == '\0' || name[part.bytes] == '@';
}

/* Without a walk over the tree: is this absolute path the candidate's? */
static bool is_at(const struct console_candidate *candidate, struct span path)
{
	uint64_t at = 0;

	for (int i = 1; i <= candidate->depth; i++) {
		struct span part = { path.base + at + 1, 0 };

		if (at == path.bytes || path.base[at] != '/')
			return false;
		while (at + 1 + part.bytes < path.bytes && part.base[part.bytes] != '/')
			part.bytes++;
		if (!names_node(part, candidate->names[i]))
			return false;
		at += 1 + part.bytes;
	}
	return at == path.bytes;
}

static bool is_named(const struct console_candidate *candidate, const void *tree, struct span path)
{
	if (path.base[0] == '/' && candidate->depth < CONSOLE_DEPTH)
		return is_at(candidate, path);
	return fdt_path_offset_namelen(tree, (const char *)path.base, (int)path.bytes) == candidate->offset;
}

/* "serial0:115200n8": what stands before the colon. */
static struct span path_of(const struct node *chosen)
{
	struct span path = node_property(chosen, NODE_STDOUT_PATH);
	uint64_t bytes = 0;

	if (path.base == NULL)
		path = node_property(chosen, NODE_OLD_STDOUT_PATH);
	while (bytes < path.bytes && path.base[bytes] != ':' && path.base[bytes] != '\0')
		bytes++;
	path.bytes = bytes;
	return path;
}

void console_choose(const struct consoles *consoles, const struct node *chosen, struct env *env)
{
	struct span path = path_of(chosen);

	for (unsigned i = 0; path.bytes != 0 && i < consoles->count; i++)
		if (is_named(&consoles->list[i], chosen->tree, path)) {
			env->serial_kind = SMALT_SERIAL_PL011;
			env->serial_address = consoles->list[i].pa;
			return;
		}
}
