/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu_state_aarch64.c: the CPU at entry, bit by bit, as requirements H5 and
 * docs/handoff.md say. Literals are from the Arm ARM (DDI 0487), D17.2.
 */
#include "guest.h"

#define READ(name) ({ uint64_t value; __asm__ volatile("mrs %0, " name : "=r"(value)); value; })

/*
 * RES1 of Armv8.0 and what took its place (LSMAOE 29, nTLSMD 28, SPAN 23, EIS 22, TSCXT 20, EOS
 * 11), nTWE 18, nTWI 16, I 12, SED 8, ITD 7, SA0 4, SA 3, C 2, M 0.
 */
#define SCTLR 0x30d5199d

/* T0SZ = T1SZ = 16, inner shareable, write-back; A1 0; IPS is the CPU's; TG0 (15:14): 0 is 4K, 1 64K, 2 16K. */
#define TCR     0x00000000b5103510
#define TCR_16K 0x000000007510b510       /* TG1 (31:30): 1 is 16K, 2 4K, 3 64K */
#define TCR_64K 0x00000000f5107510
#define TCR_IPS (7ull << 32)

static void check_registers(void)
{
	for (unsigned i = 0; guest_register_names[i]; i++) {
		uint64_t expected = i == 0 ? (uint64_t)guest.handoff : i == 1 ? SMALT_MAGIC : 0;

		expect_equal(guest.entry->registers[i], expected, guest_register_names[i]);
	}
	expect_equal(guest.entry->flags, 0, "NZCV");
	expect_equal(guest.entry->sp, guest.handoff->stack_top, "sp");
	expect_equal(guest.entry->sp % 16, 0, "sp modulo 16");
	expect_row(guest.entry->sp - 1, SMALT_KIND_STACK, "the stack's row");
}

static void check_floating_point(void)
{
	static uint64_t q[32][2];

	__asm__ volatile(".arch_extension simd\n"
	                 ".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	                 "str q\\i, [%0, #16 * \\i]\n.endr" : : "r"(q) : "memory");
	for (unsigned i = 0; i < 32; i++)
		expect_equal(q[i][0] | q[i][1], 0, "a SIMD register");
	expect_equal(READ("fpcr"), 0, "FPCR");
	expect_equal(READ("fpsr"), 0, "FPSR");
}

static void check_state(void)
{
	expect_equal(READ("CurrentEL"), 1 << 2, "CurrentEL");
	expect_equal(READ("DAIF"), 0x3c0, "DAIF");
	expect_equal(READ("SPSel"), 1, "SPSel");
	expect_equal(READ("cpacr_el1"), 3 << 20, "CPACR_EL1: FPEN");
	expect_equal(READ("tpidr_el0"), 0, "TPIDR_EL0");
	expect_equal(READ("tpidrro_el0"), 0, "TPIDRRO_EL0");
	expect_equal(READ("tpidr_el1"), 0, "TPIDR_EL1");
	expect_equal(READ("contextidr_el1"), 0, "CONTEXTIDR_EL1");
	expect_equal(READ("cntv_ctl_el0") & 1, 0, "CNTV_CTL_EL0: ENABLE");
	expect_equal(READ("cntp_ctl_el0") & 1, 0, "CNTP_CTL_EL0: ENABLE");
	expect_equal(READ("mdscr_el1"), 0, "MDSCR_EL1");
}

static void check_translation(void)
{
	uint64_t range = READ("id_aa64mmfr0_el1") & 0xf;
	uint32_t granule = guest.handoff->granule_shift;

	expect_equal(READ("sctlr_el1"), SCTLR, "SCTLR_EL1");
	expect_equal(READ("mair_el1"), 0x0444ff, "MAIR_EL1: WB NC nGnRE");
	expect_equal(READ("tcr_el1") & ~TCR_IPS, granule == 12 ? TCR : granule == 14 ? TCR_16K : TCR_64K, "TCR_EL1");
	expect_equal(READ("tcr_el1") >> 32 & 7, range < 5 ? range : 5, "TCR_EL1: IPS, at most 48 bits");
	expect_equal(READ("ttbr0_el1"), guest.handoff->root_pa[0], "TTBR0_EL1");
	expect_equal(READ("ttbr1_el1"), guest.handoff->root_pa[1], "TTBR1_EL1");
}

static void check_vectors(void)
{
	uint64_t vbar = READ("vbar_el1");

	if (guest.handoff->reporter_va != 0)
		expect_row(vbar, SMALT_KIND_REPORTER, "VBAR_EL1");
	expect_equal(vbar % 2048, 0, "VBAR_EL1 modulo 2048");
}

void guest_main(void)
{
	check_registers();
	check_floating_point();
	check_state();
	check_translation();
	check_vectors();
	expect_equal(READ("cntvct_el0") != 0, true, "the counter runs");
	say_line("el of the firmware: psci by", guest.handoff->psci_conduit);
}
