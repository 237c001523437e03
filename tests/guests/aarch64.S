/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * aarch64.S: records the registers before anything changes them, as struct
 * guest_entry on the boot stack, and goes on in C.
 */
	.text
	.globl _start
	.balign 4
_start:
	sub	sp, sp, #272
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	stp	x30, xzr, [sp, #240]
	mrs	x2, nzcv
	add	x3, sp, #272
	stp	x2, x3, [sp, #256]
	mov	x1, sp
	mov	x29, xzr
	bl	guest_start
	udf	#0
