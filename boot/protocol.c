/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol.c: decides how a kernel is entered, before anything is placed (M21).
 */
#include "protocol.h"

#include <stddef.h>

#define OWN "smalt"

static const struct protocol *matching(const struct machine *machine, const struct object *kernel)
{
	for (unsigned i = 0; protocols[i] != NULL; i++) {
		if (protocols[i]->elf_machine == machine->elf_machine && protocols[i]->matches(kernel))
			return protocols[i];
	}
	return NULL;
}

static const struct protocol *named(const struct machine *machine, struct span name)
{
	for (unsigned i = 0; protocols[i] != NULL; i++) {
		if (protocols[i]->elf_machine == machine->elf_machine && span_is(name, protocols[i]->name))
			return protocols[i];
	}
	return NULL;
}

static enum status refuse(struct span wanted, const char *hint, struct fault *fault)
{
	(void)fault_field(fault, ST_BAD_CONFIG, "protocol");
	(void)fault_word(fault, wanted);
	return fault_hint(fault, hint);
}

enum status protocol_choose(const struct machine *machine, const struct object *kernel,
                            struct span wanted, const struct protocol **chosen,
                            struct fault *fault)
{
	const struct protocol *protocol = named(machine, wanted);

	*chosen = NULL;
	if (wanted.bytes == 0) {
		if (kernel->request.bytes == 0)
			*chosen = matching(machine, kernel);
		return ST_OK;
	}
	if (span_is(wanted, OWN))
		return ST_OK;
	if (protocol == NULL)
		return refuse(wanted, "this machine knows no such protocol", fault);
	if (!protocol->matches(kernel))
		return refuse(wanted, "the kernel does not say that it can be entered so", fault);
	*chosen = protocol;
	return ST_OK;
}
