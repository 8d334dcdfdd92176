/// Jobs are made in order, worked on by any thread, and their
/// products are used up in order again, so any number of workers gives the same result.
///
/// At most two jobs a worker are under way. Whoever finishes the next product in order uses up
/// all that are ready; nobody waits for a turn before it takes new work. The calling thread is one
/// of the workers, so with one worker this is a plain loop.
package struct OrderedPipeline: Sendable {
  /// Number of threads, the caller's included.
  package let workers: Int

  /// A pipeline of at least one worker.
  package init(workers: Int) {
    self.workers = max(1, workers)
  }

  /// Runs until `produce` answers nil or anything throws; the first error is thrown on.
  ///
  /// `produce` and `consume` are called by one thread at a time, in order.
  package func run<Job: Sendable, Product: Sendable, Failure: Error>(
    produce: () throws(Failure) -> Job?,
    work: @Sendable (Job) throws(Failure) -> Product,
    consume: (Product) throws(Failure) -> Void
  ) throws(Failure) {
    if workers == 1 {
      while let job = try produce() { try consume(try work(job)) }
      return
    }
    let failure: Failure? = withoutActuallyEscaping(produce) { produce in
      withoutActuallyEscaping(work) { work in
        withoutActuallyEscaping(consume) { consume in
          let run = PipelineRun(
            window: 2 * workers, produce: produce, work: work, consume: consume)
          let threads = (1..<workers).compactMap { _ in WorkerThread { run.loop() } }
          run.loop()
          for thread in threads { thread.join() }
          return run.failure
        }
      }
    }
    if let failure { throw failure }
  }
}

/// The shared state of one run; every field is used under `lock`.
private final class PipelineRun<Job: Sendable, Product: Sendable, Failure: Error>:
  @unchecked Sendable
{
  private let lock = Lock()
  private let window: Int
  private let produce: () throws(Failure) -> Job?
  private let work: @Sendable (Job) throws(Failure) -> Product
  private let consume: (Product) throws(Failure) -> Void
  private var taken = 0
  private var used = 0
  private var ready: [Int: Product] = [:]
  private var draining = false
  private var finished = false
  private(set) var failure: Failure?

  init(
    window: Int,
    produce: @escaping () throws(Failure) -> Job?,
    work: @escaping @Sendable (Job) throws(Failure) -> Product,
    consume: @escaping (Product) throws(Failure) -> Void
  ) {
    self.window = window
    self.produce = produce
    self.work = work
    self.consume = consume
  }

  func loop() {
    do throws(Failure) {
      while let (number, job) = try next() {
        let product = try work(job)
        lock.withLock { ready[number] = product }
        try drain()
      }
    } catch {
      stop(error)
    }
  }

  private func stop(_ error: Failure) {
    lock.withLock {
      if failure == nil { failure = error }
      finished = true
      draining = false
      lock.wakeAll()
    }
  }

  private func next() throws(Failure) -> (Int, Job)? {
    try lock.withLock { () throws(Failure) -> (Int, Job)? in
      while !finished && taken - used >= window { lock.wait() }
      guard !finished else { return nil }
      guard let job = try produce() else {
        finished = true
        lock.wakeAll()
        return nil
      }
      defer { taken += 1 }
      return (taken, job)
    }
  }

  private func drain() throws(Failure) {
    var product = lock.withLock { () -> Product? in
      guard !draining, failure == nil, let product = ready.removeValue(forKey: used) else {
        return nil
      }
      draining = true
      return product
    }
    while let current = product {
      try consume(current)
      product = lock.withLock {
        used += 1
        lock.wakeAll()
        let following = failure == nil ? ready.removeValue(forKey: used) : nil
        if following == nil { draining = false }
        return following
      }
    }
  }
}
