/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.c: the table of loadable segments: read, checked, sorted, searched.
 *
 * After segment_read() segments ascend by va, no two share a byte, none wraps,
 * and the file bytes of each lie in the file (requirements M10, M11, M19; gABI,
 * "Program Header"). An offset that is not congruent to its address is legal:
 * such a segment is copied.
 */
#include "align.h"
#include "parts.h"
#include "sort.h"

_Static_assert(offsetof(struct segment, va) == 0 && sizeof(struct segment) % 8 == 0,
               "segments are sorted by the address that they begin with");

enum status segment_check(const struct object *object, uint32_t index, struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);

	if (p.p_filesz > p.p_memsz) {
		(void)fault_set(fault, ST_BAD_SEGMENT, "p_filesz", p.p_filesz, p.p_memsz);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_filesz), fault);
	}
	if (p.p_align != 0 && !is_power_of_two(p.p_align)) {
		(void)fault_value(fault, ST_MISALIGNED, "p_align", p.p_align);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_align), fault);
	}
	if (range_wraps(p.p_vaddr, p.p_memsz)) {
		(void)fault_set(fault, ST_OVERFLOW, "p_memsz", p.p_memsz, UINT64_MAX - p.p_vaddr);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_memsz), fault);
	}
	return elf_phdr_check(object, index, fault);
}

static struct segment segment_of(const struct object *object, uint32_t index)
{
	struct elf64_phdr p = elf_phdr(object, index);

	return (struct segment){
		.va = p.p_vaddr, .pa = p.p_paddr,
		.file_offset = min_u64(p.p_offset, object->bytes.bytes),
		.file_bytes = p.p_filesz, .mem_bytes = p.p_memsz,
		.align = max_u64(p.p_align, 1),
		.prot = p.p_flags & (PF_R | PF_W | PF_X), .index = index,
	};
}

/* A long segment may overlap several, which a sink hears of: each is compared with what reaches furthest. */
static enum status check_disjoint(struct object *object, struct fault *fault)
{
	const struct segment *below = object->segments;

	for (uint32_t i = 1; i < object->segment_count; i++) {
		const struct segment *segment = &object->segments[i];
		uint64_t end = below->va + below->mem_bytes;

		if (segment->va < end) {
			(void)fault_set(fault, ST_OVERLAP, "p_vaddr", segment->va, end);
			(void)elf_phdr_fault(object, segment->index, offsetof(struct elf64_phdr, p_vaddr), fault);
			if (!object_goes_on(object, ST_OVERLAP, fault))
				return ST_OVERLAP;
			object->partial = true;
		}
		if (segment->va + segment->mem_bytes > end)
			below = segment;
	}
	return ST_OK;
}

/* One that has bytes in the file and none in memory is not empty, but wrong. */
static bool is_load(const struct elf64_phdr *p)
{
	return p->p_type == PT_LOAD && (p->p_memsz != 0 || p->p_filesz != 0);
}

static uint32_t count_loads(const struct object *object)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < object->phdr_count; i++) {
		struct elf64_phdr p = elf_phdr(object, i);

		count += is_load(&p);
	}
	return count;
}

static enum status take(struct object *object, uint32_t index, struct fault *fault)
{
	struct segment *segment = &object->segments[object->segment_count];

	if (segment_check(object, index, fault) != ST_OK)
		return fault->status;
	*segment = segment_of(object, index);
	object->align = max_u64(object->align, segment->align);
	object->segment_count++;
	return ST_OK;
}

enum status segment_read(struct object *object, struct arena *arena, struct fault *fault)
{
	uint32_t count = count_loads(object);

	if (count == 0)
		return fault_field(fault, ST_NOT_MAPPABLE, "PT_LOAD");
	object->segments = arena_take(arena, count, sizeof *object->segments, "segments", fault);
	if (!object->segments)
		return fault->status;
	for (uint32_t i = 0; i < object->phdr_count; i++) {
		struct elf64_phdr p = elf_phdr(object, i);

		if (is_load(&p) && !object_goes_on(object, take(object, i, fault), fault))
			return fault->status;
	}
	object->partial = object->segment_count < count;
	sort_entries(object->segments, object->segment_count, sizeof *object->segments);
	return check_disjoint(object, fault);
}

const struct segment *object_segment_at(const struct object *object, uint64_t va)
{
	uint32_t first = 0, end = object->segment_count;

	while (first < end) {
		uint32_t middle = first + (end - first) / 2;
		const struct segment *segment = &object->segments[middle];

		if (va < segment->va)
			end = middle;
		else if (va - segment->va >= segment->mem_bytes)
			first = middle + 1;
		else
			return segment;
	}
	return 0;
}

bool object_file_at(const struct object *object, uint64_t va, uint64_t bytes,
                    uint64_t *file_offset)
{
	const struct segment *segment = object_segment_at(object, va);

	if (!segment || !range_fits(va - segment->va, bytes, segment->file_bytes))
		return false;
	*file_offset = segment->file_offset + (va - segment->va);
	return true;
}

uint64_t object_file_from(const struct object *object, uint64_t va, uint64_t *file_offset)
{
	const struct segment *segment = object_segment_at(object, va);

	if (!segment || va - segment->va >= segment->file_bytes)
		return 0;
	*file_offset = segment->file_offset + (va - segment->va);
	return segment->file_bytes - (va - segment->va);
}
