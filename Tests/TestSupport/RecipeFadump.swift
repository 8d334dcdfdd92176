/// A firmware-assisted dump of ppc64: the firmware moved the crashed kernel's boot memory (the
/// recipe's `backup`) and started the second kernel in its place.
package struct RecipeFadump: Sendable, Equatable {
  /// The forms of `struct fadump_crash_info_header`.
  package enum Form: String, Sendable, Equatable {
    /// Before Linux 6.10: the crashed kernel's header stands behind it.
    case old
    /// The second kernel makes the header.
    case new
  }

  /// The form.
  package var form: Form
  /// The address of the structure.
  package var address: UInt64
  /// The address of the notes of all CPUs, which the second kernel makes.
  package var notes: UInt64
}

/// A kernel that runs beside the crashed one's leftovers.
package struct RecipeOtherKernel: Sendable, Equatable {
  /// Its release.
  package var release: String
  /// The address of its VMCOREINFO note.
  package var note: UInt64
  /// The address of its init_uts_ns' struct new_utsname.
  package var name: UInt64
  /// Further lines of its vmcoreinfo.
  package var lines: [String]
}
