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

  /// A function, which must have that C type; nil where the library lacks it.
  @unsafe func function<Function>(_ name: String, as type: Function.Type) -> Function? {
    unsafe dlsym(handle, name).map { unsafe unsafeBitCast($0, to: type) }
  }
}
