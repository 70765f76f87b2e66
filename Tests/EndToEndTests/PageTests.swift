import Foundation
import TestSupport
import Testing

/// The page in a real browser.
@Suite(.blocking) struct PageTests {
    @Test func thePageDrawsItsPanels() throws {
        let server = try Server(["--demo"])
        let check = repository.appendingPathComponent("Tests/Page/check_page.py").path
        let answer = try run("python3", [check, server.url + "/", "--timeout", "600"])
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }

    /// The explorer on a ViT-S/14 with registers at 518 pixels, and a server that ends and starts under the open page;
    /// `VITSCOPE_PAGE_SOAK` adds a ViT-B/16.
    @Test func thePageShowsLargeModelsAndOutlivesARestart() throws {
        let check = repository.appendingPathComponent("Tests/Page/large_models.py").path
        let isSoak = ProcessInfo.processInfo.environment["VITSCOPE_PAGE_SOAK"] != nil
        let models = isSoak ? [] : ["--models", "vit_small_patch14_reg4_dinov2"]
        let answer = try run("python3", [check, vitscope, "--timeout", "600"] + models)
        print(answer.text)
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }

    /// Where PyPI is out of reach, this says so and no more.
    @Test func axeFindsNoViolation() throws {
        let server = try Server(["--demo"])
        let check = repository.appendingPathComponent("Tests/Page/accessibility.py").path
        let folder = URL(fileURLWithPath: vitscope).deletingLastPathComponent().deletingLastPathComponent()
        let tools = folder.appendingPathComponent("axe").path
        let answer = try run("python3", [check, server.url + "/", "--tools", tools, "--timeout", "600"])
        print("accessibility.py: \(answer.text.split(separator: "\n").last ?? "")")
        if answer.status == 77 { return }
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }
}
