/* SPDX-License-Identifier: 0BSD */
/*
 * handoff.h: what a kernel receives from Smalt: one table that says what was
 * mapped where, and what the machine is.
 *
 * A kernel is entered with the address of struct smalt_handoff in rdi / x0 and
 * SMALT_MAGIC in rsi / x1; docs/handoff.md has the CPU state bit by bit. The
 * table lies in read-only memory and stays as long as the kernel leaves pages
 * of type SMALT_MEM_RESIDENT alone.
 *
 * Self-contained: needs <stdint.h> of C99 only, works in C++ and, for the
 * constants, in assembler. Every member is little endian. Structures grow by
 * appending: read a member only if it lies within `bytes` (of the handoff) or
 * `entry_bytes` (of an array). `version` changes only when a meaning changes.
 * Addresses are virtual (va) unless the name says pa. An absent address is 0,
 * an absent index is SMALT_NONE. Smalt writes everything, the kernel reads.
 */
#ifndef SMALT_HANDOFF_H
#define SMALT_HANDOFF_H

#define SMALT_MAGIC           0x31544c414d53      /* "SMALT1" in memory order */
#define SMALT_HANDOFF_VERSION 1
#define SMALT_NONE            0xffffffff

/* Rights of a row and of an extent: the ELF gABI's PF_X, PF_W, PF_R, and U. */
#define SMALT_X 1
#define SMALT_W 2
#define SMALT_R 4
#define SMALT_U 8
#define SMALT_G 16                       /* of an extent: guarded, see SMALT_ROW_GUARDED */

/* smalt_row.flags (requirements M4) */
#define SMALT_ROW_ELF_HEADER  (1 << 0)   /* the file's ELF header is in this row */
#define SMALT_ROW_PHDR_TABLE  (1 << 1)   /* the program header table is */
#define SMALT_ROW_AOUT_HEADER (1 << 2)   /* the exec header of an a.out file is */
#define SMALT_ROW_PADDING     (1 << 3)   /* reserved, no access */
#define SMALT_ROW_RELRO       (1 << 4)
#define SMALT_ROW_BSS         (1 << 5)   /* mem_bytes > file_bytes */
#define SMALT_ROW_IN_PLACE    (1 << 6)   /* at least one page is the file's own */
#define SMALT_ROW_COPIED      (1 << 7)   /* at least one page was copied */
#define SMALT_ROW_SHARED      (1 << 8)   /* frames shared with another instance */
#define SMALT_ROW_SHARED_PAGE (1 << 9)   /* shares a page with the row beside it */
#define SMALT_ROW_WIDENED     (1 << 10)  /* the machine cannot express the rights alone */
#define SMALT_ROW_WX          (1 << 11)  /* writable and executable, allowed by wx=allow */
#define SMALT_ROW_VA_MOVED    (1 << 12)
#define SMALT_ROW_TEXTREL     (1 << 13)  /* not writable, and relocated all the same (textrel=allow) */
#define SMALT_ROW_GUARDED     (1 << 14)  /* aarch64: what is branched to must be a BTI instruction */

/* smalt_row.kind */
#define SMALT_KIND_OBJECT      0         /* a segment, or a flat object */
#define SMALT_KIND_STACK       1         /* the boot stack */
#define SMALT_KIND_HANDOFF     2         /* this table */
#define SMALT_KIND_JUMP        3         /* the page that switched to these tables */
#define SMALT_KIND_CPU         4         /* x86_64: GDT, TSS, IDT */
#define SMALT_KIND_REPORTER    5         /* text, data of the fault reporter */
#define SMALT_KIND_FAULT_STACK 6         /* the fault reporter's own stack */
#define SMALT_KIND_SERIAL      7         /* device registers of the console */
#define SMALT_KIND_ACPI        8         /* ACPI tables reached from the RSDP */
#define SMALT_KIND_DEVICETREE  9
#define SMALT_KIND_FRAMEBUFFER 10
#define SMALT_KIND_SMBIOS      11        /* SMBIOS entry point and structure table */
#define SMALT_KIND_EFI_RUNTIME 12        /* with efi_runtime=identity: va == pa */
#define SMALT_KIND_CALLER      13        /* kept by who embeds the library (smalt/map.h) */

