/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff.c: writes the table that the kernel receives (smalt/handoff.h).
 *
 * One description serves twice: with no memory behind it, it measures; with the
 * frames behind it, it writes. So what is reserved is what is needed. The final
 * memory map is bounded while measuring, and exact when written.
 */
#include <smalt/handoff.h>

#include <stddef.h>

#include "align.h"
#include "boot.h"
#include "coloring.h"
#include "extent.h"
#include "handoff_firmware.h"
#include "mem.h"
#include "record.h"

static struct smalt_object describe(const struct boot *boot, uint32_t index, struct book *book)
{
	const struct boot_object *o = &boot->objects[index];
	struct smalt_object record = record_of(&o->object, &o->placement, o->role, o->relocate);

	record.tls_module = o->tls_module;
	record.tls_offset = o->tls_offset;
	record.instance = o->instance;
	record.instance_count = o->instance_count;
	record.pa_bits = o->pa_bits;
	if (boot->colors.policy != SMALT_COLOR_OFF)
		record.color_mask = colors_of_mask(&boot->colors, o->color_mask);
	record.name_va = book_put_text(book, o->object.name);
	record.args_va = book_put_text(book, o->args);
	record.interp_va = o->object.interp.bytes ? book_put_text(book, o->object.interp) : 0;
	record.build_id_va = book_put_blob(book, o->object.build_id);
	return record;
}

/* What the records say of rows, in one walk over all of them. */
static void add_rows(const struct boot *boot, struct smalt_object *records)
{
	for (uint32_t i = 0; i < boot->space.row_count; i++) {
		const struct smalt_row *row = &boot->space.rows[i];

		if (row->object != SMALT_NONE)
			record_row(&records[row->object], &boot->objects[row->object].object, row);
	}
}

static struct smalt_array put_objects(const struct boot *boot, struct book *book)
{
	struct smalt_array array = { 0, boot->object_count, sizeof(struct smalt_object) };
	uint64_t start = book_reserve(book, (uint64_t)array.count * array.entry_bytes);

	for (uint32_t i = 0; i < boot->object_count; i++) {
		struct smalt_object record = describe(boot, i, book);

		if (book->base)
			memcpy(book->base + start + i * sizeof record, &record, sizeof record);
	}
	if (book->base)
		add_rows(boot, (void *)(book->base + start));
	array.va = book->va + start;
	return array;
}

static uint32_t count_notes(const struct boot *boot)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < boot->object_count; i++)
		count += boot->objects[i].object.note_count;
	return count;
}

static struct smalt_note describe_note(const struct boot *boot, uint32_t index,
                                       const struct note *note, struct book *book)
{
	const struct boot_object *o = &boot->objects[index];

	return (struct smalt_note){
		.va = note->va ? note->va + o->placement.bias : 0,
		.file_offset = note->file_offset,
		.desc_bytes = (uint32_t)note->desc.bytes,
		.type = note->type,
		.object = index,
		.owner_bytes = (uint32_t)note->owner.bytes,
		.owner_va = book_put_text(book, note->owner),
	};
}

static struct smalt_array put_notes(const struct boot *boot, struct book *book)
{
	struct smalt_array array = { 0, count_notes(boot), sizeof(struct smalt_note) };
	uint64_t start = book_reserve(book, (uint64_t)array.count * array.entry_bytes), at = start;

	for (uint32_t i = 0; i < boot->object_count; i++)
		for (uint32_t n = 0; n < boot->objects[i].object.note_count; n++) {
			struct smalt_note note =
				describe_note(boot, i, &boot->objects[i].object.notes[n], book);

			if (book->base)
				memcpy(book->base + at, &note, sizeof note);
			at += sizeof note;
		}
	array.va = book->va + start;
	return array;
}

/*
 * While measuring: what the final map can have at most; every taken range splits one in three. A firmware that
 * is still there may hand over more ranges than it has now.
 */
static struct smalt_array put_memory(const struct boot *boot, struct book *book)
{
	const struct memmap *taken = &boot->frames.taken;
	uint32_t takes = taken->count + 3;           /* and this, the tables, the way to other levels */
	uint32_t bound;

	if (boot->colors.policy == SMALT_COLOR_PARTITION && colors_narrow(&boot->colors, boot->colors.tables_mask))
		takes = taken->capacity;             /* tables lie apart */
	bound = boot_ranges_most(boot) + 2 * takes;

	if (book->base)
		return book_put_array(book, boot->after.ranges, boot->after.count,
		                      sizeof(struct smalt_memory));
	return book_put_array(book, NULL, bound, sizeof(struct smalt_memory));
}

