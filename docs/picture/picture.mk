# SPDX-License-Identifier: BSD-2-Clause
#
# The picture in the README: what smalt plan --svg draws of docs/picture/unikernel.c with two modules.
# Rendered to PNG it can be looked at as readers see it, light and dark.

PICTURE := $O/picture
SHOWN   := aarch64
CACHE   := smalt.llc_size=1M smalt.llc_ways=16 smalt.llc_line=64

$(PICTURE)/unikernel.elf: $O/$(SHOWN)/docs/picture/unikernel.c.o
	$(call say,LD)
	$(Q)$(LD) $(KERNEL) -s -o $@ $<
$(PICTURE)/disk.img:
	$(call say,DISK)
	$(Q)truncate -s 6300K $@
-include $O/$(SHOWN)/docs/picture/unikernel.c.d

docs/plan.svg: $O/smalt $(PICTURE)/unikernel.elf $(PICTURE)/disk.img examples/hello/hello.txt
	$(call say,PLAN)
	$(Q)$< plan --svg $@ --append '$(CACHE)' $(filter-out $<,$^) >$(PICTURE)/plan.txt

.PHONY: pictures
pictures: docs/plan.svg
	@docs/picture/render.sh $< $O/docs
