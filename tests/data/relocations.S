# SPDX-License-Identifier: BSD-2-Clause
#
# relocations.S: position-independent kernels that cannot be relocated. Numbers:
# psABI x86-64, table "Relocation Types"; AAELF64, "Dynamic relocations".
	.include "elf.inc"

	.set RELATIVE, 8
	.set RELATIVE_AARCH64, 1027

# A kernel with one relocation, in a table of RELA.
.macro relocated offset, type=RELATIVE, machine=X86_64
	movable \machine
	dyn DT_RELA, 0x1300
	dyn DT_RELASZ, 24
	dyn DT_RELAENT, 24
	relocations
	rela \offset, \type, 0x100
	words
.endm

# ... whose tags are given: tag and value, three times.
.macro tagged t1, v1, t2=DT_NULL, v2=0, t3=DT_NULL, v3=0
	movable
	dyn \t1, \v1
	dyn \t2, \v2
	dyn \t3, \v3
	relocations
	rela 0x1380, RELATIVE, 0x100
	words
.endm

	# --- targets ------------------------------------------------------------------
	blob BAD_RELOCATION into_zero_fill
	relocated 0x1400
	end into_zero_fill

	blob BAD_RELOCATION across_the_end_of_file_bytes
	relocated 0x13f9
	end across_the_end_of_file_bytes

	blob BAD_RELOCATION into_text
	relocated 0x100
	end into_text

	blob BAD_RELOCATION into_no_segment
	relocated 0x9000
	end into_no_segment

	blob BAD_RELOCATION across_the_end_of_memory
	relocated 0xfffffffffffffffc
	end across_the_end_of_memory

	blob BAD_RELOCATION into_text_aarch64
	relocated 0x100, RELATIVE_AARCH64, AARCH64
	end into_text_aarch64

	# --- types ----------------------------------------------------------------------
	blob BAD_RELOCATION copy
	relocated 0x1380, 5
	end copy

	blob BAD_RELOCATION indirect_function
	relocated 0x1380, 37
	end indirect_function

	blob BAD_RELOCATION unknown_type
	relocated 0x1380, 4096
	end unknown_type

	blob BAD_RELOCATION copy_aarch64
	relocated 0x1380, 1024, AARCH64
	end copy_aarch64

	blob BAD_RELOCATION relative_of_the_other_machine
	relocated 0x1380, RELATIVE, AARCH64
	end relative_of_the_other_machine

	blob BAD_RELOCATION indirect_function_of_a_plt
	movable
	dyn DT_JMPREL, 0x1300
	dyn DT_PLTRELSZ, 24
	dyn DT_PLTREL, DT_RELA
	relocations
	rela 0x1380, 37
	words
	end indirect_function_of_a_plt

	# --- tables ---------------------------------------------------------------------
	blob BAD_RELOCATION table_of_25_bytes
	tagged DT_RELA, 0x1300, DT_RELASZ, 25
	end table_of_25_bytes

	blob BAD_RELOCATION entries_of_16_bytes
	tagged DT_RELA, 0x1300, DT_RELASZ, 48, DT_RELAENT, 16
	end entries_of_16_bytes

	blob BAD_RELOCATION table_past_the_end
	tagged DT_RELA, 0x1300, DT_RELASZ, 0x180
	end table_past_the_end

	blob BAD_RELOCATION table_of_nearly_2_to_the_64
	tagged DT_RELA, 0x1300, DT_RELASZ, 0xfffffffffffffff0
	end table_of_nearly_2_to_the_64

	blob BAD_RELOCATION table_without_bytes
	tagged DT_RELA, 0x1300
	end table_without_bytes

	blob BAD_RELOCATION bytes_without_table
	tagged DT_RELASZ, 24
	end bytes_without_table

	blob BAD_RELOCATION table_in_no_segment
	tagged DT_RELA, 0x300, DT_RELASZ, 24
	end table_in_no_segment

	blob BAD_RELOCATION packed_for_android
	tagged 0x60000011, 0x1300
	end packed_for_android

	blob BAD_RELOCATION plt_of_unknown_kind
	tagged DT_JMPREL, 0x1300, DT_PLTRELSZ, 24, DT_PLTREL, 1
	end plt_of_unknown_kind

	blob BAD_HEADER tag_twice
	tagged DT_RELA, 0x1300, DT_RELA, 0x1310, DT_RELASZ, 24
	end tag_twice

	# --- RELR -------------------------------------------------------------------------
	blob BAD_RELOCATION relr_begins_with_a_bitmap
	movable
	dyn DT_RELR, 0x1300
	dyn DT_RELRSZ, 8
	relocations
	.quad 3
	words
	end relr_begins_with_a_bitmap

	# 0x13f0, and the word behind the next one: 0x1400
	blob BAD_RELOCATION relr_bitmap_into_zero_fill
	movable
	dyn DT_RELR, 0x1300
	dyn DT_RELRSZ, 16
	dyn DT_RELRENT, 8
	relocations
	.quad 0x13f0, 1 + (1 << 1) + (1 << 2)
	words
	end relr_bitmap_into_zero_fill

	blob BAD_RELOCATION relr_of_four_bytes
	movable
	dyn DT_RELR, 0x1300
	dyn DT_RELRSZ, 4
	relocations
	.quad 0x1380
	words
	end relr_of_four_bytes

	# --- good ones -----------------------------------------------------------------------
	blob OK relocated_rela
	movable
	dyn DT_RELA, 0x1300
	dyn DT_RELASZ, 72
	dyn DT_RELAENT, 24
	relocations
	rela 0x1380, RELATIVE, 0x111
	rela 0, 0, 0
	rela 0x13f8, RELATIVE, 0x222
	words
	end relocated_rela

	blob OK relocated_rela_aarch64
	relocated 0x13f1, RELATIVE_AARCH64, AARCH64
	end relocated_rela_aarch64

	blob OK relocated_rel
	movable
	dyn DT_REL, 0x1300
	dyn DT_RELSZ, 16
	dyn DT_RELENT, 16
	relocations
	.quad 0x1390, RELATIVE
	words
	end relocated_rel

	# The word at 0x1380, then by two bitmaps: of 0x1388.. the 1st and 3rd, of 0x1580.. none.
	blob OK relocated_relr
	movable
	dyn DT_RELR, 0x1300
	dyn DT_RELRSZ, 32
	dyn DT_RELRENT, 8
	relocations
	.quad 0x1380, 1 + (1 << 1) + (1 << 3), 1, 0x13f0
	words
	end relocated_relr
