/// Entity tags of answers, and what clients remember of them (RFC 9110, section 13.1.2).
package enum EntityTag {
    /// Whether a client that sent `fields` has the answer of `tag` already.
    package static func matches(_ tag: String, ifNoneMatch fields: [String]) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { item in
            var text = item.drop { $0 == " " }
            while text.last == " " { text.removeLast() }
            if text == "*" { return true }
            if text.hasPrefix("W/") { text = text.dropFirst(2) }
            return text == tag
        }
    }
}
