import Catalogue
import Foundation
import Service
import ServiceTestSupport
import Testing

@Suite struct ViTScopeServiceTests {
    @Test func aDirectoryHasOneServer() async throws {
        let test = try await TestService()
        #expect(test.service.readiness == .ready)
        let second = TestService.make(test.folder)
        #expect(await failure { try await second.start() } == .dataDirectoryLocked)
        #expect(second.readiness == .starting)
        await test.service.shutdown()
        try await second.start()
        #expect(second.readiness == .ready)
    }

    @Test func drainingIsSaid() async throws {
        let test = try await TestService()
        test.service.beginDraining()
        #expect(test.service.readiness == .draining)
    }

    @Test func errorsNameNoPlaceOnTheDisk() async throws {
        let test = try await TestService()
        try await test.register("a")
        try FileManager.default.removeItem(atPath: test.folder + "/datasets/pets/cats/0.png")
        var errors: [ServiceError?] = []
        errors.append(await failure { _ = try await test.service.originalImage("pets:5") })
        errors.append(await failure { try await test.register("x", "../../../../etc/shadow") })
        errors.append(await failure { try await test.register("x", "none") })
        errors.append(await failure { _ = try await test.service.datasetImages("../models") })
        for error in errors {
            #expect(error?.detail.contains(test.folder) == false && error?.detail.contains("/tmp") == false)
        }
    }

    @Test func aListOfModelsThatCannotBeReadStopsTheStart() async throws {
        let test = try await TestService()
        try await test.register("a")
        await test.service.shutdown()
        try "{".write(toFile: test.folder + "/data/models.json", atomically: true, encoding: .utf8)
        guard case .internalFault? = await failure({ try await TestService.make(test.folder).start() }) else {
            return #expect(Bool(false), "starting would lose the list")
        }
        try "{\"version\": 1, \"models\": []}".write(
            toFile: test.folder + "/data/models.json", atomically: true, encoding: .utf8)
        try await TestService.make(test.folder).start()
    }
}
