/* SPDX-License-Identifier: BSD-2-Clause */
/* own_vectors.c: a kernel takes over faults when it likes, and the reporter is out. */
#include "guest.h"

int own_vectors_take(void);

void guest_main(void)
{
	expect_equal((uint64_t)own_vectors_take(), 2, "breakpoints taken by the kernel's own vectors");
}
