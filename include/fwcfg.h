/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fwcfg.h: files that QEMU's command line gives: -fw_cfg name=opt/smalt/NAME,file=...
 */
#ifndef FWCFG_H
#define FWCFG_H

#include "env.h"

#define FWCFG_PREFIX "opt/smalt/"

/*
 * Reads every file whose name begins with FWCFG_PREFIX into frames of its own, RECLAIMABLE in
 * env->memory (finished before and after), and lists it in env. Nothing happens without the
 * device (arch_fwcfg()). ST_NO_MEMORY, ST_BAD_FIRMWARE.
 */
MUST_CHECK enum status fwcfg_files(uint64_t registers_pa, struct env *env, struct arena *arena,
                                   struct fault *fault);

#endif
