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
}
