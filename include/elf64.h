/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf64.h: the parts of ELF64 that Smalt reads, in the manuals' own names.
 *
 * Sources: System V gABI 4.3 draft, chapters 4 and 5 (headers, notes, dynamic
 * section, relocation); Linux gABI extensions (GNU_PROPERTY, GNU_RELRO,
 * GNU_STACK); psABI x86-64 1.0 and AAELF64 (properties of the processors); Xen's
 * public/elfnote.h. Files are little endian and read through span.h: the
 * structures give names and places, nothing is ever cast to them. Not named
 * elf.h: <libelf.h> would find it instead of the C library's.
 */
#ifndef ELF64_H
#define ELF64_H

#include <stddef.h>
#include <stdint.h>

/* e_ident, gABI "ELF Identification" */
#define ELF_MAGIC      "\177ELF"
#define EI_CLASS       4
#define EI_DATA        5
#define EI_VERSION     6
#define EI_NIDENT      16
#define ELFCLASS64     2
#define ELFDATA2LSB    1
#define EV_CURRENT     1

/* e_type */
#define ET_REL         1
#define ET_EXEC        2
#define ET_DYN         3
#define ET_CORE        4

#define EM_X86_64      62
#define EM_AARCH64     183
#define PN_XNUM        0xffff    /* e_phnum: the number is sh_info of section 0 */

/* p_type */
#define PT_LOAD         1
#define PT_DYNAMIC      2
#define PT_INTERP       3
#define PT_NOTE         4
#define PT_PHDR         6
#define PT_TLS          7
#define PT_GNU_STACK    0x6474e551
#define PT_GNU_RELRO    0x6474e552
#define PT_GNU_PROPERTY 0x6474e553

/* p_flags: the same numbers as SMALT_X, W, R */
#define PF_X           1
#define PF_W           2
#define PF_R           4

/* Notes: owner "GNU", "Xen" */
#define NT_GNU_BUILD_ID          3
#define NT_GNU_PROPERTY_TYPE_0   5
#define XEN_ELFNOTE_PHYS32_ENTRY 18

/* pr_type of NT_GNU_PROPERTY_TYPE_0; the same numbers mean other things on other processors */
#define GNU_PROPERTY_X86_FEATURE_1_AND     0xc0000002
#define GNU_PROPERTY_X86_ISA_1_NEEDED      0xc0008002
#define GNU_PROPERTY_AARCH64_FEATURE_1_AND 0xc0000000
#define GNU_PROPERTY_AARCH64_FEATURE_PAUTH 0xc0000001

/* d_tag */
#define DT_NULL          0
#define DT_NEEDED        1
#define DT_PLTRELSZ      2
#define DT_HASH          4
#define DT_STRTAB        5
#define DT_SYMTAB        6
#define DT_RELA          7
#define DT_RELASZ        8
#define DT_RELAENT       9
#define DT_STRSZ         10
#define DT_SYMENT        11
#define DT_SONAME        14
#define DT_SYMBOLIC      16
#define DT_REL           17
#define DT_RELSZ         18
#define DT_RELENT        19
#define DT_PLTREL        20
#define DT_TEXTREL       22
#define DT_JMPREL        23
#define DT_INIT_ARRAY    25
#define DT_FINI_ARRAY    26
#define DT_INIT_ARRAYSZ  27
#define DT_FINI_ARRAYSZ  28
#define DT_FLAGS         30
#define DT_RELRSZ        35
#define DT_RELR          36
#define DT_RELRENT       37
#define DF_SYMBOLIC      2
#define DF_TEXTREL       4
#define DT_GNU_HASH            0x6ffffef5
#define DT_CREL                0x40000026
#define DT_ANDROID_REL         0x6000000f
#define DT_ANDROID_RELA        0x60000011
#define DT_ANDROID_RELR        0x6fffe000
#define DT_AARCH64_AUTH_RELR   0x70000012

/* Symbols: gABI "Symbol Table"; STT_GNU_IFUNC, STB_GNU_UNIQUE: Linux gABI extensions */
#define SHN_UNDEF      0
#define SHN_LORESERVE  0xff00
#define SHN_ABS        0xfff1
#define SHN_XINDEX     0xffff    /* the section's true number stands elsewhere */
#define STB_LOCAL      0         /* st_info >> 4 */
#define STB_GLOBAL     1
#define STB_WEAK       2
#define STB_GNU_UNIQUE 10
#define STT_NOTYPE     0         /* st_info & 15 */
#define STT_OBJECT     1
#define STT_FUNC       2
#define STT_COMMON     5
#define STT_TLS        6
#define STT_GNU_IFUNC  10
#define STV_DEFAULT    0         /* st_other & 3 */
#define STV_PROTECTED  3

