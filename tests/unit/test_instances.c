/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_instances.c: whole boots with a module that is mapped several times: what every
 * instance shows, what it costs, and that the file stays what it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"
#include "protocol.h"

#define MODULE_PA    (b.ram_pa + 0x3100000)
#define MODULE_BYTES 0x5800
#define MOST         5

/*
 * The module's pages: 0 headers and relocations, 1 to 3 code, 4 RELRO, 5 data,
 * 6 to 8 zeros. Nobody writes to 0 to 3, of which 1 and 2 may stay where they lie.
 */
enum { SHARED_PAGES = 4, IN_PLACE_PAGES = 2, OWN_PAGES = 5 };
static const struct maker_segment layout[] = {
	{ 1, 4, 0, 0, 0, 0x900, 0x900, 0x1000 },
	{ 1, 5, 0x1000, 0x1000, 0, 0x2345, 0x2345, 0x1000 },
	{ 1, 6, 0x4000, 0x4000, 0, 0x1800, 0x5000, 0x1000 },
	{ 2, 6, 0x4100, 0x4100, 0, 0x70, 0x70, 8 },
	{ 0x6474e552, 4, 0x4000, 0x4000, 0, 0x1000, 0x1000, 1 },
};

/* Words that are relocated, and what they are to be but for the bias. */
static const struct { uint64_t va, value; } words[] = {
	{ 0x4200, 0x1010 }, { 0x5010, 0x5020 }, { 0x5100, 0x1234 },
};

static uint8_t kernel_file[0x2000], module_file[MODULE_BYTES];
static char conf[200];
static uint8_t seed[32];
static struct span entropy;         /* of the next machine */

static void make_module(uint16_t type)
{
	struct maker m = { .file = module_file, .file_bytes = MODULE_BYTES, .type = type,
	                   .machine = b.env.machine->elf_machine, .entry = 0x1010, .segment_count = 5 };
	static const uint64_t dynamic[] = { 7, 0x400, 8, 48, 9, 24, 36, 0x500, 35, 8, 37, 8, 0, 0 };
	uint64_t relative = m.machine == 62 ? 8 : 1027;   /* R_X86_64_RELATIVE, R_AARCH64_RELATIVE */

	memcpy(m.segments, layout, sizeof layout);
	for (unsigned i = 0; i < MODULE_BYTES; i++)
		module_file[i] = (uint8_t)(i * 7 + (i >> 8));
	maker_write(&m);
	for (unsigned i = 0; i < 2; i++) {
		put64(module_file + 0x400 + 24 * i, words[i].va);
		put64(module_file + 0x408 + 24 * i, relative);
		put64(module_file + 0x410 + 24 * i, words[i].value);
	}
	put64(module_file + 0x500, words[2].va);           /* RELR: the addend stands there */
	put64(module_file + words[2].va, words[2].value);
	for (unsigned i = 0; i < sizeof dynamic / sizeof dynamic[0]; i++)
		put64(module_file + 0x4100 + 8 * i, dynamic[i]);
}

static void give(unsigned index, const char *name, uint64_t pa, const void *bytes, uint64_t count)
{
	const uint8_t *base = bytes;

	if (pa != ENV_ON_VOLUME) {
		base = memcpy(env_pointer(&b.env, pa), bytes, count);
		add_memory(pa, (count + PAGE - 1) & -PAGE, SMALT_MEM_RECLAIMABLE);
	}
	b.env.files[index] = (struct file){ span_of(name), pa, { base, count }, true };
	b.env.file_count = index + 1;
}

/* A machine with a kernel and the module, in memory or on a volume. */
static enum status plan_module(unsigned m, bool volume, uint16_t type, const char *options)
{
	struct maker kernel = {
		.file = kernel_file, .file_bytes = sizeof kernel_file, .type = 3,
		.machine = both[m]->elf_machine, .entry = 0x1000, .segment_count = 1,
		.segments = { { 1, 5, 0x1000, 0x1000, 0, 0x1000, 0x1000, 0x1000 } },
	};

