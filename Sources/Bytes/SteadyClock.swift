internal import Glibc

/// The time since the machine's start, which nobody sets. (Swift's `ContinuousClock` is a part of its
/// concurrency: half a megabyte, where a program is linked statically.)
package enum SteadyClock {
  /// How long the machine runs.
  package static var now: Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
