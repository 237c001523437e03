/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.S: the loader's own vectors, exceptions only: interrupts are masked.
 */
#include "stubs.h"

	.text
	stubs trap_stubs, 32, trap_taken

	.section .note.GNU-stack, "", @progbits
