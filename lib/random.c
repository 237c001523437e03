/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c: ChaCha20's block function, as a way to stir and as a source of numbers.
 *
 * Source: RFC 8439, 2.1 to 2.3. A key that something was stirred into is the first half of a
 * block of the key before: what comes out cannot be turned back.
 */
#include "random.h"

#include "check.h"

enum { KEY_BYTES = 32, DOUBLE_ROUNDS = 10, COUNTER = 0, DOMAIN = 1, DRAWING = 2 };

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t s[16], const uint8_t at[4])
{
	static const uint8_t bits[4] = { 16, 12, 8, 7 };
	uint32_t *a = &s[at[0]], *b = &s[at[1]], *c = &s[at[2]], *d = &s[at[3]];

	for (unsigned i = 0; i < 4; i += 2) {
		*a += *b;
		*d = rotate(*d ^ *a, bits[i]);
		*c += *d;
		*b = rotate(*b ^ *c, bits[i + 1]);
	}
}

void random_block(const uint32_t key[8], const uint32_t input[4], uint32_t block[16])
{
	static const uint32_t constants[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	static const uint8_t quarters[8][4] = {      /* columns, then diagonals */
		{ 0, 4, 8, 12 }, { 1, 5, 9, 13 }, { 2, 6, 10, 14 }, { 3, 7, 11, 15 },
		{ 0, 5, 10, 15 }, { 1, 6, 11, 12 }, { 2, 7, 8, 13 }, { 3, 4, 9, 14 },
	};
	uint32_t start[16];

	for (unsigned i = 0; i < 16; i++)
		block[i] = start[i] = i < 4 ? constants[i] : i < 12 ? key[i - 4] : input[i - 12];
	for (unsigned i = 0; i < 8 * DOUBLE_ROUNDS; i++)
		quarter_round(block, quarters[i % 8]);
	for (unsigned i = 0; i < 16; i++)
		block[i] += start[i];
}

struct random random_open(uint32_t domain)
{
	return (struct random){ .input = { [DOMAIN] = domain } };
}

/* One piece of up to 32 bytes; its length is the block's counter, so that zeros count too. */
static void stir(struct random *random, struct span piece)
{
	uint32_t block[16];

	for (unsigned i = 0; i < piece.bytes; i++)
		random->key[i / 4] ^= (uint32_t)piece.base[i] << 8 * (i % 4);
	random->input[COUNTER] = (uint32_t)piece.bytes;
	random->input[DRAWING] = 0;
	random_block(random->key, random->input, block);
	for (unsigned i = 0; i < 8; i++)
		random->key[i] = block[i];
	random->input[COUNTER] = 0;
}

void random_add(struct random *random, struct span bytes)
{
	struct span piece;

	while (span_sub(bytes, 0, KEY_BYTES, &piece)) {
		stir(random, piece);
		bytes = (struct span){ bytes.base + KEY_BYTES, bytes.bytes - KEY_BYTES };
	}
	stir(random, bytes);                 /* also where nothing is left: the end counts */
}

static uint64_t draw(struct random *random)
{
	uint32_t block[16];

	random->input[DRAWING] = 1;
	random_block(random->key, random->input, block);
	random->input[COUNTER]++;
	return (uint64_t)block[1] << 32 | block[0];
}

/* The lowest 2^64 mod limit numbers are drawn again: what is left is a multiple of limit. */
uint64_t random_below(struct random *random, uint64_t limit)
{
	uint64_t number;

	CHECK(limit > 0);
	do
		number = draw(random);
	while (number < (0 - limit) % limit);
	return number % limit;
}
