import Catalogue
import Foundation
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing

/// What is declared of an option is what every way in makes of it. HTTP's and the command line's are in their own tests.
@Suite struct LoadOptionTests {
    /// A value of each kind, and one beyond.
    private func examples(_ option: LoadOption) -> (right: [JSONValue], wrong: [JSONValue]) {
        switch option.kind {
        case .text(let most):
            let longest = String(repeating: "a", count: most)
            return ([.string("a"), .string(longest)], ["", longest + "a", "a\n"].map(JSONValue.string) + [.int(1)])
        case .integer(let range):
            let least = range.lowerBound, most = range.upperBound
            return (
                [.int(least), .int(most), .double(Double(least))],
                [.int(least - 1), .int(most + 1), .double(1.5), .string("1")]
            )
        case .number(let range):
            let least = range.lowerBound, most = range.upperBound
            return (
                [.double(least), .double(most), .int(1)],
                [.double(least.nextDown), .double(most.nextUp), .double(.nan), .string("1")]
            )
        case .channels(let range):
            let least = range.lowerBound, most = range.upperBound
            return (
                [.doubles([least, 1, most]), .ints([1, 2, 3])],
                [.doubles([1, 1]), .doubles([1, 1, most.nextUp]), .doubles([1, .nan, 1]), .double(1)]
            )
        case .choice(let words): return (words.map(JSONValue.string), [.string("swish"), .string(""), .int(0)])
        case .size(let range):
            let least = range.lowerBound, most = range.upperBound
            return (
                [.int(least), .ints([least, most])],
                [.int(most + 1), .ints([1]), .ints([1, 0]), .ints([1, 2, 3]), .ints([]), .string("1")]
            )
        }
    }

    @Test(arguments: LoadOption.all.map(\.pointer)) func bounds(_ pointer: String) throws {
        let option = try #require(LoadOption.all.first { $0.pointer == pointer })
        let (right, wrong) = examples(option)
        for value in right {
            var options = LoadOptions()
            options[option] = value
            #expect(options.faults.isEmpty && options[option] != nil, "\(pointer) \(value)")
        }
        for value in wrong {
            var options = LoadOptions()
            options[option] = value
            #expect(options.faults.map(\.pointer) == [pointer], "\(value)")
            #expect(options.faults.first?.detail.hasPrefix("\(option.name) is ") == true)
        }
    }

    @Test(arguments: LoadOption.all.map(\.pointer)) func textsOfCommandsMeanTheSame(_ pointer: String) throws {
        let option = try #require(LoadOption.all.first { $0.pointer == pointer })
        let texts: [String]
        switch option.kind {
        case .choice(let words): texts = words
        case .integer: texts = ["12"]
        case .number: texts = ["0.5"]
        case .size: texts = ["224", "224x160"]
        case .channels: texts = ["0.5,0.25,1"]
        case .text: texts = ["vit"]
        }
        for text in texts { #expect(option.fault(option.value(of: text)) == nil, "\(text)") }
        if case .text = option.kind { return }
        for text in ["", "x", "1x", "1,2,3,4", "1e999"] {
            #expect(option.fault(option.value(of: text)) != nil, "\(text)")
        }
    }

    @Test func namesAreUniqueAndSaid() {
        #expect(Set(LoadOption.all.map(\.pointer)).count == LoadOption.all.count)
        #expect(Set(LoadOption.all.map(\.flag)).count == LoadOption.all.count)
        for option in LoadOption.all { #expect(option.words.hasSuffix(".") && !option.title.isEmpty) }
    }

    @Test func oneSideAndTwoAlikeAreTheSame() {
        var one = LoadOptions(), two = LoadOptions()
        one[.imgSize] = .int(32)
        two[.imgSize] = .ints([32, 32])
        #expect(one == two)
        one[.imgSize] = .null
        #expect(one == LoadOptions())
    }

    /// Whatever is declared is written down and read again.
    @Test func theCatalogueFileKeepsEveryOption() async throws {
        let test = try await TestService()
        var options = LoadOptions()
        for option in LoadOption.all { options[option] = examples(option).right.first }
        #expect(LoadOptions(.object(options.members)) == options && options.faults.isEmpty)
        // These options do not fit the file: what is remembered is the failure to load it.
        _ = try await test.service.register(
            ModelRegistration(name: "a", path: "a.safetensors", options: options), waiting: 60)
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        let info = try await again.register(
            ModelRegistration(name: "a", path: "a.safetensors", options: options), waiting: 60)
        #expect(info.name == "a")
        let document = try JSONValue.parse(MappedFile.open(test.folder + "/data/models.json").array)
        let line = try #require(document["models"]?[0])
        #expect(LoadOptions(line) == options)
        await again.shutdown()
    }

    /// The list of models of a service from before.
    @Test func theCatalogueFileOfVersionOneIsRead() async throws {
        let test = try await TestService()
        await test.service.shutdown()
        let old = #"""
            {"version": 1, "models": [{"name": "a", "path": "a.safetensors", "num_heads": 4, "img_size": [32, 32],
            "preprocess": {"cropMode": "squash", "cropPct": 0.5, "mean": [0.5, 0.5, 0.5]},
            "created_at": "2026-10-01T12:00:00Z"}]}
            """#
        try AtomicFile.write(Array(old.utf8), to: test.folder + "/data/models.json")
        let service = TestService.make(test.folder)
        try await service.start()
        let info = try await service.register(
            ModelRegistration(
                name: "a", path: "a.safetensors",
                options: LoadOptions(
                    numHeads: 4, imgSize: ImageSize(height: 32, width: 32), cropPct: 0.5, cropMode: "squash",
                    mean: [0.5, 0.5, 0.5])), waiting: 60)
        #expect(info.state == .ready && info.preprocess?.cropMode == "squash" && info.preprocess?.cropPct == 0.5)
        #expect(info.createdAt.ISO8601Format() == "2026-10-01T12:00:00Z")
        await service.shutdown()
    }
}