/* Why a row has no larger leaves (requirements P5); the first that applies. */
#define SMALT_WHY_NOTHING       0        /* not mapped, or the CPU has no larger leaf */
#define SMALT_WHY_ALIGNMENT     1        /* its virtual address */
#define SMALT_WHY_SIZE          2        /* shorter than the next leaf */
#define SMALT_WHY_RIGHTS        3        /* a neighbour's other rights share the leaf */
#define SMALT_WHY_FRAGMENTATION 4        /* no free memory in one piece */
#define SMALT_WHY_IN_PLACE      5        /* the file's place in memory */
#define SMALT_WHY_COLOR         6

/* smalt_extent.backing */
#define SMALT_BACKING_IN_PLACE 0         /* the page of the file itself */
#define SMALT_BACKING_COPY     1         /* a frame: bytes of the file, zero around them */
#define SMALT_BACKING_ZERO     2         /* a frame of zeros */
#define SMALT_BACKING_PAD      3         /* owned, but of no row: fills up a leaf */
#define SMALT_BACKING_DEVICE   4         /* registers or firmware tables, not a frame of ours */
#define SMALT_BACKING_SHARED   5         /* frames of the first instance, whose extents own them */

/* smalt_extent.memory: how the CPU may access it */
#define SMALT_CACHE_WRITE_BACK    0
#define SMALT_CACHE_WRITE_COMBINE 1      /* aarch64: normal, not cacheable */
#define SMALT_CACHE_DEVICE        2      /* x86_64: UC; aarch64: Device-nGnRE */

/* smalt_memory.type (requirements H3): a closed list */
#define SMALT_MEM_USABLE           1     /* free */
#define SMALT_MEM_RECLAIMABLE      2     /* Smalt's, no longer needed: free at once */
#define SMALT_MEM_BOOT_SERVICES    3     /* free once the kernel has own tables and stack */
#define SMALT_MEM_OBJECT           4     /* frames of rows of the kernel and modules */
#define SMALT_MEM_TABLES           5     /* page tables that are in use */
#define SMALT_MEM_RESIDENT         6     /* handoff, boot stack, GDT, fault reporter */
#define SMALT_MEM_ACPI_RECLAIM     7
#define SMALT_MEM_ACPI_NVS         8
#define SMALT_MEM_EFI_RUNTIME_CODE 9
#define SMALT_MEM_EFI_RUNTIME_DATA 10
#define SMALT_MEM_RESERVED         11
#define SMALT_MEM_MMIO             12
#define SMALT_MEM_BAD              13
#define SMALT_MEM_PERSISTENT       14
#define SMALT_MEM_SPECIFIC_PURPOSE 15
#define SMALT_MEM_UNACCEPTED       16
#define SMALT_MEM_TYPES            17

/* smalt_object.role, .format, .flags */
#define SMALT_ROLE_KERNEL 1
#define SMALT_ROLE_RAW    2              /* a flat module, one row */
#define SMALT_ROLE_MAP    3              /* a module mapped as its format says */
#define SMALT_FORMAT_FLAT  0
#define SMALT_FORMAT_ELF64 1
#define SMALT_FORMAT_IMAGE 2             /* arm64 Image */
#define SMALT_FORMAT_AOUT  3             /* classic a.out */
#define SMALT_FORMAT_PLAN9 4             /* Plan 9's a.out */
#define SMALT_OBJECT_POSITION_INDEPENDENT (1 << 0)   /* the base was chosen by Smalt */
#define SMALT_OBJECT_RELOCATED            (1 << 1)   /* its relocations are applied */
#define SMALT_OBJECT_GNU_STACK            (1 << 2)   /* has PT_GNU_STACK, rights in stack_prot */

