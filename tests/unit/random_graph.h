/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * random_graph.h - small random wait-for graphs, the same for the same seed.
 */
#ifndef LOCKSCOPE_TESTS_RANDOM_GRAPH_H
#define LOCKSCOPE_TESTS_RANDOM_GRAPH_H

#include "scene.h"

/* xorshift64*: good enough, and the same everywhere. */
uint64_t random__next(uint64_t *state);
uint32_t random__below(uint64_t *state, uint32_t n);

/* Fills a scene with 1 to max_tasks tasks, as many locks, holders by chance, AND
 * and OR rules, readers and writers, waiters awake and asleep, incomplete locks.
 * Tids are 1 and up. */
void random__scene(struct scene *sc, uint64_t seed, uint32_t max_tasks);

#endif
