/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin.h: what our plugins need of QEMU's plugin interface.
 *
 * QEMU 7.2, docs/devel/tcg-plugins.rst, API version 1; the few prototypes stand
 * here, so that no header of QEMU's is needed.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PUBLIC __attribute__((visibility("default")))
#define INLINE_ADD_U64 0        /* enum qemu_plugin_op */
#define CB_NO_REGS     0        /* enum qemu_plugin_cb_flags */
#define MEM_RW         3        /* enum qemu_plugin_mem_rw */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef uint64_t plugin_id;
typedef uint32_t plugin_meminfo;
typedef void translate_call(plugin_id id, struct qemu_plugin_tb *tb);
typedef void execute_call(unsigned cpu, void *data);
typedef void memory_call(unsigned cpu, plugin_meminfo info, uint64_t va, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_call *call);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, execute_call *call, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_call *call, int flags,
                                            void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_call *call, int flags, int rw,
                                      void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

unsigned qemu_plugin_mem_size_shift(plugin_meminfo info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(plugin_meminfo info, uint64_t va);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

PUBLIC extern int qemu_plugin_version;
PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

#endif
