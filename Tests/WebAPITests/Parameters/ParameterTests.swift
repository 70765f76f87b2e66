import Testing
import WebAPI

@Suite struct PercentEncodingTests {
    @Test func escapesAreRead() throws {
        #expect(try PercentEncoding.decode("a%2Fb%20c+d%C3%A9", plusIsSpace: false) == "a/b c+dé")
        #expect(try PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }

    @Test(arguments: ["%", "%4", "%zz", "a%2", "%C3", "%FF", "%00", "a%0Ab", "%7F", "%+1"])
    func brokenEscapesAreUnreadable(text: String) {
        #expect { try PercentEncoding.decode(text, plusIsSpace: true) } throws: {
            ($0 as? Problem)?.kind == .unreadable
        }
    }

    /// Whoever compares such a text takes the square of its length.
    @Test func textsThatAreDearToCompareAreUnreadable() throws {
        let mark = "%CC%81"
        #expect(try PercentEncoding.decode("a" + String(repeating: mark, count: 30), plusIsSpace: true).count == 1)
        #expect { try PercentEncoding.decode("a" + String(repeating: mark, count: 31), plusIsSpace: true) } throws: {
            ($0 as? Problem)?.kind == .unreadable
        }
    }
}

@Suite struct AcceptEncodingTests {
    @Test(arguments: [
        (["gzip, deflate, br"], true), (["br", "GZIP; q=0.5"], true), (["gzip;q=0"], false),
        (["gzip ; q=0.000"], false),
        (["deflate"], false), (["*"], false), ([], false),
    ])
    func gzipIsTakenByItsName(fields: [String], isTaken: Bool) {
        #expect(AcceptEncoding.takesGzip(fields) == isTaken)
    }
}

@Suite struct AcceptTests {
    static let offers = ["application/json", "image/png", "text/csv; charset=utf-8"]

    @Test(
        arguments: [
            ([], "application/json"), (["*/*"], "application/json"), (["image/png"], "image/png"),
            (["image/*"], "image/png"), (["text/csv"], "text/csv; charset=utf-8"),
            (["application/json;q=0.5, image/png"], "image/png"), (["application/json;q=0, */*"], "image/png"),
            (["text/html,application/xhtml+xml,*/*;q=0.8"], "application/json"), (["IMAGE/PNG"], "image/png"),
            (["image/png;q=0.1", "text/csv;q=0.9"], "text/csv; charset=utf-8"),
        ] as [([String], String)])
    func theLikedTypeIsChosen(fields: [String], type: String) {
        #expect(Accept(fields).best(of: Self.offers) == type)
    }

    @Test(arguments: ["text/html", "application/xml", "image/png;q=0", ";", "image"])
    func whatIsNotMadeIsNotChosen(field: String) {
        #expect(Accept([field]).best(of: Self.offers) == nil)
    }

    @Test(arguments: ["", ",,"]) func whoNamesNothingTakesAnything(field: String) {
        #expect(Accept([field]).best(of: Self.offers) == "application/json")
    }
}

@Suite struct EntityTagTests {
    @Test(arguments: ["\"a\"", "W/\"a\"", "*", "\"b\", \"a\"", "\"b\",W/\"a\" "])
    func knownTagsMatch(field: String) { #expect(EntityTag.matches("\"a\"", ifNoneMatch: [field])) }

    @Test(arguments: ["", "a", "\"b\"", "\"a", "\"A\""])
    func otherTagsDoNot(field: String) { #expect(!EntityTag.matches("\"a\"", ifNoneMatch: [field])) }
}
