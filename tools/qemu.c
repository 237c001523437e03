/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qemu.c: one command line for each machine. Files are passed as descriptors,
 * so that nothing lies on the disk that somebody would have to remove.
 */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

#define WORDS 128
#define WORD_BYTES 64

/* The machine, a CPU with everything that it can have, and the way out of exit.h. */
static const struct emulator {
	uint16_t elf_machine;
	const char *program, *type;
	const char *leave[2];
} emulators[] = {
	{ SMALT_MACHINE_X86_64, "qemu-system-x86_64", "q35",
	  { "-device", "isa-debug-exit,iobase=0xf4,iosize=4" } },
	{ SMALT_MACHINE_AARCH64, "qemu-system-aarch64", "virt",
	  { "-semihosting-config", "enable=on,target=native" } },
};

struct words {
	const char *list[WORDS];
	uint32_t count;
	char memory[WORD_BYTES], file[WORD_BYTES], qmp[WORD_BYTES];
	char firmware[2 * WORD_BYTES], volume[2 * WORD_BYTES];
};

static const struct emulator *emulator_of(const struct machine *machine)
{
	const struct emulator *emulator = emulators;

	while (emulator->elf_machine != machine->elf_machine)
		emulator++;
	return emulator;
}

static void add(struct words *words, const char *option, const char *value)
{
	words->list[words->count++] = option;
	if (value)
		words->list[words->count++] = value;
}

static void add_direct(struct words *words, const struct qemu_request *request)
{
	snprintf(words->file, sizeof(words->file), "/proc/self/fd/%d", request->file_fd);
	add(words, "-kernel", request->loader);
	if (request->file_fd >= 0)
		add(words, "-initrd", words->file);
	if (request->append)
		add(words, "-append", request->append);
}

/*
 * No second flash for variables: each boot begins with none, in memory. Without the menu's
 * time of zero AAVMF waits for keys for five seconds.
 */
static void add_firmware(struct words *words, const struct qemu_request *request)
{
	snprintf(words->firmware, sizeof(words->firmware),
	         "if=pflash,unit=0,format=raw,readonly=on,file=/proc/self/fd/%d", request->firmware_fd);
	snprintf(words->volume, sizeof(words->volume),
	         "driver=vvfat,node-name=volume,read-only=on,dir=/proc/self/fd/%d", request->volume_fd);
	add(words, "-drive", words->firmware);
	add(words, "-blockdev", words->volume);
	add(words, "-device", "virtio-blk-pci,drive=volume");
	add(words, "-boot", "menu=on,splash-time=0");
}

static void make_words(struct words *words, const struct qemu_request *request, int qmp_fd)
{
	const struct emulator *emulator = emulator_of(request->machine);

	snprintf(words->memory, WORD_BYTES, "%" PRIu64 "B", request->ram_bytes);
	snprintf(words->qmp, WORD_BYTES, "socket,id=qmp,fd=%d", qmp_fd);
	add(words, emulator->program, NULL);
	add(words, "-M", request->type ? request->type : emulator->type);
	add(words, "-cpu", "max");
	add(words, "-m", words->memory);
	add(words, "-nodefaults", NULL);
	add(words, "-display", "none");
	add(words, "-no-reboot", NULL);
	add(words, "-S", NULL);
	add(words, "-serial", "stdio");
	add(words, "-chardev", words->qmp);
	add(words, "-mon", "chardev=qmp,mode=control");
	add(words, emulator->leave[0], emulator->leave[1]);
	if (request->has_firmware)
		add_firmware(words, request);
	else
		add_direct(words, request);
	for (uint32_t i = 0; i < request->extra_count; i++)
		add(words, request->extra[i], NULL);
	words->list[words->count] = NULL;
}

/* In the child: nothing of ours stays but what QEMU is to have. */
static _Noreturn void become(const struct words *words, int serial_fd, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(serial_fd, STDOUT_FILENO);
	execvp(words->list[0], (char *const *)(uintptr_t)words->list);
	say("%s: %s", words->list[0], strerror(errno));
	_exit(1);
}

static bool inherit(int fd)
{
	return fd < 0 || fcntl(fd, F_SETFD, 0) == 0;
}

static bool start(struct qemu *qemu, const struct qemu_request *request, int serial_fd, int qmp_fd)
{
	struct words words = { .count = 0 };
	pid_t parent = getpid();

	if (!inherit(qmp_fd) || !inherit(request->file_fd) ||
	    (request->has_firmware && !inherit(request->firmware_fd)))
		return false;
	make_words(&words, request, qmp_fd);
	qemu->pid = fork();
	if (qemu->pid == 0)
		become(&words, serial_fd, parent);
	if (qemu->pid < 0)
		qemu->pid = 0;
	return qemu->pid != 0;
}

bool qemu_start(struct qemu *qemu, const struct qemu_request *request)
{
	int serial[2] = { -1, -1 }, qmp[2] = { -1, -1 };
	bool started = pipe2(serial, O_CLOEXEC) == 0 &&
	               socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) == 0;

	*qemu = (struct qemu){ .serial_fd = serial[0], .qmp_fd = qmp[0] };
	if (started)
		started = start(qemu, request, serial[1], qmp[1]);
	if (!started)
		say("cannot start QEMU: %s", strerror(errno));
	if (serial[1] >= 0)
		close(serial[1]);
	if (qmp[1] >= 0)
		close(qmp[1]);
	return started;
}

bool qemu_ended(struct qemu *qemu, int *wait_status)
{
	if (qemu->pid == 0 || waitpid(qemu->pid, wait_status, WNOHANG) != qemu->pid)
		return false;
	qemu->pid = 0;
	return true;
}

void qemu_stop(struct qemu *qemu)
{
	if (qemu->pid != 0) {
		kill(qemu->pid, SIGKILL);
		while (waitpid(qemu->pid, NULL, 0) < 0 && errno == EINTR)
			;
		qemu->pid = 0;
	}
	if (qemu->serial_fd >= 0)
		close(qemu->serial_fd);
	if (qemu->qmp_fd >= 0)
		close(qemu->qmp_fd);
	qemu->serial_fd = qemu->qmp_fd = -1;
}
