/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c: what an exception of this CPU means, in the reporter's words.
 *
 * Runs in the kernel's space when the loader is gone: nothing here calls outside
 * the reporter or holds an address; names are arrays, not pointers. The
 * compiler must not make memset() of anything: no initializers of aggregates.
 *
 * Source: Intel SDM Vol. 3A, table 6-1 and 6.15; page faults: 4.7.
 */
#include "reporter.h"

#include <smalt/exit.h>
#include <smalt/handoff.h>

#include "io.h"
#include "stubs.h"

enum {
	PF_WRITE = 1 << 1, PF_FETCH = 1 << 4,
	PUT_TRIES = 100000,              /* a console that takes nothing must not hold the report */
};

static const char register_names[STUB_REGISTERS][4] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static const char names[STUB_EXCEPTIONS][28] = {
	"divide error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow",
	"bound range exceeded", "undefined instruction", "no FPU", "double fault",
	"coprocessor overrun", "invalid TSS", "segment not present", "stack segment fault",
	"general protection fault", "page fault", "exception 15", "x87 exception",
	"alignment check", "machine check", "SIMD exception", "virtualization exception",
	"control protection fault", "exception 22", "exception 23", "exception 24",
	"exception 25", "exception 26", "exception 27", "hypervisor injection",
	"VMM communication", "security exception", "exception 31",
};

/* fault.S */
_Noreturn void fault_taken(const struct stub_frame *frame);

static uint64_t read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

/* Copies up to the NUL, which is copied too. */
static void put_name(char *to, const char *from, unsigned bytes)
{
	unsigned i = 0;

	for (; i + 1 < bytes && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}

static void add_register(struct report *report, const char *name, uint64_t value)
{
	struct report_register *r = &report->registers[report->register_count++];

	put_name(r->name, name, sizeof r->name);
	r->value = value;
}

/* "interrupt 200": of a vector that is no exception. */
static void name_interrupt(char *what, uint32_t vector)
{
	put_name(what, "interrupt 000", sizeof(((struct report *)0)->what));
	what[10] = (char)('0' + vector / 100);
	what[11] = (char)('0' + vector / 10 % 10);
	what[12] = (char)('0' + vector % 10);
}

/* SDM Vol. 3A, 4.7: W/R and I/D of the error code. */
static uint32_t access_of(uint64_t code)
{
	if ((code & PF_FETCH) != 0)
		return SMALT_X;
	return (code & PF_WRITE) != 0 ? SMALT_W : SMALT_R;
}

static void add_registers(struct report *report, const struct stub_frame *frame)
{
	const struct stub_cpu *cpu = stub_cpu(frame);

	for (unsigned i = 0; i < STUB_REGISTERS; i++)
		add_register(report, register_names[i], frame->registers[i]);
	add_register(report, "rsp", cpu->rsp);
	add_register(report, "rip", cpu->rip);
	add_register(report, "rflags", cpu->rflags);
	add_register(report, "cs", cpu->cs);
	add_register(report, "ss", cpu->ss);
	add_register(report, "cr2", stub_cr2());
	add_register(report, "cr3", read_cr3());
}

void fault_taken(const struct stub_frame *frame)
{
	uint32_t vector = (uint32_t)frame->vector;
	struct report report;

	report.register_count = 0;
	report.code = stub_code(frame);
	report.access = vector == STUB_PAGE_FAULT ? access_of(report.code) : 0;
	report.address = stub_cr2();
	report.pc = stub_cpu(frame)->rip;
	report.sp = stub_cpu(frame)->rsp;
	report.fp = frame->registers[STUB_RBP];
	if (vector < STUB_EXCEPTIONS)
		put_name(report.what, names[vector], sizeof report.what);
	else
		name_interrupt(report.what, vector);
	add_registers(&report, frame);
	reporter_report(&report);
}

void reporter_put(const struct reporter_setup *setup, char c)
{
	uint16_t port = (uint16_t)setup->serial_port;

	if (setup->serial_kind != SMALT_SERIAL_8250_PORT)
		return;
	for (unsigned i = 0; i < PUT_TRIES; i++) {
		if ((io_in8(port + IO_8250_LSR) & IO_8250_LSR_THRE) != 0)
			break;
	}
	io_out8(port, (uint8_t)c);
}

/* Without QEMU's device nobody takes the status, and the CPU stops. */
void reporter_exit(uint32_t status)
{
	io_out32(SMALT_EXIT_PORT, status + 1);
	for (;;)
		__asm__ volatile("cli; hlt");
}
