/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.h: where the ACPI tables are, since the kernel shall find them mapped (H8),
 * and what Smalt itself learns from them.
 */
#ifndef ACPI_H
#define ACPI_H

#include "env.h"
#include "reach.h"

/*
 * The pages of the RSDP at rsdp_pa and of every table that is reached from it, ascending and
 * disjoint, at most ENV_TABLES. Only what is walked through is checked by its sum.
 * ST_BAD_FIRMWARE; count is 0 then.
 */
MUST_CHECK enum status acpi_tables(struct reach reach, uint64_t rsdp_pa,
                                   struct range tables[ENV_TABLES], uint32_t *count,
                                   struct fault *fault);

/* Tables that acpi_facts() reads; bytes 0: there is none. */
struct acpi_found {
	struct span fadt, dsdt, spcr;
};

/* The same walk, which picks these up on its way. */
MUST_CHECK enum status acpi_find(struct reach reach, uint64_t rsdp_pa,
                                 struct range tables[ENV_TABLES], uint32_t *count,
                                 struct acpi_found *found, struct fault *fault);

/*
 * For a machine without a devicetree: env->tables from env->rsdp_pa, which is set, and what the
 * tables tell: PSCI conduit (aarch64), fwcfg_pa or fwcfg_ports, and the console, which
 * replaces the one that env has. A table that tells nothing of use changes nothing, a malformed
 * SPCR neither. ST_BAD_FIRMWARE as acpi_tables().
 */
MUST_CHECK enum status acpi_facts(struct reach reach, struct env *env, struct fault *fault);

#endif