	set_machine(both[m], 0x3000000);
	b.env.entropy = entropy;
	make_module(type);
	maker_write(&kernel);
	snprintf(conf, sizeof conf, "kernel kernel\nmodule module role=map %s\n", options);
	give(0, "smalt.conf", b.file_pa, conf, strlen(conf));
	give(1, "kernel", volume ? ENV_ON_VOLUME : b.file_pa + 0x10000, kernel_file, sizeof kernel_file);
	give(2, "module", volume ? ENV_ON_VOLUME : MODULE_PA, module_file, MODULE_BYTES);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	return plan();
}

static void plan_instances(unsigned m, bool volume, unsigned count)
{
	char options[20];

	snprintf(options, sizeof options, "instances=%u", count);
	assert_int_equal(plan_module(m, volume, 3, options), ST_OK);
	assert_int_equal(b.boot.object_count, 1 + count);
}

static uint64_t bias_of(unsigned instance)
{
	return b.boot.objects[1 + instance].placement.bias;
}

/* Page and extent of an instance. */
static const struct smalt_extent *page_of(unsigned instance, unsigned page)
{
	return space_extent_at(&b.boot.space, bias_of(instance) + PAGE * page);
}

static uint64_t pa_of(unsigned instance, unsigned page)
{
	const struct smalt_extent *extent = page_of(instance, page);

	return extent->pa + (bias_of(instance) + PAGE * page - extent->va);
}

/* What the page of an instance has to show. */
static void expected_page(uint64_t bias, unsigned page, uint8_t bytes[PAGE])
{
	memset(bytes, 0, PAGE);
	for (unsigned i = 0; i < PAGE; i++)
		for (unsigned s = 0; s < 3; s++)
			if (page * PAGE + i - layout[s].va < layout[s].file_bytes)
				bytes[i] = module_file[page * PAGE + i];
	for (unsigned w = 0; w < sizeof words / sizeof words[0]; w++)
		if (words[w].va / PAGE == page)
			put64(bytes + words[w].va % PAGE, words[w].value + bias);
}

static void check_instance(unsigned instance)
{
	uint8_t bytes[PAGE];

	for (unsigned page = 0; page < SHARED_PAGES + OWN_PAGES; page++) {
		expected_page(bias_of(instance), page, bytes);
		assert_memory_equal(env_pointer(&b.env, pa_of(instance, page)), bytes, PAGE);
	}
}

/* Rules: S3, M17 */
static void every_instance_shows_the_file_relocated_for_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned count = 1; count <= MOST; count++) {
			plan_instances(i % 2, i / 2, count);
			boot_execute(&b.boot);
			for (unsigned instance = 0; instance < count; instance++)
				check_instance(instance);
		}
}

/* Rules: S3 */
static void read_only_pages_are_one_and_the_others_each_instances_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		plan_instances(i % 2, i / 2, 3);
		for (unsigned page = 0; page < SHARED_PAGES + OWN_PAGES; page++)
			for (unsigned instance = 1; instance < 3; instance++) {
				bool shared = page < SHARED_PAGES;

				assert_int_equal(page_of(instance, page)->backing == SMALT_BACKING_SHARED, shared);
				for (unsigned other = 0; other < instance; other++)
					assert_int_equal(pa_of(instance, page) == pa_of(other, page), shared);
			}
	}
}

static uint64_t object_memory(void)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < b.boot.after.count; i++)
		if (b.boot.after.ranges[i].type == SMALT_MEM_OBJECT)
			bytes += b.boot.after.ranges[i].bytes;
	return bytes / PAGE;
}

/* Rules: S3, H3 */
static void frames_are_those_of_the_writable_pages_and_the_shared_ones_once(void **state)
{
	static const unsigned kernel_pages = 1;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned count = 1; count <= MOST; count++) {
			plan_instances(i % 2, i / 2, count);
			assert_int_equal(object_memory(), kernel_pages + SHARED_PAGES + count * OWN_PAGES);
			if (i >= 2) {
				assert_int_equal(b.boot.cost.copied_bytes, 0);
				assert_int_equal(b.boot.cost.read_bytes, 0x1000 + 0x900 + 0x2345 + count * 0x1800);
			} else if (count > 1) {
				assert_int_equal(b.boot.cost.copied_bytes, 0x900 + 0x345 + count * 0x1800);
				assert_int_equal(b.boot.cost.in_place_bytes, (kernel_pages + IN_PLACE_PAGES) * PAGE);
			}
		}
}