/* smalt_object.features: FEATURE_1_AND of the object's machine */
#define SMALT_FEATURE_IBT   (1 << 0)     /* x86_64: ENDBR64 where it is branched to */
#define SMALT_FEATURE_SHSTK (1 << 1)     /* x86_64: works with a shadow stack */
#define SMALT_FEATURE_BTI   (1 << 0)     /* aarch64: BTI where it is branched to */
#define SMALT_FEATURE_PAC   (1 << 1)     /* aarch64: signs return addresses */

/* How the kernel was entered. */
#define SMALT_PATH_PVH   1
#define SMALT_PATH_IMAGE 2
#define SMALT_PATH_UEFI  3
#define SMALT_MACHINE_X86_64  62         /* the ELF gABI's e_machine */
#define SMALT_MACHINE_AARCH64 183

#define SMALT_SERIAL_NONE 0
#define SMALT_SERIAL_8250_PORT 1         /* 16550 at an I/O port */
#define SMALT_SERIAL_PL011 2             /* Arm PL011, registers in a row */
#define SMALT_COUNTER_NONE 0
#define SMALT_COUNTER_TSC 1              /* x86_64: RDTSC */
#define SMALT_COUNTER_CNTVCT 2           /* aarch64: CNTVCT_EL0 */
#define SMALT_PSCI_NONE 0
#define SMALT_PSCI_HVC 1
#define SMALT_PSCI_SMC 2
#define SMALT_ENTROPY_NONE 0
#define SMALT_ENTROPY_DEVICETREE 1       /* /chosen/rng-seed */
#define SMALT_ENTROPY_RDRAND 2
#define SMALT_ENTROPY_RNDR 3
#define SMALT_ENTROPY_EFI_RNG 4
#define SMALT_ENTROPY_RDSEED 5
#define SMALT_FRAMEBUFFER_NONE 0
#define SMALT_FRAMEBUFFER_RGBX 1         /* 32 bits a pixel: red in the lowest byte, then green, blue, none */
#define SMALT_FRAMEBUFFER_BGRX 2
#define SMALT_FRAMEBUFFER_MASK 3         /* as framebuffer_mask says */

/* smalt_colors.policy */
#define SMALT_COLOR_OFF       0          /* no cache geometry is used */
#define SMALT_COLOR_MATCH     1          /* pa == va modulo the way */
#define SMALT_COLOR_SPREAD    2          /* the same inside an object; objects begin at rotating colors */
#define SMALT_COLOR_PARTITION 3          /* each class has colors of its own */

/* smalt_cache.source: who told the geometry */
#define SMALT_CACHE_FROM_NOBODY     0
#define SMALT_CACHE_FROM_CONFIG     1    /* llc_size, llc_ways, llc_line */
#define SMALT_CACHE_FROM_DEVICETREE 2
#define SMALT_CACHE_FROM_CPUID      3    /* x86_64: leaf 4, 8000001DH or 80000006H */
#define SMALT_CACHE_FROM_CCSIDR     4    /* aarch64: CLIDR_EL1, CCSIDR_EL1 */

/* smalt_cache.trust: whether colors are those of the machine's own memory; more is better */
#define SMALT_CACHE_TRUST_NONE       0   /* there is no geometry */
#define SMALT_CACHE_TRUST_HYPERVISOR 1   /* told inside a virtual machine, whose memory lies anywhere */
#define SMALT_CACHE_TRUST_CPU        2
#define SMALT_CACHE_TRUST_FIRMWARE   3
#define SMALT_CACHE_TRUST_CONFIG     4

/* smalt_coloring.flags */
#define SMALT_COLORING_STRICT (1 << 0)   /* partition,strict */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* An array in the handoff's pages: walk it by entry_bytes, not by sizeof. */
struct smalt_array {
	uint64_t va;
	uint32_t count;
	uint32_t entry_bytes;
};

