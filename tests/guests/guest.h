/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.h: what every test kernel shares. A guest proves one property: it
 * prints SUCCESS and leaves with 0, or names what is violated and leaves with 1.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <smalt/exit.h>
#include <smalt/kernel.h>
#include <smalt/request.h>

/* General registers as they were at the first instruction: x86_64.S, aarch64.S. */
struct guest_entry {
	uint64_t registers[32];      /* x86_64: the first 15, in the order of guest_register_names */
	uint64_t flags;              /* RFLAGS; NZCV */
	uint64_t sp;
};

struct guest {
	const struct smalt_handoff *handoff;
	const struct guest_entry *entry;
	uint32_t violations;
};
extern struct guest guest;           /* in .data: a guest's .bss stays untouched */

/* The guest's own part; returning is guest_end(). */
void guest_main(void);

/* What holds in every handoff, whatever the guest is about: laws.c. */
void guest_laws(void);

/* No page table that could be spared: tables.c. */
void guest_tables(void);

/* SUCCESS and 0, or 1 if anything was violated. */
_Noreturn void guest_end(void);

void say(const char *text);
void say_number(uint64_t value);
void say_line(const char *text, uint64_t value);     /* "text 0x123\n" */

/* The policy, and the cache whose colors it is about. */
void say_cache(void);

/* Names a violation unless it holds; returns whether it does. */
bool expect(bool holds, const char *what);
bool expect_equal(uint64_t found, uint64_t expected, const char *what);
bool expect_row(uint64_t va, uint32_t kind, const char *what);   /* va lies in a row of this kind */

/* A value that the compiler cannot know: accesses through it are really made. */
static inline uint64_t hidden(uint64_t value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

static inline volatile uint8_t *at(uint64_t va)
{
	return (volatile uint8_t *)hidden(va);
}

static inline uint64_t va_of(const volatile void *pointer)
{
	return hidden((uint64_t)pointer);
}

/* Jumps to data as if it were code. */
static inline void call(uint64_t va)
{
	((void (*)(void))hidden(va))();
}

/* The first row of this kind, or 0. */
static inline const struct smalt_row *row_of_kind(uint32_t kind)
{
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++)
		if (smalt_nth_row(guest.handoff, i)->kind == kind)
			return smalt_nth_row(guest.handoff, i);
	return NULL;
}

/* --- of the machine: <machine>.c, <machine>.S ---------------------------------- */

extern const char *const guest_register_names[32];       /* NULL behind the last */

/* An instruction that no CPU has. */
void guest_undefined(void);

/* Interrupts on, nothing else. */
void guest_interrupts_on(void);

/* Without a fault reporter nothing is installed that would catch a fault. */
void guest_no_vectors(void);

/* One entry of a page table, decoded with the manual's bits. level counts down to 0 = page. */
struct guest_pte {
	bool present, table, run;    /* run: one of 16 entries that form a contiguous leaf */
	uint64_t pa;
	uint32_t prot;               /* SMALT_*: of a table, what it lets through */
	uint32_t memory;             /* SMALT_CACHE_*, SMALT_NONE if none of them */
};
struct guest_pte guest_decode(uint64_t entry, unsigned level);

/* The roots in use now, by registers, and the va at which each begins. */
#define GUEST_ROOTS 2
unsigned guest_roots(uint64_t pa[GUEST_ROOTS], uint64_t va[GUEST_ROOTS]);

/* An absent entry; a page of device registers; forgetting the old translation. */
uint64_t guest_device_entry(uint64_t pa);
uint64_t guest_table_entry(uint64_t pa);
void guest_flush(uint64_t va);

#endif
