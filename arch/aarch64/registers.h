/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registers.h: values of system registers, for C and assembler. Arm ARM DDI 0487,
 * chapter D19 "AArch64 System Register Descriptions", by register name.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

/* SCTLR_ELx: what is always set: RES1 in Armv8.0, and what keeps its meaning later */
#define SCTLR_M            0x00000001   /* translation */
#define SCTLR_C            0x00000004   /* data caches */
#define SCTLR_SA           0x00000008   /* a stack pointer is aligned to 16 */
#define SCTLR_SA0          0x00000010
#define SCTLR_ITD          0x00000080   /* AArch32 at EL0: nothing that is deprecated */
#define SCTLR_SED          0x00000100
#define SCTLR_I            0x00001000   /* instruction caches */
#define SCTLR_NTWI         0x00010000   /* WFI and WFE at EL0 do not trap */
#define SCTLR_NTWE         0x00040000
#define SCTLR_WXN          0x00080000   /* writable memory is not executable */
#define SCTLR_EL1_RES1     0x30d00800   /* LSMAOE nTLSMD SPAN EIS TSCXT EOS */
#define SCTLR_EL2_RES1     0x30c50830

#define SCTLR_EL1_OFF      (SCTLR_EL1_RES1)
#define SCTLR_EL2_OFF      (SCTLR_EL2_RES1)
#define SCTLR_EL1_LOADER   (SCTLR_EL1_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)
#define SCTLR_EL2_LOADER   (SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_WXN)

/*
 * What a kernel finds (H5): 0x30d5199d. WXN is 0, because wx=allow must be able to
 * mean it; W^X is in the tables. No key of pointer authentication is enabled.
 */
#define SCTLR_EL1_KERNEL   (SCTLR_EL1_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_I | \
                            SCTLR_ITD | SCTLR_SED | SCTLR_NTWI | SCTLR_NTWE)

/*
 * TCR_EL1: 48-bit addresses in both halves (T0SZ, T1SZ 16), 4 KiB granules (TG0 0,
 * TG1 2), walks write-back and inner shareable, 8-bit ASIDs, no tags. IPS is added.
 */
#define TCR_EL1            0xb5103510
#define TCR_EL1_TG0        0x0000c000   /* 4K 0, 64K 1, 16K 2 */
#define TCR_EL1_TG         0xc000c000   /* with TG1: 16K 1, 4K 2, 64K 3 */
#define TCR_EL1_16K        0x40008000
#define TCR_EL1_64K        0xc0004000
#define TCR_EL1_EPD0       0x00000080   /* no walks through TTBR0_EL1 */
#define TCR_EL1_EPD1       0x00800000
#define TCR_EL1_IPS_SHIFT  32
/* TCR_EL2, HCR_EL2.E2H = 0: the same of one half. PS is added. */
#define TCR_EL2            0x80803510
#define TCR_EL2_PS_SHIFT   16
#define TCR_PS_48          5            /* the widest address that a 4 KiB granule has without LPA */

/* MAIR_ELx: 0 write-back, allocating; 1 not cacheable; 2 Device-nGnRE (machine.c) */
#define MAIR               0x0444ff

#define CPACR_FPEN         0x00300000   /* FP and SIMD trap nowhere; SVE and SME do */

/* SPSR_ELx: EL1h, DAIF masked */
#define SPSR_KERNEL        0x3c5

/* HCR_EL2: EL1 is AArch64; pointer authentication does not trap; E2H, TGE 0 */
#define HCR_RW             0x80000000
#define HCR_APK            0x10000000000
#define HCR_API            0x20000000000
/* CPTR_EL2, E2H = 0: RES1 bits, FP traps nowhere */
#define CPTR_EL2           0x33ff
#define CPTR_EL2_TZ        0x0100       /* SVE traps; RES1 without SVE */
#define CPTR_EL2_TSM       0x1000       /* SME traps; RES1 without SME */
#define CNTHCTL_EL1        3            /* EL1 reads the physical counter and has its timer */

#define CURRENT_EL2        8            /* CurrentEL: EL in bits 3:2 */

/* PL011: Arm DDI 0183, 3.2: offsets of registers */
#define PL011_DATA         0x00
#define PL011_FLAGS        0x18
#define PL011_FLAGS_FULL   0x20         /* TXFF */

#define PSCI_SYSTEM_OFF    0x84000008   /* Arm DEN 0022, 5.9 */
#define SEMIHOSTING_EXIT   0x20         /* Arm semihosting specification: SYS_EXIT_EXTENDED, */
#define SEMIHOSTING_REASON 0x20026      /* ADP_Stopped_ApplicationExit */

#endif
