/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * turns.c: who is placed when. A drawn address must not be what a fixed object needs, a
 * stable one not depend on what is packed or drawn beside it.
 */
#include "turns.h"

#include "sort.h"

enum rank { RANK_FIXED, RANK_STABLE, RANK_PACKED, RANK_RANDOM };

#define RANK_SHIFT 62

static bool is_free(const struct boot *boot, const struct boot_object *o)
{
	return !boot->protocol && !o->has_va && o->object.kind != OBJECT_FIXED;
}

/* The command line wins over a module's own (H4). */
enum place_policy turns_policy(const struct boot *boot, uint32_t index)
{
	const struct boot_object *o = &boot->objects[index];

	if (!is_free(boot, o))
		return PLACE_PACKED;
	if (o->has_policy && !(boot->words.settings.set & SET_VA))
		return o->policy;
	return boot->settings.va;
}

static bool all_packed(const struct boot *boot)
{
	for (uint32_t i = 0; i < boot->object_count; i++)
		if (turns_policy(boot, i) != PLACE_PACKED)
			return false;
	return true;
}

/* By what the object is: two of one build-id by their names. */
static uint64_t stable_order(const struct boot *boot, uint32_t index)
{
	struct random draw;

	(void)draw_make(boot, index, PLACE_STABLE, &draw);
	random_add(&draw, boot->objects[index].object.name);
	return random_below(&draw, 1ull << RANK_SHIFT);
}

static struct turn turn_of(const struct boot *boot, uint32_t index)
{
	static const enum rank ranks[] = {
		[PLACE_PACKED] = RANK_PACKED, [PLACE_STABLE] = RANK_STABLE, [PLACE_RANDOM] = RANK_RANDOM,
	};
	enum rank rank = ranks[turns_policy(boot, index)];
	uint64_t order = rank == RANK_STABLE ? stable_order(boot, index) : index;

	if (!is_free(boot, &boot->objects[index]))
		rank = RANK_FIXED;
	return (struct turn){
		.key = (uint64_t)rank << RANK_SHIFT | order, .index = index,
		.followed = rank == RANK_PACKED || (rank == RANK_FIXED && index == 0),
	};
}

enum status turns_make(const struct boot *boot, struct turn **turns, struct fault *fault)
{
	uint32_t count = boot->object_count;
	bool packed = all_packed(boot);
	struct turn *made = arena_take(boot->arena, count, sizeof *made, "turns", fault);

	if (!made)
		return fault->status;
	for (uint32_t i = 0; i < count; i++)
		made[i] = packed ? (struct turn){ i, i, true } : turn_of(boot, i);
	if (!packed)
		sort_entries(made, count, sizeof *made);
	*turns = made;
	return ST_OK;
}
