import Catalogue
import Reproduction
import ServiceTestSupport
import Testing

@Suite struct AssertionTests {
    private static let json = Array(
        #"{"mean":[0.5,0.25,null],"per_head":[[1,2],[3,4],[5,6]],"curve":{"high":[-1,-2]},"uniform":3,"reasons":[]}"#
            .utf8)

    @Test(arguments: [
        ("attention_nmi[0] > 0.4", 0.5, true), ("attention-nmi[1]<=0.25", 0.25, true),
        ("attention_nmi[-2] < 0.2", 0.25, false), ("attention_nmi.per_head[-1][0] == 5", 5, true),
        ("mean(attention_nmi.per_head) >= 3.5", 3.5, true), ("min(attention_nmi.curve.high) < -1.5", -2, true),
        ("max(attention_nmi.per_head[1]) != 4", 4, false), ("attention_nmi.uniform > 1e0", 3, true),
    ])
    func holdsOrNot(_ text: String, _ actual: Double, _ holds: Bool) throws {
        let verdict = try Assertion(text).check(Self.json)
        #expect(verdict.actual == actual && verdict.holds == holds)
    }

    @Test func nothingHoldsOfANumberThatIsNotDefined() throws {
        for text in ["attention_nmi[2] > -9", "mean(attention_nmi) != 7", "max(attention_nmi) < 9"] {
            let verdict = try Assertion(text).check(Self.json)
            #expect(verdict.actual == nil && !verdict.holds)
        }
    }

    @Test(arguments: [
        ("attention_nmi", "compares nothing"), ("attention_nmi > x", "no number on the right"),
        ("atention_nmi > 1", "did you mean attention_nmi?"), ("sum(fourier) > 1", "not mean, min or max"),
        ("fourier[x] > 1", "no whole number"), ("fourier[99999999999999999999] > 1", "no whole number"),
        ("fourier > nan", "no number"), ("", "compares nothing"),
    ])
    func aStatementThatIsNoneSaysWhy(_ text: String, _ words: String) async {
        let error = await failure { _ = try Assertion(text) }
        #expect(error?.detail.contains(words) == true, "\(error as Any)")
    }

    @Test(arguments: [
        ("attention_nmi[3] > 0", "has 3"), ("attention_nmi > 0", "several numbers"),
        ("attention_nmi.nothing > 0", "There are: mean, per_head"), ("attention_nmi[0][0] > 0", "more indices"),
    ])
    func anAnswerWithoutTheNumberSaysWhatThereIs(_ text: String, _ words: String) async {
        let error = await failure { _ = try Assertion(text).check(Self.json) }
        #expect(error?.detail.contains(words) == true, "\(error as Any)")
    }
}
