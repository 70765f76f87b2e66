import Catalogue
import Engine
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing
import TestSupport

@Suite struct ModelCatalogueTests {
    @Test func aRegisteredModelLoadsAndTellsItsSizes() async throws {
        let test = try await TestService()
        let info = try await test.register("a")
        #expect(info.state == .ready && info.error == nil)
        #expect(info.recognisedAs == "timm" && info.format == "safetensors" && info.precision == "f32")
        #expect(info.config?.grid == GridSize(rows: 4, cols: 4) && info.config?.numHeads == 4)
        #expect(info.sha256?.count == 64 && (info.parameters ?? 0) > 10_000 && info.memoryBytes > 40_000)
        #expect(info.preprocess?.cropPct == 0.875 && info.preprocess?.interpolation == "bicubic")
        #expect(try await test.service.loadReport("a")["verdict"] == .string("complete"))
        #expect(try await test.service.models().items.map(\.name) == ["a"])
    }

    @Test func anUnknownModelNamesTheNearest() async throws {
        let test = try await TestService()
        try await test.register("moco-v3", "a.safetensors")
        let error = await failure { _ = try await test.service.model("moco_v3") }
        #expect(error == .notFound(.model, name: "moco_v3", nearest: ["moco-v3"]))
        #expect(error?.detail == "There is no model named “moco_v3”. Did you mean “moco-v3”?")
    }

    @Test func anUnknownFileNamesTheNearest() async throws {
        let test = try await TestService()
        let error = await failure { try await test.register("x", "a.safetensor") }
        #expect(error == .notFound(.checkpoint, name: "a.safetensor", nearest: ["a.safetensors"]))
        #expect(error?.detail.contains(test.folder) == false)
    }

    @Test(arguments: ["../data/models.json", "/etc/passwd", "models/../../data"])
    func noPathLeadsOutside(path: String) async throws {
        let test = try await TestService()
        let error = await failure { try await test.register("x", path) }
        switch error {
        case .invalid(let faults)?: #expect(faults.map(\.pointer) == ["/path"])
        case .notFound(.checkpoint, _, _)?: break
        default: Issue.record("\(String(describing: error))")
        }
        #expect(try await test.service.models().items.isEmpty)
    }

    @Test func everyFaultOfARegistrationIsToldAtOnce() async throws {
        let test = try await TestService()
        let error = await failure {
            _ = try await test.service.register(
                ModelRegistration(
                    name: "-x", path: "", numHeads: 0, imgSize: ImageSize(height: 0, width: 5), precision: "f16",
                    preprocess: LoadOptions(cropPct: 7)))
        }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(
            faults.map(\.pointer)
                == ["/name", "/path", "/num_heads", "/img_size", "/precision", "/preprocess/crop_pct"])
    }

    @Test func theSameRegistrationAgainIsHarmlessAndAnotherIsAConflict() async throws {
        let test = try await TestService()
        try await test.register("a")
        #expect(try await test.register("a").state == .ready)
        guard case .conflict? = await failure({ try await test.register("a", "b.safetensors") }) else {
            return #expect(Bool(false), "a name may stand for one thing only")
        }
    }

    @Test func aFailedRegistrationGivesWayToItsCorrection() async throws {
        let test = try await TestService()
        let wrong = try await test.service.register(
            ModelRegistration(name: "x", path: "a.safetensors", numHeads: 5), waiting: 60)
        #expect(wrong.state == .failed)
        #expect(try await test.register("x", "a.safetensors").state == .ready)
        guard case .conflict? = await failure({ try await test.register("x", "b.safetensors") }) else {
            return #expect(Bool(false), "what has loaded is not replaced")
        }
    }

