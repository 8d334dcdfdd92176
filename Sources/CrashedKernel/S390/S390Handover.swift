/// What an s390x kernel left for the second one at its fixed places.
package struct S390Handover: Sendable {
  package let layout: S390Layout
  package let information: S390VMCoreInfo
  package let processors: S390Processors
}
