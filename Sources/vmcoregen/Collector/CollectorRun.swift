/// What a command line in another program's language means: runs of this program.
struct CollectorRun: Equatable {
  /// One run of this program.
  struct Step: Equatable {
    /// Its arguments.
    var arguments: [String]
    /// The files that it reads, where it has its output put into one.
    var inputs: [String] = []
    /// Where its standard output goes.
    var output = Output.standard
    /// Whether the next one is run all the same where it fails.
    var mayFail = false
    /// Whether status 1 is a failure: what a dump is made of may be removed where it is none.
    var isWhole = false
  }

  /// Where the standard output of a step goes.
  enum Output: Equatable {
    case standard, standardError
    /// A file that is made of it where the step succeeds.
    case file(path: String, mayReplace: Bool)
  }

  /// How the steps follow each other.
  enum Order {
    /// Each after the one before it, as long as they succeed.
    case allOfThem
    /// The next one only where the one before it found no room for its output.
    case untilOneFits
  }

  var steps: [Step] = []
  var order = Order.allOfThem
  /// What is said before the first step.
  var notices: [String] = []
  /// What is printed in place of any step.
  var text: String?
}
