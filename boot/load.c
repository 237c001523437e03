/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c: bytes into place: what is copied, what is zeroed, what is relocated.
 *
 * One iterator yields the pieces; planning adds them up, execution obeys them.
 * So what the plan counts is what happens. Each byte of a frame is written
 * once; pages in place are not touched but by relocation.
 */
#include <stddef.h>

#include "align.h"
#include "arch_memory.h"
#include "boot.h"
#include "check.h"
#include "firmware.h"
#include "mem.h"
#include "reloc.h"

/* bytes at `to` come from the object's file, or are zero if that is NULL. */
struct piece {
	uint64_t to_pa;
	const struct boot_object *object;
	uint64_t file_offset;
	uint64_t bytes;
};

struct cursor {
	const struct boot *boot;
	uint32_t extent, row;
	uint64_t va;                 /* next byte of the extent; == its va at the start */
	bool in_extent;
};

/* Are the pages of this extent read in place? */
static bool is_read_in_place(const struct boot *boot, const struct smalt_extent *extent)
{
	uint32_t object = boot->space.rows[extent->row].object;

	return extent->backing == SMALT_BACKING_IN_PLACE && object != SMALT_NONE &&
	       boot_is_read(&boot->objects[object]);
}

static bool is_filled(const struct boot *boot, const struct smalt_extent *extent)
{
	if (boot->space.rows[extent->row].kind == SMALT_KIND_HANDOFF)
		return false;        /* written as a whole, last */
	return extent->backing == SMALT_BACKING_COPY || extent->backing == SMALT_BACKING_ZERO ||
	       is_read_in_place(boot, extent);
}

/* The first row at or behind the extent's own with file bytes that end behind va, else NULL. */
static const struct smalt_row *row_behind(struct cursor *cursor, uint64_t end)
{
	const struct space *space = &cursor->boot->space;

	for (; cursor->row < space->row_count; cursor->row++) {
		const struct smalt_row *row = &space->rows[cursor->row];

		if (row->va >= end)
			return NULL;
		if (row->va + row->file_bytes > cursor->va)
			return row;
	}
	return NULL;
}

static struct piece next_piece(struct cursor *cursor, const struct smalt_extent *extent)
{
	uint64_t end = extent->va + extent->bytes;
	struct piece piece = { .to_pa = extent->pa + (cursor->va - extent->va),
	                       .bytes = end - cursor->va };
	const struct smalt_row *row = NULL;

	if (extent->backing != SMALT_BACKING_ZERO)
		row = row_behind(cursor, end);
	if (row && row->va > cursor->va) {
		piece.bytes = row->va - cursor->va;
	} else if (row) {
		uint64_t inside = cursor->va - row->va;

		piece.object = &cursor->boot->objects[row->object];
		piece.file_offset = row->file_offset + inside;
		piece.bytes = min_u64(piece.bytes, row->file_bytes - inside);
	}
	return piece;
}

static bool piece_next(struct cursor *cursor, struct piece *piece)
{
	const struct space *space = &cursor->boot->space;

	for (; cursor->extent < space->extent_count; cursor->extent++, cursor->in_extent = false) {
		const struct smalt_extent *extent = &space->extents[cursor->extent];

		if (!is_filled(cursor->boot, extent))
			continue;
		if (!cursor->in_extent) {
			cursor->in_extent = true;
			cursor->va = extent->va;
			cursor->row = extent->row;
		}
		if (cursor->va == extent->va + extent->bytes)
			continue;
		*piece = next_piece(cursor, extent);
		cursor->va += piece->bytes;
		return true;
	}
	return false;
}

/* Executable memory, for the caches; neighbours in pa become one range. */
static enum status list_sync(struct boot *boot, struct fault *fault)
{
	const struct space *space = &boot->space;

	boot->sync = arena_take(boot->arena, space->extent_count, sizeof *boot->sync,
	                        "ranges for the caches", fault);
	if (!boot->sync)
		return fault->status;
	for (uint32_t i = 0; i < space->extent_count; i++) {
		const struct smalt_extent *extent = &space->extents[i];
		struct range *last = boot->sync_count ? &boot->sync[boot->sync_count - 1] : NULL;

		if (!(extent->prot & SMALT_X))
			continue;
		if (last && last->pa + last->bytes == extent->pa)
			last->bytes += extent->bytes;
		else
			boot->sync[boot->sync_count++] = (struct range){ extent->pa, extent->bytes };
	}
	return ST_OK;
}

/* Before RELRO parts segments: what relocation writes is still one writable segment. */
enum status load_check(struct boot *boot, struct fault *fault)
{
	for (uint32_t i = 0; i < boot->object_count; i++) {
		struct boot_object *o = &boot->objects[i];
		enum status status;

		if (o->object.kind != OBJECT_MOVABLE || !o->relocate)
			continue;
		status = reloc_check(&o->object, boot->env->machine, fault);
		if (status != ST_OK)
			return fault_in(fault, o->object.name);
	}
	return ST_OK;
}

