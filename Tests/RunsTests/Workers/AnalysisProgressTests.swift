import Runs
import Testing

@Suite struct AnalysisProgressTests {
    @Test func imagesThatAreSeenTwiceAreNotCountedTwice() {
        #expect(AnalysisProgress.words(30, of: 50) == "30 of 50 images")
        #expect(AnalysisProgress.words(50, of: 50) == "50 of 50 images")
        #expect(AnalysisProgress.words(51, of: 50) == "1 of 50 images, pass 2")
        #expect(AnalysisProgress.words(100, of: 50) == "50 of 50 images, pass 2")
    }
}
