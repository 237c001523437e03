/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_firmware.h: the handoff's members about the firmware and what it left.
 */
#ifndef HANDOFF_FIRMWARE_H
#define HANDOFF_FIRMWARE_H

#include "book.h"
#include "boot.h"

/*
 * Room for the firmware's last memory map. The first thing behind struct smalt_handoff, so that
 * it lies at the same place while measuring and writing: the firmware writes it before
 * the rest is written, and it is left as it is.
 */
void handoff_efi_memory(const struct boot *boot, struct smalt_handoff *h, struct book *book);

/* That room, through the window. */
void *handoff_efi_map(const struct boot *boot);

void handoff_firmware(const struct boot *boot, struct smalt_handoff *h, struct book *book);

#endif
