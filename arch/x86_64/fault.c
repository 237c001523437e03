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

enum {
	VECTOR_BIAS = 128,               /* fault.S */
	GENERAL_REGISTERS = 15,
	VECTOR_PAGE_FAULT = 14,
	EXCEPTIONS = 32,
	PF_WRITE = 1 << 1, PF_FETCH = 1 << 4,
	PUT_TRIES = 100000,              /* a console that takes nothing must not hold the report */
};

/* Vectors 8, 10 to 14, 17, 21, 29, 30 push an error code. */
#define WITH_CODE 0x60227d00u

/* As fault.S pushes them; `above` begins with the error code, if there is one. */
struct saved {
	uint64_t registers[GENERAL_REGISTERS];
	uint64_t vector;                 /* less VECTOR_BIAS */
	uint64_t above[6];
};

enum { RIP, CS, RFLAGS, RSP, SS };

static const char register_names[GENERAL_REGISTERS][4] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static const char names[EXCEPTIONS][28] = {
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
_Noreturn void fault_taken(const struct saved *saved);

static uint64_t read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

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

static void add_registers(struct report *report, const struct saved *saved, const uint64_t *frame)
{
	for (unsigned i = 0; i < GENERAL_REGISTERS; i++)
		add_register(report, register_names[i], saved->registers[i]);
	add_register(report, "rsp", frame[RSP]);
	add_register(report, "rip", frame[RIP]);
	add_register(report, "rflags", frame[RFLAGS]);
	add_register(report, "cs", frame[CS]);
	add_register(report, "ss", frame[SS]);
	add_register(report, "cr2", read_cr2());
	add_register(report, "cr3", read_cr3());
}

void fault_taken(const struct saved *saved)
{
	uint32_t vector = (uint32_t)(saved->vector + VECTOR_BIAS);
	bool with_code = vector < EXCEPTIONS && (WITH_CODE >> vector & 1) != 0;
	const uint64_t *frame = saved->above + (with_code ? 1 : 0);
	struct report report;

	report.register_count = 0;
	report.code = with_code ? saved->above[0] : 0;
	report.access = vector == VECTOR_PAGE_FAULT ? access_of(report.code) : 0;
	report.address = read_cr2();
	report.pc = frame[RIP];
	report.sp = frame[RSP];
	report.fp = saved->registers[6];
	if (vector < EXCEPTIONS)
		put_name(report.what, names[vector], sizeof report.what);
	else
		name_interrupt(report.what, vector);
	add_registers(&report, saved, frame);
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
