/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.h: what most kernels write first, on top of handoff.h: find a row, a
 * module, a physical address; print a character; take a page.
 *
 * Everything is inline, allocates nothing and keeps no state but what the
 * kernel passes. Arrays are walked by entry_bytes, so that a kernel built with
 * this header runs under later versions of Smalt too. Self-contained: needs
 * handoff.h and <stdint.h> of C99, works in C++. Use it or write your own:
 * docs/handoff.md is the contract, this is a convenience.
 */
#ifndef SMALT_KERNEL_H
#define SMALT_KERNEL_H

#include <smalt/handoff.h>

/*
 * Defines _start, the ELF entry: calls function(handoff, magic) with the stack
 * as the machine's calling convention wants it. The function must not return.
 *
 *     static void kernel(const struct smalt_handoff *handoff, uint64_t magic) { ... }
 *     SMALT_ENTRY(kernel);
 */
#if defined(__x86_64__)
#define SMALT_ENTRY_CALL ".p2align 4\n_start: call smalt_start\nud2\n"
#elif defined(__aarch64__)
#define SMALT_ENTRY_CALL ".p2align 2\n_start: bl smalt_start\nudf #0\n"
#endif
#define SMALT_ENTRY(function)                                                               \
	void smalt_start(const struct smalt_handoff *, uint64_t) __asm__("smalt_start");    \
	__attribute__((used)) void smalt_start(const struct smalt_handoff *handoff,         \
	                                       uint64_t magic)                              \
	{                                                                                   \
		function(handoff, magic);                                                   \
	}                                                                                   \
	__asm__(".pushsection .text\n.globl _start\n" SMALT_ENTRY_CALL ".popsection")

/* Did the Smalt that wrote it know this member of struct smalt_handoff? */
#define SMALT_HAS(handoff, member) \
	((handoff)->bytes >= (uint64_t)((const char *)&(handoff)->member - (const char *)(handoff)) + \
	                     sizeof((handoff)->member))

/* Entry i of an array, or 0 behind its end: cast it to the array's type. */
static inline const void *smalt_entry(const struct smalt_array *array, uint32_t i)
{
	if (i >= array->count)
		return 0;
	return (const void *)(uintptr_t)(array->va + (uint64_t)i * array->entry_bytes);
}

static inline const struct smalt_object *smalt_nth_object(const struct smalt_handoff *handoff,
                                                          uint32_t i)
{
	return (const struct smalt_object *)smalt_entry(&handoff->objects, i);
}

static inline const struct smalt_row *smalt_nth_row(const struct smalt_handoff *handoff, uint32_t i)
{
	return (const struct smalt_row *)smalt_entry(&handoff->rows, i);
}

static inline const struct smalt_extent *smalt_nth_extent(const struct smalt_handoff *handoff,
                                                          uint32_t i)
{
	return (const struct smalt_extent *)smalt_entry(&handoff->extents, i);
}

static inline const struct smalt_memory *smalt_nth_memory(const struct smalt_handoff *handoff,
                                                          uint32_t i)
{
	return (const struct smalt_memory *)smalt_entry(&handoff->memory, i);
}

static inline const struct smalt_note *smalt_nth_note(const struct smalt_handoff *handoff, uint32_t i)
{
	return (const struct smalt_note *)smalt_entry(&handoff->notes, i);
}

/*
 * The last entry of an ascending array that starts at or below an address, or 0.
 * Rows, extents and memory all begin with the address they ascend by.
 */
