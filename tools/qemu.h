/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qemu.h: starts QEMU for one guest, and ends it on every path.
 */
#ifndef QEMU_H
#define QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "machine.h"

#define QEMU_EXTRA 64

/* What a guest is started with. Texts are the caller's. */
struct qemu_request {
	const struct machine *machine;
	const char *type;        /* -M; NULL: the machine's own */
	const char *loader;      /* -kernel; with firmware it lies on the volume */
	int file_fd;             /* -initrd, -1: none */
	const char *append;      /* NULL: none */
	bool has_firmware;       /* UEFI boots from a folder, and the three above do not count: */
	int firmware_fd, volume_fd;
	uint64_t ram_bytes;
	const char *extra[QEMU_EXTRA];   /* --qemu, behind all others */
	uint32_t extra_count;
};

struct qemu {
	pid_t pid;               /* 0: not running, and no zombie */
	int serial_fd;           /* what the guest prints */
	int qmp_fd;
};

/* The guest waits for QMP's cont. False: it said why. */
bool qemu_start(struct qemu *qemu, const struct qemu_request *request);

/* True if QEMU has ended; then *wait_status is set. */
bool qemu_ended(struct qemu *qemu, int *wait_status);

/* Kills it if it still runs, waits for it and closes everything. */
void qemu_stop(struct qemu *qemu);

#endif
