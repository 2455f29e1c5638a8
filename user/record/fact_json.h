/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fact_json.h - what a diagnosis gathered (record/fact.h) as members of the JSON object
 * that is open.  Here and not in a view, since what gathers it writes it like this.
 */
#ifndef LOCKSCOPE_RECORD_FACT_JSON_H
#define LOCKSCOPE_RECORD_FACT_JSON_H

#include "lib/json.h"
#include "record/record.h"

void fact_json__message(struct json *j, const struct rec_message *m);
void fact_json__setting(struct json *j, const struct rec_setting *s);
void fact_json__machine(struct json *j, const struct rec_machine *m);
void fact_json__thread(struct json *j, const struct rec_thread *t);
void fact_json__process(struct json *j, const struct rec_process *p);
void fact_json__absent(struct json *j, const struct rec_absent *a);

#endif
