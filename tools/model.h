/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h: the environment that a simulated machine would give the loader: QEMU's
 * q35 (PVH) and virt (arm64 Image), as QEMU 7.2 makes them.
 */
#ifndef MODEL_H
#define MODEL_H

#include "env.h"

struct model {
	const struct machine *machine;
	uint64_t ram_bytes;
	uint64_t file_bytes;     /* of -initrd */
	struct span cmdline;     /* of -append */
};

#define MODEL_RAM_DEFAULT (512ull << 20)

/*
 * Fills env but for the file's bytes and the window: files[0] is "initrd". Not
 * predicted are the boot's time and its seed. ST_NO_MEMORY if RAM is too small for the file.
 */
MUST_CHECK enum status model_env(const struct model *model, struct env *env, struct arena *arena,
                                 struct fault *fault);

#endif
