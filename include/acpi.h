/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi.h: where the ACPI tables are: the kernel shall find them mapped (H8).
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

#endif