struct elf64_header {
	uint8_t e_ident[EI_NIDENT];
	uint16_t e_type;
	uint16_t e_machine;
	uint32_t e_version;
	uint64_t e_entry;
	uint64_t e_phoff;
	uint64_t e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize;
	uint16_t e_phentsize;
	uint16_t e_phnum;
	uint16_t e_shentsize;
	uint16_t e_shnum;
	uint16_t e_shstrndx;
};

struct elf64_phdr {
	uint32_t p_type;
	uint32_t p_flags;
	uint64_t p_offset;
	uint64_t p_vaddr;
	uint64_t p_paddr;
	uint64_t p_filesz;
	uint64_t p_memsz;
	uint64_t p_align;
};

struct elf64_shdr {
	uint32_t sh_name;
	uint32_t sh_type;
	uint64_t sh_flags;
	uint64_t sh_addr;
	uint64_t sh_offset;
	uint64_t sh_size;
	uint32_t sh_link;
	uint32_t sh_info;
	uint64_t sh_addralign;
	uint64_t sh_entsize;
};

struct elf64_nhdr {              /* name and descriptor follow, each padded to 4 or 8 */
	uint32_t n_namesz;
	uint32_t n_descsz;
	uint32_t n_type;
};

struct elf64_property {          /* data follows, padded to 8 */
	uint32_t pr_type;
	uint32_t pr_datasz;
};

struct elf64_dyn {
	uint64_t d_tag;
	uint64_t d_val;
};

struct elf64_sym {
	uint32_t st_name;
	uint8_t st_info;
	uint8_t st_other;
	uint16_t st_shndx;
	uint64_t st_value;
	uint64_t st_size;
};

struct elf64_rel {
	uint64_t r_offset;
	uint64_t r_info;         /* symbol << 32 | type */
};

struct elf64_rela {
	uint64_t r_offset;
	uint64_t r_info;
	uint64_t r_addend;
};

#define ELF64_AT(type, member, at) \
	_Static_assert(offsetof(struct type, member) == (at), #type "." #member)
#define ELF64_BYTES(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), #type)

ELF64_AT(elf64_header, e_type, 16);
ELF64_AT(elf64_header, e_machine, 18);
ELF64_AT(elf64_header, e_version, 20);
ELF64_AT(elf64_header, e_entry, 24);
ELF64_AT(elf64_header, e_phoff, 32);
ELF64_AT(elf64_header, e_shoff, 40);
ELF64_AT(elf64_header, e_flags, 48);
ELF64_AT(elf64_header, e_ehsize, 52);
ELF64_AT(elf64_header, e_phentsize, 54);
ELF64_AT(elf64_header, e_phnum, 56);
ELF64_AT(elf64_header, e_shentsize, 58);
ELF64_AT(elf64_header, e_shnum, 60);
ELF64_AT(elf64_header, e_shstrndx, 62);
ELF64_BYTES(elf64_header, 64);

ELF64_AT(elf64_phdr, p_type, 0);
ELF64_AT(elf64_phdr, p_flags, 4);
ELF64_AT(elf64_phdr, p_offset, 8);
ELF64_AT(elf64_phdr, p_vaddr, 16);
ELF64_AT(elf64_phdr, p_paddr, 24);
ELF64_AT(elf64_phdr, p_filesz, 32);
ELF64_AT(elf64_phdr, p_memsz, 40);
ELF64_AT(elf64_phdr, p_align, 48);
ELF64_BYTES(elf64_phdr, 56);

ELF64_AT(elf64_shdr, sh_size, 32);
ELF64_AT(elf64_shdr, sh_info, 44);
ELF64_BYTES(elf64_shdr, 64);

ELF64_AT(elf64_nhdr, n_descsz, 4);
ELF64_AT(elf64_nhdr, n_type, 8);
ELF64_BYTES(elf64_nhdr, 12);
ELF64_AT(elf64_property, pr_datasz, 4);
ELF64_BYTES(elf64_property, 8);
ELF64_AT(elf64_dyn, d_val, 8);
ELF64_BYTES(elf64_dyn, 16);
ELF64_AT(elf64_sym, st_info, 4);
ELF64_AT(elf64_sym, st_other, 5);
ELF64_AT(elf64_sym, st_shndx, 6);
ELF64_AT(elf64_sym, st_value, 8);
ELF64_AT(elf64_sym, st_size, 16);
ELF64_BYTES(elf64_sym, 24);
ELF64_AT(elf64_rel, r_info, 8);
ELF64_BYTES(elf64_rel, 16);
ELF64_AT(elf64_rela, r_info, 8);
ELF64_AT(elf64_rela, r_addend, 16);
ELF64_BYTES(elf64_rela, 24);

#endif
