internal import Bytes
package import MemoryImages

/// Finds what a crashed kernel left in an image: steps, tried from top to bottom.
package struct SystemFinder {
  /// What a step answers.
  enum Answer {
    case found(CrashedSystem)
    /// Nothing of the kind is there: the next step is tried. The error is what to say if no other
    /// step finds anything; nil where there is nothing to say.
    case absent(SearchError?)
    /// It is there and cannot be used: only what stands in for it is tried.
    case corrupt(SearchError)
  }

  /// One way to a crashed system.
  struct Step: Sendable {
    /// Whether it stands in for what others found wanting.
    var isFallback = false
    /// Looks, or says why not. The error is what steps before it said.
    let answer: @Sendable (Scene, SearchError?) throws(ReadError) -> Answer
  }

  /// Every way, in the order in which they are believed.
  private static let steps = [
    KeptDump.step, S390System.step, CoreHeaderSearch.step, KeptDump.fallback, StandaloneDump.step,
  ]

  /// Finds the crashed system of an image.
  package static func find(
    in image: MemoryImage, _ options: SearchOptions
  ) throws(SearchError) -> CrashedSystem {
    try find(in: Scene(image, options))
  }

  /// The same where the image is shared with others.
  static func find(in scene: Scene) throws(SearchError) -> CrashedSystem {
    var system: CrashedSystem
    do throws(SearchError) {
      system = try rethrow(as: SearchError.read, find(scene, by: steps)).get()
    } catch {
      throw try rethrow(as: SearchError.read, error.describing(scene.image.memory))
    }
    if system.stored == nil, let dump = try rethrow(as: SearchError.read, scene.keptDump()) {
      system = dump.better(system)
    }
    system.warnings += try rethrow(as: SearchError.read, Encryption.warnings(about: system))
    system.warnings =
      scene.image.warnings + [scene.image.damage?.finding].compactMap(\.self) + system.warnings
    return system
  }

  /// What a machine's memory holds, without anything that stands in for it: what can be verified.
  static func findHandedOver(
    in scene: Scene
  ) throws(ReadError) -> Result<CrashedSystem, SearchError> {
    try find(scene, by: [S390System.step, CoreHeaderSearch.step])
  }

  /// The same for the header that options name which are not the scene's.
  static func findNamed(
    by options: SearchOptions, in scene: Scene
  ) throws(ReadError) -> Result<CrashedSystem, SearchError> {
    let named = SystemFinder.Step { scene, _ throws(ReadError) in
      try CoreHeaderSearch(scene, options).selectedSystem()
    }
    return try find(scene, by: [named])
  }

  /// The first system that a step finds, or what the last one said that had something to say.
  private static func find(
    _ scene: Scene, by steps: [Step]
  ) throws(ReadError) -> Result<CrashedSystem, SearchError> {
    var failure: SearchError?
    var isOver = false
    for step in steps where step.isFallback || !isOver {
      switch try step.answer(scene, failure) {
      case .found(let system): return .success(system)
      case .absent(let error): failure = error ?? failure
      case .corrupt(let error):
        failure = error
        isOver = true
      }
    }
    return .failure(failure ?? .corrupt("no memory to search"))
  }
}
