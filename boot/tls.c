/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls.c: where each object's thread-local block lies from the thread pointer, if all of them are
 * one static block (requirement R1; the psABIs' TLS variants I and II). Objects come in
 * their order, the kernel first: its own linker counted on that.
 *
 *     variant II   ... | module 3 | module 2 | module 1 |<- thread pointer        (x86_64)
 *     variant I    thread pointer ->| head | module 1 | module 2 | module 3 ...   (aarch64)
 *
 * The thread pointer is a multiple of the largest alignment; a block begins where p_vaddr does
 * modulo its own. Smalt only counts: threads are the kernel's.
 */
#include "align.h"
#include "boot.h"

/* *end is how far the blocks reach so far; false if addresses do not suffice. */
static bool take_block(const struct machine *machine, const struct object *object, uint64_t *end,
                       uint64_t *offset)
{
	uint64_t align = object->tls_align, bytes = object->tls.bytes, va = object->tls.va, start;

	if (bytes > INT64_MAX - *end || align > INT64_MAX - *end - bytes)
		return false;
	if (machine->tls_below) {
		*end = align_phase(*end + bytes, align, 0 - va);
		*offset = 0 - *end;
		return true;
	}
	start = align_phase(*end, align, va);
	*offset = start;
	*end = start + bytes;
	return true;
}

enum status tls_layout(const struct linkage *linkage, struct fault *fault)
{
	const struct machine *machine = linkage->machine;
	uint64_t end = machine->tls_head;
	uint32_t module = 0;

	for (uint32_t i = 0; i < linkage->object_count; i++) {
		struct boot_object *o = &linkage->objects[i];

		if (o->object.tls.bytes == 0)
			continue;
		o->tls_module = ++module;
		if (take_block(machine, &o->object, &end, &o->tls_offset))
			continue;
		(void)fault_set(fault, ST_OVERFLOW, "PT_TLS", o->object.tls.bytes, INT64_MAX - end);
		return fault_in(fault, o->object.name);
	}
	return ST_OK;
}
