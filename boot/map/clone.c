/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clone.c: what is prepared once more, with extents of its own (requirements S3, S12).
 */
#include <stddef.h>

#include "frames_saved.h"
#include "mem.h"
#include "segments.h"

static enum status copy_extents(struct smalt_prepared *made, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < made->count; i++) {
		struct smalt_segment *segment = &made->segments[i];
		const uint8_t *from = segments_memory(made, segment);

		if (!(segment->flags & SMALT_SEGMENT_OWN))
			continue;
		status = segments_take(made, segment, segment->extent_bytes, &segment->extent_pa, fault);
		if (status == ST_OK)
			memcpy(segments_memory(made, segment), from, segment->extent_bytes);
		segment->flags &= ~(uint32_t)(SMALT_SEGMENT_SEALED | SMALT_SEGMENT_MAPPED);
	}
	return status;
}

static enum status clone(const struct smalt_prepared *prepared, struct smalt_prepared **copy,
                         struct fault *fault)
{
	struct smalt_space *space = prepared->space;
	struct smalt_prepared *made = arena_take(&space->arena, 1, sizeof *made, "clone", fault);
	struct arena scratch;
	struct frames_saved saved;
	enum status status;

	if (made == NULL)
		return fault->status;
	*made = *prepared;
	made->segments = arena_take(&space->arena, made->capacity, sizeof *made->segments, "clone", fault);
	if (made->segments == NULL)
		return fault->status;
	memcpy(made->segments, prepared->segments, made->count * sizeof *made->segments);
	made->link.object.content = &made->link.content;
	made->used = false;
	made->request.flags &= ~(uint32_t)SMALT_MAP_CONSUME;         /* bytes can be given away once */
	scratch = space->arena;
	status = frames_save(&space->frames, &saved, &scratch, fault);
	if (status != ST_OK)
		return status;
	status = copy_extents(made, fault);
	if (status != ST_OK)
		frames_restore(&space->frames, &saved);
	else
		*copy = made;
	return status;
}

uint32_t smalt_clone(const struct smalt_prepared *prepared, struct smalt_prepared **copy,
                     struct smalt_fault *fault)
{
	struct arena before = prepared->space->arena;
	struct fault inner;
	enum status status = clone(prepared, copy, &inner);

	if (status != ST_OK)
		prepared->space->arena = before;
	return fault_publish(status, &inner, fault);
}

void smalt_release(struct smalt_prepared *prepared)
{
	for (uint32_t i = 0; i < prepared->count; i++) {
		struct smalt_segment *segment = &prepared->segments[i];

		if ((segment->flags & SMALT_SEGMENT_OWN) && !(segment->flags & SMALT_SEGMENT_MAPPED))
			frames_give(&prepared->space->frames, segment->extent_pa, segment->extent_bytes);
	}
	prepared->count = 0;
}
