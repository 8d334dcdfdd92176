import Bytes
import CrashedKernel
import DumpRecords
import TestSupport
import Testing

@Suite("The kernel's log")
struct KernelLogTests {
  /// What was read of a log.
  struct Read {
    var records: [LogRecord] = []
    var damage = LogDamage()
  }

  static func read(_ kernel: Kernel) throws -> Read {
    guard case .found(var log) = try KernelLog.read(kernel) else {
      Issue.record("no log: \(try KernelLog.read(kernel))")
      return Read()
    }
    var read = Read()
    while let record = try log.next() { read.records.append(record) }
    read.damage = log.damage
    return read
  }

  static func read(_ model: KernelLogModel, _ machine: LogMachine) throws -> Read {
    try read(machine.kernel(model.bytes(), model.information))
  }

  /// So many records, some of several lines, some with a dictionary.
  static func entries(_ count: Int, seed: UInt64 = 5) -> [KernelLogModel.Entry] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { number in
      let words = Int.random(in: 0...12, using: &generator)
      var entry = KernelLogModel.Entry(
        (0..<words).map { "word\($0)" }.joined(separator: number % 7 == 3 ? "\n" : " "))
      entry.nanoseconds = UInt64(number) * 123_456_789
      entry.level = UInt8(number % 8)
      entry.facility = UInt8(number % 3)
      entry.caller = number % 2 == 0 ? 1 << 31 | UInt32(number % 4) : UInt32(number)
      if number % 5 == 0 {
        entry.subsystem = "pci"
        entry.device = "+pci:0000:00:0\(number % 10).0"
      }
      return entry
    }
  }

  static let numbered = (0..<40).map { KernelLogModel.Entry("record \($0)") }

  static let recordForms = KernelLogModel.Form.allCases.filter { $0 != .text }

  @Test(
    "is read in every form, word size and byte order, from its oldest record that is left",
    arguments: LogMachine.all, KernelLogTests.recordForms)
  func forms(_ machine: LogMachine, _ form: KernelLogModel.Form) throws {
    for count in [0, 1, 20, 100, 700] {
      var model = machine.model(form)
      model.entries = Self.entries(count)
      let read = try Self.read(model, machine)
      let left = model.left
      #expect(read.damage.count == 0, "\(read.damage.findings)")
      #expect(read.records.map(\.text) == left.map(\.text), "\(count) records")
      #expect(read.records.map(\.time) == left.map(\.nanoseconds))
      #expect(read.records.map(\.level) == left.map(\.level))
      #expect(read.records.map(\.facility) == left.map(\.facility))
      let fields: [[String]] = left.map { entry in
        entry.subsystem.isEmpty
          ? [] : ["SUBSYSTEM=\(entry.subsystem)", "DEVICE=\(entry.device)"]
      }
      #expect(
        read.records.map {
          $0.fields.map { String(decoding: $0.name + [61] + $0.value, as: UTF8.self) }
        }
          == fields)
      if count == 700 { #expect(left.count > 10 && left.count < 200) }
      guard [.ring, .context, .callers].contains(form) else { continue }
      #expect(read.records.map(\.caller) == left.map { LogCaller($0.caller) })
      guard form != .callers else { continue }
      #expect(read.records.map(\.sequence) == left.map(\.sequence))
      #expect(read.damage.unfinished == 0)
    }
  }

  @Test(
    "is read as text of kernels before 3.5, wrapped or not", arguments: LogMachine.all)
  func text(_ machine: LogMachine) throws {
    for count in [1, 20, 700] {
      var model = machine.model(.text)
      model.entries = Self.entries(count).filter { !$0.text.contains(10) }
      let read = try Self.read(model, machine)
      #expect(read.damage.count == 0)
      let text: [UInt8] = read.records.flatMap { ($0.prefix ?? []) + $0.text + [10] }
      #expect(text == model.text)
      for (record, entry) in zip(read.records.suffix(3), model.entries.suffix(3)) {
        #expect(record.text == entry.text)
        #expect(record.level == entry.level)
        #expect(record.facility == entry.facility)
        #expect(record.time == entry.nanoseconds / 1000 * 1000)
      }
    }
  }

  @Test("is read of x86_64 kernels before 4.10, whose place only loads or their link address tell")
  func oldKernel() throws {
    let machine = LogMachine(
      name: "x86_64", virtual: 0xffff_ffff_8101_0000,
      lines: ["SYMBOL(phys_base)=ffffffff81010000", "SYMBOL(_stext)=ffffffff81000000"])
    var model = machine.model(.records)
    model.entries = Self.numbered
    let load = ProgramHeader(
      type: .load, offset: 0, virtualAddress: 0xffff_ffff_8100_0000, fileSize: 1 << 20,
      memorySize: 1 << 20)
    let read = try Self.read(
      machine.kernel(model.bytes(), model.information, loads: [load]))
    #expect(read.records.map(\.text) == model.left.map(\.text))
    #expect(read.records.count > 1)
    let linked = LogMachine(
      name: "x86_64", virtual: 0xffff_ffff_8001_0000,
      lines: ["SYMBOL(phys_base)=ffffffff81010000", "SYMBOL(_stext)=ffffffff80000000"])
    model.start = linked.virtual
    #expect(try Self.read(model, linked).records.count == read.records.count)
  }

  @Test("is read of riscv64 kernels before 6.5, whose place only a load tells")
  func oldRISCV() throws {
    let machine = LogMachine(
      name: "riscv64", virtual: 0xffff_ffff_8001_0000,
      lines: [
        "SYMBOL(_stext)=ffffffff80002000", "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000",
        "NUMBER(phys_ram_base)=0x0", "NUMBER(VA_BITS)=48",
      ])
    var model = machine.model(.ring)
    model.entries = Self.numbered
    let load = ProgramHeader(
      type: .load, offset: 0, virtualAddress: 0xffff_ffff_8000_0000, fileSize: 1 << 20,
      memorySize: 1 << 20)
    let read = try Self.read(machine.kernel(model.bytes(), model.information, loads: [load]))
    #expect(read.records.map(\.text) == model.left.map(\.text))
    #expect(read.records.count > 1)
  }

  @Test("passes over records that are being written or overwritten, and shows unfinished ones")
  func states() throws {
    for machine in [LogMachine.x86_64, .s390x] {
      var model = machine.model(.ring)
      model.entries = ["one", "two", "three", "four", "five"].map(KernelLogModel.Entry.init)
      model.entries[1].state = .reserved
      model.entries[3].state = .reusable
      model.entries[4].state = .committed
      let read = try Self.read(model, machine)
      #expect(read.records.map(\.text) == ["one", "three", "five"].map { Array($0.utf8) })
      #expect(read.records.map(\.condition) == [.whole, .whole, .unfinished])
      #expect(read.damage.count == 0)
      #expect(read.damage.unfinished == 1)
      #expect(read.damage.overwritten == 1)
    }
  }

  @Test("of a damaged ring has the sound records, and says which are not")
  func damagedRing() throws {
    for machine in [LogMachine.x86_64, .s390x] {
      var model = machine.model(.ring)
      model.entries = Self.numbered
      let word = model.wordSize
      for part in 0..<3 {
        var bytes = model.bytes()
        let place = model.descriptorPlace(ofRecord: 7) + part * word
        bytes.replaceSubrange(place..<place + word, with: [UInt8](repeating: 0x5a, count: word))
        let read = try Self.read(machine.kernel(bytes, model.information))
        let expected = (0..<40).filter { $0 != 7 }.map { Array("record \($0)".utf8) }
        #expect(read.records.map(\.text) == expected, "part \(part)")
        #expect(read.damage.count == 1, "\(read.damage.findings)")
      }
    }
  }

  @Test("of a ring whose ends are lost is found by its descriptors")
  func lostEnds() throws {
    let machine = LogMachine.x86_64
    for count in [60, 700] {
      var model = machine.model(.ring)
      model.entries = Self.entries(count)
      for (head, tail) in [(3, 9), (1 << 40, 5), (77, 77)] as [(UInt64, UInt64)] {
        var bytes = model.bytes()
        // head_id and tail_id of the ring that stands 64 bytes behind the variable.
        bytes.replaceSubrange(64 + 24..<64 + 32, with: model.order.bytes(head, width: 8))
        bytes.replaceSubrange(64 + 32..<64 + 40, with: model.order.bytes(tail, width: 8))
        let read = try Self.read(machine.kernel(bytes, model.information))
        #expect(read.damage.count >= 1)
        #expect(read.records.map(\.text) == model.left.map(\.text), "\(count), \(head), \(tail)")
      }
    }
  }

  @Test("of a lost pointer is the ring that kernels begin with")
  func lostPointer() throws {
    let machine = LogMachine.s390x
    var model = machine.model(.ring)
    model.entries = Self.numbered
    var bytes = model.bytes()
    bytes.replaceSubrange(0..<8, with: [UInt8](repeating: 0x77, count: 8))
    let first = "SYMBOL(printk_rb_static)=" + String(machine.virtual + 64, radix: 16)
    let read = try Self.read(machine.kernel(bytes, model.information + [first]))
    #expect(read.records.map(\.text) == model.left.map(\.text))
    #expect(read.damage.findings.first?.hasPrefix("prb points at 0x7777777777777777: ") == true)
    #expect(read.damage.count == 1)
  }

  @Test("of a damaged buffer goes on where records follow each other again")
  func damagedBuffer() throws {
    for machine in [LogMachine.x86_64, .s390x] {
      var model = machine.model(.records)
      model.entries = Self.numbered
      var bytes = model.bytes()
      // Records of 24 and 28 bytes: the length of the fourth one.
      let place = 64 + 3 * 24 + 8
      bytes.replaceSubrange(place..<place + 2, with: [0x7f, 0x7f])
      let read = try Self.read(machine.kernel(bytes, model.information))
      let expected = (0..<40).filter { $0 != 3 }.map { Array("record \($0)".utf8) }
      #expect(read.records.map(\.text) == expected)
      #expect(read.damage.count == 1)
    }
  }

  @Test("of a buffer that is not in the image ends soon, however large it is said to be")
  func lostBuffer() throws {
    let machine = LogMachine.x86_64
    let model = machine.model(.records)
    var bytes = model.bytes()
    bytes.replaceSubrange(0..<8, with: [UInt8](repeating: 0x77, count: 8))
    bytes.replaceSubrange(8..<12, with: machine.order.bytes(1 << 27, width: 4))
    bytes.replaceSubrange(24..<28, with: machine.order.bytes(1 << 27 - 4, width: 4))
    let time = try ContinuousClock().measure {
      let read = try Self.read(machine.kernel(bytes, model.information))
      #expect(read.records.isEmpty)
      #expect(read.damage.count == 1)
    }
    #expect(time < .seconds(20))
  }

  @Test("of a buffer that begins outside the image is what follows from the first page on")
  func lostStart() throws {
    let machine = LogMachine.x86_64
    var model = machine.model(.records)
    model.entries = Self.numbered
    var bytes = model.bytes()
    // The kernel's image, whose first byte is the image's first, begins 64 KiB before the variables.
    let lost: UInt64 = 8192
    let end = model.order.value(in: bytes, at: 24, width: 4)
    let first = machine.virtual - 0x1_0000 - lost
    bytes.replaceSubrange(0..<8, with: machine.order.bytes(first, width: 8))
    bytes.replaceSubrange(8..<12, with: machine.order.bytes(1 << 17, width: 4))
    bytes.replaceSubrange(
      24..<28, with: machine.order.bytes(lost + 0x1_0000 + 64 + end, width: 4))
    let read = try Self.read(machine.kernel(bytes, model.information))
    #expect(read.records.map(\.text) == model.left.map(\.text))
    #expect(read.damage.count == 1)
  }

  @Test("that a key or the image lacks is absent or corrupt, and says what is missing")
  func absent() throws {
    let machine = LogMachine.x86_64
    let model = machine.model(.ring)
    for (line, what) in [
      ("SYMBOL(prb)", "no symbol prb"), ("SIZE(prb_desc)", "SIZE(prb_desc)"),
      ("OFFSET(printk_info.ts_nsec)", "OFFSET(printk_info.ts_nsec)"),
    ] {
      let information = model.information.filter { !$0.hasPrefix(line) }
      let answer = try KernelLog.read(machine.kernel(model.bytes(), information))
      switch answer {
      case .found: Issue.record("\(line) is not needed")
      case .absent(let why), .corrupt(let why): #expect(why.contains(what))
      }
    }
    let answer = try KernelLog.read(machine.kernel([], model.information))
    guard case .corrupt(let why) = answer else {
      Issue.record("a log that the image lacks is found")
      return
    }
    #expect(why.contains("prb at 0xffffffff80010000"))
  }

  @Test("no damage crashes the program or makes it read for long")
  func hostile() throws {
    var generator = SeededGenerator(seed: 77)
    for round in 0..<600 {
      let machine = LogMachine.all[round % LogMachine.all.count]
      let form = KernelLogModel.Form.allCases[round % KernelLogModel.Form.allCases.count]
      var model = machine.model(form, bits: 8)
      model.entries = Self.entries(Int.random(in: 0...60, using: &generator), seed: UInt64(round))
      var bytes = model.bytes()
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      if round % 3 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
      guard case .found(var log) = try KernelLog.read(machine.kernel(bytes, model.information))
      else { continue }
      var count = 0
      while let record = try log.next() {
        count += 1
        #expect(record.text.count <= 1 << 16)
      }
      #expect(count <= 1 << 22)
    }
  }
}
