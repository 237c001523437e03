/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_acpi.c: ACPI tables in a memory of their own: pages that are found ascend and lie within reach. */
#include "fuzz.h"

#include "acpi.h"
#include "firmware_image.h"

#define RSDP 0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct env env = { .machine = take(&in, 1) & 1 ? &machine_aarch64 : &machine_x86_64 };
	struct reach reach = image_open(&in);
	struct fault fault;

	image_tables("XSDT");
	image_tables("RSDT");
	image_tables("FACP");
	image_sum(RSDP, 20, 8);
	image_sum(RSDP, 36, 32);
	env.rsdp_pa = RSDP;
	if (!fine(acpi_facts(reach, &env, &fault), &fault))
		return 0;
	PROMISE(env.table_count <= ENV_TABLES);
	for (uint32_t i = 0; i < env.table_count; i++) {
		PROMISE(env.tables[i].bytes > 0 && env.tables[i].pa % 4096 == 0);
		PROMISE(env.tables[i].pa < reach.limit);
		PROMISE(i == 0 || env.tables[i - 1].pa + env.tables[i - 1].bytes <= env.tables[i].pa);
	}
	return 0;
}
