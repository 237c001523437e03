# SPDX-License-Identifier: BSD-2-Clause
TARGET_aarch64  := aarch64-unknown-none-elf
CFLAGS_aarch64  := -mstrict-align -idirafter $O/sysroot/usr/include
LDFLAGS_aarch64 :=
BOOT_aarch64    := boot/image.c boot/fdt.c
IMAGE_aarch64   := smalt.img
LIBS_aarch64    := $O/sysroot/usr/lib/aarch64-linux-gnu/libfdt.a
DEBIAN_aarch64 := arm64