enum status load_plan(struct boot *boot, struct fault *fault)
{
	struct cursor cursor = { .boot = boot };
	enum status status = list_sync(boot, fault);
	struct piece piece;

	if (status != ST_OK)
		return status;
	while (piece_next(&cursor, &piece)) {
		if (!piece.object)
			boot->cost.zeroed_bytes += piece.bytes;
		else if (boot_is_read(piece.object))
			boot->cost.read_bytes += piece.bytes;
		else
			boot->cost.copied_bytes += piece.bytes;
	}
	for (uint32_t i = 0; i < boot->space.extent_count; i++) {
		const struct smalt_extent *extent = &boot->space.extents[i];

		if (extent->backing == SMALT_BACKING_IN_PLACE &&
		    boot->space.rows[extent->row].object != SMALT_NONE)
			boot->cost.in_place_bytes += extent->bytes;
	}
	return ST_OK;
}

/* Does the piece go on where read ends, in the file and in memory? */
static bool continues(const struct piece *read, const struct piece *piece)
{
	return read->object == piece->object && read->file_offset + read->bytes == piece->file_offset &&
	       read->to_pa + read->bytes == piece->to_pa;
}

static enum status read_piece(const struct boot *boot, const struct piece *piece, struct fault *fault)
{
	const struct boot_object *o = piece->object;
	void *to = env_pointer(boot->env, piece->to_pa);

	if (piece->bytes == 0)
		return ST_OK;
	if (o->content.bytes.base) {
		arch_copy(to, o->content.bytes.base + piece->file_offset, piece->bytes);
		return ST_OK;
	}
	if (firmware_read(boot->env, o->file, piece->file_offset, to, piece->bytes, fault) != ST_OK)
		return fault_in(fault, o->object.name);
	return ST_OK;
}

/* One call for what lies together in the file and in memory: mostly a segment, or all of them. */
enum status load_read(const struct boot *boot, struct fault *fault)
{
	struct cursor cursor = { .boot = boot };
	struct piece piece, read = { .bytes = 0 };

	while (piece_next(&cursor, &piece)) {
		if (!piece.object || !boot_is_read(piece.object))
			continue;
		if (continues(&read, &piece)) {
			read.bytes += piece.bytes;
			continue;
		}
		if (read_piece(boot, &read, fault) != ST_OK)
			return fault->status;
		read = piece;
	}
	return read_piece(boot, &read, fault);
}

void load_execute(const struct boot *boot)
{
	struct cursor cursor = { .boot = boot };
	struct piece piece;

	while (piece_next(&cursor, &piece)) {
		void *to = env_pointer(boot->env, piece.to_pa);

		if (!piece.object)
			arch_zero(to, piece.bytes);
		else if (!boot_is_read(piece.object))
			arch_copy(to, piece.object->content.bytes.base + piece.file_offset, piece.bytes);
	}
}

/* Where relocation writes: one extent is found once for all the words that it holds. */
struct target {
	const struct boot *boot;
	const struct smalt_extent *extent;
};

static uint8_t *byte_at(struct target *target, uint64_t va)
{
	const struct smalt_extent *extent = target->extent;

	if (!extent || va - extent->va >= extent->bytes) {
		extent = target->extent = space_extent_at(&target->boot->space, va);
		CHECK(extent);       /* reloc_check() saw the segment, extents cover it */
	}
	return env_pointer(target->boot->env, extent->pa + (va - extent->va));
}

/* Eight bytes that may lie in two extents. */
static void relocate_word(struct target *target, uint64_t va, const struct reloc *reloc,
                          uint64_t bias)
{
	uint64_t value = reloc->addend;
	uint8_t *first = byte_at(target, va);

	if (va - target->extent->va <= target->extent->bytes - 8 && target->extent->bytes >= 8) {
		if (reloc->implicit)
			memcpy(&value, first, 8);
		value += bias;
		memcpy(first, &value, 8);
		return;
	}
	if (reloc->implicit)
		for (unsigned i = 0; i < 8; i++)
			((uint8_t *)&value)[i] = *byte_at(target, va + i);
	value += bias;
	for (unsigned i = 0; i < 8; i++)
		*byte_at(target, va + i) = ((uint8_t *)&value)[i];
}

void load_relocate(const struct boot *boot)
{
	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct boot_object *o = &boot->objects[i];
		struct reloc_cursor cursor = reloc_begin(&o->object, boot->env->machine);
		struct target target = { .boot = boot };
		struct reloc reloc;

		if (o->object.kind != OBJECT_MOVABLE || !o->relocate)
			continue;
		while (reloc_next(&cursor, &reloc))
			relocate_word(&target, reloc.va + o->placement.bias, &reloc, o->placement.bias);
	}
}
