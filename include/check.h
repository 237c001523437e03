/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h: for what no input can cause. Stays in release builds; never for
 * files or firmware data.
 */
#ifndef CHECK_H
#define CHECK_H

/* Says where, then stops: the loader as after a fault of its own, the host by abort(). */
_Noreturn void check_failed(const char *file, unsigned line, const char *what);

#define CHECK(x) ((x) ? (void)0 : check_failed(__FILE__, __LINE__, #x))

#endif
