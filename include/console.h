/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * console.h: which of a devicetree's PL011s is the console that people look at.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "env.h"
#include "node.h"

#define CONSOLES 8               /* more candidates are not looked at */
#define CONSOLE_DEPTH 4

/* Which candidate it is is known when /chosen was seen: names outlive the walk, levels do not. */
struct console_candidate {
	const char *names[CONSOLE_DEPTH];    /* of the nodes down to it; [0] is the root */
	int depth;
	int offset;              /* of its node */
	uint64_t pa;
};

struct consoles {
	struct console_candidate list[CONSOLES];
	unsigned count;
};

/* Remembers the node if the CPU sees its registers. ST_BAD_DEVICETREE. */
MUST_CHECK enum status console_candidate(struct consoles *consoles, const struct node *node);

/* Sets env's console to the candidate that stdout-path of /chosen names, if there is one. */
void console_choose(const struct consoles *consoles, const struct node *chosen, struct env *env);

#endif
