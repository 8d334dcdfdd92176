internal import CLinux

/// Number of processors that this process may use (its affinity mask), at least one.
package func availableProcessors() -> Int {
  max(1, Int(clinux_processor_count()))
}
