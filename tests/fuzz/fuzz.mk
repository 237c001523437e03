# SPDX-License-Identifier: BSD-2-Clause
#
# fuzz.mk: the targets of tests/fuzz, sanitized, with libFuzzer's counters and clang's coverage in one build.

FUZZING := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
           -fprofile-instr-generate=/dev/null -fcoverage-mapping -fno-omit-frame-pointer
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PY := $(PYTHON) tests/fuzz/run.py $O

$(eval $(call host,fuzz,$(FUZZING)))
-include $(FUZZERS:%=$O/fuzz/tests/fuzz/fuzz_%.c.d)

# As for the unit tests: what runs under UEFI comes first where a target asks for it.
$O/fuzz/boot/uefi% $O/fuzz/tests/fuzz/fuzz_uefi%: HOST += $(HOST_EFI)
$O/fuzz/uefi.a: $(UEFI:%=$O/fuzz/%.o)
$O/fuzz/fuzz_uefi%: $O/fuzz/tests/fuzz/fuzz_uefi%.c.o $O/fuzz/uefi.a $O/fuzz/tools.a $O/fuzz/core.a
	$(call say,HOSTLD)
	$(Q)$(CC) $(FUZZING) -fsanitize=fuzzer -o $@ $^ -lcmocka $(LIBS)
$O/fuzz/fuzz_%: $O/fuzz/tests/fuzz/fuzz_%.c.o $O/fuzz/tools.a $O/fuzz/core.a
	$(call say,HOSTLD)
	$(Q)$(CC) $(FUZZING) -fsanitize=fuzzer -o $@ -Wl,--start-group $^ -Wl,--end-group $(LIBS)

.PHONY: fuzz fuzzers coverage fuzz-keep
fuzzers: $(FUZZERS:%=$O/fuzz/fuzz_%) $O/data all
fuzz: fuzzers
	@$(FUZZ_PY) run $(or $(SECONDS),60) $(or $(TARGET),$(FUZZERS))
coverage: fuzzers
	@$(FUZZ_PY) coverage $(FUZZERS)
fuzz-keep: fuzzers
	@$(FUZZ_PY) keep $(or $(TARGET),$(error make fuzz-keep TARGET="object mapping"))
