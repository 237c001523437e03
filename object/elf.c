/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf.c: the headers of an ELF64 file (gABI, "Object Files" and "Program
 * Header"): every field is checked before anything is read through it (M19).
 *
 * Deliberately not checked: e_flags and EI_OSABI (nothing depends on them),
 * p_paddr (only physical protocols read it), whether the entry is executable
 * (who places the object knows whether it has one), the contents of sections.
 */
#include "align.h"
#include "parts.h"

/* A fault in the ELF header, its place given by the member's offset. */
static enum status header_fault(struct fault *fault, enum status status, const char *field,
                                uint64_t value, uint64_t at)
{
	(void)fault_value(fault, status, field, value);
	return fault_at(fault, at);
}

/* One byte of e_ident that has only one legal value. */
struct ident { const char *name; uint8_t at, value; enum status status; };

static const struct ident idents[] = {
	{ "EI_CLASS", EI_CLASS, ELFCLASS64, ST_WRONG_CLASS },
	{ "EI_DATA", EI_DATA, ELFDATA2LSB, ST_WRONG_CLASS },
	{ "EI_VERSION", EI_VERSION, EV_CURRENT, ST_BAD_HEADER },
};

/* Class and byte order come first: they say how everything else would be read. */
static enum status check_ident(const struct object *object, struct span head, struct fault *fault)
{
	enum status readable = ST_OK;

	if (head.bytes < EI_NIDENT)
		return fault_set(fault, ST_TRUNCATED, "e_ident", EI_NIDENT, head.bytes);
	for (uint32_t i = 0; i < sizeof idents / sizeof idents[0]; i++) {
		uint8_t value = head.base[idents[i].at];

		if (value == idents[i].value)
			continue;
		(void)fault_set(fault, idents[i].status, idents[i].name, value, idents[i].value);
		if (!object_goes_on(object, fault_at(fault, idents[i].at), fault))
			return fault->status;
		if (idents[i].status == ST_WRONG_CLASS)
			readable = ST_WRONG_CLASS;
	}
	if (readable != ST_OK)
		return readable;
	if (head.bytes < sizeof(struct elf64_header))
		return fault_set(fault, ST_TRUNCATED, "ELF header", sizeof(struct elf64_header),
		                 head.bytes);
	return ST_OK;
}

static struct elf64_header header_of(struct span s)
{
	return (struct elf64_header){
		.e_type = span_u16(s, offsetof(struct elf64_header, e_type)),
		.e_machine = span_u16(s, offsetof(struct elf64_header, e_machine)),
		.e_version = span_u32(s, offsetof(struct elf64_header, e_version)),
		.e_entry = span_u64(s, offsetof(struct elf64_header, e_entry)),
		.e_phoff = span_u64(s, offsetof(struct elf64_header, e_phoff)),
		.e_shoff = span_u64(s, offsetof(struct elf64_header, e_shoff)),
		.e_ehsize = span_u16(s, offsetof(struct elf64_header, e_ehsize)),
		.e_phentsize = span_u16(s, offsetof(struct elf64_header, e_phentsize)),
		.e_phnum = span_u16(s, offsetof(struct elf64_header, e_phnum)),
		.e_shentsize = span_u16(s, offsetof(struct elf64_header, e_shentsize)),
		.e_shnum = span_u16(s, offsetof(struct elf64_header, e_shnum)),
	};
}

static enum status check_version(const struct elf64_header *header, struct fault *fault)
{
	if (header->e_version == EV_CURRENT)
		return ST_OK;
	return header_fault(fault, ST_BAD_HEADER, "e_version", header->e_version,
	                    offsetof(struct elf64_header, e_version));
}

static enum status check_bytes(const struct elf64_header *header, struct fault *fault)
{
	if (header->e_ehsize == sizeof *header)
		return ST_OK;
	(void)fault_set(fault, ST_BAD_HEADER, "e_ehsize", header->e_ehsize, sizeof *header);
	return fault_at(fault, offsetof(struct elf64_header, e_ehsize));
}

static enum status check_machine(const struct elf64_header *header, const struct machine *machine,
                                 struct fault *fault)
{
	if (!machine || header->e_machine == machine->elf_machine)
		return ST_OK;
	(void)fault_set(fault, ST_WRONG_MACHINE, "e_machine", header->e_machine, machine->elf_machine);
	return fault_at(fault, offsetof(struct elf64_header, e_machine));
}

static enum status check_header(const struct object *object, const struct elf64_header *header,
                                const struct machine *machine, struct fault *fault)
{
	if (!object_goes_on(object, check_version(header, fault), fault) ||
	    !object_goes_on(object, check_bytes(header, fault), fault) ||
	    !object_goes_on(object, check_machine(header, machine, fault), fault))
		return fault->status;
	return ST_OK;
}

/*
 * Section 0 holds what does not fit in the header: the true e_phnum and e_shnum
 * (gABI, "Extended section numbering").
 */
static bool has_section_zero(const struct object *object, const struct elf64_header *header)
{
	return header->e_shoff != 0 && header->e_shentsize == sizeof(struct elf64_shdr) &&
	       range_fits(header->e_shoff, sizeof(struct elf64_shdr), object->bytes.bytes);
}

/* It stands at the end of the file: looked at only where it holds something. */
static enum status get_section_zero(const struct object *object, const struct elf64_header *header,
                                    struct span *section, struct fault *fault)
{
	return content_get(object->content, header->e_shoff, sizeof(struct elf64_shdr), section, fault);
}

/* A table of count entries behind start: which number is wrong depends on where it begins to be. */
static bool table_fits(const struct object *object, uint64_t start, uint64_t count,
                       uint64_t entry_bytes, uint64_t *room)
{
	*room = start > object->bytes.bytes ? 0 : (object->bytes.bytes - start) / entry_bytes;
	return count <= *room;
}

/* e_phnum with PN_XNUM resolved. */
static enum status count_program_headers(const struct object *object,
                                         const struct elf64_header *header, uint64_t *count,
                                         struct fault *fault)
{
	struct span section;

	*count = header->e_phnum;
	if (header->e_phnum != PN_XNUM)
		return ST_OK;
	if (!has_section_zero(object, header))
		return header_fault(fault, ST_BAD_HEADER, "e_phnum (PN_XNUM) without a section 0",
		                    header->e_phnum, offsetof(struct elf64_header, e_phnum));
	if (get_section_zero(object, header, &section, fault) != ST_OK)
		return fault->status;
	*count = span_u32(section, offsetof(struct elf64_shdr, sh_info));
	return ST_OK;
}

static enum status read_program_table(struct object *object, const struct elf64_header *header,
                                      struct fault *fault)
{
	uint64_t count, room;

	if (count_program_headers(object, header, &count, fault) != ST_OK)
		return fault->status;
	if (count == 0)
		return fault_field(fault, ST_NOT_MAPPABLE, "e_phnum");
	if (header->e_phentsize != sizeof(struct elf64_phdr)) {
		(void)fault_set(fault, ST_BAD_HEADER, "e_phentsize", header->e_phentsize,
		                sizeof(struct elf64_phdr));
		return fault_at(fault, offsetof(struct elf64_header, e_phentsize));
	}
	if (!table_fits(object, header->e_phoff, count, sizeof(struct elf64_phdr), &room)) {
		(void)fault_set(fault, ST_BAD_HEADER, "program headers", count, room);
		return fault_at(fault, offsetof(struct elf64_header, e_phoff));
	}
	object->phdr_offset = header->e_phoff;
	object->phdr_count = (uint32_t)count;
	object->phdr_entry_bytes = header->e_phentsize;
	return content_get(object->content, header->e_phoff, count * sizeof(struct elf64_phdr),
	                   &object->phdr_table, fault);
}

static enum status read_section_table(struct object *object, const struct elf64_header *header,
                                      struct fault *fault)
{
	uint64_t count = header->e_shnum, room;
	struct span section;

	if (header->e_shoff == 0)
		return ST_OK;
	if (!has_section_zero(object, header))
		return header_fault(fault, ST_BAD_HEADER, "e_shoff", header->e_shoff,
		                    offsetof(struct elf64_header, e_shoff));
	if (count == 0) {
		if (get_section_zero(object, header, &section, fault) != ST_OK)
			return fault->status;
		count = span_u64(section, offsetof(struct elf64_shdr, sh_size));
	}
	if (!table_fits(object, header->e_shoff, count, sizeof(struct elf64_shdr), &room) ||
	    count > UINT32_MAX) {
		(void)fault_set(fault, ST_BAD_HEADER, "sections", count, min_u64(room, UINT32_MAX));
		return fault_at(fault, offsetof(struct elf64_header, e_shoff));
	}
	object->section_offset = count > 0 ? header->e_shoff : 0;
	object->section_count = (uint32_t)count;
	object->section_entry_bytes = count > 0 ? header->e_shentsize : 0;
	return ST_OK;
}

struct elf64_phdr elf_phdr(const struct object *object, uint32_t index)
{
	struct span s = { object->phdr_table.base + index * (uint64_t)sizeof(struct elf64_phdr),
	                  sizeof(struct elf64_phdr) };

	return (struct elf64_phdr){
		.p_type = span_u32(s, offsetof(struct elf64_phdr, p_type)),
		.p_flags = span_u32(s, offsetof(struct elf64_phdr, p_flags)),
		.p_offset = span_u64(s, offsetof(struct elf64_phdr, p_offset)),
		.p_vaddr = span_u64(s, offsetof(struct elf64_phdr, p_vaddr)),
		.p_paddr = span_u64(s, offsetof(struct elf64_phdr, p_paddr)),
		.p_filesz = span_u64(s, offsetof(struct elf64_phdr, p_filesz)),
		.p_memsz = span_u64(s, offsetof(struct elf64_phdr, p_memsz)),
		.p_align = span_u64(s, offsetof(struct elf64_phdr, p_align)),
	};
}

enum status elf_phdr_fault(const struct object *object, uint32_t index, uint64_t member,
                           struct fault *fault)
{
	(void)fault_segment(fault, index);
	return fault_at(fault, object->phdr_offset + index * (uint64_t)sizeof(struct elf64_phdr) + member);
}

enum status elf_phdr_check(const struct object *object, uint32_t index, struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);
	uint64_t limit = object->bytes.bytes;

	/* Without bytes its offset means nothing, and need not lie in the file. */
	if (p.p_filesz == 0 || range_fits(p.p_offset, p.p_filesz, limit))
		return ST_OK;
	if (p.p_offset > limit) {
		(void)fault_set(fault, ST_TRUNCATED, "p_offset", p.p_offset, limit);
		return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_offset), fault);
	}
	(void)fault_set(fault, ST_TRUNCATED, "p_filesz", p.p_filesz, limit - p.p_offset);
	return elf_phdr_fault(object, index, offsetof(struct elf64_phdr, p_filesz), fault);
}

