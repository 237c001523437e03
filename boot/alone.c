/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alone.c: the ends of a direct boot: there is no firmware to leave, and none to go back to.
 */
#include "firmware.h"

#include <smalt/exit.h>

#include "arch.h"
#include "self.h"

void firmware_leave(struct boot *boot, void (*next)(struct boot *boot))
{
	next(boot);
	arch_exit(SMALT_EXIT_REFUSED);   /* next() does not return */
}

void firmware_refuse(enum status status)
{
	(void)status;
	arch_exit(SMALT_EXIT_REFUSED);
}
