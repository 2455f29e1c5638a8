/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * scene.h - a made-up machine for tests: tasks, locks, who waits and who holds.
 * Each scene__read() sends it through the model as one read; change the scene
 * between reads and see what the detectors say.
 */
#ifndef LOCKSCOPE_TESTS_SCENE_H
#define LOCKSCOPE_TESTS_SCENE_H

#include "find/find.h"

#define MS 1000000ll
#define SEC (1000 * MS)

/* Short names of locks; any number will do. */
#define L1 0xffff888000000100ull
#define L2 0xffff888000000200ull
#define L3 0xffff888000000300ull
#define L4 0xffff888000000400ull

/* The idle task of a CPU, wherever a tid is asked for: tid 0, no start time, running
 * on that CPU, comm "swapper/CPU".  scene__hold() of it sets the holder's CPU. */
#define IDLE(cpu) (0x80000000u + (uint32_t)(cpu))

struct scene;

struct scene *scene__new(void);
void scene__free(struct scene *sc);

/* The task of this tid, made when it is new: asleep (D), no wait, comm "tTID".
 * Change it as you like; it stays valid until scene__gone() or scene__free(). */
struct rec_task *scene__task(struct scene *sc, uint32_t tid);
void scene__gone(struct scene *sc, uint32_t tid);	/* it exits; its holds go too */

/* A new wait of the task, begun at the scene's present time. */
struct rec_wait *scene__wait(struct scene *sc, uint32_t tid, uint64_t lock, enum lock_mode mode);
/* The same of a task that spins for it: running on that CPU.  It spins in task
 * context; set scene__task(sc, tid)->context for an interrupt of that CPU. */
struct rec_wait *scene__spin(struct scene *sc, uint32_t tid, int32_t cpu, uint64_t lock,
			     enum lock_mode mode);
void scene__stop_wait(struct scene *sc, uint32_t tid);

/* The lock, made when it is new: a mutex, verified and complete, AND. */
struct rec_lock_state *scene__lock(struct scene *sc, uint64_t lock);
struct rec_lock_state *scene__lock_of(struct scene *sc, uint64_t lock, enum lock_kind kind);
/* A counting semaphore: RULE_OR, verified, and complete (all holders are known).
 * Set complete or nr_unknown for one with holders that are not. */
struct rec_lock_state *scene__semaphore(struct scene *sc, uint64_t lock);
/* One more holder, certain, as a lock word names it: no id, time, site or CPU.
 * Changing the lock's holders moves them. */
struct rec_holder *scene__hold(struct scene *sc, uint64_t lock, uint32_t tid, enum lock_mode mode);
/* The same from a held stack: an id of its own, taken now, site "taker+0x40".
 * returned, exited, certainty and another since_ns: set them in what it returns. */
struct rec_holder *scene__entry(struct scene *sc, uint64_t lock, uint32_t tid, enum lock_mode mode);
/* The same of a spinning lock, held on that CPU in task context; set ->context for
 * one that an interrupt holds. */
struct rec_holder *scene__spin_hold(struct scene *sc, uint64_t lock, uint32_t tid, int32_t cpu,
				    enum lock_mode mode);
/* Fills *rec with a hold record of the task, begun and ended now, exclusive, certain,
 * with an id of its own; change what it returns, then scene__send(sc, rec). */
struct rec_hold *scene__ended_hold(struct scene *sc, struct record *rec, uint32_t tid,
				   uint64_t lock, enum hold_end end);
void scene__drop(struct scene *sc, uint64_t lock, uint32_t tid);
struct rec_holder *scene__holder(struct scene *sc, uint64_t lock, uint32_t tid);

/* a holds the lock exclusively, b waits for it. */
void scene__blocks(struct scene *sc, uint32_t a, uint64_t lock, uint32_t b);

/* One read of the scene, after some time has passed. */
void scene__read(struct scene *sc, int64_t after_ns);
/* Anything else the source could send. */
void scene__send(struct scene *sc, const struct record *rec);

/* What the scene holds, in the order of its records. */
size_t scene__nr_tasks(const struct scene *sc);
const struct rec_task *scene__task_at(const struct scene *sc, size_t i);
size_t scene__nr_locks(const struct scene *sc);
const struct rec_lock_state *scene__lock_at(const struct scene *sc, size_t i);

struct model *scene__model(struct scene *sc);
const struct snapshot *scene__now(struct scene *sc);	/* the last read */
struct find_input scene__input(struct scene *sc);
struct find_config *scene__config(struct scene *sc);
/* Runs every detector on the last two reads; valid until the next call. */
const struct findings *scene__find(struct scene *sc);
/* The number of findings of one kind, and the n-th of them (fails the test when
 * there is none), in the last scene__find(). */
size_t scene__nr(struct scene *sc, enum finding_kind kind);
const struct finding *scene__finding(struct scene *sc, enum finding_kind kind, size_t n);

/* Index of a task in the last read. */
uint32_t scene__index(struct scene *sc, uint32_t tid);
/* How many edges lead from waiter to blocker, of this rule. */
int scene__edges(struct scene *sc, uint32_t waiter, uint32_t blocker, enum edge_rule rule);
/* Whether a list of tasks in a finding is exactly these tids, 0 at the end. */
bool scene__are(const struct find_task *tasks, uint32_t nr, ...);

#endif