static inline const void *smalt_entry_below(const struct smalt_array *array, uint64_t address)
{
	uint32_t low = 0, high = array->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (*(const uint64_t *)smalt_entry(array, middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : smalt_entry(array, low - 1);
}

/* The row whose bytes hold va, or 0. */
static inline const struct smalt_row *smalt_row_at(const struct smalt_handoff *handoff, uint64_t va)
{
	const struct smalt_row *row =
		(const struct smalt_row *)smalt_entry_below(&handoff->rows, va);

	return row && va - row->va < row->mem_bytes ? row : 0;
}

/* The extent whose pages hold va, or 0. */
static inline const struct smalt_extent *smalt_extent_at(const struct smalt_handoff *handoff,
                                                         uint64_t va)
{
	const struct smalt_extent *extent =
		(const struct smalt_extent *)smalt_entry_below(&handoff->extents, va);

	return extent && va - extent->va < extent->bytes ? extent : 0;
}

/* The range of the memory map that holds pa, or 0. */
static inline const struct smalt_memory *smalt_memory_at(const struct smalt_handoff *handoff,
                                                         uint64_t pa)
{
	const struct smalt_memory *range =
		(const struct smalt_memory *)smalt_entry_below(&handoff->memory, pa);

	return range && pa - range->pa < range->bytes ? range : 0;
}

/* Does the direct map hold memory of this type? Usable, Smalt's own and ACPI, and nothing else. */
static inline int smalt_type_is_direct(uint32_t type)
{
	return (type >= SMALT_MEM_USABLE && type <= SMALT_MEM_RESIDENT) ||
	       type == SMALT_MEM_ACPI_RECLAIM || type == SMALT_MEM_ACPI_NVS;
}

/* Where the direct map shows pa, or 0 if it does not. */
static inline void *smalt_direct(const struct smalt_handoff *handoff, uint64_t pa)
{
	const struct smalt_memory *range = smalt_memory_at(handoff, pa);
	uint64_t granule = (uint64_t)1 << handoff->granule_shift;

	if (pa >= handoff->direct_map_bytes || !range || !smalt_type_is_direct(range->type))
		return 0;
	if (handoff->direct_map_va + pa < granule)
		return 0;        /* page 0 is never mapped, also if va == pa */
	return (void *)(uintptr_t)(handoff->direct_map_va + pa);
}

/* The physical address of va, a row's or the direct map's: 1, and *pa, if it is mapped. */
static inline int smalt_translate(const struct smalt_handoff *handoff, uint64_t va, uint64_t *pa)
{
	const struct smalt_extent *extent = smalt_extent_at(handoff, va);
	uint64_t offset = va - handoff->direct_map_va;

	if (!extent && !smalt_direct(handoff, offset))
		return 0;
	*pa = extent ? extent->pa + (va - extent->va) : offset;
	return 1;
}

/* Are two NUL-terminated strings the same? */
static inline int smalt_same(const char *a, const char *b)
{
	while (*a != 0 && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The module of this name, or 0. Its bytes are at [image_start, image_end). */
static inline const struct smalt_object *smalt_module(const struct smalt_handoff *handoff,
                                                      const char *name)
{
	for (uint32_t i = 0; i < handoff->objects.count; i++) {
		const struct smalt_object *object = smalt_nth_object(handoff, i);

		if (object->role != SMALT_ROLE_KERNEL &&
		    smalt_same((const char *)(uintptr_t)object->name_va, name))
			return object;
	}
	return 0;
}

/*
 * One of the objects that instances=N makes of a module, or 0. smalt_module() is instance 0,
 * the others follow it in objects.
 */
static inline const struct smalt_object *smalt_instance(const struct smalt_handoff *handoff,
                                                        const char *name, uint32_t instance)
{
	const struct smalt_object *first = smalt_module(handoff, name);

	if (!first || instance >= first->instance_count)
		return 0;
	return (const struct smalt_object *)(const void *)
		((const char *)first + (uint64_t)instance * handoff->objects.entry_bytes);
}

/* The end of an extent that shows part of [pa, pa + bytes), or 0. */
static inline uint64_t smalt_shown_until(const struct smalt_handoff *handoff, uint64_t pa,
                                         uint64_t bytes)
{
	for (uint32_t i = 0; i < handoff->extents.count; i++) {
		const struct smalt_extent *extent = smalt_nth_extent(handoff, i);

		if (extent->pa < pa + bytes && pa < extent->pa + extent->bytes)
			return extent->pa + extent->bytes;
	}
	return 0;
}

/* Free memory, page by page: the state of smalt_take(). Zero it first. */
struct smalt_taker {
	uint64_t pa;             /* where the search goes on */
	uint32_t range;          /* index in memory */
	uint32_t pass;           /* 0: SMALT_MEM_USABLE, 1: SMALT_MEM_RECLAIMABLE, 2: nothing is left */
};

/* Where in this range the next bytes begin, 0 if they do not fit. */
static inline uint64_t smalt_fit(const struct smalt_handoff *handoff,
                                 const struct smalt_memory *range, uint64_t pa, uint64_t bytes)
{
	uint64_t shown;

	for (;;) {
		if (pa < range->pa)
			pa = range->pa;
		if (pa == 0)
			pa = (uint64_t)1 << handoff->granule_shift;   /* 0 means nothing to most kernels */
		if (pa - range->pa > range->bytes || bytes > range->bytes - (pa - range->pa))
			return 0;
		shown = smalt_shown_until(handoff, pa, bytes);
		if (shown == 0)
			return pa;
		pa = shown;
	}
}

/*
 * The next `bytes`, rounded up to granules, of free memory in one piece: where
 * the direct map shows them, and *pa; 0 if there is none. Usable memory first,
 * then what Smalt no longer needs, but not the jump page: a row still shows it,
 * so that it is read-only until the kernel unmaps the row. Contents are whatever
 * was there. What is skipped because it is too short stays skipped: take large
 * pieces first.
 */
static inline void *smalt_take(struct smalt_taker *taker, const struct smalt_handoff *handoff,
                               uint64_t bytes, uint64_t *pa)
{
	static const uint32_t types[2] = { SMALT_MEM_USABLE, SMALT_MEM_RECLAIMABLE };
	uint64_t granule = (uint64_t)1 << handoff->granule_shift;

	bytes = (bytes + granule - 1) & -granule;
	for (; bytes != 0 && taker->pass < 2; taker->pass++, taker->range = 0) {
		for (; taker->range < handoff->memory.count; taker->range++, taker->pa = 0) {
			const struct smalt_memory *range = smalt_nth_memory(handoff, taker->range);
			uint64_t from = smalt_fit(handoff, range, taker->pa, bytes);

			if (range->type != types[taker->pass] || from == 0 || !smalt_direct(handoff, from))
				continue;
			*pa = from;
			taker->pa = from + bytes;
			return smalt_direct(handoff, from);
		}
	}
	return 0;
}

#if defined(__x86_64__)
static inline uint8_t smalt_in8(uint32_t port)
{
	uint8_t value;

	__asm__ volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void smalt_out8(uint32_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %w1" : : "a"(value), "Nd"(port));
}
#endif

/* One character to an 8250: waits for THRE (bit 5 of LSR). 16550 data sheet, "Line Status Register". */
static inline void smalt_put_8250(uint32_t port, char c)
{
#if defined(__x86_64__)
	while (!(smalt_in8(port + 5) & 0x20))
		;
	smalt_out8(port, (uint8_t)c);
#else
	(void)port;              /* no other machine has ports */
	(void)c;
#endif
}

/* One character to a PL011: waits while TXFF (bit 5 of UARTFR). Arm DDI 0183, "Register descriptions". */
static inline void smalt_put_pl011(uint64_t va, char c)
{
	volatile uint32_t *registers = (volatile uint32_t *)(uintptr_t)va;

	while (registers[0x18 / 4] & 0x20)
		;
	registers[0] = (uint8_t)c;
}

/* One character to the console that Smalt found; nowhere if there is none. */
static inline void smalt_put(const struct smalt_handoff *handoff, char c)
{
	if (handoff->serial_kind == SMALT_SERIAL_8250_PORT)
		smalt_put_8250(handoff->serial_port, c);
	else if (handoff->serial_kind == SMALT_SERIAL_PL011)
		smalt_put_pl011(handoff->serial_va, c);
}

/* A NUL-terminated text; a line feed gets its carriage return. */
static inline void smalt_print(const struct smalt_handoff *handoff, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '\n')
			smalt_put(handoff, '\r');
		smalt_put(handoff, *text);
	}
}

#endif
