/* SPDX-License-Identifier: BSD-2-Clause */
/* instances.c: instances of a module have the same code and constants, and each its own data. */
#include "guest.h"

enum { COUNT = 3, PAGE = 4096 };

static int enter(const struct smalt_object *module, int x)
{
	return ((int (*)(int))module->entry)(x);
}

static uint64_t frame(uint64_t va)
{
	uint64_t pa = 0;

	expect(smalt_translate(guest.handoff, va, &pa), "a page of a row is mapped");
	return pa;
}

/* One row of the first instance, and the same of another. */
static void check_row(const struct smalt_row *row, const struct smalt_object *first,
                      const struct smalt_object *other)
{
	bool constant = !(row->prot & SMALT_W) && !(row->flags & SMALT_ROW_RELRO);
	uint64_t distance = other->bias - first->bias;

	expect_equal(!!(row->flags & SMALT_ROW_SHARED), constant, "SHARED of a row");
	for (uint64_t va = row->va & -PAGE; va < row->va + row->mem_bytes; va += PAGE)
		expect_equal(frame(va) == frame(va + distance), constant, "frames that are the same");
}

static void check_rows(const struct smalt_object *first)
{
	uint32_t rows = 0;

	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		if (row->object == SMALT_NONE || smalt_nth_object(guest.handoff, row->object) != first)
			continue;
		rows++;
		for (uint32_t k = 1; k < COUNT; k++)
			check_row(row, first, smalt_instance(guest.handoff, "module.elf", k));
	}
	expect(rows >= 4, "a row for each segment and for RELRO");
}

void guest_main(void)
{
	const struct smalt_object *first = smalt_instance(guest.handoff, "module.elf", 0);

	if (!expect(first != NULL && first->instance_count == COUNT, "every instance is there"))
		return;
	expect(smalt_instance(guest.handoff, "module.elf", COUNT) == NULL, "no other instance is there");
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct smalt_object *module = smalt_instance(guest.handoff, "module.elf", i);

		expect_equal(module->instance, i, "number of an instance");
		expect(smalt_row_at(guest.handoff, module->entry)->instance == i, "number in its rows");
		expect_equal((uint64_t)enter(module, (int)i + 1), 43 + i, "what an instance begins with");
	}
	for (uint32_t i = 0; i < COUNT; i++)
		expect_equal((uint64_t)enter(smalt_instance(guest.handoff, "module.elf", i), 0), 43 + i,
		             "what an instance keeps");
	check_rows(first);
}
