import Engine
import Foundation
import Testing
import Training

/// The lists of kinds that cannot come from the registry agree with it.
@Suite struct KindListTests {
    /// Training stands below the engine, so it names what it can show while it learns by itself.
    @Test func trainingShowsTheKindsThatHaveATrajectory() {
        let shown = AnalysisKinds.standard.all.filter { $0.spec.trajectory != nil }.map(\.name)
        #expect(!shown.isEmpty && Set(shown) == Set(AnalysisMetric.allCases.map(\.rawValue)))
    }

    @Test(arguments: AnalysisKinds.standard.all) func theREADMENamesEveryKind(_ kind: AnalysisKind) throws {
        let readme = try String(contentsOf: ImportTableTests.root.appendingPathComponent("README.md"), encoding: .utf8)
        let path = kind.spec.path.replacing("/v1/models/{name}/", with: "").replacing("analyses/", with: "")
        #expect(readme.contains("`\(path)`"), "README.md lists the analyses, and has no `\(path)`")
    }
}
