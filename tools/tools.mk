# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Recipes of tools/; included by the Makefile.

demo:
	@MAKE='$(MAKE)' O='$(O)' tools/demo
