import ArgumentParser
import Catalogue
import JSON
import Service

extension NameSpecification {
    /// The name that `option` has on the command line.
    static func of(_ option: LoadOption) -> NameSpecification { .customLong(option.flag) }
}

extension ArgumentHelp {
    /// What is declared of `option`.
    static func of(_ option: LoadOption) -> ArgumentHelp {
        switch option.kind {
        case .choice(let words): "\(option.words) One of \(words.joined(separator: ", "))."
        case .size: "\(option.words) A side, or HEIGHTxWIDTH."
        case .channels: "\(option.words) Three numbers with commas between, such as \(option.example ?? "0,0,0")."
        default:
            ArgumentHelp(stringLiteral: option.words + (option.example.map { " Such as \($0)." } ?? ""))
        }
    }
}

extension LoadOptions {
    /// What commands' `texts` say, in addition to `options`.
    ///
    /// - Throws: `ValidationError` with the first that is wrong.
    init(_ texts: [(option: LoadOption, text: String?)], added options: LoadOptions = LoadOptions()) throws {
        self = options
        for (option, text) in texts {
            guard let text else { continue }
            let value = option.value(of: text)
            if option.fault(value) != nil { throw ValidationError("--\(option.flag) is \(option.rule).") }
            self[option] = value
        }
    }
}
