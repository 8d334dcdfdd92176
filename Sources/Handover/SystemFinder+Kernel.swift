internal import Bytes
package import CrashedKernel
package import MemoryImages

extension SystemFinder {
  /// The kernel whose system is found in an image. Where core headers are of no use, or lack the
  /// kernel's description, it is the first one that memory describes.
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
      guard error.isAbsence else { throw error }
      failure = error
    }
    guard let kernel = try rethrow(as: SearchError.read, describedKernel(scene)) else {
      throw failure
    }
    return kernel
  }

  private static func describedKernel(_ scene: Scene) throws(ReadError) -> Kernel? {
    let evidence = try scene.evidence()
    for view in try scene.views() {
      if let found = try VMCoreInfoSearch(evidence, in: view).found.first { return found.kernel }
    }
    return nil
  }
}
