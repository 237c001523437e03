/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest.c: one loop over the guest's console, QMP, signals and the clock. Nothing
 * here blocks but poll(2), and every way out goes through qemu_stop().
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "qmp.h"
#include "say.h"
#include "seek.h"

#define PC_MS 2000               /* QEMU's time to say where the guest is */
#define WRITE_MS 100             /* between two tries to show something */

enum { SERIAL, QMP, SIGNALS, SOURCES };

struct watch {
	struct qemu qemu;
	struct qmp qmp;
	struct seek expect, fail;
	struct guest_end *end;
	int signal_fd;
	int64_t deadline_ms;     /* -1: none */
	bool asked_pc;
	bool over;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the guest prints goes out as it comes, byte for byte. */
static void show(const char *bytes, size_t count)
{
	struct pollfd out = { STDOUT_FILENO, POLLOUT, 0 };

	while (count > 0) {
		ssize_t put = write(STDOUT_FILENO, bytes, count);

		if (put < 0 && errno == EAGAIN)
			poll(&out, 1, WRITE_MS);
		else if (put < 0 && errno != EINTR)
			return;          /* nobody reads: the guest still runs to its end */
		if (put > 0) {
			bytes += put;
			count -= (size_t)put;
		}
	}
}

enum reading { READING_END, READING_NOTHING, READING_SOME };

static enum reading read_serial(struct watch *w)
{
	struct outcome *outcome = &w->end->outcome;
	char bytes[4096];
	ssize_t got = read(w->qemu.serial_fd, bytes, sizeof(bytes));

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR) ? READING_NOTHING : READING_END;
	show(bytes, (size_t)got);
	w->end->serial_bytes += (uint64_t)got;
	outcome->fail_seen = seek_feed(&w->fail, bytes, (uint64_t)got);
	outcome->expect_seen = seek_feed(&w->expect, bytes, (uint64_t)got);
	w->over = outcome->fail_seen || outcome->expect_seen;
	return READING_SOME;
}

/* QEMU has ended: what it said before is still in the pipes. */
static void drain(struct watch *w)
{
	while (!w->over && read_serial(w) == READING_SOME)
		;
	while (qmp_read(&w->qmp) == QMP_READ)
		;
	w->over = true;
}

static void take_signal(struct watch *w)
{
	struct signalfd_siginfo info;
	int status;

	if (read(w->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD) {
		w->end->signal = (int)info.ssi_signo;
		w->over = true;
	} else if (qemu_ended(&w->qemu, &status)) {
		w->end->outcome.exited = WIFEXITED(status);
		w->end->outcome.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		drain(w);
	}
}

/* First the question where the guest is, then the end. */
static void time_out(struct watch *w)
{
	w->end->outcome.timed_out = true;
	if (w->asked_pc || !w->qmp.started) {
		w->over = true;
		return;
	}
	w->asked_pc = true;
	w->deadline_ms = now_ms() + PC_MS;
	qmp_ask_pc(&w->qmp);
}

static void step(struct watch *w, struct pollfd sources[SOURCES])
{
	int64_t left = w->deadline_ms < 0 ? -1 : w->deadline_ms - now_ms();

	if (w->deadline_ms >= 0 && left <= 0) {
		time_out(w);
		return;
	}
	if (poll(sources, SOURCES, (int)(left > 60000 ? 60000 : left)) <= 0)
		return;
	/* A closed pipe is not the end: the child's exit is. */
	if (sources[SERIAL].revents && read_serial(w) == READING_END)
		sources[SERIAL].fd = -1;
	if (sources[QMP].revents && qmp_read(&w->qmp) == QMP_END)
		sources[QMP].fd = -1;
	if (w->asked_pc && w->qmp.has_pc)
		w->over = true;
	if (!w->over && sources[SIGNALS].revents)
		take_signal(w);
}

static void run(struct watch *w)
{
	struct pollfd sources[SOURCES] = {
		[SERIAL] = { w->qemu.serial_fd, POLLIN, 0 },
		[QMP] = { w->qemu.qmp_fd, POLLIN, 0 },
		[SIGNALS] = { w->signal_fd, POLLIN, 0 },
	};

	fcntl(w->qemu.serial_fd, F_SETFL, O_NONBLOCK);
	w->qmp.fd = w->qemu.qmp_fd;
	while (!w->over)
		step(w, sources);
	w->end->outcome.started = w->qmp.started;
	w->end->outcome.cause = w->qmp.cause;
	w->end->has_pc = w->qmp.has_pc;
	w->end->pc = w->qmp.pc;
}

/* Signals come through a descriptor, so that none can pass between two looks. */
static int open_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, before);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool watch(struct watch *w, const struct guest_request *request)
{
	struct termios terminal;
	bool has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp() &&
	                    tcgetattr(STDIN_FILENO, &terminal) == 0;
	bool started;

	if (request->timeout_seconds)
		w->deadline_ms = now_ms() + (int64_t)request->timeout_seconds * 1000;
	started = qemu_start(&w->qemu, &request->qemu);
	if (started)
		run(w);
	qemu_stop(&w->qemu);
	/* QEMU makes the terminal raw, and killed it does not clean up. */
	if (has_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
	return started;
}

bool guest_watch(const struct guest_request *request, struct guest_end *end)
{
	/* A guest outlives whoever read its output. */
	struct sigaction pipe_before, pipe_ignored = { .sa_handler = SIG_IGN };
	struct watch *w = calloc(1, sizeof(*w));
	sigset_t before;
	bool started;

	*end = (struct guest_end){ 0 };
	if (!w || !seek_begin(&w->expect, request->expect) || !seek_begin(&w->fail, request->fail)) {
		say("a text to look for is longer than %d bytes", SEEK_BYTES);
		free(w);
		return false;
	}
	w->end = end;
	w->deadline_ms = -1;
	w->signal_fd = open_signals(&before);
	sigaction(SIGPIPE, &pipe_ignored, &pipe_before);
	started = watch(w, request);
	sigaction(SIGPIPE, &pipe_before, NULL);
	close(w->signal_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(w);
	return started;
}
