package import DumpRecords

/// What the user says about an image.
package struct ImageOptions: Sendable {
  /// `--segment`, in the order given; where there are any, the image is made of them alone.
  package var segments: [SegmentSpecification] = []
  /// `--base`: address of the file's first byte.
  package var base: UInt64?
  /// `--hole`: addresses that the file leaves out.
  package var holes: [Range<UInt64>] = []
  /// `--machine`: a known hole.
  package var machine: MachinePreset?
  /// `--input-format`: what the file is; nil looks at its content.
  package var format: ImageFormat?
  /// `--part`: the other files of a split dump.
  package var parts: [String] = []
  /// `--force-parts`: whether those may be of different dumps.
  package var mixesParts = false
  /// The machines that a dump can be of, where its format says no more than a name.
  package var machines: [MachineIdentity]
  /// Asked while a stream is read; true ends that.
  package var isCancelled: @Sendable () -> Bool = { false }

  /// Options of which none is given.
  package init(machines: [MachineIdentity]) {
    self.machines = machines
  }

  /// Whether something says where the bytes of the file lie in memory.
  var hasLayout: Bool { base != nil || !holes.isEmpty || machine != nil }
}
