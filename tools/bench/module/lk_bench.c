// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What one uncontended pair of lock and unlock takes, in TSC ticks. Under QEMU's
 * -icount shift=0 a tick is one instruction.
 *
 * /proc/lk_bench  write: "KIND"  takes and gives that lock LK_PAIRS times in a row,
 *                                LK_ROUNDS such rows; -EINVAL for an unknown kind
 *                 read:  the ticks of each row so far, sorted, "MIN MEDIAN MAX PAIRS\n";
 *                        of the empty loop already rid
 *
 * Interrupts are as they are: a row is shorter than the time between two ticks of the
 * timer, so most rows meet none and the median is clean of them.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#define LK_PAIRS 16
#define LK_ROUNDS 101

static DEFINE_MUTEX(a_mutex);
static DECLARE_RWSEM(a_rwsem);
static DEFINE_SPINLOCK(a_spinlock);
static DEFINE_RWLOCK(a_rwlock);
static struct semaphore a_semaphore;

/* Only the writer of /proc/lk_bench touches it; there is one. */
static u64 rows[LK_ROUNDS];

#define LK_ROW(name, pair)                                                                      \
	static noinline void name##_row(void)                                                   \
	{                                                                                       \
		int i;                                                                          \
												\
		for (i = 0; i < LK_PAIRS; i++) {                                                \
			barrier(); /* or the empty loop is no loop */                           \
			pair                                                                    \
		}                                                                               \
	}

LK_ROW(empty, )
LK_ROW(mutex, mutex_lock(&a_mutex); mutex_unlock(&a_mutex);)
LK_ROW(mutex_trylock, if (mutex_trylock(&a_mutex)) mutex_unlock(&a_mutex);)
LK_ROW(rwsem_read, down_read(&a_rwsem); up_read(&a_rwsem);)
LK_ROW(rwsem_write, down_write(&a_rwsem); up_write(&a_rwsem);)
LK_ROW(semaphore, down(&a_semaphore); up(&a_semaphore);)
LK_ROW(spinlock, spin_lock(&a_spinlock); spin_unlock(&a_spinlock);)
LK_ROW(spinlock_irqsave, unsigned long flags; spin_lock_irqsave(&a_spinlock, flags);
       spin_unlock_irqrestore(&a_spinlock, flags);)
LK_ROW(rwlock_read, read_lock(&a_rwlock); read_unlock(&a_rwlock);)

static const struct {
	const char *name;
	void (*row)(void);
} kinds[] = {
	{ "mutex", mutex_row },
	{ "mutex_trylock", mutex_trylock_row },
	{ "rwsem_read", rwsem_read_row },
	{ "rwsem_write", rwsem_write_row },
	{ "semaphore", semaphore_row },
	{ "spinlock", spinlock_row },
	{ "spinlock_irqsave", spinlock_irqsave_row },
	{ "rwlock_read", rwlock_read_row },
};

static u64 ticks_of(void (*row)(void))
{
	u64 began = get_cycles();

	row();
	return get_cycles() - began;
}

static void measure(void (*row)(void))
{
	int i;

	for (i = 0; i < LK_ROUNDS; i++) {
		rows[i] = ticks_of(row);
		cond_resched();
	}
}

static int in_order(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Takes the median of the empty loop off every row, and sorts the rows. */
static void run(void (*row)(void))
{
	u64 empty;
	int i;

	measure(empty_row);
	sort(rows, LK_ROUNDS, sizeof(rows[0]), in_order, NULL);
	empty = rows[LK_ROUNDS / 2];
	measure(row);
	for (i = 0; i < LK_ROUNDS; i++)
		rows[i] -= min(rows[i], empty);
	sort(rows, LK_ROUNDS, sizeof(rows[0]), in_order, NULL);
}

static ssize_t bench_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char buf[32] = "";
	size_t i;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, from, len))
		return -EFAULT;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (sysfs_streq(buf, kinds[i].name)) {
			run(kinds[i].row);
			return len;
		}
	}
	return -EINVAL;
}

static int bench_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%llu %llu %llu %d\n", rows[0], rows[LK_ROUNDS / 2],
		   rows[LK_ROUNDS - 1], LK_PAIRS);
	return 0;
}

static int bench_open(struct inode *inode, struct file *file)
{
	return single_open(file, bench_show, NULL);
}

static const struct proc_ops bench_ops = {
	.proc_open = bench_open,
	.proc_read = seq_read,
	.proc_write = bench_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init bench_init(void)
{
	sema_init(&a_semaphore, 1);
	return proc_create("lk_bench", 0600, NULL, &bench_ops) ? 0 : -ENOMEM;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("lk_bench", NULL);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Uncontended lock pairs, counted");
MODULE_LICENSE("Dual BSD/GPL");
