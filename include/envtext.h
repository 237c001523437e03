/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envtext.h: the environment as text, one fact a line, and back:
 *
 *     path pvh|image|uefi          machine x86_64|aarch64
 *     memory START END TYPE        file NAME START|volume BYTES [kept]
 *     loader START END             part KIND RIGHTS START END
 *     cpu KEY=VALUE                seed HEX [SOURCE]
 *     cache LEVEL SETS WAYS LINE devicetree|cpuid|ccsidr [complex]
 *     cmdline TEXT                 rsdp PA          table START END
 *     devicetree START BYTES       serial KIND ADDRESS
 *     psci hvc|smc                 wall SECONDS
 *     smbios PA [BYTES]            smbios-table START END
 *     framebuffer START BYTES WIDTH HEIGHT PITCH rgbx|bgrx|mask RED GREEN BLUE
 *     efi SYSTEM_TABLE DESCRIPTOR_BYTES DESCRIPTOR_VERSION DESCRIPTORS_MOST [callable]
 *     efi-attributes COUNT ENTRY_BYTES
 *     runtime START END RIGHTS [device]
 *
 * Ends are exclusive. Numbers are printed in hexadecimal with 0x; read are
 * decimal ones and those with K M G T as well. What a name or the command line
 * has that would not print as itself is \xNN. A file on a volume is not in memory. What the loader prints
 * (smalt.env=serial) is what smalt plan --env reads: between the lines
 * `env begin` and `env end` every line counts, what stands around them is
 * skipped; without marks all lines count. Empty lines and those that begin with #
 * are comments, everything else is refused.
 */
#ifndef ENVTEXT_H
#define ENVTEXT_H

#include "env.h"

/* Prints all lines, with the marks, through log_print(). */
void envtext_print(const struct env *env);

/*
 * Parses text into env: strings without escapes stay in text, the rest comes
 * from arena; files get a pa and a size, no bytes. Host only: a loader has a
 * machine, it does not read of one. ST_BAD_ENVIRONMENT with line, column, word
 * and nearest key; ST_NO_MEMORY.
 */
MUST_CHECK enum status envtext_parse(struct span text, struct env *env, struct arena *arena,
                                     struct fault *fault);

#endif
