# SPDX-License-Identifier: BSD-2-Clause
#
# make                  every machine's loaders and the host tool: build/smalt, build/<machine>/{smalt.elf,smalt.img,BOOT*.EFI}
# make run              boots the demo under QEMU; exit 0 iff the demo did   [ARCH=machine] [BOOT=direct|uefi]
# make test             everything below that can fail, under QEMU too; installs what is missing (SETUP=no: refuses)
# make check            the fast part: unit tests (sanitized), layers, headers; check-NAME runs tests/unit/test_NAME.c
# make check-layers     no stage includes a later stage's header; check-headers: every header compiles alone
# make conformance      docs/conformance.md from the results of the last tests
# make bench            guest instructions from the loader's first to the kernel's first, beside GRUB and systemd-boot;
#                       installs what is missing   [PROFILE=1] (docs/benchmarks.md); bench-scale: only what long lists cost
# make fuzz             every parser and the whole call against hostile input [SECONDS=60 for each] [TARGET=config]
# make coverage         lines of object/ and mm/ that the corpus reaches (docs/fuzzing.md)
# make mutate FILE=mm/cut.c     which small mistakes in the file no unit test notices
# make docs             docs/plan.svg, which the README shows, and how it looks: build/docs/plan-{light,dark}.png; installs Chromium
# make install          [DESTDIR=] [PREFIX=/usr/local]
# make setup clean      V=1 shows the commands; EMBED=FILE builds another archive into the loaders, EMBED= none
#
# A machine is a folder under arch/ with an arch.mk; nothing here names one.