/* One line of the result: what is mapped at [va, va + mem_bytes). Ascending. */
struct smalt_row {
	uint64_t va;             /* first byte, exact: not rounded to a page */
	uint64_t mem_bytes;      /* never 0 */
	uint64_t file_bytes;     /* bytes that came from the object; the rest is zero */
	uint64_t file_offset;    /* of the first byte in the object */
	uint64_t data_offset;    /* va minus the start of its page */
	uint32_t prot;           /* SMALT_R, W, X, U */
	uint32_t flags;          /* SMALT_ROW_* */
	uint32_t kind;           /* SMALT_KIND_* */
	uint32_t object;         /* index in objects, SMALT_NONE for Smalt's own rows */
	uint32_t segment;        /* index of the program header, SMALT_NONE if none */
	uint32_t instance;       /* 0-based; 0 where an object is mapped once */
	uint32_t leaf_shift;     /* log2 of the largest leaf in bytes; 0: not mapped */
	uint32_t why;            /* SMALT_WHY_*: why not larger */
	uint32_t color;          /* color of the first frame, SMALT_NONE if unknown */
	uint32_t leaf_count[7];  /* leaves by index in smalt_handoff.leaf_shift */
};

/* A piece of a row, contiguous in va and pa, with one backing. Ascending. */
struct smalt_extent {
	uint64_t va;             /* a page */
	uint64_t pa;             /* a page */
	uint64_t bytes;          /* whole pages, never 0 */
	uint32_t row;            /* index in rows: the first row of its pages */
	uint32_t backing;        /* SMALT_BACKING_* */
	uint32_t prot;           /* rights in the page tables, SMALT_G: a shared page has the union */
	uint32_t memory;         /* SMALT_CACHE_* */
	uint32_t leaf_shift;     /* log2 of the largest leaf that maps any of it */
	uint32_t color;          /* of the first frame, SMALT_NONE if unknown */
};

/* Physical memory: complete, ascending, disjoint; neighbours differ in type. */
struct smalt_memory {
	uint64_t pa;
	uint64_t bytes;          /* never 0 */
	uint32_t type;           /* SMALT_MEM_* */
	uint32_t reserved;       /* 0 */
};

/* An ELF note of an object. */
struct smalt_note {
	uint64_t va;             /* of the descriptor where it is mapped, else 0 */
	uint64_t file_offset;    /* of the descriptor in the object */
	uint32_t desc_bytes;
	uint32_t type;           /* n_type */
	uint32_t object;         /* index in objects */
	uint32_t owner_bytes;    /* without the NUL */
	uint64_t owner_va;       /* NUL-terminated name, in the handoff's pages */
};

/* What an object says about itself (requirements M16): never guessed. */
struct smalt_object {
	uint64_t name_va;        /* NUL-terminated, in the handoff's pages */
	uint64_t args_va;        /* NUL-terminated args= of the configuration, never 0 */
	uint32_t role;           /* SMALT_ROLE_* */
	uint32_t format;         /* SMALT_FORMAT_* */
	uint32_t flags;          /* SMALT_OBJECT_* */
	uint32_t stack_prot;     /* PT_GNU_STACK's rights */
	uint64_t bytes_pa;       /* the object's bytes, where they still are all in memory */
	uint64_t file_bytes;
	uint64_t base;           /* page of the lowest byte; chosen by Smalt: a multiple of p_align */
	uint64_t bias;           /* added to every address of the file, modulo 2^64 */
	uint64_t image_start;    /* first byte that is mapped, exact */
	uint64_t image_end;      /* one past the last byte, exact */
	uint64_t entry;          /* biased; 0 if the object has none */
	uint64_t phdr_va;        /* where the program headers are mapped, else 0 */
	uint32_t phdr_count;
	uint32_t phdr_entry_bytes;
	uint64_t section_offset; /* e_shoff: of the section header table in the object */
	uint32_t section_count;
	uint32_t section_entry_bytes;
	uint64_t tls_va;         /* PT_TLS: its initial bytes */
	uint64_t tls_file_bytes;
	uint64_t tls_mem_bytes;
	uint64_t tls_align;
	uint64_t dynamic_va;
	uint64_t dynamic_bytes;
	uint64_t relro_va;
	uint64_t relro_bytes;
	uint64_t interp_va;      /* PT_INTERP: NUL-terminated, in the handoff's pages */
	uint64_t build_id_va;    /* in the handoff's pages */
	uint64_t build_id_bytes;
	uint64_t init_array_va;
	uint64_t init_array_bytes;
	uint64_t fini_array_va;
	uint64_t fini_array_bytes;
	uint32_t features;       /* SMALT_FEATURE_*: what its code was made for, never refused */
	uint32_t va_bits;        /* va random: floor(log2(places that base was drawn from)); else 0 */
	uint32_t pa_bits;        /* pa random: the same of its frames, of the piece with the fewest */
	uint32_t tls_module;     /* 1, 2, ... in the order of objects; 0: it has no PT_TLS */
	uint64_t tls_offset;     /* of its TLS block from the thread pointer, modulo 2^64 */
	uint32_t instance;       /* 0-based, as in its rows */
	uint32_t instance_count; /* objects of this file and name, one behind the other; at least 1 */
	uint64_t color_mask;     /* colors that its frames may have; SMALT_COLOR_OFF: 0 */
};