/* Rules: S3, S2 */
static void the_file_is_never_written_to_if_it_has_several_instances(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned count = 1; count <= 2; count++) {
			plan_instances(m, false, count);
			boot_execute(&b.boot);
			/* Alone, it may be mapped writable where it lies: it was donated. */
			assert_int_equal(memcmp(env_pointer(&b.env, MODULE_PA), module_file, MODULE_BYTES) == 0,
			                 count > 1);
		}
}

static const struct smalt_object *record(unsigned index)
{
	const struct smalt_handoff *h = boot_handoff(&b.boot);
	uint64_t offset = h->objects.va - b.boot.handoff_va + index * h->objects.entry_bytes;

	return env_pointer(&b.env, b.boot.handoff_pa + offset);
}

/* Rules: S3, M3, M4 */
static void instances_are_objects_and_their_rows_say_what_is_shared(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_instances(m, false, 3);
		assert_int_equal(record(0)->instance_count, 1);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(record(1 + i)->instance, i);
			assert_int_equal(record(1 + i)->instance_count, 3);
			assert_int_equal(record(1 + i)->bias, bias_of(i));
			assert_int_equal(record(1 + i)->entry, bias_of(i) + 0x1010);
		}
		for (uint32_t r = 0; r < b.boot.space.row_count; r++) {
			const struct smalt_row *row = &b.boot.space.rows[r];
			bool constant = !(row->prot & SMALT_W) && !(row->flags & SMALT_ROW_RELRO);

			if (row->object == SMALT_NONE || row->object == 0) {
				assert_int_equal(row->instance, 0);
				assert_int_equal(row->flags & SMALT_ROW_SHARED, 0);
				continue;
			}
			assert_int_equal(row->instance, row->object - 1);
			assert_int_equal(!!(row->flags & SMALT_ROW_SHARED), constant);
		}
	}
}

/* Rules: M12, P6, H6 */
static void shared_frames_have_no_writable_alias_and_are_synchronized_once(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_instances(m, false, 3);
		for (uint32_t i = 0; i < b.boot.map_count; i++) {
			const struct map *map = &b.boot.maps[i];

			for (unsigned page = 0; page < SHARED_PAGES; page++)
				assert_true(!(map->prot & SMALT_W) || pa_of(0, page) - map->pa >= map->bytes);
		}
		for (uint32_t i = 0; i < b.boot.sync_count; i++)
			for (uint32_t j = 0; j < i; j++)
				assert_true(b.boot.sync[i].pa - b.boot.sync[j].pa >= b.boot.sync[j].bytes &&
				            b.boot.sync[j].pa - b.boot.sync[i].pa >= b.boot.sync[i].bytes);
	}
}

/* Rules: S3 */
static void an_address_is_that_of_the_first_instance(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		assert_int_equal(plan_module(m, false, 3, "instances=3 va=0x12345000"), ST_OK);
		assert_int_equal(bias_of(0), 0x12345000);
		assert_true(bias_of(1) > bias_of(0) && bias_of(2) > bias_of(1));
		boot_execute(&b.boot);
		for (unsigned i = 0; i < 3; i++)
			check_instance(i);
	}
}

/* Rules: S3, M13 */
static void each_instance_has_a_stable_address_of_its_own(void **state)
{
	uint64_t biases[2];

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		assert_int_equal(plan_module(m, false, 3, "instances=2 va=stable"), ST_OK);
		for (unsigned i = 0; i < 2; i++)
			biases[i] = bias_of(i);
		assert_true(biases[0] != biases[1]);
		assert_int_equal(plan_module(m, true, 3, "instances=3 va=stable"), ST_OK);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(bias_of(i), biases[i]);
		boot_execute(&b.boot);
		for (unsigned i = 0; i < 3; i++)
			check_instance(i);
	}
}

