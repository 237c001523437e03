/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_uefi_entry.c: from the entry of the application to a filled environment, with everything that
 * asks the firmware for something; and back, with nothing left behind.
 */
#include "fake_volume.h"

#include <smalt/exit.h>

#include "arch.h"
#include "fake_self.h"
#include "firmware.h"
#include "fwcfg.h"
#include "log.h"
#include "scratch.h"

EFI_STATUS EFIAPI uefi_entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

static struct {
	bool booted, exited;
	uint32_t exit_status;
	struct env *env;
	struct arena *arena;
	struct fault logged;
	unsigned logs;
	uint32_t levels;
	uint64_t moved_by;
	bool has_fwcfg, asked_fwcfg;
	unsigned serial_opened;
	log_sink sink;
} seen;

/* --- the rest of the loader --- */

void self_relocate(uint8_t *image, uint64_t delta)
{
	assert_ptr_equal(image, image_start);
	seen.moved_by = delta;
}

void self_describe(struct env *env)
{
	env->loader = (struct range){ (uint64_t)(uintptr_t)image_start, 8 * 4096 };
}

void arch_cpu(struct cpu *cpu)
{
	*cpu = (struct cpu){ .levels = seen.levels, .leaf_mask = 7 };
}

const struct machine *arch_machine(void)
{
	return &fw.machine;
}

uint64_t arch_counter(void)
{
	return 77;
}

uint32_t arch_serial(uint64_t *address)
{
	*address = 0x3f8;
	return SMALT_SERIAL_8250_PORT;
}

enum status arch_firmware_devicetree(uint64_t pa, struct env *env, struct arena *arena, struct fault *fault)
{
	(void)pa, (void)arena, (void)fault;
	env->fwcfg_ports = seen.has_fwcfg;
	return ST_OK;
}

void arch_exit(uint32_t status)
{
	seen.exited = true;
	seen.exit_status = status;
	longjmp(fw.back, 1);
}

/* One file, as from QEMU's -fw_cfg. */
enum status fwcfg_files(uint64_t registers_pa, struct env *env, struct arena *arena, struct fault *fault)
{
	uint64_t pa;

	(void)registers_pa;
	seen.asked_fwcfg = true;
	if (firmware_room(env, 5000, arena, &pa, fault) != ST_OK)
		return fault->status;
	env->files[env->file_count++] = (struct file){
		.name = span_of("opt/smalt/x"), .pa = pa, .bytes = { (uint8_t *)(uintptr_t)pa, 5000 },
	};
	return ST_OK;
}

void log_fault(const struct fault *fault)
{
	seen.logged = *fault;
	seen.logs++;
}

log_sink log_to(log_sink put)
{
	seen.sink = put;
	return NULL;
}

void log_serial(const char *text)
{
	(void)text;
}

void log_open(uint32_t kind, uint64_t address)
{
	assert_int_equal(kind, SMALT_SERIAL_8250_PORT);
	assert_int_equal(address, 0x3f8);
	seen.serial_opened++;
}

void boot_main(struct env *env, struct arena *arena)
{
	seen.booted = true;
	seen.env = env;
	seen.arena = arena;
	longjmp(fw.back, 1);
}

/* --- a firmware to start it --- */

static struct uefi *loader(void)
{
	return uefi_of(seen.env);
}

static const EFI_GUID loaded_image =             /* UEFI 2.10, 9.1 */
	{ 0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };

static const uint8_t archive[] = {
	'a', 'r', 'c', 'h', 'i', 'v', 'e',
};

static EFI_STATUS EFIAPI load_file(EFI_LOAD_FILE_INTERFACE *self, EFI_DEVICE_PATH *path, BOOLEAN policy,
                                   UINTN *bytes, void *to)
{
	(void)self, (void)path, (void)policy;
	*bytes = sizeof archive;
	if (to == NULL)
		return EFI_BUFFER_TOO_SMALL;
	memcpy(to, archive, sizeof archive);
	return EFI_SUCCESS;
}

static void offer_initrd(void)
{
	static const EFI_GUID load_file_2 =
		{ 0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d } };
	static const EFI_GUID device_path =
		{ 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
	static uint8_t path[] = {
		4, 3, 20, 0, 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f, 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68,
		0x7f, 0xff, 4, 0,
	};
	static EFI_LOAD_FILE_INTERFACE manager = { load_file };

	fake_install((EFI_HANDLE)7, load_file_2, &manager);
	fake_install((EFI_HANDLE)7, device_path, path);
}

static void pass(const CHAR16 *text, uint32_t bytes)
{
	static CHAR16 options[100];

	memcpy(options, text, bytes);
	fw.loaded.LoadOptions = options;
	fw.loaded.LoadOptionsSize = bytes;
}

