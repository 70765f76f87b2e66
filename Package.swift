// swift-tools-version:6.2
import PackageDescription

// `make fuzz` builds our own modules with libFuzzer's counters and the address sanitizer.
let fuzzes = Context.environment["VITSCOPE_FUZZ"] != nil

// One array of settings for every target. Imports say how far they reach, `any` is written out, and
// a warning is an error.
let house: [SwiftSetting] =
    (fuzzes ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : []) + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableExperimentalFeature("Lifetimes"),
        .treatAllWarnings(as: .error),
    ]

// Everything outside the three rooms that may touch raw memory (Platform, Tensors, Images): there an
// unsafe construct does not compile.
let safe: [SwiftSetting] = house + [.strictMemorySafety()]

// The kernels are loops over floats: sums may be reordered, and they are optimized in debug builds too.
let kernels: [CSetting] = [
    .unsafeFlags([
        "-O3", "-fno-math-errno", "-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros",
        "-ffp-contract=fast", "-Wall", "-Wextra", "-Werror",
    ])
]

let package = Package(
    name: "vitscope",
    products: [.executable(name: "vitscope", targets: ["vitscope"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
    ],
    targets: [
        // C: system libraries and kernels
        .target(name: "CKernels", cSettings: kernels),
        .target(name: "COneDNN", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
        .target(name: "CLinux"),
        .target(name: "CMPI", linkerSettings: [.linkedLibrary("dl")]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CWebP", linkerSettings: [.linkedLibrary("webp"), .linkedLibrary("webpdemux")]),
        .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
        .target(name: "CGIF", linkerSettings: [.linkedLibrary("gif")]),

        // The rooms that may touch raw memory
        .target(name: "Platform", dependencies: ["CLinux", "CMPI", "COpenSSL", "CZlib"], swiftSettings: house),
        .target(
            name: "Tensors", dependencies: ["Platform", "CKernels", "COneDNN", "COpenBLAS"], swiftSettings: house),
        .target(
            name: "Images", dependencies: ["Tensors", "Platform", "CJPEG", "CPNG", "CWebP", "CTIFF", "CGIF"],
            swiftSettings: house),
        .target(name: "Plots", dependencies: ["CCairo"], swiftSettings: house),

        // What ViTScope is about
        .target(name: "Jobs", swiftSettings: safe),
        .target(name: "JSON", dependencies: ["Tensors", "Platform"], swiftSettings: safe),
        .target(name: "Checkpoints", dependencies: ["JSON", "Tensors", "Platform"], swiftSettings: safe),
        .target(name: "Models", dependencies: ["Tensors", "Platform"], swiftSettings: safe),
        .target(name: "Analysis", dependencies: ["Models", "Tensors", "Platform"], swiftSettings: safe),
        .target(
            name: "Training",
            dependencies: ["Analysis", "Models", "Checkpoints", "Images", "Jobs", "JSON", "Tensors", "Platform"],
            swiftSettings: safe),
        .target(
            name: "Catalogue",
            dependencies: [
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: safe),
        .target(
            name: "Engine",
            dependencies: [
                "Catalogue", "Analysis", "Training", "Plots", "Jobs",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: safe),
        .target(
            name: "Processes",
            dependencies: [
                "Engine", "Catalogue", "Checkpoints", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: safe),
        .target(
            name: "Runs",
            dependencies: [
                "Engine", "Catalogue", "Training", "Jobs",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: safe),
        .target(
            name: "Reproduction",
            dependencies: [
                "Runs", "Engine", "Catalogue", "Analysis", "Training", "Plots",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
            ],
            swiftSettings: safe),
        .target(
            name: "Service",
            dependencies: [
                "Reproduction", "Runs", "Processes", "Engine", "Catalogue", "Training", "Jobs",
                "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: safe),
        .target(
            name: "Storage", dependencies: ["Jobs", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: safe),
        .target(
            name: "WebAPI",
            dependencies: [
                "Service", "Runs", "Engine", "Catalogue", "JSON", "Platform",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: safe),
        .executableTarget(
            name: "vitscope",
            dependencies: [
                "WebAPI", "Storage", "Service", "Reproduction", "Processes", "Runs", "Engine", "Catalogue", "Training",
                "JSON",
                "Platform",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: safe),

        // Tests mirror the modules
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: house),
        .target(name: "JobsTestSupport", dependencies: ["Jobs"], path: "Tests/JobsTestSupport", swiftSettings: house),
        .testTarget(
            name: "ArchitectureTests",
            dependencies: ["Service", "Engine", "Catalogue", "Training", "Models", "Checkpoints"], swiftSettings: house),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"], swiftSettings: house),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "Platform", "TestSupport"], swiftSettings: house),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "Tensors", "Platform"], swiftSettings: house),
        .testTarget(
            name: "CheckpointsTests", dependencies: ["Checkpoints", "JSON", "Tensors", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "ImagesTests", dependencies: ["Images", "Tensors", "Platform", "TestSupport"], swiftSettings: house),
        .testTarget(name: "PlotsTests", dependencies: ["Plots"], swiftSettings: house),
        .testTarget(
            name: "ModelsTests", dependencies: ["Models", "Checkpoints", "Tensors", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "AnalysisTests", dependencies: ["Analysis", "Models", "Tensors", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Analysis", "Models", "Checkpoints", "Images", "Jobs", "JSON", "Tensors", "Platform",
                "TestSupport",
            ], swiftSettings: house),
        .testTarget(name: "JobsTests", dependencies: ["Jobs", "JobsTestSupport", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "Jobs", "JobsTestSupport", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: house),
        .target(
            name: "ServiceTestSupport",
            dependencies: [
                "Service", "Engine", "Catalogue", "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/ServiceTestSupport", swiftSettings: house),
        .testTarget(
            name: "CatalogueTests",
            dependencies: [
                "Catalogue", "Engine", "Service", "ServiceTestSupport", "TestSupport",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
            ],
            swiftSettings: house),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "Catalogue", "Service", "ServiceTestSupport", "Jobs", "JobsTestSupport", "TestSupport",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "RunsTests",
            dependencies: [
                "Runs", "Engine", "Catalogue", "Service", "ServiceTestSupport", "Jobs", "JobsTestSupport",
                "TestSupport",
                "Checkpoints", "Models", "Images", "JSON", "Tensors", "Platform",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house),
        .testTarget(
            name: "ReproductionTests",
            dependencies: [
                "Reproduction", "Engine", "Catalogue", "Service", "ServiceTestSupport", "TestSupport", "Models",
                "Platform",
            ],
            swiftSettings: house),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "Catalogue", "ServiceTestSupport", "TestSupport", "Jobs", "JobsTestSupport", "JSON",
                "Platform",
            ],
            swiftSettings: house),
        .testTarget(
            name: "WebAPITests",
            dependencies: [
                "WebAPI", "Service", "Runs", "Engine", "Catalogue", "Jobs", "JobsTestSupport", "TestSupport", "JSON",
                "Platform",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: house),
        .testTarget(name: "EndToEndTests", dependencies: ["TestSupport", "vitscope"], swiftSettings: house),

        // Hostile bytes
        .target(
            name: "FuzzSupport",
            dependencies: ["WebAPI", "Training", "Checkpoints", "Images", "Engine", "JSON", "Tensors", "Platform"],
            path: "Tests/FuzzSupport", swiftSettings: house),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzSupport", "TestSupport"], swiftSettings: house),
    ]
)

// `make sanitize` builds the tests of a few modules alone, by their names with commas between.
if let wanted = Context.environment["VITSCOPE_TESTS"]?.split(separator: ",").map(String.init) {
    package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}

// What Tests/Attacks/differential.py asks; it says so.
if Context.environment["VITSCOPE_VERDICTS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Verdicts",
            dependencies: ["FuzzSupport", "Checkpoints", "Images", "JSON", "Tensors", "Platform"],
            path: "Tests/Verdicts", swiftSettings: house))
}

// What `make bench` holds the service against.
if Context.environment["VITSCOPE_HELLO"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Hello",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"), .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ], path: "deploy/bench/hello", swiftSettings: house))
}

// The target of libFuzzer has no main function of its own, so only `make fuzz` builds it.
if fuzzes {
    package.targets.append(
        .executableTarget(name: "Fuzz", dependencies: ["FuzzSupport"], path: "Tests/Fuzz", swiftSettings: house))
}
