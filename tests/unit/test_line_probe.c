// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Source lines from real debug info: a program that stands for a kernel and an object file
 * that stands for a module, below a directory that stands for /.
 */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "cmocka_all.h"
#include "source/line_cache.h"

#define MOVED 0x21000000ull	/* how far the "kernel" runs from where it was linked */
#define MODULE_AT 0xffffffffc0a00000ull
#define COLD_AT 0xffffffffc0b00000ull

static const char make_tree[] =
	"set -e; cd $1; rel=$2; mkdir -p src/fs/demo src/include sys/kernel usr/lib/debug/boot \\\n"
	"  sys/module/demo_mod/sections sys/module/demo_mod/notes lib/modules/$rel/extra\n"
	"cat >src/include/demo.h <<'END'\n"
	"static inline __attribute__((always_inline)) void demo_inline(void)\n"
	"{\n"
	"\tasm volatile(\".globl at_inline\\nat_inline: nop\");\n"
	"}\n"
	"END\n"
	"cat >src/fs/demo/inode.c <<'END'\n"
	"#include \"../../include/demo.h\"\n"
	"void plain(void);\n"
	"void caller(void);\n"
	"__attribute__((cold, section(\".text.unlikely\"))) void rare(void);\n"
	"void plain(void)\n"
	"{\n"
	"\tasm volatile(\".globl at_plain\\nat_plain: nop\");\n"
	"}\n"
	"void caller(void)\n"
	"{\n"
	"\tdemo_inline();\n"
	"}\n"
	"void rare(void)\n"
	"{\n"
	"\tasm volatile(\".globl at_rare\\nat_rare: nop\");\n"
	"}\n"
	"END\n"
	"cat >src/start.c <<'END'\n"
	"void _stext(void);\n"
	"void _stext(void) { asm volatile(\"nop\"); }\n"
	"END\n"
	"cd src\n"
	"cc -g -O2 -fno-pie -c fs/demo/inode.c -o ../inode.o\n"
	"cc -g -O2 -fno-pie -c start.c -o ../start.o\n"
	"cd ..\n"
	"cc -g -nostdlib -static -no-pie -Wl,--build-id=sha1 -Wl,-e,_stext -Wl,-Ttext-segment=0x1000000 \\\n"
	"  -o usr/lib/debug/boot/vmlinux-$rel start.o inode.o\n"
	"ld -r --build-id=sha1 -o lib/modules/$rel/extra/demo-mod.ko inode.o\n"
	"echo extra/demo-mod.ko: >lib/modules/$rel/modules.dep\n"
	"n=.note.gnu.build-id\n"
	"objcopy -O binary --only-section=$n usr/lib/debug/boot/vmlinux-$rel sys/kernel/notes\n"
	"objcopy -O binary --only-section=$n --set-section-flags $n=alloc \\\n"
	"  lib/modules/$rel/extra/demo-mod.ko sys/module/demo_mod/notes/$n\n"
	"nm usr/lib/debug/boot/vmlinux-$rel >kernel.nm\n"
	"nm lib/modules/$rel/extra/demo-mod.ko >module.nm\n";

static char root[64];

static void put_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int build(void **state)
{
	char command[sizeof(make_tree) + 512], text[64];
	struct utsname u;

	(void)state;
	strcpy(root, "/tmp/test_line_probe.XXXXXX");
	assert_non_null(mkdtemp(root));
	uname(&u);
	snprintf(command, sizeof(command), "set -- %s %s\n%s", root, u.release, make_tree);
	assert_int_equal(system(command), 0);
	snprintf(text, sizeof(text), "0x%llx\n", MODULE_AT);
	put_file("sys/module/demo_mod/sections/.text", text);
	snprintf(text, sizeof(text), "0x%llx\n", COLD_AT);
	put_file("sys/module/demo_mod/sections/.text.unlikely", text);
	return 0;
}

static int unlink_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int clean(void **state)
{
	(void)state;
	return nftw(root, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint64_t symbol(const char *table, const char *name)
{
	char path[256], line[256], found[128], type;
	unsigned long long value;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, table);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %c %127s", &value, &type, found) == 3 && !strcmp(found, name)) {
			fclose(f);
			return value;
		}
	fail_msg("no symbol %s", name);
	return 0;
}

static struct line_cache *begin(const char *libdw)
{
	struct line_config cfg;
	struct line_cache *c;

	line_config__defaults(&cfg);
	cfg.job = line_probe__run;
	cfg.libdw = libdw;
	cfg.root = root;
	cfg.wait_ns = cfg.first_ns = 20000000000ull;
	assert_int_equal(line_cache__new(&c, &cfg), 0);
	line_cache__start(c, symbol("kernel.nm", "_stext") + MOVED);
	return c;
}

static int take(void *ctx, const struct record *rec)
{
	snprintf(ctx, LINE_LEN, "%s", rec->line.line);
	return 0;
}

/* What is told of the call before addr. */
static void check(struct line_cache *c, uint64_t addr, const char *module, const char *want)
{
	struct rec_frame f = { .addr = addr + 1, .sym = "f", .off = 1, .module = module };
	char line[LINE_LEN] = "(none)";

	assert_int_equal(line_cache__ask(c, &f, 1, take, line), 0);
	assert_string_equal(line, want);
}

