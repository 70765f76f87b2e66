import Catalogue
import Checkpoints
import Foundation
import Images
import JSON
import Models
import Platform
import Runs
import Tensors
import Testing

@Suite struct JobValidationTests {
    /// A models and a datasets directory that go with their owner.
    final class Folders: Sendable {
        let path = NSTemporaryDirectory() + "vitscope-validation-" + UUID().uuidString

        init() throws {
            let picture = PNG.encode(Image(height: 40, width: 40, pixels: [UInt8](repeating: 90, count: 4800)))
            for name in ["pets/cats", "pets/dogs", "flat", "others/ants", "others/dogs", "empty"] {
                try Folder.create(path + "/datasets/" + name)
                guard name != "empty" else { continue }
                for index in 0..<8 { try AtomicFile.write(picture, to: "\(path)/datasets/\(name)/\(index).png") }
            }
            try Folder.create(path + "/models")
            var config = VisionTransformerConfig(
                imgSize: ImageSize(height: 32, width: 32), patchSize: 8, embedDim: 24, depth: 2, numHeads: 2,
                mlpHidden: 96)
            config.numClasses = 0
            try SafeTensors.write(
                VisionTransformer.randomStateDict(config, seed: 1), metadata: ["num_heads": "2"],
                to: path + "/models/a.safetensors")
            try AtomicFile.write([1, 2, 3], to: path + "/models/broken.safetensors")
            try AtomicFile.write([1, 2, 3], to: path + "/secret.safetensors")
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var validation: JobValidation {
            JobValidation(datasetsDirectory: path + "/datasets", modelsDirectory: path + "/models") {
                [path] name throws(ServiceError) in
                if name == "job:J@latest" { return path + "/models/a.safetensors" }
                throw .notFound(.job, name: name, nearest: [])
            }
        }
    }

    let folders: Folders

    init() throws { folders = try Folders() }

    static func body(_ more: String = "", method: String = "simmim", dataset: String = "pets") -> String {
        """
        {"method": "\(method)", "dataset": "\(dataset)", "batch_size": 4, "epochs": 3, "simmim": {"mask_patch_size": 8}
         \(more.isEmpty ? "" : ", ")\(more)}
        """
    }

    static let arch = #""arch": {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2}"#

    func check(
        _ body: String, _ change: (inout JobValidation) -> Void = { _ in }
    ) async throws -> (job: ValidatedJob?, faults: [String: String]) {
        var validation = folders.validation
        change(&validation)
        do { return (try await validation.check(JSONValue.body(Array(body.utf8))), [:]) } catch {
            guard case .invalid(let faults) = error else { throw error }
            return (nil, Dictionary(faults.map { ($0.pointer, $0.detail) }) { $0 + " " + $1 })
        }
    }

