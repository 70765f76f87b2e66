import Testing
import WebAPI

@Suite struct AccessTokenTests {
    private static let text = String(repeating: "a1", count: 16)

    @Test(arguments: [
        "", "short", String(repeating: "a", count: 31), String(repeating: "a", count: 513),
        String(repeating: "a", count: 32) + " b", String(repeating: "ä", count: 32),
        String(repeating: "a", count: 32) + "\nsecond line",
    ])
    func whatIsTooWeakOrNoFieldIsRefused(text: String) {
        #expect(throws: AccessTokenError.self) { try AccessToken(text) }
    }

    @Test func spaceAroundItDoesNotCount() throws {
        let token = try AccessToken(" \t" + Self.text + "\r\n")
        #expect(token.matches(Self.text))
        #expect(!token.matches(Self.text + "\n"))
    }

    @Test func onlyTheWholeTokenMatches() throws {
        let token = try AccessToken(Self.text)
        for wrong in ["", String(Self.text.dropLast()), Self.text + "a", Self.text.uppercased()] {
            #expect(!token.matches(wrong))
        }
    }

    @Test func itIsNotToldByAccident() throws {
        let policy = AccessPolicy.token(try AccessToken(Self.text))
        #expect(!"\(policy)".contains(Self.text))
        var dumped = ""
        dump(policy, to: &dumped)
        #expect(!dumped.contains(Self.text))
    }

    @Test func otherMachinesNeedATokenAndAWord() throws {
        var configuration = WebServerConfiguration(info: ServerInfo(version: "1", revision: ""))
        for host in ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"] {
            configuration.host = host
            try configuration.checkAccess()
        }
        for host in ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "127.0.0.1.evil.example", "example.org", ""] {
            configuration.host = host
            configuration.access = .open
            configuration.allowsInsecureHTTP = true
            guard case .tokenMissing? = failure(configuration) else { return #expect(Bool(false), "\(host)") }
            configuration.access = .token(try AccessToken(Self.text))
            configuration.allowsInsecureHTTP = false
            guard case .insecureHTTP? = failure(configuration) else { return #expect(Bool(false), "\(host)") }
            configuration.allowsInsecureHTTP = true
            try configuration.checkAccess()
        }
    }

    private func failure(_ configuration: WebServerConfiguration) -> WebServerError? {
        do { try configuration.checkAccess() } catch { return error }
        return nil
    }
}
