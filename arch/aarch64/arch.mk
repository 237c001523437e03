# SPDX-License-Identifier: BSD-2-Clause
#
# arch.mk: what the Makefile asks about aarch64. Our libfdt_env.h stands for Debian's; libfdt itself is
# Debian's libfdt-dev:arm64, unpacked below build/sysroot by tools/setup.sh. A direct boot begins with
# the MMU off, where no access may be unaligned. Firmware may keep something of its own in x18.
TARGET_aarch64  := aarch64-unknown-none-elf
PE_aarch64      := aarch64-unknown-windows
DIRECT_CFLAGS_aarch64 := -mstrict-align
LIBRARY_CFLAGS_aarch64 := -ffixed-x18
CFLAGS_aarch64  := -Iinclude/libfdt -idirafter $O/sysroot/usr/include
# All of an EFI application is in the reach of one instruction, unless an archive is in it.
EFI_CFLAGS_aarch64 = $(if $(filter-out demo,$(EMBED)),,-mcmodel=tiny -fdirect-access-external-data)
LDFLAGS_aarch64 :=
BOOT_aarch64    := boot/devicetree.c boot/console.c boot/node.c boot/protocol/image.c
DIRECT_aarch64  := boot/image.c arch/aarch64/entry.S
IMAGE_aarch64   := smalt.img
EFI_aarch64     := BOOTAA64.EFI
LIBS_aarch64    := $O/sysroot/usr/lib/aarch64-linux-gnu/libfdt.a
DEBIAN_aarch64  := arm64
