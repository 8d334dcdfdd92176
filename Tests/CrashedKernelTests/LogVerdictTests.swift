import CrashedKernel
import Testing

@Suite("Why a kernel died, by its log")
struct LogVerdictTests {
  private static func verdict(_ lines: String...) -> LogVerdict {
    var verdict = LogVerdict()
    for line in lines { verdict.add(LogRecord(text: Array(line.utf8))) }
    return verdict
  }

  @Test("x86_64: the page fault, not the line that counts it")
  func pageFault() {
    let verdict = Self.verdict(
      "INFO: task sh:17 blocked for more than 120 seconds.",
      "BUG: kernel NULL pointer dereference, address: 0000000000000000",
      "#PF: supervisor write access in kernel mode", "Oops: 0002 [#1] PREEMPT SMP NOPTI",
      "CPU: 1 PID: 1742 Comm: insmod Tainted: P    B      OE     6.1.0-18-amd64 #1 Debian",
      "Kernel panic - not syncing: Fatal exception",
      "---[ end Kernel panic - not syncing: Fatal exception ]---")
    #expect(verdict.panic == "Fatal exception")
    #expect(verdict.oops == "Oops: 0002 [#1] PREEMPT SMP NOPTI")
    #expect(verdict.cause == "BUG: kernel NULL pointer dereference, address: 0000000000000000")
    #expect(verdict.taint == "PBOE")
  }

  @Test(
    "each architecture's oops",
    arguments: [
      "Internal error: Oops: 96000044 [#1] SMP", "Oops: Kernel access of bad area, sig: 11 [#1]",
      "illegal operation: 0001 ilc:1 [#1] SMP", "Oops [#1]", "Oops - BUG [#12]",
      "general protection fault, probably for non-canonical address 0x1: 0000 [#3] SMP",
    ])
  func oops(_ line: String) {
    let verdict = Self.verdict("early", line, "late #1 [x#1]")
    #expect(verdict.oops == line)
    #expect(verdict.cause == line)
    #expect(verdict.panic == nil)
    #expect(verdict.taint == nil)
  }

  @Test("a BUG() by its line, not by the trap that it ends in, unless that came alone")
  func trap() {
    for trap in ["invalid opcode: 0000 [#1] SMP", "monitor event: 0040 ilc:2 [#1] SMP"] {
      let bug = "kernel BUG at mm/slub.c:4500!"
      let verdict = Self.verdict("BUG: Bad page state in process sh", bug, trap)
      #expect(verdict.cause == bug)
      #expect(verdict.oops == trap)
      #expect(Self.verdict(bug, trap, "Oops: 0002 [#2]").cause == "Oops: 0002 [#2]")
    }
  }

  @Test("by what the kernel wrote, not by what programs did")
  func program() {
    var verdict = Self.verdict("Kernel panic - not syncing: Attempted to kill init!")
    var record = LogRecord(text: Array("Oops: not a real [#12] thing, Tainted: G".utf8))
    record.facility = 3
    verdict.add(record)
    #expect(verdict.oops == nil && verdict.cause == nil && verdict.taint == nil)
  }

  @Test("the last of each counts, and flags with words are read, too")
  func last() {
    let verdict = Self.verdict(
      "kernel BUG at mm/slub.c:1!", "CPU: 0 PID: 1 Comm: a Not tainted 6.1.0 #1",
      "kernel BUG at mm/slub.c:2!\nOops: 1 [#2]", "CPU: 0 UID: 0 PID: 1 Comm: a Tainted: G      D",
      "Tainted: [D]=DIE")
    #expect(verdict.cause == "kernel BUG at mm/slub.c:2!")
    #expect(verdict.oops == "Oops: 1 [#2]")
    #expect(verdict.taint == "GD")
    #expect(Self.verdict("Tainted: [D]=DIE, [W]=WARN").taint == "DW")
    #expect(Self.verdict("CPU: 0 PID: 1 Comm: a Not tainted 6.1.0").taint == "Not tainted")
    #expect(Self.verdict("all is well").panic == nil)
  }
}
