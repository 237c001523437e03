/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c: bytes into place: what is copied, what is zeroed.
 *
 * One iterator yields the pieces (piece.h); planning adds them up, execution obeys them.
 * So what the plan counts is what happens. Each byte of a frame is written
 * once; pages in place are not touched here.
 */
#include <stddef.h>

#include "align.h"
#include "arch_memory.h"
#include "boot.h"
#include "check.h"
#include "firmware.h"
#include "mem.h"
#include "piece.h"

/* Whose bytes are in the piece, which is not zero. */
static const struct boot_object *object_of(const struct boot *boot, const struct piece *piece)
{
	return &boot->objects[boot->space.rows[piece->row].object];
}

static uint64_t file_offset_of(const struct boot *boot, const struct piece *piece)
{
	return boot->space.rows[piece->row].file_offset + piece->row_offset;
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

		if (!(extent->prot & SMALT_X) || extent->backing == SMALT_BACKING_SHARED)
			continue;
		if (last && last->pa + last->bytes == extent->pa)
			last->bytes += extent->bytes;
		else
			boot->sync[boot->sync_count++] = (struct range){ extent->pa, extent->bytes };
	}
	return ST_OK;
}

enum status load_plan(struct boot *boot, struct fault *fault)
{
	struct piece_cursor cursor = { .space = &boot->space };
	enum status status = list_sync(boot, fault);
	struct piece piece;

	if (status != ST_OK)
		return status;
	while (piece_next(&cursor, &piece)) {
		if (piece.zero)
			boot->cost.zeroed_bytes += piece.bytes;
		else if (boot_is_read(object_of(boot, &piece)))
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
static bool continues(const struct boot *boot, const struct piece *read, const struct piece *piece)
{
	return read->bytes != 0 && object_of(boot, read) == object_of(boot, piece) &&
	       file_offset_of(boot, read) + read->bytes == file_offset_of(boot, piece) &&
	       read->to_pa + read->bytes == piece->to_pa;
}

static enum status read_piece(const struct boot *boot, const struct piece *piece, struct fault *fault)
{
	const struct boot_object *o;
	uint64_t file_offset;
	void *to = env_pointer(boot->env, piece->to_pa);

	if (piece->bytes == 0)
		return ST_OK;
	o = object_of(boot, piece);
	file_offset = file_offset_of(boot, piece);
	if (o->content.bytes.base) {
		arch_copy(to, o->content.bytes.base + file_offset, piece->bytes);
		return ST_OK;
	}
	if (firmware_read(boot->env, o->file, file_offset, to, piece->bytes, fault) != ST_OK)
		return fault_in(fault, o->object.name);
	return ST_OK;
}

/* One call for what lies together in the file and in memory: mostly a segment, or all of them. */
enum status load_read(const struct boot *boot, struct fault *fault)
{
	struct piece_cursor cursor = { .space = &boot->space };
	struct piece piece, read = { .bytes = 0 };

	while (piece_next(&cursor, &piece)) {
		if (piece.zero || !boot_is_read(object_of(boot, &piece)))
			continue;
		if (continues(boot, &read, &piece)) {
			read.bytes += piece.bytes;
			continue;
		}
		if (read_piece(boot, &read, fault) != ST_OK)
			return fault->status;
		read = piece;
	}
	return read_piece(boot, &read, fault);
}

/* No byte of a pad is run on purpose: the machine's trap, a word at a time. */
static void fill_traps(const struct boot *boot, void *to, uint64_t bytes)
{
	uint64_t word = boot->env->machine->trap_byte * 0x0101010101010101u;

	if (word == 0) {
		arch_zero(to, bytes);
		return;
	}
	for (uint64_t *at = to; bytes != 0; bytes -= sizeof word)
		*at++ = word;
}

void load_execute(const struct boot *boot)
{
	struct piece_cursor cursor = { .space = &boot->space };
	struct piece piece;

	while (piece_next(&cursor, &piece)) {
		void *to = env_pointer(boot->env, piece.to_pa);

		if (piece.trap)
			fill_traps(boot, to, piece.bytes);
		else if (piece.zero)
			arch_zero(to, piece.bytes);
		else if (!boot_is_read(object_of(boot, &piece)))
			arch_copy(to, object_of(boot, &piece)->content.bytes.base +
			              file_offset_of(boot, &piece), piece.bytes);
	}
}
