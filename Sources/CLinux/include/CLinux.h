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

/// Whether an open file is one of procfs, whose bytes the kernel makes while they are read.
int clinux_is_on_procfs(int fd);

/// Moves file pages into a pipe without copying them. Returns bytes moved, or -1.
int64_t clinux_splice(int from, int64_t offset, int pipe, uint64_t count);

/// Maps user pages that never change again into a pipe. Returns bytes moved, or -1.
int64_t clinux_vmsplice(int pipe, const void *bytes, uint64_t count);

/// Asks for a pipe buffer of `size` bytes; returns the size that it has now, or -1.
int clinux_set_pipe_size(int pipe, int size);

/// Shares file extents (reflink) instead of copying them; 0, or -1.
int clinux_clone_range(int from, int64_t source, uint64_t count, int to, int64_t target);

/// Makes a part of a file a hole, whatever was in it; 0, or -1.
int clinux_punch_hole(int fd, int64_t offset, int64_t count);

/// Renames without replacing an existing name; 0, or -1 with EEXIST.
int clinux_rename_new(const char *from, const char *to);

/// Number of processors in the affinity mask, or -1.
int clinux_processor_count(void);

/// Whether the program was started by a dynamic linker, which alone can load further libraries.
int clinux_has_dynamic_linker(void);

/// The status flags of an open file (O_APPEND and friends), or -1.
int clinux_status_flags(int fd);

/// `whence` of a seek for data and for a hole.
static const int32_t clinux_seek_origin_data = 3;
static const int32_t clinux_seek_origin_hole = 4;

/// The two parts of the device number of the file system at a path, without a question to whoever
/// serves that; 0, or -1.
int clinux_device_of(const char *path, uint32_t *major, uint32_t *minor);

/// Makes an open /dev/fuse one more channel of the connection of another; 0, or -1.
int clinux_fuse_clone(int device, int connected);

/// Mounts a FUSE connection read-only, without devices and without the set-user-ID bit; 0, or -1.
int clinux_fuse_mount(const char *directory, const char *options);

/// Takes a mount out of the tree, also while files in it are open; 0, or -1.
int clinux_unmount(const char *directory);

/// Receives a descriptor from a Unix socket; -1 where the other side closed it or sent none.
int clinux_receive_descriptor(int socket);

/// A file in memory without a name, closed in other programs; or -1.
int clinux_memory_file(const char *name);

/// Blocks signals and makes a descriptor that they can be read from; or -1.
int clinux_queue_signals(const int32_t *signals, int count);

/// The next signal that waits in a descriptor, 0 where there is none. `by_kernel` tells a
/// terminal's signal, which every process of the group gets, from one that a process sent.
int clinux_next_signal(int descriptor, int *by_kernel);

/// The status of a process that exited, -1 where a signal ended it.
int clinux_exit_status(int status);

/// The signal that ended a process.
int clinux_ending_signal(int status);

/// The CRC-32C of some bytes by the processor's own instruction; 0 where it has none.
int clinux_crc32c(const void *bytes, uint64_t count, uint32_t *sum);

/// Copies bytes out of mapped device memory by whole words at their own addresses, since some
/// machines allow nothing else there (arm64 maps what is no RAM of its own as a device).
void clinux_copy_words(void *to, const void *words, uint64_t offset, uint64_t count);

/// Copies bytes out of a mapped file whose pages may be gone, or be refused by the hardware; 0, or -1
/// where one of them cannot be read (SIGBUS, SIGSEGV): what was copied up to there is undefined.
int clinux_copy_guarded(void *to, const void *from, uint64_t count);

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
int clinux_spawn(int32_t *process, char *const arguments[],
                 const struct clinux_spawn_options *options);

#endif
