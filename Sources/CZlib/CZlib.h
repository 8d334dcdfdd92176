// zlib, and what Swift does not import of it: deflateInit2 and inflateInit2 are macros.
#ifndef CZLIB_H
#define CZLIB_H

// It does not set _GNU_SOURCE: with it the C library's types have another form than Swift's Glibc
// module gives them, and a compiler that sees both refuses them.

#include <zlib.h>

/// A stream for deflate; `window_bits` 15 makes zlib streams, 31 gzip members. Z_OK or an error.
static inline int czlib_deflate_init(z_stream *stream, int level, int window_bits) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
}

/// A stream for inflate; `window_bits` 15 takes zlib streams, 31 gzip members. Z_OK or an error.
static inline int czlib_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

#endif
