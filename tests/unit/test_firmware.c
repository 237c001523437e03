/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_firmware.c: what a plan asks of a firmware that is still there, in which order, and what it makes
 * of each answer. The firmware is this file: it stands in the place of boot/direct.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"
#include "firmware.h"

enum { KERNEL_BYTES = 0x3000, MODULE_BYTES = 5000, LOAD_PA = 0x4000000 };

static uint8_t kernel[KERNEL_BYTES], module[MODULE_BYTES];

/* The volume, and what was asked of it: one letter a call, f(ind) l(oad) m(emory) c(laim) r(ead). */
static struct volume {
	const char *conf;
	bool has_kernel, has_module;
	char calls[64];
	char fails;                  /* this call is the first to fail; 0: none */
	uint32_t call_count;
	uint64_t read_bytes;
	struct smalt_memory memory[16];
} v;

static enum status note_call(char call, struct fault *fault)
{
	assert_true(v.call_count < sizeof v.calls - 1);
	v.calls[v.call_count++] = call;
	return call == v.fails ? fault_value(fault, ST_DEVICE, "answer", (uint64_t)call) : ST_OK;
}

/* What has been asked so far, without what was asked twice in a row. */
static const char *order(void)
{
	static char text[sizeof v.calls];
	uint32_t count = 0;

	for (uint32_t i = 0; i < v.call_count; i++)
		if (count == 0 || text[count - 1] != v.calls[i])
			text[count++] = v.calls[i];
	text[count] = '\0';
	return text;
}

static struct span bytes_of(struct span path)
{
	if (v.conf && span_is(path, "smalt.conf"))
		return span_of(v.conf);
	if (v.has_kernel && span_is(path, "kernel"))
		return (struct span){ kernel, sizeof kernel };
	if (v.has_module && span_is(path, "module"))
		return (struct span){ module, sizeof module };
	return (struct span){ NULL, 0 };
}

enum status firmware_load(struct env *env, const struct file *file, struct fault *fault)
{
	struct file *entry = &env->files[file - env->files];
	struct span bytes = bytes_of(file->name);

	if (file->bytes.base)
		return ST_OK;
	if (note_call('l', fault) != ST_OK)
		return fault->status;
	entry->pa = env->window ? b.ram_pa + LOAD_PA : 0;
	entry->bytes.base = env_pointer(env, entry->pa);
	memcpy(env_pointer(env, entry->pa), bytes.base, bytes.bytes);
	return ST_OK;
}

enum status firmware_find(struct env *env, struct span path, bool whole, const struct file **file,
                          struct fault *fault)
{
	struct span bytes = bytes_of(path);

	*file = NULL;
	if (note_call('f', fault) != ST_OK)
		return fault->status;
	if (!bytes.base)
		return ST_OK;
	env->files[env->file_count] = (struct file){ path, ENV_ON_VOLUME, { NULL, bytes.bytes }, true };
	*file = &env->files[env->file_count++];
	return whole ? firmware_load(env, *file, fault) : ST_OK;
}

enum status firmware_read(const struct env *env, const struct file *file, uint64_t file_offset, void *to,
                          uint64_t bytes, struct fault *fault)
{
	(void)env;
	if (note_call('r', fault) != ST_OK)
		return fault->status;
	assert_true(file_offset + bytes <= file->bytes.bytes);
	memcpy(to, bytes_of(file->name).base + file_offset, bytes);
	v.read_bytes += bytes;
	return ST_OK;
}

enum status firmware_room(struct env *env, uint64_t bytes, struct arena *arena, uint64_t *pa, struct fault *fault)
{
	(void)env, (void)bytes, (void)arena, (void)pa;
	return note_call('o', fault);
}

/* Files that were loaded are no longer free. */
enum status firmware_memory(struct env *env, struct fault *fault)
{
	if (note_call('m', fault) != ST_OK)
		return fault->status;
	env->memory = (struct memmap){ v.memory, 0, 16 };
	add_memory(b.ram_pa, RAM_BYTES, SMALT_MEM_USABLE);
	add_memory(env->loader.pa, env->loader.bytes, SMALT_MEM_RECLAIMABLE);
	add_memory(b.ram_pa + LOAD_PA, 0x4000, SMALT_MEM_RECLAIMABLE);
	return memmap_finish(&env->memory, PAGE, fault);
}