static int open_entry(void **state)
{
	(void)state;
	if (seen.env != NULL)                    /* a loader runs once: what is zero in a new one */
		memset(loader(), 0, sizeof(struct uefi));
	memset(&seen, 0, offsetof(__typeof__(seen), env));
	seen.logs = seen.serial_opened = 0;
	seen.levels = 4;
	seen.has_fwcfg = seen.asked_fwcfg = false;
	fake_open();
	fake_volume();
	fake_install(FAKE_IMAGE, loaded_image, &fw.loaded);
	return 0;
}

static int close_entry(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static void start(void)
{
	if (setjmp(fw.back) == 0)
		(void)uefi_entry(FAKE_IMAGE, &fw.table);
}

static void refuse(enum status status)
{
	if (setjmp(fw.back) == 0)
		firmware_refuse(status);
}

static void assert_nothing_is_left(void)
{
	assert_int_equal(fake_free(), FAKE_PAGES);
	assert_int_equal(vol.open_count, 0);
	assert_int_equal(fw.pool_count, 0);
}

static void give_everything(void)
{
	fake_file(u"smalt.conf", SPAN("kernel kernel\n"));
	fake_file(u"smalt.cmdline", SPAN("quiet\n"));
	fake_file(u"kernel", SPAN("a kernel"));
	seen.has_fwcfg = true;
	offer_initrd();
}

/* The protocol for rights of memory (UEFI 2.10, 37.8): how many pieces lost some, and got back all. */
static struct {
	void *get, *set, *clear;
	unsigned restricted, restored;
} rights;

static EFI_STATUS EFIAPI get_rights(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 *attributes)
{
	(void)self, (void)pa, (void)bytes;
	*attributes = 0;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_rights(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 attributes)
{
	(void)self, (void)pa, (void)bytes, (void)attributes;
	rights.restricted++;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI clear_rights(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 attributes)
{
	(void)self, (void)pa, (void)bytes;
	rights.restored += attributes == 0x24000;        /* RO and XP */
	return EFI_SUCCESS;
}

static void know_rights(void)
{
	static const EFI_GUID memory_attribute =
		{ 0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 } };

	memset(&rights, 0, sizeof rights);
	rights.get = (void *)(uintptr_t)get_rights;
	rights.set = (void *)(uintptr_t)set_rights;
	rights.clear = (void *)(uintptr_t)clear_rights;
	fake_install((EFI_HANDLE)9, memory_attribute, &rights);
}

/* --- tests --- */

/* Rules: H1, H3 */
static void the_environment_is_what_the_firmware_has(void **state)
{
	(void)state;
	give_everything();
	start();
	assert_true(seen.booted);
	assert_int_equal(seen.env->path, SMALT_PATH_UEFI);
	assert_ptr_equal(seen.env->machine, &fw.machine);
	assert_int_equal(seen.env->counter_start, 77);
	assert_int_equal(seen.env->serial_kind, SMALT_SERIAL_8250_PORT);
	assert_int_equal(seen.serial_opened, 1);
	assert_true(span_is(seen.env->cmdline, "quiet"));
	assert_true(span_is(env_file(seen.env, "initrd")->bytes, "archive"));
	assert_null(env_file(seen.env, "smalt.conf"));   /* of the volume: it configures no initrd */
	assert_non_null(env_file(seen.env, "opt/smalt/x"));
	assert_int_equal(seen.env->file_count, 2);
	assert_int_equal(seen.env->memory.count, 0);     /* the last thing that is asked for */
	assert_ptr_equal(seen.arena, &loader()->arena);
	assert_int_equal(seen.arena->bytes, 8 << 20);
	assert_non_null(seen.sink);
	assert_int_equal(strchr(fw.trace, 'W') != NULL, 1);
	assert_true(seen.moved_by == (uint64_t)(uintptr_t)image_start - 0x1000);
	assert_int_equal(seen.env->loader.bytes, 8 * 4096);
}

/* Rules: H4 */
static void without_a_device_fw_cfg_is_not_asked(void **state)
{
	(void)state;
	start();
	assert_true(seen.booted);
	assert_false(seen.asked_fwcfg);
	assert_int_equal(seen.env->file_count, 0);
}

/* Rules: M1 */
static void what_lasts_outlasts_a_try(void **state)
{
	const struct file *file;
	struct fault fault;
	uint64_t free_pages;

	(void)state;
	give_everything();
	start();
	free_pages = fake_free();
	assert_int_equal(firmware_find(seen.env, span_of("kernel"), true, &file, &fault), ST_OK);
	assert_int_equal(fake_free(), free_pages - 1);
	firmware_release(seen.env);
	assert_int_equal(fake_free(), free_pages);
	assert_int_equal(seen.env->file_count, 2);
	assert_int_equal(vol.open_count, 1);             /* its root */
}

/* Rules: M1 */
static void nothing_is_left_when_no_entry_boots(void **state)
{
	const struct file *file;
	struct fault fault;

	(void)state;
	give_everything();
	start();
	refuse(ST_NOT_FOUND);
	assert_true(fw.with_exit && !seen.exited);
	assert_int_equal(fw.ended, 0x800000000000000e);  /* EFI_NOT_FOUND */
	assert_nothing_is_left();

	memset(loader(), 0, sizeof(struct uefi));
	start();                                         /* and it can be started again */
	assert_int_equal(firmware_find(seen.env, span_of("kernel"), true, &file, &fault), ST_OK);
	refuse(ST_DEVICE);                               /* in the middle of a try */
	assert_nothing_is_left();
}

/* Rules: M12, M1 */
static void the_image_is_protected_until_the_loader_goes_back(void **state)
{
	(void)state;
	know_rights();
	start();
	assert_int_equal(rights.restricted, 5);
	assert_int_equal(rights.restored, 0);
	refuse(ST_NOT_FOUND);
	assert_int_equal(rights.restricted, 5);
	assert_int_equal(rights.restored, 5);
}

/* Rules: M20 */
static void it_ends_qemu_where_that_was_asked_for(void **state)
{
	(void)state;
	pass(u"smalt.refused=exit", 38);
	start();
	refuse(ST_NOT_FOUND);
	assert_true(seen.exited && !fw.with_exit);
	assert_int_equal(seen.exit_status, SMALT_EXIT_REFUSED);
}

/* Rules: M1 */
static void any_allocation_may_fail_and_nothing_is_left(void **state)
{
	unsigned n = 1;

	(void)state;
	for (bool booted = false; !booted; n++) {
		assert_true(n < 20);
		give_everything();
		fw.fail_allocation = n;
		seen.booted = seen.exited = fw.with_exit = false;
		start();
		booted = seen.booted && fw.fail_allocation > 0;  /* without a failure */
		if (seen.booted) {
			refuse(ST_OK);
		} else {
			assert_true(fw.with_exit);
			assert_int_equal(fw.ended, 0x8000000000000009);  /* EFI_OUT_OF_RESOURCES */
			assert_int_equal(seen.logged.status, ST_NO_MEMORY);
		}
		assert_nothing_is_left();
		close_entry(state);
		open_entry(state);
	}
	assert_in_range(n, 4, 8);
}

/* Rules: M20 */
static void an_error_while_facts_are_gathered_is_told_and_leaves_nothing(void **state)
{
	(void)state;
	give_everything();
	vol.files[1].read = EFI_DEVICE_ERROR;            /* smalt.cmdline */
	start();
	assert_false(seen.booted);
	assert_int_equal(seen.logs, 1);
	assert_int_equal(seen.logged.status, ST_DEVICE);
	assert_int_equal(fw.ended, 0x8000000000000007);
	assert_nothing_is_left();
}

/* Rules: M20 */
static void without_an_image_of_ours_the_firmware_is_refused(void **state)
{
	(void)state;
	fw.protocol_count = 0;
	start();
	assert_int_equal(seen.logs, 1);
	assert_int_equal(seen.logged.status, ST_BAD_FIRMWARE);
	assert_string_equal(seen.logged.field, "EFI_LOADED_IMAGE_PROTOCOL");
	assert_int_equal(fw.ended, 0x8000000000000019);  /* EFI_INCOMPATIBLE_VERSION */
	assert_nothing_is_left();
}

/* Rules: P3 */
static void firmware_with_five_paging_levels_is_as_good(void **state)
{
	(void)state;
	give_everything();
	seen.levels = 5;
	start();
	assert_true(seen.booted);
	assert_int_equal(seen.logs, 0);
}

#define ENTRY_TEST(name) cmocka_unit_test_setup_teardown(name, open_entry, close_entry)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENTRY_TEST(the_environment_is_what_the_firmware_has),
		ENTRY_TEST(without_a_device_fw_cfg_is_not_asked),
		ENTRY_TEST(what_lasts_outlasts_a_try),
		ENTRY_TEST(nothing_is_left_when_no_entry_boots),
		ENTRY_TEST(the_image_is_protected_until_the_loader_goes_back),
		ENTRY_TEST(it_ends_qemu_where_that_was_asked_for),
		ENTRY_TEST(any_allocation_may_fail_and_nothing_is_left),
		ENTRY_TEST(an_error_while_facts_are_gathered_is_told_and_leaves_nothing),
		ENTRY_TEST(without_an_image_of_ours_the_firmware_is_refused),
		ENTRY_TEST(firmware_with_five_paging_levels_is_as_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
