internal import Bytes
package import CrashedKernel
package import MemoryImages

extension SystemFinder {
  /// The kernel whose system is found in an image. Where there is no core header, or none has the
  /// kernel's description, it is the one that a note in memory describes.
  package static func kernel(
    in image: MemoryImage, _ options: SearchOptions
  ) throws(SearchError) -> Kernel {
    let scene = Scene(image, options)
    var failure = SearchError.corrupt("there is no sound vmcoreinfo")
    do throws(SearchError) {
      let system = try find(in: scene)
      if let kernel = system.kernel { return kernel }
      if system.vmCoreInfo != nil { failure = .corrupt(Message(Kernel.absence)) }
    } catch {
      switch error {
      case .notFound, .ambiguous: failure = error
      // Something speaks against what is there: another kernel than the one that was asked for is
      // none the better.
      case .layoutOpen, .stale, .corrupt, .digestDiffers, .read, .cancelled: throw error
      }
    }
    let described = try rethrow(as: SearchError.read, describedKernel(scene))
    switch described {
    case .found(let kernel, _): return kernel
    case .open(let choice): throw .layoutOpen(failure.beside(choice))
    case .absent: throw failure
    }
  }

  private static func describedKernel(_ scene: Scene) throws(ReadError) -> ProvedLayout<Kernel> {
    try ProvedLayout(in: scene) { evidence, view throws(ReadError) in
      try VMCoreInfoSearch(evidence, in: view).kernels(of: scene.options, evidence, in: view).first
        .map { (found: $0.kernel, scanned: $0) }
    }
  }
}
