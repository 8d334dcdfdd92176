internal import CLinux
internal import Glibc

/// A shared library that is used where it is installed. It stays loaded.
@safe struct DynamicLibrary: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  /// Loads a library by its name; nil where it is not installed, or where this program is linked
  /// statically and so cannot load any.
  init?(_ name: String) {
    guard clinux_has_dynamic_linker() != 0, let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL)
    else { return nil }
    unsafe self.handle = handle
  }

  /// The address of a symbol; nil where the library lacks it.
  func symbol(_ name: String) -> UnsafeMutableRawPointer? {
    unsafe dlsym(handle, name)
  }
}
