# SPDX-License-Identifier: BSD-2-Clause
#
# notes.S: kernels that ask for what they cannot have (include/smalt/request.h).
	.include "elf.inc"

# A kernel with one note of `desc_bytes` (at most 0x90), which follow, at offset 0x138.
.macro noted machine=X86_64, owner_bytes=6, desc_bytes=40, type=1, align=4, note_bytes=0xb8
	ehdr machine=\machine, phnum=2
	phdr
	phdr type=NOTE, flags=R, offset=0x138, vaddr=0x400138, filesz=\note_bytes, memsz=\note_bytes, align=\align
	.org 0x138
	note_header \owner_bytes, \desc_bytes, \type
.endm

.macro smalt_owner
	.asciz "SMALT"
	.balign 4
.endm

.macro request bytes=40, version=1, stack=0, direct_map_va=0, direct_map=0, flags=0, levels=0, reserved=0
	.long \bytes, \version
	.quad \stack, \direct_map_va
	.long \direct_map, \flags, \levels, \reserved
.endm

# 12 + 8 + 40 bytes of note
.macro requesting bytes=40, version=1, stack=0, direct_map_va=0, direct_map=0, flags=0, levels=0, reserved=0
	noted note_bytes=60
	smalt_owner
	request \bytes, \version, \stack, \direct_map_va, \direct_map, \flags, \levels, \reserved
	code
.endm

	blob BAD_NOTE unknown_version
	requesting version=2
	end unknown_version

	blob BAD_NOTE version_zero
	requesting version=0
	end version_zero

	blob BAD_NOTE says_more_bytes_than_it_has
	requesting bytes=48
	end says_more_bytes_than_it_has

	blob BAD_NOTE says_four_bytes
	requesting bytes=4
	end says_four_bytes

	blob BAD_NOTE stack_of_two_gibibytes
	requesting stack=0x80000000
	end stack_of_two_gibibytes

	blob BAD_NOTE unknown_direct_map
	requesting direct_map=4
	end unknown_direct_map

	blob BAD_NOTE unknown_flag
	requesting flags=0x80000000
	end unknown_flag

	blob BAD_NOTE direct_map_not_a_multiple_of_a_gibibyte
	requesting direct_map=3, direct_map_va=0xffff800000001000
	end direct_map_not_a_multiple_of_a_gibibyte

	blob BAD_NOTE empty_request
	noted desc_bytes=0, note_bytes=20
	smalt_owner
	code
	end empty_request

	blob BAD_NOTE two_requests
	noted note_bytes=120
	smalt_owner
	request
	note_header 6, 40, 1
	smalt_owner
	request
	code
	end two_requests

	# --- what no CPU has ----------------------------------------------------------------
	# GNU_PROPERTY_X86_ISA_1_NEEDED with a level behind v4.
	blob MISSING_CAPABILITY isa_level_from_the_future
	noted owner_bytes=4, desc_bytes=16, type=5, align=8, note_bytes=32
	.asciz "GNU"
	.long 0xc0008002, 4, 0x10, 0
	code
	end isa_level_from_the_future

	# GNU_PROPERTY_AARCH64_FEATURE_PAUTH: Linux (0x10000002), version 0x55
	blob MISSING_CAPABILITY pauth_abi
	noted machine=AARCH64, owner_bytes=4, desc_bytes=24, type=5, align=8, note_bytes=40
	.asciz "GNU"
	.long 0xc0000001, 16
	.quad 0x10000002, 0x55
	code
	end pauth_abi

	# --- malformed notes of others --------------------------------------------------------
	blob BAD_HEADER property_longer_than_its_note
	noted owner_bytes=4, desc_bytes=16, type=5, align=8, note_bytes=32
	.asciz "GNU"
	.long 0xc0008002, 12, 1, 0
	code
	end property_longer_than_its_note

	blob BAD_HEADER isa_needed_of_eight_bytes
	noted owner_bytes=4, desc_bytes=16, type=5, align=8, note_bytes=32
	.asciz "GNU"
	.long 0xc0008002, 8, 1, 0
	code
	end isa_needed_of_eight_bytes

	blob BAD_HEADER pvh_note_of_two_bytes
	noted owner_bytes=4, desc_bytes=2, type=18, note_bytes=20
	.asciz "Xen"
	.short 1, 0
	code
	end pvh_note_of_two_bytes

	# --- good ones ---------------------------------------------------------------------------
	blob OK request_of_everything
	requesting stack=0x20000, direct_map=3, direct_map_va=0xffff900000000000, flags=1, levels=4
	end request_of_everything

	blob OK build_id_and_an_unpadded_end
	noted owner_bytes=4, desc_bytes=3, type=3, note_bytes=19
	.asciz "GNU"
	.byte 0xab, 0xcd, 0xef
	code
	end build_id_and_an_unpadded_end

	# FEATURE_1_AND never refuses: IBT and SHSTK; then ISA_1_NEEDED baseline.
	blob OK features_and_baseline
	noted owner_bytes=4, desc_bytes=32, type=5, align=8, note_bytes=48
	.asciz "GNU"
	.long 0xc0000002, 4, 3, 0
	.long 0xc0008002, 4, 1, 0
	code
	end features_and_baseline

	blob OK features_of_aarch64
	noted machine=AARCH64, owner_bytes=4, desc_bytes=16, type=5, align=8, note_bytes=32
	.asciz "GNU"
	.long 0xc0000000, 4, 3, 0
	code
	end features_of_aarch64