/* Nothing was written to the frames before they are ours. */
enum status firmware_claim(struct env *env, const struct frames *frames, struct fault *fault)
{
	for (uint32_t i = 0; i < frames->taken.count; i++) {
		const struct smalt_memory *range = &frames->taken.ranges[i];
		const uint8_t *at = env_pointer(env, range->pa);

		if (memmap_type(&env->memory, range->pa) == SMALT_MEM_USABLE && range->pa - b.ram_pa < 16 << 20)
			assert_int_equal(*at, 0xaa);
	}
	return note_call('c', fault);
}

void firmware_release(struct env *env)
{
	env->memory.count = 0;
}

static void make_files(uint16_t type)
{
	struct maker m = {
		.file = kernel, .file_bytes = KERNEL_BYTES, .type = type, .machine = b.env.machine->elf_machine,
		.entry = 0x601000, .segment_count = 3,
		.segments = {
			{ 1, 5, 0x1000, 0x601000, 0x1000000, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x2000, 0x602000, 0x1001000, 0x1000, 0x2000, 0x1000 },
			{ 4, 4, 0x200, 0x200, 0, 20, 20, 4 },
		},
	};

	for (unsigned i = 0; i < KERNEL_BYTES; i++)
		kernel[i] = (uint8_t)(i * 5 + i / 256);
	for (unsigned i = 0; i < MODULE_BYTES; i++)
		module[i] = (uint8_t)(i * 3);
	maker_write(&m);
	put32(kernel + 0x200, 4);            /* XEN_ELFNOTE_PHYS32_ENTRY */
	put32(kernel + 0x204, 4);
	put32(kernel + 0x208, 18);
	memcpy(kernel + 0x20c, "Xen", 4);
	put32(kernel + 0x210, 0x1000000);
}

static void open_volume(const struct machine *machine, const char *conf)
{
	set_machine(machine, 0x3000000);
	b.env.path = SMALT_PATH_UEFI;
	b.env.memory.count = 0;
	make_files(2);
	v = (struct volume){ .conf = conf, .has_kernel = true, .has_module = true };
}

/* Rules: S11, M17, H3 */
static void headers_come_first_memory_then_frames_then_segments(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const uint8_t *text, *data;

		open_volume(both[m], "kernel kernel\nprotocol smalt\nmodule module\n");
		assert_int_equal(plan(), ST_OK);
		/* conf, kernel and its headers, the raw module as a whole; then no call until the map */
		assert_string_equal(order(), "flfrflmcr");
		assert_false(boot_is_read(&b.boot.objects[1]));
		assert_true(boot_is_read(&b.boot.objects[0]));
		assert_int_equal(b.boot.cost.read_bytes, 0x2000);
		boot_execute(&b.boot);
		text = env_pointer(&b.env, space_extent_at(&b.boot.space, 0x601000)->pa);
		assert_memory_equal(text, kernel + 0x1000, 0x1000);
		data = env_pointer(&b.env, space_extent_at(&b.boot.space, 0x602000)->pa);
		assert_memory_equal(data, kernel + 0x2000, 0x1000);
	}
}

/* Rules: S11, M17 */
static void a_kernel_that_is_its_own_raw_module_is_still_read(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		open_volume(both[m], "kernel kernel\nprotocol smalt\nmodule kernel\n");
		assert_int_equal(plan(), ST_OK);
		assert_true(boot_is_read(&b.boot.objects[0]));
		assert_false(boot_is_read(&b.boot.objects[1]));
		boot_execute(&b.boot);
		assert_memory_equal(env_pointer(&b.env, space_extent_at(&b.boot.space, 0x602000)->pa),
		                    kernel + 0x2000, 0x1000);
		assert_memory_equal(env_pointer(&b.env, b.boot.objects[1].object.bytes_pa), kernel, KERNEL_BYTES);
	}
}

/* Rules: M21 */
static void a_foreign_kernels_mapped_module_is_a_file_in_memory(void **state)
{
	struct maker m = {
		.file = module, .file_bytes = MODULE_BYTES, .type = 2, .entry = 0x701100, .segment_count = 1,
		.segments = { { 1, 5, 0x100, 0x701100, 0x701100, 0x100, 0x100, 0x1000 } },
	};

	(void)state;
	open_volume(&machine_x86_64, "kernel kernel\nmodule module role=map\n");
	m.machine = b.env.machine->elf_machine;
	maker_write(&m);
	assert_int_equal(plan(), ST_OK);
	assert_non_null(b.boot.protocol);
	assert_false(boot_is_read(&b.boot.objects[1]));
	assert_int_equal(b.boot.objects[1].object.bytes_pa, b.ram_pa + LOAD_PA);
}