static void test_kernel(void **state)
{
	struct line_cache *c = begin("libdw.so.1");
	char detail[LINE_FILE_LEN];

	(void)state;
	assert_int_equal(line_cache__state(c, detail), LINES_THERE);
	assert_non_null(strstr(detail, "/usr/lib/debug/boot/vmlinux-"));
	check(c, symbol("kernel.nm", "at_plain") + MOVED, NULL, "fs/demo/inode.c:7");
	/* where the function itself is, not the header */
	check(c, symbol("kernel.nm", "at_inline") + MOVED, NULL, "fs/demo/inode.c:11");
	check(c, symbol("kernel.nm", "_stext") + MOVED, NULL, "start.c:2");
	check(c, 0xffffffffff000000ull, NULL, "(none)");
	check(c, 0x10, NULL, "(none)");
	assert_int_equal(line_cache__lost(c), 0);
	line_cache__free(c);
}

static void test_module(void **state)
{
	struct line_cache *c = begin("libdw.so.1");
	char text[64];

	(void)state;
	check(c, symbol("module.nm", "at_plain") + MODULE_AT, "demo_mod", "fs/demo/inode.c:7");
	check(c, symbol("module.nm", "at_inline") + MODULE_AT, "demo_mod", "fs/demo/inode.c:11");
	check(c, symbol("module.nm", "at_rare") + COLD_AT, "demo_mod", "fs/demo/inode.c:15");
	check(c, MODULE_AT, "no_such", "(none)");
	/* it is loaded again, elsewhere */
	snprintf(text, sizeof(text), "0x%llx\n", MODULE_AT + 0x5000);
	put_file("sys/module/demo_mod/sections/.text", text);
	check(c, symbol("module.nm", "at_plain") + MODULE_AT + 0x5000, "demo_mod", "fs/demo/inode.c:7");
	check(c, symbol("module.nm", "at_plain") + MODULE_AT + 0x100000, "demo_mod", "(none)");
	line_cache__free(c);
}

static void test_no_libdw(void **state)
{
	struct line_cache *c = begin("libno-such-library.so.1");
	char detail[LINE_FILE_LEN];

	(void)state;
	check(c, symbol("kernel.nm", "at_plain") + MOVED, NULL, "(none)");
	assert_int_equal(line_cache__state(c, detail), LINES_NO_LIBDW);
	assert_int_equal(line_cache__lost(c), 0);
	line_cache__free(c);
}

static int listen_on(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* Not even where a file says that some of it is in another one (as dwz makes them). */
static void test_no_server(void **state)
{
	char urls[64], command[512];
	struct line_cache *c;
	struct utsname u;
	uint16_t port;
	int server = listen_on(&port);

	(void)state;
	uname(&u);
	snprintf(urls, sizeof(urls), "http://127.0.0.1:%u", port);
	setenv("DEBUGINFOD_URLS", urls, 1);
	c = begin("libdw.so.1");
	check(c, symbol("kernel.nm", "at_plain") + MOVED, NULL, "fs/demo/inode.c:7");
	line_cache__free(c);
	snprintf(command, sizeof(command),
		 "cd %s; v=usr/lib/debug/boot/vmlinux-%s; cp $v whole; printf 'other\\0%%020d' 7 >link;"
		 "objcopy --add-section .gnu_debugaltlink=link $v",
		 root, u.release);
	assert_int_equal(system(command), 0);
	c = begin("libdw.so.1");
	check(c, symbol("kernel.nm", "at_plain") + MOVED, NULL, "fs/demo/inode.c:7");
	line_cache__free(c);
	snprintf(command, sizeof(command), "cd %s; mv whole usr/lib/debug/boot/vmlinux-%s", root, u.release);
	assert_int_equal(system(command), 0);
	assert_int_equal(accept(server, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(server);
	unsetenv("DEBUGINFOD_URLS");
}

/* Another kernel runs than the one there is debug info of. */
static void test_other_kernel(void **state)
{
	char path[256], detail[LINE_FILE_LEN], byte;
	struct line_cache *c;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/sys/kernel/notes", root);
	fd = open(path, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, 20), 1);
	byte++;
	assert_int_equal(pwrite(fd, &byte, 1, 20), 1);
	c = begin("libdw.so.1");
	assert_int_equal(line_cache__state(c, detail), LINES_NO_FILE);
	check(c, symbol("kernel.nm", "at_plain") + MOVED, NULL, "(none)");
	check(c, symbol("module.nm", "at_rare") + COLD_AT, "demo_mod", "fs/demo/inode.c:15");
	line_cache__free(c);
	byte--;
	assert_int_equal(pwrite(fd, &byte, 1, 20), 1);
	close(fd);
}

/* Whatever the file does to libdw: it is answered, or counted, in time. */
static void test_damaged(void **state)
{
	const char *sections[] = { ".debug_info", ".debug_line", ".debug_abbrev", ".debug_aranges" };
	char command[1024];
	struct utsname u;

	(void)state;
	uname(&u);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		struct rec_frame f = { .addr = symbol("kernel.nm", "at_plain") + MOVED + 1, .sym = "f",
				       .off = 1 };
		char line[LINE_LEN] = "";
		struct line_cache *c;

		snprintf(command, sizeof(command),
			 "cd %s; v=usr/lib/debug/boot/vmlinux-%s; cp -n $v whole; head -c 4000 /dev/urandom >junk;"
			 "objcopy --update-section %s=junk whole $v", root, u.release, sections[i]);
		assert_int_equal(system(command), 0);
		c = begin("libdw.so.1");
		assert_int_equal(line_cache__ask(c, &f, 1, take, line), 0);
		line_cache__free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel),	     cmocka_unit_test(test_module),
		cmocka_unit_test(test_no_libdw),     cmocka_unit_test(test_other_kernel),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
