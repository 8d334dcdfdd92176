import DumpRecords

/// A re-IPL block, decoded field by field, as files below `/sys/firmware/reipl`, and as JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = FuzzedBytes(start, count).bytes
  do throws(IPLParameterBlock.Fault) {
    let block = try IPLParameterBlock(bytes)
    precondition(block.bytes.count <= IPLParameterBlock.largest)
    precondition(block.bytes.elementsEqual(bytes.prefix(block.bytes.count)))
    precondition((try? IPLParameterBlock(block.bytes)) == block)
    show(block)
  } catch {
    precondition(!error.description.isEmpty)
  }
  // The bytes of a sound head with whatever follows it: the length is no obstacle.
  let size = UInt16(max(16, min(count, IPLParameterBlock.largest)))
  let head = [0, 0, UInt8(size >> 8), UInt8(size & 0xff)]
  if count >= 16, let block = try? IPLParameterBlock(head + bytes.dropFirst(4)) { show(block) }
  return 0
}

private func show(_ block: IPLParameterBlock) {
  precondition(Set(block.fields.map(\.name)).count == block.fields.count)
  precondition(Set(block.attributes.map(\.name)).count == block.attributes.count)
  let document = JSONValue.object(
    (block.fields + block.attributes).map { ($0.name, .string($0.value)) })
  precondition(document.text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
  precondition(!block.typeName.isEmpty)
}
