/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c: what the CPU says about a fault of the kernel, in words of no machine.
 *
 * Part of the fault reporter (reporter.h): calls nothing outside it, holds no address. Arm
 * ARM DDI 0487, D19.2 "ESR_EL1"; PL011: Arm DDI 0183, 3.3; semihosting: Arm
 * semihosting specification, SYS_EXIT_EXTENDED; PSCI: Arm DEN 0022, 5.9.
 */
#include "fault.h"

#include <smalt/handoff.h>

#include "registers.h"
#include "reporter.h"

#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

/* ESR_EL1.EC (31:26) */
enum {
	EC_FP = 0x07, EC_SVE = 0x19, EC_FETCH_LOWER = 0x20, EC_FETCH = 0x21, EC_PC = 0x22,
	EC_DATA_LOWER = 0x24, EC_DATA = 0x25,
};

/* ESR_EL1.ISS of an abort */
#define ISS_STATUS 0x3f          /* IFSC, DFSC */
#define ISS_WNR    (1u << 6)     /* a store, or cache maintenance, which needs no less */
#define ISS_FNV    (1u << 10)    /* FAR_EL1 says nothing */
#define STATUS_ALIGNMENT 0x21
#define STATUS_EXTERNAL  0x10

#define VECTOR_SYNCHRONOUS 0     /* modulo 4; then IRQ, FIQ, SError */

struct fault_setup fault_setup;

/* How far reporter_exit() came: each way out that does not exist faults in turn. */
static volatile uint32_t ways_tried;

static const struct {
	uint32_t class;
	char what[40];
} classes[] = {
	{ 0x00, "undefined instruction" },
	{ 0x07, "floating point while it is disabled" },
	{ 0x0d, "branch target exception" },
	{ 0x0e, "illegal execution state" },
	{ 0x15, "svc without a handler" },
	{ 0x16, "hvc without a hypervisor" },
	{ 0x17, "smc without firmware" },
	{ 0x18, "access to a system register" },
	{ 0x19, "SVE while it is disabled" },
	{ 0x1c, "pointer authentication failed" },
	{ 0x1d, "SME while it is disabled" },
	{ 0x20, "instruction page fault" },
	{ 0x21, "instruction page fault" },
	{ 0x22, "jump to a misaligned address" },
	{ 0x24, "page fault" },
	{ 0x25, "page fault" },
	{ 0x26, "misaligned stack pointer" },
	{ 0x2c, "floating point exception" },
	{ 0x2f, "SError interrupt" },
	{ 0x30, "breakpoint" },
	{ 0x31, "breakpoint" },
	{ 0x32, "single step" },
	{ 0x33, "single step" },
	{ 0x34, "watchpoint" },
	{ 0x35, "watchpoint" },
	{ 0x3c, "brk instruction" },
};

static const char interrupts[4][24] = { "", "unexpected IRQ", "unexpected FIQ", "SError interrupt" };

static void copy(char *to, unsigned room, const char *from)
{
	unsigned i = 0;

	for (; i + 1 < room && from[i] != 0; i++)
		to[i] = from[i];
	for (; i < room; i++)
		to[i] = 0;
}

/* Why an abort aborted, if it is not that the page lacks something. */
static const char *abort_cause(uint32_t status)
{
	if (status == STATUS_ALIGNMENT)
		return "misaligned access";
	if ((status & ~0xfu) == STATUS_EXTERNAL)
		return "no memory or device answers";
	return 0;
}

static void tell_abort(struct report *report, const struct fault_frame *frame, uint32_t class)
{
	uint32_t iss = (uint32_t)frame->syndrome & 0x1ffffff;
	const char *cause = abort_cause(iss & ISS_STATUS);
	bool fetch = class == EC_FETCH || class == EC_FETCH_LOWER;

	if (cause)
		copy(report->what, sizeof(report->what), cause);
	if ((iss & ISS_STATUS) == STATUS_EXTERNAL && iss & ISS_FNV)
		return;
	report->access = fetch ? SMALT_X : iss & ISS_WNR ? SMALT_W : SMALT_R;
	report->address = frame->address;
}

static void tell_synchronous(struct report *report, const struct fault_frame *frame)
{
	uint32_t class = (uint32_t)frame->syndrome >> 26;

	copy(report->what, sizeof(report->what), "exception");
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			copy(report->what, sizeof(report->what), classes[i].what);
	if (class == EC_DATA || class == EC_DATA_LOWER || class == EC_FETCH || class == EC_FETCH_LOWER)
		tell_abort(report, frame, class);
	if (class == EC_PC) {
		report->access = SMALT_X;
		report->address = frame->address;
	}
}

static void add(struct report *report, char a, char b, char c, uint64_t value)
{
	struct report_register *r = &report->registers[report->register_count++];
	char name[4] = { a, b, c, 0 };

	copy(r->name, sizeof(r->name), name);
	r->value = value;
}

static void tell_registers(struct report *report, const struct fault_frame *frame)
{
	report->register_count = 0;
	for (unsigned i = 0; i < 31; i++)
		add(report, 'x', (char)(i < 10 ? '0' + i : '0' + i / 10), i < 10 ? 0 : (char)('0' + i % 10),
		    frame->x[i]);
	add(report, 's', 'p', 0, frame->sp);
	add(report, 'p', 's', 'r', frame->pstate);
	add(report, 'f', 'a', 'r', frame->address);
}

void fault_main(const struct fault_frame *frame)
{
	struct report report;

	if (ways_tried != 0)
		reporter_exit(0);
	report.access = 0;
	report.address = 0;
	report.pc = frame->pc;
	report.sp = frame->sp;
	report.fp = frame->x[29];
	report.code = frame->syndrome;
	if (frame->vector % 4 == VECTOR_SYNCHRONOUS)
		tell_synchronous(&report, frame);
	else
		copy(report.what, sizeof(report.what), interrupts[frame->vector % 4]);
	tell_registers(&report, frame);
	reporter_report(&report);
}

void reporter_put(const struct reporter_setup *setup, char c)
{
	volatile uint32_t *registers = (volatile uint32_t *)(uintptr_t)setup->serial_va;

	if (setup->serial_kind != SMALT_SERIAL_PL011)
		return;
	/* A console that never drains must not keep the machine from ending. */
	for (uint32_t i = 0; i < 1u << 24 && registers[PL011_FLAGS / 4] & PL011_FLAGS_FULL; i++)
		;
	registers[PL011_DATA / 4] = (uint8_t)c;
}

static void exit_semihosting(uint32_t status)
{
	uint64_t block[2] = { SEMIHOSTING_REASON, status };
	register uint64_t x0 __asm__("x0") = SEMIHOSTING_EXIT;
	register uint64_t x1 __asm__("x1") = (uint64_t)(uintptr_t)block;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
}

/* The conduit that the handoff tells; the other one may be undefined or somebody's. */
static void exit_psci(void)
{
	const struct smalt_handoff *handoff =
		(const struct smalt_handoff *)(uintptr_t)reporter_setup.handoff_va;
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	if (handoff->magic != SMALT_MAGIC)
		return;
	if (handoff->psci_conduit == SMALT_PSCI_HVC)
		__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	else if (handoff->psci_conduit == SMALT_PSCI_SMC)
		__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

/* Comes back through fault_main() where semihosting is off, and again without PSCI. */
void reporter_exit(uint32_t status)
{
	if (ways_tried == 0) {
		ways_tried = 1;
		exit_semihosting(status);
	}
	if (ways_tried == 1) {
		ways_tried = 2;
		exit_psci();
	}
	for (;;)
		__asm__ volatile("wfi");
}

#pragma clang attribute pop
