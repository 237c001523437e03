/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.h: numbers that a seed decides and nobody else can tell: ChaCha20 (RFC 8439).
 *
 * The same bytes added give the same numbers on every machine, so that a plan can be replayed.
 * Numbers tell nothing of the bytes, nor of the numbers of another domain.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "span.h"

struct random {
	uint32_t key[8];
	uint32_t input[4];       /* counter, and a nonce: the domain, and whether numbers are drawn */
};

/* From nothing, for one purpose. */
struct random random_open(uint32_t domain);

/* Stirs bytes in; in another order, or cut differently, they give other numbers. */
void random_add(struct random *random, struct span bytes);

/* A number in [0, limit), each as likely as the others; limit > 0. */
uint64_t random_below(struct random *random, uint64_t limit);

/* The block function of RFC 8439, 2.3: input is counter and nonce. */
void random_block(const uint32_t key[8], const uint32_t input[4], uint32_t block[16]);

#endif
