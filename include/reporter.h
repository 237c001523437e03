/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reporter.h: the fault reporter: explains a fault of the kernel against the
 * rows, on the serial console, until the kernel installs vectors of its own.
 *
 * It runs in the kernel's address space after the loader is gone: its text and
 * data are parts of their own (linker.ld), it calls nothing outside them and
 * holds no absolute address. Three files make it: arch/<machine>/fault.S
 * (vectors, saves registers), arch/<machine>/fault.c (what the CPU says about a
 * cause, in struct report), boot/reporter.c (the text, the same for all).
 */
#ifndef REPORTER_H
#define REPORTER_H

#include <stdbool.h>
#include <stdint.h>

#define REPORT_REGISTERS 40

struct report_register {
	char name[8];
	uint64_t value;
};

/* What happened, in words of no machine. */
struct report {
	char what[40];           /* "page fault", "undefined instruction" */
	uint32_t access;         /* SMALT_R, W or X that was tried; 0: not about memory */
	uint64_t address;        /* the address that was accessed; only if access != 0 */
	uint64_t pc, sp, fp;     /* fp: frame pointer, for the backtrace */
	uint64_t code;           /* error code or syndrome register, printed in hexadecimal */
	struct report_register registers[REPORT_REGISTERS];
	uint32_t register_count;
};

/* Written by the loader before the jump; the reporter's only knowledge. Addresses are the kernel's. */
struct reporter_setup {
	uint64_t handoff_va;
	uint32_t serial_kind;    /* SMALT_SERIAL_* */
	uint32_t serial_port;
	uint64_t serial_va;
};
/* In the reporter's data part; hidden, so that it is reached without a table of addresses. */
extern struct reporter_setup reporter_setup __attribute__((visibility("hidden")));

/* Prints the report and leaves with status 126; never returns, also if it faults itself. */
_Noreturn void reporter_report(const struct report *report);

/* Of arch/<machine>/fault.c, inside the reporter's text: one character; the end. */
void reporter_put(const struct reporter_setup *setup, char c);
_Noreturn void reporter_exit(uint32_t status);

#endif