/* What the boot cost, and what it used. Leaves by index in leaf_shift. */
struct smalt_profile {
	uint64_t copied_bytes;
	uint64_t zeroed_bytes;
	uint64_t in_place_bytes;
	uint64_t frames;             /* pages taken for rows and tables */
	uint64_t counter_start;      /* counter at the loader's first instructions */
	uint64_t counter_planned;    /* at the commit point */
	uint64_t counter_entry;      /* immediately before the jump */
	uint64_t leaves[7];          /* of the objects' rows */
	uint64_t leaves_lower_bound; /* fewest for the same va, pa and rights */
	uint64_t leaves_ideal;       /* fewest if pa were free */
	uint64_t direct_map_leaves[7];
};

/* Cache colors: color(pa) = pa >> shift & (count - 1). SMALT_COLOR_OFF: count is 1, all else 0. */
struct smalt_colors {
	uint32_t policy;         /* SMALT_COLOR_* */
	uint32_t count;          /* a power of two, at most 64 */
	uint32_t shift;          /* log2 of the granule */
	uint32_t bits;           /* log2 of count */
};

/* The level of cache that colors are of. All 0: none is known whose index is a field of the address. */
struct smalt_cache {
	uint64_t bytes;
	uint32_t ways;
	uint32_t sets;
	uint32_t line;           /* bytes */
	uint32_t level;          /* from 1; 0: told by the configuration */
	uint32_t source;         /* SMALT_CACHE_FROM_* */
	uint32_t trust;          /* SMALT_CACHE_TRUST_* */
};

/* Granules of one color when the kernel is entered. */
struct smalt_color {
	uint64_t used;           /* of memory types object, smalt-tables, smalt-resident */
	uint64_t free;           /* of memory type usable */
};

/* From this the kernel's allocator goes on. Masks: bit n for color n; all colors unless partitioned. */
struct smalt_coloring {
	struct smalt_cache cache;
	struct smalt_array frames;   /* struct smalt_color, one for each color; none: SMALT_COLOR_OFF */
	uint32_t next;           /* spread: the color of the next single frame */
	uint32_t flags;          /* SMALT_COLORING_* */
	uint64_t kernel_mask;    /* and of boot stacks */
	uint64_t module_mask;    /* of modules without one of their own: smalt_object.color_mask */
	uint64_t tables_mask;
	uint64_t free_mask;      /* what the configuration leaves to the kernel's allocator */
	uint64_t missed_color;   /* granules that are of another color than the policy wanted */
	uint64_t missed_mask;    /* granules of a color that is not in their mask */
};

struct smalt_handoff {
	uint64_t magic;              /* SMALT_MAGIC */
	uint32_t version;            /* SMALT_HANDOFF_VERSION */
	uint32_t bytes;              /* of this structure as Smalt wrote it */
	uint64_t pa;                 /* of this structure */
	uint64_t total_bytes;        /* of it and everything that it points to in its pages */
	uint32_t machine;            /* SMALT_MACHINE_* */
	uint32_t path;               /* SMALT_PATH_* */

