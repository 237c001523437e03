# SPDX-License-Identifier: BSD-2-Clause
#
# headers.S: files whose ELF header, or a table that it names, is wrong.
	.include "elf.inc"

	# --- the file ends too early --------------------------------------------------
	blob TRUNCATED only_the_magic
	.byte 0x7f, 'E', 'L', 'F'
	end only_the_magic

	blob TRUNCATED half_an_elf_header
	.byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0
	.zero 8
	.short ET_EXEC, X86_64
	end half_an_elf_header

	blob TRUNCATED segment_past_the_end
	ehdr
	phdr filesz=0x2000, memsz=0x2000
	code
	end segment_past_the_end

	# Within the last page, where a loader that maps whole pages reads on.
	blob TRUNCATED segment_one_byte_past_the_end
	ehdr
	phdr filesz=0x201, memsz=0x201
	code
	end segment_one_byte_past_the_end

	blob TRUNCATED segment_begins_behind_the_end
	ehdr
	phdr offset=0x1000
	code
	end segment_begins_behind_the_end

	# p_offset + p_filesz = 0x200 modulo 2^64
	blob TRUNCATED file_range_wraps
	ehdr
	phdr offset=0xfffffffffffffe00, filesz=0x400, memsz=0x400
	code
	end file_range_wraps

	blob TRUNCATED interp_past_the_end
	ehdr phnum=2
	phdr
	phdr type=INTERP, offset=0x1ff, filesz=2, memsz=2, align=1
	code
	end interp_past_the_end

	blob TRUNCATED note_past_the_end
	ehdr phnum=2
	phdr
	phdr type=NOTE, offset=0x180, filesz=0x100, memsz=0x100, align=4
	code
	end note_past_the_end

	# --- the header contradicts its format ----------------------------------------
	blob BAD_HEADER ident_version_zero
	ehdr version=0
	phdr
	code
	end ident_version_zero

	blob BAD_HEADER object_version_two
	ehdr object_version=2
	phdr
	code
	end object_version_two

	blob BAD_HEADER header_of_52_bytes
	ehdr ehsize=52
	phdr
	code
	end header_of_52_bytes

	blob BAD_HEADER phentsize_of_elf32
	ehdr phentsize=32
	phdr
	code
	end phentsize_of_elf32

	blob BAD_HEADER phentsize_zero
	ehdr phentsize=0
	phdr
	code
	end phentsize_zero

	blob BAD_HEADER program_headers_outside
	ehdr phoff=0x1000
	phdr
	code
	end program_headers_outside

	blob BAD_HEADER last_program_header_outside
	ehdr phoff=0x1c9
	phdr
	code
	end last_program_header_outside

	# phoff + 56 = 8 modulo 2^64
	blob BAD_HEADER program_headers_wrap
	ehdr phoff=0xffffffffffffffd0
	phdr
	code
	end program_headers_wrap

	blob BAD_HEADER too_many_program_headers
	ehdr phnum=0xfffe
	phdr
	code
	end too_many_program_headers

	blob BAD_HEADER xnum_without_sections
	ehdr phnum=PN_XNUM
	phdr
	code
	end xnum_without_sections

	blob BAD_HEADER xnum_with_section_0_outside
	ehdr phnum=PN_XNUM, shoff=0x1c1, shentsize=64, shnum=1
	phdr
	code
	end xnum_with_section_0_outside

	blob BAD_HEADER xnum_with_wrong_shentsize
	ehdr phnum=PN_XNUM, shoff=0x200, shentsize=40, shnum=1
	phdr
	code
	shdr info=1
	end xnum_with_wrong_shentsize

	blob BAD_HEADER xnum_counts_more_than_the_file_has
	ehdr phnum=PN_XNUM, shoff=0x200, shentsize=64, shnum=1
	phdr
	code
	shdr info=0xffffffff
	end xnum_counts_more_than_the_file_has

	blob BAD_HEADER sections_outside
	ehdr shoff=0x200, shentsize=64, shnum=2
	phdr
	code
	shdr
	end sections_outside

	blob BAD_HEADER extended_section_count_outside
	ehdr shoff=0x200, shentsize=64, shnum=0
	phdr
	code
	shdr bytes=0x8000000000000000
	end extended_section_count_outside

	# --- what may be there once ---------------------------------------------------
	blob BAD_HEADER two_interp
	ehdr phnum=3
	phdr type=INTERP, offset=0x1f0, vaddr=0x4001f0, filesz=4, memsz=4, align=1
	phdr
	phdr type=INTERP, offset=0x1f0, vaddr=0x4001f0, filesz=4, memsz=4, align=1
	code
	end two_interp

	blob BAD_HEADER two_dynamic
	ehdr phnum=3
	phdr
	phdr type=DYNAMIC, offset=0x1e0, vaddr=0x4001e0, filesz=16, memsz=16, align=8
	phdr type=DYNAMIC, offset=0x1e0, vaddr=0x4001e0, filesz=16, memsz=16, align=8
	.org 0x1f0
	code
	end two_dynamic

	blob BAD_HEADER two_tls
	ehdr phnum=3
	phdr
	phdr type=TLS, flags=R, offset=0x1f0, vaddr=0x4001f0, filesz=8, memsz=16, align=8
	phdr type=TLS, flags=R, offset=0x1f0, vaddr=0x4001f0, filesz=8, memsz=16, align=8
	code
	end two_tls

	blob BAD_HEADER two_phdr
	ehdr phnum=3
	phdr type=PHDR, flags=R, offset=64, vaddr=0x400040, filesz=168, memsz=168, align=8
	phdr type=PHDR, flags=R, offset=64, vaddr=0x400040, filesz=168, memsz=168, align=8
	phdr
	code
	end two_phdr

	# --- headers that no segment backs --------------------------------------------
	blob BAD_HEADER tls_in_no_segment
	ehdr phnum=2
	phdr
	phdr type=TLS, flags=R, offset=0x1f0, vaddr=0x500000, filesz=8, memsz=16, align=8
	code
	end tls_in_no_segment

	blob BAD_HEADER dynamic_at_another_offset
	ehdr phnum=2
	phdr
	phdr type=DYNAMIC, offset=0x1d0, vaddr=0x4001e0, filesz=16, memsz=16, align=8
	.org 0x1f0
	code
	end dynamic_at_another_offset

	blob BAD_HEADER init_array_in_no_segment
	movable
	dyn DT_INIT_ARRAY, 0x8000
	dyn DT_INIT_ARRAYSZ, 8
	relocations
	words
	end init_array_in_no_segment

	blob BAD_HEADER note_longer_than_its_segment
	ehdr phnum=2
	phdr
	phdr type=NOTE, flags=R, offset=0x1c0, vaddr=0x4001c0, filesz=0x30, memsz=0x30, align=4
	.org 0x1c0
	note_header 4, 0xfffffff0, 3
	.asciz "GNU"
	code
	end note_longer_than_its_segment

	blob BAD_HEADER notes_that_overlap
	ehdr phnum=4
	phdr
	.rept 3
	phdr type=NOTE, flags=R, offset=0, vaddr=0, filesz=0x140, memsz=0x140, align=4
	.endr
	code
	end notes_that_overlap

	# --- another class, another machine -------------------------------------------
	blob WRONG_CLASS elf32
	.byte 0x7f, 'E', 'L', 'F', 1, 1, 1, 0
	.zero 8
	.short ET_EXEC, 3
	.long 1, 0x100000, 52, 0, 0
	.short 52, 32, 1, 0, 0, 0
	.long LOAD, 0, 0x100000, 0x100000, 0x60, 0x60, R+X, 0x1000
	.zero 12
	end elf32

	blob WRONG_CLASS big_endian
	ehdr data=2
	phdr
	code
	end big_endian

	blob WRONG_CLASS class_none
	ehdr class=0
	phdr
	code
	end class_none

	blob WRONG_MACHINE riscv
	ehdr machine=243
	phdr
	code
	end riscv

	blob WRONG_MACHINE i386_in_elf64
	ehdr machine=3
	phdr
	code
	end i386_in_elf64
