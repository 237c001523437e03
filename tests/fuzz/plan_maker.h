/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan_maker.h: memory, claims, an ELF file and what is asked for it, out of a fuzzer's input: numbers of
 * every size, but mostly those with which something can be planned.
 */
#ifndef PLAN_MAKER_H
#define PLAN_MAKER_H

#include "../unit/elf_maker.h"
#include "extent.h"
#include "frames.h"
#include "fuzz.h"
#include "object.h"
#include "place.h"
#include "space.h"

enum { PLAN_FILE = 0x4000, PLAN_ROWS = 24, PLAN_RANGES = 8 };

/* Near a multiple of a page, of 2 MiB or of 1 GiB, or anywhere. */
static inline uint64_t plan_number(struct input *in)
{
	static const uint8_t shifts[] = { 12, 12, 16, 21, 21, 30, 47, 0 };
	uint64_t how = take(in, 1), value = take(in, 1) << shifts[how & 7];

	if (how & 8)
		value += take(in, 2);
	return how & 16 ? take_wild(in) : how & 32 ? -value : value;
}

/* One file: headers, then bytes that nobody looks at. */
static inline struct span plan_file(struct input *in, const struct machine *machine, uint8_t file[PLAN_FILE])
{
	uint64_t how = take(in, 1), va = plan_number(in), pa = plan_number(in), offset = 0x1000;
	struct maker m = { .file = file, .file_bytes = PLAN_FILE, .type = how & 1 ? 2 : 3,
	                   .machine = machine->elf_machine, .segment_count = (uint16_t)(how >> 1 & 7) };

	for (uint16_t i = 0; i < m.segment_count; i++) {
		uint64_t what = take(in, 1), bytes = plan_number(in);
		struct maker_segment *s = &m.segments[i];

		*s = (struct maker_segment){ 1, (uint32_t)what & 7 ? (uint32_t)what & 7 : 4, offset & (PLAN_FILE - 1), va, pa,
		                             bytes & (PLAN_FILE / 2 - 1), bytes, 0x1000ull << (what >> 3 & 3) * 3 };
		if (s->file_bytes > PLAN_FILE - s->offset || (what & 32))
			s->file_bytes = 0;
		if (what & 64)
			s->align = 1ull << take(in, 1) % 40;
		if (what & 128)
			va = plan_number(in);
		else
			va += bytes + (what & 32 ? 0 : 0x1000 - ((va + bytes) & 0xfff));
		pa += (va - s->va) ^ (how & 128 ? take(in, 1) << 12 : 0);
		offset += s->file_bytes;
	}
	m.entry = m.segments[how >> 4 & 3].va;
	maker_write(&m);
	return (struct span){ file, PLAN_FILE };
}

static inline bool plan_memory(struct input *in, struct memmap *map, struct arena *arena, struct fault *fault)
{
	static const uint8_t types[] = { SMALT_MEM_USABLE, SMALT_MEM_USABLE, SMALT_MEM_BOOT_SERVICES, SMALT_MEM_RECLAIMABLE,
	                                 SMALT_MEM_RESERVED, SMALT_MEM_ACPI_NVS, SMALT_MEM_MMIO, SMALT_MEM_USABLE };
	uint64_t count = take(in, 1) % PLAN_RANGES;

	if (!fine(memmap_init(map, 2 * PLAN_RANGES, arena, fault), fault))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t pa = plan_number(in), bytes = plan_number(in);
		uint32_t type = types[take(in, 1) & 7];

		/* Work may grow with the pages that are mapped (M19): there are no more than 2 GiB in a piece. */
		if (type == SMALT_MEM_USABLE || type == SMALT_MEM_BOOT_SERVICES)
			bytes &= (2ull << 30) - 1;
		fine(memmap_add(map, pa, bytes, type, fault), fault);
	}
	return fine(memmap_finish(map, 4096, fault), fault);
}

static inline struct place_request plan_request(struct input *in, const struct object *object, const struct machine *machine)
{
	static struct reserve reserves[2];
	uint64_t how = take(in, 1);
	struct place_request r = {
		.object = object, .flags = how & 7 ? PLACE_INTERPRET : 0, .entry_required = how & 8, .may_stay = how & 16,
		.from = how & 32 ? plan_number(in) : machine->kernel_va,
	};

	if (how & 64)
		r.flags ^= (uint32_t)take(in, 1);
	if (how & 128)
		r.policy = take(in, 1) & 1 ? PLACE_STABLE : PLACE_RANDOM;
	if (r.flags & PLACE_PADDING)
		r.padding = plan_number(in);
	if (r.flags & PLACE_ADDRESS)
		r.va = plan_number(in);
	if (how & 2 && take(in, 1) & 1)
		r.flags |= PLACE_RESERVED;
	for (; (r.flags & PLACE_RESERVED) && r.reserve_count < 2; r.reserve_count++) {
		reserves[r.reserve_count].va = plan_number(in) & -4096ull;
		reserves[r.reserve_count].bytes = take(in, 1) << 12 << (how & 4);
	}
	r.reserves = reserves;
	return r;
}

#endif
