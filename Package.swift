// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
]

/// Test code calls raw system interfaces freely; only the product is held to strict memory safety.
let testSettings: [SwiftSetting] = Array(settings.dropLast())

/// One layer of the program. It may import the layers named here, and no other.
func layer(_ name: String, on dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// Tests of one target; they may see what lies below it, to build and to judge.
func tests(of name: String, with dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.init(stringLiteral: name), "TestConditions", "TestSupport"] + dependencies,
    swiftSettings: testSettings)
}

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "vmcoregen",
  products: [
    .library(name: "VMCore", targets: ["VMCore"]),
    .executable(name: "vmcoregen", targets: ["vmcoregen"]),
  ],
  traits: [
    .default(enabledTraits: ["ArgumentParser"]),
    .trait(
      name: "ArgumentParser",
      description: "Every command, help and completions; without it, what a second kernel needs."),
    .trait(
      name: "Libdeflate",
      description: "Links libdeflate, which is otherwise used where it is installed."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .target(name: "CLinux"),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["libz-dev"]), .yum(["zlib-devel"])]),
    .systemLibrary(
      name: "CLibdeflate", providers: [.apt(["libdeflate-dev"]), .yum(["libdeflate-devel"])]),
    layer("Bytes", on: ["CLinux", system]),
    layer(
      "Codecs",
      on: [
        "Bytes", "CLinux", "CZlib",
        .target(name: "CLibdeflate", condition: .when(traits: ["Libdeflate"])),
      ]),
    layer("DumpRecords", on: ["Bytes"]),
    layer("MemoryImages", on: ["Bytes", "ChildProcesses", "Codecs", "DumpRecords"]),
    layer("CrashedKernel", on: ["Bytes", "DumpRecords", "MemoryImages"]),
    layer("Handover", on: ["Bytes", "DumpRecords", "MemoryImages", "CrashedKernel"]),
    layer(
      "CoreWriting",
      on: [
        "Bytes", "Codecs", "CLinux", "DumpRecords", "MemoryImages", "CrashedKernel", "Handover",
        system,
      ]),
    layer("ChildProcesses", on: ["CLinux"]),
    layer("CoreServing", on: ["Bytes", "CLinux", "ChildProcesses", system]),
    layer(
      "VMCore",
      on: [
        "Bytes", "Codecs", "DumpRecords", "MemoryImages", "CrashedKernel", "Handover",
        "CoreWriting", "CoreServing", system,
      ]),
    layer("SmallParser", on: []),
    layer(
      "CommandParser",
      on: [
        "SmallParser",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["ArgumentParser"])),
      ]),
    .executableTarget(
      name: "vmcoregen", dependencies: ["VMCore", "ChildProcesses", "CommandParser", system],
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["CLinux", "CZlib"], path: "Tests/TestSupport",
      swiftSettings: testSettings),
    .target(
      name: "TestConditions", dependencies: ["TestSupport"], path: "Tests/TestConditions",
      swiftSettings: testSettings),
    .executableTarget(
      name: "make-image", dependencies: ["TestSupport"], path: "Tests/MakeImage",
      swiftSettings: testSettings),
    .executableTarget(
      name: "make-dumps", dependencies: ["TestSupport"], path: "Tests/MakeDumps",
      swiftSettings: testSettings),
    .executableTarget(
      name: "make-hostile", dependencies: ["TestSupport"], path: "Tests/MakeHostile",
      swiftSettings: testSettings),
    tests(of: "Bytes", with: [system]),
    tests(of: "Codecs", with: ["Bytes", "CZlib"]),
    tests(of: "DumpRecords", with: ["Bytes"]),
    tests(of: "MemoryImages", with: ["Bytes", "Codecs", "DumpRecords"]),
    tests(of: "CrashedKernel", with: ["Bytes", "DumpRecords", "MemoryImages"]),
    tests(of: "Handover", with: ["Bytes", "DumpRecords", "MemoryImages", "CrashedKernel"]),
    tests(
      of: "CoreWriting",
      with: ["Bytes", "Codecs", "DumpRecords", "MemoryImages", "CrashedKernel", "Handover"]),
    tests(of: "CoreServing", with: ["Bytes"]),
    tests(of: "VMCore"),
    tests(
      of: "SmallParser",
      with: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
    tests(
      of: "vmcoregen",
      with: [
        "VMCore", "Bytes", "MemoryImages", "DumpRecords", "CrashedKernel", "Handover",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ]
)
