// Linux system calls and constants that Swift's Glibc module does not import: those behind
// _GNU_SOURCE, the variadic ones, and ioctl numbers made by function-like macros.
//
// This header includes no system header but <stdint.h>: with _GNU_SOURCE they define types in
// another form than Swift's Glibc module does, and a compiler that sees both forms refuses them.
#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

/// First byte of data at or behind `offset`; -1 with ENXIO where only a hole follows.
int64_t clinux_seek_data(int fd, int64_t offset);

/// First byte of a hole at or behind `offset` (the end of a file counts as one).
int64_t clinux_seek_hole(int fd, int64_t offset);

/// Size of a block device in bytes, or -1.
int64_t clinux_block_device_size(int fd);

/// Moves file pages into a pipe without copying them. Returns bytes moved, or -1.
int64_t clinux_splice(int from, int64_t offset, int pipe, uint64_t count);

/// Maps user pages that never change again into a pipe. Returns bytes moved, or -1.
int64_t clinux_vmsplice(int pipe, const void *bytes, uint64_t count);

/// Asks for a pipe buffer of `size` bytes; returns the size that it has now, or -1.
int clinux_set_pipe_size(int pipe, int size);

/// Shares file extents (reflink) instead of copying them; 0, or -1.
int clinux_clone_range(int from, int64_t source, uint64_t count, int to, int64_t target);

/// Renames without replacing an existing name; 0, or -1 with EEXIST.
int clinux_rename_new(const char *from, const char *to);

/// Number of processors in the affinity mask, or -1.
int clinux_processor_count(void);

/// The status flags of an open file (O_APPEND and friends), or -1.
int clinux_status_flags(int fd);

#endif
