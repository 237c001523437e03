# SPDX-License-Identifier: BSD-2-Clause
#
# arch.mk: what the Makefile asks about aarch64. Our libfdt_env.h stands for Debian's; libfdt itself is
# Debian's libfdt-dev:arm64, unpacked below build/sysroot by tools/setup.sh.
TARGET_aarch64  := aarch64-unknown-none-elf
CFLAGS_aarch64  := -mstrict-align -Iinclude/libfdt -idirafter $O/sysroot/usr/include
LDFLAGS_aarch64 :=
BOOT_aarch64    := boot/image.c boot/devicetree.c boot/console.c boot/node.c boot/protocol/image.c
IMAGE_aarch64   := smalt.img
LIBS_aarch64    := $O/sysroot/usr/lib/aarch64-linux-gnu/libfdt.a
DEBIAN_aarch64  := arm64
