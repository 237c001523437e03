# SPDX-License-Identifier: BSD-2-Clause
#
# archives.S: boot archives, cpio in the newc format (Linux,
# Documentation/driver-api/early-userspace/buffer-format.rst).
	.include "elf.inc"

# A file build/data/STATUS/NAME.cpio; ends with `end NAME`.
.macro cpio status, name
	.section .cpio.\status\().\name, "a", @progbits
	.balign 16
	.globl blob_\name
blob_\name:
.endm

# Eight hexadecimal digits.
.macro hex number
	.irp shift, 28, 24, 20, 16, 12, 8, 4, 0
	.byte '0' + (((\number) >> \shift) & 15) + ((((\number) >> \shift) & 15) + 6) / 16 * 39
	.endr
.endm

.macro zeros fields
	.rept \fields
	hex 0
	.endr
.endm

# One entry up to its data. name_bytes counts the NUL.
.macro entry name, name_bytes, bytes, magic="070701", mode=0100644
	.ascii "\magic"
	hex 1
	hex \mode
	zeros 2
	hex 1
	hex 0
	hex \bytes
	zeros 4
	hex \name_bytes
	hex 0
	.asciz "\name"
	.balign 4
.endm

.macro trailer
	.balign 4
	entry "TRAILER!!!", 11, 0
.endm

# The smallest kernel of good.S, 0x200 bytes from here on.
.macro kernel
	entry "kernel", 7, 0x200
	ehdr
	phdr
	.fill 0x200 - 64 - 56, 1, 0xf4
.endm

.macro config bytes, text:vararg
	entry "smalt.conf", 11, \bytes
	.ascii \text
	.balign 4
.endm

	cpio OK archive
	config 14, "kernel kernel\n"
	kernel
	trailer
	end archive

	# Padding of blocks behind the trailer, as cpio(1) writes it.
	cpio OK archive_padded_to_a_block
	config 14, "kernel kernel\n"
	kernel
	trailer
	.balign 512
	end archive_padded_to_a_block

	cpio BAD_ARCHIVE bad_magic_in_the_middle
	config 14, "kernel kernel\n"
	entry "kernel", 7, 4, "070703"
	.long 0
	trailer
	end bad_magic_in_the_middle

	cpio BAD_ARCHIVE odd_format
	config 14, "kernel kernel\n"
	entry "kernel", 7, 4, "070707"
	.long 0
	trailer
	end odd_format

	cpio TRUNCATED file_past_the_end
	config 14, "kernel kernel\n"
	entry "kernel", 7, 0x1000
	.zero 0x100
	end file_past_the_end

	cpio TRUNCATED file_of_four_gibibytes
	config 14, "kernel kernel\n"
	entry "kernel", 7, 0xffffffff
	.zero 0x100
	trailer
	end file_of_four_gibibytes

	cpio TRUNCATED name_past_the_end
	config 14, "kernel kernel\n"
	entry "kernel", 0xffffffff, 0
	end name_past_the_end

	cpio BAD_ARCHIVE name_without_nul
	config 14, "kernel kernel\n"
	entry "kernel", 6, 4
	.long 0
	trailer
	end name_without_nul

	cpio BAD_ARCHIVE name_of_no_bytes
	entry "", 0, 4
	.long 0
	trailer
	end name_of_no_bytes

	cpio BAD_ARCHIVE digit_that_is_none
	.ascii "070701"
	zeros 6
	.ascii "0000000g"
	zeros 4
	hex 2
	hex 0
	.asciz "x"
	.balign 4
	trailer
	end digit_that_is_none

	cpio TRUNCATED without_trailer
	config 14, "kernel kernel\n"
	kernel
	end without_trailer

	cpio TRUNCATED half_a_header
	config 14, "kernel kernel\n"
	kernel
	.ascii "0707010000"
	end half_a_header

	cpio BAD_CONFIG unknown_key
	config 13, "kernal kernel"
	kernel
	trailer
	end unknown_key

	cpio BAD_CONFIG unclosed_quote
	config 14, "kernel \"kernel"
	kernel
	trailer
	end unclosed_quote

	cpio BAD_CONFIG kernel_without_path
	config 7, "kernel\n"
	kernel
	trailer
	end kernel_without_path

	cpio NOT_FOUND missing_kernel
	config 13, "kernel absent"
	kernel
	trailer
	end missing_kernel

	cpio NOT_FOUND missing_module
	config 28, "kernel kernel\nmodule absent\n"
	kernel
	trailer
	end missing_module