static void describe_tables(const struct boot *boot, struct smalt_handoff *h)
{
	const struct format *format = boot->space.format;

	h->root_pa[0] = boot->pt.root_pa[0];
	h->root_pa[1] = boot->pt.root_pa[1];
	h->tables_pa = boot->pt.tables_pa;
	h->tables_count = boot->pt.table_count;
	h->tables_bytes = boot->tables_bytes;
	h->granule_shift = format->granule_shift;
	h->paging_levels = format->levels;
	for (unsigned i = 0; i < format->leaf_count; i++)
		h->leaf_shift[i] = format->leaves[i].shift;
	if (boot->direct_map_bytes) {
		h->direct_map_va = boot->direct_map_va;
		h->direct_map_bytes = boot->direct_map_bytes;
	}
}

static void describe_profile(const struct boot *boot, struct smalt_profile *profile)
{
	const struct format *format = boot->space.format;

	profile->copied_bytes = boot->cost.copied_bytes;
	profile->zeroed_bytes = boot->cost.zeroed_bytes;
	profile->in_place_bytes = boot->cost.in_place_bytes;
	profile->frames = boot->cost.frames;
	profile->counter_start = boot->env->counter_start;
	profile->leaves_lower_bound = space_lower_bound(&boot->space);
	profile->leaves_ideal = space_ideal(&boot->space);
	space_leaf_sum(&boot->space, profile->leaves);
	for (unsigned i = 0; i < format->leaf_count; i++)
		profile->direct_map_leaves[i] = boot->leaves.direct[format->leaves[i].shift];
}

static void describe_own(const struct boot *boot, struct smalt_handoff *h)
{
	h->magic = SMALT_MAGIC;
	h->version = SMALT_HANDOFF_VERSION;
	h->bytes = sizeof *h;
	h->pa = boot->handoff_pa;
	h->machine = boot->env->machine->elf_machine;
	h->path = boot->env->path;
	h->stack_top = boot->stack_top;
	h->stack_bytes = boot->stack_top - boot->own_va[SMALT_KIND_STACK];
	h->reporter_va = boot->own_va[SMALT_KIND_REPORTER];
	h->jump_va = boot->own_va[SMALT_KIND_JUMP];
}

/* While measuring, the handoff's own row and extent are counted though not there yet. */
static void describe_all(const struct boot *boot, struct smalt_handoff *h, struct book *book)
{
	uint32_t own = book->base ? 0 : 1;

	book_reserve(book, sizeof *h);
	handoff_efi_memory(boot, h, book);
	h->rows = book_put_array(book, boot->space.rows, boot->space.row_count + own,
	                    sizeof(struct smalt_row));
	h->extents = book_put_array(book, boot->space.extents, boot->space.extent_count + own,
	                       sizeof(struct smalt_extent));
	h->memory = put_memory(boot, book);
	h->objects = put_objects(boot, book);
	h->notes = put_notes(boot, book);
	h->cmdline_va = book_put_text(book, boot->cmdline);
	h->cmdline_bytes = boot->cmdline.bytes;
	handoff_firmware(boot, h, book);
	coloring_describe(boot, h, book);
}

enum status handoff_reserve(struct boot *boot, struct fault *fault)
{
	struct space *space = &boot->space;
	struct book book = { 0 };
	struct smalt_handoff measured = { 0 };
	enum status status;
	uint32_t row = 0;

	describe_all(boot, &measured, &book);
	boot->handoff_bytes = align_up(book.at, space->granule);
	status = place_own(space, SMALT_KIND_HANDOFF, boot->handoff_bytes, SMALT_R,
	                   boot->env->machine->kernel_va, space->granule, 0, &boot->handoff_va,
	                   fault);
	if (status != ST_OK)
		return status;
	space_sort_rows(space);
	while (space->rows[row].va != boot->handoff_va)
		row++;
	boot->own_va[SMALT_KIND_HANDOFF] = boot->handoff_va;
	status = extent_own(space, row, SMALT_MEM_RESIDENT, own_limit(boot),
	                    &boot->frames, fault);
	if (status == ST_OK)
		boot->handoff_pa = space->extents[space->extent_count - 1].pa;
	return status;
}

void handoff_clear(const struct boot *boot)
{
	memset(env_pointer(boot->env, boot->handoff_pa), 0, boot->handoff_bytes);
}

void handoff_write(const struct boot *boot)
{
	struct smalt_handoff *h = env_pointer(boot->env, boot->handoff_pa);
	struct book book = { (uint8_t *)h, boot->handoff_va, 0 };

	describe_own(boot, h);
	describe_tables(boot, h);
	describe_all(boot, h, &book);
	describe_profile(boot, &h->profile);
	h->read_bytes = boot->cost.read_bytes;
	h->total_bytes = book.at;
}
