/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol.h: kernels that are not entered by Smalt's own protocol: where they
 * want to lie (physical placement, requirements M21) and what they are told.
 *
 * A protocol only prepares: it takes frames before the commit point and fills
 * them, as far as that can fail before it, so that it runs on the host as in the loader. All foreign protocols end
 * the same way, with arch_enter(entry, argument) of arch.h: paging off, the
 * physical address of one structure in one register.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "env.h"
#include "frames.h"
#include "object.h"

/* What a module is to a foreign kernel: bytes in memory. */
struct protocol_module {
	uint64_t pa, bytes;
	struct span args;
	uint64_t placed_pa;          /* written by reserve(): where the kernel finds it */
};

struct protocol_boot {
	const struct env *env;
	const struct object *kernel;
	struct span cmdline;
	struct protocol_module *modules;
	uint32_t module_count;
	struct frames *frames;
	struct arena *arena;         /* for lists that are needed only now */
	/*
	 * Added to every p_paddr of the kernel, by place(). Where the protocol does
	 * not move kernels it is 0.
	 */
	uint64_t bias;
	/* Written by reserve(). */
	uint64_t entry_pa;           /* first instruction, paging off */
	uint64_t argument_pa;        /* ebx / x0 */
	uint64_t argument_bytes;
	uint32_t ranges_most;        /* what env->memory can have in the end */
};

struct protocol {
	const char *name;            /* protocol= in smalt.conf */
	uint16_t elf_machine;
	/* Does the object say that it is entered this way? */
	bool (*matches)(const struct object *kernel);
	/* Chooses boot->bias before the rows are placed; NULL: 0. Takes nothing. */
	enum status (*place)(struct protocol_boot *boot, struct fault *fault);
	/* After the kernel's extents are taken: frames for the argument. */
	enum status (*reserve)(struct protocol_boot *boot, struct fault *fault);
	/* Writes what may fail into them, once they are ours; NULL: nothing. */
	enum status (*prepare)(struct protocol_boot *boot, struct fault *fault);
	/* Writes what follows from the last memory map; NULL: nothing. */
	void (*finish)(const struct protocol_boot *boot);
};

extern const struct protocol protocol_pvh;       /* x86_64: Xen docs/misc/pvh.pandoc */
extern const struct protocol protocol_image;     /* aarch64: Linux Documentation/arm64/booting.rst */

/* Those that this program knows, NULL at the end: a loader only its machine's, the host all. */
extern const struct protocol *const protocols[];

/*
 * How a kernel is entered: *chosen is NULL for Smalt's own protocol. wanted is
 * the word of the configuration ("smalt", "pvh", "image"); if it is empty the kernel decides:
 * one with a SMALT note is ours, then the first protocol that matches, else
 * ours. ST_BAD_CONFIG if the kernel cannot be entered as wanted.
 */
MUST_CHECK enum status protocol_choose(const struct machine *machine, const struct object *kernel,
                                       struct span wanted, const struct protocol **chosen,
                                       struct fault *fault);

#endif
