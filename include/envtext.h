/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envtext.h: the environment as text, one fact a line, and back:
 *
 *     path pvh|image|uefi          machine x86_64|aarch64
 *     memory START END TYPE        file NAME START BYTES
 *     loader START END             part KIND RIGHTS START END
 *     cpu KEY=VALUE                seed HEX
 *     cmdline TEXT                 rsdp PA          table START END
 *     devicetree START BYTES       serial KIND ADDRESS
 *     psci hvc|smc                 smbios PA        wall SECONDS
 *
 * Numbers are hexadecimal with 0x. What the loader prints (smalt.env=serial) is
 * what smalt plan --env reads. A line that begins with anything else, and the
 * loader's other output around the lines `env begin` and `env end`, is refused or skipped:
 * between the two marks every line counts, without marks all do.
 */
#ifndef ENVTEXT_H
#define ENVTEXT_H

#include "env.h"

/* Prints all lines, with the marks, through log_print(). */
void envtext_print(const struct env *env);

/*
 * Parses text into env: strings stay in text, arrays come from arena; files get
 * a pa and a size, no bytes. ST_BAD_ENVIRONMENT with line and column.
 */
MUST_CHECK enum status envtext_parse(struct span text, struct env *env, struct arena *arena,
                                     struct fault *fault);

#endif
