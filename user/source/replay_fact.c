// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "source/replay_parts.h"

static const struct field message_fields[] = {
	ROW(rec_message, "seq", seq, FIELD_U64, 0),
	ROW(rec_message, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_message, "level", level, FIELD_U32, 0),
	ROW(rec_message, "text", text, FIELD_STR, 0),
};

static const struct field setting_fields[] = {
	ROW(rec_setting, "name", name, FIELD_STR, 0),
	ROW(rec_setting, "value", value, FIELD_STR, FIELD_OPTIONAL),
};

static const struct field machine_fields[] = {
	ROW(rec_machine, "t_ns", t_ns, FIELD_TIME, 0),
	ROW(rec_machine, "cpus", cpus, FIELD_U32, 0),
	ROW(rec_machine, "running", running, FIELD_U32, 0),
	ROW(rec_machine, "blocked", blocked, FIELD_U32, 0),
	ROW(rec_machine, "switches", switches, FIELD_U64, 0),
	ROW(rec_machine, "forks", forks, FIELD_U64, 0),
	ROW(rec_machine, "user_ns", user_ns, FIELD_U64, 0),
	ROW(rec_machine, "system_ns", system_ns, FIELD_U64, 0),
	ROW(rec_machine, "idle_ns", idle_ns, FIELD_U64, 0),
	ROW(rec_machine, "iowait_ns", iowait_ns, FIELD_U64, 0),
	ROW(rec_machine, "irq_ns", irq_ns, FIELD_U64, 0),
	ROW(rec_machine, "steal_ns", steal_ns, FIELD_U64, 0),
};

static const struct field thread_fields[] = {
	ROW(rec_thread, "t_ns", t_ns, FIELD_TIME, 0),
	TID(rec_thread, "tid", tid, 0),
	TID(rec_thread, "pid", pid, 0),
	ROW(rec_thread, "start_time", start_ns, FIELD_U64, 0),
	ROW(rec_thread, "comm", comm, FIELD_STR, 0),
	ROW(rec_thread, "state", state, FIELD_LETTER, 0),
	ROW(rec_thread, "kernel_thread", kernel, FIELD_BOOL, 0),
	ROW(rec_thread, "user_ns", user_ns, FIELD_U64, 0),
	ROW(rec_thread, "system_ns", system_ns, FIELD_U64, 0),
	ROW(rec_thread, "over_ns", over_ns, FIELD_U64, 0),
	ROW(rec_thread, "asleep_ns", asleep_ns, FIELD_U64, FIELD_OPTIONAL),
};

static const struct field process_fields[] = {
	TID(rec_process, "pid", pid, 0),
	ROW(rec_process, "command", command, FIELD_STR, FIELD_OPTIONAL),
	ROW(rec_process, "exe", exe, FIELD_STR, FIELD_OPTIONAL),
};

static const struct field absent_fields[] = {
	ROW(rec_absent, "what", what, FIELD_STR, 0),
	ROW(rec_absent, "why", why, FIELD_STR, 0),
};

#define DECODE(name)                                                                          \
	int decoder__##name(struct decoder *d, struct field_reader *r, struct record *rec)   \
	{                                                                                     \
		(void)d;                                                                      \
		return field_reader__read(r, COUNTED(name##_fields), &rec->name);            \
	}

DECODE(message)
DECODE(setting)
DECODE(machine)
DECODE(thread)
DECODE(process)
DECODE(absent)
