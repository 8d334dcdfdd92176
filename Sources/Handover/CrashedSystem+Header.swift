internal import Bytes
internal import DumpRecords
package import MemoryImages

extension CrashedSystem {
  /// What a core header at a known place says of a memory: nothing is searched, and no rule that
  /// tells it from its look-alikes is asked.
  ///
  /// - Throws: ``SearchError/corrupt(_:)`` where the second kernel would not take the header.
  package init(
    headerAt address: UInt64, in memory: PhysicalMemory, _ options: SearchOptions
  ) throws(SearchError) {
    do {
      var budget = ExaminationBudget()
      switch try CoreHeaderReading(at: address, in: memory, budget: &budget) {
      case .refused(let reason), .cutOff(let reason): throw SearchError.corrupt(reason)
      case .overBudget: throw SearchError.corrupt("the table at \(address.hex) is too large")
      case .header(let header):
        let examination = try CandidateExamination(
          header, at: address, in: memory, budget: &budget, everything: true)
        try self.init(
          FoundHeader(
            memory: memory, layout: .identity, examination: examination, namedBy: [],
            mergedHeader: nil, locators: [], candidates: [], warnings: []), options, nil)
      }
    } catch let error as SearchError {
      throw error
    } catch let error as ReadError {
      throw .read(error)
    } catch {
      throw .corrupt("\(error)")
    }
  }
}
