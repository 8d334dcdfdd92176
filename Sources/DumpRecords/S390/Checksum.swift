/// The checksum of the s390 instruction CKSM from a start value of 0: `csum_partial` and `cksm`
/// of `arch/s390/include/asm/checksum.h`.
///
/// Big-endian words of 32 bits are added with end-around carry; a last part of one to three bytes
/// is extended with zeros on the right. It is neither folded nor complemented.
package func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  // 64 bits hold the carries of 2³² words, more than any record here has.
  var sum: UInt64 = 0
  var word: UInt64 = 0
  var count = 0
  for byte in bytes {
    word = word << 8 | UInt64(byte)
    count += 1
    if count == 4 {
      sum &+= word
      word = 0
      count = 0
    }
  }
  if count > 0 { sum &+= word << UInt64(8 * (4 - count)) }
  while sum >> 32 != 0 { sum = sum >> 32 &+ sum & 0xffff_ffff }
  return UInt32(truncatingIfNeeded: sum)
}
