/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi.h: what UEFI boots from, and the firmware itself.
 */
#ifndef UEFI_H
#define UEFI_H

#include "bundle.h"
#include "machine.h"
#include "volume.h"

/* The loader's file: the default boot file of removable media (UEFI 2.10, 3.5.1.1). */
const char *uefi_loader(const struct machine *machine);

/* Opens the firmware at path, NULL: where Debian has it. -1: it said what is missing. */
int uefi_firmware(const struct machine *machine, const char *path);

/* One of bundle and archive has files. */
struct uefi_request {
	const struct machine *machine;
	const char *loader;              /* path */
	const struct bundle *bundle;     /* kernel, modules: smalt.conf is generated */
	struct span archive;             /* a boot archive: its files, smalt.conf is among them */
	const char *append;              /* the command line; NULL: none */
};

/* Fills the volume, which is open. */
MUST_CHECK enum status uefi_fill(struct volume *volume, const struct uefi_request *request,
                                 struct fault *fault);

#endif
