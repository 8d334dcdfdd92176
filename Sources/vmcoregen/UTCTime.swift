/// Seconds since 1970 as a date: the calendar of ISO 8601, without leap seconds.
struct UTCTime {
  /// `2026-11-19 08:15:02 UTC`
  let text: String

  /// A time; far beyond any calendar it is only a number.
  init(_ seconds: UInt64) {
    guard seconds < 1 << 40 else {
      text = "no date"
      return
    }
    // Days are counted from 1 March of year 0, so that a leap day ends its year.
    let days = seconds / 86_400 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ number: UInt64) -> String { (number < 10 ? "0" : "") + String(number) }
    text =
      "\(year)-\(two(month))-\(two(day)) "
      + "\(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) UTC"
  }
}
