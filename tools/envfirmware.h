/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envfirmware.h: the lines of an environment's text that say what a firmware left:
 * SMBIOS, framebuffer, what UEFI keeps. Each reads the rest of its line.
 */
#ifndef ENVFIRMWARE_H
#define ENVFIRMWARE_H

#include "envline.h"

MUST_CHECK enum status envfirmware_smbios(struct envline *r);
MUST_CHECK enum status envfirmware_smbios_table(struct envline *r);
MUST_CHECK enum status envfirmware_framebuffer(struct envline *r);
MUST_CHECK enum status envfirmware_efi(struct envline *r);
MUST_CHECK enum status envfirmware_attributes(struct envline *r);
MUST_CHECK enum status envfirmware_runtime(struct envline *r);

#endif
