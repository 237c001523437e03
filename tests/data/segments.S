# SPDX-License-Identifier: BSD-2-Clause
#
# segments.S: files whose segments contradict themselves or each other.
	.include "elf.inc"

	blob BAD_SEGMENT more_file_than_memory
	ehdr
	phdr filesz=0x200, memsz=0x1ff
	code
	end more_file_than_memory

	blob BAD_SEGMENT file_bytes_without_memory
	ehdr phnum=2
	phdr
	phdr vaddr=0x500000, filesz=1, memsz=0
	code
	end file_bytes_without_memory

	blob BAD_SEGMENT tls_with_more_file_than_memory
	ehdr phnum=2
	phdr
	phdr type=TLS, flags=R, offset=0x1f0, vaddr=0x4001f0, filesz=16, memsz=8, align=8
	code
	end tls_with_more_file_than_memory

	blob OVERFLOW segment_wraps
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0xffffffffffff0000, filesz=0, memsz=0x20000
	code
	end segment_wraps

	# Ends exactly at 2^64: an exclusive end has no number.
	blob OVERFLOW segment_ends_at_2_to_the_64
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0xffffffffffff0000, filesz=0, memsz=0x10000
	code
	end segment_ends_at_2_to_the_64

	blob OVERFLOW bss_of_all_memory
	ehdr
	phdr memsz=0xffffffffffffffff
	code
	end bss_of_all_memory

	blob OVERFLOW relro_wraps
	ehdr phnum=2
	phdr
	phdr type=GNU_RELRO, flags=R, vaddr=0x400000, filesz=0, memsz=0xffffffffffffffff
	code
	end relro_wraps

	blob MISALIGNED align_of_three
	ehdr
	phdr align=3
	code
	end align_of_three

	blob MISALIGNED align_of_a_page_and_one
	ehdr
	phdr align=0x1001
	code
	end align_of_a_page_and_one

	blob MISALIGNED align_of_all_ones
	ehdr
	phdr align=0xffffffffffffffff
	code
	end align_of_all_ones

	blob OVERLAP same_bytes_twice
	ehdr phnum=2
	phdr
	phdr
	code
	end same_bytes_twice

	blob OVERLAP by_one_byte
	ehdr phnum=2
	phdr
	phdr flags=R, vaddr=0x4001ff, filesz=0, memsz=0x10
	code
	end by_one_byte

	blob OVERLAP nested_and_reversed
	ehdr phnum=2
	phdr flags=R, vaddr=0x400100, filesz=0, memsz=0x10
	phdr
	code
	end nested_and_reversed

	blob OVERLAP third_with_first
	ehdr phnum=3
	phdr memsz=0x4000
	phdr flags=R, vaddr=0x500000, filesz=0, memsz=0x10
	phdr flags=R, vaddr=0x402000, filesz=0, memsz=0x10
	code
	end third_with_first

	blob NOT_MAPPABLE no_program_headers
	ehdr phnum=0
	code
	end no_program_headers

	blob NOT_MAPPABLE no_load_segment
	ehdr
	phdr type=GNU_STACK, flags=R+W, filesz=0, memsz=0, align=16
	code
	end no_load_segment

	blob NOT_MAPPABLE only_empty_segments
	ehdr phnum=2
	phdr filesz=0, memsz=0
	phdr filesz=0, memsz=0, align=3, offset=0xffffffffffffffff
	code
	end only_empty_segments

	blob NOT_MAPPABLE type_none
	ehdr type=ET_NONE
	phdr
	code
	end type_none

	blob NOT_MAPPABLE type_of_the_processor
	ehdr type=0xff00
	phdr
	code
	end type_of_the_processor

	blob NOT_MAPPABLE relocatable_as_kernel
	ehdr type=ET_REL, phnum=0
	code
	end relocatable_as_kernel
