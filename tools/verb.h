/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verb.h: the verbs of the command: each gets the words behind its name and
 * returns what main() returns.
 */
#ifndef VERB_H
#define VERB_H

int verb_plan(int count, char **words);
int verb_check(int count, char **words);
int verb_pack(int count, char **words);
int verb_run(int count, char **words);

#endif
