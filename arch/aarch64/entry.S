/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S: from an Image loader's jump to C with caches, MMU and FP on.
 *
 * Entered as Linux Documentation/arch/arm64/booting.rst says: EL2 or EL1, MMU and data
 * caches off, the image clean to the point of coherency, x0 = devicetree (pa; 0
 * if the image was loaded as an ELF file).
 *
 * Until the MMU is on, stores go around the caches. So what is written is first
 * cleaned and invalidated, lest a dirty line overwrites it later, and when the
 * MMU comes on (mmu.S) invalidated once more, lest a line fetched meanwhile hides
 * it. It is little, because memory without caches is a hundred times slower.
 */
#include "registers.h"
#include "assembler.h"

	.section .head, "ax"
	.globl	_start
	.hidden	_start
_start:
	b	image_entry
	.long	0

	.text
	.balign	4
image_entry:
	msr	daifset, #15
	msr	spsel, #1
	mov	x19, x0
	address	x1, trap_vectors
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	enter_el2
	b.hi	stop                     /* EL3 is no business of a boot loader */
	ldr	x0, =SCTLR_EL1_OFF
	msr	sctlr_el1, x0
	own_el1	x1, x0
	b	entered
enter_el2:
	ldr	x0, =SCTLR_EL2_OFF
	msr	sctlr_el2, x0
	own_el2	x1, x0
entered:
	isb
	mrs	x20, cntvct_el0
	written	civac
	address	x0, stack_top
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr

	address	x0, bss_start            /* up to 48 bytes more are zeroed: of the guard page */
	address	x1, bss_end
1:	stp	xzr, xzr, [x0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	add	x0, x0, #64
	cmp	x0, x1
	b.lo	1b

	address	x0, image_start
	address	x1, image_link
	ldr	x1, [x1]
	subs	x1, x0, x1
	b.eq	2f
	bl	self_relocate
2:	mov	x0, x19
	mov	x1, x20
	bl	image_main
stop:
	wfi
	b	stop

/*
 * Tables of the maps that last until the whole machine is mapped (boot/image.c). Of
 * the first map, which is written around the caches, in the first half.
 */
	.section .early, "aw", %nobits
	.balign	4096
	.space	20 * 4096
	.globl	early_cached
	.hidden	early_cached
early_cached:
	.space	24 * 4096
