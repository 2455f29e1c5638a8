// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "view/html_template.h"

/* Found from the top of the tree, where make runs the compiler. */
__asm__(".section .rodata\n"
	".globl html_template, html_template_end\n"
	"html_template: .incbin \"user/view/html/template.html\"\n"
	"html_template_end: .byte 0\n"
	".previous\n");
