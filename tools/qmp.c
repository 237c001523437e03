/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qmp.c: QEMU is started with -S: it greets, we enable commands and let it run.
 * What fails before that is QEMU's own failure, what comes after is the guest's.
 */
#include "qmp.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It is short and QEMU reads: it goes out whole, or QEMU is gone and its end says why. */
static void send_text(const struct qmp *qmp, const char *text)
{
	(void)!send(qmp->fd, text, strlen(text), MSG_NOSIGNAL);
}

static void send_command(const struct qmp *qmp, const char *command)
{
	char text[128] = "{\"execute\":\"";

	strcat(text, command);
	strcat(text, "\",\"id\":\"");
	strcat(text, command);
	strcat(text, "\"}\n");
	send_text(qmp, text);
}

void qmp_ask_pc(struct qmp *qmp)
{
	send_command(qmp, "stop");
	send_text(qmp, "{\"execute\":\"human-monitor-command\",\"id\":\"pc\","
	               "\"arguments\":{\"command-line\":\"info registers\"}}\n");
}

/* x86_64: "RIP=ffffffff80001000 RFL=..."; aarch64: " PC=ffff800000001000 X00=...". */
bool qmp_find_pc(const char *registers, uint64_t *pc)
{
	static const char *const names[] = { "RIP=", "PC=", "EIP=" };
	const char *at = NULL;
	char *end;

	for (unsigned i = 0; !at && i < sizeof(names) / sizeof(names[0]); i++) {
		at = strstr(registers, names[i]);
		if (at)
			at += strlen(names[i]);
	}
	if (!at)
		return false;
	*pc = strtoull(at, &end, 16);
	return end != at;
}

static const char *text_of(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(json, key));

	return text ? text : "";
}

static void answer(struct qmp *qmp, const cJSON *message)
{
	const char *event = text_of(message, "event"), *id = text_of(message, "id");

	if (cJSON_HasObjectItem(message, "QMP"))
		send_command(qmp, "qmp_capabilities");
	else if (strcmp(id, "qmp_capabilities") == 0)
		send_command(qmp, "cont");
	else if (strcmp(event, "RESUME") == 0)
		qmp->started = true;
	else if (strcmp(event, "GUEST_PANICKED") == 0)
		qmp->cause = CAUSE_PANIC;
	else if (strcmp(event, "SHUTDOWN") == 0 && qmp->cause != CAUSE_PANIC)
		qmp->cause = verdict_cause(text_of(cJSON_GetObjectItem(message, "data"), "reason"));
	else if (strcmp(id, "pc") == 0)
		qmp->has_pc = qmp_find_pc(text_of(message, "return"), &qmp->pc);
}

static void take_line(struct qmp *qmp, uint32_t bytes)
{
	cJSON *message = cJSON_ParseWithLength(qmp->line, bytes);

	if (message)
		answer(qmp, message);
	cJSON_Delete(message);
	memmove(qmp->line, qmp->line + bytes, qmp->length - bytes);
	qmp->length -= bytes;
}

enum qmp_read qmp_read(struct qmp *qmp)
{
	ssize_t got = recv(qmp->fd, qmp->line + qmp->length, sizeof(qmp->line) - qmp->length,
	                   MSG_DONTWAIT);
	const char *newline;

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR) ? QMP_NOTHING : QMP_END;
	qmp->length += (uint32_t)got;
	while ((newline = memchr(qmp->line, '\n', qmp->length)) != NULL)
		take_line(qmp, (uint32_t)(newline - qmp->line) + 1);
	return qmp->length < sizeof(qmp->line) ? QMP_READ : QMP_END;
}
