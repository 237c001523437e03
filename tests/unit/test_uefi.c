/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi.c: the loader finds its files, smalt.conf and its command line beside itself. */
#include "../../tools/uefi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../tools/cpio.h"
#include "folder.h"
#include "scratch.h"

#define LOADER "/proc/self/exe"  /* a file that is there: any will do */

static struct volume volume;
static struct fault fault;
static struct bundle bundle;

static int open_volume(void **state)
{
	(void)state;
	return volume_open(&volume, &fault) == ST_OK ? 0 : -1;
}

static int close_all(void **state)
{
	(void)state;
	volume_close(&volume);
	bundle_close(&bundle);
	return 0;
}

static struct uefi_request request_of(const char *machine)
{
	return (struct uefi_request){
		.machine = machine_by_name(machine), .loader = LOADER, .bundle = &bundle,
	};
}

/* Fills with an archive of these files, each its own content. */
static enum status fill_archive(const char *const *names)
{
	struct uefi_request request = request_of("x86_64");
	char *bytes;
	size_t count;
	struct cpio cpio = { .out = open_memstream(&bytes, &count) };
	enum status status;

	for (; *names; names++)
		cpio_add(&cpio, span_of(*names), span_of(*names), CPIO_ANYWHERE);
	cpio_end(&cpio);
	fclose(cpio.out);
	request.archive = (struct span){ (const uint8_t *)bytes, count };
	status = uefi_fill(&volume, &request, &fault);
	free(bytes);
	return status;
}

static void each_machine_has_the_name_that_its_firmware_looks_for(void **state)
{
	(void)state;
	assert_string_equal(uefi_loader(machine_by_name("x86_64")), "BOOTX64.EFI");
	assert_string_equal(uefi_loader(machine_by_name("aarch64")), "BOOTAA64.EFI");
}

static void the_files_of_an_archive_lie_beside_the_loader(void **state)
{
	static const char *const names[] = { "smalt.conf", "kernel", "sub/module", NULL };

	(void)state;
	assert_int_equal(fill_archive(names), ST_OK);
	assert_true(folder_has(volume.folder_fd, "EFI/BOOT/BOOTX64.EFI"));
	assert_file(volume.folder_fd, "EFI/BOOT/smalt.conf", "smalt.conf");
	assert_file(volume.folder_fd, "EFI/BOOT/kernel", "kernel");
	assert_file(volume.folder_fd, "EFI/BOOT/sub/module", "sub/module");
}

static void the_command_line_is_ours_not_a_file_of_the_archive(void **state)
{
	static const char *const names[] = { "Smalt.cmdline", NULL };

	(void)state;
	assert_int_equal(fill_archive(names), ST_INVALID);
	assert_string_equal(fault.hint, "it holds the command line: give it by --append");
	assert_file(volume.folder_fd, "EFI/BOOT/smalt.cmdline", "smalt.refused=exit");
}

static void no_file_stands_for_the_loader_in_any_case(void **state)
{
	static const char *const names[] = { "bootX64.efi", NULL };
	static const char *const others[] = { "BOOTX64.EFIx", "a/BOOTX64.EFI", NULL };

	(void)state;
	assert_int_equal(fill_archive(names), ST_INVALID);
	assert_string_equal(fault.hint, "the loader has this name");
	volume_close(&volume);
	assert_int_equal(volume_open(&volume, &fault), ST_OK);
	assert_int_equal(fill_archive(others), ST_OK);
}

static void a_name_that_leads_out_is_refused(void **state)
{
	static const char *const names[] = { "../smalt.conf", NULL };

	(void)state;
	assert_int_equal(fill_archive(names), ST_INVALID);
	assert_false(folder_has(volume.folder_fd, "EFI/smalt.conf"));
}

static void a_broken_archive_is_refused(void **state)
{
	struct uefi_request request = request_of("x86_64");

	(void)state;
	request.archive = SPAN("070701");
	assert_int_equal(uefi_fill(&volume, &request, &fault), ST_TRUNCATED);
}

static void kernel_and_modules_get_a_smalt_conf(void **state)
{
	struct uefi_request request = request_of("aarch64");

	(void)state;
	request.append = "quiet smalt.wx=allow";
	assert_int_equal(bundle_add(&bundle, "kernel=/dev/null", &fault), ST_OK);
	assert_int_equal(bundle_add(&bundle, "data=/dev/null,name=disk,args=a b", &fault), ST_OK);
	assert_int_equal(uefi_fill(&volume, &request, &fault), ST_OK);
	assert_true(folder_has(volume.folder_fd, "EFI/BOOT/BOOTAA64.EFI"));
	assert_file(volume.folder_fd, "EFI/BOOT/smalt.conf", "kernel kernel\nmodule data name=disk args=\"a b\"\n");
	assert_file(volume.folder_fd, "EFI/BOOT/smalt.cmdline", "smalt.refused=exit quiet smalt.wx=allow");
	assert_true(folder_has(volume.folder_fd, "EFI/BOOT/kernel"));
	assert_true(folder_has(volume.folder_fd, "EFI/BOOT/data"));
}

static void a_path_alone_means_what_it_says(void **state)
{
	char path[] = "/tmp/a=b,c-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(bundle_add_path(&bundle, path, &fault), ST_OK);
	assert_true(span_equals(bundle.files[0].name, span_of(path + strlen("/tmp/"))));
	unlink(path);
	close(fd);
}

static void a_missing_loader_is_told_by_its_path(void **state)
{
	struct uefi_request request = request_of("x86_64");

	(void)state;
	request.loader = "/nonexistent";
	assert_int_equal(uefi_fill(&volume, &request, &fault), ST_NOT_FOUND);
	assert_span(fault.object, "/nonexistent");
}

#define UEFI_TEST(name) cmocka_unit_test_setup_teardown(name, open_volume, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_machine_has_the_name_that_its_firmware_looks_for),
		UEFI_TEST(the_files_of_an_archive_lie_beside_the_loader),
		UEFI_TEST(the_command_line_is_ours_not_a_file_of_the_archive),
		UEFI_TEST(no_file_stands_for_the_loader_in_any_case),
		UEFI_TEST(a_name_that_leads_out_is_refused),
		UEFI_TEST(a_broken_archive_is_refused),
		UEFI_TEST(kernel_and_modules_get_a_smalt_conf),
		UEFI_TEST(a_path_alone_means_what_it_says),
		UEFI_TEST(a_missing_loader_is_told_by_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
