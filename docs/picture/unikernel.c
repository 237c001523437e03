/* SPDX-License-Identifier: 0BSD */
/*
 * unikernel.c: a kernel with the proportions of a small unikernel, which docs/plan.svg
 * shows: tables, data, and a heap that is aligned for the largest pages that it fills.
 */
#include <smalt/exit.h>
#include <smalt/kernel.h>
#include <smalt/request.h>

SMALT_REQUEST(.stack_bytes = 64 << 10);

static const volatile char tables[704 << 10] = { 1 };
static volatile char data[280 << 10] = { 1 };
static volatile char heap[40 << 20] __attribute__((aligned(32 << 20)));

/* Touches the first and the last byte of everything: 0 if what it finds is right. */
static void unikernel(const struct smalt_handoff *h, uint64_t magic)
{
	if (magic != SMALT_MAGIC)
		smalt_exit(1);
	heap[sizeof(heap) - 1] = data[0];
	data[sizeof(data) - 1] = tables[0];
	smalt_print(h, heap[0] == 0 ? "heap, data and tables are there\n" : "the heap is not zero\n");
	smalt_exit(heap[0]);
}

SMALT_ENTRY(unikernel);
