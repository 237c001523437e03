/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h: watches one guest from its start to its end.
 */
#ifndef GUEST_H
#define GUEST_H

#include "qemu.h"
#include "span.h"
#include "verdict.h"

struct guest_request {
	struct qemu_request qemu;
	struct span expect, fail;        /* bytes 0: not asked for */
	uint32_t timeout_seconds;        /* 0: none */
};

struct guest_end {
	struct outcome outcome;
	uint64_t serial_bytes;           /* that it printed */
	bool has_pc;                     /* after a time-out */
	uint64_t pc;
	int signal;                      /* that ended the command itself, 0: none */
};

/* Shows the guest's serial console on stdout until its end. False: it did not start, and said why. */
bool guest_watch(const struct guest_request *request, struct guest_end *end);

#endif
