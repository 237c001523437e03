/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setting.h: keys with one value, the same in smalt.conf and on the command line.
 */
#ifndef SETTING_H
#define SETTING_H

#include "config.h"
#include "nearest.h"

bool setting_known(struct span key);

/* Offers every key. */
void setting_offer(struct nearest *nearest);

/* packed, stable, random; false, and nothing written: something else. */
bool setting_policy(struct span value, enum place_policy *policy);

/* Makes a setting. ST_BAD_CONFIG with the word; the caller adds the place. */
MUST_CHECK enum status setting_make(struct config_entry *entry, struct span key, struct span value,
                                    struct fault *fault);

#endif
