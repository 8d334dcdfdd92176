internal import Bytes
package import Codecs
internal import CrashedKernel
internal import DumpRecords
package import Handover
internal import MemoryImages

/// A kdump-compressed file before its first byte is written: its headers and where its parts lie.
/// Everything but the packed pages is known from the vmcore's plan alone.
package struct KdumpPlan: Sendable {
  let order: ByteOrder
  let layout: KdumpLayout
  let frames: PageFrames
  /// Frames that a selection leaves out, or a dump which is converted lacks; nil where there are none.
  let leftOut: LeftOutFrames?
  /// Whether more of them may be found when they are read: bitmaps are written last then.
  let mayLosePages: Bool
  private let header: KdumpHeader
  private let subHeader: KdumpSubHeader
  /// The flag of a page that is packed.
  let packing: KdumpFlags
  /// The vmcore, which has the notes.
  let vmcore: ELFCoreFile
  /// Where they stand in it.
  let notes: Range<UInt64>

  /// Bytes of memory that the file will hold, for a progress display.
  package var memorySize: UInt64 { pageCount * frames.pageSize }
  /// Number of pages that the file will hold.
  var pageCount: UInt64 { PageFrames.count(frames.stored) - (leftOut?.count ?? 0) }
  var pageSize: UInt64 { frames.pageSize }

  /// Frames that the loads may promise, which bounds the bitmaps: 64 TiB of 4 KiB pages, all that
  /// x86_64 addresses with page tables of four levels.
  private static let mostFrames: UInt64 = 1 << 34

  /// Frames that two bitmaps can describe, whose blocks are counted in 32 bits (`bitmap_blocks`).
  private static func endOfFrames(_ pageSize: UInt64) -> UInt64 {
    UInt64(UInt32.max / 2) * pageSize * 8
  }

  /// Plans the file for a vmcore.
  ///
  /// - Parameter form: how pages are packed; nil: not at all.
  package init(
    for system: CrashedSystem, _ plan: CorePlan, file: ELFCoreFile, packedAs form: PackedForm?,
    selection: PageSelection? = nil
  ) throws(PlanError) {
    order = system.header.order
    layout = KdumpPlan.layout(of: system)
    frames = try PageFrames(
      of: plan.header, in: file, pageSize: plan.pageSize, isKept: plan.file != nil,
      selection: selection)
    guard frames.end > 0, PageFrames.count(frames.existing) <= KdumpPlan.mostFrames else {
      throw PlanError(
        "the loads promise \(PageFrames.count(frames.existing)) pages, expected 1 to "
          + "\(KdumpPlan.mostFrames) for a kdump-compressed file")
    }
    guard frames.end <= KdumpPlan.endOfFrames(plan.pageSize) else {
      throw PlanError(
        "the loads end at frame \(frames.end.hex), expected at most "
          + "\(KdumpPlan.endOfFrames(plan.pageSize).hex): the bitmaps of a kdump-compressed file go "
          + "no further")
    }
    mayLosePages = frames.mayLosePages
    leftOut = plan.file != nil || selection != nil || mayLosePages ? LeftOutFrames(frames) : nil
    try KdumpPlan.check(frames, leftOut, system.imageMemory.budget)
    vmcore = file
    packing = form.map { KdumpFlags($0) } ?? []
    let note = plan.header.segments[0]
    notes = note.offset..<note.offset + note.memorySize
    (header, subHeader) = KdumpPlan.headers(
      system, plan, frames, layout: layout, packing,
      information: KdumpPlan.information(in: file, notes, order: order))
  }

  /// A file of pages that nobody stores is all tables.
  private static func check(
    _ frames: PageFrames, _ leftOut: LeftOutFrames?, _ budget: Budget?
  ) throws(PlanError) {
    guard let budget else { return }
    let pages = PageFrames.count(frames.stored) - (leftOut?.count ?? 0)
    let size = frames.end.dividedUp(by: 8 * frames.pageSize) &* frames.pageSize
    let bitmaps = [frames.existing, frames.stored].map { FrameBitmap($0, size: size).storedSize }
    let tables = pages &* UInt64(PageDescriptor.size) &+ bitmaps.reduce(0, &+)
    guard tables <= budget.left(.writing) else {
      throw PlanError(
        "the bitmaps and the descriptors of \(pages) pages would take \(tables) bytes of a "
          + "kdump-compressed file, and the image stores \(budget.stored): no machine leaves that")
    }
  }

  private static func layout(of system: CrashedSystem) -> KdumpLayout {
    let wordSize = system.architecture?.wordSize ?? system.header.elfClass.wordSize
    if wordSize == 8 { return .bits64 }
    return system.architecture?.integerAlignment == 4 ? .bits32Packed : .bits32Aligned
  }

  private static func headers(
    _ system: CrashedSystem, _ plan: CorePlan, _ frames: PageFrames, layout: KdumpLayout,
    _ packing: KdumpFlags, information: Range<UInt64>?
  ) -> (KdumpHeader, KdumpSubHeader) {
    let note = plan.header.segments[0]
    let inSubHeader = UInt64(KdumpSubHeader.size(in: layout))
    let bitmap = frames.end.dividedUp(by: 8 * plan.pageSize)
    var header = KdumpHeader(blockSize: UInt32(plan.pageSize))
    let machine = MachineDescription(of: system)
    header.systemName = machine.systemName
    header.seconds = system.vmCoreInfo?.crashTime ?? 0
    header.status = packing
    let isOfDump = plan.file != nil || frames.mayLosePages
    if frames.hasUnreadablePages || (isOfDump ? plan.isPartial : frames.isIncomplete) {
      header.status.insert(.incomplete)
    }
    header.subHeaderBlocks = UInt32(
      clamping: (inSubHeader + note.memorySize).dividedUp(by: plan.pageSize))
    header.bitmapBlocks = UInt32(clamping: 2 * bitmap)
    header.maximumFrame = UInt32(clamping: frames.end)
    header.processorCount = UInt32(clamping: machine.processorCount)
    var subHeader = KdumpSubHeader()
    subHeader.physicalBase = machine.physicalBase
    subHeader.dumpLevel = machine.dumpLevel | UInt32(frames.selection?.level.rawValue ?? 0)
    subHeader.noteOffset = plan.pageSize + inSubHeader
    subHeader.noteSize = note.memorySize
    if let information {
      subHeader.infoOffset = subHeader.noteOffset + (information.lowerBound - note.offset)
      subHeader.infoSize = information.length
    }
    subHeader.maximumFrame = frames.end
    return (header, subHeader)
  }

  /// Notes that are looked at for the one that holds vmcoreinfo.
  private static let mostNotes = 1 << 16

  /// Where the text of the VMCOREINFO note stands in the vmcore. The merged notes are walked, for
  /// they come from memory, or were built.
  private static func information(
    in file: ELFCoreFile, _ notes: Range<UInt64>, order: ByteOrder
  ) -> Range<UInt64>? {
    var place = notes.lowerBound
    for _ in 0..<mostNotes where place < notes.upperBound {
      guard let bytes = try? file.bytes(at: place, count: NoteHeader.size + 12) else { return nil }
      var reader = ByteReader(bytes, order: order)
      guard let note = try? NoteHeader(from: &reader), note.nameSize > 0 else { return nil }
      let name = bytes[NoteHeader.size...].prefix(Int(min(note.nameSize, 12))).prefix { $0 != 0 }
      let text = Range(
        start: place + note.descriptionOffset, length: UInt64(note.descriptionSize))
      if name.elementsEqual(NoteType.vmCoreInfo.name.utf8), let text, notes.covers(text) {
        return text
      }
      guard let next = place.adding(note.totalSize) else { return nil }
      place = next
    }
    return nil
  }

  /// The frames without a page, those that reading has shown to be lost with them.
  var leftOutByNow: LeftOutFrames? {
    mayLosePages || frames.hasUnreadablePages ? LeftOutFrames(frames) : leftOut
  }

  /// Whether pages were lost since the plan was made.
  func hasLost(_ leftOut: LeftOutFrames?) -> Bool { leftOut?.count != self.leftOut?.count }

  /// Offset of the first bitmap.
  var bitmapOffset: UInt64 { (1 + UInt64(header.subHeaderBlocks)) * pageSize }
  /// Bytes of one bitmap.
  var bitmapSize: UInt64 { UInt64(header.bitmapBlocks) / 2 * pageSize }
  /// Offset of the first page descriptor.
  var tableOffset: UInt64 { bitmapOffset + 2 * bitmapSize }

  /// Everything before the notes.
  ///
  /// - Parameters:
  ///   - part: the frames whose pages are in this file of a split set; nil for a whole one.
  ///   - sharesZeroPage: whether readers of the set know its page of zeros by its place.
  ///   - hasLost: whether pages were lost on the way.
  func head(
    part: Range<UInt64>?, sharesZeroPage: Bool = true, hasLost: Bool = false
  ) -> [UInt8] {
    var header = header
    if hasLost { header.status.insert(.incomplete) }
    var subHeader = subHeader
    if !sharesZeroPage { subHeader.dumpLevel &= ~UInt32(DumpLevel.zero.rawValue) }
    if let part {
      subHeader.split = 1
      subHeader.startFrame = part.lowerBound
      subHeader.endFrame = part.upperBound
      // A field of 32 bits where words are: readers of version 6 take the wide ones.
      subHeader.startFrame32 = part.lowerBound
      subHeader.endFrame32 = part.upperBound
    }
    var writer = ByteWriter(order: order, capacity: Int(pageSize) + 128)
    header.write(to: &writer, layout: layout)
    writer.pad(to: Int(pageSize))
    subHeader.write(to: &writer, layout: layout)
    return writer.bytes
  }
}

extension UInt64 {
  /// The quotient, rounded up.
  func dividedUp(by divisor: UInt64) -> UInt64 {
    self / divisor + (self % divisor == 0 ? 0 : 1)
  }
}
