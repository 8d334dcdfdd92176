import Bytes
import Synchronization
import TestSupport
import Testing

@Suite("Work done in order by any number of threads")
struct OrderedPipelineTests {
  private struct Failure: Error, Equatable {
    let job: Int
  }

  @Test(
    "The products come in the order of the jobs, whoever made them",
    .timeLimit(.minutes(10)), arguments: [-1, 0, 1, 2, 3, 8, 32])
  func order(_ workers: Int) throws {
    var next = 0
    var products: [Int] = []
    OrderedPipeline(workers: workers).run(
      produce: { () -> Int? in
        defer { next += 1 }
        return next < 500 ? next : nil
      },
      work: { (job: Int) -> Int in
        // Later jobs are often done before earlier ones.
        for _ in 0..<(job % 7) * 40 { withExtendedLifetime(job) {} }
        return job * job
      },
      consume: { (product: Int) in products.append(product) })
    #expect(products == (0..<500).map { $0 * $0 })
  }

  @Test("No job at all is no work and no wait", .timeLimit(.minutes(10)), arguments: [1, 4])
  func empty(_ workers: Int) {
    OrderedPipeline(workers: workers).run(
      produce: { () -> Int? in nil }, work: { (job: Int) -> Int in job },
      consume: { (_: Int) in Issue.record("nothing was made") })
  }

  @Test(
    "An error in any stage ends the run, and is the one that is thrown",
    .timeLimit(.minutes(10)), arguments: [1, 2, 8], [0, 1, 2])
  func failure(_ workers: Int, _ stage: Int) {
    var next = 0
    var used: [Int] = []
    #expect(throws: Failure(job: 40)) {
      try OrderedPipeline(workers: workers).run(
        produce: { () throws(Failure) -> Int? in
          if stage == 0 && next == 40 { throw Failure(job: 40) }
          defer { next += 1 }
          return next
        },
        work: { (job: Int) throws(Failure) -> Int in
          if stage == 1 && job == 40 { throw Failure(job: 40) }
          return job
        },
        consume: { (product: Int) throws(Failure) in
          if stage == 2 && product == 40 { throw Failure(job: 40) }
          used.append(product)
        })
    }
    #expect(used == Array(0..<used.count), "products after a gap were used up")
    #expect(used.count <= 40)
  }

  @Test("A bounded number of jobs is under way at once", .timeLimit(.minutes(10)))
  func window() {
    let workers = 4
    var made = 0
    let used = Atomic(0)
    var most = 0
    OrderedPipeline(workers: workers).run(
      produce: { () -> Int? in
        defer { made += 1 }
        most = max(most, made - used.load(ordering: .relaxed))
        return made < 300 ? made : nil
      },
      work: { (job: Int) -> Int in job },
      consume: { (_: Int) in used.add(1, ordering: .relaxed) })
    #expect(most < 2 * workers)
  }

  @Test("A pool hands a chunk out again, and never the same one twice at once")
  func pool() {
    let pool = ChunkPool(size: 8192)
    let first = pool.take()
    let second = pool.take()
    #expect(first !== second)
    #expect(first.bytes.count == 8192)
    #expect(first.bytes.allSatisfy { $0 == 0 })
    #expect(Int(bitPattern: first.bytes.baseAddress) % 4096 == 0)
    pool.giveBack(first)
    #expect(pool.take() === first)
    #expect(pool.take() !== second)
  }
}