O      := build
comma  := ,
CC     := clang
LD     := ld.lld
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
Q      := $(if $(V),,@)
say     = @mkdir -p $(@D)$(if $(V),,; printf '  %-8s%s\n' '$(1)' '$@')
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
ARCHES := $(patsubst arch/%/arch.mk,%,$(wildcard arch/*/arch.mk))
include $(wildcard arch/*/arch.mk)
ARCH   ?= $(firstword $(filter $(shell uname -m),$(ARCHES)) $(ARCHES))
BOOT   ?= direct

WARN   := -Wall -Wextra -Werror -Wshadow -Wcast-qual -Wvla -Wmissing-prototypes -Wstrict-prototypes \
          -Wpointer-arith -Wimplicit-fallthrough -Wno-unused-command-line-argument
COMMON := -std=c17 -Iinclude $(WARN) -MMD -MP -g
FREE   := -ffreestanding -fpie -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables \
          -mgeneral-regs-only -ffunction-sections -fdata-sections
# Fewer values wait in registers that every function would have to save.
SMALL  := -Oz -fomit-frame-pointer -mllvm -disable-machine-licm -mllvm -disable-lsr
LINK   := -O2 -pie --no-dynamic-linker -z text --apply-dynamic-relocs --pack-dyn-relocs=relr --fatal-warnings --gc-sections
CHECKS := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST   := -D_GNU_SOURCE
EFI     = -fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem $O/sysroot/usr/include/efi -isystem $O/sysroot/usr/include/efi/$(1)
HOST_EFI = $(call EFI,$(firstword $(filter $(shell uname -m),$(ARCHES)) $(ARCHES)))

# The core is compiled for every machine, for direct boot and for UEFI, and twice for the host. What
# stands for libc, and what reaches for the loader's own image, stays in the loaders.
CORE   := $(filter-out boot/map/%,$(wildcard lib/*.c object/*.c mm/*.c boot/*.c boot/*/*.c))
LOADER := lib/mem.c lib/str.c lib/check.c $(shell grep -lE '"(self|reporter|uefi)\.h"' boot/*.c boot/*/*.c)
UEFI   := $(wildcard boot/uefi*.c)
DIRECT := boot/direct.c boot/alone.c
FACTS  := $(wildcard arch/*/machine.c)
TOOLS  := $(filter-out tools/host.c,$(wildcard tools/*.c))
# libsmalt.a: the mapping call (smalt/map.h) for other firmware, one object that needs no other.
ALONE  := boot/map/trap.c boot/map/machines.c
MAPPING := $(filter-out $(ALONE),$(wildcard boot/map/*.c))
LIBRARY := $(addprefix lib/,arena.c fmt.c random.c sink.c sort.c span.c status.c) $(wildcard object/*.c mm/*.c) \
           $(addprefix boot/,bind.c identity.c record.c relocate.c tls.c) $(MAPPING)
SHARED := $(filter-out $(LOADER) $(UEFI),$(CORE)) $(MAPPING) $(FACTS) $(wildcard tools/host.c)
LIBS   := -Wl,--as-needed -lcjson -lelf -lfdt

KERNEL := -static -pie --no-dynamic-linker -z text -z separate-code -z max-page-size=4096 --fatal-warnings
DEMO   := $(filter-out %.c %/Makefile,$(wildcard examples/hello/*))
EMBED  ?= demo

all: $O/smalt $(ARCHES) $O/host/libsmalt.a

# --- one loader per machine -------------------------------------------------------

define machine
ALL_SRC_$(1) := $$(filter-out $$(filter-out $$(BOOT_$(1)) $$(DIRECT_$(1)),$$(foreach a,$$(ARCHES),$$(BOOT_$$a) $$(DIRECT_$$a))),$$(CORE)) \
             $$(wildcard arch/$(1)/*.c arch/$(1)/*.S)
SRC_$(1)  := $$(filter-out $(UEFI),$$(ALL_SRC_$(1)))
OBJ_$(1)  := $$(SRC_$(1):%=$O/$(1)/%.o) $$(if $$(EMBED),$O/$(1)/archive.o)
FILE_$(1) := $$(if $$(filter demo,$$(EMBED)),$O/$(1)/demo.cpio,$$(EMBED))
LIB_$(1)  := $$(LIBRARY:%=$O/$(1)/library/%.o) $$(addprefix $O/$(1)/library/,$$(ALONE:=.o) arch/$(1)/machine.c.o)
ALL_$(1)  := $$(addprefix $O/$(1)/,smalt.elf $$(IMAGE_$(1)) $$(EFI_$(1)) libsmalt.a)

# The EFI application: of a size that fits anywhere; files come from its volume, the demo too.
UEFI_SRC_$(1) := $$(filter-out $(DIRECT) $$(DIRECT_$(1)),$$(ALL_SRC_$(1)))
UEFI_OBJ_$(1) := $$(UEFI_SRC_$(1):%=$O/$(1)/efi/%.o) $$(if $$(filter-out demo,$$(EMBED)),$O/$(1)/archive.o)

.PHONY: $(1)
$(1): $$(ALL_$(1))
$O/$(1)/%.o: % $O/flags | $O/ready
	$$(call say,CC)
	$$(Q)$(CC) -target $$(TARGET_$(1)) $(COMMON) -O2 $(FREE) $$(CFLAGS_$(1)) $$(DIRECT_CFLAGS_$(1)) -c -o $$@ $$<
$O/$(1)/efi/%.o: % $O/flags $O/efi.flags | $O/ready
	$$(call say,CC)
	$$(Q)$(CC) -target $$(TARGET_$(1)) $(COMMON) $(SMALL) $(FREE) $$(CFLAGS_$(1)) $$(EFI_CFLAGS_$(1)) $$(if $$(filter boot/uefi%,$$<),$$(call EFI,$(1))) -c -o $$@ $$<

$O/$(1)/library/%.o: % $O/flags $O/efi.flags | $O/ready
	$$(call say,CC)
	$$(Q)$(CC) -target $$(TARGET_$(1)) $(COMMON) $(SMALL) $(FREE) -fPIC $$(CFLAGS_$(1)) $$(LIBRARY_CFLAGS_$(1)) -DMACHINES='&machine_$(1)' -c -o $$@ $$<
$O/$(1)/libsmalt.o: $$(LIB_$(1))
$O/$(1)/libsmalt.a: $O/$(1)/libsmalt.o

# As a firmware of PE files compiles it (docs/firmware.md): long has 32 bits there, calls are Microsoft's.
$O/$(1)/pe/%.o: % $O/flags $O/efi.flags | $O/ready
	$$(call say,PE)
	$$(Q)$(CC) -target $$(PE_$(1)) $(COMMON) $(SMALL) $(filter-out -fpie,$(FREE)) $$(CFLAGS_$(1)) -DMACHINES='&machine_$(1)' -c -o $$@ $$<
$O/$(1)/smalt.lib: $$(LIB_$(1):$O/$(1)/library/%=$O/$(1)/pe/%)
	$$(call say,LIB)
	$$(Q)llvm-lib /nologo /out:$$@ $$^

$O/$(1)/archive.o: $$(FILE_$(1)) $O/embed
	$$(call say,EMBED)
	$$(Q)printf '.section .archive, "aw"\n.balign 4096\n.incbin "%s"\n' $$< | \
		$(CC) -target $$(TARGET_$(1)) -c -x assembler -o $$@ -

$O/$(1)/smalt.elf: $$(OBJ_$(1)) linker.ld $(wildcard arch/$(1)/*.ld) $O/embed
	$$(call say,LD)
	$$(Q)$(LD) $(LINK) $$(LDFLAGS_$(1)) -L arch/$(1) -T linker.ld -Map $$(@:.elf=.map) -o $$@ $$(OBJ_$(1)) $$(LIBS_$(1))

$O/$(1)/efi/smalt.elf: $$(UEFI_OBJ_$(1)) linker.ld arch/pe.ld $(wildcard arch/$(1)/efi/*.ld) $O/embed
	$$(call say,LD)
	$$(Q)$(LD) $(LINK) -e uefi_entry $$(LDFLAGS_$(1)) -L arch/$(1)/efi -L arch -T linker.ld -Map $$(@:.elf=.map) -o $$@ \
		$$(UEFI_OBJ_$(1)) $$(LIBS_$(1))

# A flat file holds the image's segments (linker.ld).
$O/$(1)/smalt.img: $O/$(1)/smalt.elf
$O/$(1)/$$(EFI_$(1)): $O/$(1)/efi/smalt.elf
$O/$(1)/smalt.img $O/$(1)/$$(EFI_$(1)):
	$$(call say,OBJCOPY)
	$$(Q)llvm-objcopy -O binary $$< $$@
# The demo, built as a user builds a kernel, with what else lies in its folder.
$O/$(1)/hello.elf: $O/$(1)/examples/hello/hello.c.o
	$$(call say,LD)
	$$(Q)$(LD) $(KERNEL) -o $$@ $$^
$O/$(1)/demo.cpio: $O/$(1)/hello.elf $(DEMO) $O/smalt
	$$(call say,PACK)
	$$(Q)$O/smalt pack -o $$@ --conf $(filter %.conf,$(DEMO)) $$< $(filter-out %.conf,$(DEMO))

-include $$(patsubst %.o,%.d,$$(OBJ_$(1)) $$(LIB_$(1)) $$(LIB_$(1):$O/$(1)/library/%=$O/$(1)/pe/%) $$(UEFI_OBJ_$(1)) $O/$(1)/examples/hello/hello.c.o)
endef
$(foreach a,$(ARCHES),$(eval $(call machine,$a)))

# Rewritten, so that what follows from it is made anew, only when its words change.
define remember
ifneq ($$(strip $$(file <$O/$(1))),$$(strip $(2)))
$O/$(1): FORCE
endif
$O/$(1): ; @mkdir -p $$(@D) && printf '%s\n' '$(2)' >$$@
endef
$(eval $(call remember,embed,$(EMBED)))
$(eval $(call remember,flags,$(COMMON) $(FREE) $(HOST) $(CHECKS) $(foreach a,$(ARCHES),$(CFLAGS_$a) $(DIRECT_CFLAGS_$a))))
$(eval $(call remember,efi.flags,$(SMALL) $(foreach a,$(ARCHES),$(EFI_CFLAGS_$a) $(LIBRARY_CFLAGS_$a))))

# --- the host: the tool, and the same sanitized for the tests ---------------------

define host
$O/$(1)/%.o: % $O/flags | $O/ready
	$$(call say,HOSTCC)
	$$(Q)$(CC) $(COMMON) $$(HOST) $(2) -c -o $$@ $$<

$O/$(1)/core.a: $(SHARED:%=$O/$(1)/%.o)
$O/$(1)/tools.a: $(TOOLS:%=$O/$(1)/%.o)
$O/$(1)/smalt: $O/$(1)/tools.a $O/$(1)/core.a
	$$(call say,HOSTLD)
	$$(Q)$(CC) $(2) -o $$@ $$^ $(LIBS)
-include $$(patsubst %,$O/$(1)/%.d,$(SHARED) $(UEFI) $(TOOLS) $(wildcard tests/unit/*.c))
endef
$(eval $(call host,host,-O2))
$(eval $(call host,check,$(CHECKS)))

# The library for programs of the host knows every machine.
HOST_LIB := $(LIBRARY) $(ALONE) $(FACTS)
$O/host/library/%.o: % $O/flags | $O/ready
	$(call say,HOSTCC)
	$(Q)$(CC) $(COMMON) -O2 $(FREE) -fPIC -DMACHINES='$(subst $(eval) ,$(comma),$(ARCHES:%=&machine_%))' -c -o $@ $<
$O/host/libsmalt.o: $(HOST_LIB:%=$O/host/library/%.o)
$O/host/libsmalt.a: $O/host/libsmalt.o
-include $(HOST_LIB:%=$O/host/library/%.d)

%.a:
	$(call say,AR)
	$(Q)rm -f $@.new && llvm-ar rcs $@.new $^ && mv $@.new $@
# One relocatable object, of which only the public names are seen.
%/libsmalt.o:
	$(call say,LD)
	$(Q)$(LD) -r -o $@ $^ && llvm-objcopy --wildcard --keep-global-symbol='smalt_*' $@

$O/smalt: $O/host/smalt
	$(Q)cp -f $< $@
UNITS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))

$O/check/boot/uefi% $O/check/tests/unit/test_uefi%: HOST += $(HOST_EFI)
# First what runs under UEFI: a test that asks for firmware.h's functions gets the real ones.
$O/check/uefi.a: $(UEFI:%=$O/check/%.o)
$O/check/test_%: $O/check/tests/unit/test_%.c.o $O/check/uefi.a $O/check/tools.a $O/check/core.a
	$(call say,HOSTLD)
	$(Q)$(CC) $(CHECKS) -o $@ -Wl,--start-group $^ -Wl,--end-group -lcmocka $(LIBS)

.PHONY: unit $(UNITS:%=check-%)
unit: $(UNITS:%=$O/check/test_%) $O/data
	@$(PYTHON) tests/units.py $O/results/unit.tsv $(filter-out $O/data,$^)
$(UNITS:%=check-%): check-%: $O/check/test_% $O/data; @$<

# Malformed files: assembler source, cut out of their objects.
$O/data: $(wildcard tests/data/*)
	$(call say,DATA)
	$(Q)mkdir -p $@ && $(if $^,$(PYTHON) tests/data/extract.py $@) && touch $@

include tests/fuzz/fuzz.mk
include docs/picture/picture.mk

# --- checks -----------------------------------------------------------------------

.PHONY: all FORCE run demo test everything guests check check-layers check-headers conformance bench bench-scale measure mutate \
        docs install setup clean
check: check-layers check-headers unit
check-layers: ; @tests/layers.sh .

HEADERS := $(wildcard include/*.h include/smalt/*.h)
check-headers: $(HEADERS:%=$O/headers/%.ok)
$O/headers/%.ok: % $O/flags | $O/ready
	$(call say,HEADER)
	$(Q)$(CC) $(COMMON) $(if $(filter %/uefi.h,$<),$(HOST_EFI)) -Wno-unused-function -ffreestanding -MF $@.d -MT $@ -include $< -x c -c -o /dev/null /dev/null
	$(if $(filter include/smalt/%,$<),$(Q)tests/public.sh $<)
	@touch $@
-include $(HEADERS:%=$O/headers/%.ok.d)

# pytest once per machine and once for what needs none, side by side.
guests: all $O/check/smalt $O/plugin/cache.so $O/data $(ARCHES:%=$O/%/smalt.lib) fuzzers
	@+$(MAKE) --no-print-directory -k -j$(shell nproc) -Otarget $(addprefix pytest-,$(ARCHES) host)
pytest-%: FORCE
	@$(PYTHON) -m pytest -q -p no:cacheprovider tests --only $*

everything: check guests conformance
conformance: ; @$(PYTHON) tests/conformance.py $O/results docs/conformance.md

# --- what people call -------------------------------------------------------------

SETUP_SH := O=$O MACHINES='$(foreach a,$(ARCHES),$a:$(DEBIAN_$a))' tools/setup.sh
setup run test bench docs:
	@$(SETUP_SH) $@ $(if $(filter run,$@),&& $(MAKE) --no-print-directory demo) \
	$(if $(filter bench,$@),&& $(MAKE) --no-print-directory measure) \
	$(if $(filter docs,$@),&& $(MAKE) --no-print-directory pictures) \
	$(if $(filter test,$@),&& rm -rf $O/results && $(MAKE) --no-print-directory everything)
$O/ready: tools/setup.sh
	@mkdir -p $O && $(SETUP_SH) build && touch $@

# A loader for direct boot carries the archive, one for UEFI gets it on a volume.
RUN_direct = --loader $O/$(ARCH)/$(firstword $(IMAGE_$(ARCH)) smalt.elf)
RUN_uefi   = --uefi --loader $O/$(ARCH)/$(EFI_$(ARCH)) $(FILE_$(ARCH))
demo: $O/smalt $(ARCH) $(if $(filter uefi,$(BOOT)),$(FILE_$(ARCH)))
	@$O/smalt run --machine $(ARCH) $(or $(RUN_$(BOOT)),$(error BOOT=$(BOOT): direct or uefi)) $(ARGS)

measure: all $O/plugin/count.so $O/plugin/cache.so
	@$(PYTHON) tests/bench/bench.py $(PROFILE:%=--profile) $O $(ARCHES)
	@$(MAKE) --no-print-directory bench-scale
bench-scale: $O/smalt; @$(PYTHON) tests/bench/scale.py $<
# Plugins that QEMU loads.
$O/plugin/%.so: tests/plugin/%.c tests/plugin/plugin.h $O/flags | $O/ready
	$(call say,HOSTCC)
	$(Q)$(CC) $(COMMON) $(HOST) -O2 -fPIC -fvisibility=hidden -shared -o $@ $<

mutate:
	@$(PYTHON) tests/mutate.py $(or $(FILE),$(error make mutate FILE=mm/cut.c [TESTS="cut space"])) $(TESTS)

PREFIX ?= /usr/local
install: all
	install -Dm755 $O/smalt $(DESTDIR)$(PREFIX)/bin/smalt
	install -Dm644 -t $(DESTDIR)$(PREFIX)/include/smalt include/smalt/*.h
	$(foreach a,$(ARCHES),install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/smalt/$a \
		$(ALL_$a) $(filter %/demo.cpio,$(FILE_$a)) && ):
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib $O/host/libsmalt.a
	$(foreach e,$(notdir $(wildcard examples/*)),install -Dm644 -t $(DESTDIR)$(PREFIX)/share/smalt/examples/$e examples/$e/* && ):
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'Name: smalt' \
		'Description: Headers for kernels that Smalt boots, and its mapping call' 'Version: 0.2' \
		'Cflags: -I$${prefix}/include' 'Libs: -L$${libdir} -lsmalt' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/smalt.pc

clean: ; rm -rf $O
