/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hints.c: a table of questions about a planned object. Each knows one thing that a linker's or
 * compiler's option changes, says it with numbers, and is silent once the option is there.
 */
#include "hints.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "align.h"
#include "plan.h"

#define LARGE (UINT64_C(2) << 20)        /* a leaf that every machine has */
#define FEW 512                          /* leaves that nobody misses: a page table of them */
#define SMALL (64u << 10)                /* bytes that nobody misses */

struct view {
	const struct boot *boot;
	const struct object *object;
	uint32_t index;
	char *text;
};

static bool tell(const struct view *view, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool tell(const struct view *view, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(view->text, HINT_BYTES, format, list);
	va_end(list);
	return true;
}

/* The next row of the object from *at on, or NULL. */
static const struct smalt_row *next_row(const struct view *view, uint32_t *at)
{
	const struct space *space = &view->boot->space;

	while (*at < space->row_count) {
		const struct smalt_row *row = &space->rows[(*at)++];

		if (row->object == view->index && row->prot != 0)
			return row;
	}
	return NULL;
}

/* How much of [va, end), whole pages, is backed in this way. */
static uint64_t backed(const struct view *view, uint64_t va, uint64_t end, uint32_t backing)
{
	uint64_t bytes, sum = 0;

	for (; va != end; va += bytes) {
		const struct smalt_extent *extent = space_extent_at(&view->boot->space, va);

		if (!extent)
			break;
		bytes = min_u64(end - va, extent->va + extent->bytes - va);
		if (extent->backing == backing)
			sum += bytes;
	}
	return sum;
}

static uint64_t row_backed(const struct view *view, const struct smalt_row *row, uint32_t backing)
{
	uint64_t page = view->boot->space.granule;

	return backed(view, align_down(row->va, page), align_up(row->va + row->mem_bytes, page), backing);
}

static bool is_elf(const struct view *view)
{
	return view->object->format == SMALT_FORMAT_ELF64;
}

static bool is_congruent(const struct smalt_row *row, uint64_t align)
{
	return (row->va - row->file_offset) % align == 0;
}

/* --- what is copied --- */

static bool look_archive(const struct view *view)
{
	uint64_t page = view->boot->space.granule, offset = view->object->bytes_pa & (page - 1);

	if (view->object->bytes_pa == OBJECT_NOWHERE || offset == 0)
		return false;
	return tell(view, "its bytes begin 0x%" PRIx64 " bytes behind a page, so that none can stay in place: "
	            "make the archive with smalt pack", offset);
}

static bool look_offset(const struct view *view)
{
	const struct smalt_row *row;
	uint64_t page = view->boot->space.granule;
	char size[PLAN_BYTES_TEXT];

	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;) {
		if (row->file_bytes == 0 || is_congruent(row, page) || !is_elf(view))
			continue;
		plan_bytes(row_backed(view, row, SMALT_BACKING_COPY), size);
		return tell(view, "segment %u is copied, %s: its file offset 0x%" PRIx64 " and its address end "
		            "differently in a page: link without -n (--nmagic), and let no AT() move offsets",
		            row->segment, size, row->file_offset);
	}
	return false;
}

/*
 * The page that a segment begins within, where all others could stay. GNU ld puts RELRO at the end
 * of a page, whatever it is told.
 */
static bool look_first_page(const struct view *view)
{
	const struct smalt_row *row;
	uint64_t page = view->boot->space.granule;
	uint32_t count = 0;

	if (!is_elf(view) || (view->object->bytes_pa & (page - 1)) != 0)
		return false;
	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;) {
		uint64_t first = align_down(row->va, page);

		count += row->file_bytes != 0 && row->data_offset != 0 && is_congruent(row, page) &&
		         row->va - view->boot->objects[view->index].placement.bias != view->object->relro.va &&
		         backed(view, first, first + page, SMALT_BACKING_COPY) != 0;
	}
	if (count == 0)
		return false;
	return tell(view, "%u %s inside a page, which is copied, as it has bytes of another one: "
	            "link with lld's -z separate-loadable-segments, or . = ALIGN(4096) in a script",
	            count, count == 1 ? "segment begins" : "segments begin");
}

/* Symbols and debug information are read or passed with the rest. */
static bool look_unmapped(const struct view *view)
{
	const struct smalt_row *row;
	uint64_t mapped = 0, bytes = view->object->bytes.bytes;
	char size[PLAN_BYTES_TEXT];

	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;)
		mapped += row->file_bytes;
	if (!is_elf(view) || view->object->section_count == 0 || bytes < mapped || bytes - mapped < SMALL ||
	    bytes - mapped < bytes / 4)
		return false;
	plan_bytes(align_down(bytes - mapped, 1024), size);
	return tell(view, "%s of the file are in no segment, but are passed with it: strip it (llvm-strip, strip) "
	            "for the boot", size);
}

/* --- large leaves --- */

static bool look_align(const struct view *view)
{
	const struct smalt_row *row;

	if (!is_elf(view) || view->object->kind != OBJECT_MOVABLE || view->object->align <= SMALL)
		return false;
	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;) {
		if (row->why == SMALT_WHY_IN_PLACE && row->mem_bytes >= LARGE)
			return tell(view, "p_align 0x%" PRIx64 " is a promise that its bytes, which lie on any page, cannot "
			            "keep with large leaves (segment %u has leaves of %uK): link with "
			            "-z max-page-size=4096", view->object->align, row->segment,
			            (unsigned)(1ull << row->leaf_shift >> 10));
	}
	return false;
}

