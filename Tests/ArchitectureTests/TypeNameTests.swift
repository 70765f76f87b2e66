import Foundation
import Testing

/// One word for one thing: no two modules have a type of the same name.
@Suite struct TypeNameTests {
    @Test func aNameIsOneType() throws {
        let root = ImportTableTests.root.appendingPathComponent("Sources")
        var modules: [String: Set<String>] = [:]
        let declaration =
            #/^(?:public |package |final |indirect )*(?:struct|class|enum|actor|protocol) (?<name>[A-Za-z0-9]+)/#
        for case let path as String in FileManager.default.enumerator(atPath: root.path) ?? .init()
        where path.hasSuffix(".swift") {
            let module = String(path.prefix { $0 != "/" })
            let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let found = line.prefixMatch(of: declaration) else { continue }
                modules[String(found.name), default: []].insert(module)
            }
        }
        try #require(modules.count > 400)
        for (name, found) in modules where found.count > 1 {
            Issue.record("\(name) is a type of \(found.sorted().joined(separator: " and of ")); name one of them anew")
        }
    }
}
