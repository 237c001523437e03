/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind.h: symbols of kernel and modules, which are one closed set: what one object asks for, another
 * one offers (requirements R1, R4).
 *
 * Looked for in this order: the object itself if it says DF_SYMBOLIC; the kernel; the object
 * itself; what its DT_NEEDED name, then what theirs name, and so on. The first
 * definition counts, weak or not. A name in DT_NEEDED is a module's name, its
 * DT_SONAME or the last part of its path. The order of modules in smalt.conf changes nothing. Instance n of
 * a module is bound to instance n of another one, if it has so many, else to its first.
 */
#ifndef BIND_H
#define BIND_H

#include "boot.h"
#include "reloc.h"

/* Who a symbol of an object's table is. */
struct binding {
	uint64_t value;          /* st_value, without bias */
	uint64_t bytes;          /* st_size */
	uint32_t object;         /* who defines it; SMALT_NONE: nobody, and it is weak */
	uint8_t state;           /* BIND_* */
	bool absolute;           /* no bias */
};

enum { BIND_UNKNOWN, BIND_ADDRESS, BIND_TLS, BIND_NOTHING };

/*
 * needs: one for each object from linkage->first on, as reloc_check() told; those that are not relocated have none. Finds the
 * definition of every symbol that a relocation is about, into objects[].bindings.
 * ST_UNDEFINED_SYMBOL, ST_NOT_FOUND (DT_NEEDED), ST_BAD_RELOCATION, ST_BAD_HEADER, ST_NO_MEMORY, and
 * what reading the files returns.
 */
MUST_CHECK enum status bind_objects(const struct linkage *linkage,
                                    const struct reloc_needs *needs, struct fault *fault);

/* What reloc_value() wants to know of a record's symbol. Objects are placed. */
struct reloc_symbol bind_symbol(const struct linkage *linkage,
                                const struct boot_object *o, const struct reloc *reloc);

/* Are its relocations applied? */
bool bind_is_relocated(const struct linkage *linkage, const struct boot_object *o);

#endif
