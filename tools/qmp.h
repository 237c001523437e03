/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qmp.h: the part of QEMU's machine protocol that run needs (QEMU,
 * docs/interop/qmp-spec.txt): start the guest, hear why it stopped, ask where it is.
 */
#ifndef QMP_H
#define QMP_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict.h"

#define QMP_BYTES (1 << 16)      /* of one message */

struct qmp {
	int fd;
	bool started;            /* the guest runs */
	enum verdict_cause cause;
	bool has_pc;             /* answer to qmp_ask_pc() */
	uint64_t pc;
	char line[QMP_BYTES];
	uint32_t length;
};

/* Reads what has come and answers it, or finds that nothing has, or the end of the connection. */
enum qmp_read { QMP_END, QMP_NOTHING, QMP_READ };
enum qmp_read qmp_read(struct qmp *qmp);

/* Stops the guest and asks for its registers: has_pc after later reads. */
void qmp_ask_pc(struct qmp *qmp);

/* The program counter in the text of the monitor's `info registers`; false if there is none. */
bool qmp_find_pc(const char *registers, uint64_t *pc);

#endif
