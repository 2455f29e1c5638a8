// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "lib/gzip.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define AS_GZIP (15 + 16)	/* deflateInit2: the largest window, a gzip header */
#define MEMORY 8		/* zlib's default */
#define STEP 16384u

struct gzip {
	z_stream z;
	FILE *to;
	int error;
};

int gzip__new(struct gzip **out, FILE *to)
{
	struct gzip *z = calloc(1, sizeof(*z));

	*out = z;
	if (!z)
		return -ENOMEM;
	z->to = to;
	if (deflateInit2(&z->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, AS_GZIP, MEMORY,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return 0;
	free(z);
	*out = NULL;
	return -ENOMEM;
}

/* Until zlib has taken its input, or, at the end, has given all. */
static void run(struct gzip *z, int flush)
{
	unsigned char buf[STEP];
	int rc;

	do {
		size_t len;

		z->z.next_out = buf;
		z->z.avail_out = sizeof(buf);
		rc = deflate(&z->z, flush);
		len = sizeof(buf) - z->z.avail_out;
		if (rc == Z_STREAM_ERROR)
			z->error = -EINVAL;
		else if (fwrite(buf, 1, len, z->to) != len)
			z->error = errno ? -errno : -EIO;
	} while (!z->error && (flush == Z_FINISH ? rc != Z_STREAM_END : !z->z.avail_out));
}

int gzip__write(struct gzip *z, const void *data, size_t len)
{
	const unsigned char *at = data;

	while (!z->error && len) {
		uInt step = len < STEP ? (uInt)len : STEP;

		z->z.next_in = (unsigned char *)at;	/* zlib does not write there */
		z->z.avail_in = step;
		run(z, Z_NO_FLUSH);
		at += step;
		len -= step;
	}
	return z->error;
}

int gzip__finish(struct gzip *z)
{
	int err;

	if (!z)
		return 0;
	if (!z->error)
		run(z, Z_FINISH);
	err = z->error;
	deflateEnd(&z->z);
	free(z);
	return err;
}
