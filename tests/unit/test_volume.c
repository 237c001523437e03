/* SPDX-License-Identifier: BSD-2-Clause */
/* test_volume.c: files are found by their names, no name leads out, nothing is left. */
#include "../../tools/volume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "folder.h"
#include "scratch.h"

static struct volume volume;
static struct fault fault;

static int open_volume(void **state)
{
	(void)state;
	return volume_open(&volume, &fault) == ST_OK ? 0 : -1;
}

static int close_volume(void **state)
{
	(void)state;
	volume_close(&volume);
	return 0;
}

static enum status add(const char *name, const char *text)
{
	return volume_add(&volume, span_of(name), volume_memory(span_of(text)), &fault);
}

static void files_lie_in_the_folders_of_their_names(void **state)
{
	(void)state;
	assert_int_equal(add("EFI/BOOT/loader", "loader"), ST_OK);
	assert_int_equal(add("EFI/BOOT/deep/er/kernel", "kernel"), ST_OK);
	assert_int_equal(add("empty", ""), ST_OK);
	assert_file(volume.folder_fd, "EFI/BOOT/loader", "loader");
	assert_file(volume.folder_fd, "EFI/BOOT/deep/er/kernel", "kernel");
	assert_file(volume.folder_fd, "empty", "");
}

static void of_two_files_with_one_name_the_first_stays(void **state)
{
	(void)state;
	assert_int_equal(add("a", "first"), ST_OK);
	assert_int_equal(add("a", "second"), ST_OK);
	assert_file(volume.folder_fd, "a", "first");
}

static void a_file_is_no_folder(void **state)
{
	(void)state;
	assert_int_equal(add("a", "file"), ST_OK);
	assert_int_equal(add("a/b", "below"), ST_NOT_FOUND);
	assert_span(fault.object, "a/b");
}

static void no_name_leads_out_of_the_folder(void **state)
{
	static const char *const names[] = { "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/." };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(add(names[i], "x"), ST_INVALID);
	assert_int_equal(add("...", "x"), ST_OK);
	assert_int_equal(add(".a/b..", "x"), ST_OK);
	assert_int_equal(volume.count, 2);
}

/* In a part 255 bytes (FAT's long names), in all below 1024. */
static void names_end_where_the_format_ends(void **state)
{
	char name[1100];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	assert_int_equal(add(name, "x"), ST_INVALID);
	name[255] = '\0';
	assert_int_equal(add(name, "x"), ST_OK);
	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = i % 100 == 99 ? '/' : 'n';
	name[1024] = '\0';
	assert_int_equal(add(name, "x"), ST_INVALID);
	name[1023] = '\0';
	assert_int_equal(add(name, "x"), ST_OK);
}

static void the_last_byte_that_fits_is_taken_and_one_more_refused(void **state)
{
	int fd = memfd_create("large", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, VOLUME_BYTES - 1), 0);
	assert_int_equal(volume_add(&volume, SPAN("large"), dup(fd), &fault), ST_OK);
	assert_int_equal(add("more", "xy"), ST_INVALID);
	assert_int_equal(fault.value, VOLUME_BYTES + 1);
	assert_int_equal(add("last", "x"), ST_OK);
	assert_int_equal(add("none", ""), ST_OK);
	close(fd);
}

static void one_file_too_many_is_refused(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < VOLUME_FILES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(add(name, ""), ST_OK);
	}
	assert_int_equal(add("more", ""), ST_INVALID);
	assert_false(folder_has(volume.folder_fd, "more"));
}

static void a_file_that_could_not_be_made_is_told_with_its_cause(void **state)
{
	(void)state;
	errno = EMFILE;
	assert_int_equal(volume_add(&volume, SPAN("a"), -1, &fault), ST_NOT_FOUND);
	assert_string_equal(fault.hint, "Too many open files");
}

static void what_the_volume_takes_it_closes(void **state)
{
	int good = volume_memory(SPAN("x")), bad = volume_memory(SPAN("x"));

	(void)state;
	assert_int_equal(volume_add(&volume, SPAN("a"), good, &fault), ST_OK);
	assert_int_equal(volume_add(&volume, SPAN(".."), bad, &fault), ST_INVALID);
	assert_int_equal(fcntl(good, F_GETFD), 0);       /* QEMU inherits it */
	assert_int_equal(fcntl(bad, F_GETFD), -1);
	volume_close(&volume);
	assert_int_equal(fcntl(good, F_GETFD), -1);
}

static void nothing_is_left_behind_a_volume(void **state)
{
	char path[VOLUME_PATH_BYTES];

	(void)state;
	assert_int_equal(add("a/b/c", "x"), ST_OK);
	strcpy(path, volume.path);
	assert_true(folder_has(AT_FDCWD, path));
	volume_close(&volume);
	assert_false(folder_has(AT_FDCWD, path));
	volume_close(&volume);           /* twice does no harm */
}

/* Killed without a chance to clean up: the keeper, which no signal of a terminal ends, sees its pipe end. */
static void nothing_is_left_behind_a_killed_command(void **state)
{
	static struct volume seen;
	int ends[2], tries = 1000;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		if (volume_open(&volume, &fault) == ST_OK && add("a/b", "x") == ST_OK &&
		    write(ends[1], &volume, sizeof(volume)) == sizeof(volume))
			pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &seen, sizeof(seen)), sizeof(seen));
	kill(seen.keeper, SIGINT);
	kill(seen.keeper, SIGTERM);
	assert_true(folder_has(AT_FDCWD, seen.path));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (folder_has(AT_FDCWD, seen.path) && --tries > 0)
		usleep(10000);
	assert_true(tries > 0);
	close(ends[0]);
	close(ends[1]);
}

static void a_volume_lies_where_TMPDIR_says(void **state)
{
	(void)state;
	setenv("TMPDIR", "/nonexistent", 1);
	assert_int_equal(volume_open(&volume, &fault), ST_NOT_FOUND);
	volume_close(&volume);
	setenv("TMPDIR", "", 1);
	assert_int_equal(volume_open(&volume, &fault), ST_OK);
	unsetenv("TMPDIR");
	assert_memory_equal(volume.path, "/tmp/", 5);
}

#define VOLUME_TEST(name) cmocka_unit_test_setup_teardown(name, open_volume, close_volume)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VOLUME_TEST(files_lie_in_the_folders_of_their_names),
		VOLUME_TEST(of_two_files_with_one_name_the_first_stays),
		VOLUME_TEST(a_file_is_no_folder),
		VOLUME_TEST(no_name_leads_out_of_the_folder),
		VOLUME_TEST(names_end_where_the_format_ends),
		VOLUME_TEST(the_last_byte_that_fits_is_taken_and_one_more_refused),
		VOLUME_TEST(one_file_too_many_is_refused),
		VOLUME_TEST(a_file_that_could_not_be_made_is_told_with_its_cause),
		VOLUME_TEST(what_the_volume_takes_it_closes),
		VOLUME_TEST(nothing_is_left_behind_a_volume),
		cmocka_unit_test_teardown(nothing_is_left_behind_a_killed_command, close_volume),
		cmocka_unit_test_teardown(a_volume_lies_where_TMPDIR_says, close_volume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
