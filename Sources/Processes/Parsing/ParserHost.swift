import Catalogue
import Checkpoints
import Images
import JSON
import Platform
import Tensors

/// The process that reads one file of a stranger, within hard limits, and writes it down in our own form.
package enum ParserHost {
    /// What a parser may use.
    struct Limits: Sendable, Codable {
        let addressBytes: Int
        let cpuSeconds: Int
        let fileBytes: Int
    }

    /// Does what comes over standard input, and ends the process. Comes before anything else, while the process has one
    /// thread.
    package static func run(_ arguments: [String]) -> Never {
        let socket = MessageSocket(owning: 0)
        guard let text = arguments.first, let limits = try? JSONValue.parse(Array(text.utf8)).decoded(as: Limits.self),
            case (let message, let input?)?? = try? socket.receive(),
            case (_, let output?)?? = try? socket.receive(),
            let order = try? JSONValue.parse(message).decoded(as: ParserOrder.self)
        else { Machine.leave() }
        Machine.offerToEndFirst()
        var confinement = Confinement.Limits()
        confinement.addressBytes = limits.addressBytes
        confinement.cpuSeconds = limits.cpuSeconds
        confinement.fileBytes = limits.fileBytes
        confinement.descriptors = 64
        let places = Confinement.systemPlaces + (input.isFolder ? [input.path] : [])
        guard Confinement.apply(confinement, readable: places, isStrict: true).limitsHold else { Machine.leave() }
        let reply = reply(to: order, input, output)
        if let head = try? JSONValue(encoding: reply) { try? Frame.send(0, head, over: socket) }
        Machine.leave(0)
    }

    private static func reply(to order: ParserOrder, _ input: OpenFile, _ output: OpenFile) -> ParserReply {
        do {
            switch order {
            case .checkpoint(let options, let fileName):
                FaultPoint.pass(.parserReading, fileName)
                do throws(LoadFailure) {
                    let read = try ModelLoader.read(try checkpoint(input), options, fileName: fileName)
                    do {
                        let digest = try CanonicalModel.write(read, to: output)
                        return .checkpoint(ModelForm(model: read.model, digest: digest))
                    } catch {
                        if let error = error as? FileError, error.isDiskFull { return .failed(.diskFull) }
                        throw LoadFailure(
                            sentence: ServiceError.sentence("the server's own copy cannot be written: \(error)"),
                            report: nil)
                    }
                } catch {
                    return .noCheckpoint(error)
                }
            case .image(let limits):
                FaultPoint.pass(.parserReading, "an image")
                return .image(try ImageReader.read(input, pixels: output, limits: limits))
            }
        } catch {
            return .failed(ServiceError(error))
        }
    }

    private static func checkpoint(_ input: OpenFile) throws(LoadFailure) -> Checkpoint {
        do {
            // A folder's files are found below it, a file's bytes where the descriptor is.
            if input.isFolder { return try Checkpoint.open(".", beneath: input.path) }
            return try Checkpoint.decode(input.bytes())
        } catch let error as FileError {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: nil)
        } catch {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: nil)
        }
    }
}
