/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sort.c: heapsort. Its worst case is n log n, so that no firmware and no file
 * can make a boot slow; it needs neither recursion nor storage.
 *
 * What comes is nearly always in order but for its last entries: those are
 * inserted, which costs a fraction.
 */
#include "sort.h"

#include "mem.h"

enum {
	STEPS = 4096,            /* of insertion: what heapsort takes for a few hundred entries */
	FEW = 4,                 /* entries are inserted for less than that whatever there is */
	ENTRY_WORDS = 16,
};

/* Entries are arrays of words; word 0 is the key. The heap has its largest key first. */
struct heap {
	uint64_t *base;
	uint64_t words;          /* of an entry */
	uint64_t count;
};

static uint64_t key(const struct heap *heap, uint64_t index)
{
	return heap->base[index * heap->words];
}

static void swap(const struct heap *heap, uint64_t a, uint64_t b)
{
	uint64_t *x = heap->base + a * heap->words;
	uint64_t *y = heap->base + b * heap->words;

	for (uint64_t i = 0; i < heap->words; i++) {
		uint64_t word = x[i];
		x[i] = y[i];
		y[i] = word;
	}
}

/* Lets the entry sink until none below it is larger. */
static void sink(const struct heap *heap, uint64_t at)
{
	for (;;) {
		uint64_t child = 2 * at + 1;

		if (child >= heap->count)
			return;
		if (child + 1 < heap->count && key(heap, child + 1) > key(heap, child))
			child++;
		if (key(heap, at) >= key(heap, child))
			return;
		swap(heap, at, child);
		at = child;
	}
}

/* How many of the first entries are in order. */
static uint64_t ordered(const struct heap *heap)
{
	uint64_t n = 1;

	while (n < heap->count && key(heap, n - 1) <= key(heap, n))
		n++;
	return n;
}

/* Moves entry `at` to its place among those before it, which are in order. */
static void insert(const struct heap *heap, uint64_t at)
{
	uint64_t held[ENTRY_WORDS], *base = heap->base, words = heap->words, to = at;

	while (to > 0 && key(heap, to - 1) > key(heap, at))
		to--;
	if (to == at)
		return;
	memcpy(held, base + at * words, words * sizeof *base);
	memmove(base + (to + 1) * words, base + to * words, (at - to) * words * sizeof *base);
	memcpy(base + to * words, held, words * sizeof *base);
}

static void heapsort(struct heap heap)
{
	for (uint64_t i = heap.count / 2; i-- > 0; )
		sink(&heap, i);
	while (heap.count > 1) {
		heap.count--;
		swap(&heap, 0, heap.count);
		sink(&heap, 0);
	}
}

void sort_entries(void *entries, uint64_t count, uint64_t entry_bytes)
{
	struct heap heap = { entries, entry_bytes / sizeof(uint64_t), count };
	uint64_t done = ordered(&heap);

	if (done < count && (count - done > STEPS / count + FEW || heap.words > ENTRY_WORDS)) {
		heapsort(heap);
		return;
	}
	for (; done < count; done++)
		insert(&heap, done);
}