    @Test func aLoadThatFailsPointsToTheFieldThatHelps() async throws {
        let test = try await TestService()
        let wrong = [
            ("/num_heads", ModelRegistration(name: "x", path: "a.safetensors", numHeads: 5)),
            (
                "/img_size",
                ModelRegistration(
                    name: "x", path: "a.safetensors", numHeads: 4, imgSize: ImageSize(height: 33, width: 32))
            ),
            ("/checkpoint_key", ModelRegistration(name: "x", path: "a.safetensors", checkpointKey: "teacher")),
            ("/arch", ModelRegistration(name: "x", path: "a.safetensors", arch: "vit_bse")),
        ]
        for (pointer, registration) in wrong {
            let info = try await test.service.register(registration, waiting: 60)
            #expect(info.state == .failed && info.errorPointer == pointer, "\(info.error ?? "")")
            if pointer == "/arch" { #expect(info.error?.contains("vit_base") == true) }
        }
    }

    @Test func aRefusedCheckpointKeepsItsReasonAndReport() async throws {
        let test = try await TestService()
        let info = try await test.service.register(
            ModelRegistration(name: "odd", path: "a.safetensors", numHeads: 5), waiting: 60)
        #expect(info.state == .failed && info.error?.contains("num_heads 5") == true)
        #expect(try await test.service.loadReport("odd")["verdict"] == .string("refused"))
        guard
            case .conflict(let detail)? = await failure({
                _ = try await test.analyze(.fourier, "odd", ["image": "pets:0"])
            })
        else { return #expect(Bool(false), "a failed model answers nothing") }
        #expect(detail.contains("num_heads 5"))
    }

    @Test func aFileThatIsNoCheckpointFailsWithASentence() async throws {
        let test = try await TestService()
        try AtomicFile.write(Array("hello".utf8), to: test.folder + "/models/notes.pth")
        let info = try await test.register("notes", "notes.pth")
        #expect(info.state == .failed && info.error?.isEmpty == false && info.error?.contains("/") == false)
        guard case .conflict? = await failure({ _ = try await test.service.loadReport("notes") }) else {
            return #expect(Bool(false), "there is no report")
        }
    }

    @Test func aRestartRemembersRegistrationsAndForgetsDeletedOnes() async throws {
        let test = try await TestService()
        let before = try await test.register("a")
        try await test.register("b")
        try await test.service.deleteModel("b")
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        #expect(try await again.models().items.map(\.name) == ["a"])
        let after = try await again.register(
            ModelRegistration(name: "a", path: "a.safetensors", numHeads: 4), waiting: 60)
        #expect(after.state == .ready && after.sha256 == before.sha256)
    }

    @Test func aModelWhoseFileIsGoneFailsAfterARestart() async throws {
        let test = try await TestService()
        try await test.register("a")
        await test.service.shutdown()
        try Folder.removeFile(test.folder + "/models/a.safetensors")
        let again = TestService.make(test.folder)
        try await again.start()
        guard
            case .conflict? = await failure({
                _ = try await again.prepare(.fourier, model: "a", parameters: [.init("image", "pets:0")])
            })
        else { return #expect(Bool(false), "the file is gone") }
        #expect(try await again.model("a").state == .failed)
    }

    @Test func aBuiltInModelIsNotRemembered() async throws {
        let test = try await TestService()
        try await test.service.registerBuiltIn(name: "demo", fileAt: fixture("models/files/moco_v3_train.pth.tar"))
        await test.service.shutdown()
        let again = TestService.make(test.folder)
        try await again.start()
        #expect(try await again.models().items.isEmpty)
    }

    @Test func modelsBeyondTheMemoryLimitAreRefused() async throws {
        let test = try await TestService { $0.limits.modelBytes = 1000 }
        let info = try await test.register("a")
        #expect(info.state == .failed && info.error?.contains("Delete one first") == true)
    }

    @Test func anUploadCanBeRegistered() async throws {
        let test = try await TestService()
        let bytes = try MappedFile.open(test.folder + "/models/a.safetensors").array
        let writer = try await test.service.beginUpload()
        try await writer.append(bytes)
        let upload = try await writer.finish()
        let info = try await test.register("u", "upload:" + upload.sha256)
        #expect(info.state == .ready && info.sha256 == upload.sha256)
        let none = "upload:" + String(repeating: "0", count: 64)
        guard case .notFound(.upload, _, _)? = await failure({ try await test.register("n", none) }) else {
            return #expect(Bool(false), "nothing was uploaded under that digest")
        }
    }

    @Test func aDamagedUploadIsNoModelUntilItIsSentAgain() async throws {
        let test = try await TestService()
        let bytes = try MappedFile.open(test.folder + "/models/a.safetensors").array
        func send() async throws -> Upload {
            let writer = try await test.service.beginUpload()
            try await writer.append(bytes)
            return try await writer.finish()
        }
        let upload = try await send()
        var turned = bytes
        turned[bytes.count - 5] ^= 1
        try AtomicFile.write(turned, to: test.folder + "/data/uploads/sha256/" + upload.sha256)
        let refused = try await test.register("u", "upload:" + upload.sha256)
        #expect(refused.state == .failed && refused.error?.contains("damaged") == true, "\(refused)")
        #expect(try await send().isNew)
        #expect(try await test.register("again", "upload:" + upload.sha256).state == .ready)
    }

    @Test func aChangedListOfModelsIsNotBelieved() async throws {
        let test = try await TestService()
        try await test.register("a")
        await test.service.shutdown()
        let path = test.folder + "/data/models.json"
        let text = String(decoding: try MappedFile.open(path).array, as: UTF8.self)
        let again = TestService.make(test.folder)
        try AtomicFile.write(Array(text.replacing("a.safetensors", with: "b.safetensors").utf8), to: path)
        guard case .internalFault(let cause)? = await failure({ try await again.start() }) else {
            return #expect(Bool(false), "it is not what was written")
        }
        #expect(cause.contains("seal"))
        // Who changes it on purpose takes the seal out.
        let lines = text.split(separator: "\n").filter { !$0.contains("\"seal\"") }
        try AtomicFile.write(Array(lines.joined(separator: "\n").replacing("],\n}", with: "]\n}").utf8), to: path)
        try await TestService.make(test.folder).start()
    }

    @Test func listsComeInPages() async throws {
        let test = try await TestService()
        for name in ["c", "a", "b"] { try await test.register(name, "a.safetensors") }
        let first = try await test.service.models(pageSize: 2)
        #expect(first.items.map(\.name) == ["a", "b"])
        let second = try await test.service.models(pageSize: 2, pageToken: first.nextPageToken)
        #expect(second.items.map(\.name) == ["c"] && second.nextPageToken == nil)
        guard case .unreadable? = await failure({ _ = try await test.service.models(pageToken: "x") }) else {
            return #expect(Bool(false), "x is no token")
        }
    }
}
