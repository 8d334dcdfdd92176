import Bytes
import Synchronization
import Testing

@Suite("A budget")
struct BudgetTests {
  @Test("says what it was spent on when it runs out", arguments: Budget.Account.allCases)
  func exhausted(_ account: Budget.Account) throws {
    let budget = Budget("dump", stored: 5000)
    let limit = budget.allowance(account)
    try budget.spend(limit - 1, account, on: "the notes")
    try budget.spend(1, account, on: "the notes")
    let error = #expect(throws: ReadError.self) {
      try budget.spend(1, account, on: "the page descriptors")
    }
    #expect(error?.kind == .tooCostly)
    #expect(error?.description.hasPrefix("dump: the page descriptors ") == true)
    #expect(error?.description.contains("\(limit)") == true)
    #expect(error?.description.hasSuffix("it stores 5000 bytes: no machine leaves that") == true)
    for other in Budget.Account.allCases where other != account {
      try budget.spend(1, other, on: "anything else")
    }
  }

  @Test("is small for a file of up to a mebibyte, and grows with every further byte")
  func allowance() {
    let small = Budget("dump", stored: 1 << 20)
    #expect(small.allowance(.writing) == 128 << 20)
    #expect(small.allowance(.keeping) <= 32 << 20)
    for account in Budget.Account.allCases {
      let large = Budget("dump", stored: 100 << 20)
      #expect(large.allowance(account) >= small.allowance(account) + 99 << 20)
      #expect(Budget("dump", stored: .max).allowance(account) == .max)
    }
  }

  @Test("is enough for a machine of 4 TiB that left next to nothing in them")
  func terabytes() {
    let memory: UInt64 = 4 << 40
    // Zeros that are hashed for a pipe cost 24 times as much, bytes of a packed file 4 times.
    #expect(Budget("sparse", stored: 100 << 20).allowance(.zeros) >= 24 * memory)
    #expect(Budget("zstd", stored: 128 << 20).allowance(.reading) >= 4 * memory)
    #expect(Budget("zstd", stored: 128 << 20).allowance(.writing) >= memory)
  }

  @Test("tells that the run was interrupted, whatever is left of it")
  func cancelled() throws {
    let isCancelled = Mutex(false)
    let budget = Budget("dump", stored: 1, isCancelled: { isCancelled.withLock { $0 } })
    try budget.spend(1, .parsing, on: "the notes")
    isCancelled.withLock { $0 = true }
    let error = #expect(throws: ReadError.self) { try budget.spend(1, .parsing, on: "the notes") }
    #expect(error?.kind == .cancelled)
  }

  @Test("that counts no more never runs out")
  func ended() throws {
    let budget = Budget("dump", stored: 1)
    budget.endCounting()
    try budget.spend(.max, .reading, on: "the memory")
    try budget.spend(.max, .reading, on: "the memory")
  }
}
