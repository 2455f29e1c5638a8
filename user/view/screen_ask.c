// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The line at the foot that asks for something. */
#include <errno.h>
#include <string.h>
#include "lib/options.h"
#include "lib/utf8.h"
#include "view/screen_int.h"

#define SHORTEST_DELAY_NS 100000000LL
#define LONGEST_DELAY_NS 3600000000000LL

static unsigned int take_filter(struct screen *s)
{
	memcpy(s->filter, s->answer, sizeof(s->filter));
	return WANT_UPDATE;
}

static unsigned int take_delay(struct screen *s)
{
	int64_t ns;

	if (option__seconds(&ns, s->answer)) {
		screen__say(s, "not a number of seconds: %s", s->answer);
		return WANT_DRAW;
	}
	s->set.delay_ns = ns < SHORTEST_DELAY_NS ? SHORTEST_DELAY_NS :
			  ns > LONGEST_DELAY_NS ? LONGEST_DELAY_NS : ns;
	return WANT_PERIOD;
}

static int add_kind(void *ctx, const char *word)
{
	uint32_t *kinds = ctx;
	enum lock_kind kind;
	int err = kind__parse(word, &kind);

	if (!err)
		*kinds |= 1u << kind;
	return err;
}

static unsigned int take_kinds(struct screen *s)
{
	uint32_t kinds = 0;

	if (*s->answer && option__each_word(s->answer, add_kind, &kinds)) {
		screen__say(s, "no such kinds of locks: %s", s->answer);
		return WANT_DRAW;
	}
	s->set.kinds = kinds;
	return WANT_FILTER | WANT_UPDATE;
}

static unsigned int take_user(struct screen *s)
{
	memcpy(s->user, s->answer, sizeof(s->user));
	return WANT_FILTER | WANT_UPDATE;
}

static unsigned int take_save(struct screen *s)
{
	memcpy(s->save, s->answer, sizeof(s->save));
	return *s->save ? WANT_SAVE : WANT_DRAW;
}

static const struct {
	const char *prompt;
	unsigned int (*take)(struct screen *s);
} asks[] = {
	[ASK_FILTER] = { "Show rows with", take_filter },
	[ASK_DELAY] = { "Seconds between refreshes", take_delay },
	[ASK_KINDS] = { "Kinds (mutex,rwsem,...; empty: all)", take_kinds },
	[ASK_USER] = { "User, by name or id (empty: all)", take_user },
	[ASK_SAVE] = { "Save as (.ndjson recording, .json snapshot, .txt screen)", take_save },
};

void screen_ask__begin(struct screen *s, enum screen_ask ask)
{
	const char *begin = ask == ASK_FILTER ? s->filter : ask == ASK_USER ? s->user :
			    ask == ASK_SAVE ? s->suggestion : "";

	s->ask = ask;
	memset(s->answer, 0, sizeof(s->answer));
	snprintf(s->answer, sizeof(s->answer), "%s", begin);
}

const char *screen_ask__prompt(const struct screen *s)
{
	return asks[s->ask].prompt;
}

/* Takes the last character away, however many bytes it has. */
static void rub_out(char *answer)
{
	size_t len = strlen(answer);

	while (len && ((unsigned char)answer[--len] & 0xc0) == 0x80)
		answer[len] = '\0';
	answer[len] = '\0';
}

static void add_char(struct screen *s, uint32_t cp)
{
	size_t len = strlen(s->answer);

	if (cp >= 0x20 && cp < SK_OTHER && !utf8__is_unsafe(cp) && len + 5 <= sizeof(s->answer))
		utf8__put(cp, s->answer + len);	/* what lies behind is zero */
}

unsigned int screen_ask__key(struct screen *s, uint32_t key)
{
	enum screen_ask ask = s->ask;

	switch (key) {
	case SK_ENTER:
		s->ask = ASK_NOTHING;
		return asks[ask].take(s) | WANT_DRAW;
	case SK_ESCAPE:
		s->ask = ASK_NOTHING;
		return WANT_DRAW;
	case SK_BACKSPACE:
		rub_out(s->answer);
		return WANT_DRAW;
	case 'U' - '@':		/* ^U, as every line editor has it */
		memset(s->answer, 0, sizeof(s->answer));
		return WANT_DRAW;
	default:
		add_char(s, key);
		return WANT_DRAW;
	}
}
