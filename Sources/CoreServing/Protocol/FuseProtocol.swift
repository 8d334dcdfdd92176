internal import Bytes

/// Numbers of the kernel's FUSE protocol, version 7. Source: `include/uapi/linux/fuse.h`.
enum FuseProtocol {
  /// `FUSE_KERNEL_VERSION`
  static let major: UInt32 = 7
  /// The version whose records these are: `fuse_attr.flags` and `max_pages` have their places.
  static let minor: UInt32 = 32
  /// The oldest version with today's `fuse_init_out` (Linux 3.15).
  static let oldestMinor: UInt32 = 23
  /// `FUSE_ROOT_ID`
  static let rootNode: UInt64 = 1
  /// Records between this machine's kernel and its programs are in this machine's byte order.
  static let order: ByteOrder = UInt16(littleEndian: 1) == 1 ? .little : .big
  /// The largest answer to a read: 256 pages of 4 KiB, the most that kernels allow by default.
  static let largestRead = 1 << 20
  /// `max_write`: nothing is ever written, this is the least that the kernel takes.
  static let largestWrite: UInt32 = 4096
  /// Room for one request; the kernel wants at least `FUSE_MIN_READ_BUFFER`, 8192.
  static let requestSize = 1 << 16
  /// `FOPEN_KEEP_CACHE`: what the page cache holds of a file stays good, it never changes.
  static let keepCache: UInt32 = 1 << 1
  /// `FOPEN_CACHE_DIR`
  static let cacheFolder: UInt32 = 1 << 3
  /// Seconds for which the kernel may trust names and attributes: they never change.
  static let validity: UInt64 = 86_400

  /// Bits of `fuse_init_in.flags` that are wanted where the kernel has them.
  static let wantedFlags: UInt32 =
    1 << 0  // FUSE_ASYNC_READ: several requests of one reader at a time
    | 1 << 18  // FUSE_PARALLEL_DIROPS
    | 1 << 22  // FUSE_MAX_PAGES
}
