import Foundation
import TestSupport

/// A library that is loaded before the C library, so that reads of a file fail where a test says so,
/// and that notes the calls which name a file.
enum Shim {
  /// What compiles it.
  static var compiler: OutsideTool? { OutsideTool("clang") ?? OutsideTool("cc") }

  /// Builds it as `shim.so`. `BAD_FILE` and `BAD_RANGES` (`0x1000-0x2000,…`) say what cannot be read,
  /// `CALLS` where calls are noted.
  static func build(in scratch: TemporaryDirectory) throws {
    try scratch.file(Array(source.utf8), named: "shim.c")
    let finished = try Launch.shell(
      "\(compiler?.path ?? "cc") -shared -fPIC -O1 -o shim.so shim.c -ldl", in: scratch
    ).run()
    guard finished.status == 0 else { throw LaunchError("shim.c: \(finished.errors)") }
    try FileManager.default.removeItem(atPath: scratch.path("shim.c"))
  }

  /// What stands before a command for it.
  static func with(
    bad ranges: [Range<Int>], of file: String = "image.bin", calls: String = ""
  ) -> String {
    let text = ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    return "LD_PRELOAD=./shim.so BAD_FILE=\(file) BAD_RANGES=\(text) CALLS=\(calls) "
  }

  private static let source = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/stat.h>
    #include <unistd.h>

    static int is_bad(int fd, off64_t offset, size_t count) {
      const char *name = getenv("BAD_FILE"), *text = getenv("BAD_RANGES");
      struct stat file, bad;
      if (!name || !text || fstat(fd, &file) || stat(name, &bad)) return 0;
      if (file.st_ino != bad.st_ino || file.st_dev != bad.st_dev) return 0;
      while (*text) {
        char *end;
        long long first = strtoll(text, &end, 0);
        long long last = strtoll(end + 1, &end, 0);
        if (offset < last && offset + (off64_t)count > first) return 1;
        text = *end ? end + 1 : end;
      }
      return 0;
    }

    static void note(const char *call) {
      const char *name = getenv("CALLS");
      if (!name || !*name) return;
      int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      if (write(fd, call, strlen(call)) < 0) abort();
      close(fd);
    }

    ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
      static ssize_t (*real)(int, void *, size_t, off64_t);
      if (!real) real = dlsym(RTLD_NEXT, "pread64");
      if (is_bad(fd, offset, count)) return errno = EFAULT, -1;
      return real(fd, buffer, count, offset);
    }

    ssize_t pread(int fd, void *buffer, size_t count, off_t offset) {
      return pread64(fd, buffer, count, offset);
    }

    ssize_t splice(int from, off64_t *offset, int to, off64_t *other, size_t count, unsigned flags) {
      static ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned);
      if (!real) real = dlsym(RTLD_NEXT, "splice");
      if (offset && is_bad(from, *offset, count)) return errno = EFAULT, -1;
      return real(from, offset, to, other, count, flags);
    }

    int fsync(int fd) {
      static int (*real)(int);
      if (!real) real = dlsym(RTLD_NEXT, "fsync");
      struct stat file;
      note(fstat(fd, &file) == 0 && S_ISDIR(file.st_mode) ? "fsync directory\n" : "fsync file\n");
      return real(fd);
    }

    int rename(const char *from, const char *to) {
      static int (*real)(const char *, const char *);
      if (!real) real = dlsym(RTLD_NEXT, "rename");
      note("rename\n");
      return real(from, to);
    }
    """#
}
