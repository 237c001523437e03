#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# setup.sh build|run|test|bench|docs: finds what is missing on this machine, says so, and gets it.
#
# Looks for files, not for packages, so that whatever was installed by hand counts.
# Packages of the host are installed by apt as root or through sudo, but never for
# `build`; what the machines need is only unpacked below build/: libfdt and gnu-efi
# for the loaders, for `test` the kernels and the busybox of the Linux test, for
# `bench` systemd-boot. SETUP=no refuses to install and to download, and prints the
# line to run.
set -eu

goal=${1:-build}
build=${O:-build}
machines=${MACHINES:?"name:debian-name of every machine, as the Makefile passes them"}
top=$PWD

# package | a file, or a command without slashes, that proves it is there | needed from which goal on
needed() {
	cat <<-END
	make                       make                                   build
	clang                      clang                                  build
	lld                        ld.lld                                 build
	llvm                       llvm-objcopy                           build
	binutils                   ld                                     build
	libc6-dev                  /usr/include/stdio.h                   build
	libcjson-dev               /usr/include/cjson/cJSON.h             build
	libelf-dev                 /usr/include/libelf.h                  build
	libfdt-dev                 /usr/include/libfdt.h                  build
	qemu-system-x86            qemu-system-x86_64                     run
	qemu-system-arm            qemu-system-aarch64                    run
	ovmf                       /usr/share/OVMF/OVMF_CODE_4M.fd        run
	qemu-efi-aarch64           /usr/share/AAVMF/AAVMF_CODE.fd         run
	libclang-rt-dev            /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a test
	libcmocka-dev              /usr/include/cmocka.h                  test
	python3                    /usr/bin/python3                       test+bench
	python3-pytest             /usr/lib/python3/dist-packages/pytest  test+bench
	u-boot-qemu                /usr/lib/u-boot/qemu_arm64/u-boot.bin  test
	mtools                     mcopy                                  test+bench
	dosfstools                 /usr/sbin/mkfs.vfat                    test
	gcc                        gcc                                    test
	binutils-x86-64-linux-gnu  x86_64-linux-gnu-ld                    test
	binutils-aarch64-linux-gnu aarch64-linux-gnu-ld                   test
	grub-common                grub-mkimage                           bench
	grub-efi-amd64-bin         /usr/lib/grub/x86_64-efi/multiboot2.mod bench
	chromium                   chromium                               docs
	END
}

# Is goal $1 part of the goal that was asked for?
wanted() {
	case $goal:$1 in
	setup:docs) return 1 ;;
	*:build | run:run | test:run | bench:run | test:test* | bench:*bench | docs:docs | setup:*) ;;
	*) return 1 ;;
	esac
}

present() {
	case $1 in
	*/*) for file in $1; do [ -e "$file" ] && return 0; done; return 1 ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

missing() {
	needed | while read -r package proof from; do
		if wanted "$from" && ! present "$proof"; then printf '%s ' "$package"; fi
	done
}

# Installs packages of the host; the last resort is to say what a person must run.
install() {
	line="apt-get install -y --no-install-recommends $*"
	echo "smalt needs: $*"
	if [ "$goal" = build ] || [ "${SETUP:-yes}" = no ] || ! command -v apt-get >/dev/null; then
		echo "not installed; run: sudo $line" >&2
		exit 1
	elif [ "$(id -u)" = 0 ]; then
		root=
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		root=sudo
	else
		echo "not root and no sudo without a password; run: sudo $line" >&2
		exit 1
	fi
	DEBIAN_FRONTEND=noninteractive
	export DEBIAN_FRONTEND
	$root apt-get update -q </dev/null && $root $line </dev/null
}

# A private apt that knows other machines' packages: nothing of the host changes.
apt_private() {
	here=$top/$build/apt
	if [ ! -d "$here" ]; then
		mkdir -p "$here/etc" "$here/state/lists/partial" "$here/cache/archives/partial"
		for source in sources.list sources.list.d preferences.d trusted.gpg.d; do
			[ ! -e "/etc/apt/$source" ] || cp -r "/etc/apt/$source" "$here/etc/"
		done
		apt_private apt-get -qq update
	fi
	command=$1
	shift
	"$command" -o Dir::Etc="$here/etc" -o Dir::Etc::SourceList="$here/etc/sources.list" \
		-o Dir::Etc::SourceParts="$here/etc/sources.list.d" -o Dir::State="$here/state" \
		-o Dir::State::Lists="$here/state/lists" -o Dir::State::status=/var/lib/dpkg/status \
		-o Dir::Cache="$here/cache" -o APT::Architectures::=amd64 \
		-o APT::Architectures::=arm64 -o APT::Sandbox::User=root "$@"
}

# fetch DIR PACKAGE:DEBIAN... downloads into build/DIR and names the files.
fetch() {
	if [ "${SETUP:-yes}" = no ]; then
		echo "refused to download $2 ... below $build/$1: SETUP=no" >&2
		exit 1
	fi
	echo "downloading below $build/$1, not installed: ${*#"$1"}"
	mkdir -p "$build/$1"
	(cd "$build/$1" && shift && rm -f ./*.deb && apt_private apt-get -qq download "$@")
}

# libfdt and the headers of gnu-efi of every machine, as one tree; made anew when its list has changed.
sysroot() {
	names=
	for machine in $machines; do names="$names libfdt-dev:${machine#*:} gnu-efi:${machine#*:}"; done
	[ "$(cat "$build/sysroot/done" 2>/dev/null)" != "$names" ] || return 0
	fetch sysroot $names
	rm -rf "$build/sysroot/usr"
	for deb in "$build"/sysroot/*.deb; do dpkg -x "$deb" "$build/sysroot"; done
	echo "$names" >"$build/sysroot/done"
}

# The kernel and the busybox that Debian gives each machine: payload/<machine>/{vmlinuz,busybox}.
payload() {
	for machine in $machines; do
		into=payload/${machine%:*}
		debian=${machine#*:}
		[ ! -e "$build/$into/done" ] || continue
		image=$(apt_private apt-cache depends "linux-image-$debian:$debian" |
			sed -n 's/.*Depends: \(linux-image-[^: ]*\).*/\1/p' | head -n 1)
		fetch "$into" "$image:$debian" "busybox-static:$debian"
		for deb in "$build/$into"/*.deb; do
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$build/$into" --wildcards --wildcards-match-slash \
				--transform='s,.*/\(busybox\|vmlinuz\)[^/]*$,\1,' './boot/vmlinuz*' './bin/busybox' 2>/dev/null || :
			rm "$deb"
		done
		if [ ! -s "$build/$into/vmlinuz" ] || [ ! -s "$build/$into/busybox" ]; then
			echo "$image or busybox-static of $debian does not hold what it should" >&2
			exit 1
		fi
		: >"$build/$into/done"
	done
}

# The boot loader of systemd for each machine: systemd-boot/<machine>/systemd-boot.efi.
systemd_boot() {
	for machine in $machines; do
		into=systemd-boot/${machine%:*}
		[ ! -s "$build/$into/systemd-boot.efi" ] || continue
		fetch "$into" "systemd-boot-efi:${machine#*:}"
		for deb in "$build/$into"/*.deb; do
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$build/$into" --wildcards \
				--transform='s,.*/systemd-boot[^/]*$,systemd-boot.efi,' './usr/lib/systemd/boot/efi/systemd-boot*'
			rm "$deb"
		done
	done
}

lacks=$(missing)
if [ -n "$lacks" ]; then install $lacks; fi
sysroot
case $goal in test | setup) payload ;; esac
case $goal in bench | setup) systemd_boot ;; esac
