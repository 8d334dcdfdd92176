// Linux system calls and constants that Swift's Glibc module does not import: those behind
// _GNU_SOURCE, the variadic ones, and ioctl numbers made by function-like macros.
#ifndef CLINUX_H
#define CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// First byte of data at or behind `offset`; -1 with ENXIO where only a hole follows.
static inline int64_t clinux_seek_data(int fd, int64_t offset) {
  return lseek(fd, offset, SEEK_DATA);
}

/// First byte of a hole at or behind `offset` (the end of a file counts as one).
static inline int64_t clinux_seek_hole(int fd, int64_t offset) {
  return lseek(fd, offset, SEEK_HOLE);
}

/// Size of a block device in bytes, or -1.
static inline int64_t clinux_block_device_size(int fd) {
  uint64_t size = 0;
  return ioctl(fd, BLKGETSIZE64, &size) == 0 ? (int64_t)size : -1;
}

/// Moves file pages into a pipe without copying them. Returns bytes moved, or -1.
static inline int64_t clinux_splice(int from, int64_t offset, int pipe, uint64_t count) {
  loff_t position = offset;
  return splice(from, &position, pipe, NULL, count, SPLICE_F_MOVE | SPLICE_F_MORE);
}

/// Maps user pages that never change again into a pipe. Returns bytes moved, or -1.
static inline int64_t clinux_vmsplice(int pipe, const void *bytes, uint64_t count) {
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
  return vmsplice(pipe, &vector, 1, 0);
}

/// Asks for a pipe buffer of `size` bytes; returns the size that it has now, or -1.
static inline int clinux_set_pipe_size(int pipe, int size) {
  return fcntl(pipe, F_SETPIPE_SZ, size);
}

/// Shares file extents (reflink) instead of copying them; 0, or -1.
static inline int clinux_clone_range(int from, int64_t source, uint64_t count, int to,
                                     int64_t target) {
  struct file_clone_range range = {.src_fd = from,
                                   .src_offset = (uint64_t)source,
                                   .src_length = count,
                                   .dest_offset = (uint64_t)target};
  return ioctl(to, FICLONERANGE, &range);
}

/// Renames without replacing an existing name; 0, or -1 with EEXIST.
static inline int clinux_rename_new(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
}

/// Number of processors in the affinity mask, or -1.
static inline int clinux_processor_count(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

/// Whether the program was started by a dynamic linker, which alone can load further libraries.
static inline int clinux_has_dynamic_linker(void) { return getauxval(AT_BASE) != 0; }

/// The status flags of an open file (O_APPEND and friends), or -1.
static inline int clinux_status_flags(int fd) { return fcntl(fd, F_GETFL); }

#endif
