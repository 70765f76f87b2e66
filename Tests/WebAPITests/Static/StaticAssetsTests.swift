import NIOCore
import Testing
import WebAPI

@Suite struct StaticAssetsTests {
    static let files = [
        "index.html":
            "<link href=\"assets/style/main.css\"><script type='module' src='./assets/app.js'></script> \"notassets/x\"",
        "app.js": String(repeating: "import './lib/a.js';\n", count: 100), "lib/a.js": "export {}",
        "style/main.css": "a{}", ".hidden.js": "x", "notes.swift": "x", "lib/.git/b.js": "x",
    ]

    @Test func filesHaveAnAddressForNowAndOneForEver() async throws {
        try await withFolder(Self.files) { folder in
            let assets = try StaticAssets(directory: folder)
            #expect(assets.version.count == 16)
            #expect(assets.file(at: "app.js")?.isVersioned == false)
            #expect(assets.file(at: assets.version + "/lib/a.js")?.isVersioned == true)
            #expect(assets.file(at: "0123456789abcdef/lib/a.js") == nil)
            let page = assets.index.map { String(buffer: $0.bytes) } ?? ""
            #expect(page.contains("\"assets/\(assets.version)/style/main.css\""))
            #expect(page.contains("'./assets/\(assets.version)/app.js'"))
            #expect(page.contains("\"notassets/x\""))
            #expect((assets.file(at: "app.js")?.file.compressed?.readableBytes ?? .max) < 200)
            #expect(assets.file(at: "lib/a.js")?.file.compressed == nil)
        }
    }

    @Test(arguments: [
        "", "index.html", ".hidden.js", "notes.swift", "lib", "lib/", "lib/.git/b.js", "../secret.txt", "lib/../app.js",
        "app.js\0.png", "/app.js", "APP.JS",
    ])
    func whatIsNotInTheTableIsNotThere(path: String) async throws {
        try await withFolder(Self.files) { folder in
            let assets = try StaticAssets(directory: folder)
            #expect(assets.file(at: path) == nil)
        }
    }

    @Test func anotherFileMakesAnotherVersion() async throws {
        let first = try await withFolder(Self.files) { try StaticAssets(directory: $0).version }
        let same = try await withFolder(Self.files) { try StaticAssets(directory: $0).version }
        let other = try await withFolder(Self.files.merging(["lib/a.js": "export {b}"]) { $1 }) {
            try StaticAssets(directory: $0).version
        }
        #expect(first == same)
        #expect(first != other)
    }
}
