import Glibc

/// Descriptors 0 to 2. Where the caller closed one, the next file that is opened would get its
/// number: a warning could then be written into the vmcore.
enum StandardDescriptors {
  /// Gives each closed one a file on which its use fails.
  static func open() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is taken, which is this one.
      _ = unsafe Glibc.open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