/* Rules: S3, M13 */
static void each_instance_draws_frames_of_its_own(void **state)
{
	uint64_t frames[4][3];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		memset(seed, (int)i + 1, sizeof seed);
		entropy = (struct span){ seed, sizeof seed };
		assert_int_equal(plan_module(i % 2, i / 2, 3, "instances=3\npa random"), ST_OK);
		boot_execute(&b.boot);
		for (unsigned k = 0; k < 3; k++) {
			frames[i][k] = pa_of(k, SHARED_PAGES) - b.ram_pa;
			check_instance(k);
			assert_true(b.boot.objects[1 + k].pa_bits >= 16);    /* of 2^18 pages */
			for (unsigned other = 0; other < i; other++)
				assert_true(frames[i][k] != frames[other][k]);
		}
	}
	entropy.bytes = 0;
}

/* Rules: S3 */
static void what_cannot_move_has_one_instance(void **state)
{
	char text[300];

	(void)state;
	assert_int_equal(plan_module(0, false, 2, "instances=2"), ST_ADDRESS_IN_USE);
	fault_text(&b.fault, text, sizeof text);
	assert_string_equal(text, "module: instances: 0x2 > 0x1: ADDRESS_IN_USE, an address range belongs to "
	                    "something else (all would have the same addresses: link it with -pie)");
}

/* Rules: S3, M21 */
static void a_protocol_that_hands_over_files_has_no_instances(void **state)
{
	struct boot_object objects[] = {
		{ .instance_count = 1 },
		{ .object.name = span_of("first"), .instance_count = 1 },
		{ .object.name = span_of("second"), .instance_count = 2 },
	};
	struct boot boot = { .objects = objects, .object_count = 3, .instances = true };
	char text[300];

	(void)state;
	assert_int_equal(instances_check(&boot, &b.fault), ST_OK);
	boot.protocol = &protocol_pvh;
	assert_int_equal(instances_check(&boot, &b.fault), ST_BAD_CONFIG);
	fault_text(&b.fault, text, sizeof text);
	assert_string_equal(text, "second: instances: 0x2: BAD_CONFIG, smalt.conf is malformed (this kernel's "
	                    "protocol hands modules over as files, each once)");
	boot.instances = false;
	assert_int_equal(instances_check(&boot, &b.fault), ST_OK);
}

/* Rules: M1 */
static void too_little_storage_fails_well(void **state)
{
	enum status status;
	uint64_t bytes = 0;

	(void)state;
	do {
		set_machine(both[0], 0x3000000);
		make_module(3);
		status = plan_module(0, false, 3, "instances=3");
		b.arena.bytes = bytes;
		b.arena.used = 0;
		status = plan();
		assert_true(status == ST_OK || status == ST_NO_MEMORY);
		bytes += 61;
	} while (status != ST_OK);
	assert_true(bytes > 3000);
}

/* Rules: S3, M19 */
static void many_instances_are_as_good_as_few(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_instances(m, false, 1024);
		boot_execute(&b.boot);
		check_instance(0);
		check_instance(511);
		check_instance(1023);
		assert_int_equal(object_memory(), 1 + SHARED_PAGES + 1024 * OWN_PAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instance_shows_the_file_relocated_for_itself),
		cmocka_unit_test(read_only_pages_are_one_and_the_others_each_instances_own),
		cmocka_unit_test(frames_are_those_of_the_writable_pages_and_the_shared_ones_once),
		cmocka_unit_test(the_file_is_never_written_to_if_it_has_several_instances),
		cmocka_unit_test(instances_are_objects_and_their_rows_say_what_is_shared),
		cmocka_unit_test(shared_frames_have_no_writable_alias_and_are_synchronized_once),
		cmocka_unit_test(an_address_is_that_of_the_first_instance),
		cmocka_unit_test(each_instance_has_a_stable_address_of_its_own),
		cmocka_unit_test(each_instance_draws_frames_of_its_own),
		cmocka_unit_test(what_cannot_move_has_one_instance),
		cmocka_unit_test(a_protocol_that_hands_over_files_has_no_instances),
		cmocka_unit_test(too_little_storage_fails_well),
		cmocka_unit_test(many_instances_are_as_good_as_few),
	};

	return cmocka_run_group_tests_name("instances", tests, NULL, NULL);
}
