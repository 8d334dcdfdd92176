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
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
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

/// The status flags of an open file (O_APPEND and friends), or -1.
static inline int clinux_status_flags(int fd) { return fcntl(fd, F_GETFL); }

/// `whence` of a seek for data and for a hole.
static const int clinux_seek_origin_data = SEEK_DATA;
static const int clinux_seek_origin_hole = SEEK_HOLE;

/// Keeps a descriptor from other programs; 0, or -1.
static inline int clinux_close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }

/// The two parts of a device number.
uint32_t clinux_major(uint64_t device);
uint32_t clinux_minor(uint64_t device);

/// Makes an open /dev/fuse one more channel of the connection of another; 0, or -1.
static inline int clinux_fuse_clone(int device, int connected) {
  uint32_t other = (uint32_t)connected;
  return ioctl(device, FUSE_DEV_IOC_CLONE, &other);
}

/// Mounts a FUSE connection read-only, without devices and without the set-user-ID bit; 0, or -1.
static inline int clinux_fuse_mount(const char *directory, const char *options) {
  return (int)syscall(SYS_mount, "vmcoregen", directory, "fuse.vmcoregen",
                      MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
}

/// Takes a mount out of the tree, also while files in it are open; 0, or -1.
static inline int clinux_unmount(const char *directory) {
  return (int)syscall(SYS_umount2, directory, 2 /* MNT_DETACH */ | 8 /* UMOUNT_NOFOLLOW */);
}

/// Receives a descriptor from a Unix socket; -1 where the other side closed it or sent none.
int clinux_receive_descriptor(int socket);

/// A file in memory without a name, closed in other programs; or -1.
int clinux_memory_file(const char *name);

/// A descriptor that signals of a set can be read from; or -1.
int clinux_signal_descriptor(const sigset_t *set);

/// The next signal that waits in a descriptor, 0 where there is none. `by_kernel` tells a
/// terminal's signal, which every process of the group gets, from one that a process sent.
int clinux_next_signal(int descriptor, int *by_kernel);

/// The status of a process that exited, -1 where a signal ended it.
int clinux_exit_status(int status);

/// The signal that ended a process.
int clinux_ending_signal(int status);

/// How a new program is started.
struct clinux_spawn_options {
  /// One more `NAME=value` for the environment, or NULL.
  const char *environment;
  /// Descriptors for standard input, output and error, or -1: the same as here.
  int standard[3];
  /// A descriptor that stays open under its number, or -1.
  int kept;
  /// Whether the program leads a session of its own.
  int has_session;
};

/// Starts a program found along PATH, with no signal blocked and SIGPIPE deadly; 0, or the error.
int clinux_spawn(pid_t *process, char *const arguments[],
                 const struct clinux_spawn_options *options);

#endif
