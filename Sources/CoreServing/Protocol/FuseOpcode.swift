/// What the kernel asks for: `enum fuse_opcode`. Everything else is answered with `ENOSYS`.
enum FuseOpcode: UInt32 {
  case lookup = 1  // FUSE_LOOKUP
  case forget = 2  // FUSE_FORGET, without an answer
  case getAttributes = 3  // FUSE_GETATTR
  case open = 14  // FUSE_OPEN
  case read = 15  // FUSE_READ
  case fileSystemStatus = 17  // FUSE_STATFS
  case release = 18  // FUSE_RELEASE
  case initialize = 26  // FUSE_INIT
  case openFolder = 27  // FUSE_OPENDIR
  case readFolder = 28  // FUSE_READDIR
  case releaseFolder = 29  // FUSE_RELEASEDIR
  case interrupt = 36  // FUSE_INTERRUPT, without an answer
  case destroy = 38  // FUSE_DESTROY
  case batchForget = 42  // FUSE_BATCH_FORGET, without an answer
  case seek = 46  // FUSE_LSEEK
}
