/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h: one plan on the host, from the words of a command line: opens the
 * files, makes the environment, memory and the plan, and lets go of all of it.
 */
#ifndef SESSION_H
#define SESSION_H

#include "boot.h"
#include "bundle.h"
#include "input.h"
#include "ram.h"

struct session_request {
	const char *archive;         /* --archive; or kernel and modules: */
	const char *const *words;
	uint32_t word_count;
	const char *environment;     /* --env: a file; NULL: simulate */
	const struct machine *machine;   /* NULL: the kernel's */
	uint64_t ram_bytes;
	struct span cmdline;         /* --append */
	bool is_read;                /* kernel and mapped modules are read into frames, as by UEFI: nothing of them stays */
};

struct session {
	struct input boot_file;      /* what the machine gets as -initrd */
	struct input environment;
	struct bundle bundle;
	struct arena arena;
	struct env env;
	struct ram ram;
	struct boot boot;            /* planned as far as it went */
};

/* Needs session_close() also after a failure. The fault names files as the command line does. */
MUST_CHECK enum status session_open(struct session *session, const struct session_request *request,
                                    struct fault *fault);
void session_close(struct session *session);

/* The machine of a kernel, or of the archive's; NULL if its kernel does not say (fault is set). */
const struct machine *session_machine(struct span bytes, struct arena *arena, struct fault *fault);

#endif