	struct smalt_array objects;  /* struct smalt_object; the kernel is the first */
	struct smalt_array rows;     /* struct smalt_row */
	struct smalt_array extents;  /* struct smalt_extent */
	struct smalt_array memory;   /* struct smalt_memory */
	struct smalt_array notes;    /* struct smalt_note */

	uint64_t cmdline_va;         /* NUL-terminated, never 0 */
	uint64_t cmdline_bytes;      /* without the NUL */

	uint64_t root_pa[2];         /* page-table roots; [1] is aarch64's TTBR1, else 0 */
	uint64_t tables_pa;          /* every table of this space lies in ... */
	uint64_t tables_bytes;       /* ... these pages; parted by color: not all of them are tables */
	uint32_t granule_shift;      /* 12: pages of 4 KiB */
	uint32_t paging_levels;
	uint32_t leaf_shift[7];      /* the machine's leaf sizes, ascending; 0: none */
	uint32_t tables_count;

	uint64_t direct_map_va;      /* va of physical address 0 in the direct map */
	uint64_t direct_map_bytes;   /* 0: there is no direct map */

	uint64_t acpi_rsdp_va;
	uint64_t acpi_rsdp_pa;
	uint64_t smbios_va;          /* entry point, "_SM3_" or "_SM_"; 0: none is mapped */
	uint64_t smbios_pa;
	uint64_t devicetree_va;      /* a copy that is Smalt's own */
	uint64_t devicetree_bytes;
	uint64_t efi_system_table_pa;    /* 0: not booted from UEFI */
	struct smalt_array efi_memory; /* EFI_MEMORY_DESCRIPTOR, final and raw */
	uint32_t efi_runtime_callable;   /* 1: runtime services may be called, physical or mapped va == pa */
	uint32_t efi_descriptor_version;

	uint64_t framebuffer_va;         /* write-combining */
	uint64_t framebuffer_pa;
	uint64_t framebuffer_bytes;      /* 0: there is none */
	uint32_t framebuffer_width;      /* pixels */
	uint32_t framebuffer_height;
	uint32_t framebuffer_pitch;      /* bytes a line */
	uint32_t framebuffer_format;     /* SMALT_FRAMEBUFFER_* */

	uint32_t serial_kind;        /* SMALT_SERIAL_* */
	uint32_t serial_port;        /* I/O port of an 8250 */
	uint64_t serial_va;          /* registers of a PL011 */
	uint64_t serial_pa;

	uint32_t entropy_source;     /* SMALT_ENTROPY_* */
	uint32_t entropy_bytes;
	uint64_t entropy_va;         /* in the handoff's pages */

	uint32_t counter_kind;       /* SMALT_COUNTER_* */
	uint32_t psci_conduit;       /* SMALT_PSCI_* */
	uint64_t counter_hz;         /* 0: unknown */
	uint64_t wall_clock;         /* seconds since 1970 at the start, 0: unknown */
	uint64_t boot_cpu;           /* x86_64: APIC ID; aarch64: MPIDR_EL1 affinity */

	uint64_t stack_top;          /* the stack pointer at entry */
	uint64_t stack_bytes;
	uint64_t reporter_va;        /* first byte of the fault reporter, 0: off */
	uint64_t jump_va;

	struct smalt_profile profile;
	struct smalt_colors colors;

	uint32_t framebuffer_mask[3];    /* bits of a pixel's word: red, green, blue */
	uint32_t smbios_bytes;       /* of the entry point at smbios_va */
	uint64_t efi_system_table_va;    /* with efi_runtime=identity, else 0 */
	struct smalt_array efi_attributes;   /* EFI_MEMORY_ATTRIBUTES_TABLE's descriptors */
	uint64_t read_bytes;         /* of files, read by the firmware straight into their frames */
	struct smalt_coloring coloring;
};

#endif /* __ASSEMBLER__ */
#endif
