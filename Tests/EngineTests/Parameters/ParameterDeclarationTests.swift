import Catalogue
import Engine
import JSON
import Testing

/// What every kind declares of its parameters holds: defaults and bounds are taken, what lies beyond is refused.
@Suite struct ParameterDeclarationTests {
    private func faults(_ kind: AnalysisKind, _ name: String, _ text: String) -> [Fault] {
        ParameterValues([AnalysisParameter(name, text)], of: kind.spec, withImages: false).faults
    }

    /// Texts that fit, and texts that do not.
    private func texts(_ form: ParameterForm) -> (fit: [String], unfit: [String]) {
        switch form {
        case .choice(let words): (words, ["nothing-of-the-kind", ""])
        case .integer(let range):
            (
                ["\(range.lowerBound)", "\(range.upperBound)"],
                ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "1.5", "x", "99999999999999999999"]
            )
        case .number(let range):
            (
                ["\(range.lowerBound)", "\(range.upperBound)"],
                ["\(range.lowerBound.nextDown)", "\(range.upperBound.nextUp)", "nan", "inf", "x"]
            )
        case .integers(let range, let count):
            (
                ["\(range.lowerBound),\(range.upperBound)"],
                [
                    "\(range.lowerBound - 1)", "\(range.upperBound + 1)", "1,,2",
                    [String](repeating: "\(range.lowerBound)", count: count + 1).joined(separator: ","),
                ]
            )
        case .numbers(let range, let count):
            (
                ["\(range.lowerBound),\(range.upperBound)"],
                [
                    "\(range.lowerBound.nextDown)", "\(range.upperBound.nextUp)", "nan",
                    [String](repeating: "\(range.lowerBound)", count: count + 1).joined(separator: ","),
                ]
            )
        case .flag: (["true", "false"], ["yes", "1", ""])
        case .indices(let words): (words + ["all", "0", "-1", "0-2,5"], ["0-", "x", ",", "1.5"])
        case .text(_, let example): ([example], ["?"])
        case .model, .image, .probeSet: ([], [])
        }
    }

    @Test(arguments: AnalysisKinds.standard.all) func defaultsAndBoundsAreTaken(_ kind: AnalysisKind) {
        #expect(!kind.spec.parameters.isEmpty)
        for parameter in kind.spec.parameters {
            let (fit, unfit) = texts(parameter.form)
            #expect(!fit.isEmpty && !unfit.isEmpty)
            for text in fit + [parameter.standard].compactMap(\.self) {
                #expect(faults(kind, parameter.name, text).isEmpty, "\(kind) \(parameter.name)=\(text)")
            }
            for text in unfit {
                let found = faults(kind, parameter.name, text)
                #expect(found.map(\.pointer) == ["/" + parameter.name], "\(kind) \(parameter.name)=\(text)")
                #expect(found.first?.detail.contains(parameter.form.advice) == true)
            }
        }
    }

    @Test(arguments: AnalysisKinds.standard.all) func anotherNameIsAnsweredWithTheNearest(_ kind: AnalysisKind) throws {
        for parameter in kind.spec.parameters where parameter.name.count > 3 {
            let wrong = parameter.name + "x"
            let detail = try #require(faults(kind, wrong, "1").first?.detail)
            #expect(detail.contains("“\(parameter.name)”"), "\(kind): \(detail)")
        }
    }

    /// Every fault is told at once, and each parameter is repeated in the answer or told otherwise.
    @Test func faultsAreToldTogether() {
        let values = ParameterValues(
            [.init("k", "0"), .init("poll", "cls"), .init("seed", "-1"), .init("seed", "2")],
            of: AnalysisKind.knn.spec, withImages: false)
        #expect(values.faults.map(\.pointer) == ["/poll", "/seed", "/k", "/seed"])
    }

    @Test func namesAreUniqueAndWordsAreSentences() {
        let names = AnalysisKinds.standard.names
        #expect(Set(names).count == names.count && names.count > 20)
        for spec in AnalysisKinds.standard.all.map(\.spec) {
            let parameters = spec.parameters.flatMap { [$0.name] + $0.aliases }
            #expect(Set(parameters).count == parameters.count, "\(spec.name)")
            for text in [spec.reading, spec.cost] + spec.parameters.map(\.detail) {
                #expect(text.hasSuffix("."), "\(spec.name): \(text)")
            }
        }
    }

    // The command line

    @Test func optionsAreTheParameters() throws {
        let spec = AnalysisKind.linearProbe.spec
        let read = try ParameterFlags.read(
            ["--layers", "-1", "--train-fraction=0.3", "--base_lr", "0.2"], of: spec)
        #expect(
            read == [.init("layers", "-1"), .init("train_fraction", "0.3"), .init("base_lr", "0.2")])
        let fourier = AnalysisKind.fourier.spec
        #expect(try ParameterFlags.read(["--map", "--layers", "0"], of: fourier).first?.value == "true")
        #expect(try ParameterFlags.read(["--map", "false"], of: fourier).first?.value == "false")
        #expect(throws: ServiceError.self) { try ParameterFlags.read(["--epochs"], of: spec) }
        #expect {
            try ParameterFlags.read(["--epoch", "3"], of: spec)
        } throws: { error in
            "\(error)".contains("--epochs")
        }
    }

    @Test(arguments: AnalysisKinds.standard.all) func helpTellsEveryOption(_ kind: AnalysisKind) {
        let help = ParameterFlags.help(kind.spec)
        for parameter in kind.spec.parameters {
            #expect(help.contains("--" + parameter.name.replacing("_", with: "-")))
            #expect(help.contains(parameter.detail))
        }
    }
}
