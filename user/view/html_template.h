/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * html_template.h - user/view/html/template.html, as a part of the program.
 */
#ifndef LOCKSCOPE_VIEW_HTML_TEMPLATE_H
#define LOCKSCOPE_VIEW_HTML_TEMPLATE_H

/* Stands in it once, where the data goes. */
#define HTML_TEMPLATE_MARK "@@LOCKSCOPE-DATA@@"

extern const char html_template[], html_template_end[];

#endif
