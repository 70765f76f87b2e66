import Platform

/// What C wrote down in words.
enum Words {
    /// The text before the terminating zero. The libraries' words are their own and never the file's, apart from names of
    /// fields in hexadecimal digits and numbers.
    static func of(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
