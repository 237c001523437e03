/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind.c: a kernel and two modules that call each other by name, as shared objects do: the kernel calls
 * a module, which calls back into the kernel and into a second one, which calls the first.
 */
#include "guest.h"
#include "bind.h"

enum { TLS_MOST = 1024 };

/* What modules find in the kernel. */
volatile uint64_t kernel_calls = 0x100;

uint64_t kernel_add(uint64_t a, uint64_t b)
{
	kernel_calls++;
	return a + b;
}

/* The block of one thread; both variants find room around the pointer. */
static uint8_t block[2 * TLS_MOST] __attribute__((aligned(64)));

static void make_thread(void)
{
	uint64_t pointer = (uint64_t)&block[TLS_MOST];

	*(uint64_t *)pointer = pointer;      /* x86_64: %fs:0 is the pointer itself */
	for (uint32_t i = 0; i < guest.handoff->objects.count; i++) {
		const struct smalt_object *object = smalt_nth_object(guest.handoff, i);
		const uint8_t *from = (const uint8_t *)object->tls_va;
		uint8_t *to = (uint8_t *)(pointer + object->tls_offset);

		if (object->tls_module == 0)
			continue;
		expect(pointer % object->tls_align == 0, "the pointer is aligned");
		expect_equal((uint64_t)to % object->tls_align, object->tls_va % object->tls_align, "TLS alignment");
		for (uint64_t n = 0; n < object->tls_mem_bytes; n++)
			to[n] = n < object->tls_file_bytes ? from[n] : 0;
	}
	set_thread_pointer(pointer);
}

static void run_constructors(const struct smalt_object *object)
{
	for (uint64_t at = 0; at < object->init_array_bytes; at += 8)
		(*(void (**)(void))(object->init_array_va + at))();
}

static void check_text(const struct smalt_object *a)
{
	const struct smalt_row *row = smalt_row_at(guest.handoff, a->entry);

	expect_equal(row->prot, SMALT_R | SMALT_X, "rights of the module's code");
	expect_equal((row->flags & SMALT_ROW_TEXTREL) != 0, TEXT_RELOCATIONS, "the flag TEXTREL");
}

void guest_main(void)
{
	const struct smalt_object *a = smalt_module(guest.handoff, "a.so");
	const struct smalt_object *b = smalt_module(guest.handoff, "b.so");
	struct answers answers = { .nobody = 1 };

	if (!expect(a && b, "both modules are there"))
		return;
	/* A fixed kernel that only offers symbols has no relocations. */
	if (smalt_nth_object(guest.handoff, 0)->flags & SMALT_OBJECT_POSITION_INDEPENDENT)
		expect(smalt_nth_object(guest.handoff, 0)->flags & SMALT_OBJECT_RELOCATED, "the kernel is relocated");
	expect(a->flags & b->flags & SMALT_OBJECT_RELOCATED, "the modules are relocated");
	expect(a->tls_module && b->tls_module && a->tls_module != b->tls_module, "TLS modules");
	check_text(a);
	make_thread();
	run_constructors(a);
	((void (*)(struct answers *))a->entry)(&answers);
	expect_equal(answers.added, 7, "a module calls the kernel");
	expect_equal(answers.doubled, 42, "which calls a second module, which calls the first");
	expect_equal(answers.constructed, 0x1234, "the constructor ran");
	expect_equal(answers.local, 0x77, "a thread-local variable of its own");
	expect_equal(answers.others_local, 0x88, "and of the other");
	expect_equal(answers.calls, 0x101, "a variable of the kernel");
	expect_equal(kernel_calls, 0x101, "is the kernel's own");
	expect_equal(answers.who, WHO, "whose definition counts");
	expect_equal(answers.nobody, 0, "a weak symbol of nobody");
	expect_equal(answers.address, va_of(kernel_add), "the address of a function");
#ifdef CALLS_MODULES
	expect_equal(a_twice(4), 8, "the kernel calls a module by name");
#endif
}

#if KERNEL_DEFINES_WHO
uint64_t who(void)
{
	return 'k';
}
#endif
