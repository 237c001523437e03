/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges.c: a treap: ordered by address from left to right, by a hash of the
 * index from the top down. So its shape is as good as random whatever comes in which
 * order, about twice log2(n) deep, and no step back is ever taken to balance it.
 *
 * Invariant: every node knows the longest range below it; a search enters only
 * where something is long enough.
 */
#include "ranges.h"

#include "align.h"

enum status ranges_init(struct ranges *ranges, uint32_t capacity, struct arena *arena,
                        const char *what, struct fault *fault)
{
	uint64_t count = (uint64_t)capacity + 1;
	struct ranges_node *nodes = arena_pages(arena, count * sizeof(*nodes), 16, what, fault);

	if (nodes == 0)
		return fault->status;
	nodes[0] = (struct ranges_node){ 0 };
	*ranges = (struct ranges){ .nodes = nodes, .made = 1, .capacity = (uint32_t)count };
	return ST_OK;
}

static uint32_t rank(uint32_t index)
{
	index *= 0x9e3779b1;
	index ^= index >> 15;
	return index * 0x85ebca77;
}

static void refresh(struct ranges *ranges, uint32_t at)
{
	struct ranges_node *nodes = ranges->nodes, *node = &nodes[at];

	node->largest = max_u64(node->end - node->start,
	                        max_u64(nodes[node->left].largest, nodes[node->right].largest));
}

/* Parts a tree into what lies below and what lies above an address that is in no range. */
static void part(struct ranges *ranges, uint32_t at, uint64_t address, uint32_t *below,
                 uint32_t *above)
{
	struct ranges_node *node = &ranges->nodes[at];

	if (at == 0) {
		*below = *above = 0;
		return;
	}
	if (node->start < address) {
		part(ranges, node->right, address, &node->right, above);
		*below = at;
	} else {
		part(ranges, node->left, address, below, &node->left);
		*above = at;
	}
	refresh(ranges, at);
}

/* All of `below` lies below all of `above`. */
static uint32_t join(struct ranges *ranges, uint32_t below, uint32_t above)
{
	if (below == 0 || above == 0)
		return below | above;
	if (rank(below) > rank(above)) {
		ranges->nodes[below].right = join(ranges, ranges->nodes[below].right, above);
		refresh(ranges, below);
		return below;
	}
	ranges->nodes[above].left = join(ranges, below, ranges->nodes[above].left);
	refresh(ranges, above);
	return above;
}

static uint32_t insert(struct ranges *ranges, uint32_t at, uint32_t made)
{
	struct ranges_node *node = &ranges->nodes[at], *fresh = &ranges->nodes[made];
	uint32_t top = made;

	if (at == 0 || rank(made) > rank(at)) {
		part(ranges, at, fresh->start, &fresh->left, &fresh->right);
	} else {
		uint32_t *side = fresh->start < node->start ? &node->left : &node->right;

		*side = insert(ranges, *side, made);
		top = at;
	}
	refresh(ranges, top);
	return top;
}

uint32_t ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	uint32_t made = ranges->gone != 0 ? ranges->gone : ranges->made++;

	ranges->gone = ranges->nodes[ranges->gone].left;
	ranges->nodes[made] = (struct ranges_node){ .start = start, .end = end };
	ranges->root = insert(ranges, ranges->root, made);
	ranges->bytes += end - start;
	return made;
}

/* A range becomes a part of itself, or goes if that is empty. Returns the tree as it is then. */
static uint32_t shrink(struct ranges *ranges, uint32_t at, uint32_t index, uint64_t start,
                       uint64_t end)
{
	struct ranges_node *node = &ranges->nodes[at];

	if (at != index) {
		bool below = ranges->nodes[index].start < node->start;
		uint32_t *side = below ? &node->left : &node->right;

		*side = shrink(ranges, *side, index, start, end);
	} else if (start == end) {
		uint32_t rest = join(ranges, node->left, node->right);

		node->left = ranges->gone;
		ranges->gone = at;
		return rest;
	} else {
		node->start = start;
		node->end = end;
	}
	refresh(ranges, at);
	return at;
}

