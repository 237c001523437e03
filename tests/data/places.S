# SPDX-License-Identifier: BSD-2-Clause
#
# places.S: files that read well but cannot be placed as a kernel.
	.include "elf.inc"

	# --- addresses that do not exist ----------------------------------------------
	blob NO_ADDRESS page_zero
	ehdr entry=0x1f0
	phdr vaddr=0
	code
	end page_zero

	blob NO_ADDRESS inside_page_zero
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0xe00, filesz=0, memsz=0x100
	code
	end inside_page_zero

	blob NO_ADDRESS last_page
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0xfffffffffffff000, filesz=0, memsz=0xfff
	code
	end last_page

	blob NO_ADDRESS not_canonical
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0x0000800000000000, filesz=0, memsz=0x1000
	code
	end not_canonical

	blob NO_ADDRESS across_the_canonical_end
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0x00007fffffffe000, filesz=0, memsz=0x3000
	code
	end across_the_canonical_end

	blob NO_ADDRESS not_canonical_aarch64
	ehdr machine=AARCH64, phnum=2
	phdr
	phdr flags=R+W, vaddr=0x0001000000000000, filesz=0, memsz=0x1000
	code
	end not_canonical_aarch64

	blob NO_ADDRESS below_the_high_half_aarch64
	ehdr machine=AARCH64, phnum=2
	phdr
	phdr flags=R+W, vaddr=0xfffe000000000000, filesz=0, memsz=0x1000
	code
	end below_the_high_half_aarch64

	# --- entry ----------------------------------------------------------------------
	blob BAD_ENTRY entry_zero
	ehdr entry=0
	phdr
	code
	end entry_zero

	blob BAD_ENTRY entry_outside
	ehdr entry=0x400200
	phdr
	code
	end entry_outside

	blob BAD_ENTRY entry_in_data
	ehdr phnum=2, entry=0x500000
	phdr
	phdr flags=R+W, vaddr=0x500000
	code
	end entry_in_data

	blob BAD_ENTRY entry_outside_movable
	ehdr type=ET_DYN, entry=0x200000
	phdr vaddr=0
	code
	end entry_outside_movable

	# --- writable and executable ------------------------------------------------------
	blob WX segment_rwx
	ehdr
	phdr flags=R+W+X
	code
	end segment_rwx

	blob WX segment_wx_aarch64
	ehdr machine=AARCH64
	phdr flags=W+X
	code
	end segment_wx_aarch64

	# Both rights are fine; the page that they share would have both.
	blob WX text_and_data_share_a_page
	ehdr phnum=2
	phdr
	phdr flags=R+W, offset=0, vaddr=0x400800, filesz=0x100, memsz=0x100
	code
	end text_and_data_share_a_page

	# --- addresses that belong to something else --------------------------------------
	blob ADDRESS_IN_USE in_the_direct_map
	ehdr entry=0xffff8000002001f0
	phdr vaddr=0xffff800000200000
	code
	end in_the_direct_map

	blob ADDRESS_IN_USE in_the_direct_map_aarch64
	ehdr machine=AARCH64, entry=0xffff0000402001f0
	phdr vaddr=0xffff000040200000
	code
	end in_the_direct_map_aarch64

	# --- more memory than there is -----------------------------------------------------
	blob NO_MEMORY bss_of_a_tebibyte
	ehdr phnum=2
	phdr
	phdr flags=R+W, vaddr=0x500000, filesz=0, memsz=0x10000000000
	code
	end bss_of_a_tebibyte

	blob NO_MEMORY bss_of_a_tebibyte_aarch64
	ehdr machine=AARCH64, phnum=2
	phdr
	phdr flags=R+W, vaddr=0x500000, filesz=0, memsz=0x10000000000
	code
	end bss_of_a_tebibyte_aarch64
