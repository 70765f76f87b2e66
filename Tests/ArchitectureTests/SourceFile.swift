import Foundation

/// A file of a module, by what it declares and what it names.
struct SourceFile {
    /// Seen from the module's folder.
    let path: String
    /// The folder of the module in which it lies; "" for the module's own.
    let folder: String
    /// Types declared outside of others and seen outside of the file.
    let declared: Set<String>
    /// Every word with a capital that stands by itself or before a dot.
    let named: Set<String>

    init(path: String, text: String) {
        self.path = path
        folder = path.contains("/") ? String(path.prefix { $0 != "/" }) : ""
        let code = Self.code(text)
        declared = Set(
            code.matches(
                of:
                    /(?m)^(?:@\w+ )?(?:(?:public|package|final|indirect) )*(?:struct|class|enum|actor|protocol|typealias) (\w+)/
            ).map { String($0.1) })
        named = Set(code.matches(of: /(?:^|[^.\w])([A-Z]\w*)/).map { String($0.1) })
    }

    /// The text without comments and without literals; what is put into a literal is kept, and lines stay where they are.
    static func code(_ text: String) -> String {
        text.replacing(/#*"""(?:[^"]|"(?!""))*"""#*/) { literal in
            literal.output.filter { $0 == "\n" } + kept(literal.output)
        }
        .replacing(/#"(?:[^"\n]|"(?!#))*"#/, with: "").replacing(/"(?:\\.|[^"\\\n])*"/) { kept($0.output) }
        .replacing(/\/\/[^\n]*/, with: "")
    }

    /// What is put into a literal.
    private static func kept(_ literal: Substring) -> String {
        literal.matches(of: /\\\(((?:[^()\n]|\([^()\n]*\))*)\)/).map { " \($0.1) " }.joined()
    }

    /// Sentences about files that name a type of a folder that comes after their own.
    static func backEdges(_ files: [SourceFile], order: [String]) -> [String] {
        var owners: [String: String] = [:]
        for file in files { for type in file.declared { owners[type] = file.folder } }
        func place(_ folder: String) -> Int { order.firstIndex(of: folder) ?? order.count }
        return files.flatMap { file in
            file.named.sorted().compactMap { name in
                guard let owner = owners[name], place(owner) > place(file.folder) else { return nil }
                return "\(file.path) names \(name) of \(owner)"
            }
        }
    }
}
