/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.S: the vectors of the fault reporter, all 256, in the kernel's space.
 */
#include "stubs.h"

	.text
	stubs fault_stubs, 256, fault_taken

	.section .note.GNU-stack, "", @progbits