/* Rules: S11 */
static void segments_that_follow_each_other_are_one_call(void **state)
{
	uint32_t before;

	(void)state;
	open_volume(&machine_x86_64, "kernel kernel\nprotocol smalt\n");
	assert_int_equal(plan(), ST_OK);
	for (before = v.call_count; before > 0 && v.calls[before - 1] == 'r'; before--)
		;
	assert_int_equal(v.call_count - before, 1);
}

/* Rules: M21 */
static void a_kernel_at_fixed_physical_addresses_waits_in_memory(void **state)
{
	(void)state;
	open_volume(&machine_x86_64, "kernel kernel\n");
	assert_int_equal(plan(), ST_OK);
	assert_non_null(b.boot.protocol);
	assert_string_equal(order(), "flfrlmc");
	assert_false(boot_is_read(&b.boot.objects[0]));
	assert_int_equal(b.boot.cost.read_bytes, 0);
	assert_int_equal(b.boot.objects[0].object.bytes_pa, b.ram_pa + LOAD_PA);
	boot_execute(&b.boot);
	assert_memory_equal(env_pointer(&b.env, 0x1000000), kernel + 0x1000, 0x2000);
}

/* Rules: M21 */
static void such_a_kernel_may_lie_where_the_firmware_still_is(void **state)
{
	(void)state;
	open_volume(&machine_x86_64, "kernel kernel\n");
	assert_int_equal(firmware_memory(&b.env, &b.fault), ST_OK);
	add_memory(0x1000000, 0x1000, SMALT_MEM_BOOT_SERVICES);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	assert_int_equal(plan(), ST_OK);
	assert_int_equal(memmap_type(&b.boot.after, 0x1000000), SMALT_MEM_OBJECT);
}

/* Rules: M20 */
static void every_answer_that_fails_refuses_the_boot_and_says_why(void **state)
{
	static const char calls[] = "flmcr";

	(void)state;
	for (unsigned i = 0; calls[i] != '\0'; i++) {
		open_volume(&machine_aarch64, "kernel kernel\nmodule module\n");
		v.fails = calls[i];
		assert_int_equal(plan(), ST_DEVICE);
		assert_string_equal(b.fault.field, "answer");
		assert_int_equal(b.fault.value, calls[i]);
		assert_int_equal(v.calls[v.call_count - 1], calls[i]);
	}
}

/* Rules: H4 */
static void the_volume_is_asked_only_if_nothing_goes_before_it(void **state)
{
	static const uint8_t conf[] = "kernel kernel\nprotocol smalt\ncmdline single\n";
	struct file *file = &b.env.files[0];

	(void)state;
	open_volume(&machine_x86_64, "kernel kernel\nprotocol smalt\n");
	*file = (struct file){ span_of("initrd"), b.ram_pa + LOAD_PA, { kernel, sizeof kernel }, true };
	b.env.file_count = 1;
	b.env.cmdline = span_of("smalt.protocol=smalt");
	assert_int_equal(plan(), ST_OK);
	assert_string_equal(order(), "mc");
	assert_true(span_is(b.boot.source, "initrd"));

	open_volume(&machine_x86_64, "kernel nothing\n");
	*file = (struct file){ span_of("opt/smalt/smalt.conf"), 0x1000, { conf, sizeof conf - 1 }, true };
	b.env.file_count = 1;
	assert_int_equal(plan(), ST_OK);
	assert_true(span_is(b.boot.cmdline, "single"));

	open_volume(&machine_x86_64, NULL);          /* the archive of the loader is the last */
	*file = (struct file){ span_of("embedded"), b.ram_pa + LOAD_PA, { kernel, sizeof kernel }, true };
	b.env.file_count = 1;
	assert_int_equal(plan(), ST_NOT_FOUND);      /* ... and a bare kernel is called initrd */
	assert_true(span_is(b.boot.source, "embedded"));

	open_volume(&machine_x86_64, NULL);
	assert_int_equal(plan(), ST_NOT_FOUND);
	assert_non_null(strstr(b.fault.hint, "smalt.conf beside the loader"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_come_first_memory_then_frames_then_segments),
		cmocka_unit_test(a_kernel_that_is_its_own_raw_module_is_still_read),
		cmocka_unit_test(a_foreign_kernels_mapped_module_is_a_file_in_memory),
		cmocka_unit_test(segments_that_follow_each_other_are_one_call),
		cmocka_unit_test(a_kernel_at_fixed_physical_addresses_waits_in_memory),
		cmocka_unit_test(such_a_kernel_may_lie_where_the_firmware_still_is),
		cmocka_unit_test(every_answer_that_fails_refuses_the_boot_and_says_why),
		cmocka_unit_test(the_volume_is_asked_only_if_nothing_goes_before_it),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
