#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A kernel that cannot do it, or may not: a clear message, exit 4.
for c in watch snapshot stat record top; do
	lockscope $c --for 1 >/out/$c.out 2>/out/$c.err </dev/null
	echo "$c exit $?" >>/out/status
done
lockscope features >/out/features.out 2>/out/features.err
echo "features exit $?" >>/out/status
exit 0
