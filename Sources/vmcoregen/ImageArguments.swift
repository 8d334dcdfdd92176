import CommandParser
import VMCore

/// The image and what the user says about it: the same for every command.
struct ImageArguments: ParsableArguments {
  @Argument(
    help: "Memory image or dump: a file, a block device, a pipe, or - for standard input.",
    completion: .file())
  var image: String?

  @Flag(help: "Read the memory of the kernel before this one, where there is no /proc/vmcore.")
  var oldMemory = false

  @Option(
    help: ArgumentHelp("Take /proc, /dev and /sys from below DIR.", valueName: "dir"),
    completion: .directory)
  var root = "/"

  @Option(
    name: .customLong("segment"),
    help: ArgumentHelp(
      "Take FILE as memory at ADDR; repeatable, in any order.",
      valueName: "FILE@ADDR[:LENGTH[:OFFSET]]"))
  var segments: [String] = []

  @Option(help: ArgumentHelp("Physical address of the file's first byte.", valueName: "ADDR"))
  var base: PhysicalNumber?

  @Option(
    name: .customLong("hole"),
    help: ArgumentHelp(
      "Addresses that the file leaves out, the end not included; repeatable.",
      valueName: "START-END"))
  var holes: [AddressRange] = []

  @Option(help: "QEMU machine whose PCI hole the file leaves out.")
  var machine: CrashDumpOptions.Machine?

  @Option(
    name: .customLong("part"),
    help: ArgumentHelp(
      "Another file of a dump that is split or in several files; repeatable, in any order.",
      valueName: "FILE"),
    completion: .file())
  var parts: [String] = []

  @Flag(help: "Take parts of different dumps for one.")
  var forceParts = false

  @Flag(help: "Search the memory of a dump for a core header instead of keeping the dump's own.")
  var rebuild = false

  @Option(help: "What the file is; auto goes by its content.")
  var inputFormat = Automatic<CrashDumpOptions.InputFormat>()

  @Option(
    help: ArgumentHelp(
      "Place of the ELF core header, in the kernel's own syntax.",
      valueName: "[SIZE@]ADDR"))
  var elfcorehdr: String?

  @Option(help: "Whether the purgatory has run; auto decides by the backup region.")
  var state = CrashDumpOptions.State.automatic

  @Option(help: "Kernel whose /proc/vmcore layout is made; auto goes by OSRELEASE.")
  var compat = Automatic<Compatibility>()

  @Option(
    help: ArgumentHelp(
      "Page size of the second kernel; by default PAGESIZE of the crashed one.",
      valueName: "SIZE"))
  var pageSize: PhysicalNumber?

  @Option(
    help: "Whether the core header is looked for in memory or built; auto: as the kernel did.")
  var header = CrashDumpOptions.HeaderSource.automatic

  @Option(help: "Whose memory: the crashed kernel's, the second kernel's, or all as it lies.")
  var select = CrashDumpOptions.Selection.production

  @Flag(help: "Do what the kernel does even where it loses a load or keeps a second PT_NOTE.")
  var exact = false

  @OptionGroup var withoutHeader: FallbackArguments

  @Option(
    name: [.customShort("j", allowingJoined: true), .long],
    help: ArgumentHelp(
      "Number of threads (default: the processors that may be used).", valueName: "n"))
  var jobs: Int?

  @Flag(name: .shortAndLong, help: "Print no hints and no warnings, only errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error what was found.")
  var verbose = false

  func validate() throws {
    if !segments.isEmpty && (base != nil || !holes.isEmpty || machine != nil) {
      throw ValidationError("--segment says where everything lies: drop --base, --hole, --machine")
    }
    if let jobs, !(1...1024).contains(jobs) {
      throw ValidationError("--jobs \(jobs): expected 1 to 1024")
    }
    if quiet && verbose { throw ValidationError("--quiet and --verbose: expected one of them") }
  }

  /// Checks that there is one image. Not part of `validate`, which comes before unknown options
  /// are told, and before a command has sorted its arguments.
  func requireImage() throws {
    if image != nil && !segments.isEmpty {
      throw ValidationError("an image and --segment: expected one of them")
    }
    if let image, let segments = PlacedFiles.segments(image) {
      throw ValidationError(
        "\(image): no such file; files at addresses of their own are '\(segments)'")
    }
    if oldMemory {
      guard image == nil, segments.isEmpty else {
        throw ValidationError("an image and --old-memory: expected one of them")
      }
      return
    }
    if image == nil && segments.isEmpty && runningMemory == nil {
      throw ValidationError("no image: expected a file name, as in 'vmcoregen image.bin > vmcore'")
    }
  }

  /// The name under which the second kernel offers the memory of the one before it.
  private static let offered = "/proc/vmcore"

  /// What a stand-alone dumper of an s390x machine gives back.
  var systemArea: HardwareSystemArea? {
    guard let image, [ImageArguments.offered, root + ImageArguments.offered].contains(image) else {
      return nil
    }
    return HardwareSystemArea(root: root)
  }

  /// The memory of the running machine, where that is asked for, or no other has a name and the
  /// kernel offers none.
  private var runningMemory: CrashDumpOptions.OldMemory? {
    let memory = CrashDumpOptions.OldMemory(root: root)
    if oldMemory { return memory }
    guard segments.isEmpty, image == nil || image == ImageArguments.offered, memory.isNeeded else {
      return nil
    }
    return memory
  }

  /// The same for the library.
  func options() throws(VMCoreError) -> CrashDumpOptions {
    var options = CrashDumpOptions()
    for segment in segments { options.segments.append(try .init(parsing: segment)) }
    options.base = base?.value
    options.holes = holes.map(\.range)
    options.machine = machine
    options.inputFormat = inputFormat.value
    options.parts = parts
    options.mixesParts = forceParts
    options.isRebuilding = rebuild
    options.oldMemory = runningMemory
    options.elfcorehdr = elfcorehdr
    options.state = state
    options.compatibility = compat.value
    options.pageSize = pageSize?.value
    options.header = header
    options.selection = select
    options.isExact = exact
    options.workers = jobs
    withoutHeader.apply(to: &options)
    return options
  }

  /// Opens the image with what one command alone wants.
  func open(_ change: (inout CrashDumpOptions) -> Void = { _ in }) throws -> CrashDump {
    var options = try options()
    change(&options)
    let dump = try CrashDump(
      imageAt: image ?? "", options: options, isCancelled: { Interruption.isPending })
    return dump
  }
}

/// A number in the kernel's syntax: `0x40000000`, `512M`.
struct PhysicalNumber: ExpressibleByArgument {
  let value: UInt64

  init?(argument: String) {
    guard let value = CrashDumpOptions.number(argument) else { return nil }
    self.value = value
  }
}

/// `START-END`, the end not included.
struct AddressRange: ExpressibleByArgument {
  let range: Range<UInt64>

  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let start = CrashDumpOptions.number(String(parts[0])),
      let end = CrashDumpOptions.number(String(parts[1])), start < end
    else { return nil }
    range = start..<end
  }
}
