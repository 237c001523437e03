# SPDX-License-Identifier: BSD-2-Clause
#
# good.S: unusual files that are right, and must boot.
	.include "elf.inc"

	blob OK smallest
	ehdr
	phdr
	code
	end smallest

	blob OK smallest_aarch64
	ehdr machine=AARCH64
	phdr
	code
	end smallest_aarch64

	blob OK smallest_movable
	ehdr type=ET_DYN, entry=0x1f0
	phdr vaddr=0
	code
	end smallest_movable

	# Zero fill alone, its offset far outside the file; unaligned start, so the last page counts.
	blob OK bss_only_segment
	ehdr phnum=2
	phdr
	phdr flags=R+W, offset=0xffff000000000000, vaddr=0x500ff8, filesz=0, memsz=0x1010
	code
	end bss_only_segment

	blob OK executable_bss
	ehdr entry=0x400ff0
	phdr memsz=0x1000
	code
	end executable_bss

	blob OK reversed_order
	ehdr phnum=3
	phdr flags=R+W, vaddr=0x600000, filesz=0x20, memsz=0x3000
	phdr flags=R, vaddr=0x500000, filesz=0x10, memsz=0x10
	phdr
	code
	end reversed_order

	# p_offset and p_vaddr differ modulo everything: such a segment is copied.
	blob OK odd_offset
	ehdr phnum=2
	phdr
	phdr flags=R, offset=0x1ef, vaddr=0x500002, filesz=3, memsz=3
	code
	end odd_offset

	blob OK empty_segments_everywhere
	ehdr phnum=4
	phdr vaddr=0, filesz=0, memsz=0, align=3
	phdr
	phdr vaddr=0xffffffffffffffff, filesz=0, memsz=0
	phdr vaddr=0x400010, filesz=0, memsz=0
	code
	end empty_segments_everywhere

	blob OK neighbors_share_a_page
	ehdr phnum=2
	phdr
	phdr flags=R, vaddr=0x400200, filesz=0x10, memsz=0x10
	code
	end neighbors_share_a_page

	blob OK align_of_zero
	ehdr
	phdr align=0
	code
	end align_of_zero

	# The number of program headers stands in section 0.
	blob OK xnum
	ehdr phnum=PN_XNUM, shoff=0x200, shentsize=64, shnum=1
	phdr
	code
	shdr info=1
	end xnum

	blob OK extended_section_count
	ehdr shoff=0x200, shentsize=64, shnum=0
	phdr
	code
	shdr bytes=2
	shdr type=8
	end extended_section_count

	blob OK program_headers_at_the_end
	ehdr phoff=0x200
	.org 0x40
	code
	phdr filesz=0x238, memsz=0x238
	end program_headers_at_the_end

	blob OK interp_stack_tls_relro
	ehdr phnum=5
	phdr type=INTERP, flags=R, offset=0x1e0, vaddr=0x4001e0, filesz=9, memsz=9, align=1
	phdr
	phdr type=TLS, flags=R, offset=0x1c0, vaddr=0x4001c0, filesz=8, memsz=0x18, align=16
	phdr type=GNU_STACK, flags=R+W, vaddr=0, filesz=0, memsz=0x10000, align=16
	phdr type=GNU_RELRO, flags=R, offset=0x1c0, vaddr=0x4001c0, filesz=0x20, memsz=0x40, align=1
	.org 0x1e0
	.asciz "/lib/one"
	code
	end interp_stack_tls_relro
