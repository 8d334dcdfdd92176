#if ArgumentParser
import CommandParser
import ChildProcesses
import Glibc
import VMCore

/// Shows the vmcore as a file in a directory until that is unmounted.
struct MountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Show the vmcore and its parts as files in a directory, without storing them.")

  @OptionGroup var image: ImageArguments

  @OptionGroup var filter: FilterArguments

  @Argument(help: "Existing directory to mount on.", completion: .directory)
  var directory: String?

  @Flag(help: "Stay until unmounted; a line on standard output says when the files are there.")
  var foreground = false

  mutating func validate() throws {
    if directory == nil, !image.segments.isEmpty || image.oldMemory {
      directory = image.image
      image.image = nil
    }
    if directory == nil { throw ValidationError("no directory: expected 'IMAGE DIR'") }
  }

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      guard foreground else { return try BackgroundMount.run() }
      try CrashDump.checkMountPoint(at: directory ?? "")
      let dump = try image.open { $0.isThorough = true }
      Diagnostics.report(dump.report, image)
      let core = try filter.options.map {
        try dump.filtered(by: $0, isCancelled: { Interruption.isPending })
      }
      Diagnostics.report(core?.report, image)
      let isPartial = dump.report.isPartial || core?.report.isUnfiltered ?? false
      let mounted = try dump.mount(on: directory ?? "", showing: contents(of: dump, core))
      defer { mounted.unmount() }
      // A background process must keep neither a file system busy nor whoever waits for a pipe's end.
      _ = unsafe chdir("/")
      let nothing = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
      if nothing >= 0 { dup2(nothing, STDIN_FILENO) }
      StandardOutput.write(
        (isPartial ? BackgroundMount.partial : BackgroundMount.ready) + "\n")
      wait(for: mounted)
      let isDamaged = Diagnostics.reportLate(dump, image)
      return isPartial || isDamaged ? .partial : .done
    }
    throw status.exitCode
  }

  private func contents(of dump: CrashDump, _ core: FilteredCore?) -> MountOptions {
    var options = MountOptions()
    options.core = core
    let document = InfoDocument(dump.report).value.text + "\n"
    options.additions = [AddedFile(name: "info.json", bytes: Array(document.utf8))]
    options.reportFailure = { Diagnostics.say($0) }
    return options
  }

  /// Until somebody unmounts the directory, or a signal asks for the end.
  private func wait(for mounted: MountedDump) {
    let endings = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    guard let signals = SignalQueue(Interruption.wanted(endings)) else { return }
    while !isReadable(mounted.endDescriptor), !Interruption.isPending {
      while let signal = signals.next() {
        if endings.contains(signal.number) { return }
      }
      signals.wait(orFor: [mounted.endDescriptor])
    }
  }
}

/// Whether a descriptor can be read, or has come to its end.
func isReadable(_ descriptor: Int32) -> Bool {
  var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&item, 1, 0) > 0
}
#endif
