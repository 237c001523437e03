/* SPDX-License-Identifier: 0BSD */
/*
 * status.h: every status: X(name, what it means, what to do about it).
 *
 * Self-contained: C99, C++, and for assembler nothing. New ones are appended, so that a number
 * keeps its meaning. The names, the texts and docs/statuses.md come from this list. A
 * status enters with the change that first returns it, and with a test.
 */
#ifndef SMALT_STATUS_H
#define SMALT_STATUS_H

#define SMALT_STATUS_LIST(X) \
	X(OK, "done", "") \
	X(INVALID, "the request contradicts itself", \
	  "A flag is unknown, or an argument stands without its flag. Correct the call.") \
	X(TOO_SMALL, "the caller's table has too few entries", \
	  "The number that is needed was written back: call again with that many.") \
	X(NO_MEMORY, "no free memory of the wanted size and alignment", \
	  "Give the machine more memory, make bss or modules smaller, or free low memory.") \
	X(NOT_FOUND, "a named file does not exist", \
	  "Compare the name with the archive's files (cpio -t); names are relative to its root.") \
	X(TRUNCATED, "a range ends behind the end of the file", \
	  "The file was cut off while it was copied or downloaded, or its headers are damaged: build it again.") \
	X(BAD_HEADER, "a file header contradicts its format", \
	  "The tool that wrote the file is wrong or the file is damaged: compare with readelf -hlW.") \
	X(BAD_SEGMENT, "a segment has more bytes in the file than in memory", \
	  "p_filesz must not exceed p_memsz: correct the linker script.") \
	X(OVERFLOW, "an address plus a size exceeds 64 bits", \
	  "Correct the segment's address or size in the linker script.") \
	X(NO_ADDRESS, "the machine has no such virtual address", \
	  "Link the object to a canonical address, above page 0 and below the machine's last page.") \
	X(MISALIGNED, "an alignment is not a power of two, or an address breaks it", \
	  "p_align must be 0 or a power of two; a fixed address must be a multiple of it.") \
	X(OVERLAP, "two segments claim the same bytes", \
	  "Separate the segments in the linker script.") \
	X(BAD_ENTRY, "the entry point is not inside an executable segment", \
	  "Set ENTRY() in the linker script, or mark the segment that holds it executable.") \
	X(WX, "memory would be writable and executable", \
	  "Link with -z separate-code, or allow it with wx=allow.") \
	X(ADDRESS_IN_USE, "an address range belongs to something else", \
	  "Link the object elsewhere, or make it position independent.") \
	X(NOT_MAPPABLE, "there is nothing to map", \
	  "The object needs at least one PT_LOAD segment with p_memsz > 0.") \
	X(WRONG_CLASS, "the object is not 64-bit little endian", \
	  "Build it for ELFCLASS64, ELFDATA2LSB.") \
	X(WRONG_MACHINE, "the object is for another machine", \
	  "Use the loader of that machine, or build the object for this one.") \
	X(MISSING_CAPABILITY, "the CPU lacks what the object needs", \
	  "Run it on a CPU that has it (QEMU: -cpu max), or build it for a lower level.") \
	X(DEVICE, "the firmware could not do what it was asked for", \
	  "Check the disk and its file system (fsck.fat); the number is the EFI_STATUS without its top bit.") \
	X(MEMORY_CHANGED, "the firmware took memory while the boot was planned", \
	  "It was planned anew several times: remove drivers or devices that are busy, or report it.") \
	X(BAD_RELOCATION, "a relocation cannot be applied", \
	  "docs/linking.md has what is applied: link with -z text, without copy relocations and ifuncs.") \
	X(BAD_NOTE, "the kernel's SMALT note is malformed", \
	  "Use SMALT_REQUEST() of smalt/request.h.") \
	X(BAD_CONFIG, "smalt.conf is malformed", \
	  "Correct the line; docs/config.md has every key.") \
	X(BAD_ARCHIVE, "the boot archive is malformed", \
	  "Make it with smalt pack, or with cpio -o -H newc, not compressed.") \
	X(BAD_DEVICETREE, "the devicetree is malformed", \
	  "Compare with dtc -I dtb; dumpdtb of QEMU writes the one it passes.") \
	X(BAD_FIRMWARE, "the firmware passed contradictory information", \
	  "Report it to the firmware's authors with the line above.") \
	X(BAD_ENVIRONMENT, "the recorded environment is malformed", \
	  "Use the lines exactly as smalt.env=serial printed them.") \
	X(AUDIT, "the page tables do not agree with the plan", \
	  "This is a defect of Smalt: report it with the output of smalt.env=serial.") \
	X(NOT_AUTHORIZED, "an object that must not run has executable memory", \
	  "Link it without executable segments, or remove exec=no.") \
	X(UNDEFINED_SYMBOL, "nobody defines a symbol", \
	  "Give the module that defines it, name it in DT_NEEDED, or link the kernel with --export-dynamic.")

#ifndef __ASSEMBLER__
/* SMALT_STATUS_OK is 0. */
enum smalt_status {
#define SMALT_STATUS_(name, text, remedy) SMALT_STATUS_##name,
	SMALT_STATUS_LIST(SMALT_STATUS_)
#undef SMALT_STATUS_
	SMALT_STATUS_COUNT
};
#endif

#endif