    @Test func soundJobIsToldInFacts() async throws {
        let body = Self.body(
            Self.arch + #", "name": "n", "labels": {"a": "b"}, "accumulation_steps": 2, "resources": {"threads": 2}"#)
        let job = try #require(try await check(body).job)
        #expect(job.name == "n" && job.method == "simmim" && job.labels == ["a": "b"] && job.threads(of: 9) == 2)
        #expect(job.images == 16 && job.classes == 2 && job.stepsPerEpoch == 2 && job.steps == 6)
        #expect(job.initFromPath == nil)
        #expect(try await check(Self.body(Self.arch, dataset: "shapes-textures")).job?.images == 4096)
    }

    /// Nothing can be learned from NaN: refused by the tensor's name, in the queue as on the command line.
    @Test(arguments: ["linear_probe", "finetune", "simmim"])
    func checkpointsThatAreNotFiniteAreRefused(_ method: String) async throws {
        let path = folders.path + "/models/spoiled.safetensors"
        let checkpoint = try Checkpoint.open(folders.path + "/models/a.safetensors")
        var weights = try #require(checkpoint.stateDicts().first?.dict)
        var tensor = try #require(weights["blocks.1.mlp.fc2.weight"]?.tensor())
        tensor[flat: 5] = .infinity
        weights["blocks.1.mlp.fc2.weight"] = StateDict.Entry(tensor)
        try SafeTensors.write(weights, metadata: ["num_heads": "2"], to: path)
        let body = Self.body(#""init_from": "spoiled.safetensors""#, method: method)
        let sentence = try await check(body).faults["/init_from"] ?? ""
        #expect(sentence.contains("blocks.1.mlp.fc2.weight") && sentence.contains("not finite"), "\(sentence)")
        let config = folders.path + "/job.json"
        try AtomicFile.write(
            Array(body.replacingOccurrences(of: "spoiled.safetensors", with: path).utf8), to: config)
        let request = TrainingRequest(configuration: config, output: nil)
        do throws(TrainingFailure) {
            _ = try TrainingRun(request)
            Issue.record("a run from NaN")
        } catch { #expect(error.message.contains("blocks.1.mlp.fc2.weight")) }
    }

    @Test func everyFaultIsToldAtOnce() async throws {
        let more = #""arch": "vit", "init_from": "b.safetensors", "epoch": 3"#
        let found = try await check(Self.body(more, dataset: "pet")).faults
        #expect(Set(found.keys) == ["/arch", "/dataset", "/init_from", "/epoch"], "\(found)")
        #expect(found["/dataset"]?.contains("“pets”") == true)
        #expect(found["/init_from"]?.contains("a.safetensors") == true)
        let large = #""arch": {"img_size": 32, "patch_size": 8, "embed_dim": 16384, "depth": 200, "num_heads": 64}"#
        let both = try await check(
            #"{"method": "supervised", "dataset": "flat", "batch_size": 4, \#(large)}"#
        ) { $0.memoryBytes = 32e9 }.faults
        #expect(Set(both.keys) == ["/arch", "/dataset"], "\(both)")
        await #expect(throws: ServiceError.self) { try await check("{") }
        #expect(try await check("[]").faults[""] != nil)
    }

    @Test func imagesMustFitTheMethod() async throws {
        func faults(_ more: String, method: String = "simmim", dataset: String = "pets") async throws -> [String] {
            try await check(Self.body(Self.arch + more, method: method, dataset: dataset)).faults.keys.sorted()
        }
        #expect(try await faults(#", "accumulation_steps": 5"#) == ["/accumulation_steps"])
        #expect(try await faults("", dataset: "empty") == ["/dataset"])
        let other = #", "validation_dataset": "others""#
        #expect(
            try await check(
                #"{"method": "supervised", "dataset": "pets", "batch_size": 4, \#(Self.arch)\#(other)}"#
            ).faults.keys.sorted() == ["/validation_dataset"])
    }

    @Test func splitsAreNamedBehindTheirDataset() async throws {
        let picture = PNG.encode(Image(height: 40, width: 40, pixels: [UInt8](repeating: 90, count: 4800)))
        for name in ["net/train/a", "net/train/b", "net/val/a", "net/val/b"] {
            try Folder.create("\(folders.path)/datasets/\(name)")
            for index in 0..<4 {
                try AtomicFile.write(picture, to: "\(folders.path)/datasets/\(name)/\(index).png")
            }
        }
        let body = Self.body(
            Self.arch + #", "validation_dataset": "net/val""#, method: "supervised", dataset: "net/train"
        ).replacing(#", "simmim": {"mask_patch_size": 8}"#, with: "")
        let found = try await check(body)
        #expect(found.job?.images == 8 && found.job?.classes == 2, "\(found.faults)")
        let whole = try await check(Self.body(Self.arch, dataset: "net")).faults
        #expect(whole["/dataset"]?.contains("net/train or net/val") == true, "\(whole)")
        #expect(whole["/dataset"]?.contains(folders.path) == false)
        // A linked dataset leads nowhere, and a class is no split.
        try FileManager.default.createSymbolicLink(
            atPath: folders.path + "/datasets/alias", withDestinationPath: "net/train")
        for name in ["alias", "net/test", "net/train/a", "pets/cats", "net/../pets"] {
            let faults = try await check(Self.body(Self.arch, dataset: name)).faults
            #expect(faults.keys.sorted() == ["/dataset"], "\(name): \(faults)")
        }
    }

    /// D7: a posted job names nothing by its path.
    @Test func pathsOfTheMachineAreRefused() async throws {
        for dataset in [folders.path + "/datasets/pets", "../datasets/pets", "..", ".", "pets/../pets", "pets/cats"] {
            let found = try await check(Self.body(Self.arch, dataset: dataset)).faults
            #expect(found.keys.sorted() == ["/dataset"], "\(dataset)")
        }
        let validation = #", "validation_dataset": "/etc""#
        #expect(try await check(Self.body(Self.arch + validation)).faults["/validation_dataset"] != nil)
        for file in ["../secret.safetensors", folders.path + "/secret.safetensors", "/etc/passwd", "..", "."] {
            let found = try await check(Self.body(#""init_from": "\#(file)""#)).faults
            #expect(found.keys.sorted() == ["/init_from"], "\(file)")
            // A sentence may repeat what was asked for, and tells no other path.
            if !file.hasPrefix(folders.path) { #expect(found["/init_from"]?.contains(folders.path) == false) }
        }
        // Without a datasets directory a name is none of the working directory either.
        let none = try await check(Self.body(Self.arch, dataset: "Sources")) { $0.datasetsDirectory = nil }.faults
        #expect(none["/dataset"] != nil)
        // Whoever owns the machine may name paths.
        let own = try await check(Self.body(Self.arch, dataset: folders.path + "/datasets/pets")) {
            $0.restrictsPaths = false
        }
        #expect(own.job?.images == 16)
    }

    /// What loading refuses, a job refuses in the same words.
    @Test func checkpointsThatDoNotLoadAreRefusedBeforehand() async throws {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 32, width: 32), patchSize: 8, embedDim: 24, depth: 2, numHeads: 2, mlpHidden: 96)
        config.numClasses = 0
        var stray = VisionTransformer.randomStateDict(config, seed: 1)
        stray["rope.freqs"] = StateDict.Entry(Tensor.zeros([4]))
        config.normPre = true
        let clip = VisionTransformer.randomStateDict(config, seed: 1)
        for (name, dict, word) in [("stray", stray, "rope.freqs"), ("clip", clip, "pass activation")] {
            let path = "\(folders.path)/models/\(name).safetensors"
            try SafeTensors.write(dict, metadata: ["num_heads": "2"], to: path)
            let refusal = try #require(try Inspection.inspect(path).reason)
            #expect(refusal.contains(word))
            let found = try await check(Self.body(#""init_from": "\#(name).safetensors""#)).faults
            #expect(found == ["/init_from": refusal])
        }
        let hub = folders.path + "/models/rope"
        try Folder.create(hub)
        try AtomicFile.write(
            Array(#"{"architecture": "cait_s24_224"}"#.utf8), to: hub + "/config.json")
        try SafeTensors.write(clip, to: hub + "/model.safetensors")
        #expect(
            try await check(Self.body(#""init_from": "rope""#)).faults["/init_from"]?.contains("class token in blocks")
                == true)
    }

    @Test func checkpointsToBeginWithAreRead() async throws {
        let file = try await check(Self.body(#""init_from": "a.safetensors""#))
        #expect(file.job?.initFromPath == folders.path + "/models/a.safetensors", "\(file.faults)")
        let job = try await check(Self.body(#""init_from": "job:J@latest""#))
        #expect(job.job?.initFromPath == folders.path + "/models/a.safetensors")
        for name in ["job:K@latest", "upload:12", "broken.safetensors"] {
            #expect(try await check(Self.body(#""init_from": "\#(name)""#)).faults.keys.sorted() == ["/init_from"])
        }
        let without = try await check(Self.body(#""init_from": "a.safetensors""#)) {
            $0.modelsDirectory = ModelsDirectory(path: nil)
        }
        #expect(without.faults["/init_from"]?.contains("upload:") == true)
    }
}
