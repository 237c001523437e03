/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard.c: what Debian's libfdt.a was compiled to need: GCC's stack protector.
 * It guards against defects, not against an attacker: the value is no secret.
 */
#include <stdint.h>

#include "check.h"

extern const uint64_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* A NUL stops string functions, and a newline stops readers of lines. */
const uint64_t __stack_chk_guard = 0x0a8f35d1c26be700;

void __stack_chk_fail(void)
{
	check_failed("libfdt", 0, "the stack is intact");
}