/* One base can agree with the bytes of all segments only if all have the same distance. */
static bool look_distance(const struct view *view)
{
	const struct smalt_row *row;
	const struct smalt_row *first = NULL;

	if (!is_elf(view) || view->object->kind != OBJECT_MOVABLE)
		return false;
	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;) {
		if (row->file_bytes < LARGE)
			continue;
		if (first && (row->va - row->file_offset - first->va + first->file_offset) % LARGE != 0)
			return tell(view, "segments %u and %u are 0x%" PRIx64 " bytes further apart in memory than in the "
			            "file, so that only one can have large leaves in place: link with "
			            "-z separate-loadable-segments (lld), -z separate-code (GNU ld)", first->segment,
			            row->segment, row->va - row->file_offset - first->va + first->file_offset);
		first = first ? first : row;
	}
	return false;
}

static bool look_fixed(const struct view *view)
{
	struct hint_pages pages = hints_pages(view->boot, view->index);

	if (!is_elf(view) || view->object->kind != OBJECT_FIXED)
		return false;
	if (pages.leaves > pages.ideal + FEW)
		return tell(view, "its addresses are fixed: the same in every boot, and %" PRIu64 " leaves where %" PRIu64
		            " could do, since they cannot follow its bytes: compile with -fpie, link with "
		            "-static -pie --no-dynamic-linker", pages.leaves, pages.ideal);
	return tell(view, "its addresses are fixed, the same in every boot: compile with -fpie, link with "
	            "-static -pie --no-dynamic-linker, and va=random can move it");
}

/* --- protection --- */

static bool look_stack(const struct view *view)
{
	if (!(view->object->flags & SMALT_OBJECT_GNU_STACK) || !(view->object->stack_prot & SMALT_X))
		return false;
	return tell(view, "it asks for an executable stack (PT_GNU_STACK), which it does not get: "
	            "link with -z noexecstack, add .section .note.GNU-stack to assembler sources");
}

static bool look_relro(const struct view *view)
{
	const struct smalt_row *row;
	const struct object *object = view->object;

	if (!is_elf(view) || !view->boot->objects[view->index].relocate || (object->rela.bytes == 0 && object->rel.bytes == 0 && object->relr.bytes == 0))
		return false;
	if (object->relro.bytes == 0)
		return tell(view, "words that only relocation writes stay writable: link with -z relro, or give a "
		            "script's sections to PT_GNU_RELRO");
	for (uint32_t at = 0; (row = next_row(view, &at)) != NULL;) {
		if (row->flags & SMALT_ROW_RELRO)
			return false;
	}
	return tell(view, "its PT_GNU_RELRO, 0x%" PRIx64 " bytes, has no page of its own and stays writable: link with "
	            "-z separate-loadable-segments, or . = ALIGN(4096) behind it in a script", object->relro.bytes);
}

static bool look_pads(const struct view *view)
{
	if (!is_elf(view) || (view->object->feature_1_and & 1))
		return false;
	if (view->object->elf_machine == SMALT_MACHINE_AARCH64)
		return tell(view, "not all of its code is marked for BTI, so that its pages are not guarded: compile "
		            "all of it with -mbranch-protection=standard");
	return tell(view, "not all of its code is marked for IBT, so that it must not turn that on: compile all "
	            "of it with -fcf-protection=branch");
}

static bool look_build_id(const struct view *view)
{
	if (!is_elf(view) || view->object->build_id.bytes != 0)
		return false;
	return tell(view, "it has no build-id: va=stable knows it by headers, size and name instead: "
	            "link with --build-id");
}

static const struct look {
	const char *name;
	bool (*look)(const struct view *view);
} looks[] = {
	{ "archive", look_archive }, { "offset", look_offset }, { "first-page", look_first_page },
	{ "unmapped", look_unmapped }, { "align", look_align }, { "distance", look_distance },
	{ "fixed", look_fixed }, { "stack", look_stack }, { "relro", look_relro },
	{ "landing-pads", look_pads }, { "build-id", look_build_id },
};
_Static_assert(sizeof(looks) / sizeof(looks[0]) < HINTS_MOST, "room for every hint and one");

static struct view view_of(const struct boot *boot, uint32_t object, char *text)
{
	return (struct view){ boot, &boot->objects[object].object, object, text };
}

uint32_t hints_find(const struct boot *boot, uint32_t object, struct hint hints[HINTS_MOST])
{
	uint32_t count = 0;

	if (boot->protocol)          /* a foreign kernel makes its own tables */
		return 0;
	for (uint32_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		struct view view = view_of(boot, object, hints[count].text);

		hints[count].name = looks[i].name;
		count += looks[i].look(&view);
	}
	return count;
}

struct hint_pages hints_pages(const struct boot *boot, uint32_t object)
{
	const struct smalt_row *row;
	struct view view = view_of(boot, object, NULL);
	struct hint_pages pages = { .ideal = space_ideal(&boot->space) };

	for (uint32_t at = 0; (row = next_row(&view, &at)) != NULL;) {
		for (uint32_t backing = 0; backing < 5; backing++)
			pages.bytes[backing] += row_backed(&view, row, backing);
		for (unsigned i = 0; i < MACHINE_LEAVES; i++)
			pages.leaves += row->leaf_count[i];
	}
	return pages;
}
