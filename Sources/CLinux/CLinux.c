#define _GNU_SOURCE

#include "CLinux.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

int64_t clinux_seek_data(int fd, int64_t offset) { return lseek(fd, offset, SEEK_DATA); }

int64_t clinux_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, SEEK_HOLE); }

int64_t clinux_block_device_size(int fd) {
  uint64_t size = 0;
  return ioctl(fd, BLKGETSIZE64, &size) == 0 ? (int64_t)size : -1;
}

int clinux_is_on_procfs(int fd) {
  struct statfs status;
  return fstatfs(fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

int64_t clinux_splice(int from, int64_t offset, int pipe, uint64_t count) {
  loff_t position = offset;
  return splice(from, &position, pipe, NULL, count, SPLICE_F_MOVE | SPLICE_F_MORE);
}

int64_t clinux_vmsplice(int pipe, const void *bytes, uint64_t count) {
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
  return vmsplice(pipe, &vector, 1, 0);
}

int clinux_set_pipe_size(int pipe, int size) { return fcntl(pipe, F_SETPIPE_SZ, size); }

int clinux_clone_range(int from, int64_t source, uint64_t count, int to, int64_t target) {
  struct file_clone_range range = {.src_fd = from,
                                   .src_offset = (uint64_t)source,
                                   .src_length = count,
                                   .dest_offset = (uint64_t)target};
  return ioctl(to, FICLONERANGE, &range);
}

int clinux_punch_hole(int fd, int64_t offset, int64_t count) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

int clinux_rename_new(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
}

int clinux_processor_count(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

int clinux_has_dynamic_linker(void) { return getauxval(AT_BASE) != 0; }

int clinux_status_flags(int fd) { return fcntl(fd, F_GETFL); }

int clinux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

void clinux_copy_words(void *to, const void *words, uint64_t offset, uint64_t count) {
  const volatile uint64_t *from = (const volatile uint64_t *)words + offset / 8;
  unsigned char *next = to;
  uint64_t skip = offset % 8;
  while (count > 0) {
    uint64_t word = *from++;
    uint64_t part = 8 - skip < count ? 8 - skip : count;
    memcpy(next, (const unsigned char *)&word + skip, part);
    next += part;
    count -= part;
    skip = 0;
    for (; count >= 8; count -= 8, next += 8) {
      word = *from++;
      memcpy(next, &word, 8);
    }
  }
}

int clinux_device_of(const char *path, uint32_t *major, uint32_t *minor) {
  // No field is asked for, and what the kernel has in memory is good enough.
  struct statx status;
  if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, 0, &status) != 0) return -1;
  *major = status.stx_dev_major;
  *minor = status.stx_dev_minor;
  return 0;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_of(const unsigned char *bytes,
                                                            uint64_t count) {
  uint64_t sum = 0xffffffff;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    sum = __builtin_ia32_crc32di(sum, word);
  }
  for (; count > 0; bytes++, count--) sum = __builtin_ia32_crc32qi((uint32_t)sum, *bytes);
  return ~(uint32_t)sum;
}

// Asked once: a virtual machine traps the question.
static int has_crc32c(void) {
  static int known = -1;
  int has = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (has < 0) {
    unsigned int a, b, c, d;
    has = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) ? 1 : 0;
    __atomic_store_n(&known, has, __ATOMIC_RELAXED);
  }
  return has;
}

int clinux_crc32c(const void *bytes, uint64_t count, uint32_t *sum) {
  if (!has_crc32c()) return 0;
  *sum = crc32c_of(bytes, count);
  return 1;
}
#else
int clinux_crc32c(const void *bytes, uint64_t count, uint32_t *sum) {
  (void)bytes, (void)count, (void)sum;
  return 0;
}
#endif
