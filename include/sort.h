/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sort.h: sorts an array in place by the address that its entries begin with.
 */
#ifndef SORT_H
#define SORT_H

#include <stdint.h>

/*
 * Ascending by the first member of each entry, a uint64_t. entry_bytes: a multiple of 8,
 * entries aligned to 8. O(n log n) whatever the order, no storage; not stable.
 */
void sort_entries(void *entries, uint64_t count, uint64_t entry_bytes);

#endif
