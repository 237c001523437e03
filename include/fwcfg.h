/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fwcfg.h: the files that QEMU hands over by its fw_cfg device, read by DMA
 * (QEMU docs/specs/fw_cfg.rst): -fw_cfg name=opt/smalt/NAME,file=FILE.
 */
#ifndef FWCFG_H
#define FWCFG_H

#include "env.h"

#define FWCFG_PREFIX "opt/smalt/"

/*
 * Adds every file whose name begins with FWCFG_PREFIX to env->files, under its
 * whole name. Their bytes come to lie in whole pages that were usable in
 * env->memory (finished, and finished again after it) and become RECLAIMABLE;
 * names come from arena. base: registers (aarch64) or first port (x86_64: 0x510).
 * ST_OK, and nothing changed, if no device with DMA answers there.
 * ST_NO_MEMORY; ST_BAD_FIRMWARE if the device reports an error or more files than env has room for.
 */
MUST_CHECK enum status fwcfg_files(uint64_t base, struct env *env, struct arena *arena,
                                   struct fault *fault);

/*
 * Of arch/<machine>/cpu.c: tells the device at base where its descriptor lies
 * (both halves big endian, the upper first, the lower starts the transfer), with
 * memory ordered before and after. Does not wait.
 */
void arch_fwcfg_dma(uint64_t base, uint64_t descriptor_pa);

#endif
