/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h: the console of the loader: lines for people. The only mutable global.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "status.h"

/* Text as fmt.h says, at most 511 characters a call; nothing before the console is known. */
void log_print(const char *format, ...);

/* The same without conversions, of any length: needs no memory and cannot fail. */
void log_text(const char *text);

/* The same to the serial port only, whatever log_to() says. */
void log_serial(const char *text);

/* The one place that prints a fault: "smalt: " and the line of fault_text(). */
void log_fault(const struct fault *fault);

/*
 * Where characters go; kind is SMALT_SERIAL_*, address its I/O port or registers.
 * SMALT_SERIAL_NONE (at the start): nowhere.
 */
void log_open(uint32_t kind, uint64_t address);

/*
 * While a firmware is there, everything goes through its console; NULL: no longer. What was before
 * is returned; log_open() stays as it is.
 */
typedef void (*log_sink)(const char *text);
log_sink log_to(log_sink put);

#endif
