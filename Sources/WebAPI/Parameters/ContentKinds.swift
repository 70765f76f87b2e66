/// Which Content-Type fields are taken.
enum ContentKinds {
    /// JSON, and said to be.
    ///
    /// A page of another site can send a form or text without the browser asking us first, but never JSON.
    static func checkJSON(_ fields: [String]) throws {
        guard fields.count == 1, type(fields[0]) == "application/json" else {
            throw Problem(.unsupportedMedia, "Send JSON, with Content-Type: application/json.")
        }
    }

    /// Bytes as they are: the given types, or octet-stream.
    ///
    /// - Parameter isProgram: neither Origin nor Sec-Fetch-Site came along, so this is no browser, and what curl and
    ///   Python say of raw bytes by themselves (nothing, or a form) can be forgiven.
    static func checkBytes(_ fields: [String], types: [String], isProgram: Bool) throws {
        let taken = types + ["application/octet-stream"]
        let said = fields.map(type)
        if said.count == 1, taken.contains(said[0]) { return }
        if isProgram, said.isEmpty || said == ["application/x-www-form-urlencoded"] { return }
        throw Problem(
            .unsupportedMedia,
            "Send the bytes themselves, with Content-Type: \(taken.joined(separator: " or ")), not \(said.first ?? "none")."
        )
    }

    private static func type(_ field: String) -> String {
        String(field.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.prefix(100)).lowercased()
    }
}
