/* SPDX-License-Identifier: BSD-2-Clause */
/* leave.h: the machine's own ways to an end. */
#ifndef LEAVE_H
#define LEAVE_H

void leave_off(void);
void leave_reset(void);

#endif
