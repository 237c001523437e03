/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extra.c: what the program headers say besides segments and notes (gABI,
 * "Program Header"; Linux gABI extensions).
 *
 * What is reported is backed: initial TLS bytes and the dynamic section are file
 * bytes of one segment, at the same offset (M16, M19).
 */
#include "align.h"
#include "parts.h"

struct extra {
	uint32_t type;           /* at most one header of it */
	const char *name;
	enum status (*read)(struct object *object, uint32_t index, struct fault *fault);
};

/* Its memory must not wrap; where no segment holds it, only who uses it can tell whether that is wrong. */
static enum status take_area(const struct object *object, uint32_t index, struct area *area,
                             struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);

	if (range_wraps(p.p_vaddr, p.p_memsz)) {
		(void)fault_set(fault, ST_OVERFLOW, "p_memsz", p.p_memsz, UINT64_MAX - p.p_vaddr);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_memsz), fault);
	}
	*area = (struct area){ p.p_vaddr, p.p_memsz };
	return ST_OK;
}

/* The same bytes by file offset and by address? */
static enum status check_backed(const struct object *object, uint32_t index, struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);
	uint64_t file_offset;

	if (p.p_filesz == 0 || object->partial)
		return ST_OK;
	if (!object_file_at(object, p.p_vaddr, p.p_filesz, &file_offset)) {
		(void)fault_value(fault, ST_BAD_HEADER, "p_vaddr", p.p_vaddr);
		(void)fault_hint(fault, "no PT_LOAD has these bytes: put the section into a segment");
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_vaddr), fault);
	}
	if (file_offset != p.p_offset) {
		(void)fault_set(fault, ST_BAD_HEADER, "p_offset", p.p_offset, file_offset);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_offset), fault);
	}
	return ST_OK;
}

static enum status read_tls(struct object *object, uint32_t index, struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);

	if (segment_check(object, index, fault) != ST_OK ||
	    check_backed(object, index, fault) != ST_OK)
		return fault->status;
	object->tls_file_bytes = p.p_filesz;
	object->tls_align = max_u64(p.p_align, 1);
	return take_area(object, index, &object->tls, fault);
}

static enum status read_dynamic(struct object *object, uint32_t index, struct fault *fault)
{
	struct span table;

	if (elf_phdr_bytes(object, index, &table, fault) != ST_OK ||
	    check_backed(object, index, fault) != ST_OK ||
	    take_area(object, index, &object->dynamic, fault) != ST_OK)
		return fault->status;
	return dynamic_read(object, table, elf_phdr(object, index).p_offset, fault);
}

static enum status read_interp(struct object *object, uint32_t index, struct fault *fault)
{
	struct span part;
	uint64_t count = 0;

	if (elf_phdr_bytes(object, index, &part, fault) != ST_OK)
		return fault->status;
	while (count < part.bytes && part.base[count] != '\0')
		count++;
	object->interp = (struct span){ part.base, count };
	return ST_OK;
}

static enum status read_stack(struct object *object, uint32_t index, struct fault *fault)
{
	(void)fault;
	object->flags |= SMALT_OBJECT_GNU_STACK;
	object->stack_prot = elf_phdr(object, index).p_flags & (PF_R | PF_W | PF_X);
	return ST_OK;
}

static enum status read_relro(struct object *object, uint32_t index, struct fault *fault)
{
	return take_area(object, index, &object->relro, fault);
}

/* Where the table really is mapped follows from the rows (M16), and note.c reads properties. */
static enum status only_once(struct object *object, uint32_t index, struct fault *fault)
{
	(void)object, (void)index, (void)fault;
	return ST_OK;
}

static const struct extra extras[] = {
	{ PT_DYNAMIC, "PT_DYNAMIC", read_dynamic },
	{ PT_INTERP, "PT_INTERP", read_interp },
	{ PT_PHDR, "PT_PHDR", only_once },
	{ PT_TLS, "PT_TLS", read_tls },
	{ PT_GNU_STACK, "PT_GNU_STACK", read_stack },
	{ PT_GNU_RELRO, "PT_GNU_RELRO", read_relro },
	{ PT_GNU_PROPERTY, "PT_GNU_PROPERTY", only_once },
};

enum { EXTRA_COUNT = sizeof extras / sizeof extras[0] };

/* EXTRA_COUNT for a type that is not in the table. */
static uint32_t find(uint32_t type)
{
	uint32_t i = 0;

	while (i < EXTRA_COUNT && extras[i].type != type)
		i++;
	return i;
}

static enum status refuse_second(const struct object *object, uint32_t index, const char *name,
                                 struct fault *fault)
{
	(void)fault_field(fault, ST_BAD_HEADER, "p_type");
	(void)fault_word(fault, span_of(name));
	(void)fault_hint(fault, "a file has at most one header of this type");
	return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_type), fault);
}

enum status extra_read(struct object *object, struct fault *fault)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < object->phdr_count; i++) {
		uint32_t row = find(elf_phdr(object, i).p_type);
		enum status status;

		if (row == EXTRA_COUNT)
			continue;
		status = seen & 1u << row ? refuse_second(object, i, extras[row].name, fault)
		                          : extras[row].read(object, i, fault);
		if (!object_goes_on(object, status, fault))
			return fault->status;
		seen |= 1u << row;
	}
	return ST_OK;
}