/* [start, end) lies in the range: what is before it keeps the index. */
static void cut(struct ranges *ranges, uint32_t index, uint64_t start, uint64_t end)
{
	uint64_t old_start = ranges->nodes[index].start, old_end = ranges->nodes[index].end;

	ranges->bytes -= end - start;
	if (start == old_start) {
		ranges->root = shrink(ranges, ranges->root, index, end, old_end);
		return;
	}
	ranges->root = shrink(ranges, ranges->root, index, old_start, start);
	if (end == old_end)
		return;
	ranges->bytes -= old_end - end;      /* ranges_add() counts them again */
	(void)ranges_add(ranges, end, old_end);
}

uint64_t ranges_cut(struct ranges *ranges, uint64_t start, uint64_t end)
{
	uint64_t before = ranges->bytes;

	for (uint32_t at; (at = ranges_behind(ranges, start)) != 0; ) {
		const struct ranges_node *node = &ranges->nodes[at];

		if (node->start >= end)
			break;
		cut(ranges, at, max_u64(start, node->start), min_u64(end, node->end));
	}
	return before - ranges->bytes;
}

uint32_t ranges_behind(const struct ranges *ranges, uint64_t address)
{
	uint32_t found = 0;

	for (uint32_t at = ranges->root; at != 0; ) {
		const struct ranges_node *node = &ranges->nodes[at];

		if (node->end > address) {
			found = at;
			at = node->left;
		} else {
			at = node->right;
		}
	}
	return found;
}

bool ranges_hold(const struct ranges *ranges, uint64_t start, uint64_t bytes)
{
	uint32_t at = ranges_behind(ranges, start);

	return at != 0 && start >= ranges->nodes[at].start && bytes <= ranges->nodes[at].end - start;
}

uint64_t ranges_largest(const struct ranges *ranges)
{
	return ranges->root == 0 ? 0 : ranges->nodes[ranges->root].largest;
}

static bool fits(const struct ranges_node *node, const struct ranges_wish *wish, uint64_t *address)
{
	uint64_t low = max_u64(node->start, wish->from);
	uint64_t skip = (wish->phase - low) & (wish->align - 1);

	if (low >= node->end || !range_fits(skip, wish->bytes, node->end - low))
		return false;
	*address = low + skip;
	return true;
}

/* Left before right: below a node that begins at or below `from`, everything to the left is too low. */
static bool lowest(const struct ranges *ranges, uint32_t at, const struct ranges_wish *wish,
                   uint64_t *address)
{
	while (at != 0 && ranges->nodes[at].largest >= wish->bytes) {
		const struct ranges_node *node = &ranges->nodes[at];

		if (node->start > wish->from && lowest(ranges, node->left, wish, address))
			return true;
		if (fits(node, wish, address))
			return true;
		at = node->right;
	}
	return false;
}

bool ranges_lowest(const struct ranges *ranges, const struct ranges_wish *wish, uint64_t *address)
{
	return lowest(ranges, ranges->root, wish, address);
}

/* The same from above: the run ends at or below wish->from. */
static bool fits_below(const struct ranges_node *node, const struct ranges_wish *wish,
                       uint64_t *address)
{
	uint64_t high = min_u64(node->end, wish->from);
	uint64_t top = high - wish->bytes, skip = (top - wish->phase) & (wish->align - 1);

	if (high < node->start || !range_fits(skip, wish->bytes, high - node->start))
		return false;
	*address = top - skip;
	return true;
}

static bool highest(const struct ranges *ranges, uint32_t at, const struct ranges_wish *wish,
                    uint64_t *address)
{
	while (at != 0 && ranges->nodes[at].largest >= wish->bytes) {
		const struct ranges_node *node = &ranges->nodes[at];

		if (node->end < wish->from && highest(ranges, node->right, wish, address))
			return true;
		if (fits_below(node, wish, address))
			return true;
		at = node->left;
	}
	return false;
}

bool ranges_highest(const struct ranges *ranges, const struct ranges_wish *wish, uint64_t *address)
{
	return highest(ranges, ranges->root, wish, address);
}
