/// The place of a request in a trace that others keep.
///
/// Source: W3C Trace Context, 2021-11-23, section 3.2 (traceparent).
package struct TraceParent {
    /// As it came: version, trace, parent and flags.
    package let text: String
    /// 32 hexadecimal digits.
    package let traceID: String

    /// Nil for a field that is not there, or none that can be passed on: then it counts as not there (section 4.3).
    package init?(_ fields: [String]) {
        guard fields.count == 1, let text = fields.first, text.utf8.count == 55 else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], parts.allSatisfy(Self.isHexadecimal), parts[0] != "ff",
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        self.text = text
        traceID = parts[1]
    }

    /// Capitals are no digits here.
    private static func isHexadecimal(_ text: String) -> Bool { text.utf8.allSatisfy("0123456789abcdef".utf8.contains) }
}