enum status elf_phdr_bytes(const struct object *object, uint32_t index, struct span *part,
                           struct fault *fault)
{
	struct elf64_phdr p = elf_phdr(object, index);

	if (elf_phdr_check(object, index, fault) != ST_OK)
		return fault->status;
	return content_get(object->content, p.p_filesz == 0 ? 0 : p.p_offset, p.p_filesz, part, fault);
}

/* What the program headers say; without their table there is nothing to go on with. */
static enum status read_parts(struct object *object, const struct elf64_header *header,
                              struct arena *arena, struct fault *fault)
{
	if (read_program_table(object, header, fault) != ST_OK ||
	    !object_goes_on(object, segment_read(object, arena, fault), fault) ||
	    !object_goes_on(object, extra_read(object, fault), fault))
		return fault->status;
	return note_read(object, arena, fault);
}

enum status elf_read(struct object *object, struct span head, const struct machine *machine,
                     struct arena *arena, struct fault *fault)
{
	struct elf64_header header;

	if (check_ident(object, head, fault) != ST_OK)
		return fault->status;
	header = header_of(head);
	if (check_header(object, &header, machine, fault) != ST_OK)
		return fault->status;
	object->format = SMALT_FORMAT_ELF64;
	object->elf_machine = header.e_machine;
	object->header_bytes = header.e_ehsize;
	if (header.e_type == ET_REL || header.e_type == ET_CORE)
		return ST_OK;            /* one flat row (M6) */
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return header_fault(fault, ST_NOT_MAPPABLE, "e_type", header.e_type,
		                    offsetof(struct elf64_header, e_type));
	object->kind = header.e_type == ET_EXEC ? OBJECT_FIXED : OBJECT_MOVABLE;
	object->entry = header.e_entry;
	if (!object_goes_on(object, read_parts(object, &header, arena, fault), fault))
		return fault->status;
	return read_section_table(object, &header, fault);
}
