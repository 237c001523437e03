/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capability.c: what objects need of the CPU (requirements M15), before anything is touched.
 *
 * What their code can do with a CPU (FEATURE_1_AND) never refuses: it is reported, and
 * enables.
 */
#include <stddef.h>

#include "boot.h"
#include "fmt.h"

/* psABI x86-64, "Program Property": GNU_PROPERTY_X86_ISA_1_BASELINE, _V2, _V3, _V4 by bit. */
static const char *const levels[] = { "x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4" };

enum { LEVELS = sizeof levels / sizeof levels[0] };

static enum status refuse_level(uint32_t needed, uint32_t present, struct fault *fault)
{
	uint32_t missing = needed & ~present;
	char names[sizeof fault->word];
	struct text text = { names, sizeof names, 0 };

	for (uint32_t i = 0; i < LEVELS; i++)
		if (missing >> i & 1)
			fmt(&text, "%s%s", text.length ? " " : "", levels[i]);
	if (missing >> LEVELS)
		fmt(&text, "%sa level behind v4", text.length ? " " : "");
	fault_set(fault, ST_MISSING_CAPABILITY, "GNU_PROPERTY_X86_ISA_1_NEEDED", needed, present);
	return fault_word(fault, (struct span){ (const uint8_t *)names, text.length });
}

/* Signed pointers are an ABI between a kernel and its keys: Smalt sets none, so it can promise none. */
static enum status check_object(const struct boot *boot, const struct object *object,
                                struct fault *fault)
{
	uint32_t present = boot->env->cpu.x86_isa;

	if (object->x86_isa_needed & ~present)
		return refuse_level(object->x86_isa_needed, present, fault);
	if (!object->has_pauth)
		return ST_OK;
	fault_value(fault, ST_MISSING_CAPABILITY, "GNU_PROPERTY_AARCH64_FEATURE_PAUTH",
	            object->pauth_platform);
	return fault_word(fault, span_of("PAuth ABI"));
}

enum status capability_check(struct boot *boot, struct fault *fault)
{
	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct object *object = &boot->objects[i].object;

		if (check_object(boot, object, fault) != ST_OK)
			return fault_in(fault, object->name);
	}
	return ST_OK;
}
